#include "sync/outbox.h"

#include <jansson.h>

#define MINUTE 60
#define HOUR 3600
#define DAY 86400

/* Microsoft's limits: docs/internals/exchange.md. One connection at a time is used everywhere, and
 * one more by the check of the sign-in: below the three that Microsoft allows. */
static const struct outbox_pace paces[] = {
    [STORE_KIND_OTHER] = {.per_minute = 60, .per_connection = 50},
    [STORE_KIND_MICROSOFT] = {.per_minute = 30, .per_connection = 50, .files_copy = true},
    [STORE_KIND_GOOGLE] = {.per_minute = 20, .per_connection = 50, .files_copy = true},
};

struct outbox_pace outbox_pace_of(enum store_kind kind)
{
    return paces[kind];
}

unsigned outbox_slow_pace(const struct outbox_pace *pace)
{
    return MAX(pace->per_minute / 4, 1);
}

/* The first row that fits counts. The pause doubles from first_s to most_s; after give_up_s from
 * when it was due the message goes back to its writer with the reason. */
struct rule {
    int code;  /* enum error_code; -1: any */
    int retry; /* enum error_retry; -1: any */
    int64_t first_s, most_s, give_up_s;
};
static const struct rule rules[] = {
    {ERROR_THROTTLED, -1, 45, HOUR, 5 * DAY},
    /* A fresh token was tried at once; now a person or time must help. */
    {ERROR_SMTP_REFUSED, -1, 15 * MINUTE, HOUR, 5 * DAY},
    {ERROR_SMTP_TEMPORARY, -1, 20, HOUR, 5 * DAY},
    {-1, ERROR_RETRY_RELINK, 15 * MINUTE, HOUR, 5 * DAY},
    {-1, ERROR_RETRY_ADMIN, 15 * MINUTE, HOUR, 5 * DAY},
    /* Our own side of the line. */
    {-1, ERROR_RETRY_NOW, 15, 15 * MINUTE, 5 * DAY},
    {-1, ERROR_RETRY_LATER, 30, 15 * MINUTE, 5 * DAY},
};

int64_t outbox_retry_at(const GError *problem, int attempts, int64_t due_at, int64_t now,
                        double share)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(rules) &&
           !((rules[i].code < 0 || error_is(problem, (enum error_code)rules[i].code)) &&
             (rules[i].retry < 0 || rules[i].retry == (int)error_retry(problem))))
        i++;
    if (error_retry(problem) == ERROR_RETRY_NEVER || i == G_N_ELEMENTS(rules) ||
        now - due_at >= rules[i].give_up_s)
        return 0;
    int64_t pause = rules[i].first_s << CLAMP(attempts, 0, 12);
    pause = MIN(pause, rules[i].most_s);
    pause = pause / 2 + (int64_t)((double)(pause / 2) * share);
    return now + MAX(pause, error_retry_after_ms(problem) / 1000);
}

int64_t outbox_look_at(int64_t handed_over_at, int64_t now)
{
    /* The service files its copy with some delay. */
    static const int64_t looks_s[] = {5, 15, 30, 60};
    for (size_t i = 0; i < G_N_ELEMENTS(looks_s); i++)
        if (now - handed_over_at < looks_s[i])
            return handed_over_at + looks_s[i];
    return 0;
}

char *outbox_reply(int code, const char *words)
{
    return code == 0 || words == NULL ? g_strdup(words) : g_strdup_printf("%d %s", code, words);
}

char *outbox_recipient_replies(const struct smtp_message *message, const struct smtp_result *result)
{
    json_t *object = json_object();
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct smtp_recipient *recipient = &message->recipients[i];
        bool refused_as_a_whole = recipient->code < 300 && result->code >= 400;
        g_autofree char *reply =
            refused_as_a_whole
                ? outbox_reply(result->code, result->reply)
                : outbox_reply(recipient->code, recipient->reply != NULL ? recipient->reply : "");
        if (recipient->code != 0 && reply != NULL)
            json_object_set_new(object, recipient->address, json_string(reply));
    }
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

#include "app/notices.h"

#include "app/notice_texts.h"
#include "base/clock.h"
#include "base/log.h"
#include "mime/mime.h"
#include "store/people.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

#define LOOK_SECONDS 20
#define DAY INT64_C(86400)

struct notices {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    bool stop;
};

/* $1 and $2 in a text. (transfer full) */
static char *fill(const char *text, const char *first, const char *second)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '$' && (at[1] == '1' || at[1] == '2')) {
            g_string_append(out, at[1] == '1' ? first : second);
            at++;
        } else {
            g_string_append_c(out, *at);
        }
    }
    return g_string_free(out, FALSE);
}

/* A mail that nobody is to be told of, as a submission takes it. (transfer full), to be freed with
 * free() */
static char *envelope_of(const char *from, const char *to)
{
    json_t *envelope = json_pack("{s: {s: s}, s: [{s: s, s: {s: s}}]}", "mailFrom", "email", from,
                                 "rcptTo", "email", to, "parameters", "NOTIFY", "NEVER");
    char *text = envelope != NULL ? json_dumps(envelope, JSON_COMPACT) : NULL;
    json_decref(envelope);
    return text;
}

struct letter {
    const struct store_notice_sender *sender;
    const char *to;
    const struct notice_text *text;
    const char *first, *second;
    const struct store_reminder *once;
};

static bool send_letter(struct app *app, const struct letter *letter)
{
    /* RFC 3834, 5: no vacation response answers it. */
    static const struct mime_header automatic[] = {{"Auto-Submitted", " auto-generated"},
                                                   {"X-Auto-Response-Suppress", " All"}};
    g_autoptr(GError) error = NULL;
    g_autofree char *subject = fill(letter->text->subject, letter->first, letter->second);
    g_autofree char *body = fill(letter->text->body, letter->first, letter->second);
    g_autofree char *message_id = mime_new_message_id(letter->sender->address);
    struct mail_summary *head = mail_summary_new();
    head->message_id = g_strdup(message_id);
    head->subject = g_strdup(subject);
    head->sent_at = clock_wall();
    mail_addresses_add(&head->from, "Postroom", letter->sender->address);
    mail_addresses_add(&head->to, NULL, letter->to);
    const struct mime_draft draft = {.summary = head,
                                     .extra = automatic,
                                     .extra_count = G_N_ELEMENTS(automatic),
                                     .text = body};
    g_autoptr(GBytes) raw = mime_compose(&draft, &error);
    mail_summary_free(head);
    char *envelope = envelope_of(letter->sender->address, letter->to);
    const struct store_notice notice = {.account = letter->sender->account,
                                        .from = letter->sender->address,
                                        .to = letter->to,
                                        .envelope = envelope,
                                        .message_id = message_id,
                                        .raw = raw,
                                        .once = letter->once};
    bool ok = raw != NULL && store_notice_queue(app->store, &notice, &error);
    if (!ok)
        LOG_WARN("notice.failed", LOG_ERR(error));
    free(envelope);
    return ok;
}

bool notices_invite(struct app *app, const struct store_principal *inviter, int64_t user,
                    const char *url, bool is_reset, const char *language)
{
    struct store_notice_sender sender = {0};
    g_autofree char *to = store_user_address(app->store, user);
    if (to == NULL ||
        !store_notice_sender(app->store, store_principal_user(inviter), &sender, NULL))
        return false;
    const struct letter letter = {.sender = &sender,
                                  .to = to,
                                  .text = notice_text(is_reset ? NOTICE_RESET : NOTICE_INVITE,
                                                      language),
                                  .first = store_principal_email(inviter),
                                  .second = url};
    bool sent = send_letter(app, &letter);
    g_free(sender.address);
    return sent;
}

/* --- reminders */

/* The reminder that is due with so many days left; -1: none is yet. */
static int reminder_of(int64_t left)
{
    static const int days[] = {0, 1, 7, 14, 30};
    for (size_t i = 0; i < G_N_ELEMENTS(days); i++)
        if (left <= days[i])
            return days[i];
    return -1;
}

static void remind_all(struct app *app, const char *provider, const char *about, int64_t when,
                       int days, enum notice_kind kind)
{
    struct store_notice_sender sender = {0};
    g_autoptr(GPtrArray) people = store_notice_administrators(app->store);
    const int64_t day = when / DAY;
    if (people->len == 0 || !store_notice_sender(app->store, 0, &sender, NULL))
        return;
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(when);
    g_autofree char *text = g_date_time_format(date, "%Y-%m-%d");
    g_autofree char *url = g_strconcat(app->public_url, "/settings/microsoft", NULL);
    for (guint i = 0; i < people->len; i++) {
        const struct store_notice_reader *reader = people->pdata[i];
        g_autofree char *key = g_strdup_printf("%s %s", about, reader->address);
        const struct store_reminder once = {provider, key, day, days};
        const struct letter letter = {.sender = &sender,
                                      .to = reader->address,
                                      .text = notice_text(kind, reader->language),
                                      .first = text,
                                      .second = url,
                                      .once = &once};
        if (!store_reminder_is_sent(app->store, &once))
            send_letter(app, &letter);
    }
    g_free(sender.address);
}

static void remind_of_secret(struct app *app, const char *provider, const char *about,
                             int64_t expires)
{
    int64_t left = expires - clock_wall();
    int days = reminder_of(left <= 0 ? 0 : (left + DAY - 1) / DAY);
    if (expires != 0 && days >= 0)
        remind_all(app, provider, about, expires, days,
                   left <= 0 ? NOTICE_EXPIRED : NOTICE_EXPIRES);
}

void notices_run(struct app *app)
{
    g_autoptr(GPtrArray) providers = store_providers(app->store, NULL);
    for (guint i = 0; providers != NULL && i < providers->len; i++) {
        const struct store_provider *provider = providers->pdata[i];
        /* A second secret that lives longer makes the end of the first harmless. */
        if (provider->has_secret &&
            !(provider->has_second && provider->second_expires > provider->secret_expires))
            remind_of_secret(app, provider->name, "first", provider->secret_expires);
        if (provider->has_second)
            remind_of_secret(app, provider->name, "second", provider->second_expires);
        if (provider->second_taken != 0)
            remind_all(app, provider->name, "taken", provider->second_taken, 0, NOTICE_SECOND);
    }
}

static void *work(void *arg)
{
    struct notices *notices = arg;
    pthread_mutex_lock(&notices->mutex);
    while (!notices->stop) {
        struct timespec until;
        pthread_mutex_unlock(&notices->mutex);
        notices_run(notices->app);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += LOOK_SECONDS;
        pthread_mutex_lock(&notices->mutex);
        if (!notices->stop)
            pthread_cond_timedwait(&notices->stopped, &notices->mutex, &until);
    }
    pthread_mutex_unlock(&notices->mutex);
    return NULL;
}

struct notices *notices_start(struct app *app)
{
    struct notices *notices = g_new0(struct notices, 1);
    notices->app = app;
    pthread_mutex_init(&notices->mutex, NULL);
    pthread_cond_init(&notices->stopped, NULL);
    if (pthread_create(&notices->thread, NULL, work, notices) == 0)
        return notices;
    pthread_cond_destroy(&notices->stopped);
    pthread_mutex_destroy(&notices->mutex);
    g_free(notices);
    return NULL;
}

void notices_stop(struct notices *notices)
{
    if (notices == NULL)
        return;
    pthread_mutex_lock(&notices->mutex);
    notices->stop = true;
    pthread_cond_signal(&notices->stopped);
    pthread_mutex_unlock(&notices->mutex);
    pthread_join(notices->thread, NULL);
    pthread_cond_destroy(&notices->stopped);
    pthread_mutex_destroy(&notices->mutex);
    g_free(notices);
}

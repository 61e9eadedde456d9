/* The outbox of one account: each submission is journalled before the final dot leaves, so that
 * after a crash or a broken connection Postroom knows which ones may have gone out, and looks into
 * Sent before it sends one of those again. */
#include "sync/sender.h"

#include "base/log.h"
#include "smtp/smtp.h"

#include <jansson.h>
#include <string.h>

#define ATTEMPTS_MAX 12
#define FIRST_RETRY_S 30
#define RETRY_MAX_S 3600

/* When to look into Sent again after an uncertain end: the service files its copy with some delay.
 */
static const int64_t look_at_s[] = {5, 15, 30, 60};

struct attempt {
    struct sender *sender;
    struct store_submission *submission;
    struct store_sync_account *account;
    char *message_id;
    GBytes *raw;
};

static bool mark(const struct attempt *attempt, enum store_send_state state, int64_t next,
                 const char *reply, const char *problem, const char *rcpt, const char *alias,
                 GError **error)
{
    return store_outbox_mark(attempt->sender->manager->config.store, attempt->submission->id, state,
                             next, reply, problem, rcpt, alias, error);
}

static bool before_final_dot(void *arg, GError **error)
{
    return mark(arg, STORE_SEND_SENDING, 0, NULL, NULL, NULL, NULL, error);
}

static char *recipient_replies(const struct smtp_message *message)
{
    json_t *object = json_object();
    for (size_t i = 0; i < message->recipient_count; i++) {
        const struct smtp_recipient *recipient = &message->recipients[i];
        if (recipient->code != 0)
            json_object_set_new(object, recipient->address,
                                json_pack("{s:i, s:s}", "code", recipient->code, "reply",
                                          recipient->reply != NULL ? recipient->reply : ""));
    }
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static int64_t retry_at(const struct attempt *attempt, const GError *problem)
{
    int64_t pause = (int64_t)FIRST_RETRY_S << MIN(attempt->submission->attempts, 8);
    pause = MIN(pause, RETRY_MAX_S);
    pause = pause / 2 + clock_jitter(pause / 2 + 1);
    return clock_wall() + MAX(pause, error_retry_after_ms(problem) / 1000);
}

static bool note_failure(const struct attempt *attempt, const struct smtp_result *result,
                         const GError *problem, const char *rcpt, GError **error)
{
    const char *reply = result->reply != NULL ? result->reply : problem->message;
    bool uncertain =
        error_is(problem, ERROR_UNCERTAIN) || (result->handed_over && result->code == 0);
    if (uncertain)
        return mark(attempt, STORE_SEND_UNCERTAIN, clock_wall() + look_at_s[0], reply, "uncertain",
                    rcpt, NULL, error);
    /* Being told to link again or to switch SMTP on is a person's work; the letter waits for it. */
    bool later = error_retry(problem) != ERROR_RETRY_NEVER;
    if (later && attempt->submission->attempts + 1 < ATTEMPTS_MAX)
        return mark(attempt, STORE_SEND_PENDING, retry_at(attempt, problem), reply,
                    error_problem(problem), rcpt, NULL, error);
    return mark(attempt, STORE_SEND_FAILED, 0, reply, error_problem(problem), rcpt, NULL, error);
}

static void note_for_account(const struct attempt *attempt, const GError *problem)
{
    bool about_sending = problem == NULL || error_is(problem, ERROR_SMTP_AUTH_OFF) ||
                         error_is(problem, ERROR_SMTP_REFUSED);
    if (about_sending)
        store_sync_send_problem(attempt->sender->manager->config.store, attempt->account->id,
                                problem, NULL);
}

/* A DSN parameter of the envelope as it was given (RFC 8621, 7); NULL: none. Borrowed. */
static const char *parameter(json_t *address, const char *wanted)
{
    json_t *parameters = json_object_get(address, "parameters"), *value;
    const char *name;
    json_object_foreach(parameters, name, value)
    {
        if (g_ascii_strcasecmp(name, wanted) == 0)
            return json_string_value(value);
    }
    return NULL;
}

/* Fills in what the envelope asks for beyond its addresses; the strings live as long as it. */
static void take_parameters(struct smtp_message *message, json_t *envelope)
{
    json_t *recipients = json_object_get(envelope, "rcptTo");
    json_t *from = json_object_get(envelope, "mailFrom");
    message->envid = parameter(from, "ENVID");
    message->ret = parameter(from, "RET");
    for (size_t i = 0; i < message->recipient_count; i++)
        for (size_t k = 0; k < json_array_size(recipients); k++) {
            json_t *given = json_array_get(recipients, k);
            const char *address = json_string_value(json_object_get(given, "email"));
            if (g_strcmp0(address, message->recipients[i].address) != 0)
                continue;
            message->recipients[i].notify = parameter(given, "NOTIFY");
            message->recipients[i].orcpt = parameter(given, "ORCPT");
        }
}

static bool hand_over(struct attempt *attempt, const struct secret *secret, GError **error)
{
    const struct store_sync_account *account = attempt->account;
    struct smtp_server server;
    session_smtp(&server, attempt->sender->manager, account, secret, attempt->sender->cancel);
    size_t count = g_strv_length(attempt->submission->rcpt_to);
    g_autofree struct smtp_recipient *recipients = g_new0(struct smtp_recipient, count);
    for (size_t i = 0; i < count; i++)
        recipients[i].address = attempt->submission->rcpt_to[i];
    struct smtp_message message = {
        .mail_from = attempt->submission->mail_from,
        .recipients = recipients,
        .recipient_count = count,
        .data = attempt->raw,
        .before_final_dot = before_final_dot,
        .arg = attempt,
    };
    const char *given = attempt->submission->envelope_json;
    json_t *envelope = given != NULL ? json_loads(given, JSON_REJECT_DUPLICATES, NULL) : NULL;
    take_parameters(&message, envelope);
    struct smtp_result result = {0};
    g_autoptr(GError) problem = NULL;
    bool sent = smtp_send(&server, &message, &result, &problem);
    char *rcpt = recipient_replies(&message);
    bool ok =
        sent ? mark(attempt, STORE_SEND_SENT, 0, result.reply, NULL, rcpt, result.queued_id, error)
             : note_failure(attempt, &result, problem, rcpt, error);
    note_for_account(attempt, problem);
    LOG_INFO("outbox.attempt", LOG_INT("account", account->id),
             LOG_INT("submission", attempt->submission->id), LOG_INT("code", result.code),
             LOG_STR("outcome", sent ? "sent" : error_problem(problem)));
    for (size_t i = 0; i < count; i++)
        g_free(recipients[i].reply);
    free(rcpt);
    json_decref(envelope);
    smtp_result_clear(&result);
    return ok;
}

static bool send_fresh(struct attempt *attempt, GError **error)
{
    struct sync_manager *manager = attempt->sender->manager;
    g_autoptr(GError) problem = NULL;
    /* A refused token is not tried twice: the next attempt brings a fresh one. */
    bool refused = g_strcmp0(attempt->submission->problem, "smtp-refused") == 0;
    struct secret *secret =
        session_secret(manager, attempt->account, refused, NULL, attempt->sender->cancel, &problem);
    if (secret == NULL)
        return note_failure(attempt, &(struct smtp_result){0}, problem, NULL, error);
    bool ok = hand_over(attempt, secret, error);
    secret_free(secret);
    return ok;
}

/* Personal accounts replace the Message-ID and keep the old one in a header of their own. */
static GArray *search_both_ids(struct imap_client *imap, const char *message_id, GError **error)
{
    static const char safe[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "!#$%&'*+-/=?^_`{|}~.@";
    GArray *uids = imap_search_message_id(imap, message_id, error);
    if (uids == NULL || uids->len > 0 || strspn(message_id, safe) != strlen(message_id))
        return uids;
    g_array_unref(uids);
    g_autofree char *criteria =
        g_strdup_printf("HEADER X-Microsoft-Original-Message-ID \"<%s>\"", message_id);
    return imap_search(imap, criteria, error);
}

static bool sent_has_it(struct attempt *attempt, bool *found, GError **error)
{
    struct sync_manager *manager = attempt->sender->manager;
    g_autoptr(GPtrArray) mailboxes =
        store_sync_mailboxes(manager->config.store, attempt->account->id, error);
    struct imap_client *imap = NULL;
    if (mailboxes != NULL)
        imap = session_extra_begin(manager, attempt->account, attempt->sender->cancel, error);
    bool ok = imap != NULL;
    *found = false;
    for (guint i = 0; ok && !*found && i < mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = mailboxes->pdata[i];
        struct imap_selected selected;
        if (mailbox->role != MAIL_ROLE_SENT)
            continue;
        ok = imap_select(imap, mailbox->raw_name, true, 0, 0, &selected, error);
        g_autoptr(GArray) uids = ok ? search_both_ids(imap, attempt->message_id, error) : NULL;
        ok = ok && uids != NULL;
        *found = ok && uids->len > 0;
    }
    session_extra_end(manager, attempt->account->id, imap);
    return ok;
}

static bool look_into_sent(struct attempt *attempt, GError **error)
{
    bool found = false;
    g_autoptr(GError) problem = NULL;
    if (!sent_has_it(attempt, &found, &problem)) {
        LOG_WARN("outbox.look-failed", LOG_INT("account", attempt->account->id), LOG_ERR(problem));
        return mark(attempt, STORE_SEND_UNCERTAIN, retry_at(attempt, problem), NULL, "uncertain",
                    NULL, NULL, error);
    }
    int64_t since = clock_wall() - attempt->submission->handed_over_at;
    LOG_INFO("outbox.looked", LOG_INT("account", attempt->account->id),
             LOG_INT("submission", attempt->submission->id), LOG_INT("found", found),
             LOG_INT("seconds", since));
    if (found)
        return mark(attempt, STORE_SEND_SENT, 0, "found in Sent after an uncertain end", NULL, NULL,
                    NULL, error);
    for (size_t i = 0; i < G_N_ELEMENTS(look_at_s); i++)
        if (since < look_at_s[i])
            return mark(attempt, STORE_SEND_UNCERTAIN,
                        attempt->submission->handed_over_at + look_at_s[i], NULL, "uncertain", NULL,
                        NULL, error);
    /* A service that files its own copy would have filed it by now. Elsewhere nobody knows: better
     * asked than sent twice. */
    if (attempt->account->provider != NULL)
        return mark(attempt, STORE_SEND_PENDING, clock_wall(), NULL, NULL, NULL, NULL, error);
    return mark(attempt, STORE_SEND_FAILED, 0,
                "the connection broke while the message was handed over", "uncertain", NULL, NULL,
                error);
}

/* 0 when another may go now; else when. */
static int64_t paced_until(struct sender *sender)
{
    int64_t oldest = sender->sent_at[sender->next_slot];
    int64_t free_at = oldest == 0 ? 0 : oldest + 60 * CLOCK_SECOND;
    return free_at > clock_now() ? free_at : 0;
}

static bool attempt_one(struct sender *sender, struct store_submission *submission, GError **error)
{
    struct store *store = sender->manager->config.store;
    struct attempt attempt = {.sender = sender, .submission = submission};
    int64_t email = 0;
    attempt.account = session_account(sender->manager, sender->account, error);
    bool ok =
        attempt.account != NULL && store_outbox_message(store, submission->id, &email,
                                                        &attempt.message_id, &attempt.raw, error);
    bool looked_at =
        submission->state == STORE_SEND_UNCERTAIN || submission->state == STORE_SEND_SENDING;
    if (ok && looked_at)
        ok = look_into_sent(&attempt, error);
    else if (ok) {
        sender->sent_at[sender->next_slot] = clock_now();
        sender->next_slot = (sender->next_slot + 1) % SENDER_PER_MINUTE;
        ok = send_fresh(&attempt, error);
    }
    g_free(attempt.message_id);
    g_clear_pointer(&attempt.raw, g_bytes_unref);
    g_clear_pointer(&attempt.account, store_sync_account_free);
    return ok;
}

struct exec_verdict sender_run(void *arg, unsigned woke)
{
    struct sender *sender = arg;
    struct exec_verdict verdict = {.next = EXEC_PARK,
                                   .lane = EXEC_NOTIFY,
                                   .fd = -1,
                                   .deadline = CLOCK_NEVER};
    int64_t wake = 0;
    g_autoptr(GError) error = NULL;
    if ((woke & EXEC_WOKE_STOP) != 0 || cancel_is_triggered(sender->cancel)) {
        verdict.next = EXEC_DONE;
        return verdict;
    }
    int64_t paced = paced_until(sender);
    if (paced != 0) {
        verdict.deadline = paced;
        return verdict;
    }
    struct store_submission *next = store_outbox_next(sender->manager->config.store,
                                                      sender->account, clock_wall(), &wake, &error);
    if (next != NULL) {
        bool ok = attempt_one(sender, next, &error);
        store_submission_free(next);
        if (ok) {
            verdict.next = EXEC_AGAIN;
            return verdict;
        }
    }
    if (error != NULL) {
        LOG_WARN("outbox.failed", LOG_INT("account", sender->account), LOG_ERR(error));
        wake = clock_wall() + FIRST_RETRY_S;
    }
    if (wake != 0)
        verdict.deadline = clock_in_ms(MAX(wake - clock_wall(), 1) * 1000);
    return verdict;
}

/* One message of the outbox: it is journalled before the final dot leaves, so that after a crash or
 * a broken connection Postroom knows that it may have gone out, and looks into Sent before it sends
 * it again. */
#include "sync/sender.h"

#include "base/log.h"
#include "mime/mime.h"
#include "smtp/smtp.h"

#include <jansson.h>
#include <string.h>

struct attempt {
    struct sender *sender;
    struct sender_line *line;
    struct store_submission *submission;
    const struct store_sync_account *account; /* the line's */
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

static int64_t retry_at(const struct attempt *attempt, const GError *problem)
{
    return outbox_retry_at(problem, attempt->submission->attempts, attempt->submission->send_at,
                           clock_wall(), (double)clock_jitter(1000) / 1000);
}

static bool note_failure(const struct attempt *attempt, const struct smtp_result *result,
                         const GError *problem, const char *rcpt, GError **error)
{
    g_autofree char *reply = result->reply != NULL ? outbox_reply(result->code, result->reply)
                                                   : g_strdup(problem->message);
    bool uncertain =
        error_is(problem, ERROR_UNCERTAIN) || (result->handed_over && result->code == 0);
    /* Cancelled while it was on its way to the final dot: nothing was sent, nothing is to be said.
     */
    if (error_is(problem, ERROR_CONFLICT) && !result->handed_over)
        return true;
    if (uncertain)
        return mark(attempt, STORE_SEND_UNCERTAIN, outbox_look_at(clock_wall(), clock_wall()),
                    reply, "uncertain", rcpt, NULL, error);
    if (error_is(problem, ERROR_THROTTLED))
        attempt->sender->slow_until = clock_now() + OUTBOX_SLOW_S * CLOCK_SECOND;
    int64_t again = retry_at(attempt, problem);
    return mark(attempt, again != 0 ? STORE_SEND_PENDING : STORE_SEND_FAILED, again, reply,
                error_problem(problem), rcpt, NULL, error);
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

/* --- the connection */

static void hang_up(struct sender_line *line)
{
    g_clear_pointer(&line->client, smtp_client_free);
    line->served = 0;
}

void sender_line_close(struct sender_line *line)
{
    hang_up(line);
    g_clear_pointer(&line->server, g_free);
    g_clear_pointer(&line->secret, secret_free);
    g_clear_pointer(&line->account, store_sync_account_free);
}

static bool sign_in(struct attempt *attempt, bool refresh, struct smtp_result *result,
                    GError **error)
{
    struct sender_line *line = attempt->line;
    struct sync_manager *manager = attempt->sender->manager;
    hang_up(line);
    g_clear_pointer(&line->secret, secret_free);
    line->secret =
        session_secret(manager, line->account, refresh, NULL, attempt->sender->cancel, error);
    if (line->secret == NULL)
        return false;
    if (line->server == NULL)
        line->server = g_new0(struct smtp_server, 1);
    session_smtp(line->server, manager, line->account, line->secret, attempt->sender->cancel);
    smtp_result_clear(result);
    line->client = smtp_client_open(line->server, result, error);
    if (line->client != NULL)
        store_sync_size_limit(manager->config.store, line->account->id, result->size_limit,
                              clock_wall(), NULL);
    return line->client != NULL;
}

/* Signed in; a refused token is refreshed once before it counts as refused. */
static bool connect_line(struct attempt *attempt, struct smtp_result *result, GError **error)
{
    GError *refusal = NULL;
    struct outbox_pace pace = outbox_pace_of(attempt->account->kind);
    if (attempt->line->client != NULL && attempt->line->served < pace.per_connection)
        return true;
    if (sign_in(attempt, false, result, &refusal))
        return true;
    bool stale = error_is(refusal, ERROR_SMTP_REFUSED) && attempt->account->provider != NULL;
    if (!stale) {
        g_propagate_error(error, refusal);
        return false;
    }
    g_error_free(refusal);
    return sign_in(attempt, true, result, error);
}

/* Over the open connection, or a new one; a used one that broke before anything was handed over is
 * not the message's fault. */
static bool transmit(struct attempt *attempt, struct smtp_message *message,
                     struct smtp_result *result, GError **error)
{
    struct sender_line *line = attempt->line;
    for (int tries = 0;; tries++) {
        g_autoptr(GError) problem = NULL;
        bool used = line->client != NULL && line->served > 0;
        if (!connect_line(attempt, result, error))
            return false;
        smtp_result_clear(result);
        if (smtp_client_send(line->client, message, result, &problem)) {
            line->served++;
            return true;
        }
        hang_up(line);
        bool broke = result->code == 0 || result->code == 421;
        if (tries > 0 || !used || !broke || result->handed_over ||
            error_is(problem, ERROR_CONFLICT) || error_is(problem, ERROR_CANCELLED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
}

static bool settle_sending(struct attempt *attempt, const struct smtp_message *message,
                           const struct smtp_result *result, const GError *problem, GError **error)
{
    char *rcpt = outbox_recipient_replies(message, result);
    g_autofree char *reply = outbox_reply(result->code, result->reply);
    bool ok = problem == NULL
                  ? mark(attempt, STORE_SEND_SENT, 0, reply, NULL, rcpt, result->queued_id, error)
                  : note_failure(attempt, result, problem, rcpt, error);
    free(rcpt);
    note_for_account(attempt, problem);
    LOG_INFO("outbox.attempt", LOG_INT("account", attempt->account->id),
             LOG_INT("submission", attempt->submission->id), LOG_INT("code", result->code),
             LOG_STR("outcome", problem == NULL ? "sent" : error_problem(problem)));
    SYNC_NOTE(attempt->sender->manager, attempt->account->id, problem == NULL ? "sent" : "not-sent",
              problem, LOG_INT("recipients", message->recipient_count));
    return ok;
}

static bool send_fresh(struct attempt *attempt, GError **error)
{
    size_t count = g_strv_length(attempt->submission->rcpt_to);
    g_autofree struct smtp_recipient *recipients = g_new0(struct smtp_recipient, count);
    for (size_t i = 0; i < count; i++)
        recipients[i].address = attempt->submission->rcpt_to[i];
    /* RFC 8621, 7.5; what is filed in Sent by us keeps it. */
    g_autoptr(GBytes) told = mime_without_bcc(attempt->raw);
    struct smtp_message message = {
        .mail_from = attempt->submission->mail_from,
        .recipients = recipients,
        .recipient_count = count,
        .data = told,
        .before_final_dot = before_final_dot,
        .arg = attempt,
    };
    const char *given = attempt->submission->envelope_json;
    json_t *envelope = given != NULL ? json_loads(given, JSON_REJECT_DUPLICATES, NULL) : NULL;
    take_parameters(&message, envelope);
    struct smtp_result result = {0};
    g_autoptr(GError) problem = NULL;
    transmit(attempt, &message, &result, &problem);
    bool ok = settle_sending(attempt, &message, &result, problem, error);
    for (size_t i = 0; i < count; i++)
        g_free(recipients[i].reply);
    json_decref(envelope);
    smtp_result_clear(&result);
    return ok;
}

/* --- the look into Sent */

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

static bool look_failed(struct attempt *attempt, const GError *problem, GError **error)
{
    int64_t now = clock_wall();
    LOG_WARN("outbox.look-failed", LOG_INT("account", attempt->account->id), LOG_ERR(problem));
    if (now - attempt->submission->handed_over_at >= OUTBOX_LOOK_MAX_S)
        return mark(attempt, STORE_SEND_FAILED, 0, problem->message, "uncertain", NULL, NULL,
                    error);
    int64_t again = retry_at(attempt, problem);
    return mark(attempt, STORE_SEND_UNCERTAIN, again != 0 ? again : now + 3600, NULL, "uncertain",
                NULL, NULL, error);
}

static bool look_into_sent(struct attempt *attempt, GError **error)
{
    bool found = false;
    g_autoptr(GError) problem = NULL;
    if (!sent_has_it(attempt, &found, &problem))
        return look_failed(attempt, problem, error);
    int64_t handed_over_at = attempt->submission->handed_over_at;
    LOG_INFO("outbox.looked", LOG_INT("account", attempt->account->id),
             LOG_INT("submission", attempt->submission->id), LOG_INT("found", found),
             LOG_INT("seconds", clock_wall() - handed_over_at));
    if (found)
        return mark(attempt, STORE_SEND_SENT, 0, "found in Sent after an uncertain end", NULL, NULL,
                    NULL, error);
    int64_t again = outbox_look_at(handed_over_at, clock_wall());
    if (again != 0)
        return mark(attempt, STORE_SEND_UNCERTAIN, again, NULL, "uncertain", NULL, NULL, error);
    /* A service that files its own copy would have filed it by now. Elsewhere nobody knows: better
     * asked than sent twice. */
    if (outbox_pace_of(attempt->account->kind).files_copy)
        return mark(attempt, STORE_SEND_PENDING, clock_wall(), NULL, NULL, NULL, NULL, error);
    return mark(attempt, STORE_SEND_FAILED, 0,
                "the connection broke while the message was handed over", "uncertain", NULL, NULL,
                error);
}

bool sender_is_uncertain(const struct store_submission *submission)
{
    return submission->state == STORE_SEND_UNCERTAIN || submission->state == STORE_SEND_SENDING;
}

bool sender_attempt(struct sender *sender, struct sender_line *line,
                    struct store_submission *submission, GError **error)
{
    struct store *store = sender->manager->config.store;
    struct attempt attempt = {.sender = sender, .line = line, .submission = submission};
    int64_t email = 0;
    if (line->account == NULL)
        line->account = session_account(sender->manager, sender->account, error);
    attempt.account = line->account;
    bool ok =
        attempt.account != NULL && store_outbox_message(store, submission->id, &email,
                                                        &attempt.message_id, &attempt.raw, error);
    if (ok)
        ok = sender_is_uncertain(submission) ? look_into_sent(&attempt, error)
                                             : send_fresh(&attempt, error);
    g_free(attempt.message_id);
    g_clear_pointer(&attempt.raw, g_bytes_unref);
    return ok;
}

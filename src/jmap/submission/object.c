#include "jmap/submission/object.h"

const char *const jmap_submission_properties[] = {
    "id",
    "identityId",
    "emailId",
    "threadId",
    "envelope",
    "sendAt",
    "undoStatus",
    "deliveryStatus",
    "dsnBlobIds",
    "mdnBlobIds",
    "postroom:problem",
    "postroom:moveToSent",
    "postroom:nextAttempt",
    NULL,
};

const char *jmap_submission_undo_status(const struct store_submission *submission)
{
    switch (submission->state) {
    case STORE_SEND_PENDING:
        return "pending";
    case STORE_SEND_CANCELLED:
        return "canceled";
    default:
        return "final";
    }
}

/* The envelope as it was given, else what we made of the email. */
static json_t *envelope(const struct store_submission *submission)
{
    json_t *given = submission->envelope_json != NULL
                        ? json_loads(submission->envelope_json, JSON_REJECT_DUPLICATES, NULL)
                        : NULL;
    json_t *rcpt_to;

    if (given != NULL)
        return given;
    rcpt_to = json_array();
    for (size_t i = 0; submission->rcpt_to != NULL && submission->rcpt_to[i] != NULL; i++)
        json_array_append_new(rcpt_to,
                              json_pack("{s: o, s: n}", "email",
                                        jmap_json_text(submission->rcpt_to[i]), "parameters"));
    return json_pack("{s: {s: o, s: n}, s: o}", "mailFrom", "email",
                     jmap_json_text(submission->mail_from != NULL ? submission->mail_from : ""),
                     "parameters", "rcptTo", rcpt_to);
}

static const char *delivered(const struct store_submission *submission)
{
    switch (submission->state) {
    case STORE_SEND_SENT:
        return "unknown";
    case STORE_SEND_FAILED:
    case STORE_SEND_CANCELLED:
        return "no";
    default:
        return "queued";
    }
}

/* RFC 8621, 7: a reply of our own has this form too. */
static const char *own_reply(const struct store_submission *submission)
{
    switch (submission->state) {
    case STORE_SEND_SENT:
        return "250 2.0.0 Accepted by the submission server";
    case STORE_SEND_FAILED:
        return "550 5.0.0 Not sent";
    case STORE_SEND_CANCELLED:
        return "550 5.0.0 Cancelled before it was sent";
    default:
        return "250 2.0.0 Waiting in the outbox";
    }
}

/* "550 …": what came from elsewhere is no reply (RFC 8621, 7). */
static bool is_reply(const char *text)
{
    return text != NULL && text[0] >= '2' && text[0] <= '5' && g_ascii_isdigit(text[1]) &&
           g_ascii_isdigit(text[2]) && text[3] == ' ';
}

/* A recipient that the server refused is lost, though the message went to others. */
static const char *delivered_with(const struct store_submission *submission, const char *reply)
{
    bool is_lost = is_reply(reply) && reply[0] != '2' && submission->state == STORE_SEND_SENT;

    return is_lost ? "no" : delivered(submission);
}

/* What notifications said of a recipient; NULL: nothing. */
static const struct store_outcome *outcome_of(const struct store_submission *submission,
                                              const char *address)
{
    for (size_t i = 0; submission->outcomes != NULL && i < submission->outcomes->len; i++) {
        const struct store_outcome *outcome = g_ptr_array_index(submission->outcomes, i);

        if (g_ascii_strcasecmp(outcome->address, address) == 0)
            return outcome;
    }
    return NULL;
}

static const char *reply_of(const struct store_submission *submission, const char *reply)
{
    bool tells_all = submission->state != STORE_SEND_CANCELLED;

    if (tells_all && is_reply(reply))
        return reply;
    return tells_all && is_reply(submission->reply) ? submission->reply : own_reply(submission);
}

/* A DeliveryStatus; reply: what RCPT was answered, or NULL. */
static json_t *status_of(const struct store_submission *submission, const char *address,
                         const char *reply)
{
    const struct store_outcome *outcome = outcome_of(submission, address);
    const char *shown = reply_of(submission, reply), *word = delivered_with(submission, reply);

    if (outcome != NULL && outcome->delivered != MAIL_DELIVERY_UNKNOWN) {
        shown = outcome->reply != NULL ? outcome->reply : shown;
        word = outcome->delivered == MAIL_DELIVERED ? "yes" : "no";
    }
    return json_pack("{s: o, s: s, s: s}", "smtpReply", jmap_json_text(shown), "delivered", word,
                     "displayed", outcome != NULL && outcome->displayed ? "yes" : "unknown");
}

static json_t *blob_ids(const GArray *blobs)
{
    json_t *ids = json_array();

    for (size_t i = 0; blobs != NULL && i < blobs->len; i++)
        json_array_append_new(ids, jmap_id('b', g_array_index(blobs, int64_t, i)));
    return ids;
}

static json_t *delivery_status(const struct store_submission *submission)
{
    json_t *replies = submission->rcpt_replies != NULL
                          ? json_loads(submission->rcpt_replies, JSON_REJECT_DUPLICATES, NULL)
                          : NULL;
    json_t *status = json_object();

    for (size_t i = 0; submission->rcpt_to != NULL && submission->rcpt_to[i] != NULL; i++) {
        const char *address = submission->rcpt_to[i];
        const char *reply = json_string_value(json_object_get(replies, address));

        json_object_set_new(status, address, status_of(submission, address, reply));
    }
    json_decref(replies);
    return status;
}

static json_t *next_attempt(const struct store_submission *submission)
{
    return submission->state == STORE_SEND_PENDING
               ? jmap_json_utc(MAX(submission->next_attempt, submission->send_at))
               : json_null();
}

json_t *jmap_submission_object(const struct store_submission *submission)
{
    return json_pack(
        "{s: o, s: o, s: o, s: o, s: o, s: o, s: s, s: o, s: o, s: o, s: o, s: b, s: o}", "id",
        jmap_id('s', submission->id), "identityId", jmap_id('i', submission->identity), "emailId",
        jmap_id('e', submission->email), "threadId", jmap_id('t', submission->thread), "envelope",
        envelope(submission), "sendAt", jmap_json_utc(submission->send_at), "undoStatus",
        jmap_submission_undo_status(submission), "deliveryStatus", delivery_status(submission),
        "dsnBlobIds", blob_ids(submission->dsn_blobs), "mdnBlobIds",
        blob_ids(submission->mdn_blobs), "postroom:problem", jmap_json_text(submission->problem),
        "postroom:moveToSent", submission->files, "postroom:nextAttempt", next_attempt(submission));
}

void jmap_submission_trim(json_t *object)
{
    json_object_del(object, "postroom:problem");
    json_object_del(object, "postroom:moveToSent");
    json_object_del(object, "postroom:nextAttempt");
}

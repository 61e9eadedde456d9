/* Delivery and disposition notifications of what was sent (RFC 8621, 7), by its Message-ID or the
 * ENVID it was given (RFC 3461). Anyone who knows those can write one: it only ever says something
 * of the recipients that the submission has. */
#include "store/sqlite/submissions.h"

#define REPORTS_MAX 1000 /* of one submission */

struct about {
    int64_t submission;
    char **rcpt_to;
};

/* The recipient of the submission that is meant; NULL: none of its. Borrowed. */
static const char *recipient_meant(const struct about *about,
                                   const struct mail_report_recipient *recipient)
{
    const char *named[] = {recipient->original, recipient->final};
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
        for (char **to = about->rcpt_to; named[i] != NULL && *to != NULL; to++)
            if (g_ascii_strcasecmp(*to, named[i]) == 0)
                return *to;
    return NULL;
}

static bool is_about(const struct about *about, const struct mail_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (recipient_meant(about, &report->items[i]) != NULL)
            return true;
    return false;
}

/* The newest submission of the message that went to somebody the report names, else the newest one.
 * An ENVID alone, which clients choose as they like, is not enough for that. submission 0: none. */
static bool find(struct tx *tx, int64_t account, const struct mail_report *report,
                 struct about *found, GError **error)
{
    GError *cause = NULL;
    bool certain = false;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT id, rcpt_to, coalesce(?2 IN (message_id, alias_id), 0)"
                                 " FROM submission WHERE account = ?1 AND (message_id = ?2 OR"
                                 " alias_id = ?2 OR envid = ?3) AND state BETWEEN 1 AND 3"
                                 " ORDER BY 3 DESC, id DESC",
                                 I(account), T(report->message_id), T(report->envelope_id));
    *found = (struct about){0};
    while (db_step(tx->db, row, &cause)) {
        struct about about = {db_int(row, 0), g_strsplit(db_text(row, 1), "\n", -1)};
        bool is_message = db_int(row, 2) != 0;
        if (certain || ((found->submission != 0 || !is_message) && !is_about(&about, report))) {
            g_strfreev(about.rcpt_to);
            continue;
        }
        g_strfreev(found->rcpt_to);
        *found = about;
        certain = is_about(found, report);
    }
    return error_settle(error, cause);
}

/* What is known is final. */
static bool keep_outcome(struct tx *tx, int64_t submission, const char *address,
                         const struct mail_report_recipient *recipient, GError **error)
{
    return DB_RUN(tx->db, error,
                  "INSERT INTO outcome(submission, address, delivered, displayed, reply)"
                  " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
                  " reply = iif(delivered = 0, coalesce(?5, reply), reply),"
                  " delivered = iif(delivered = 0, ?3, delivered),"
                  " displayed = max(displayed, ?4)",
                  I(submission), T(address), I(recipient->delivered), I(recipient->displayed),
                  T(recipient->reply));
}

static bool keep(struct tx *tx, int64_t account, const struct about *about,
                 const struct mail_report *report, int64_t blob, GError **error)
{
    int64_t count =
        DB_NUMBER(tx->db, error, REPORTS_MAX, "SELECT count(*) FROM report WHERE submission = ?",
                  I(about->submission));
    if (count >= REPORTS_MAX)
        return true;
    for (size_t i = 0; i < report->count; i++) {
        const struct mail_report_recipient *recipient = &report->items[i];
        const char *address = recipient_meant(about, recipient);
        if (address != NULL && !keep_outcome(tx, about->submission, address, recipient, error))
            return false;
    }
    tx_change(tx, account, STORE_SUBMISSION, about->submission, CHANGE_UPDATED);
    return DB_RUN(tx->db, error,
                  "INSERT INTO report(submission, blob, disposition) VALUES(?, ?, ?)",
                  I(about->submission), I(blob), I(report->is_disposition)) &&
           DB_RUN(tx->db, error, "UPDATE submission SET reported = 1 WHERE id = ?",
                  I(about->submission)) &&
           blob_ref(tx, blob, 1, error);
}

bool report_take(struct tx *tx, int64_t account, const struct mail_report *report, int64_t blob,
                 GError **error)
{
    struct about about;
    if (report == NULL)
        return true;
    bool ok = find(tx, account, report, &about, error) &&
              (about.submission == 0 || keep(tx, account, &about, report, blob, error));
    g_strfreev(about.rcpt_to);
    return ok;
}

/* --- reading */

void store_outcome_free(struct store_outcome *outcome)
{
    g_free(outcome->address);
    g_free(outcome->reply);
    g_free(outcome);
}

static void free_outcome(gpointer outcome)
{
    store_outcome_free(outcome);
}

void reports_load(struct db *db, struct store_submission *submission, GError **error)
{
    submission->outcomes = g_ptr_array_new_with_free_func(free_outcome);
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT address, delivered, displayed, reply FROM outcome WHERE submission = ?",
                 I(submission->id));
    while (db_step(db, row, error)) {
        struct store_outcome *outcome = g_new0(struct store_outcome, 1);
        *outcome = (struct store_outcome){.address = db_text_copy(row, 0),
                                          .delivered = (enum mail_delivered)db_int(row, 1),
                                          .displayed = db_int(row, 2) != 0,
                                          .reply = db_text_copy(row, 3)};
        g_ptr_array_add(submission->outcomes, outcome);
    }
    submission->dsn_blobs =
        DB_NUMBERS(db, error,
                   "SELECT blob FROM report WHERE submission = ? AND disposition = 0 ORDER BY id",
                   I(submission->id));
    submission->mdn_blobs =
        DB_NUMBERS(db, error,
                   "SELECT blob FROM report WHERE submission = ? AND disposition = 1 ORDER BY id",
                   I(submission->id));
}

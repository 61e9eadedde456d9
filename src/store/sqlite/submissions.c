#include "store/sqlite/submissions.h"

#include "base/clock.h"

void store_submission_free(struct store_submission *submission)
{
    if (submission == NULL)
        return;
    g_free(submission->mail_from);
    g_strfreev(submission->rcpt_to);
    g_free(submission->envelope_json);
    g_free(submission->envid);
    g_free(submission->reply);
    g_free(submission->problem);
    g_free(submission->rcpt_replies);
    g_clear_pointer(&submission->outcomes, g_ptr_array_unref);
    g_clear_pointer(&submission->dsn_blobs, g_array_unref);
    g_clear_pointer(&submission->mdn_blobs, g_array_unref);
    g_free(submission);
}

static void free_submission(gpointer submission)
{
    store_submission_free(submission);
}

struct store_submission *submission_of_row(sqlite3_stmt *row)
{
    struct store_submission *submission = g_new0(struct store_submission, 1);
    submission->id = db_int(row, 0);
    submission->identity = db_int(row, 1);
    submission->email = db_int(row, 2);
    submission->thread = db_int(row, 3);
    submission->mail_from = db_text_copy(row, 4);
    submission->rcpt_to = g_strsplit(db_text(row, 5), "\n", -1);
    submission->envelope_json = db_text_copy(row, 6);
    submission->send_at = db_int(row, 7);
    submission->state = (enum store_send_state)db_int(row, 8);
    submission->attempts = (int)db_int(row, 9);
    submission->next_attempt = db_int(row, 10);
    submission->reply = db_text_copy(row, 11);
    submission->problem = db_text_copy(row, 12);
    submission->rcpt_replies = db_text_copy(row, 13);
    submission->handed_over_at = db_int(row, 14);
    submission->reported = db_int(row, 15) != 0;
    submission->files = db_int(row, 16) != 0;
    return submission;
}

static gint newest_first(gconstpointer left, gconstpointer right)
{
    const struct store_submission *a = *(const struct store_submission *const *)left;
    const struct store_submission *b = *(const struct store_submission *const *)right;
    return (a->id < b->id) - (a->id > b->id);
}

static void load_all(struct db *db, const struct store_access *access, GPtrArray *out,
                     GError **error)
{
    const GArray *accounts = store_access_accounts(access);
    for (guint i = 0; i < accounts->len; i++) {
        sqlite3_stmt *row =
            DB_QUERY(db, error,
                     SUBMISSION_COLUMNS " WHERE submission.account = ? AND submission.email <> 0",
                     I(g_array_index(accounts, int64_t, i)));
        while (db_step(db, row, error))
            g_ptr_array_add(out, submission_of_row(row));
    }
    g_ptr_array_sort(out, newest_first);
}

static void load_ids(struct db *db, const struct store_access *access, const int64_t *ids,
                     size_t count, GPtrArray *out, GError **error)
{
    for (size_t i = 0; i < count; i++) {
        int64_t account =
            DB_NUMBER(db, error, 0, "SELECT account FROM submission WHERE id = ?", I(ids[i]));
        if (access_rights(access, account) == 0)
            continue;
        sqlite3_stmt *row =
            DB_QUERY(db, error,
                     SUBMISSION_COLUMNS " WHERE submission.id = ? AND submission.email <> 0",
                     I(ids[i]));
        if (db_step(db, row, error))
            g_ptr_array_add(out, submission_of_row(row));
        db_done(row);
    }
}

GPtrArray *store_submissions(const struct store_access *access, const int64_t *ids, size_t count,
                             uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *submissions = g_ptr_array_new_with_free_func(free_submission);
    if (ids == NULL)
        load_all(&reader->main, access, submissions, &cause);
    else
        load_ids(&reader->main, access, ids, count, submissions, &cause);
    for (guint i = 0; i < submissions->len && cause == NULL; i++)
        if (((struct store_submission *)submissions->pdata[i])->reported)
            reports_load(&reader->main, submissions->pdata[i], &cause);
    if (state != NULL)
        *state = access_state(&reader->main, access, STORE_SUBMISSION);
    reader_end(store, reader);
    return db_settle_list(submissions, cause, error);
}

struct create_write {
    const struct store_access *access;
    int64_t account; /* the email's, and so the identity's */
    struct store_submission *submission;
    const char *property, *rcpt_to;
    uint64_t old_state, new_state;
};

static bool missing(struct create_write *write, const char *property, GError **error)
{
    write->property = property;
    if (error != NULL && *error == NULL)
        error_set(error, ERROR_NOT_FOUND, "no such %s", property[0] == 'e' ? "email" : "identity");
    return false;
}

static char *message_id_of(struct tx *tx, int64_t email, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error, "SELECT data FROM summary WHERE email = ?", I(email));
    if (!db_step(tx->db, row, error))
        return NULL;
    struct mail_summary *summary =
        summary_unpack(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
    char *message_id = g_strdup(summary->message_id);
    mail_summary_free(summary);
    db_done(row);
    return message_id;
}

static bool insert(struct tx *tx, struct create_write *write, const struct email_row *row,
                   GError **error)
{
    struct store_submission *s = write->submission;
    g_autofree char *message_id = message_id_of(tx, row->id, error);
    int64_t now = clock_wall();
    if (!DB_RUN(tx->db, error,
                "INSERT INTO submission(account, identity, email, public, thread, blob, message_id,"
                " mail_from, rcpt_to, envelope, envid, send_at, files, state, attempts,"
                " next_attempt, changed) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,?,?)",
                I(write->account), I(s->identity), I(row->id), I(row->public_id), I(row->thread),
                I(row->blob), T(message_id), T(s->mail_from), T(write->rcpt_to),
                T(s->envelope_json), T(s->envid), I(s->send_at != 0 ? s->send_at : now),
                I(s->files), I(MAX(s->send_at, now)), I(now)))
        return false;
    s->id = sqlite3_last_insert_rowid(tx->db->handle);
    s->thread = row->thread;
    s->state = STORE_SEND_PENDING;
    s->attempts = 0;
    if (s->send_at == 0)
        s->send_at = now;
    s->next_attempt = MAX(s->send_at, now);
    tx_change(tx, write->account, STORE_SUBMISSION, s->id, CHANGE_CREATED);
    tx_tell(tx, write->account, STORE_INTENT);
    return blob_ref(tx, row->blob, 1, error) && email_settle(tx, row->id, error);
}

static bool create(struct tx *tx, void *arg, GError **error)
{
    struct create_write *write = arg;
    struct email_row row;
    write->old_state = access_state(tx->db, write->access, STORE_SUBMISSION);
    int64_t email = access_email(tx->db, write->access, write->submission->email, &write->account);
    if (email == 0)
        return missing(write, "emailId", error);
    if (!access_require_in(write->access, write->account, STORE_SEND, error))
        return false;
    if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM identity WHERE id = ? AND account = ?",
                  I(write->submission->identity), I(write->account)) != 1)
        return missing(write, "identityId", error);
    if (!email_load(tx, email, &row, error))
        return false;
    bool ok = row.blob != 0 ? insert(tx, write, &row, error) : missing(write, "emailId", error);
    email_row_clear(&row);
    if (!ok || !tx_finish(tx, error))
        return false;
    tx_written(tx);
    write->new_state = access_state(tx->db, write->access, STORE_SUBMISSION);
    return true;
}

bool store_submission_create(const struct store_access *access, struct store_submission *submission,
                             const char **property, uint64_t *old_state, uint64_t *new_state,
                             GError **error)
{
    struct create_write write = {.access = access, .submission = submission};
    g_autofree char *rcpt_to =
        submission->rcpt_to != NULL ? g_strjoinv("\n", submission->rcpt_to) : g_strdup("");
    write.rcpt_to = rcpt_to;
    bool ok =
        access_require(access, STORE_SEND, error) &&
        store_write(store_access_store(access), STORE_LANE_INTERACTIVE, create, &write, error);
    if (property != NULL)
        *property = write.property;
    if (old_state != NULL)
        *old_state = write.old_state;
    if (new_state != NULL)
        *new_state = write.new_state;
    return ok;
}

#include "store/sqlite/notes.h"

/* Submissions tell the id and thread that their email has now. */
static bool tell_submissions(struct tx *tx, int64_t account, int64_t email, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause, "SELECT id FROM submission WHERE email = ?", I(email));
    for (guint i = 0; cause == NULL && i < ids->len; i++)
        tx_change(tx, account, STORE_SUBMISSION, g_array_index(ids, int64_t, i), CHANGE_UPDATED);
    return error_settle(error, cause);
}

/* Its threadId changes, so its id has to (RFC 8621, 4.1.1). */
int64_t thread_take(struct tx *tx, int64_t account, int64_t email, int64_t public_id,
                    int64_t thread, GError **error)
{
    int64_t fresh = tx_new_id(tx);
    tx_change(tx, account, STORE_EMAIL, public_id, CHANGE_DESTROYED);
    tx_change(tx, account, STORE_EMAIL, fresh, CHANGE_CREATED);
    bool ok = tell_submissions(tx, account, email, error) &&
              DB_RUN(tx->db, error, "UPDATE email SET thread = ?, public = ? WHERE id = ?",
                     I(thread), I(fresh), I(email)) &&
              DB_RUN(tx->db, error,
                     "UPDATE member SET thread = ?1 WHERE (mailbox, ord) IN (SELECT mailbox, ord"
                     " FROM member WHERE email = ?2)",
                     I(thread), I(email));
    return ok ? fresh : 0;
}

bool thread_merge(struct tx *tx, int64_t account, int64_t from, int64_t into, GArray *ids,
                  GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) emails = g_array_new(FALSE, FALSE, 2 * sizeof(int64_t));
    if (!tx_touch_thread(tx, account, from, true, error))
        return false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT id, public FROM email WHERE thread = ? ORDER BY ord",
                 I(from));
    while (db_step(tx->db, row, &cause)) {
        int64_t pair[2] = {db_int(row, 0), db_int(row, 1)};
        g_array_append_vals(emails, pair, 1);
    }
    for (guint i = 0; i < emails->len && cause == NULL; i++) {
        const int64_t *pair = (const int64_t *)(const void *)emails->data + 2 * (size_t)i;
        int64_t fresh = thread_take(tx, account, pair[0], pair[1], into, &cause);
        if (ids != NULL)
            g_array_append_val(ids, fresh);
    }
    if (cause == NULL && notes_merge(tx, account, from, into, &cause) &&
        regroup_merged(tx, from, into, &cause))
        DB_RUN(tx->db, &cause, "UPDATE ref SET thread = ? WHERE thread = ?", I(into), I(from));
    return error_settle(error, cause);
}

static GArray *find_threads(struct tx *tx, int64_t account, const int64_t *ids, size_t count,
                            int64_t subject, GError **error)
{
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < count; i++) {
        int64_t thread =
            DB_NUMBER(tx->db, error, 0,
                      "SELECT thread FROM ref WHERE account = ? AND hash = ? AND subject = ?",
                      I(account), I(ids[i]), I(subject));
        if (thread != 0 && !ids_hold(threads, thread))
            g_array_append_val(threads, thread);
    }
    return threads;
}

bool thread_assign(struct tx *tx, int64_t account, int64_t email, const int64_t *ids, size_t count,
                   int64_t subject, int64_t *thread, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) threads = find_threads(tx, account, ids, count, subject, &cause);
    if (cause == NULL)
        regroup_respect(tx, threads, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    *thread = email;
    for (guint i = 0; i < threads->len; i++)
        *thread = MIN(*thread, g_array_index(threads, int64_t, i));
    if (threads->len == 0)
        tx_touch_new_thread(tx, account, *thread);
    else if (!tx_touch_thread(tx, account, *thread, true, error))
        return false;
    for (guint i = 0; i < threads->len; i++) {
        int64_t other = g_array_index(threads, int64_t, i);
        if (other != *thread && !thread_merge(tx, account, other, *thread, NULL, error))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!DB_RUN(tx->db, error, "INSERT OR IGNORE INTO ref VALUES(?, ?, ?, ?)", I(account),
                    I(ids[i]), I(subject), I(*thread)))
            return false;
    return true;
}

GArray *store_thread_emails(const struct store_access *access, int64_t thread, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row =
        thread <= 0 ? NULL
                    : DB_QUERY(&reader->main, &cause,
                               "SELECT public, account FROM email WHERE thread = ? AND thread > 0"
                               " ORDER BY ord",
                               I(thread));
    while (db_step(&reader->main, row, &cause)) {
        int64_t id = db_int(row, 0);
        if (access_rights(access, db_int(row, 1)) != 0)
            g_array_append_val(ids, id);
    }
    reader_end(store, reader);
    return db_settle_array(ids, cause, error);
}

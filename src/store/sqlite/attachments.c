#include "store/attachments.h"

#include "store/sqlite/emails.h"
#include "store/sqlite/fts.h"

bool attachments_queue(struct tx *tx, int64_t account, int64_t email, int64_t ord, GError **error)
{
    tx_tell(tx, account, STORE_UNREAD);
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO attachment(email, account, ord) SELECT ?1, ?2, ?3 WHERE"
                  " NOT EXISTS(SELECT 1 FROM words WHERE email = ?1)",
                  I(email), I(account), I(ord));
}

/* The account with the newest of all; 0: none waits; -1: those that do are held back. */
static int64_t next_account(struct store *store, struct db *db, GError **error)
{
    int64_t found = 0;
    sqlite3_stmt *row = db_query(db,
                                 "SELECT id, state IN ('linking', 'syncing'), (SELECT max(ord) "
                                 "FROM attachment WHERE unreadable = 0 AND"
                                 " attachment.account = account.id) AS newest FROM account WHERE"
                                 " removing = 0 AND newest IS NOT NULL ORDER BY newest DESC",
                                 NULL, 0, error);
    while (found <= 0 && db_step(db, row, error))
        found = db_int(row, 1) != 0 && progress_is_first_sync(store, db_int(row, 0))
                    ? -1
                    : db_int(row, 0);
    db_done(row);
    return found;
}

GArray *store_attachments_next(struct store *store, size_t limit, int64_t *account, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    *account = next_account(store, &reader->main, &cause);
    GArray *emails =
        DB_NUMBERS(&reader->main, cause == NULL ? &cause : NULL,
                   "SELECT email FROM attachment WHERE account = ? AND unreadable = 0 ORDER BY ord"
                   " DESC LIMIT ?",
                   I(*account), I(limit));
    reader_end(store, reader);
    return db_settle_array(emails, cause, error);
}

struct put {
    const struct store_attached *list;
    size_t count;
};

static bool leave_queue(struct tx *tx, const struct store_attached *one, GError **error)
{
    if (one->unreadable == 0)
        return DB_RUN(tx->db, error, "DELETE FROM attachment WHERE email = ?", I(one->email));
    return DB_RUN(tx->db, error, "UPDATE attachment SET unreadable = ? WHERE email = ?",
                  I(one->unreadable), I(one->email));
}

/* It is passed over when it left the queue. */
static bool put_one(struct tx *tx, const struct store_attached *one, GError **error)
{
    if (!leave_queue(tx, one, error))
        return false;
    return db_changes(tx->db) == 0 || one->words == NULL ||
           fts_more(tx, one->email, one->words, error);
}

static bool put_all(struct tx *tx, void *arg, GError **error)
{
    const struct put *put = arg;
    /* They come newest first, and the index takes them oldest first. */
    for (size_t i = put->count; i > 0; i--)
        if (!put_one(tx, &put->list[i - 1], error))
            return false;
    return true;
}

bool store_attachments_put(struct store *store, const struct store_attached *list, size_t count,
                           GError **error)
{
    struct put put = {list, count};
    return store_write(store, STORE_LANE_BULK, put_all, &put, error);
}

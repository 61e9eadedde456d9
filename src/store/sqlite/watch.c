#include "store/sqlite/emails.h"

GArray *store_sync_watches(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct store_watch));
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT m.id, w.uidvalidity, w.uidnext, w.messages, w.unseen, w.modseq,"
                 " w.changed_at, (SELECT max(ord) FROM member WHERE mailbox = m.id)"
                 " FROM mailbox m LEFT JOIN watch w ON w.mailbox = m.id WHERE m.account = ?"
                 " ORDER BY m.id",
                 I(account));
    while (db_step(&reader->main, row, &cause)) {
        const struct store_watch watch = {
            .mailbox = db_int(row, 0),
            .uidvalidity = (uint32_t)db_int(row, 1),
            .uidnext = (uint32_t)db_int(row, 2),
            .messages = (uint32_t)db_int(row, 3),
            .unseen = (uint32_t)db_int(row, 4),
            .highestmodseq = (uint64_t)db_int(row, 5),
            .changed_at = db_int(row, 6),
            .newest = db_int(row, 7) >> ORD_TIE_BITS,
        };
        g_array_append_val(list, watch);
    }
    reader_end(store, reader);
    return db_settle_array(list, cause, error);
}

struct watch_write {
    const struct store_watch *list;
    size_t count;
};

static bool put_watches(struct tx *tx, void *arg, GError **error)
{
    const struct watch_write *write = arg;
    bool ok = true;
    for (size_t i = 0; ok && i < write->count; i++) {
        const struct store_watch *w = &write->list[i];
        /* A mailbox may have been removed since it was asked about. */
        ok = DB_RUN(tx->db, error,
                    "INSERT INTO watch SELECT id, ?, ?, ?, ?, ?, ? FROM mailbox WHERE id = ?"
                    " ON CONFLICT(mailbox) DO UPDATE SET uidvalidity = excluded.uidvalidity,"
                    " uidnext = excluded.uidnext, messages = excluded.messages,"
                    " unseen = excluded.unseen, modseq = excluded.modseq,"
                    " changed_at = excluded.changed_at",
                    I(w->uidvalidity), I(w->uidnext), I(w->messages), I(w->unseen),
                    I(w->highestmodseq), I(w->changed_at), I(w->mailbox));
    }
    return ok;
}

bool store_sync_watch_put(struct store *store, const struct store_watch *list, size_t count,
                          GError **error)
{
    struct watch_write write = {list, count};
    return count == 0 || store_write(store, STORE_LANE_BULK, put_watches, &write, error);
}

struct traffic {
    int64_t account, day, sum;
    uint64_t add;
};

static bool add_traffic(struct tx *tx, void *arg, GError **error)
{
    struct traffic *traffic = arg;
    GError *cause = NULL;
    bool ok = DB_RUN(tx->db, error,
                     "INSERT INTO traffic SELECT id, ?, ? FROM account WHERE id = ?"
                     " ON CONFLICT(account) DO UPDATE SET"
                     " bytes = excluded.bytes + iif(day = excluded.day, bytes, 0),"
                     " day = excluded.day",
                     I(traffic->day), I(traffic->add), I(traffic->account));
    if (ok)
        traffic->sum = DB_NUMBER(tx->db, &cause, 0, "SELECT bytes FROM traffic WHERE account = ?",
                                 I(traffic->account));
    if (cause == NULL)
        return ok;
    g_propagate_error(error, cause);
    return false;
}

bool store_sync_traffic(struct store *store, int64_t account, int64_t day, uint64_t add,
                        uint64_t *sum, GError **error)
{
    struct traffic traffic = {.account = account, .day = day, .add = add};
    bool ok = store_write(store, STORE_LANE_BULK, add_traffic, &traffic, error);
    *sum = ok ? (uint64_t)traffic.sum : 0;
    return ok;
}

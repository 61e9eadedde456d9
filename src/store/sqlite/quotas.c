#include "store/sqlite/quotas.h"

#include "base/clock.h"

#include <string.h>

/* A session asks at least so often while something happens (src/sync/quota.c). */
#define TRUSTED_S 3600

void store_quota_free(struct store_quota *quota)
{
    if (quota == NULL)
        return;
    g_free(quota->root);
    g_free(quota->address);
    g_free(quota);
}

static void free_quota(gpointer quota)
{
    store_quota_free(quota);
}

GPtrArray *quotas_new(void)
{
    return g_ptr_array_new_with_free_func(free_quota);
}

void quotas_list(struct db *db, int64_t account, GPtrArray *list, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT quota.id, root, address, kind, used, hard_limit FROM quota JOIN account ON"
                 " account.id = quota.account WHERE quota.account = ? ORDER BY quota.id",
                 I(account));
    while (db_step(db, row, error)) {
        struct store_quota *quota = g_new0(struct store_quota, 1);
        *quota = (struct store_quota){.id = db_int(row, 0),
                                      .root = db_text_copy(row, 1),
                                      .address = db_text_copy(row, 2),
                                      .of = (enum store_quota_of)db_int(row, 3),
                                      .used = (uint64_t)db_int(row, 4),
                                      .limit = (uint64_t)db_int(row, 5)};
        g_ptr_array_add(list, quota);
    }
}

GPtrArray *store_quotas(const struct store_access *access, uint64_t *state, GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *quotas = quotas_new();
    const GArray *accounts = store_access_accounts(access);
    for (guint i = 0; i < accounts->len; i++)
        quotas_list(&reader->main, g_array_index(accounts, int64_t, i), quotas, &cause);
    *state = access_state(&reader->main, access, STORE_QUOTA);
    reader_end(store, reader);
    return db_settle_list(quotas, cause, error);
}

bool quotas_leave_room(struct db *db, int64_t account, enum store_quota_of of, uint64_t more)
{
    return DB_NUMBER(db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM quota JOIN account ON account.id = quota.account"
                     " WHERE quota.account = ?1 AND kind = ?2 AND used + ?3 > hard_limit AND"
                     " quota_asked > ?4)",
                     I(account), I(of), I(MIN(more, INT64_MAX)), I(clock_wall() - TRUSTED_S)) == 0;
}

bool quotas_ask_anew(struct tx *tx, int64_t account, GError **error)
{
    tx_tell(tx, account, STORE_INTENT);
    return DB_RUN(tx->db, error, "UPDATE account SET quota_asked = 1 WHERE id = ?", I(account));
}

/* --- what the server says */

struct telling {
    int64_t account, at;
    const GPtrArray *list; /* or NULL */
};

static bool make(struct tx *tx, int64_t account, const struct store_quota *quota, GError **error)
{
    if (!DB_RUN(tx->db, error,
                "INSERT OR IGNORE INTO quota(account, root, kind, used, hard_limit)"
                " VALUES(?, ?, ?, ?, ?)",
                I(account), T(quota->root), I(quota->of), I(quota->used), I(quota->limit)))
        return false;
    if (db_changes(tx->db) > 0)
        tx_change(tx, account, STORE_QUOTA, sqlite3_last_insert_rowid(tx->db->handle),
                  CHANGE_CREATED);
    return true;
}

static bool update(struct tx *tx, int64_t account, const struct store_quota *known,
                   const struct store_quota *now, GError **error)
{
    if (known->used == now->used && known->limit == now->limit)
        return true;
    tx_change(tx, account, STORE_QUOTA, known->id,
              known->limit == now->limit ? CHANGE_COUNTS : CHANGE_UPDATED);
    return DB_RUN(tx->db, error, "UPDATE quota SET used = ?, hard_limit = ? WHERE id = ?",
                  I(now->used), I(now->limit), I(known->id));
}

static const struct store_quota *find(const GPtrArray *list, const struct store_quota *like)
{
    for (guint i = 0; i < list->len; i++) {
        const struct store_quota *one = list->pdata[i];
        if (one->of == like->of && strcmp(one->root, like->root) == 0)
            return one;
    }
    return NULL;
}

static bool replace(struct tx *tx, const struct telling *telling, const GPtrArray *known,
                    GError **error)
{
    for (guint i = 0; i < telling->list->len; i++) {
        const struct store_quota *now = telling->list->pdata[i], *old = find(known, now);
        if (!(old != NULL ? update(tx, telling->account, old, now, error)
                          : make(tx, telling->account, now, error)))
            return false;
    }
    for (guint i = 0; i < known->len; i++) {
        const struct store_quota *old = known->pdata[i];
        if (find(telling->list, old) != NULL)
            continue;
        tx_change(tx, telling->account, STORE_QUOTA, old->id, CHANGE_DESTROYED);
        if (!DB_RUN(tx->db, error, "DELETE FROM quota WHERE id = ?", I(old->id)))
            return false;
    }
    return true;
}

static bool tell(struct tx *tx, void *arg, GError **error)
{
    const struct telling *telling = arg;
    GError *cause = NULL;
    g_autoptr(GPtrArray) known = quotas_new();
    if (!DB_RUN(tx->db, error, "UPDATE account SET quota_asked = ? WHERE id = ?", I(telling->at),
                I(telling->account)))
        return false;
    /* The account may have been removed since it was asked about. */
    if (telling->list == NULL || db_changes(tx->db) == 0)
        return true;
    quotas_list(tx->db, telling->account, known, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    return replace(tx, telling, known, error);
}

bool store_sync_quotas(struct store *store, int64_t account, const GPtrArray *list, int64_t at,
                       GError **error)
{
    struct telling telling = {account, at, list};
    return store_write(store, STORE_LANE_BULK, tell, &telling, error);
}

/* --- of one message */

#define SIZE_LIMIT_NOTED_S 3600

struct size_limit {
    int64_t account, octets, at;
};

static bool put_size_limit(struct tx *tx, void *arg, GError **error)
{
    const struct size_limit *limit = arg;
    if (!DB_RUN(tx->db, error,
                "UPDATE account SET size_limit_at = ?2 WHERE id = ?1 AND (size_limit <> ?3 OR"
                " size_limit_at < ?2 - ?4)",
                I(limit->account), I(limit->at), I(limit->octets), I(SIZE_LIMIT_NOTED_S)) ||
        !DB_RUN(tx->db, error,
                "UPDATE account SET size_limit = ?2 WHERE id = ?1 AND size_limit <> ?2",
                I(limit->account), I(limit->octets)))
        return false;
    return db_changes(tx->db) == 0 || tx_account_changed(tx, limit->account, CHANGE_UPDATED, error);
}

bool store_sync_size_limit(struct store *store, int64_t account, uint64_t octets, int64_t at,
                           GError **error)
{
    struct size_limit limit = {account, (int64_t)MIN(octets, INT64_MAX), at};
    return store_write(store, STORE_LANE_BULK, put_size_limit, &limit, error);
}

uint64_t store_size_limit(const struct store_access *access, const struct store_email *email)
{
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 0;
    int64_t octets = 0;
    if (access_rights(access, email->account) != 0)
        octets = DB_NUMBER(&reader->main, NULL, 0, "SELECT size_limit FROM account WHERE id = ?",
                           I(email->account));
    reader_end(store, reader);
    return (uint64_t)octets;
}

#include "store/sqlite/engine.h"

struct totals_delta {
    int64_t account, ready, ready_bytes, pending, pending_bytes;
};

static guint key_hash(gconstpointer pointer)
{
    const struct change_key *key = pointer;
    uint64_t mixed = (uint64_t)key->id * UINT64_C(0x9E3779B97F4A7C15) ^
                     (uint64_t)key->account * UINT64_C(0xC2B2AE3D27D4EB4F) ^ key->type;
    return (guint)(mixed ^ (mixed >> 32));
}

static gboolean key_equal(gconstpointer left, gconstpointer right)
{
    const struct change_key *a = left, *b = right;
    return a->id == b->id && a->account == b->account && a->type == b->type;
}

static void touch_free(gpointer touch)
{
    counts_touch_free(touch);
}

void tx_init(struct tx *tx, struct store *store)
{
    *tx = (struct tx){.store = store, .db = &store->main, .blobs = &store->blobs};
    tx->changes = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
    tx->threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, touch_free);
    tx->told = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    tx->totals = g_array_new(FALSE, TRUE, sizeof(struct totals_delta));
}

void tx_clear(struct tx *tx)
{
    g_hash_table_destroy(tx->changes);
    g_hash_table_destroy(tx->threads);
    g_hash_table_destroy(tx->told);
    g_array_unref(tx->totals);
}

/* What two changes of one object in one transaction amount to; 0: nothing. */
static enum change_kind fold(enum change_kind before, enum change_kind now)
{
    if (before == CHANGE_CREATED)
        return now == CHANGE_DESTROYED ? 0 : CHANGE_CREATED;
    if (before == CHANGE_DESTROYED)
        return now == CHANGE_CREATED ? CHANGE_UPDATED : CHANGE_DESTROYED;
    if (now == CHANGE_COUNTS)
        return before;
    return now;
}

void tx_change(struct tx *tx, int64_t account, enum store_type type, int64_t id,
               enum change_kind kind)
{
    struct change_key key = {account, id, type};
    enum change_kind before = GPOINTER_TO_INT(g_hash_table_lookup(tx->changes, &key));
    if (before != 0)
        kind = fold(before, kind);
    if (kind == 0)
        g_hash_table_remove(tx->changes, &key);
    else
        g_hash_table_replace(tx->changes, g_memdup2(&key, sizeof key), GINT_TO_POINTER(kind));
}

static void tell(GHashTable *told, int64_t account, unsigned types)
{
    unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(told, &account));
    if ((before | types) != before)
        g_hash_table_replace(told, g_memdup2(&account, sizeof account),
                             GUINT_TO_POINTER(before | types));
}

void tx_tell(struct tx *tx, int64_t account, unsigned types)
{
    tell(tx->told, account, types);
}

bool tx_account_changed(struct tx *tx, int64_t account, enum change_kind kind, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT user FROM access WHERE account = ?", I(account));
    while (db_step(tx->db, row, &cause))
        tx_change(tx, LOG_USER(db_int(row, 0)), STORE_LINKED_ACCOUNT, account, kind);
    tx_tell(tx, account, STORE_LINKED_ACCOUNT);
    return error_settle(error, cause);
}

bool tx_access_changed(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) users =
        DB_NUMBERS(tx->db, &cause, "SELECT user FROM access WHERE account = ?", I(account));
    for (guint i = 0; i < users->len; i++)
        tx_change(tx, LOG_USER(g_array_index(users, int64_t, i)), STORE_ACCESS, account,
                  CHANGE_UPDATED);
    tx_tell(tx, account, STORE_ACCESS | STORE_LINKED_ACCOUNT);
    return error_settle(error, cause);
}

static bool touch(struct tx *tx, int64_t account, int64_t thread, bool membership, bool is_new,
                  GError **error)
{
    struct thread_touch *known = g_hash_table_lookup(tx->threads, &thread);
    if (known == NULL) {
        known = counts_touch(tx, account, thread, is_new, error);
        if (known == NULL)
            return false;
        g_hash_table_insert(tx->threads, g_memdup2(&thread, sizeof thread), known);
    }
    known->membership = known->membership || membership;
    return true;
}

bool tx_touch_thread(struct tx *tx, int64_t account, int64_t thread, bool membership,
                     GError **error)
{
    return touch(tx, account, thread, membership, false, error);
}

void tx_touch_new_thread(struct tx *tx, int64_t account, int64_t thread)
{
    touch(tx, account, thread, true, true, NULL);
}

void tx_totals(struct tx *tx, int64_t account, int64_t ready, int64_t ready_bytes, int64_t pending,
               int64_t pending_bytes)
{
    struct totals_delta *delta = NULL;
    for (guint i = 0; i < tx->totals->len && delta == NULL; i++) {
        struct totals_delta *candidate = &g_array_index(tx->totals, struct totals_delta, i);
        if (candidate->account == account)
            delta = candidate;
    }
    if (delta == NULL) {
        struct totals_delta fresh = {.account = account};
        g_array_append_val(tx->totals, fresh);
        delta = &g_array_index(tx->totals, struct totals_delta, tx->totals->len - 1);
    }
    delta->ready += ready;
    delta->ready_bytes += ready_bytes;
    delta->pending += pending;
    delta->pending_bytes += pending_bytes;
}

int64_t tx_new_id(struct tx *tx)
{
    return tx->store->next_id++;
}

int64_t tx_new_blob(struct tx *tx)
{
    return tx->store->next_blob++;
}

static bool write_totals(struct tx *tx, GError **error)
{
    for (guint i = 0; i < tx->totals->len; i++) {
        struct totals_delta *delta = &g_array_index(tx->totals, struct totals_delta, i);
        if (!DB_RUN(tx->db, error,
                    "UPDATE account SET ready = ready + ?, ready_bytes = ready_bytes + ?,"
                    " pending = pending + ?, pending_bytes = pending_bytes + ? WHERE id = ?",
                    I(delta->ready), I(delta->ready_bytes), I(delta->pending),
                    I(delta->pending_bytes), I(delta->account)))
            return false;
    }
    return true;
}

void tx_written(struct tx *tx)
{
    tx->written = true;
}

bool tx_finish(struct tx *tx, GError **error)
{
    return tx->written ||
           (counts_finish(tx, error) && write_totals(tx, error) && log_write(tx, error));
}

void tx_collect_told(struct tx *tx, GHashTable *told)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, tx->changes);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct change_key *change = key;
        tell(told, change->account, change->type);
    }
    g_hash_table_iter_init(&iter, tx->told);
    while (g_hash_table_iter_next(&iter, &key, &value))
        tell(told, *(int64_t *)key, GPOINTER_TO_UINT(value));
}

/* The change log. Each row has a modseq of its own, so that an answer may be cut anywhere
 * (RFC 8620, 5.2); the state of a type is the modseq of its last row. */
#include "store/sqlite/engine.h"

#include <string.h>

/* Rows of superseded updates go first; a destroyed or created row stays, since it alone tells
 * whether an asker knew the object. */
static bool compact(struct tx *tx, int64_t account, unsigned type, GError **error)
{
    if (!DB_RUN(tx->db, error,
                "DELETE FROM log WHERE account = ?1 AND type = ?2 AND modseq IN (SELECT modseq FROM"
                " (SELECT modseq, kind, max(modseq) OVER (PARTITION BY id) AS last,"
                " max(CASE kind WHEN 4 THEN 0 ELSE modseq END) OVER (PARTITION BY id) AS last_whole"
                " FROM log WHERE account = ?1 AND type = ?2)"
                " WHERE (kind = 4 AND modseq < last) OR (kind = 2 AND modseq < last_whole))",
                I(account), I(type)))
        return false;
    int64_t rows =
        DB_NUMBER(tx->db, error, 0, "SELECT count(*) FROM log WHERE account = ? AND type = ?",
                  I(account), I(type));
    int64_t keep = tx->store->changes_kept;
    if (rows <= keep)
        return DB_RUN(tx->db, error, "UPDATE state SET rows = ? WHERE account = ? AND type = ?",
                      I(rows), I(account), I(type));
    int64_t floor = DB_NUMBER(tx->db, error, 0,
                              "SELECT modseq FROM log WHERE account = ? AND type = ?"
                              " ORDER BY modseq LIMIT 1 OFFSET ?",
                              I(account), I(type), I(rows - keep - 1));
    return DB_RUN(tx->db, error, "DELETE FROM log WHERE account = ? AND type = ? AND modseq <= ?",
                  I(account), I(type), I(floor)) &&
           DB_RUN(tx->db, error,
                  "UPDATE state SET rows = ?, floor = ? WHERE account = ? AND type = ?", I(keep),
                  I(floor), I(account), I(type));
}

static bool write_state(struct tx *tx, const struct change_key *key, int64_t modseq, int64_t rows,
                        GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error,
                 "INSERT INTO state(account, type, modseq, floor, rows) VALUES(?1, ?2, ?3, 0, ?4)"
                 " ON CONFLICT DO UPDATE SET modseq = ?3, rows = rows + ?4 RETURNING rows",
                 I(key->account), I(key->type), I(modseq), I(rows));
    GError *cause = NULL;
    int64_t total = db_step(tx->db, row, &cause) ? db_int(row, 0) : 0;
    db_done(row);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    int64_t slack = MAX(tx->store->changes_kept / 10, 16);
    return total <= tx->store->changes_kept + slack || compact(tx, key->account, key->type, error);
}

static int compare_changes(gconstpointer left, gconstpointer right)
{
    const struct change_key *a = *(struct change_key *const *)left;
    const struct change_key *b = *(struct change_key *const *)right;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int64_t take_modseqs(struct tx *tx, int64_t count, GError **error)
{
    struct store *store = tx->store;
    sqlite3_stmt *row = DB_QUERY(tx->db, error,
                                 "UPDATE meta SET modseq = modseq + ?, next_id = max(next_id, ?),"
                                 " next_blob = max(next_blob, ?) WHERE id = 1 RETURNING modseq",
                                 I(count), I(store->next_id), I(store->next_blob));
    if (!db_step(tx->db, row, error))
        return -1;
    int64_t last = db_int(row, 0);
    db_done(row);
    return last - count;
}

static bool same_log(const struct change_key *a, const struct change_key *b)
{
    return a->account == b->account && a->type == b->type;
}

static bool write_rows(struct tx *tx, GPtrArray *keys, int64_t modseq, GError **error)
{
    int64_t rows = 0;
    for (guint i = 0; i < keys->len; i++) {
        const struct change_key *key = keys->pdata[i];
        int64_t kind = GPOINTER_TO_INT(g_hash_table_lookup(tx->changes, key));
        rows++;
        if (!DB_RUN(tx->db, error, "INSERT INTO log VALUES(?, ?, ?, ?, ?)", I(key->account),
                    I(key->type), I(++modseq), I(key->id), I(kind)))
            return false;
        if (i + 1 < keys->len && same_log(key, keys->pdata[i + 1]))
            continue;
        if (!write_state(tx, key, modseq, rows, error))
            return false;
        rows = 0;
    }
    return true;
}

bool log_write(struct tx *tx, GError **error)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_sized_new(g_hash_table_size(tx->changes));
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, tx->changes);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, compare_changes);
    int64_t modseq = take_modseqs(tx, keys->len, error);
    return modseq >= 0 && write_rows(tx, keys, modseq, error);
}

bool log_start_account(struct tx *tx, int64_t account, GError **error)
{
    static const unsigned types[] = {STORE_MAILBOX,  STORE_EMAIL,          STORE_THREAD,
                                     STORE_IDENTITY, STORE_SUBMISSION,     STORE_EMAIL_DELIVERY,
                                     STORE_VACATION, STORE_LINKED_ACCOUNT, STORE_QUOTA,
                                     STORE_LABEL,    STORE_NOTE,           STORE_TODO};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!DB_RUN(tx->db, error,
                    "INSERT OR IGNORE INTO state SELECT ?, ?, modseq, modseq, 0 FROM meta",
                    I(account), I(types[i])))
            return false;
    return true;
}

bool log_remove_account(struct tx *tx, int64_t account, GError **error)
{
    return DB_RUN(tx->db, error, "DELETE FROM record WHERE owner = ?", I(account)) &&
           DB_RUN(tx->db, error, "DELETE FROM log WHERE account = ?", I(account)) &&
           DB_RUN(tx->db, error, "DELETE FROM state WHERE account = ?", I(account));
}

uint64_t log_state(struct db *db, int64_t account, enum store_type type, GError **error)
{
    return (uint64_t)DB_NUMBER(db, error, 0,
                               "SELECT modseq FROM state WHERE account = ? AND type = ?",
                               I(account), I(type));
}

/* What happened to one object in the rows that are answered. */
struct fold {
    bool created, destroyed, updated, whole;
    int64_t id;
};

static void fold_row(GHashTable *folds, GPtrArray *order, int64_t id, int64_t kind)
{
    struct fold *fold = g_hash_table_lookup(folds, &id);
    if (fold == NULL) {
        fold = g_new0(struct fold, 1);
        fold->id = id;
        g_hash_table_insert(folds, &fold->id, fold);
        g_ptr_array_add(order, fold);
    }
    switch ((enum change_kind)kind) {
    case CHANGE_CREATED:
        fold->created = !fold->destroyed;
        fold->updated = fold->updated || fold->destroyed;
        fold->destroyed = false;
        break;
    case CHANGE_DESTROYED:
        fold->destroyed = true;
        break;
    case CHANGE_UPDATED:
        fold->whole = true;
        fold->updated = true;
        break;
    case CHANGE_COUNTS:
        fold->updated = true;
        break;
    }
}

static void answer(GPtrArray *order, struct store_changes *changes)
{
    changes->counts_only = true;
    for (guint i = 0; i < order->len; i++) {
        const struct fold *fold = order->pdata[i];
        if (fold->created && fold->destroyed)
            continue;
        if (fold->created) {
            g_array_append_val(changes->created, fold->id);
        } else if (fold->destroyed) {
            g_array_append_val(changes->destroyed, fold->id);
        } else {
            g_array_append_val(changes->updated, fold->id);
            changes->counts_only = changes->counts_only && !fold->whole;
        }
    }
    changes->counts_only = changes->counts_only && changes->updated->len > 0;
}

/* The rows of one account that are still to be read. */
struct source {
    int64_t account;
    sqlite3_stmt *row; /* NULL: at the end */
};

/* The states of the accounts; those that changed since become sources. */
static bool check_since(struct db *db, const GArray *accounts, uint64_t floor, enum store_type type,
                        struct store_changes *changes, GArray *sources, GError **error)
{
    GError *cause = NULL;
    uint64_t since = changes->old_state, now = floor;
    for (guint i = 0; i < accounts->len && cause == NULL; i++) {
        struct source source = {.account = g_array_index(accounts, int64_t, i)};
        sqlite3_stmt *row =
            DB_QUERY(db, &cause, "SELECT modseq, floor FROM state WHERE account = ? AND type = ?",
                     I(source.account), I(type));
        if (!db_step(db, row, &cause))
            continue;
        if ((uint64_t)db_int(row, 0) > since)
            g_array_append_val(sources, source);
        now = MAX(now, (uint64_t)db_int(row, 0));
        floor = MAX(floor, (uint64_t)db_int(row, 1));
        db_done(row);
    }
    changes->new_state = now;
    if (cause == NULL && since >= floor && since <= now)
        return true;
    if (cause != NULL)
        g_propagate_error(error, cause);
    else
        error_set(error, ERROR_CANNOT_CALCULATE,
                  "the change log does not reach back to that state");
    return false;
}

static void open_sources(struct db *db, GArray *sources, enum store_type type, uint64_t since,
                         GError **error)
{
    for (guint i = 0; i < sources->len; i++) {
        struct source *source = &g_array_index(sources, struct source, i);
        const struct db_value values[] = {I(source->account), I(type), I(since)};
        source->row = db_query_nth(db,
                                   "SELECT modseq, id, kind FROM log WHERE account = ? AND type = ?"
                                   " AND modseq > ? ORDER BY modseq",
                                   i, values, G_N_ELEMENTS(values), error);
        if (!db_step(db, source->row, error))
            source->row = NULL;
    }
}

/* The source whose row comes next; NULL: all are at their end. */
static struct source *first_source(GArray *sources)
{
    struct source *first = NULL;
    for (guint i = 0; i < sources->len; i++) {
        struct source *source = &g_array_index(sources, struct source, i);
        if (source->row != NULL &&
            (first == NULL || db_int(source->row, 0) < db_int(first->row, 0)))
            first = source;
    }
    return first;
}

static void close_sources(GArray *sources)
{
    for (guint i = 0; i < sources->len; i++)
        db_done(g_array_index(sources, struct source, i).row);
}

/* Reads until max objects are known; their order. */
static void read_rows(struct db *db, GArray *sources, size_t max, struct store_changes *changes,
                      GPtrArray *order, GError **error)
{
    g_autoptr(GHashTable) folds = g_hash_table_new(g_int64_hash, g_int64_equal);
    uint64_t last = changes->old_state;
    struct source *source;
    while ((source = first_source(sources)) != NULL) {
        int64_t id = db_int(source->row, 1);
        if (max > 0 && order->len >= max && !g_hash_table_contains(folds, &id)) {
            changes->has_more = true;
            changes->new_state = last;
            break;
        }
        fold_row(folds, order, id, db_int(source->row, 2));
        last = (uint64_t)db_int(source->row, 0);
        if (!db_step(db, source->row, error))
            source->row = NULL;
    }
    close_sources(sources);
}

bool log_changes_of(struct db *db, const GArray *accounts, uint64_t floor, enum store_type type,
                    uint64_t since, size_t max, struct store_changes *changes, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(struct source));
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
    *changes = (struct store_changes){.old_state = since,
                                      .created = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                                      .updated = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                                      .destroyed = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    if (!check_since(db, accounts, floor, type, changes, sources, error))
        return false;
    open_sources(db, sources, type, since, &cause);
    read_rows(db, sources, max, changes, order, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    answer(order, changes);
    return true;
}

bool log_changes(struct db *db, int64_t account, enum store_type type, uint64_t since, size_t max,
                 struct store_changes *changes, GError **error)
{
    g_autoptr(GArray) accounts = g_array_new(FALSE, FALSE, sizeof account);
    g_array_append_val(accounts, account);
    return log_changes_of(db, accounts, 0, type, since, max, changes, error);
}

void store_changes_clear(struct store_changes *changes)
{
    g_clear_pointer(&changes->created, g_array_unref);
    g_clear_pointer(&changes->updated, g_array_unref);
    g_clear_pointer(&changes->destroyed, g_array_unref);
}

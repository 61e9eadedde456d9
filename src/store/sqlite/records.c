#include "store/records.h"
#include "store/sqlite/engine.h"

void store_record_free(struct store_record *record)
{
    if (record == NULL)
        return;
    g_free(record->data);
    g_free(record);
}

static void free_record(gpointer record)
{
    store_record_free(record);
}

/* As the log names owners. */
static int64_t owner_of(const struct store_access *access, enum store_type type)
{
    return (type & STORE_PERSONAL) != 0
               ? LOG_USER(store_principal_user(store_access_principal(access)))
               : store_access_account(access);
}

static struct store_record *record_of_row(sqlite3_stmt *row)
{
    struct store_record *record = g_new0(struct store_record, 1);
    record->id = db_int(row, 0);
    record->account = MAX(db_int(row, 1), 0);
    record->data = db_text_copy(row, 2);
    return record;
}

static void list_owner(struct db *db, int64_t owner, enum store_type type, GPtrArray *records,
                       GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT id, owner, data FROM record WHERE owner = ? AND type = ? ORDER BY id",
                 I(owner), I(type));
    while (db_step(db, row, error))
        g_ptr_array_add(records, record_of_row(row));
}

GPtrArray *store_records(const struct store_access *access, enum store_type type, uint64_t *state,
                         GError **error)
{
    GError *cause = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);
    const GArray *accounts = store_access_accounts(access);
    if ((type & STORE_PERSONAL) != 0)
        list_owner(&reader->main, owner_of(access, type), type, records, &cause);
    for (guint i = 0; (type & STORE_PERSONAL) == 0 && i < accounts->len; i++)
        list_owner(&reader->main, g_array_index(accounts, int64_t, i), type, records, &cause);
    if (state != NULL)
        *state = access_state(&reader->main, access, type);
    reader_end(store, reader);
    return db_settle_list(records, cause, error);
}

static bool may_see(const struct store_access *access, enum store_type type, int64_t owner)
{
    return (type & STORE_PERSONAL) != 0 ? owner == owner_of(access, type)
                                        : access_rights(access, owner) != 0;
}

struct store_record *store_record(const struct store_access *access, enum store_type type,
                                  int64_t id, GError **error)
{
    GError *cause = NULL;
    struct store_record *record = NULL;
    struct store *store = store_access_store(access);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT id, owner, data FROM record WHERE id = ? AND type = ?", I(id), I(type));
    if (db_step(&reader->main, row, &cause) && may_see(access, type, db_int(row, 1)))
        record = record_of_row(row);
    db_done(row);
    reader_end(store, reader);
    if (record == NULL && cause == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such record");
    if (record == NULL)
        g_propagate_error(error, cause);
    return record;
}

/* --- writing */

struct record_write {
    int64_t owner, id;
    enum store_type type;
    const struct store_record_text *text;
    const char *before;
    unsigned most;
};

static bool check_key(struct tx *tx, const struct record_write *write, GError **error)
{
    GError *cause = NULL;
    if (write->text->key != NULL &&
        DB_NUMBER(tx->db, &cause, 0,
                  "SELECT 1 FROM record WHERE owner = ? AND type = ? AND key = ? AND id <> ?",
                  I(write->owner), I(write->type), T(write->text->key), I(write->id)) == 1)
        error_set(&cause, ERROR_CONFLICT, "another one has it already");
    return error_settle(error, cause);
}

static bool create(struct tx *tx, void *arg, GError **error)
{
    struct record_write *write = arg;
    GError *cause = NULL;
    write->id = 0;
    int64_t count =
        DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM record WHERE owner = ? AND type = ?",
                  I(write->owner), I(write->type));
    if (cause == NULL && count >= write->most)
        error_set(&cause, ERROR_TOO_LARGE, "too many of them");
    if (!error_settle(error, cause) || !check_key(tx, write, error) ||
        !DB_RUN(tx->db, error, "INSERT INTO record(owner, type, key, data) VALUES(?, ?, ?, ?)",
                I(write->owner), I(write->type), T(write->text->key), T(write->text->data)))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    tx_change(tx, write->owner, write->type, write->id, CHANGE_CREATED);
    return true;
}

/* The record is there and the owner's; *data (may be NULL, transfer full) is what it holds. */
static bool find(struct tx *tx, const struct record_write *write, char **data, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT data FROM record WHERE id = ? AND owner = ? AND type = ?",
                 I(write->id), I(write->owner), I(write->type));
    bool found = db_step(tx->db, row, &cause);
    if (found && data != NULL)
        *data = db_text_copy(row, 0);
    db_done(row);
    if (!found && cause == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "no such record");
    return error_settle(error, cause);
}

static bool update(struct tx *tx, void *arg, GError **error)
{
    const struct record_write *write = arg;
    g_autofree char *now = NULL;
    if (!find(tx, write, &now, error))
        return false;
    if (g_strcmp0(now, write->before) != 0) {
        error_set(error, ERROR_CANNOT_CALCULATE, "it was changed meanwhile");
        return false;
    }
    tx_change(tx, write->owner, write->type, write->id, CHANGE_UPDATED);
    return check_key(tx, write, error) &&
           DB_RUN(tx->db, error, "UPDATE record SET key = ?, data = ? WHERE id = ?",
                  T(write->text->key), T(write->text->data), I(write->id));
}

static bool destroy(struct tx *tx, void *arg, GError **error)
{
    const struct record_write *write = arg;
    if (!find(tx, write, NULL, error))
        return false;
    tx_change(tx, write->owner, write->type, write->id, CHANGE_DESTROYED);
    return DB_RUN(tx->db, error, "DELETE FROM record WHERE id = ?", I(write->id));
}

static bool run(const struct store_access *access, tx_fn *fn, struct record_write *write,
                GError **error)
{
    write->owner = owner_of(access, write->type);
    return ((write->type & STORE_PERSONAL) != 0 || access_require(access, STORE_WRITE, error)) &&
           store_write(store_access_store(access), STORE_LANE_INTERACTIVE, fn, write, error);
}

int64_t store_record_create(const struct store_access *access, enum store_type type,
                            const struct store_record_text *text, unsigned most, GError **error)
{
    struct record_write write = {.type = type, .text = text, .most = most};
    return run(access, create, &write, error) ? write.id : 0;
}

bool store_record_update(const struct store_access *access, enum store_type type, int64_t id,
                         const char *before, const struct store_record_text *text, GError **error)
{
    struct record_write write = {.id = id, .type = type, .text = text, .before = before};
    return run(access, update, &write, error);
}

bool store_record_destroy(const struct store_access *access, enum store_type type, int64_t id,
                          GError **error)
{
    struct record_write write = {.id = id, .type = type};
    return run(access, destroy, &write, error);
}

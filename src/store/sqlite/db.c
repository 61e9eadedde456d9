#include "store/sqlite/db.h"

#include "store/sqlite/tokenizer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SPACE_WANTED (16 * 1024 * 1024)

static const char *const open_script = "PRAGMA journal_mode=WAL;"
                                       "PRAGMA synchronous=FULL;"
                                       "PRAGMA foreign_keys=ON;"
                                       "PRAGMA trusted_schema=OFF;"
                                       "PRAGMA secure_delete=ON;"
                                       "PRAGMA temp_store=MEMORY;"
                                       "PRAGMA wal_autocheckpoint=8000;"
                                       "PRAGMA journal_size_limit=67108864;"
                                       "PRAGMA cache_size=-24576;";

/* Messages are rows of some kilobytes: on average half a page is lost with each. */
static const char *const blobs_script = "PRAGMA page_size=2048;";

/* Raw messages are written once and seldom read: room for them would be taken from everything. A
 * transaction with a large one spills: SQLite keeps the number of pages, but takes its lowest byte
 * for "on", so that a multiple of 256 would turn that off. */
static const char *const blobs_memory_script = "PRAGMA cache_size=-2048;"
                                               "PRAGMA cache_spill=500;"
                                               "PRAGMA wal_autocheckpoint=16000;";

static const char *const reader_script = "PRAGMA trusted_schema=OFF;"
                                         "PRAGMA query_only=ON;"
                                         "PRAGMA temp_store=MEMORY;"
                                         "PRAGMA cache_size=-8192;";

struct db_value db_blob_value(GBytes *bytes)
{
    gsize length = 0;
    if (bytes == NULL)
        return (struct db_value){DB_NULL, 0, NULL, 0};
    const void *data = g_bytes_get_data(bytes, &length);
    return (struct db_value){DB_BLOB, 0, data != NULL ? data : "", length};
}

static void finalize(void *statement)
{
    sqlite3_finalize(statement);
}

/* SQLite says SQLITE_FULL only for ENOSPC, and forgets the cause of other failed writes: over a
 * quota, or a limit of the file system. Asking for space tells. */
static bool has_space(sqlite3 *handle)
{
    const char *path = sqlite3_db_filename(handle, "main");
    g_autofree char *directory = g_path_get_dirname(path != NULL ? path : ".");
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno != ENOSPC && errno != EDQUOT;
    int code = posix_fallocate(fd, 0, SPACE_WANTED);
    close(fd);
    return code != ENOSPC && code != EDQUOT && code != EFBIG;
}

static bool disk_is_full(sqlite3 *handle, int code)
{
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    return (code & 0xff) == SQLITE_IOERR && handle != NULL && !has_space(handle);
}

bool db_fail(struct db *db, const char *what, GError **error)
{
    int code = db->handle != NULL ? sqlite3_extended_errcode(db->handle) : SQLITE_NOMEM;
    int simple = code & 0xff;
    if (disk_is_full(db->handle, code))
        error_set(error, ERROR_DISK_FULL, "the disk of the data directory is full (%s)", what);
    else if (simple == SQLITE_CORRUPT || simple == SQLITE_NOTADB)
        error_set(error, ERROR_STORE,
                  "the data file is damaged (%s: %s); run postroom doctor, or restore a backup",
                  what, sqlite3_errstr(code));
    else
        error_set(error, ERROR_STORE, "%s: %s", what,
                  db->handle != NULL ? sqlite3_errmsg(db->handle) : "out of memory");
    return false;
}

static bool open_any(struct db *db, const char *path, bool readonly, const char *script,
                     GError **error)
{
    int flags = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    *db = (struct db){0};
    if (sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        db_fail(db, "open", error);
        db_close(db);
        return false;
    }
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
    db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize);
    db->named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    if (!db_script(db, script, error) || !tokenizer_register(db->handle, error)) {
        db_close(db);
        return false;
    }
    return true;
}

bool db_open(struct db *db, const char *path, bool readonly, GError **error)
{
    return open_any(db, path, readonly, readonly ? reader_script : open_script, error);
}

/* The size of pages is settled by a file's first write, which is the change to WAL. */
bool db_open_blobs(struct db *db, const char *path, GError **error)
{
    g_autofree char *script = g_strconcat(blobs_script, open_script, NULL);
    return open_any(db, path, false, script, error) && db_script(db, blobs_memory_script, error);
}

bool db_open_log(struct db *db, const char *path, GError **error)
{
    return open_any(db, path, false, "PRAGMA synchronous=FULL;PRAGMA wal_autocheckpoint=0;", error);
}

void db_close(struct db *db)
{
    g_clear_pointer(&db->statements, g_hash_table_destroy);
    g_clear_pointer(&db->named, g_hash_table_destroy);
    sqlite3_close_v2(db->handle);
    db->handle = NULL;
}

bool db_script(struct db *db, const char *sql, GError **error)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return db_fail(db, "statement", error);
}

static int bind_value(sqlite3_stmt *statement, int index, const struct db_value *value)
{
    switch (value->kind) {
    case DB_INTEGER:
        return sqlite3_bind_int64(statement, index, value->number);
    case DB_TEXT:
        return sqlite3_bind_text(statement, index, value->bytes, -1, SQLITE_STATIC);
    case DB_BLOB:
        return sqlite3_bind_blob64(statement, index, value->bytes, value->length, SQLITE_STATIC);
    case DB_NULL:
        break;
    }
    return sqlite3_bind_null(statement, index);
}

static sqlite3_stmt *bind_all(struct db *db, sqlite3_stmt *statement, const struct db_value *values,
                              size_t count, GError **error)
{
    sqlite3_reset(statement);
    for (size_t i = 0; i < count; i++)
        if (bind_value(statement, (int)i + 1, &values[i]) != SQLITE_OK) {
            db_fail(db, "bind", error);
            return NULL;
        }
    return statement;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) ==
        SQLITE_OK)
        return statement;
    db_fail(db, "prepare", error);
    return NULL;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const struct db_value *values, size_t count,
                       GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    if (statement == NULL) {
        statement = prepare(db, sql, error);
        if (statement == NULL)
            return NULL;
        g_hash_table_insert(db->statements, (void *)(uintptr_t)sql, statement);
    }
    return bind_all(db, statement, values, count, error);
}

static gboolean is_idle(gpointer sql, gpointer statement, gpointer unused)
{
    (void)sql;
    (void)unused;
    return !sqlite3_stmt_busy(statement);
}

sqlite3_stmt *db_query_named(struct db *db, const char *sql, const struct db_value *values,
                             size_t count, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->named, sql);
    if (statement == NULL) {
        statement = prepare(db, sql, error);
        if (statement == NULL)
            return NULL;
        /* Statements hold memory of the index each: bounded for thousands of accounts. */
        if (g_hash_table_size(db->named) >= 512)
            g_hash_table_foreach_remove(db->named, is_idle, NULL);
        g_hash_table_insert(db->named, g_strdup(sql), statement);
    }
    return bind_all(db, statement, values, count, error);
}

sqlite3_stmt *db_query_nth(struct db *db, const char *sql, size_t n, const struct db_value *values,
                           size_t count, GError **error)
{
    if (n == 0)
        return db_query(db, sql, values, count, error);
    g_autofree char *own = g_strdup_printf("%s /* %zu */", sql, n);
    return db_query_named(db, own, values, count, error);
}

bool db_step(struct db *db, sqlite3_stmt *statement, GError **error)
{
    if (statement == NULL)
        return false;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        db_fail(db, "statement", error);
    sqlite3_reset(statement);
    return false;
}

void db_done(sqlite3_stmt *statement)
{
    if (statement != NULL)
        sqlite3_reset(statement);
}

static bool run(struct db *db, sqlite3_stmt *statement, GError **error)
{
    if (statement == NULL)
        return false;
    int code = sqlite3_step(statement);
    bool ok = code == SQLITE_DONE || code == SQLITE_ROW || db_fail(db, "statement", error);
    sqlite3_reset(statement);
    return ok;
}

bool db_run(struct db *db, const char *sql, const struct db_value *values, size_t count,
            GError **error)
{
    return run(db, db_query(db, sql, values, count, error), error);
}

bool db_run_named(struct db *db, const char *sql, const struct db_value *values, size_t count,
                  GError **error)
{
    return run(db, db_query_named(db, sql, values, count, error), error);
}

int64_t db_number(struct db *db, const char *sql, const struct db_value *values, size_t count,
                  int64_t fallback, GError **error)
{
    sqlite3_stmt *statement = db_query(db, sql, values, count, error);
    if (!db_step(db, statement, error))
        return fallback;
    int64_t number =
        sqlite3_column_type(statement, 0) == SQLITE_NULL ? fallback : db_int(statement, 0);
    db_done(statement);
    return number;
}

GArray *db_numbers(struct db *db, const char *sql, const struct db_value *values, size_t count,
                   GError **error)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    sqlite3_stmt *row = db_query(db, sql, values, count, error);
    while (db_step(db, row, error)) {
        int64_t number = db_int(row, 0);
        g_array_append_val(numbers, number);
    }
    return numbers;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

GPtrArray *db_settle_list(GPtrArray *list, GError *cause, GError **error)
{
    if (cause == NULL)
        return list;
    g_propagate_error(error, cause);
    g_clear_pointer(&list, g_ptr_array_unref);
    return NULL;
}

GArray *db_settle_array(GArray *array, GError *cause, GError **error)
{
    if (cause == NULL)
        return array;
    g_propagate_error(error, cause);
    g_clear_pointer(&array, g_array_unref);
    return NULL;
}

int64_t db_int(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

const char *db_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

char *db_text_copy(sqlite3_stmt *statement, int column)
{
    return g_strdup(db_text(statement, column));
}

GBytes *db_bytes_copy(sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    int length = sqlite3_column_bytes(statement, column);
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    return g_bytes_new(bytes, (size_t)length);
}

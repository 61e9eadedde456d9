/* One SQLite connection pair (main file and blob file) with its cached statements. Belongs to one
 * thread at a time. SQL texts are string literals: their addresses key the cache, and values are
 * always bound. */
#ifndef POSTROOM_STORE_SQLITE_DB_H
#define POSTROOM_STORE_SQLITE_DB_H

#include "base/error.h"

#include <sqlite3.h>

/* How long a statement waits for a lock. */
#define DB_BUSY_MS 10000

struct db {
    sqlite3 *handle;
    GHashTable *statements; /* const char * by address -> sqlite3_stmt */
    GHashTable *named;      /* text -> sqlite3_stmt, for statements on the word index */
};

enum db_kind { DB_NULL, DB_INTEGER, DB_TEXT, DB_BLOB };
struct db_value {
    enum db_kind kind;
    int64_t number;
    const void *bytes;
    size_t length;
};
/* Values of a statement, in order. Text and blobs are borrowed until the statement is reset. */
struct db_value db_blob_value(GBytes *bytes);
#define I(value) ((struct db_value){DB_INTEGER, (int64_t)(value), NULL, 0})
#define T(value) ((struct db_value){DB_TEXT, 0, (value), 0})
#define B(value) db_blob_value(value)
#define R(value, size) ((struct db_value){DB_BLOB, 0, (value), (size)})
/* A reference: 0 is NULL. */
#define N(value) ((struct db_value){(value) == 0 ? DB_NULL : DB_INTEGER, (int64_t)(value), NULL, 0})
#define DB_VALUES(...)                                                                             \
    (const struct db_value[]){__VA_ARGS__},                                                        \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)

/* Opens or creates. ERROR_STORE, ERROR_DISK_FULL. */
bool db_open(struct db *db, const char *path, bool readonly, GError **error);
/* The same for the file of messages, to write to. */
bool db_open_blobs(struct db *db, const char *path, GError **error);
/* For nothing but checkpoints of a file in WAL mode that is open elsewhere. */
bool db_open_log(struct db *db, const char *path, GError **error);
void db_close(struct db *db);

/* Fills error from the connection; always returns false. */
bool db_fail(struct db *db, const char *what, GError **error);

/* A cached statement, bound; valid until the next use of the same SQL. NULL on error. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const struct db_value *values, size_t count,
                       GError **error);
/* The same, a statement of its own for each n: several of one text may be read in turn. */
sqlite3_stmt *db_query_nth(struct db *db, const char *sql, size_t n, const struct db_value *values,
                           size_t count, GError **error);
/* The same for SQL made for the word index, which never holds values. */
sqlite3_stmt *db_query_named(struct db *db, const char *sql, const struct db_value *values,
                             size_t count, GError **error);
/* Next row: true. false at the end or on error; then the statement is reset. Pass one GError
 * through a loop and look at it afterwards. */
bool db_step(struct db *db, sqlite3_stmt *statement, GError **error);
/* Leaves a loop early. */
void db_done(sqlite3_stmt *statement);
bool db_run(struct db *db, const char *sql, const struct db_value *values, size_t count,
            GError **error);
bool db_run_named(struct db *db, const char *sql, const struct db_value *values, size_t count,
                  GError **error);
/* First column of the first row; fallback when there is none or on error. */
int64_t db_number(struct db *db, const char *sql, const struct db_value *values, size_t count,
                  int64_t fallback, GError **error);
/* First column of every row: int64_t, (transfer full), never NULL; on error those until then. */
GArray *db_numbers(struct db *db, const char *sql, const struct db_value *values, size_t count,
                   GError **error);
/* Rows changed by the last statement. */
int64_t db_changes(struct db *db);
/* SQL of several statements without values: schema and pragmas. */
bool db_script(struct db *db, const char *sql, GError **error);

#define DB_QUERY(db, error, sql, ...) db_query((db), (sql), DB_VALUES(__VA_ARGS__), (error))
#define DB_RUN(db, error, sql, ...) db_run((db), (sql), DB_VALUES(__VA_ARGS__), (error))
#define DB_NUMBER(db, error, fallback, sql, ...)                                                   \
    db_number((db), (sql), DB_VALUES(__VA_ARGS__), (fallback), (error))
#define DB_NUMBERS(db, error, sql, ...) db_numbers((db), (sql), DB_VALUES(__VA_ARGS__), (error))

/* What a query has filled (transfer full, or NULL when there is a cause), or NULL, freed, with its
 * cause, which is taken. */
GPtrArray *db_settle_list(GPtrArray *list, GError *cause, GError **error);
GArray *db_settle_array(GArray *array, GError *cause, GError **error);

/* Columns of the current row. Copies are (transfer full); NULL for NULL. */
int64_t db_int(sqlite3_stmt *statement, int column);
const char *db_text(sqlite3_stmt *statement, int column);
char *db_text_copy(sqlite3_stmt *statement, int column);
GBytes *db_bytes_copy(sqlite3_stmt *statement, int column);

#endif

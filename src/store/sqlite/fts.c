#include "store/sqlite/fts.h"

#include <string.h>
#include <zstd.h>

#define WORDS_MAX (16 * 1024 * 1024)
/* A kept word begins with the length of the prefix it shares with the one before, from here on, so
 * that it is never the space that ends a word nor the line end that ends a column. */
#define FIRST_PREFIX 0x21
#define LONGEST_PREFIX 90

/* The only SQL made at run time: the table's name carries the account's number. */
static char *sql_of(const char *format, int64_t account)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, account);
    g_auto(GStrv) parts = g_strsplit(format, "@", -1);
    return g_strjoinv(number, parts);
}

/* body comes first: FTS5 spends no bytes on naming the first column of a posting. */
bool fts_create(struct tx *tx, int64_t account, GError **error)
{
    g_autofree char *sql =
        sql_of("CREATE VIRTUAL TABLE fts_@ USING fts5(body, subject, \"from\", \"to\", cc, bcc, "
               "quoted,"
               " filenames, content='', columnsize=0, detail=full, tokenize='spaces')",
               account);
    return db_script(tx->db, sql, error);
}

bool fts_drop(struct tx *tx, int64_t account, GError **error)
{
    g_autofree char *sql = sql_of("DROP TABLE IF EXISTS fts_@", account);
    db_forget_named(tx->db);
    return db_script(tx->db, sql, error);
}

static void columns_of(const struct store_index *index, const char *columns[FTS_COLUMNS])
{
    const char *all[FTS_COLUMNS] = {index->subject, index->from, index->to,     index->cc,
                                    index->bcc,     index->body, index->quoted, index->filenames};
    memcpy(columns, all, sizeof all);
}

bool fts_add(struct tx *tx, int64_t account, int64_t email, int64_t ord,
             const struct store_index *index, GBytes *kept, GError **error)
{
    const char *columns[FTS_COLUMNS];
    struct db_value values[FTS_COLUMNS + 1] = {I(ord)};
    g_autofree char *sql =
        sql_of("INSERT INTO fts_@(rowid, subject, \"from\", \"to\", cc, bcc, body,"
               " quoted, filenames) VALUES(?,?,?,?,?,?,?,?,?)",
               account);
    columns_of(index, columns);
    for (int i = 0; i < FTS_COLUMNS; i++)
        values[i + 1] = T(columns[i]);
    return db_run_named(tx->db, sql, values, FTS_COLUMNS + 1, error) &&
           DB_RUN(tx->db, error, "INSERT INTO words(email, data) VALUES(?, ?)", I(email),
                  B(kept)) &&
           DB_RUN(tx->db, error, "UPDATE email SET indexed = 1 WHERE id = ?", I(email));
}

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One column's words that were not seen yet, sorted, each sharing a prefix with the one before. */
static void keep_column(GString *out, const char *text, GHashTable *seen)
{
    g_autoptr(GPtrArray) fresh = g_ptr_array_new();
    g_auto(GStrv) words = g_strsplit(text != NULL ? text : "", " ", -1);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0' && !g_hash_table_contains(seen, *word)) {
            char *copy = g_strdup(*word);
            g_hash_table_add(seen, copy);
            g_ptr_array_add(fresh, copy);
        }
    g_ptr_array_sort(fresh, compare_words);
    const char *before = "";
    for (guint i = 0; i < fresh->len; i++) {
        const char *word = fresh->pdata[i];
        size_t shared = 0;
        while (shared < LONGEST_PREFIX && word[shared] != '\0' && word[shared] == before[shared])
            shared++;
        g_string_append_c(out, (char)(shared + FIRST_PREFIX));
        g_string_append(out, word + shared);
        g_string_append_c(out, ' ');
        before = word;
    }
    g_string_append_c(out, '\n');
}

GBytes *fts_words_keep(const struct store_index *index)
{
    const char *columns[FTS_COLUMNS];
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) plain = g_string_new(NULL);
    columns_of(index, columns);
    for (int i = 0; i < FTS_COLUMNS; i++)
        keep_column(plain, columns[i], seen);
    size_t bound = ZSTD_compressBound(plain->len);
    char *packed = g_malloc(bound);
    size_t length = ZSTD_compress(packed, bound, plain->str, plain->len, 3);
    g_assert(!ZSTD_isError(length));
    return g_bytes_new_take(g_realloc(packed, length), length);
}

static char *unpack_words(sqlite3_stmt *row, size_t *length)
{
    const void *data = sqlite3_column_blob(row, 0);
    size_t packed = (size_t)sqlite3_column_bytes(row, 0);
    unsigned long long size = data != NULL ? ZSTD_getFrameContentSize(data, packed) : 0;
    if (data == NULL || size > WORDS_MAX)
        return NULL;
    char *plain = g_malloc(size + 1);
    *length = ZSTD_decompress(plain, size, data, packed);
    if (ZSTD_isError(*length)) {
        g_free(plain);
        return NULL;
    }
    plain[*length] = '\0';
    return plain;
}

static char *restore_column(const char *kept)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GString) word = g_string_new(NULL);
    for (const char *p = kept; *p != '\0';) {
        const char *end = strchr(p, ' ');
        if (end == NULL)
            break;
        g_string_truncate(word, MIN((size_t)(unsigned char)*p - FIRST_PREFIX, word->len));
        g_string_append_len(word, p + 1, end - p - 1);
        g_string_append_len(out, word->str, (gssize)word->len);
        g_string_append_c(out, ' ');
        p = end + 1;
    }
    return g_string_free(out, FALSE);
}

static bool forget_words(struct tx *tx, int64_t account, int64_t ord, const char *plain,
                         GError **error)
{
    char *columns[FTS_COLUMNS] = {0};
    struct db_value values[FTS_COLUMNS + 1] = {I(ord)};
    g_auto(GStrv) lines = g_strsplit(plain, "\n", FTS_COLUMNS + 1);
    g_autofree char *sql =
        sql_of("INSERT INTO fts_@(fts_@, rowid, subject, \"from\", \"to\", cc, bcc,"
               " body, quoted, filenames) VALUES('delete',?,?,?,?,?,?,?,?,?)",
               account);
    for (guint i = 0; i < FTS_COLUMNS && i < g_strv_length(lines); i++)
        columns[i] = restore_column(lines[i]);
    for (int i = 0; i < FTS_COLUMNS; i++)
        values[i + 1] = T(columns[i]);
    bool ok = db_run_named(tx->db, sql, values, FTS_COLUMNS + 1, error);
    for (int i = 0; i < FTS_COLUMNS; i++)
        g_free(columns[i]);
    return ok;
}

bool fts_remove(struct tx *tx, int64_t account, int64_t email, int64_t ord, GError **error)
{
    GError *cause = NULL;
    size_t length = 0;
    g_autofree char *plain = NULL;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT data FROM words WHERE email = ?", I(email));
    bool found = db_step(tx->db, row, &cause);
    if (found)
        plain = unpack_words(row, &length);
    db_done(row);
    if (found && plain == NULL)
        error_set(&cause, ERROR_STORE, "the kept words of an email are damaged");
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    return !found || (forget_words(tx, account, ord, plain, error) &&
                      DB_RUN(tx->db, error, "DELETE FROM words WHERE email = ?", I(email)) &&
                      DB_RUN(tx->db, error, "UPDATE email SET indexed = 0 WHERE id = ?", I(email)));
}

sqlite3_stmt *fts_query(struct db *db, int64_t account, const char *match, int64_t bound,
                        bool ascending, GError **error)
{
    g_autofree char *sql =
        sql_of(ascending
                   ? "SELECT rowid FROM fts_@ WHERE fts_@ MATCH ? AND rowid >= ? ORDER BY rowid"
                   : "SELECT rowid FROM fts_@ WHERE fts_@ MATCH ? AND rowid <= ? ORDER BY rowid "
                     "DESC",
               account);
    return db_query_named(db, sql, (const struct db_value[]){T(match), I(bound)}, 2, error);
}

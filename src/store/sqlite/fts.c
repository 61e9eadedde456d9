#include "store/sqlite/fts.h"

#include "store/sqlite/pack.h"
#include "store/sqlite/reading.h"

#include "base/log.h"

#include <string.h>
#include <zstd.h>

/* The only SQL made at run time: the table's name carries a number. */
static char *sql_of(const char *format, int64_t account)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, account % FTS_TABLES);
    g_auto(GStrv) parts = g_strsplit(format, "@", -1);
    return g_strjoinv(number, parts);
}

/* One transaction's words become one segment of the index, and many segments are merged at once:
 * merging is most of what an index costs. A batch is bounded, and so is its hash. */
#define HASH_BYTES "33554432"

bool fts_create(struct tx *tx, int64_t account, GError **error)
{
    g_autofree char *name = sql_of("terms_@", account);
    g_autofree char *sql =
        sql_of("CREATE VIRTUAL TABLE terms_@ USING fts5(terms, content='', columnsize=0,"
               " detail=none, tokenize='scoped');"
               "INSERT INTO terms_@(terms_@, rank) VALUES('hashsize', " HASH_BYTES ");"
               "INSERT INTO terms_@(terms_@, rank) VALUES('automerge', 8);"
               "INSERT INTO terms_@(terms_@, rank) VALUES('crisismerge', 64);",
               account);
    GError *cause = NULL;
    bool there =
        DB_NUMBER(tx->db, &cause, 0, "SELECT 1 FROM sqlite_schema WHERE name = ?", T(name)) == 1;
    if (cause == NULL)
        return there || db_script(tx->db, sql, error);
    g_propagate_error(error, cause);
    return false;
}

bool fts_make_anew(struct tx *tx, int64_t table, GError **error)
{
    g_autofree char *sql = sql_of("DROP TABLE terms_@", table);
    return db_script(tx->db, sql, error) && fts_create(tx, table, error);
}

static bool empty(struct tx *tx, int64_t account, GError **error)
{
    g_autofree char *sql = sql_of("INSERT INTO terms_@(terms_@) VALUES('delete-all')", account);
    return db_script(tx->db, sql, error);
}

bool fts_forget_all(struct tx *tx, int64_t account, bool *done, GError **error)
{
    GError *cause = NULL;
    *done = DB_NUMBER(tx->db, &cause, 1,
                      "SELECT EXISTS(SELECT 1 FROM account WHERE id % ?2 = ?1 % ?2 AND id <> ?1)",
                      I(account), I(FTS_TABLES)) == 0;
    if (cause == NULL)
        return !*done || empty(tx, account, error);
    g_propagate_error(error, cause);
    return false;
}

bool fts_start_anew(struct tx *tx, int64_t account, GError **error)
{
    return empty(tx, account, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE email SET indexed = 0 WHERE indexed <> 0 AND account IN (SELECT id FROM"
                  " account WHERE id % ?2 = ?1 % ?2)",
                  I(account), I(FTS_TABLES));
}

bool fts_tidy(struct tx *tx, int64_t account, int pages, bool *more, GError **error)
{
    g_autofree char *sql = sql_of("INSERT INTO terms_@(terms_@, rank) VALUES('merge', ?)", account);
    int64_t before = sqlite3_total_changes64(tx->db->handle);
    if (!db_run_named(tx->db, sql, (const struct db_value[]){I(pages)}, 1, error))
        return false;
    /* The statement itself is a change. */
    *more = sqlite3_total_changes64(tx->db->handle) - before >= 2;
    return true;
}

bool fts_index(struct tx *tx, int64_t account, int64_t ord, const struct terms *terms,
               GError **error)
{
    g_autofree char *sql = sql_of("INSERT INTO terms_@(rowid, terms) VALUES(?, ?)", account);
    return db_run_named(tx->db, sql, (const struct db_value[]){I(ord), T(terms->text)}, 2, error);
}

bool fts_mark(struct tx *tx, int64_t email, const struct terms *terms, bool *fresh, GError **error)
{
    *fresh = false;
    if (!DB_RUN(tx->db, error, "UPDATE email SET indexed = ? WHERE id = ? AND indexed = 0",
                I(terms->hash), I(email)))
        return false;
    *fresh = db_changes(tx->db) == 1;
    return true;
}

bool fts_add(struct tx *tx, int64_t account, int64_t email, int64_t ord, const struct terms *terms,
             GError **error)
{
    bool fresh = false;
    return fts_mark(tx, email, terms, &fresh, error) &&
           (!fresh || fts_index(tx, account, ord, terms, error));
}

/* An email's place in the index. */
struct place {
    int64_t account, ord, hash;
    struct reading reading;
};

static bool find_place(struct tx *tx, int64_t email, struct place *place, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error, "SELECT account, ord, indexed, blob, state FROM email WHERE id = ?",
                 I(email));
    if (!db_step(tx->db, row, error))
        return false;
    *place =
        (struct place){.account = db_int(row, 0),
                       .ord = db_int(row, 1),
                       .hash = db_int(row, 2),
                       .reading = {email, db_int(row, 3), (enum store_email_state)db_int(row, 4)}};
    db_done(row);
    return true;
}

/* --- words that are kept */

#define KEPT_MAX (16ULL * 1024 * 1024)

static char *unpack_kept(const void *data, size_t length, GError **error)
{
    unsigned long long size = data != NULL ? ZSTD_getFrameContentSize(data, length) : 0;
    char *words = size <= KEPT_MAX ? g_malloc(size + 1) : NULL;
    if (words != NULL && ZSTD_decompress(words, size, data, length) == size) {
        words[size] = '\0';
        return words;
    }
    g_free(words);
    error_set(error, ERROR_STORE, "the kept words of an email are damaged");
    return NULL;
}

char *fts_kept(struct db *db, int64_t email, GError **error)
{
    GError *cause = NULL;
    char *words = NULL;
    sqlite3_stmt *row = DB_QUERY(db, &cause, "SELECT data FROM words WHERE email = ?", I(email));
    if (db_step(db, row, &cause)) {
        words =
            unpack_kept(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0), &cause);
        db_done(row);
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return words;
}

bool fts_append_kept(struct tx *tx, int64_t email, struct terms *terms, GError **error)
{
    GError *cause = NULL;
    g_autofree char *words = fts_kept(tx->db, email, &cause);
    g_autofree char *before = words != NULL ? terms->text : NULL;
    if (words != NULL)
        terms->text = g_strconcat(before, " ", words, NULL);
    return error_settle(error, cause);
}

bool fts_more(struct tx *tx, int64_t email, const char *words, GError **error)
{
    struct place place = {0};
    GError *cause = NULL;
    char scope[TERMS_SCOPE_BYTES];
    g_autoptr(GBytes) packed = pack_bytes(words, strlen(words), NULL);
    if (find_place(tx, email, &place, &cause)) {
        terms_scope(place.account, scope);
        g_autofree char *text = g_strconcat(scope, " ", words, NULL);
        const struct terms terms = {text, 0};
        if (DB_RUN(tx->db, &cause, "INSERT OR REPLACE INTO words(email, data) VALUES(?, ?)",
                   I(email), B(packed)) &&
            place.hash != 0)
            fts_index(tx, place.account, place.ord, &terms, &cause);
    } else if (cause == NULL) {
        error_set(&cause, ERROR_NOT_FOUND, "no such email");
    }
    return error_settle(error, cause);
}

static bool forget_terms(struct tx *tx, const struct place *place, const struct terms *terms,
                         GError **error)
{
    g_autofree char *sql =
        sql_of("INSERT INTO terms_@(terms_@, rowid, terms) VALUES('delete', ?, ?)", place->account);
    return db_run_named(tx->db, sql, (const struct db_value[]){I(place->ord), T(terms->text)}, 2,
                        error);
}

/* What is left of its words would be found as those of the next email in its place. */
static bool remove_terms(struct tx *tx, const struct place *place, const struct terms *known,
                         GError **error)
{
    struct terms terms;
    bool ok;
    if (known != NULL && known->hash == place->hash)
        terms = (struct terms){g_strdup(known->text), known->hash};
    else
        reading_terms(tx->store, tx->db, tx->blobs, place->account, &place->reading, &terms);
    if (terms.hash == place->hash) {
        ok = fts_append_kept(tx, place->reading.email, &terms, error) &&
             forget_terms(tx, place, &terms, error);
    } else {
        LOG_WARN("index.start-anew", LOG_INT("account", place->account));
        ok = fts_start_anew(tx, place->account, error);
        reindex_wake(tx->store);
    }
    terms_clear(&terms);
    return ok && DB_RUN(tx->db, error, "UPDATE email SET indexed = 0 WHERE id = ?",
                        I(place->reading.email));
}

bool fts_remove(struct tx *tx, int64_t email, const struct terms *known, GError **error)
{
    struct place place = {0};
    GError *cause = NULL;
    if (find_place(tx, email, &place, &cause) && place.hash != 0)
        remove_terms(tx, &place, known, &cause);
    return error_settle(error, cause);
}

sqlite3_stmt *fts_query(struct db *db, int64_t account, const char *match, int64_t bound,
                        bool ascending, int64_t limit, GError **error)
{
    g_autofree char *sql =
        sql_of(ascending ? "SELECT rowid FROM terms_@ WHERE terms_@ MATCH ? AND rowid >= ?"
                           " ORDER BY rowid LIMIT ?"
                         : "SELECT rowid FROM terms_@ WHERE terms_@ MATCH ? AND rowid <= ?"
                           " ORDER BY rowid DESC LIMIT ?",
               account);
    const struct db_value values[] = {T(match), I(bound), I(limit)};
    return db_query_named(db, sql, values, G_N_ELEMENTS(values), error);
}

#define SHOWN                                                                                      \
    "SELECT terms_@.rowid, id, thread, bits FROM terms_@ CROSS JOIN email ON account = ? AND"      \
    " ord = terms_@.rowid WHERE thread > 0 AND terms_@ MATCH ? AND terms_@.rowid "

sqlite3_stmt *fts_query_shown(struct db *db, int64_t account, const char *match, int64_t bound,
                              bool ascending, int64_t limit, GError **error)
{
    g_autofree char *sql = sql_of(ascending ? SHOWN ">= ? ORDER BY terms_@.rowid LIMIT ?"
                                            : SHOWN "<= ? ORDER BY terms_@.rowid DESC LIMIT ?",
                                  account);
    const struct db_value values[] = {I(account), T(match), I(bound), I(limit)};
    return db_query_named(db, sql, values, G_N_ELEMENTS(values), error);
}

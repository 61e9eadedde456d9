#include "store/sqlite/fts.h"

#include "store/sqlite/dictionary.h"
#include "store/sqlite/pack.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define WORDS_MAX (16 * 1024 * 1024)
/* A kept word begins with the length of the prefix it shares with the one before, from here on, so
 * that it is never the space that ends a word nor the line end that ends a column. */
#define FIRST_PREFIX 0x21
#define LONGEST_PREFIX 90

/* FTS5 keeps four tables for an index, and SQLite reads its whole schema again at each change of
 * it: so there are few indexes, and each has the words of every so many'th account. */
#define TABLES 64

/* The only SQL made at run time: the table's name carries a number. */
static char *sql_of(const char *format, int64_t account)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, account % TABLES);
    g_auto(GStrv) parts = g_strsplit(format, "@", -1);
    return g_strjoinv(number, parts);
}

void fts_scope(int64_t account, char scope[FTS_SCOPE_BYTES])
{
    size_t length = 0;
    /* The last byte of one is never a byte within another: no scope is the beginning of another. */
    for (; account >= 64; account /= 64)
        scope[length++] = (char)(0x80 | (account % 64));
    scope[length++] = (char)(0xc0 | account);
    scope[length] = '\0';
}

/* A column as the tokenizer wants it. (transfer full) or NULL */
static char *scoped(const char *scope, const char *words)
{
    return words == NULL || words[0] == '\0' ? NULL : g_strconcat(scope, " ", words, NULL);
}

/* One transaction's words become one segment of the index, and many segments are merged at once:
 * merging is most of what an index costs. A batch is bounded, and so is its hash. */
#define HASH_BYTES "33554432"

/* body comes first: FTS5 spends no bytes on naming the first column of a posting. */
bool fts_create(struct tx *tx, int64_t account, GError **error)
{
    g_autofree char *name = sql_of("terms_@", account);
    g_autofree char *sql =
        sql_of("CREATE VIRTUAL TABLE terms_@ USING fts5(body, subject, \"from\", \"to\", cc, bcc, "
               "quoted,"
               " filenames, content='', columnsize=0, detail=full, tokenize='scoped');"
               "INSERT INTO terms_@(terms_@, rank) VALUES('hashsize', " HASH_BYTES ");"
               "INSERT INTO terms_@(terms_@, rank) VALUES('automerge', 16);"
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

bool fts_forget_all(struct tx *tx, int64_t account, bool *done, GError **error)
{
    GError *cause = NULL;
    g_autofree char *sql = sql_of("INSERT INTO terms_@(terms_@) VALUES('delete-all')", account);
    *done = DB_NUMBER(tx->db, &cause, 1,
                      "SELECT EXISTS(SELECT 1 FROM account WHERE id % ?2 = ?1 % ?2 AND id <> ?1)",
                      I(account), I(TABLES)) == 0;
    if (cause == NULL)
        return !*done || db_script(tx->db, sql, error);
    g_propagate_error(error, cause);
    return false;
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

static void columns_of(const struct store_index *index, const char *columns[FTS_COLUMNS])
{
    const char *all[FTS_COLUMNS] = {index->subject, index->from, index->to,     index->cc,
                                    index->bcc,     index->body, index->quoted, index->filenames};
    memcpy(columns, all, sizeof all);
}

/* A statement with a row number and the eight columns. */
static bool run_with_columns(struct tx *tx, const char *sql, int64_t account, int64_t ord,
                             const char *const *columns, GError **error)
{
    char scope[FTS_SCOPE_BYTES], *texts[FTS_COLUMNS];
    struct db_value values[FTS_COLUMNS + 1] = {I(ord)};
    fts_scope(account, scope);
    for (int i = 0; i < FTS_COLUMNS; i++)
        values[i + 1] = T(texts[i] = scoped(scope, columns[i]));
    bool ok = db_run_named(tx->db, sql, values, FTS_COLUMNS + 1, error);
    for (int i = 0; i < FTS_COLUMNS; i++)
        g_free(texts[i]);
    return ok;
}

bool fts_index(struct tx *tx, int64_t account, int64_t ord, const struct store_index *index,
               GError **error)
{
    const char *columns[FTS_COLUMNS];
    g_autofree char *sql =
        sql_of("INSERT INTO terms_@(rowid, subject, \"from\", \"to\", cc, bcc, body,"
               " quoted, filenames) VALUES(?,?,?,?,?,?,?,?,?)",
               account);
    columns_of(index, columns);
    return run_with_columns(tx, sql, account, ord, columns, error);
}

bool fts_keep(struct tx *tx, int64_t email, GBytes *kept, bool *fresh, GError **error)
{
    *fresh = false;
    if (!DB_RUN(tx->db, error, "UPDATE email SET indexed = 1 WHERE id = ? AND indexed = 0",
                I(email)))
        return false;
    *fresh = db_changes(tx->db) == 1;
    return !*fresh ||
           DB_RUN(tx->db, error, "INSERT INTO words(email, data) VALUES(?, ?)", I(email), B(kept));
}

bool fts_add(struct tx *tx, int64_t account, int64_t email, int64_t ord,
             const struct store_index *index, GBytes *kept, GError **error)
{
    bool fresh = false;
    return fts_keep(tx, email, kept, &fresh, error) &&
           (!fresh || fts_index(tx, account, ord, index, error));
}

/* A word of a column, in place. key: its first bytes, for a quick comparison. */
struct word {
    const char *at;
    uint32_t length, hash;
    uint64_t key;
};

/* The words that were met so far, each once: open addressing over `words`. */
struct word_set {
    struct word *words;
    uint32_t *slots; /* index + 1; 0: free */
    size_t count, mask;
};

static int compare_words(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    int order = memcmp(a->at, b->at, MIN(a->length, b->length));
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static struct word word_of(const char *at, size_t length)
{
    struct word word = {.at = at, .length = (uint32_t)length};
    unsigned char first[8] = {0};
    uint64_t mixed = length;
    memcpy(first, at, MIN(length, sizeof first));
    for (size_t i = 0; i < sizeof first; i++)
        word.key = word.key << 8 | first[i];
    for (size_t i = 8; i < length; i++)
        mixed = (mixed ^ (unsigned char)at[i]) * UINT64_C(0x100000001B3);
    mixed = (mixed ^ word.key) * UINT64_C(0x9E3779B97F4A7C15);
    word.hash = (uint32_t)(mixed >> 32);
    return word;
}

static void set_add(struct word_set *set, const struct word *word)
{
    size_t slot = word->hash & set->mask;
    for (; set->slots[slot] != 0; slot = (slot + 1) & set->mask) {
        const struct word *known = &set->words[set->slots[slot] - 1];
        if (known->hash == word->hash && known->key == word->key && known->length == word->length &&
            memcmp(known->at, word->at, word->length) == 0)
            return;
    }
    set->words[set->count++] = *word;
    set->slots[slot] = (uint32_t)set->count;
}

/* Room for all words of the columns: there are no more than spaces, and one a column. */
static void set_init(struct word_set *set, const char *const *columns)
{
    size_t most = 0, slots = 16;
    for (int i = 0; i < FTS_COLUMNS; i++)
        for (const char *p = columns[i]; p != NULL && *p != '\0'; p = strchr(p + 1, ' '))
            most++;
    while (slots < 2 * most)
        slots *= 2;
    *set = (struct word_set){g_new(struct word, most + 1), g_new0(uint32_t, slots), 0, slots - 1};
}

static void put_words(GString *out, const struct word *words, size_t count)
{
    const struct word none = {.at = ""}, *before = &none;
    for (size_t i = 0; i < count; i++) {
        const struct word *word = &words[i];
        size_t shared = 0, most = MIN(LONGEST_PREFIX, MIN(word->length, before->length));
        while (shared < most && word->at[shared] == before->at[shared])
            shared++;
        g_string_append_c(out, (char)(shared + FIRST_PREFIX));
        g_string_append_len(out, word->at + shared, (gssize)(word->length - shared));
        g_string_append_c(out, ' ');
        before = word;
    }
    g_string_append_c(out, '\n');
}

/* One column's words that were not met yet, sorted, each sharing a prefix with the one before.
 * Sorting moves them away from their slots: a set only asks whether a word was met, so the words
 * that the slots lead to are kept apart. */
static void keep_column(GString *out, const char *text, struct word_set *set)
{
    size_t first = set->count;
    for (const char *p = text; p != NULL && *p != '\0';) {
        const char *end = strchrnul(p, ' ');
        if (end > p) {
            struct word word = word_of(p, (size_t)(end - p));
            set_add(set, &word);
        }
        p = *end == ' ' ? end + 1 : end;
    }
    size_t count = set->count - first;
    g_autofree struct word *fresh = g_memdup2(set->words + first, count * sizeof *fresh);
    if (count > 0)
        qsort(fresh, count, sizeof *fresh, compare_words);
    put_words(out, fresh, count);
}

GBytes *fts_words_keep(struct store *store, int64_t account, const struct store_index *index)
{
    const char *columns[FTS_COLUMNS];
    struct word_set set;
    g_autoptr(GString) plain = g_string_new(NULL);
    columns_of(index, columns);
    set_init(&set, columns);
    for (int i = 0; i < FTS_COLUMNS; i++)
        keep_column(plain, columns[i], &set);
    g_free(set.words);
    g_free(set.slots);
    struct dictionary *dictionary = dictionary_newest(store, account, DICTIONARY_WORDS);
    GBytes *packed = pack_bytes(plain->str, plain->len, dictionary_packs(dictionary));
    dictionary_unref(dictionary);
    return packed;
}

static char *unpack_words(struct tx *tx, sqlite3_stmt *row)
{
    const void *data = sqlite3_column_blob(row, 0);
    size_t packed = (size_t)sqlite3_column_bytes(row, 0);
    unsigned long long size = data != NULL ? ZSTD_getFrameContentSize(data, packed) : 0;
    if (data == NULL || size > WORDS_MAX)
        return NULL;
    char *plain = g_malloc(size + 1);
    plain[size] = '\0';
    if (dictionary_unpack(tx->store, tx->db, data, packed, plain, (size_t)size, NULL))
        return plain;
    g_free(plain);
    return NULL;
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
    g_auto(GStrv) lines = g_strsplit(plain, "\n", FTS_COLUMNS + 1);
    g_autofree char *sql =
        sql_of("INSERT INTO terms_@(terms_@, rowid, subject, \"from\", \"to\", cc, bcc,"
               " body, quoted, filenames) VALUES('delete',?,?,?,?,?,?,?,?,?)",
               account);
    for (guint i = 0; i < FTS_COLUMNS && i < g_strv_length(lines); i++)
        columns[i] = restore_column(lines[i]);
    bool ok = run_with_columns(tx, sql, account, ord, (const char *const *)columns, error);
    for (int i = 0; i < FTS_COLUMNS; i++)
        g_free(columns[i]);
    return ok;
}

bool fts_remove(struct tx *tx, int64_t account, int64_t email, int64_t ord, GError **error)
{
    GError *cause = NULL;
    g_autofree char *plain = NULL;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT data FROM words WHERE email = ?", I(email));
    bool found = db_step(tx->db, row, &cause);
    if (found)
        plain = unpack_words(tx, row);
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
                   ? "SELECT rowid FROM terms_@ WHERE terms_@ MATCH ? AND rowid >= ? ORDER BY rowid"
                   : "SELECT rowid FROM terms_@ WHERE terms_@ MATCH ? AND rowid <= ? ORDER BY "
                     "rowid DESC",
               account);
    return db_query_named(db, sql, (const struct db_value[]){T(match), I(bound)}, 2, error);
}

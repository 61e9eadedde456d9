#include "store/sqlite/query.h"

#include "store/summary_words.h"

static bool matches_all(const struct query *query, const struct store_index *index)
{
    for (guint i = 0; i < query->worded_by->len; i++)
        if (!summary_words_match(index, query->worded_by->pdata[i]))
            return false;
    return query->worded_by->len > 0;
}

static void add(struct query *query, const struct candidate *candidate,
                const struct store_index *index)
{
    GHashTableIter iter;
    gpointer filter, ords;
    if (matches_all(query, index))
        g_array_append_val(query->pending, *candidate);
    g_hash_table_iter_init(&iter, query->texts);
    while (g_hash_table_iter_next(&iter, &filter, &ords))
        if (summary_words_match(index, filter))
            g_array_append_val((GArray *)ords, candidate->ord);
}

static int compare_candidates(gconstpointer left, gconstpointer right)
{
    const struct candidate *a = left, *b = right;
    return (a->ord > b->ord) - (a->ord < b->ord);
}

static int compare_ords(gconstpointer left, gconstpointer right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void sort(struct query *query)
{
    GHashTableIter iter;
    gpointer ords;
    g_array_sort(query->pending, compare_candidates);
    g_hash_table_iter_init(&iter, query->texts);
    while (g_hash_table_iter_next(&iter, NULL, &ords))
        g_array_sort(ords, compare_ords);
}

/* more: what is to be found beside what the summaries say, or NULL. */
static void load_rows(struct query *query, sqlite3_stmt *row, const char *more)
{
    while (db_step(&query->reader->main, row, &query->error)) {
        const struct candidate candidate = {.ord = db_int(row, 0),
                                            .email = db_int(row, 1),
                                            .thread = db_int(row, 2),
                                            .bits = (uint32_t)db_int(row, 3)};
        struct mail_summary *summary =
            summary_unpack(sqlite3_column_blob(row, 4), (size_t)sqlite3_column_bytes(row, 4));
        struct store_index index = {.contents = g_strdup(more)};
        store_index_headers(summary, &index);
        add(query, &candidate, &index);
        store_index_clear(&index);
        mail_summary_free(summary);
    }
}

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

/* --- emails of conversations whose notes or to-dos have the words */

#define NOTES_MAX 5000 /* that are read for one search, the newest */
#define WORDS_MAX 4000

/* What people wrote to each thread, as words. */
static GHashTable *words_of_notes(struct query *query)
{
    struct db *db = &query->reader->main;
    GHashTable *threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_text);
    sqlite3_stmt *row = DB_QUERY(db, &query->error,
                                 "SELECT thread, text FROM note WHERE account = ? ORDER BY id DESC"
                                 " LIMIT ?",
                                 I(query->account), I(NOTES_MAX));
    while (db_step(db, row, &query->error)) {
        int64_t thread = db_int(row, 0);
        g_autofree char *words = text_index_words(db_text(row, 1), -1, WORDS_MAX);
        GString *all = g_hash_table_lookup(threads, &thread);
        if (all == NULL) {
            all = g_string_new(NULL);
            g_hash_table_insert(threads, g_memdup2(&thread, sizeof thread), all);
        }
        g_string_append_printf(all, all->len > 0 ? " %s" : "%s", words);
    }
    return threads;
}

/* Those in the index have their other words there: here a search finds what note and headers have
 * together. */
static void load_noted(struct query *query)
{
    struct db *db = &query->reader->main;
    GHashTable *threads = words_of_notes(query);
    GHashTableIter iter;
    gpointer thread, words;
    g_hash_table_iter_init(&iter, threads);
    while (g_hash_table_iter_next(&iter, &thread, &words)) {
        sqlite3_stmt *row = DB_QUERY(db, &query->error,
                                     "SELECT ord, id, thread, bits, data FROM email JOIN summary ON"
                                     " summary.email = email.id WHERE thread = ? AND indexed <> 0"
                                     " AND state <> 0 AND ord BETWEEN ? AND ?",
                                     I(*(int64_t *)thread), I(query->first), I(query->last));
        load_rows(query, row, ((GString *)words)->str);
    }
    g_hash_table_destroy(threads);
}

/* Those whose message is to come, and those that are to be indexed anew. */
static const char *const outside[] = {
    "SELECT ord, id, thread, bits, data FROM email INDEXED BY email_pending JOIN summary ON"
    " summary.email = email.id WHERE account = ? AND state = 0 AND thread > 0 AND ord BETWEEN ? AND"
    " ?",
    "SELECT ord, id, thread, bits, data FROM email INDEXED BY email_unindexed JOIN summary ON"
    " summary.email = email.id WHERE account = ? AND indexed = 0 AND state <> 0 AND thread > 0 AND"
    " ord BETWEEN ? AND ?",
};

static void load(struct query *query, const char *sql)
{
    const struct db_value values[] = {I(query->account), I(query->first), I(query->last)};
    load_rows(query,
              db_query(&query->reader->main, sql, values, G_N_ELEMENTS(values), &query->error),
              NULL);
}

void query_load_pending(struct query *query)
{
    if (query->worded_by->len == 0 && g_hash_table_size(query->texts) == 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
        load(query, outside[i]);
    load_noted(query);
    sort(query);
}

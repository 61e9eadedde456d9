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
    struct db *db = &query->reader->main;
    const struct db_value values[] = {I(query->account), I(query->first), I(query->last)};
    sqlite3_stmt *row = db_query(db, sql, values, G_N_ELEMENTS(values), &query->error);
    while (db_step(db, row, &query->error)) {
        const struct candidate candidate = {.ord = db_int(row, 0),
                                            .email = db_int(row, 1),
                                            .thread = db_int(row, 2),
                                            .bits = (uint32_t)db_int(row, 3)};
        struct mail_summary *summary =
            summary_unpack(sqlite3_column_blob(row, 4), (size_t)sqlite3_column_bytes(row, 4));
        struct store_index index = {0};
        store_index_headers(summary, &index);
        add(query, &candidate, &index);
        store_index_clear(&index);
        mail_summary_free(summary);
    }
}

void query_load_pending(struct query *query)
{
    if (query->worded_by->len == 0 && g_hash_table_size(query->texts) == 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
        load(query, outside[i]);
    sort(query);
}

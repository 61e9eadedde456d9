/* Conditions on notes and to-dos. They are few beside emails, and hold for conversations: the
 * threads that meet one are looked up whole. */
#include "store/sqlite/query.h"

#include "store/sqlite/notes.h"
#include "store/summary_words.h"

/* Notes that are read for one condition, the newest. */
#define NOTES_MAX 20000
#define WORDS_MAX 4000 /* of one */

static void add_thread(GHashTable *threads, int64_t thread)
{
    g_hash_table_add(threads, g_memdup2(&thread, sizeof thread));
}

static void add_rows(struct query *query, GHashTable *threads, sqlite3_stmt *row)
{
    while (db_step(&query->reader->main, row, &query->error))
        add_thread(threads, db_int(row, 0));
}

/* Words of a note are held against the condition as a body's are. */
static bool words_match(const char *text, const struct store_filter *filter)
{
    struct store_filter body = *filter;
    struct store_index index = {.body = text_index_words(text, -1, WORDS_MAX)};
    body.kind = STORE_BODY;
    bool matches = summary_words_match(&index, &body);
    store_index_clear(&index);
    return matches;
}

static void add_by_words(struct query *query, GHashTable *threads,
                         const struct store_filter *filter)
{
    struct db *db = &query->reader->main;
    sqlite3_stmt *row = DB_QUERY(db, &query->error,
                                 "SELECT thread, text FROM note WHERE account = ? ORDER BY id DESC"
                                 " LIMIT ?",
                                 I(query->account), I(NOTES_MAX));
    while (db_step(db, row, &query->error)) {
        int64_t thread = db_int(row, 0);
        if (!g_hash_table_contains(threads, &thread) && words_match(db_text(row, 1), filter))
            add_thread(threads, thread);
    }
}

static GHashTable *threads_of(struct query *query, const struct store_filter *filter)
{
    struct db *db = &query->reader->main;
    GHashTable *threads = g_hash_table_lookup(query->noted, filter);
    if (threads != NULL)
        return threads;
    threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_insert(query->noted, (void *)(uintptr_t)filter, threads);
    if (filter->kind == STORE_HAS_NOTE)
        add_rows(query, threads,
                 DB_QUERY(db, &query->error,
                          "SELECT DISTINCT thread FROM note WHERE account = ? AND type = ?",
                          I(query->account), I(STORE_NOTE)));
    else if (filter->kind == STORE_TODO_IS)
        add_rows(query, threads,
                 DB_QUERY(db, &query->error,
                          "SELECT DISTINCT thread FROM note WHERE account = ?1 AND type = ?2 AND"
                          " (done <> 0) = ?3 AND (?4 = 0 OR due >= ?4) AND (?5 = 0 OR (due > 0 AND"
                          " due < ?5)) AND (?6 = 0 OR person = ?6)",
                          I(query->account), I(STORE_TODO), I(filter->todo.done),
                          I(filter->todo.due_from), I(filter->todo.due_before),
                          I(filter->todo.person)));
    else
        add_by_words(query, threads, filter);
    return threads;
}

bool query_notes_test(struct query *query, const struct store_filter *filter,
                      struct candidate *candidate)
{
    if (candidate->thread == 0 && !query_load_row(query, candidate))
        return false;
    bool found = g_hash_table_contains(threads_of(query, filter), &candidate->thread);
    return found == (filter->kind != STORE_HAS_NOTE || filter->number != 0);
}

void query_notes_plan(struct query *query, const struct store_filter *filter)
{
    struct db *db = &query->reader->main;
    int64_t first = INT64_MAX, last = -1;
    GHashTableIter iter;
    gpointer thread;
    if (filter->kind == STORE_HAS_NOTE && filter->number == 0)
        return;
    g_hash_table_iter_init(&iter, threads_of(query, filter));
    while (g_hash_table_iter_next(&iter, &thread, NULL)) {
        sqlite3_stmt *row = DB_QUERY(db, &query->error,
                                     "SELECT min(ord), max(ord) FROM email WHERE thread = ? HAVING"
                                     " count(*) > 0",
                                     I(*(int64_t *)thread));
        if (!db_step(db, row, &query->error))
            continue;
        first = MIN(first, db_int(row, 0));
        last = MAX(last, db_int(row, 1));
        db_done(row);
    }
    query->first = MAX(query->first, first);
    query->last = MIN(query->last, last);
}

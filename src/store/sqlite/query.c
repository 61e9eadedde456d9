#include "store/sqlite/query.h"

struct window {
    const struct store_query *asked;
    GArray *found;       /* struct candidate: the whole result, or only the window */
    GHashTable *threads; /* seen, when threads are collapsed */
    uint64_t count;
    bool whole; /* the window's place is known at the end only */
    bool count_all;
};

bool query_first_of_thread(struct query *query, GHashTable *threads, struct candidate *candidate)
{
    if (threads == NULL)
        return true;
    if (candidate->thread == 0 && !query_load_row(query, candidate))
        return false;
    return g_hash_table_add(threads, g_memdup2(&candidate->thread, sizeof(int64_t)));
}

static bool visit(struct query *query, struct candidate *candidate, void *arg)
{
    struct window *window = arg;
    const struct store_query *asked = window->asked;
    if (!query_first_of_thread(query, window->threads, candidate))
        return true;
    uint64_t index = window->count++;
    candidate->words = NULL;
    if (window->whole || (index >= (uint64_t)asked->position && window->found->len < asked->limit))
        g_array_append_val(window->found, *candidate);
    return window->whole || window->count_all || window->found->len < asked->limit;
}

static int64_t ord_of_public(struct query *query, int64_t public_id)
{
    int64_t id = email_of_public(&query->reader->main, query->account, public_id);
    return DB_NUMBER(&query->reader->main, &query->error, -1, "SELECT ord FROM email WHERE id = ?",
                     I(id));
}

/* Cuts the window out of the whole result. */
static bool cut(struct query *query, struct window *window, struct store_query_result *result,
                GError **error)
{
    const struct store_query *asked = window->asked;
    int64_t length = window->found->len, start = asked->position;
    if (asked->anchor != 0) {
        int64_t ord = ord_of_public(query, asked->anchor), index = -1;
        for (guint i = 0; i < window->found->len && index < 0; i++)
            if (g_array_index(window->found, struct candidate, i).ord == ord)
                index = i;
        if (index < 0) {
            error_set(error, ERROR_NOT_FOUND, "the anchor is not in the result");
            return false;
        }
        start = index + CLAMP(asked->anchor_offset, -length, length);
    } else if (start < 0) {
        start += length;
    }
    start = CLAMP(start, 0, length);
    result->position = (uint64_t)start;
    if (start > 0)
        g_array_remove_range(window->found, 0, (guint)start);
    if (window->found->len > asked->limit)
        g_array_set_size(window->found, (guint)asked->limit);
    return true;
}

static void fill_ids(struct query *query, const struct window *window,
                     struct store_query_result *result)
{
    for (guint i = 0; i < window->found->len; i++) {
        int64_t ord = g_array_index(window->found, struct candidate, i).ord;
        int64_t id = DB_NUMBER(&query->reader->main, &query->error, 0,
                               "SELECT public FROM email WHERE account = ? AND ord = ?",
                               I(query->account), I(ord));
        g_array_append_val(result->ids, id);
    }
}

bool query_total_of_mailbox(struct query *query, const struct store_query *asked, uint64_t *total)
{
    if (query->mailbox == 0 || query->tests->len > 0 || query->match->len > 0 || query->first > 0 ||
        query->last < INT64_MAX || query->never)
        return false;
    *total = (uint64_t)DB_NUMBER(&query->reader->main, &query->error, 0,
                                 "SELECT CASE ? WHEN 1 THEN total_threads ELSE total_emails END "
                                 "FROM mailbox WHERE id = ?",
                                 I(asked->collapse_threads), I(query->mailbox));
    return true;
}

static void run_direct(struct query *query, struct window *window, bool ascending)
{
    const struct store_query *asked = window->asked;
    if (asked->limit > 0 || window->count_all || window->whole)
        query_walk(query, ascending, visit, window);
}

static void run_sorted(struct query *query, struct window *window)
{
    g_autoptr(GArray) sorted = query_sorted(query, window->asked);
    for (guint i = 0; i < sorted->len; i++)
        if (!visit(query, &g_array_index(sorted, struct candidate, i), window))
            break;
}

static bool run(struct query *query, const struct store_query *asked,
                struct store_query_result *result, GError **error)
{
    bool ascending = false, direct = query_is_direct(asked, &ascending), ok = true;
    uint64_t total = 0;
    bool total_known = asked->calculate_total && query_total_of_mailbox(query, asked, &total);
    struct window window = {.asked = asked,
                            .whole = asked->anchor != 0 || asked->position < 0,
                            .count_all = asked->calculate_total && !total_known,
                            .found = g_array_new(FALSE, TRUE, sizeof(struct candidate))};
    if (asked->collapse_threads)
        window.threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (direct)
        run_direct(query, &window, ascending);
    else
        run_sorted(query, &window);
    result->position = (uint64_t)MAX(asked->position, 0);
    if (query->error == NULL && window.whole)
        ok = cut(query, &window, result, error);
    if (ok && query->error == NULL)
        fill_ids(query, &window, result);
    result->total = total_known ? total : window.count;
    g_array_unref(window.found);
    g_clear_pointer(&window.threads, g_hash_table_destroy);
    return ok;
}

static void free_ords(gpointer ords)
{
    g_array_unref(ords);
}

/* A mailbox of another account is one that does not exist. */
static void check_mailbox(struct query *query)
{
    if (query->mailbox != 0 && DB_NUMBER(&query->reader->main, &query->error, 0,
                                         "SELECT 1 FROM mailbox WHERE id = ? AND account = ?",
                                         I(query->mailbox), I(query->account)) != 1)
        query->never = true;
}

bool query_open(struct query *query, const struct store_access *access,
                const struct store_filter *filter, GError **error)
{
    *query = (struct query){.store = store_access_store(access),
                            .account = store_access_account(access),
                            .last = INT64_MAX};
    query->reader = reader_begin(query->store, error);
    if (query->reader == NULL)
        return false;
    query->match = g_string_new(NULL);
    query->tests = g_ptr_array_new();
    query->phrases = g_ptr_array_new();
    query->worded_by = g_ptr_array_new();
    query->pending = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    query->texts = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_ords);
    query->hidden = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    query->thread_bits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    query_plan(query, filter);
    check_mailbox(query);
    return true;
}

bool query_close(struct query *query, bool ok, GError **error)
{
    reader_end(query->store, query->reader);
    g_string_free(query->match, TRUE);
    g_ptr_array_unref(query->tests);
    g_ptr_array_unref(query->phrases);
    g_ptr_array_unref(query->worded_by);
    store_index_clear(&query->headers);
    store_index_clear(&query->message);
    g_array_unref(query->pending);
    g_hash_table_destroy(query->texts);
    g_hash_table_destroy(query->hidden);
    g_hash_table_destroy(query->thread_bits);
    g_free(query->candidate_words);
    if (query->error == NULL)
        return ok;
    g_clear_error(error);
    g_propagate_error(error, query->error);
    return false;
}

bool store_query(const struct store_access *access, const struct store_query *asked,
                 struct store_query_result *result, GError **error)
{
    struct query query;
    *result = (struct store_query_result){.ids = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    if (!query_open(&query, access, asked->filter, error))
        return false;
    result->state = log_state(&query.reader->main, query.account, STORE_EMAIL, NULL);
    bool ok = run(&query, asked, result, error);
    return query_close(&query, ok, error);
}

void store_query_result_clear(struct store_query_result *result)
{
    g_clear_pointer(&result->ids, g_array_unref);
}

#include "store/sqlite/query.h"

#include "base/clock.h"

#define STEPS 64 /* between two looks at the clock */

struct window {
    const struct store_query *asked;
    GArray *found;       /* struct candidate: the whole result, or only the window */
    GHashTable *threads; /* seen, when threads are collapsed */
    uint64_t count;
    bool whole; /* the window's place is known at the end only */
    bool count_all;
};

static bool give_up(struct listing *listing)
{
    listing->exhausted = true;
    listing->incomplete = listing->incomplete || !listing->counting;
    return false;
}

static bool is_over(const struct listing *listing)
{
    return listing->worked_max != 0 && clock_worked() > listing->worked_max;
}

bool listing_may_go_on(struct listing *listing)
{
    if (++listing->steps % STEPS == 0 && is_over(listing))
        return give_up(listing);
    return !listing->exhausted;
}

bool listing_may_read(struct listing *listing)
{
    if (listing->reads_left == 0 || is_over(listing))
        return give_up(listing);
    listing->reads_left--;
    return true;
}

void listing_only_count(struct listing *listing)
{
    if (!listing->counting)
        listing->reads_left = MIN(listing->reads_left, listing->reads_max / 50);
    listing->counting = true;
}

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
    if (window->whole || window->found->len < asked->limit)
        return true;
    listing_only_count(query->listing);
    return window->count_all;
}

bool listing_find(struct listing *listing, int64_t public_id, int64_t *account, int64_t *ord)
{
    struct db *db = &listing->reader->main;
    int64_t id = access_email(db, listing->access, public_id, account);
    *ord = id != 0 ? DB_NUMBER(db, NULL, -1, "SELECT ord FROM email WHERE id = ?", I(id)) : -1;
    return *ord >= 0;
}

static int64_t index_of(struct listing *listing, const GArray *found, int64_t public_id)
{
    int64_t account, ord;
    if (!listing_find(listing, public_id, &account, &ord))
        return -1;
    for (guint i = 0; i < found->len; i++) {
        const struct candidate *candidate = &g_array_index(found, struct candidate, i);
        if (candidate->ord == ord && candidate->query->account == account)
            return i;
    }
    return -1;
}

/* Cuts the window out of the whole result. */
static bool cut(struct listing *listing, struct window *window, struct store_query_result *result,
                GError **error)
{
    const struct store_query *asked = window->asked;
    int64_t length = window->found->len, start = asked->position;
    if (asked->anchor != 0) {
        int64_t index = index_of(listing, window->found, asked->anchor);
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

static void fill_ids(const struct window *window, struct store_query_result *result)
{
    for (guint i = 0; i < window->found->len; i++) {
        const struct candidate *candidate = &g_array_index(window->found, struct candidate, i);
        struct query *query = candidate->query;
        int64_t id = DB_NUMBER(&query->reader->main, &query->error, 0,
                               "SELECT public FROM email WHERE account = ? AND ord = ?",
                               I(query->account), I(candidate->ord));
        g_array_append_val(result->ids, id);
    }
}

static bool total_of_mailbox(struct query *query, const struct store_query *asked, uint64_t *total)
{
    if (query->never)
        return true;
    if (query->mailbox == 0 || query->tests->len > 0 || query->match->len > 0 || query->first > 0 ||
        query->last < INT64_MAX)
        return false;
    *total += (uint64_t)DB_NUMBER(&query->reader->main, &query->error, 0,
                                  "SELECT CASE ? WHEN 1 THEN total_threads ELSE total_emails END "
                                  "FROM mailbox WHERE id = ?",
                                  I(asked->collapse_threads), I(query->mailbox));
    return true;
}

bool listing_total(struct listing *listing, const struct store_query *asked, uint64_t *total)
{
    *total = 0;
    for (size_t i = 0; i < listing->count; i++)
        if (!total_of_mailbox(&listing->queries[i], asked, total))
            return false;
    return true;
}

static void run_direct(struct listing *listing, struct window *window, bool ascending)
{
    const struct store_query *asked = window->asked;
    if (asked->limit > 0 || window->count_all || window->whole)
        listing_walk(listing, ascending, visit, window);
}

static void run_sorted(struct listing *listing, struct window *window)
{
    const struct store_query *asked = window->asked;
    bool some = !window->whole && window->threads == NULL;
    size_t most = some && asked->limit < SIZE_MAX - (size_t)asked->position
                      ? (size_t)asked->position + asked->limit
                      : SIZE_MAX;
    uint64_t matches = 0;
    g_autoptr(GArray) sorted = listing_sorted(listing, asked, most, &matches);
    for (guint i = 0; i < sorted->len; i++) {
        struct candidate *candidate = &g_array_index(sorted, struct candidate, i);
        if (!visit(candidate->query, candidate, window))
            break;
    }
    if (some)
        window->count = matches;
}

static bool is_complete(const struct listing *listing, GError **error)
{
    if (!listing->incomplete)
        return true;
    error_set(error, ERROR_INVALID, "this filter takes too long");
    return false;
}

static bool run(struct listing *listing, const struct store_query *asked,
                struct store_query_result *result, GError **error)
{
    bool ascending = false, direct = query_is_direct(asked, &ascending), ok = true;
    uint64_t total = 0;
    bool total_known = asked->calculate_total && listing_total(listing, asked, &total);
    struct window window = {.asked = asked,
                            .whole = asked->anchor != 0 || asked->position < 0,
                            .count_all = asked->calculate_total && !total_known,
                            .found = g_array_new(FALSE, TRUE, sizeof(struct candidate))};
    if (asked->collapse_threads)
        window.threads = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (asked->limit == 0 && !window.whole)
        listing_only_count(listing);
    if (direct)
        run_direct(listing, &window, ascending);
    else
        run_sorted(listing, &window);
    result->position = (uint64_t)MAX(asked->position, 0);
    ok = is_complete(listing, error);
    if (ok && !listing_failed(listing) && window.whole)
        ok = cut(listing, &window, result, error);
    if (ok && !listing_failed(listing))
        fill_ids(&window, result);
    result->total = total_known ? total : window.count;
    result->has_total = asked->calculate_total && (total_known || !listing->exhausted);
    g_array_unref(window.found);
    g_clear_pointer(&window.threads, g_hash_table_destroy);
    return ok;
}

static void free_threads(gpointer threads)
{
    g_hash_table_destroy(threads);
}

static void free_ords(gpointer ords)
{
    g_array_unref(ords);
}

/* A mailbox of another account is one that does not exist; of many accounts most may be empty. */
static void check_mailbox(struct query *query)
{
    if (query->mailbox != 0 &&
        DB_NUMBER(&query->reader->main, &query->error, 0,
                  "SELECT total_emails FROM mailbox WHERE id = ? AND account = ?",
                  I(query->mailbox), I(query->account)) == 0)
        query->never = true;
}

static void query_init(struct query *query, struct listing *listing, size_t nth,
                       const struct store_filter *filter)
{
    const GArray *accounts = store_access_accounts(listing->access);
    *query = (struct query){.listing = listing,
                            .store = listing->store,
                            .reader = listing->reader,
                            .account = g_array_index(accounts, int64_t, nth),
                            .nth = nth,
                            .last = INT64_MAX};
    query->match = g_string_new(NULL);
    query->tests = g_ptr_array_new();
    query->phrases = g_ptr_array_new();
    query->worded_by = g_ptr_array_new();
    query->pending = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    query->texts = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_ords);
    query->thread_bits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    query->noted = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_threads);
    if (access_is_unified(listing->access))
        query->real = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_ords);
    query_plan(query, filter);
    check_mailbox(query);
}

static void query_clear(struct query *query)
{
    g_string_free(query->match, TRUE);
    g_ptr_array_unref(query->tests);
    g_ptr_array_unref(query->phrases);
    g_ptr_array_unref(query->worded_by);
    store_index_clear(&query->headers);
    store_index_clear(&query->message);
    g_array_unref(query->pending);
    g_hash_table_destroy(query->texts);
    g_hash_table_destroy(query->thread_bits);
    g_hash_table_destroy(query->noted);
    g_clear_pointer(&query->real, g_hash_table_destroy);
    g_free(query->candidate_words);
    g_clear_error(&query->error);
}

bool listing_open(struct listing *listing, const struct store_access *access,
                  const struct store_query *asked, GError **error)
{
    size_t reads = asked->reads_max > 0 ? asked->reads_max : STORE_READS_MAX;
    *listing = (struct listing){.store = store_access_store(access),
                                .access = access,
                                .reads_max = reads,
                                .reads_left = reads,
                                .worked_max = asked->worked_max};
    listing->reader = reader_begin(listing->store, error);
    if (listing->reader == NULL)
        return false;
    listing->count = store_access_accounts(access)->len;
    listing->queries = g_new0(struct query, listing->count);
    for (size_t i = 0; i < listing->count; i++)
        query_init(&listing->queries[i], listing, i, asked->filter);
    return true;
}

bool listing_failed(const struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->queries[i].error != NULL)
            return true;
    return false;
}

bool listing_close(struct listing *listing, bool ok, GError **error)
{
    reader_end(listing->store, listing->reader);
    for (size_t i = 0; i < listing->count; i++) {
        struct query *query = &listing->queries[i];
        if (query->error != NULL) {
            g_clear_error(error);
            g_propagate_error(error, g_steal_pointer(&query->error));
            ok = false;
        }
        query_clear(query);
    }
    g_free(listing->queries);
    return ok;
}

bool store_query(const struct store_access *access, const struct store_query *asked,
                 struct store_query_result *result, GError **error)
{
    struct listing listing;
    *result = (struct store_query_result){.ids = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    if (!listing_open(&listing, access, asked, error))
        return false;
    result->state = access_state(&listing.reader->main, access, STORE_EMAIL);
    bool ok = run(&listing, asked, result, error);
    return listing_close(&listing, ok, error);
}

void store_query_result_clear(struct store_query_result *result)
{
    g_clear_pointer(&result->ids, g_array_unref);
}

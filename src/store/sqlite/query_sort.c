#include "store/sqlite/relevance.h"

#include <string.h>

bool query_is_direct(const struct store_query *asked, bool *ascending)
{
    *ascending = asked->sort_count > 0 && asked->sort[0].ascending;
    return asked->sort_count == 0 || asked->sort[0].by == STORE_BY_RECEIVED_AT;
}

#define SORT_MAX 8

struct sortable {
    struct candidate candidate;
    int64_t numbers[SORT_MAX];
    char *texts[SORT_MAX];
};

struct sorting {
    const struct store_query *asked;
    size_t count;
    GArray *items; /* struct sortable */
    bool rows;     /* keys need the email's row */
};

static void sortable_clear(gpointer pointer)
{
    struct sortable *item = pointer;
    for (size_t i = 0; i < SORT_MAX; i++)
        g_free(item->texts[i]);
}

static bool needs_summary(enum store_sort_by by)
{
    return by == STORE_BY_SENT_AT || by == STORE_BY_FROM || by == STORE_BY_TO ||
           by == STORE_BY_SUBJECT;
}

/* RFC 8621, 4.4.2: the display name, else the address, of the first. */
static char *address_key(const struct mail_addresses *addresses, enum text_collation collation)
{
    if (addresses->count == 0)
        return g_strdup("");
    const struct mail_address *first = &addresses->items[0];
    const char *text = first->name != NULL && first->name[0] != '\0' ? first->name : first->email;
    return text_collation_key(collation, text != NULL ? text : "");
}

/* The base subject is kept folded. As it was written it is, but for "(fwd)", the subject's end. */
static const char *written_base(const struct mail_summary *summary, const char *base)
{
    g_autofree char *folded =
        summary->subject != NULL ? g_utf8_casefold(summary->subject, -1) : NULL;
    if (folded == NULL || !g_str_has_suffix(folded, base))
        return base;
    char *at = summary->subject;
    for (size_t before = strlen(folded) - strlen(base); before > 0; at = g_utf8_next_char(at)) {
        g_autofree char *one = g_utf8_casefold(at, g_utf8_next_char(at) - at);
        if (one[0] == '\0' || strlen(one) > before)
            return base;
        before -= strlen(one);
    }
    return at;
}

static char *subject_key(const struct mail_summary *summary, enum text_collation collation)
{
    const char *base = summary->base_subject != NULL ? summary->base_subject : "";
    return text_collation_key(collation, collation == TEXT_COLLATE_FOLDED
                                             ? base
                                             : written_base(summary, base));
}

static void fill_summary_keys(const struct sorting *sorting, struct sortable *item)
{
    struct query *query = item->candidate.query;
    struct db *db = &query->reader->main;
    sqlite3_stmt *row = DB_QUERY(db, &query->error, "SELECT data FROM summary WHERE email = ?",
                                 I(item->candidate.email));
    bool found = db_step(db, row, &query->error);
    struct mail_summary *summary = summary_unpack(found ? sqlite3_column_blob(row, 0) : NULL,
                                                  found ? (size_t)sqlite3_column_bytes(row, 0) : 0);
    db_done(row);
    for (size_t i = 0; i < sorting->count; i++) {
        enum store_sort_by by = sorting->asked->sort[i].by;
        if (by == STORE_BY_SENT_AT)
            item->numbers[i] =
                summary->sent_at == INT64_MIN ? item->candidate.received_at : summary->sent_at;
        else if (by == STORE_BY_FROM)
            item->texts[i] = address_key(&summary->from, sorting->asked->sort[i].collation);
        else if (by == STORE_BY_TO)
            item->texts[i] = address_key(&summary->to, sorting->asked->sort[i].collation);
        else if (by == STORE_BY_SUBJECT)
            item->texts[i] = subject_key(summary, sorting->asked->sort[i].collation);
    }
    mail_summary_free(summary);
}

static bool fill_keys(const struct sorting *sorting, struct sortable *item)
{
    struct query *query = item->candidate.query;
    bool summary = false;
    if (sorting->rows && !query_load_row(query, &item->candidate))
        return false;
    for (size_t i = 0; i < sorting->count; i++) {
        const struct store_sort *sort = &sorting->asked->sort[i];
        summary = summary || needs_summary(sort->by);
        const char *keyword = sort->keyword != NULL ? sort->keyword : "";
        if (sort->by == STORE_BY_RECEIVED_AT)
            item->numbers[i] = item->candidate.ord;
        else if (sort->by == STORE_BY_SIZE)
            item->numbers[i] = item->candidate.size;
        else if (sort->by == STORE_BY_KEYWORD)
            item->numbers[i] = query_has_keyword(query, &item->candidate, keyword);
        else if (sort->by == STORE_BY_ALL_IN_THREAD || sort->by == STORE_BY_SOME_IN_THREAD)
            item->numbers[i] = query_thread_has(query, item->candidate.thread, keyword,
                                                sort->by == STORE_BY_ALL_IN_THREAD);
    }
    if (summary)
        fill_summary_keys(sorting, item);
    return true;
}

static bool collect(struct query *query, struct candidate *candidate, void *arg)
{
    struct sorting *sorting = arg;
    struct sortable item = {.candidate = *candidate};
    (void)query;
    if (fill_keys(sorting, &item)) {
        item.candidate.words = NULL;
        g_array_append_val(sorting->items, item);
    }
    return true;
}

static int compare(gconstpointer left, gconstpointer right, gpointer data)
{
    const struct sortable *a = left, *b = right;
    const struct sorting *sorting = data;
    for (size_t i = 0; i < sorting->count; i++) {
        int order = a->texts[i] != NULL && b->texts[i] != NULL
                        ? strcmp(a->texts[i], b->texts[i])
                        : (a->numbers[i] > b->numbers[i]) - (a->numbers[i] < b->numbers[i]);
        if (order != 0)
            return sorting->asked->sort[i].ascending ? order : -order;
    }
    return candidate_compare(&b->candidate, &a->candidate);
}

/* The items are newest first as they were met. */
static void fill_relevance(struct listing *listing, const struct sorting *sorting, size_t key)
{
    guint count = MIN(sorting->items->len, RELEVANCE_NEWEST);
    g_autofree struct relevance_match *matches = g_new0(struct relevance_match, count + 1);
    for (guint i = 0; i < count; i++)
        matches[i].candidate = &g_array_index(sorting->items, struct sortable, i).candidate;
    relevance_weigh(listing, matches, count);
    for (guint i = 0; i < sorting->items->len; i++)
        g_array_index(sorting->items, struct sortable, i).numbers[key] =
            i < count ? (int64_t)(matches[i].worth * 1000) : -1;
}

GArray *listing_sorted(struct listing *listing, const struct store_query *asked)
{
    struct sorting sorting = {.asked = asked,
                              .count = MIN(asked->sort_count, SORT_MAX),
                              .items = g_array_new(FALSE, TRUE, sizeof(struct sortable))};
    g_array_set_clear_func(sorting.items, sortable_clear);
    for (size_t i = 0; i < sorting.count; i++)
        sorting.rows = sorting.rows || (asked->sort[i].by != STORE_BY_RELEVANCE &&
                                        asked->sort[i].by != STORE_BY_RECEIVED_AT);
    listing_walk(listing, false, collect, &sorting);
    for (size_t i = 0; i < sorting.count; i++)
        if (asked->sort[i].by == STORE_BY_RELEVANCE)
            fill_relevance(listing, &sorting, i);
    g_array_sort_with_data(sorting.items, compare, &sorting);
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    for (guint i = 0; i < sorting.items->len; i++)
        g_array_append_val(sorted, g_array_index(sorting.items, struct sortable, i).candidate);
    g_array_unref(sorting.items);
    return sorted;
}

#include "store/sqlite/relevance.h"

#include <string.h>

bool query_is_direct(const struct store_query *asked, bool *ascending)
{
    *ascending = asked->sort_count > 0 && asked->sort[0].ascending;
    for (size_t i = 0; i < asked->sort_count; i++)
        if (asked->sort[i].by != STORE_BY_RECEIVED_AT)
            return false;
    return true;
}

#define SORT_MAX 8

union key {
    int64_t number;
    char *text; /* made to be compared byte by byte */
};

struct sortable {
    struct candidate candidate;
    union key *keys; /* one a comparator */
};

struct sorting {
    const struct store_query *asked;
    size_t count;
    GArray *items; /* struct sortable; when they are `most`, a heap with the last of them on top */
    size_t most;
    uint64_t matches;
    bool rows;         /* keys need the email's row */
    bool summaries;    /* and its summary */
    bool by_relevance; /* items stay as they were met */
    bool by_time;      /* in the order of the walk, but for those of one time */
    bool settled;      /* what is still met comes behind all items */
};

static bool is_text(enum store_sort_by by)
{
    return by == STORE_BY_FROM || by == STORE_BY_TO || by == STORE_BY_SUBJECT;
}

static void sortable_clear(const struct sorting *sorting, struct sortable *item)
{
    for (size_t i = 0; i < sorting->count; i++)
        if (is_text(sorting->asked->sort[i].by))
            g_free(item->keys[i].text);
    g_free(item->keys);
}

/* --- keys */

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
            item->keys[i].number =
                summary->sent_at == INT64_MIN ? item->candidate.received_at : summary->sent_at;
        else if (by == STORE_BY_FROM)
            item->keys[i].text = address_key(&summary->from, sorting->asked->sort[i].collation);
        else if (by == STORE_BY_TO)
            item->keys[i].text = address_key(&summary->to, sorting->asked->sort[i].collation);
        else if (by == STORE_BY_SUBJECT)
            item->keys[i].text = subject_key(summary, sorting->asked->sort[i].collation);
    }
    mail_summary_free(summary);
}

/* Emails of one second have places that differ: where another comparator comes behind, it decides
 * among them. */
static bool is_by_second(const struct sorting *sorting, size_t i)
{
    return sorting->asked->sort[i].by == STORE_BY_RECEIVED_AT && i + 1 < sorting->count;
}

static void fill_keys(const struct sorting *sorting, struct sortable *item)
{
    struct query *query = item->candidate.query;
    for (size_t i = 0; i < sorting->count; i++) {
        const struct store_sort *sort = &sorting->asked->sort[i];
        const char *keyword = sort->keyword != NULL ? sort->keyword : "";
        if (sort->by == STORE_BY_RECEIVED_AT)
            item->keys[i].number =
                is_by_second(sorting, i) ? item->candidate.received_at : item->candidate.ord;
        else if (sort->by == STORE_BY_SIZE)
            item->keys[i].number = item->candidate.size;
        else if (sort->by == STORE_BY_KEYWORD)
            item->keys[i].number = query_has_keyword(query, &item->candidate, keyword);
        else if (sort->by == STORE_BY_ALL_IN_THREAD || sort->by == STORE_BY_SOME_IN_THREAD)
            item->keys[i].number = query_thread_has(query, item->candidate.thread, keyword,
                                                    sort->by == STORE_BY_ALL_IN_THREAD);
    }
    if (sorting->summaries)
        fill_summary_keys(sorting, item);
}

/* --- order */

static int compare(gconstpointer left, gconstpointer right, gpointer data)
{
    const struct sortable *a = left, *b = right;
    const struct sorting *sorting = data;
    for (size_t i = 0; i < sorting->count; i++) {
        const struct store_sort *sort = &sorting->asked->sort[i];
        int order = is_text(sort->by) ? strcmp(a->keys[i].text, b->keys[i].text)
                                      : (a->keys[i].number > b->keys[i].number) -
                                            (a->keys[i].number < b->keys[i].number);
        if (order != 0)
            return sort->ascending ? order : -order;
    }
    return candidate_compare(&b->candidate, &a->candidate);
}

static void sift_down(struct sorting *sorting, size_t at)
{
    struct sortable *heap = (struct sortable *)(void *)sorting->items->data;
    size_t count = sorting->items->len;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && compare(&heap[child + 1], &heap[child], sorting) > 0)
            child++;
        if (compare(&heap[child], &heap[at], sorting) <= 0)
            return;
        struct sortable item = heap[at];
        heap[at] = heap[child];
        heap[child] = item;
    }
}

/* Takes the item in, or the last of all out. */
static void keep_first(struct sorting *sorting, struct sortable *item)
{
    GArray *items = sorting->items;
    if (items->len < sorting->most) {
        g_array_append_val(items, *item);
        for (size_t i = items->len / 2; items->len == sorting->most && i > 0; i--)
            sift_down(sorting, i - 1);
        return;
    }
    struct sortable *last = items->len > 0 ? &g_array_index(items, struct sortable, 0) : NULL;
    if (last == NULL || compare(item, last, sorting) >= 0) {
        sortable_clear(sorting, item);
        return;
    }
    sortable_clear(sorting, last);
    *last = *item;
    sift_down(sorting, 0);
}

/* There are `most`, and from here on all are of a later time than the last of them. */
static bool is_settled(const struct sorting *sorting, const struct candidate *candidate)
{
    if (!sorting->by_time || sorting->items->len == 0 || sorting->items->len < sorting->most)
        return false;
    int64_t last = g_array_index(sorting->items, struct sortable, 0).keys[0].number;
    return sorting->asked->sort[0].ascending
               ? last + 1 < ORD_TIME_MAX && candidate->ord >= ORD_BEHIND(last + 1)
               : candidate->ord < ORD_FIRST_OF(last);
}

static bool collect(struct query *query, struct candidate *candidate, void *arg)
{
    struct sorting *sorting = arg;
    struct sortable item = {.candidate = *candidate};
    if (sorting->settled || is_settled(sorting, candidate)) {
        sorting->settled = true;
        sorting->matches++;
        listing_only_count(query->listing);
        return sorting->asked->calculate_total;
    }
    if (sorting->rows && !query_load_row(query, &item.candidate))
        return true;
    sorting->matches++;
    if (sorting->by_relevance && sorting->items->len >= sorting->most)
        return true;
    item.keys = g_new0(union key, sorting->count);
    fill_keys(sorting, &item);
    item.candidate.words = NULL;
    if (sorting->by_relevance)
        g_array_append_val(sorting->items, item);
    else
        keep_first(sorting, &item);
    return true;
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
        g_array_index(sorting->items, struct sortable, i).keys[key].number =
            i < count ? (int64_t)(matches[i].worth * 1000) : -1;
}

/* What the comparators need. The best first by relevance are those that are weighed, then those
 * that were met next; in any other order by it all must be known. */
static void read_comparators(struct sorting *sorting)
{
    const struct store_sort *sort = sorting->asked->sort;
    for (size_t i = 0; i < sorting->count; i++) {
        bool relevance = sort[i].by == STORE_BY_RELEVANCE;
        sorting->by_relevance = sorting->by_relevance || relevance;
        sorting->rows = sorting->rows || is_by_second(sorting, i) ||
                        (!relevance && sort[i].by != STORE_BY_RECEIVED_AT);
        sorting->summaries =
            sorting->summaries || is_text(sort[i].by) || sort[i].by == STORE_BY_SENT_AT;
    }
    sorting->by_time = is_by_second(sorting, 0) && !sorting->by_relevance;
    if (sorting->by_relevance)
        sorting->most = sorting->count == 1 && !sort[0].ascending
                            ? MAX(sorting->most, RELEVANCE_NEWEST)
                            : SIZE_MAX;
}

GArray *listing_sorted(struct listing *listing, const struct store_query *asked, size_t most,
                       uint64_t *matches)
{
    struct sorting sorting = {.asked = asked,
                              .count = MIN(asked->sort_count, SORT_MAX),
                              .items = g_array_new(FALSE, TRUE, sizeof(struct sortable)),
                              .most = most};
    read_comparators(&sorting);
    listing_walk(listing, sorting.by_time && asked->sort[0].ascending, collect, &sorting);
    for (size_t i = 0; i < sorting.count; i++)
        if (asked->sort[i].by == STORE_BY_RELEVANCE)
            fill_relevance(listing, &sorting, i);
    g_array_sort_with_data(sorting.items, compare, &sorting);
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    for (guint i = 0; i < sorting.items->len; i++) {
        struct sortable *item = &g_array_index(sorting.items, struct sortable, i);
        g_array_append_val(sorted, item->candidate);
        sortable_clear(&sorting, item);
    }
    g_array_unref(sorting.items);
    *matches = sorting.matches;
    return sorted;
}

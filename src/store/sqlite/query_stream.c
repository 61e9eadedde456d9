#include "store/sqlite/query.h"

#include "store/sqlite/fts.h"

/* Rows read in one go, and by how much more each time that a walk goes on. An index of words costs
 * far more to open than to step through. */
#define ROWS_FIRST 64 /* of all accounts */
#define ROWS_LEAST 2
#define ROWS_MOST 512
#define ROWS_GROWTH 4
#define WORDS_LEAST 16
#define BEGINNINGS_LEAST                                                                           \
    128 /* enough for what is shown first: opened again, all are merged anew                       \
         */
#define WORDS_MOST 65536
#define WORDS_GROWTH 8

/* What a stream knows of an email; of matches of words within a mailbox the place alone. */
struct entry {
    int64_t ord, email, thread;
    uint32_t bits;
};

/* Emails in their order. Rows are read ahead and their statement is done: so those of a thousand
 * accounts share it, and none holds pages while others are read. */
struct stream {
    struct query *query;
    bool words, within, ascending, done;
    struct candidate at;
    GArray *ahead;         /* struct entry */
    guint next, pending;   /* of ahead and of the query's pending emails: those not passed yet */
    bool more;             /* rows may follow those in ahead, */
    int64_t from;          /* from there on */
    unsigned first, going; /* how many to read: after a leap, and next */
};

/* --- rows */

static sqlite3_stmt *members_of(const struct stream *stream)
{
    struct query *query = stream->query;
    const struct db_value values[] = {I(query->mailbox), I(stream->from), I(stream->going)};
    const char *sql =
        query->unseen
            ? (stream->ascending
                   ? "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord >= ? "
                     "AND (bits & 1) = 0 ORDER BY ord LIMIT ?"
                   : "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord <= ? "
                     "AND (bits & 1) = 0 ORDER BY ord DESC LIMIT ?")
            : (stream->ascending
                   ? "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord >= ? "
                     "ORDER BY ord LIMIT ?"
                   : "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord <= ? "
                     "ORDER BY ord DESC LIMIT ?");
    return db_query(&query->reader->main, sql, values, G_N_ELEMENTS(values), &query->error);
}

#define ALL "SELECT ord, id, thread, bits FROM email WHERE account = ? AND thread > 0 AND ord "

static sqlite3_stmt *all_of(const struct stream *stream)
{
    struct query *query = stream->query;
    const struct db_value values[] = {I(query->account), I(stream->from), I(stream->going)};
    static const char *const sql[3][2] = {
        {ALL "<= ? ORDER BY ord DESC LIMIT ?", ALL ">= ? ORDER BY ord LIMIT ?"},
        {ALL "<= ? AND (bits & 4) <> 0 ORDER BY ord DESC LIMIT ?",
         ALL ">= ? AND (bits & 4) <> 0 ORDER BY ord LIMIT ?"},
        {ALL "<= ? AND words IS NOT NULL ORDER BY ord DESC LIMIT ?",
         ALL ">= ? AND words IS NOT NULL ORDER BY ord LIMIT ?"},
    };
    int kind = query->worded ? 2 : query->flagged ? 1 : 0;
    return db_query(&query->reader->main, sql[kind][stream->ascending], values,
                    G_N_ELEMENTS(values), &query->error);
}

static sqlite3_stmt *rows_of(const struct stream *stream)
{
    struct query *query = stream->query;
    if (stream->words)
        return (stream->within ? fts_query : fts_query_shown)(&query->reader->main, query->account,
                                                              query->match->str, stream->from,
                                                              stream->ascending, stream->going,
                                                              &query->error);
    return query->mailbox != 0 ? members_of(stream) : all_of(stream);
}

static void read_ahead(struct stream *stream)
{
    struct query *query = stream->query;
    sqlite3_stmt *row = rows_of(stream);
    unsigned asked = stream->going;
    g_array_set_size(stream->ahead, 0);
    stream->next = 0;
    while (db_step(&query->reader->main, row, &query->error)) {
        struct entry entry = {.ord = db_int(row, 0)};
        if (!stream->within) {
            entry.email = db_int(row, 1);
            entry.thread = db_int(row, 2);
            entry.bits = (uint32_t)db_int(row, 3);
        }
        g_array_append_val(stream->ahead, entry);
        stream->from = entry.ord + (stream->ascending ? 1 : -1);
    }
    stream->more = stream->ahead->len == asked;
    if (!stream->words)
        stream->going = MIN(asked * ROWS_GROWTH, ROWS_MOST);
    else
        stream->going = query->beginnings ? WORDS_MOST : MIN(asked * WORDS_GROWTH, WORDS_MOST);
}

/* --- streams */

static bool is_behind(int64_t ord, int64_t bound, bool ascending)
{
    return ascending ? ord < bound : ord > bound;
}

/* The next of those outside the index, which only a stream of words has. */
static const struct candidate *pending_at(const struct stream *stream)
{
    const GArray *pending = stream->query->pending;
    guint left = stream->words ? pending->len - stream->pending : 0;
    guint at = stream->ascending ? stream->pending : left - 1;
    return left > 0 ? &g_array_index(pending, struct candidate, at) : NULL;
}

static const struct entry *entry_at(struct stream *stream)
{
    if (stream->next == stream->ahead->len && stream->more && stream->query->error == NULL)
        read_ahead(stream);
    return stream->next < stream->ahead->len
               ? &g_array_index(stream->ahead, struct entry, stream->next)
               : NULL;
}

static void stream_read(struct stream *stream)
{
    const struct entry *entry = entry_at(stream);
    const struct candidate *pending = pending_at(stream);
    /* Found by the index too: a note has the words that the message has. */
    if (pending != NULL && entry != NULL && pending->ord == entry->ord) {
        stream->pending++;
        pending = NULL;
    }
    if (pending != NULL &&
        (entry == NULL || is_behind(pending->ord, entry->ord, stream->ascending))) {
        stream->at = *pending;
        stream->pending++;
        return;
    }
    stream->at = (struct candidate){0};
    stream->done = entry == NULL;
    if (entry == NULL)
        return;
    stream->at.ord = entry->ord;
    stream->at.email = entry->email;
    stream->at.thread = entry->thread;
    stream->at.bits = entry->bits;
    stream->next++;
}

/* Passes what lies before bound: among what was read ahead, or else by a leap. */
static void stream_skip(struct stream *stream, int64_t bound)
{
    const struct candidate *pending;
    while (stream->next < stream->ahead->len &&
           is_behind(g_array_index(stream->ahead, struct entry, stream->next).ord, bound,
                     stream->ascending))
        stream->next++;
    if (stream->next == stream->ahead->len && is_behind(stream->from, bound, stream->ascending)) {
        stream->from = bound;
        if (!stream->words)
            stream->going = stream->first;
    }
    while ((pending = pending_at(stream)) != NULL &&
           is_behind(pending->ord, bound, stream->ascending))
        stream->pending++;
}

/* Brings a stream to the first entry at or after bound. */
static void stream_catch_up(struct stream *stream, int64_t bound)
{
    if (stream->done || !is_behind(stream->at.ord, bound, stream->ascending))
        return;
    stream_skip(stream, bound);
    stream_read(stream);
}

static void stream_open(struct stream *stream, int64_t bound)
{
    stream->ahead = g_array_new(FALSE, FALSE, sizeof(struct entry));
    stream->more = true;
    stream->from = bound;
    stream->going = stream->first;
    stream_skip(stream, bound);
    stream_read(stream);
}

static bool out_of_bounds(const struct query *query, int64_t ord)
{
    return ord < query->first || ord > query->last;
}

static bool holds(struct query *query, struct candidate *candidate)
{
    for (guint i = 0; i < query->tests->len; i++)
        if (!query_test(query, query->tests->pdata[i], candidate))
            return false;
    for (guint i = 0; i < query->phrases->len; i++)
        if (!query_phrase_holds(query, query->phrases->pdata[i], candidate))
            return false;
    return true;
}

/* --- one account: one stream, or two in step. Words are not looked up before the walk comes to
 * where the account's mail begins: of many accounts most may never be reached. */

struct walk {
    struct query *query;
    struct stream main, other;
    int64_t ord; /* where it is; before it is open: nothing comes before it */
    bool two, open, done;
};

/* Brings both streams to one entry. */
static void walk_settle(struct walk *walk)
{
    struct query *query = walk->query;
    struct stream *main = &walk->main, *other = &walk->other;
    while (walk->two && !main->done && !other->done && query->error == NULL &&
           main->at.ord != other->at.ord && !out_of_bounds(query, main->at.ord)) {
        stream_catch_up(other, main->at.ord);
        if (!other->done)
            stream_catch_up(main, other->at.ord);
    }
    walk->ord = main->at.ord;
    walk->done = main->done || (walk->two && other->done) || query->error != NULL ||
                 out_of_bounds(query, walk->ord);
}

static void walk_next(struct walk *walk)
{
    stream_read(&walk->main);
    walk_settle(walk);
}

static void walk_open(struct walk *walk)
{
    struct query *query = walk->query;
    for (guint i = 0; i < query->tests->len; i++)
        query_load_texts(query, query->tests->pdata[i]);
    query_load_pending(query);
    walk->open = true;
    stream_open(&walk->main, walk->ord);
    walk_settle(walk);
}

static void walk_stop(struct walk *walk)
{
    g_clear_pointer(&walk->main.ahead, g_array_unref);
    g_clear_pointer(&walk->other.ahead, g_array_unref);
}

/* What the streams have of the email that the walk is at. */
static struct candidate walk_candidate(const struct walk *walk)
{
    struct candidate candidate = walk->two ? walk->other.at : walk->main.at;
    candidate.query = walk->query;
    return candidate;
}

/* The first of the account's emails, shown or not; -1: none. */
static int64_t first_ord(struct query *query, int64_t bound, bool ascending)
{
    struct db *db = &query->reader->main;
    return ascending ? DB_NUMBER(db, &query->error, -1,
                                 "SELECT ord FROM email WHERE account = ? AND ord >= ? ORDER BY ord"
                                 " LIMIT 1",
                                 I(query->account), I(bound))
                     : DB_NUMBER(db, &query->error, -1,
                                 "SELECT ord FROM email WHERE account = ? AND ord <= ? ORDER BY ord"
                                 " DESC LIMIT 1",
                                 I(query->account), I(bound));
}

/* Where a walk by words begins. */
static void find_beginning(struct walk *walk, bool ascending)
{
    if (walk->two) {
        stream_open(&walk->other, walk->ord);
        walk->ord = walk->other.at.ord;
        walk->done = walk->other.done;
    } else {
        walk->ord = first_ord(walk->query, walk->ord, ascending);
        walk->done = walk->ord < 0;
    }
    walk->done = walk->done || walk->query->error != NULL || out_of_bounds(walk->query, walk->ord);
}

static void walk_start(struct walk *walk, struct query *query, size_t accounts, bool ascending)
{
    bool words = query->match->len > 0;
    unsigned share = ROWS_FIRST / (unsigned)MIN(accounts, ROWS_FIRST);
    *walk = (struct walk){.query = query,
                          .ord = ascending ? query->first : query->last,
                          .two = words && query->mailbox != 0,
                          .done = query->never || query->first > query->last};
    walk->main = walk->other =
        (struct stream){.query = query, .ascending = ascending, .first = MAX(share, ROWS_LEAST)};
    if (words) {
        walk->main.words = true;
        walk->main.within = walk->two;
        walk->main.first = MAX(share, query->beginnings ? BEGINNINGS_LEAST : WORDS_LEAST);
    }
    if (walk->done)
        return;
    if (words)
        find_beginning(walk, ascending);
    else
        walk_open(walk);
}

/* --- all accounts: a heap of walks, the one whose email comes first on top */

int candidate_compare(const struct candidate *a, const struct candidate *b)
{
    if (a->ord != b->ord)
        return a->ord < b->ord ? -1 : 1;
    return (a->query->account > b->query->account) - (a->query->account < b->query->account);
}

static bool comes_before(const struct walk *a, const struct walk *b, bool ascending)
{
    if (a->ord != b->ord)
        return (a->ord < b->ord) == ascending;
    return (a->query->account < b->query->account) == ascending;
}

static void sift_down(struct walk **heap, size_t count, size_t at, bool ascending)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && comes_before(heap[child + 1], heap[child], ascending))
            child++;
        if (!comes_before(heap[child], heap[at], ascending))
            return;
        struct walk *walk = heap[at];
        heap[at] = heap[child];
        heap[child] = walk;
    }
}

/* The top has moved on. */
static void settle_top(struct walk **heap, size_t *count, bool ascending)
{
    if (heap[0]->done)
        heap[0] = heap[--*count];
    sift_down(heap, *count, 0, ascending);
}

/* Shows visit the email that the walk is at; false: that was the last. */
static bool show(struct listing *listing, struct walk *walk, query_visit_fn *visit, void *arg)
{
    struct candidate candidate = walk_candidate(walk);
    bool shown = listing_may_go_on(listing) && holds(walk->query, &candidate);
    if (listing->exhausted || walk->query->error != NULL)
        return false;
    return !shown || visit(walk->query, &candidate, arg);
}

static void merge(struct listing *listing, struct walk **heap, size_t count, bool ascending,
                  query_visit_fn *visit, void *arg)
{
    for (size_t i = count / 2; i > 0; i--)
        sift_down(heap, count, i - 1, ascending);
    while (count > 0) {
        struct walk *walk = heap[0];
        if (!walk->open)
            walk_open(walk);
        else if (show(listing, walk, visit, arg))
            walk_next(walk);
        else
            return;
        settle_top(heap, &count, ascending);
    }
}

void listing_walk(struct listing *listing, bool ascending, query_visit_fn *visit, void *arg)
{
    g_autofree struct walk *walks = g_new0(struct walk, listing->count);
    g_autofree struct walk **heap = g_new0(struct walk *, listing->count);
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        walk_start(&walks[i], &listing->queries[i], listing->count, ascending);
        if (!walks[i].done)
            heap[count++] = &walks[i];
    }
    if (!listing_failed(listing))
        merge(listing, heap, count, ascending, visit, arg);
    for (size_t i = 0; i < listing->count; i++)
        walk_stop(&walks[i]);
}

#include "store/sqlite/query.h"

#include "store/sqlite/fts.h"

/* Steps before a stream that lags is sought anew. */
#define PATIENCE 200

struct stream {
    sqlite3_stmt *row; /* NULL at its end: another may then have it */
    struct candidate at;
    bool words, done;
    /* of words: what the index gives next, and what the pending emails do */
    int64_t indexed;
    bool indexed_done;
    guint pending;
};

static sqlite3_stmt *members_of(struct query *query, int64_t bound, bool ascending)
{
    struct db *db = &query->reader->main;
    const struct db_value values[] = {I(query->mailbox), I(bound)};
    const char *sql =
        query->unseen
            ? (ascending ? "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord"
                           " >= ? AND (bits & 1) = 0 ORDER BY ord"
                         : "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord"
                           " <= ? AND (bits & 1) = 0 ORDER BY ord DESC")
            : (ascending ? "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord"
                           " >= ? ORDER BY ord"
                         : "SELECT ord, email, thread, bits FROM member WHERE mailbox = ? AND ord"
                           " <= ? ORDER BY ord DESC");
    return db_query_nth(db, sql, query->nth, values, 2, &query->error);
}

#define ALL "SELECT ord, id, thread, bits FROM email WHERE account = ? AND thread > 0 AND ord "

static sqlite3_stmt *all_of(struct query *query, int64_t bound, bool ascending)
{
    struct db *db = &query->reader->main;
    const struct db_value values[] = {I(query->account), I(bound)};
    const char *sql =
        query->worded    ? (ascending ? ALL ">= ? AND words IS NOT NULL ORDER BY ord"
                                      : ALL "<= ? AND words IS NOT NULL ORDER BY ord DESC")
        : query->flagged ? (ascending ? ALL ">= ? AND (bits & 4) <> 0 ORDER BY ord"
                                      : ALL "<= ? AND (bits & 4) <> 0 ORDER BY ord DESC")
                         : (ascending ? ALL ">= ? ORDER BY ord" : ALL "<= ? ORDER BY ord DESC");
    return db_query_nth(db, sql, query->nth, values, 2, &query->error);
}

static bool is_behind(int64_t ord, int64_t bound, bool ascending)
{
    return ascending ? ord < bound : ord > bound;
}

static void read_indexed(struct query *query, struct stream *stream)
{
    stream->indexed_done = !db_step(&query->reader->main, stream->row, &query->error);
    if (stream->indexed_done)
        stream->row = NULL;
    stream->indexed = stream->indexed_done ? 0 : db_int(stream->row, 0);
}

static const struct candidate *pending_at(const struct query *query, const struct stream *stream,
                                          bool ascending)
{
    guint left = query->pending->len - stream->pending;
    guint at = ascending ? stream->pending : left - 1;
    return left > 0 ? &g_array_index(query->pending, struct candidate, at) : NULL;
}

/* The next of the index or of the pending ones, which it lacks. */
static void read_words(struct query *query, struct stream *stream, bool ascending)
{
    const struct candidate *pending = pending_at(query, stream, ascending);
    if (pending != NULL &&
        (stream->indexed_done || is_behind(pending->ord, stream->indexed, ascending))) {
        stream->at = *pending;
        stream->pending++;
        return;
    }
    stream->done = stream->indexed_done;
    stream->at.ord = stream->indexed;
    if (!stream->done)
        read_indexed(query, stream);
}

static void stream_read(struct query *query, struct stream *stream, bool ascending)
{
    stream->at = (struct candidate){0};
    if (stream->words) {
        read_words(query, stream, ascending);
        return;
    }
    stream->done = !db_step(&query->reader->main, stream->row, &query->error);
    if (stream->done) {
        stream->row = NULL;
        return;
    }
    stream->at.ord = db_int(stream->row, 0);
    stream->at.email = db_int(stream->row, 1);
    stream->at.thread = db_int(stream->row, 2);
    stream->at.bits = (uint32_t)db_int(stream->row, 3);
}

static void seek_words(struct query *query, struct stream *stream, int64_t bound, bool ascending)
{
    const struct candidate *pending;
    stream->row = fts_query(&query->reader->main, query->account, query->match->str, bound,
                            ascending, query->nth, &query->error);
    read_indexed(query, stream);
    stream->pending = 0;
    while ((pending = pending_at(query, stream, ascending)) != NULL &&
           is_behind(pending->ord, bound, ascending))
        stream->pending++;
}

static void stream_seek(struct query *query, struct stream *stream, int64_t bound, bool ascending)
{
    if (stream->words)
        seek_words(query, stream, bound, ascending);
    else
        stream->row = query->mailbox != 0 ? members_of(query, bound, ascending)
                                          : all_of(query, bound, ascending);
    stream_read(query, stream, ascending);
}

/* Brings a stream to the first entry at or after bound. */
static void stream_catch_up(struct query *query, struct stream *stream, int64_t bound,
                            bool ascending)
{
    for (int i = 0; i < PATIENCE && !stream->done; i++) {
        if (!is_behind(stream->at.ord, bound, ascending))
            return;
        stream_read(query, stream, ascending);
    }
    if (!stream->done && is_behind(stream->at.ord, bound, ascending))
        stream_seek(query, stream, bound, ascending);
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

/* --- one account: one stream, or two in step */

struct walk {
    struct query *query;
    struct stream main, other;
    bool two, done;
};

/* Brings both streams to one entry, the first at or after where main is. */
static void walk_settle(struct walk *walk, bool ascending)
{
    struct query *query = walk->query;
    while (walk->two && !walk->main.done && query->error == NULL &&
           !out_of_bounds(query, walk->main.at.ord)) {
        stream_catch_up(query, &walk->other, walk->main.at.ord, ascending);
        if (walk->other.done || walk->other.at.ord == walk->main.at.ord)
            break;
        stream_catch_up(query, &walk->main, walk->other.at.ord, ascending);
    }
    walk->done = walk->main.done || (walk->two && walk->other.done) || query->error != NULL ||
                 out_of_bounds(query, walk->main.at.ord);
}

static void walk_next(struct walk *walk, bool ascending)
{
    stream_read(walk->query, &walk->main, ascending);
    walk_settle(walk, ascending);
}

static void walk_stop(struct walk *walk)
{
    db_done(walk->main.row);
    db_done(walk->other.row);
}

/* What the streams have of the email that the walk is at. */
static struct candidate walk_candidate(const struct walk *walk)
{
    struct candidate candidate = walk->two ? walk->other.at : walk->main.at;
    candidate.query = walk->query;
    return candidate;
}

static bool is_shown(const struct walk *walk)
{
    return !walk->main.words || walk->two ||
           !g_hash_table_contains(walk->query->hidden, &walk->main.at.ord);
}

static void load_hidden(struct query *query)
{
    struct db *db = &query->reader->main;
    sqlite3_stmt *row =
        DB_QUERY(db, &query->error, "SELECT ord FROM email WHERE thread = 0 AND account = ?",
                 I(query->account));
    while (db_step(db, row, &query->error)) {
        int64_t ord = db_int(row, 0);
        g_hash_table_add(query->hidden, g_memdup2(&ord, sizeof ord));
    }
}

static void walk_start(struct walk *walk, struct query *query, bool ascending)
{
    int64_t bound = ascending ? query->first : query->last;
    *walk = (struct walk){.query = query, .done = query->never || query->first > query->last};
    if (walk->done)
        return;
    for (guint i = 0; i < query->tests->len; i++)
        query_load_texts(query, query->tests->pdata[i]);
    query_load_pending(query);
    walk->main.words = query->match->len > 0;
    walk->two = walk->main.words && query->mailbox != 0;
    if (walk->main.words && !walk->two)
        load_hidden(query);
    stream_seek(query, &walk->main, bound, ascending);
    if (walk->two)
        stream_seek(query, &walk->other, bound, ascending);
    walk_settle(walk, ascending);
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
    const struct candidate left = walk_candidate(a), right = walk_candidate(b);
    int order = candidate_compare(&left, &right);
    return ascending ? order < 0 : order > 0;
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

static void merge(struct walk **heap, size_t count, bool ascending, query_visit_fn *visit,
                  void *arg)
{
    for (size_t i = count / 2; i > 0; i--)
        sift_down(heap, count, i - 1, ascending);
    while (count > 0) {
        struct walk *walk = heap[0];
        struct candidate candidate = walk_candidate(walk);
        if (is_shown(walk) && holds(walk->query, &candidate) &&
            !visit(walk->query, &candidate, arg))
            return;
        if (walk->query->error != NULL)
            return;
        walk_next(walk, ascending);
        settle_top(heap, &count, ascending);
    }
}

void listing_walk(struct listing *listing, bool ascending, query_visit_fn *visit, void *arg)
{
    g_autofree struct walk *walks = g_new0(struct walk, listing->count);
    g_autofree struct walk **heap = g_new0(struct walk *, listing->count);
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        walk_start(&walks[i], &listing->queries[i], ascending);
        if (!walks[i].done)
            heap[count++] = &walks[i];
    }
    if (!listing_failed(listing))
        merge(heap, count, ascending, visit, arg);
    for (size_t i = 0; i < listing->count; i++)
        walk_stop(&walks[i]);
}

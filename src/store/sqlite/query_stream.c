#include "store/sqlite/query.h"

#include "store/sqlite/fts.h"

/* Steps before a stream that lags is sought anew. */
#define PATIENCE 200

struct stream {
    sqlite3_stmt *row;
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
    return db_query(db, sql, values, 2, &query->error);
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
    return db_query(db, sql, values, 2, &query->error);
}

static bool is_behind(int64_t ord, int64_t bound, bool ascending)
{
    return ascending ? ord < bound : ord > bound;
}

static void read_indexed(struct query *query, struct stream *stream)
{
    stream->indexed_done = !db_step(&query->reader->main, stream->row, &query->error);
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
    if (stream->done)
        return;
    stream->at.ord = db_int(stream->row, 0);
    stream->at.email = db_int(stream->row, 1);
    stream->at.thread = db_int(stream->row, 2);
    stream->at.bits = (uint32_t)db_int(stream->row, 3);
}

static void seek_words(struct query *query, struct stream *stream, int64_t bound, bool ascending)
{
    const struct candidate *pending;
    stream->row = fts_query(&query->reader->main, query->account, query->match->str, bound,
                            ascending, &query->error);
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

/* One stream, or two in step. */
static void walk(struct query *query, struct stream *main, struct stream *other, bool ascending,
                 query_visit_fn *visit, void *arg)
{
    int64_t bound = ascending ? query->first : query->last;
    stream_seek(query, main, bound, ascending);
    if (other != NULL)
        stream_seek(query, other, bound, ascending);
    while (!main->done && query->error == NULL && !out_of_bounds(query, main->at.ord)) {
        if (other != NULL) {
            stream_catch_up(query, other, main->at.ord, ascending);
            if (other->done)
                break;
            if (other->at.ord != main->at.ord) {
                stream_catch_up(query, main, other->at.ord, ascending);
                continue;
            }
        }
        struct candidate candidate = other != NULL ? other->at : main->at;
        bool shown =
            !main->words || other != NULL || !g_hash_table_contains(query->hidden, &candidate.ord);
        if (shown && holds(query, &candidate) && !visit(query, &candidate, arg))
            break;
        stream_read(query, main, ascending);
    }
    db_done(main->row);
    if (other != NULL)
        db_done(other->row);
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

void query_walk(struct query *query, bool ascending, query_visit_fn *visit, void *arg)
{
    struct stream words = {.words = true}, rows = {0};
    if (query->never || query->first > query->last)
        return;
    for (guint i = 0; i < query->tests->len; i++)
        query_load_texts(query, query->tests->pdata[i]);
    query_load_pending(query);
    bool has_words = query->match->len > 0;
    if (has_words && query->mailbox == 0)
        load_hidden(query);
    if (!has_words)
        walk(query, &rows, NULL, ascending, visit, arg);
    else
        walk(query, &words, query->mailbox != 0 ? &rows : NULL, ascending, visit, arg);
}

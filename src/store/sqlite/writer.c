/* The writer thread: closures in savepoints, committed in groups. */
#include "store/sqlite/engine.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>

#define GROUP_JOBS 64
#define GROUP_MICROSECONDS 20000
#define CHECKPOINT_PATIENCE_MS 500
#define BULK_PATIENCE_MICROSECONDS 100000

struct job {
    tx_fn *fn;
    void *arg;
    enum store_lane lane;
    GError *error;
    int64_t queued_at;
    bool ok, done, again;
    pthread_cond_t finished;
    struct job *next;
};

struct writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *head[2], *tail[2];
    bool stopping;
    bool checkpoint; /* the writer thread's: wanted after this group */
};

static struct job *pop(struct writer *writer, enum store_lane lane)
{
    struct job *job = writer->head[lane];
    writer->head[lane] = job->next;
    if (job->next == NULL)
        writer->tail[lane] = NULL;
    job->next = NULL;
    return job;
}

/* Interactive jobs first, but bulk ones are never starved by them. */
static struct job *take(struct writer *writer, bool bulk_too)
{
    const struct job *bulk = bulk_too ? writer->head[STORE_LANE_BULK] : NULL;
    bool overdue = bulk != NULL && clock_now() - bulk->queued_at > BULK_PATIENCE_MICROSECONDS;
    if (writer->head[STORE_LANE_INTERACTIVE] != NULL && !overdue)
        return pop(writer, STORE_LANE_INTERACTIVE);
    return bulk != NULL ? pop(writer, STORE_LANE_BULK) : NULL;
}

/* One closure in its savepoints. */
static void run_job(struct store *store, struct job *job, GHashTable *told)
{
    struct tx tx;
    tx_init(&tx, store);
    job->ok = db_script(&store->main, "SAVEPOINT job", &job->error) &&
              db_script(&store->blobs, "SAVEPOINT job", &job->error) &&
              job->fn(&tx, job->arg, &job->error) && tx_finish(&tx, &job->error);
    if (!job->ok) {
        if (job->error == NULL)
            error_set(&job->error, ERROR_INTERNAL, "a write failed without a reason");
        db_script(&store->main, "ROLLBACK TO job", NULL);
        db_script(&store->blobs, "ROLLBACK TO job", NULL);
    } else {
        tx_collect_told(&tx, told);
    }
    job->again = job->ok && tx.again;
    db_script(&store->main, "RELEASE job", NULL);
    db_script(&store->blobs, "RELEASE job", NULL);
    tx_clear(&tx);
}

static bool in_transaction(struct store *store)
{
    return !sqlite3_get_autocommit(store->main.handle) &&
           !sqlite3_get_autocommit(store->blobs.handle);
}

static void roll_back(struct store *store)
{
    if (!sqlite3_get_autocommit(store->main.handle))
        db_script(&store->main, "ROLLBACK", NULL);
    if (!sqlite3_get_autocommit(store->blobs.handle))
        db_script(&store->blobs, "ROLLBACK", NULL);
}

/* Blobs first: an email never points at a blob that is not durable. */
static bool commit_group(struct store *store, int64_t first_blob, GError **error)
{
    if (!in_transaction(store)) {
        /* A full disk or an I/O error made SQLite roll the whole transaction back. */
        error_set(error, ERROR_DISK_FULL, "the transaction was rolled back");
        roll_back(store);
        return false;
    }
    if (!db_script(&store->blobs, "COMMIT", error)) {
        roll_back(store);
        return false;
    }
    if (db_script(&store->main, "COMMIT", error))
        return true;
    roll_back(store);
    DB_RUN(&store->blobs, NULL, "DELETE FROM raw WHERE id >= ?", I(first_blob));
    return false;
}

static bool may_commit(struct store *store, bool durable, GError **error)
{
    if (store->may_commit == NULL || store->may_commit(durable, store->may_commit_arg))
        return true;
    error_set(error, ERROR_STORE, "the store is stopped");
    return false;
}

static void fail_all(GPtrArray *jobs, const GError *error)
{
    for (guint i = 0; i < jobs->len; i++) {
        struct job *job = jobs->pdata[i];
        if (job->ok && error != NULL)
            job->error = g_error_copy(error);
        job->ok = job->ok && error == NULL;
    }
}

static void put_back(struct writer *writer, struct job *job)
{
    job->queued_at = clock_now();
    job->next = writer->head[job->lane];
    writer->head[job->lane] = job;
    if (job->next == NULL)
        writer->tail[job->lane] = job;
}

/* One that did a part of its work goes on after those that waited. */
static void finish_jobs(struct writer *writer, GPtrArray *jobs)
{
    pthread_mutex_lock(&writer->lock);
    for (guint i = 0; i < jobs->len; i++) {
        struct job *job = jobs->pdata[i];
        if (job->ok && job->again) {
            put_back(writer, job);
            continue;
        }
        job->done = true;
        pthread_cond_signal(&job->finished);
    }
    pthread_mutex_unlock(&writer->lock);
}

bool tx_should_yield(const struct tx *tx)
{
    struct writer *writer = tx->store->writer;
    pthread_mutex_lock(&writer->lock);
    bool waiting = writer->head[STORE_LANE_INTERACTIVE] != NULL;
    pthread_mutex_unlock(&writer->lock);
    return waiting;
}

/* A backup holds its snapshot for minutes: writes do not wait for it. */
static void checkpoint_file(struct db *db)
{
    sqlite3_busy_timeout(db->handle, CHECKPOINT_PATIENCE_MS);
    sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
}

static void checkpoint(struct store *store)
{
    store->writer->checkpoint = false;
    checkpoint_file(&store->main);
    checkpoint_file(&store->blobs);
}

static uint64_t current_modseq(struct store *store)
{
    return (uint64_t)DB_NUMBER(&store->main, NULL, 0, "SELECT modseq FROM meta WHERE id = ?", I(1));
}

static void run_group(struct store *store, struct job *first)
{
    struct writer *writer = store->writer;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GError) error = NULL;
    int64_t first_blob = store->next_blob, until = clock_now() + GROUP_MICROSECONDS;
    bool begun = db_script(&store->main, "BEGIN IMMEDIATE", &error) &&
                 db_script(&store->blobs, "BEGIN", &error);
    bool bulk_done = false;
    for (struct job *job = first; job != NULL;) {
        g_ptr_array_add(jobs, job);
        job->ok = begun;
        if (begun)
            run_job(store, job, told);
        bulk_done = bulk_done || job->lane == STORE_LANE_BULK;
        job = NULL;
        if (begun && in_transaction(store) && jobs->len < GROUP_JOBS && clock_now() < until) {
            pthread_mutex_lock(&writer->lock);
            job = take(writer, !bulk_done);
            pthread_mutex_unlock(&writer->lock);
        }
    }
    if (!begun || !may_commit(store, false, &error))
        roll_back(store);
    else if (commit_group(store, first_blob, &error))
        may_commit(store, true, &error);
    if (error != NULL)
        LOG_ERROR("store.commit-failed", LOG_ERR(error), LOG_INT("jobs", jobs->len));
    else
        listeners_tell(store, told, current_modseq(store));
    if (writer->checkpoint)
        checkpoint(store);
    fail_all(jobs, error);
    finish_jobs(writer, jobs);
}

static void *writer_main(void *arg)
{
    struct store *store = arg;
    struct writer *writer = store->writer;
    pthread_setname_np(pthread_self(), "store writer");
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        struct job *job = take(writer, true);
        if (job == NULL && writer->stopping)
            break;
        if (job == NULL) {
            pthread_cond_wait(&writer->wake, &writer->lock);
            continue;
        }
        pthread_mutex_unlock(&writer->lock);
        run_group(store, job);
        pthread_mutex_lock(&writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

bool writer_start(struct store *store, GError **error)
{
    struct writer *writer = g_new0(struct writer, 1);
    pthread_attr_t attributes;
    store->writer = writer;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)1024 * 1024);
    int code = pthread_create(&writer->thread, &attributes, writer_main, store);
    pthread_attr_destroy(&attributes);
    if (code == 0)
        return true;
    error_set(error, ERROR_INTERNAL, "cannot start the writer: %s", g_strerror(code));
    g_clear_pointer(&store->writer, g_free);
    return false;
}

void writer_stop(struct store *store)
{
    struct writer *writer = store->writer;
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
    g_clear_pointer(&store->writer, g_free);
}

static void enqueue(struct writer *writer, struct job *job)
{
    job->queued_at = clock_now();
    if (writer->tail[job->lane] != NULL)
        writer->tail[job->lane]->next = job;
    else
        writer->head[job->lane] = job;
    writer->tail[job->lane] = job;
    pthread_cond_signal(&writer->wake);
}

struct job *store_write_start(struct store *store, enum store_lane lane, tx_fn *fn, void *arg)
{
    struct writer *writer = store->writer;
    struct job *job = g_new0(struct job, 1);
    *job = (struct job){.fn = fn, .arg = arg, .lane = lane};
    pthread_cond_init(&job->finished, NULL);
    pthread_mutex_lock(&writer->lock);
    if (writer->stopping) {
        error_set(&job->error, ERROR_CANCELLED, "the store is closing");
        job->done = true;
    } else {
        enqueue(writer, job);
    }
    pthread_mutex_unlock(&writer->lock);
    return job;
}

bool store_write_is_done(struct store *store, const struct job *job)
{
    struct writer *writer = store->writer;
    pthread_mutex_lock(&writer->lock);
    bool done = job->done;
    pthread_mutex_unlock(&writer->lock);
    return done;
}

bool store_write_finish(struct store *store, struct job *job, GError **error)
{
    struct writer *writer = store->writer;
    pthread_mutex_lock(&writer->lock);
    while (!job->done)
        pthread_cond_wait(&job->finished, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
    pthread_cond_destroy(&job->finished);
    bool ok = job->ok;
    if (!ok)
        g_propagate_error(error, job->error);
    g_free(job);
    return ok;
}

bool store_write(struct store *store, enum store_lane lane, tx_fn *fn, void *arg, GError **error)
{
    return store_write_finish(store, store_write_start(store, lane, fn, arg), error);
}

/* A closure that only asks: the checkpoint is made after the group's commit. */
static bool ask_checkpoint(struct tx *tx, void *arg, GError **error)
{
    (void)arg;
    (void)error;
    tx->store->writer->checkpoint = true;
    return true;
}

void writer_request_checkpoint(struct store *store)
{
    store_write(store, STORE_LANE_BULK, ask_checkpoint, NULL, NULL);
}

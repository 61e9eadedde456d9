#include "store/sqlite/engine.h"

/* A few readers serve many short reads best, with what they keep of the pages. While long ones hold
 * all of these others are not kept waiting: there are spare ones, which keep nothing. */
#define WARM 4
#define MOST 64
#define PATIENCE_MS 5

struct readers {
    pthread_mutex_t lock;
    pthread_cond_t free_one;
    unsigned warm;
    GPtrArray *idle, *spare; /* those that are free */
    struct reader all[MOST]; /* the warm ones first */
};

bool readers_init(struct store *store, unsigned count, GError **error)
{
    struct readers *readers = g_new0(struct readers, 1);
    pthread_condattr_t monotonic;
    (void)error;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->free_one, &monotonic);
    pthread_condattr_destroy(&monotonic);
    readers->warm = count == 0 ? WARM : MIN(count, MOST);
    readers->idle = g_ptr_array_new();
    readers->spare = g_ptr_array_new();
    for (unsigned i = MOST; i > 0; i--)
        g_ptr_array_add(i > readers->warm ? readers->spare : readers->idle, &readers->all[i - 1]);
    store->readers = readers;
    return true;
}

void readers_free(struct store *store)
{
    struct readers *readers = store->readers;
    if (readers == NULL)
        return;
    for (unsigned i = 0; i < MOST; i++)
        if (readers->all[i].open) {
            db_close(&readers->all[i].main);
            db_close(&readers->all[i].blobs);
        }
    g_ptr_array_unref(readers->idle);
    g_ptr_array_unref(readers->spare);
    pthread_cond_destroy(&readers->free_one);
    pthread_mutex_destroy(&readers->lock);
    g_free(readers);
    store->readers = NULL;
}

static bool open_reader(struct store *store, struct reader *reader, GError **error)
{
    g_autofree char *main_path = g_build_filename(store->directory, "postroom.db", NULL);
    g_autofree char *blobs_path = g_build_filename(store->directory, "blobs.db", NULL);
    if (!db_open(&reader->main, main_path, true, error))
        return false;
    if (!db_open(&reader->blobs, blobs_path, true, error)) {
        db_close(&reader->main);
        return false;
    }
    reader->open = true;
    return true;
}

static void give_back(struct readers *readers, struct reader *reader)
{
    bool spare = reader >= readers->all + readers->warm;
    if (spare && reader->open) {
        sqlite3_db_release_memory(reader->main.handle);
        sqlite3_db_release_memory(reader->blobs.handle);
    }
    pthread_mutex_lock(&readers->lock);
    g_ptr_array_add(spare ? readers->spare : readers->idle, reader);
    pthread_cond_signal(&readers->free_one);
    pthread_mutex_unlock(&readers->lock);
}

static struct reader *take(GPtrArray *list)
{
    return list->len > 0 ? g_ptr_array_remove_index(list, list->len - 1) : NULL;
}

/* Waits for a free one. */
static struct reader *take_any(struct readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    struct reader *reader = take(readers->idle);
    if (reader == NULL) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PATIENCE_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (readers->idle->len == 0 &&
               pthread_cond_timedwait(&readers->free_one, &readers->lock, &until) == 0)
            ;
    }
    while (reader == NULL && (reader = take(readers->idle)) == NULL &&
           (reader = take(readers->spare)) == NULL)
        pthread_cond_wait(&readers->free_one, &readers->lock);
    pthread_mutex_unlock(&readers->lock);
    return reader;
}

struct reader *reader_begin(struct store *store, GError **error)
{
    struct readers *readers = store->readers;
    struct reader *reader = take_any(readers);
    if ((reader->open || open_reader(store, reader, error)) &&
        db_run(&reader->main, "BEGIN", NULL, 0, error))
        return reader;
    give_back(readers, reader);
    return NULL;
}

void reader_end(struct store *store, struct reader *reader)
{
    db_run(&reader->main, "COMMIT", NULL, 0, NULL);
    give_back(store->readers, reader);
}

GArray *reader_numbers(struct store *store, const char *sql, const struct db_value *values,
                       size_t count, GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GArray *numbers = db_numbers(&reader->main, sql, values, count, &cause);
    reader_end(store, reader);
    return db_settle_array(numbers, cause, error);
}

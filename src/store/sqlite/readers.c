#include "store/sqlite/engine.h"

struct readers {
    pthread_mutex_t lock;
    pthread_cond_t free_one;
    unsigned count;
    GPtrArray *idle;
    struct reader *all;
};

bool readers_init(struct store *store, unsigned count, GError **error)
{
    struct readers *readers = g_new0(struct readers, 1);
    (void)error;
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->free_one, NULL);
    readers->count = count == 0 ? 4 : MIN(count, 64);
    readers->all = g_new0(struct reader, readers->count);
    readers->idle = g_ptr_array_new();
    for (unsigned i = 0; i < readers->count; i++)
        g_ptr_array_add(readers->idle, &readers->all[readers->count - 1 - i]);
    store->readers = readers;
    return true;
}

void readers_free(struct store *store)
{
    struct readers *readers = store->readers;
    if (readers == NULL)
        return;
    for (unsigned i = 0; i < readers->count; i++)
        if (readers->all[i].open) {
            db_close(&readers->all[i].main);
            db_close(&readers->all[i].blobs);
        }
    g_ptr_array_unref(readers->idle);
    pthread_cond_destroy(&readers->free_one);
    pthread_mutex_destroy(&readers->lock);
    g_free(readers->all);
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
    pthread_mutex_lock(&readers->lock);
    g_ptr_array_add(readers->idle, reader);
    pthread_cond_signal(&readers->free_one);
    pthread_mutex_unlock(&readers->lock);
}

struct reader *reader_begin(struct store *store, GError **error)
{
    struct readers *readers = store->readers;
    pthread_mutex_lock(&readers->lock);
    while (readers->idle->len == 0)
        pthread_cond_wait(&readers->free_one, &readers->lock);
    struct reader *reader = g_ptr_array_remove_index(readers->idle, readers->idle->len - 1);
    pthread_mutex_unlock(&readers->lock);
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
    if (cause == NULL)
        return numbers;
    g_propagate_error(error, cause);
    g_array_unref(numbers);
    return NULL;
}

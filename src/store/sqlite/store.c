#include "store/sqlite/audit.h"
#include "store/sqlite/dictionary.h"

#include "base/clock.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

struct listener {
    store_listener_fn *fn;
    void *arg;
};

static void *close_blobs(void *arg)
{
    db_close(&((struct store *)arg)->blobs);
    return NULL;
}

/* Each file's log is emptied into it, which waits for the disk: both at once. */
static void close_files(struct store *store)
{
    pthread_t thread;
    bool beside = pthread_create(&thread, NULL, close_blobs, store) == 0;
    db_close(&store->main);
    if (beside)
        pthread_join(thread, NULL);
    else
        close_blobs(store);
}

static void store_free(struct store *store)
{
    readers_free(store);
    emptier_stop(store);
    close_files(store);
    reindex_free(store);
    parse_guard_close(store->guard);
    dictionaries_free(store->dictionaries);
    audit_reads_free(store->audit_reads);
    g_array_unref(store->listeners);
    g_hash_table_destroy(store->progress);
    pthread_mutex_destroy(&store->listeners_lock);
    pthread_mutex_destroy(&store->progress_lock);
    pthread_mutex_destroy(&store->hashing_lock);
    pthread_cond_destroy(&store->hashing_free);
    sodium_memzero(store->session_key, sizeof store->session_key);
    g_free(store->directory);
    g_free(store);
}

static struct store *store_new(const struct store_config *config)
{
    struct store *store = g_new0(struct store, 1);
    store->directory = g_strdup(config->directory);
    store->keyring = config->keyring;
    store->changes_kept = config->changes_kept > 0 ? config->changes_kept : 200000;
    store->may_commit = config->may_commit;
    store->may_commit_arg = config->may_commit_arg;
    store->read_words = config->read_words;
    store->listeners = g_array_new(FALSE, FALSE, sizeof(struct listener));
    store->progress =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, progress_entry_free);
    store->dictionaries = dictionaries_new();
    store->audit_reads = audit_reads_new();
    store->audit_days = config->audit_days > 0 ? config->audit_days : 365;
    store->audit_rows = config->audit_rows > 0 ? config->audit_rows : 1000000;
    pthread_mutex_init(&store->listeners_lock, NULL);
    pthread_mutex_init(&store->progress_lock, NULL);
    pthread_mutex_init(&store->hashing_lock, NULL);
    pthread_cond_init(&store->hashing_free, NULL);
    keyring_derive(store->keyring, "session", store->session_key);
    return store;
}

static bool open_files(struct store *store, GError **error)
{
    g_autofree char *main_path = g_build_filename(store->directory, "postroom.db", NULL);
    g_autofree char *blobs_path = g_build_filename(store->directory, "blobs.db", NULL);
    if (g_mkdir_with_parents(store->directory, 0700) != 0) {
        error_set(error, ERROR_STORE, "cannot make the data directory %s: %s", store->directory,
                  g_strerror(errno));
        return false;
    }
    mode_t before = umask(0077);
    bool ok = db_open(&store->main, main_path, false, error) &&
              db_open_blobs(&store->blobs, blobs_path, error);
    umask(before);
    return ok;
}

struct store *store_open(const struct store_config *config, GError **error)
{
    if (sodium_init() < 0) {
        error_set(error, ERROR_CRYPTO, "libsodium does not start");
        return NULL;
    }
    struct store *store = store_new(config);
    if (open_files(store, error) && schema_migrate(store, error) &&
        (store->guard = parse_guard_open(store->directory, error)) != NULL &&
        readers_init(store, config->readers, error) && writer_start(store, error)) {
        if (reindex_prepare(store, error) && housekeeping_start(store, error) &&
            reindex_start(store, error))
            return store;
        writer_stop(store);
    }
    store_free(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    reindex_stop(store);
    writer_stop(store);
    readers_free(store);
    store_free(store);
}

void store_listen(struct store *store, store_listener_fn *fn, void *arg)
{
    struct listener listener = {fn, arg};
    pthread_mutex_lock(&store->listeners_lock);
    g_array_append_val(store->listeners, listener);
    pthread_mutex_unlock(&store->listeners_lock);
}

void store_unlisten(struct store *store, store_listener_fn *fn, void *arg)
{
    pthread_mutex_lock(&store->listeners_lock);
    for (guint i = 0; i < store->listeners->len; i++) {
        struct listener *listener = &g_array_index(store->listeners, struct listener, i);
        if (listener->fn == fn && listener->arg == arg) {
            g_array_remove_index(store->listeners, i);
            break;
        }
    }
    pthread_mutex_unlock(&store->listeners_lock);
}

uint64_t store_told(struct store *store)
{
    pthread_mutex_lock(&store->listeners_lock);
    uint64_t told = store->told;
    pthread_mutex_unlock(&store->listeners_lock);
    return told;
}

/* The lock is held while they are called, so that store_unlisten is the end of it. */
static void tell_locked(struct store *store, int64_t account, unsigned types)
{
    for (guint i = 0; i < store->listeners->len; i++) {
        struct listener *listener = &g_array_index(store->listeners, struct listener, i);
        listener->fn(account, types, listener->arg);
    }
}

void listeners_tell_one(struct store *store, int64_t account, unsigned types)
{
    pthread_mutex_lock(&store->listeners_lock);
    tell_locked(store, account, types);
    pthread_mutex_unlock(&store->listeners_lock);
}

void listeners_tell(struct store *store, GHashTable *told, uint64_t modseq)
{
    GHashTableIter iter;
    gpointer key, value;
    pthread_mutex_lock(&store->listeners_lock);
    g_hash_table_iter_init(&iter, told);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        int64_t account = *(int64_t *)key;
        /* A person's own changes are told with the account that changed. */
        if (account >= 0)
            tell_locked(store, account, GPOINTER_TO_UINT(value));
    }
    store->told = modseq;
    pthread_mutex_unlock(&store->listeners_lock);
}

int64_t id_hash(const struct store *store, const char *text)
{
    uint8_t out[crypto_shorthash_BYTES];
    int64_t hash = 0;
    crypto_shorthash(out, (const unsigned char *)text, strlen(text), store->hash_key);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

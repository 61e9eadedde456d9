#include "http/bytes_cache.h"

#include "base/clock.h"

#include <pthread.h>

#define ENTRY_OVERHEAD 512

struct entry {
    char *key;
    GBytes *bytes;
    unsigned number;
    int64_t until;
    GList link; /* in order */
};

struct bytes_cache {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    GHashTable *wanted; /* key that a thread gets -> its turn, from 1 on */
    unsigned turns;
    GHashTable *entries; /* key, owned by the entry -> struct entry */
    GQueue order;        /* of struct entry, the latest first */
    size_t used, max;
    int64_t fresh_ms;
};

static size_t weight(const struct entry *entry)
{
    return g_bytes_get_size(entry->bytes) + strlen(entry->key) + ENTRY_OVERHEAD;
}

static void drop(struct bytes_cache *cache, struct entry *entry)
{
    cache->used -= weight(entry);
    g_queue_unlink(&cache->order, &entry->link);
    g_hash_table_remove(cache->entries, entry->key);
    g_bytes_unref(entry->bytes);
    g_free(entry->key);
    g_free(entry);
}

struct bytes_cache *bytes_cache_new(size_t max, int64_t fresh_ms)
{
    struct bytes_cache *cache = g_new0(struct bytes_cache, 1);
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->done, NULL);
    cache->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cache->entries = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&cache->order);
    cache->max = max;
    cache->fresh_ms = fresh_ms;
    return cache;
}

void bytes_cache_free(struct bytes_cache *cache)
{
    while (cache->order.tail != NULL)
        drop(cache, cache->order.tail->data);
    g_hash_table_unref(cache->entries);
    g_hash_table_unref(cache->wanted);
    pthread_cond_destroy(&cache->done);
    pthread_mutex_destroy(&cache->mutex);
    g_free(cache);
}

/* Locked. The entry that still counts, as the latest used, or NULL. */
static struct entry *find(struct bytes_cache *cache, const char *key)
{
    struct entry *entry = g_hash_table_lookup(cache->entries, key);
    if (entry != NULL && clock_now() >= entry->until) {
        drop(cache, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        g_queue_unlink(&cache->order, &entry->link);
        g_queue_push_head_link(&cache->order, &entry->link);
    }
    return entry;
}

GBytes *bytes_cache_find(struct bytes_cache *cache, const char *key, unsigned *number)
{
    GBytes *bytes = NULL;
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, key);
    const void *turn = entry == NULL ? g_hash_table_lookup(cache->wanted, key) : NULL;
    if (turn != NULL) {
        while (g_hash_table_lookup(cache->wanted, key) == turn)
            pthread_cond_wait(&cache->done, &cache->mutex);
        entry = find(cache, key);
    }
    if (entry != NULL) {
        bytes = g_bytes_ref(entry->bytes);
        if (number != NULL)
            *number = entry->number;
    } else
        g_hash_table_insert(cache->wanted, g_strdup(key), GUINT_TO_POINTER(++cache->turns));
    pthread_mutex_unlock(&cache->mutex);
    return bytes;
}

void bytes_cache_done(struct bytes_cache *cache, const char *key)
{
    pthread_mutex_lock(&cache->mutex);
    g_hash_table_remove(cache->wanted, key);
    pthread_cond_broadcast(&cache->done);
    pthread_mutex_unlock(&cache->mutex);
}

void bytes_cache_put(struct bytes_cache *cache, const char *key, GBytes *bytes, unsigned number)
{
    if (g_bytes_get_size(bytes) > cache->max / 8)
        return;
    struct entry *fresh = g_new0(struct entry, 1);
    *fresh = (struct entry){g_strdup(key),
                            g_bytes_ref(bytes),
                            number,
                            clock_in_ms(cache->fresh_ms),
                            {.data = fresh}};
    pthread_mutex_lock(&cache->mutex);
    struct entry *old = g_hash_table_lookup(cache->entries, key);
    if (old != NULL)
        drop(cache, old);
    g_hash_table_insert(cache->entries, fresh->key, fresh);
    g_queue_push_head_link(&cache->order, &fresh->link);
    cache->used += weight(fresh);
    while (cache->used > cache->max && cache->order.tail != &fresh->link)
        drop(cache, cache->order.tail->data);
    pthread_mutex_unlock(&cache->mutex);
}

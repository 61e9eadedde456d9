#include "http/basic_cache.h"

#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#define KEPT (120 * CLOCK_SECOND)
#define ENTRIES_MAX 1000u

struct entry {
    struct store_principal *principal;
    int64_t until;
};

struct basic_cache {
    pthread_mutex_t mutex;
    GHashTable *entries; /* hex of the hash -> struct entry */
    uint8_t key[32];
};

static void entry_free(void *data)
{
    struct entry *entry = data;
    store_principal_unref(entry->principal);
    g_free(entry);
}

struct basic_cache *basic_cache_new(const struct keyring *keyring)
{
    struct basic_cache *cache = g_new0(struct basic_cache, 1);
    pthread_mutex_init(&cache->mutex, NULL);
    cache->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    keyring_derive(keyring, "basic", cache->key);
    return cache;
}

void basic_cache_free(struct basic_cache *cache)
{
    pthread_mutex_destroy(&cache->mutex);
    g_hash_table_unref(cache->entries);
    sodium_memzero(cache->key, sizeof(cache->key));
    g_free(cache);
}

static char *hash_of(const struct basic_cache *cache, const char *credentials)
{
    uint8_t hash[32];
    char hex[65];
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)credentials, strlen(credentials),
                       cache->key, sizeof(cache->key));
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return g_strdup(hex);
}

struct store_principal *basic_cache_get(struct basic_cache *cache, struct store *store,
                                        const char *credentials)
{
    g_autofree char *hash = hash_of(cache, credentials);
    struct store_principal *principal = NULL;
    pthread_mutex_lock(&cache->mutex);
    const struct entry *entry = g_hash_table_lookup(cache->entries, hash);
    if (entry != NULL && entry->until > clock_now())
        principal = store_principal_ref(entry->principal);
    pthread_mutex_unlock(&cache->mutex);
    if (principal == NULL || store_principal_is_valid(store, principal))
        return principal;
    store_principal_unref(principal);
    pthread_mutex_lock(&cache->mutex);
    g_hash_table_remove(cache->entries, hash);
    pthread_mutex_unlock(&cache->mutex);
    return NULL;
}

static gboolean is_over(void *key, void *value, void *now)
{
    const struct entry *entry = value;
    (void)key;
    return entry->until <= *(const int64_t *)now;
}

void basic_cache_put(struct basic_cache *cache, const char *credentials,
                     struct store_principal *principal)
{
    char *hash = hash_of(cache, credentials);
    int64_t now = clock_now();
    struct entry *entry = g_new0(struct entry, 1);
    *entry = (struct entry){store_principal_ref(principal), now + KEPT};
    pthread_mutex_lock(&cache->mutex);
    if (g_hash_table_size(cache->entries) >= ENTRIES_MAX)
        g_hash_table_foreach_remove(cache->entries, is_over, &now);
    if (g_hash_table_size(cache->entries) >= ENTRIES_MAX)
        g_hash_table_remove_all(cache->entries);
    g_hash_table_replace(cache->entries, hash, entry);
    pthread_mutex_unlock(&cache->mutex);
}

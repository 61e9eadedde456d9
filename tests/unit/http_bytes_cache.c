/* The cache of what is fetched or made: within its bound, as long as it is fresh, and made by one
 * thread while others wait. */
#include "http/bytes_cache.h"

#include <glib.h>
#include <stdbool.h>
#include <unistd.h>

#define THREADS 8
#define KEYS 3
#define ROUNDS 200

static GBytes *bytes_of(size_t size)
{
    return g_bytes_new_take(g_strnfill(size, 'x'), size);
}

/* What takes a moment is made once for each key, and each caller has it whole. */
static struct {
    struct bytes_cache *cache;
    int made[KEYS];
    bool keep;
} shared;

static gpointer want_all(gpointer arg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned which = (GPOINTER_TO_UINT(arg) + i) % KEYS, number = 0;
        g_autofree char *key = g_strdup_printf("key %u", which);
        g_autoptr(GBytes) known = bytes_cache_find(shared.cache, key, &number);
        if (known != NULL) {
            g_assert_cmpuint(number, ==, which + 7);
            g_assert_cmpuint(g_bytes_get_size(known), ==, 100 + which);
            continue;
        }
        g_atomic_int_inc(&shared.made[which]);
        g_usleep(2000);
        g_autoptr(GBytes) fresh = bytes_of(100 + which);
        if (shared.keep)
            bytes_cache_put(shared.cache, key, fresh, which + 7);
        bytes_cache_done(shared.cache, key);
        if (!shared.keep && i >= 5)
            break;
    }
    return NULL;
}

static void want_at_once(bool keep)
{
    GThread *threads[THREADS];
    shared.cache = bytes_cache_new(1 << 20, 60000);
    shared.keep = keep;
    for (unsigned i = 0; i < KEYS; i++)
        shared.made[i] = 0;
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("want", want_all, GUINT_TO_POINTER(i));
    for (unsigned i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    bytes_cache_free(shared.cache);
}

static void made_once(void)
{
    want_at_once(true);
    for (unsigned i = 0; i < KEYS; i++)
        g_assert_cmpint(shared.made[i], ==, 1);
}

/* Whoever waited for what was not kept makes it; nobody waits for ever. */
static void not_kept(void)
{
    want_at_once(false);
    g_assert_cmpint(shared.made[0] + shared.made[1] + shared.made[2], ==, THREADS * 6);
}

static bool has(struct bytes_cache *cache, const char *key)
{
    g_autoptr(GBytes) known = bytes_cache_find(cache, key, NULL);
    if (known == NULL)
        bytes_cache_done(cache, key);
    return known != NULL;
}

static void put(struct bytes_cache *cache, const char *key, size_t size)
{
    g_autoptr(GBytes) bytes = bytes_of(size);
    bytes_cache_put(cache, key, bytes, 1);
}

static void within_its_bound(void)
{
    struct bytes_cache *cache = bytes_cache_new(80000, 60000);
    put(cache, "too large", 10001);
    g_assert_false(has(cache, "too large"));
    for (char key[] = "a"; key[0] <= 'h'; key[0]++) {
        put(cache, key, 10000);
        g_assert_true(has(cache, "a"));
    }
    g_assert_true(has(cache, "h"));
    g_assert_false(has(cache, "b")); /* the least used */
    put(cache, "h", 20);             /* in place of the other */
    g_assert_true(has(cache, "h"));
    bytes_cache_free(cache);
}

static void fresh_for_a_while(void)
{
    struct bytes_cache *cache = bytes_cache_new(80000, 30);
    put(cache, "key", 10);
    g_assert_true(has(cache, "key"));
    g_usleep(40000);
    g_assert_false(has(cache, "key"));
    bytes_cache_free(cache);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    alarm(120);
    g_test_add_func("/bytes-cache/made-once", made_once);
    g_test_add_func("/bytes-cache/not-kept", not_kept);
    g_test_add_func("/bytes-cache/within-its-bound", within_its_bound);
    g_test_add_func("/bytes-cache/fresh-for-a-while", fresh_for_a_while);
    return g_test_run();
}

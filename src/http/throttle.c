#include "http/throttle.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define WINDOW (300 * CLOCK_SECOND)
#define PER_USER 10u
#define PER_ADDRESS 50u
#define ENTRIES_MAX 20000u
#define KEY_MAX 256

struct count {
    int64_t since;
    unsigned failures;
};

struct throttle {
    pthread_mutex_t mutex;
    GHashTable *counts; /* "u:name" or "a:address" -> struct count */
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = g_new0(struct throttle, 1);
    pthread_mutex_init(&throttle->mutex, NULL);
    throttle->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    pthread_mutex_destroy(&throttle->mutex);
    g_hash_table_unref(throttle->counts);
    g_free(throttle);
}

static char *key_of(const char *kind, const char *name)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);
    return g_strdup_printf("%s:%.*s", kind, KEY_MAX, folded);
}

/* Whoever has one address of IPv6 has its whole /64 (RFC 6177). (transfer full) */
static char *address_key_of(const char *address)
{
    struct in6_addr v6;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, address, &v6) != 1)
        return key_of("a", address);
    memset(v6.s6_addr + 8, 0, 8);
    return key_of("a", inet_ntop(AF_INET6, &v6, text, sizeof text));
}

static gboolean is_old(void *key, void *value, void *now)
{
    const struct count *count = value;
    (void)key;
    return *(const int64_t *)now - count->since >= WINDOW;
}

static gboolean any(void *key, void *value, void *taken)
{
    (void)key, (void)value;
    return ++*(unsigned *)taken <= ENTRIES_MAX / 10;
}

/* Bounded: when even fresh entries fill it, some of them go. */
static void make_room(struct throttle *throttle, int64_t now)
{
    unsigned taken = 0;
    if (g_hash_table_size(throttle->counts) < ENTRIES_MAX)
        return;
    g_hash_table_foreach_remove(throttle->counts, is_old, &now);
    if (g_hash_table_size(throttle->counts) >= ENTRIES_MAX)
        g_hash_table_foreach_remove(throttle->counts, any, &taken);
}

/* With the mutex held. */
static struct count *count_of(struct throttle *throttle, const char *key, int64_t now)
{
    struct count *count = g_hash_table_lookup(throttle->counts, key);
    if (count == NULL) {
        make_room(throttle, now);
        count = g_new0(struct count, 1);
        count->since = now;
        g_hash_table_insert(throttle->counts, g_strdup(key), count);
    }
    if (now - count->since >= WINDOW)
        *count = (struct count){.since = now};
    return count;
}

static int64_t wait_seconds(const struct count *count, unsigned max, int64_t now)
{
    if (count->failures < max)
        return 0;
    return (count->since + WINDOW - now) / CLOCK_SECOND + 1;
}

int64_t throttle_charge(struct throttle *throttle, const char *user, const char *address)
{
    g_autofree char *user_key = user == NULL ? NULL : key_of("u", user);
    g_autofree char *address_key = address_key_of(address);
    int64_t now = clock_now();
    pthread_mutex_lock(&throttle->mutex);
    int64_t wait = wait_seconds(count_of(throttle, address_key, now), PER_ADDRESS, now);
    if (user_key != NULL)
        wait = MAX(wait, wait_seconds(count_of(throttle, user_key, now), PER_USER, now));
    if (wait == 0) {
        count_of(throttle, address_key, now)->failures++;
        if (user_key != NULL)
            count_of(throttle, user_key, now)->failures++;
    }
    pthread_mutex_unlock(&throttle->mutex);
    return wait;
}

static void refund_one(struct throttle *throttle, const char *key)
{
    struct count *count = g_hash_table_lookup(throttle->counts, key);
    if (count != NULL && count->failures > 0)
        count->failures--;
}

void throttle_refund(struct throttle *throttle, const char *user, const char *address)
{
    g_autofree char *user_key = user == NULL ? NULL : key_of("u", user);
    g_autofree char *address_key = address_key_of(address);
    pthread_mutex_lock(&throttle->mutex);
    refund_one(throttle, address_key);
    if (user_key != NULL)
        refund_one(throttle, user_key);
    pthread_mutex_unlock(&throttle->mutex);
}

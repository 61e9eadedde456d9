#include "jmap/engine/engine.h"

#include <pthread.h>

/* How many requests and uploads each person has under way. */
struct jmap_gauge {
    pthread_mutex_t mutex;
    GHashTable *counts[2]; /* user (gint64 *) -> number */
};

struct jmap_gauge *jmap_gauge_new(void)
{
    struct jmap_gauge *gauge = g_new0(struct jmap_gauge, 1);

    pthread_mutex_init(&gauge->mutex, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(gauge->counts); i++)
        gauge->counts[i] = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return gauge;
}

void jmap_gauge_free(struct jmap_gauge *gauge)
{
    if (gauge == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(gauge->counts); i++)
        g_hash_table_unref(gauge->counts[i]);
    pthread_mutex_destroy(&gauge->mutex);
    g_free(gauge);
}

bool jmap_gauge_enter(struct jmap_gauge *gauge, enum jmap_gauge_kind kind, int64_t user)
{
    unsigned limit =
        kind == JMAP_GAUGE_REQUEST ? JMAP_MAX_CONCURRENT_REQUESTS : JMAP_MAX_CONCURRENT_UPLOADS;
    gint64 key = user;
    unsigned count;

    pthread_mutex_lock(&gauge->mutex);
    count = GPOINTER_TO_UINT(g_hash_table_lookup(gauge->counts[kind], &key));
    if (count < limit)
        g_hash_table_replace(gauge->counts[kind], g_memdup2(&key, sizeof(key)),
                             GUINT_TO_POINTER(count + 1));
    pthread_mutex_unlock(&gauge->mutex);
    return count < limit;
}

void jmap_gauge_leave(struct jmap_gauge *gauge, enum jmap_gauge_kind kind, int64_t user)
{
    gint64 key = user;
    unsigned count;

    pthread_mutex_lock(&gauge->mutex);
    count = GPOINTER_TO_UINT(g_hash_table_lookup(gauge->counts[kind], &key));
    if (count > 1)
        g_hash_table_replace(gauge->counts[kind], g_memdup2(&key, sizeof(key)),
                             GUINT_TO_POINTER(count - 1));
    else
        g_hash_table_remove(gauge->counts[kind], &key);
    pthread_mutex_unlock(&gauge->mutex);
}

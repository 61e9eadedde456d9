#include "http/share.h"

#include <glib.h>
#include <pthread.h>

struct share {
    uint64_t budget, most; /* of all, and of one person */
    pthread_mutex_t mutex;
    uint64_t held;
    GHashTable *by_user; /* gint64 * -> guint64 * */
};

struct share *share_new(uint64_t budget)
{
    struct share *share = g_new0(struct share, 1);
    share->budget = budget;
    share->most = budget / 5 * 4;
    share->by_user = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    pthread_mutex_init(&share->mutex, NULL);
    return share;
}

void share_free(struct share *share)
{
    if (share == NULL)
        return;
    g_hash_table_unref(share->by_user);
    pthread_mutex_destroy(&share->mutex);
    g_free(share);
}

/* With the mutex held. */
static uint64_t held_by(const struct share *share, int64_t user)
{
    const guint64 *held = user != 0 ? g_hash_table_lookup(share->by_user, &user) : NULL;
    return held != NULL ? *held : 0;
}

/* With the mutex held. */
static void set_held(struct share *share, int64_t user, uint64_t held)
{
    if (held == 0)
        g_hash_table_remove(share->by_user, &user);
    else if (user != 0)
        g_hash_table_replace(share->by_user, g_memdup2(&user, sizeof(user)),
                             g_memdup2(&held, sizeof(held)));
}

static void add(struct share *share, int64_t user, uint64_t bytes)
{
    share->held += bytes;
    set_held(share, user, held_by(share, user) + bytes);
}

bool share_take(struct share *share, int64_t user, uint64_t bytes)
{
    pthread_mutex_lock(&share->mutex);
    bool fits = share->held + bytes <= share->budget &&
                (user == 0 || held_by(share, user) + bytes <= share->most);
    if (fits)
        add(share, user, bytes);
    pthread_mutex_unlock(&share->mutex);
    return fits;
}

void share_add(struct share *share, int64_t user, uint64_t bytes)
{
    pthread_mutex_lock(&share->mutex);
    add(share, user, bytes);
    pthread_mutex_unlock(&share->mutex);
}

void share_give(struct share *share, int64_t user, uint64_t bytes)
{
    pthread_mutex_lock(&share->mutex);
    uint64_t held = held_by(share, user);
    share->held -= bytes;
    set_held(share, user, held - MIN(held, bytes));
    pthread_mutex_unlock(&share->mutex);
}

bool share_is_full(struct share *share, int64_t user)
{
    pthread_mutex_lock(&share->mutex);
    bool full = share->held >= share->budget || held_by(share, user) >= share->most;
    pthread_mutex_unlock(&share->mutex);
    return full;
}

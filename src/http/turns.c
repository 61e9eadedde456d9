#include "http/turns.h"

#include <glib.h>
#include <pthread.h>

struct line {
    unsigned running;
    GQueue waiting;
};

struct turns {
    unsigned each;
    pthread_mutex_t mutex;
    GHashTable *lines; /* user (gint64 *) -> struct line, while any of theirs runs */
};

struct turns *turns_new(unsigned each)
{
    struct turns *turns = g_new0(struct turns, 1);
    turns->each = each;
    turns->lines = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    pthread_mutex_init(&turns->mutex, NULL);
    return turns;
}

void turns_free(struct turns *turns)
{
    if (turns == NULL)
        return;
    g_hash_table_unref(turns->lines);
    pthread_mutex_destroy(&turns->mutex);
    g_free(turns);
}

bool turns_begin(struct turns *turns, int64_t user, void *what)
{
    if (user == 0)
        return true;
    pthread_mutex_lock(&turns->mutex);
    struct line *line = g_hash_table_lookup(turns->lines, &user);
    if (line == NULL) {
        line = g_new0(struct line, 1);
        g_queue_init(&line->waiting);
        g_hash_table_insert(turns->lines, g_memdup2(&user, sizeof(user)), line);
    }
    bool now = line->running < turns->each;
    if (now)
        line->running++;
    else
        g_queue_push_tail(&line->waiting, what);
    pthread_mutex_unlock(&turns->mutex);
    return now;
}

void *turns_end(struct turns *turns, int64_t user)
{
    if (user == 0)
        return NULL;
    pthread_mutex_lock(&turns->mutex);
    struct line *line = g_hash_table_lookup(turns->lines, &user);
    void *next = g_queue_pop_head(&line->waiting);
    if (next == NULL && --line->running == 0)
        g_hash_table_remove(turns->lines, &user);
    pthread_mutex_unlock(&turns->mutex);
    return next;
}

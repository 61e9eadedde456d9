#include "sync/parsers.h"

#include <glib.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>

#define THREADS_MAX 8
#define STACK_BYTES ((size_t)1024 * 1024)

struct work {
    void (*fn)(void *arg);
    void *arg;
    size_t bytes; /* of the budget */
    bool large;
    struct work *next;
};

struct parsers {
    pthread_mutex_t lock;
    pthread_cond_t wake, free_for_large;
    struct work *first, **last;
    size_t budget, used;
    unsigned wanted, count;
    pthread_t threads[THREADS_MAX];
    bool stopping;
    bool large; /* one that is larger than the budget waits or is worked on */
};

struct parsers *parsers_new(unsigned threads, size_t budget)
{
    struct parsers *parsers = g_new0(struct parsers, 1);
    parsers->wanted = CLAMP(threads, 1, THREADS_MAX);
    parsers->budget = budget;
    parsers->last = &parsers->first;
    pthread_mutex_init(&parsers->lock, NULL);
    pthread_cond_init(&parsers->wake, NULL);
    pthread_cond_init(&parsers->free_for_large, NULL);
    return parsers;
}

static struct work *take(struct parsers *parsers)
{
    struct work *work = parsers->first;
    parsers->first = work->next;
    if (parsers->first == NULL)
        parsers->last = &parsers->first;
    return work;
}

/* Without the lock. */
static void run(struct parsers *parsers, const struct work *work)
{
    if (work->large)
        malloc_trim(0); /* what small messages left behind makes room for it */
    work->fn(work->arg);
    pthread_mutex_lock(&parsers->lock);
    parsers->used -= work->bytes;
    if (work->large) {
        parsers->large = false;
        pthread_cond_signal(&parsers->free_for_large);
    }
    pthread_mutex_unlock(&parsers->lock);
}

static void *parser_main(void *arg)
{
    struct parsers *parsers = arg;
    pthread_setname_np(pthread_self(), "parser");
    pthread_mutex_lock(&parsers->lock);
    for (;;) {
        if (parsers->first != NULL) {
            struct work *work = take(parsers);
            pthread_mutex_unlock(&parsers->lock);
            run(parsers, work);
            g_free(work);
            pthread_mutex_lock(&parsers->lock);
        } else if (parsers->stopping) {
            break;
        } else {
            pthread_cond_wait(&parsers->wake, &parsers->lock);
        }
    }
    pthread_mutex_unlock(&parsers->lock);
    return NULL;
}

/* With the lock held. Fewer threads than wanted will do, none will not. */
static bool start_threads(struct parsers *parsers)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (parsers->count < parsers->wanted &&
           pthread_create(&parsers->threads[parsers->count], &attributes, parser_main, parsers) ==
               0)
        parsers->count++;
    pthread_attr_destroy(&attributes);
    return parsers->count > 0;
}

void parsers_free(struct parsers *parsers)
{
    if (parsers == NULL)
        return;
    pthread_mutex_lock(&parsers->lock);
    parsers->stopping = true;
    pthread_cond_broadcast(&parsers->wake);
    pthread_mutex_unlock(&parsers->lock);
    for (unsigned i = 0; i < parsers->count; i++)
        pthread_join(parsers->threads[i], NULL);
    pthread_cond_destroy(&parsers->wake);
    pthread_cond_destroy(&parsers->free_for_large);
    pthread_mutex_destroy(&parsers->lock);
    g_free(parsers);
}

/* With the lock held. */
static bool put(struct parsers *parsers, const struct work *given)
{
    if (given->bytes > parsers->budget - parsers->used || !start_threads(parsers))
        return false;
    struct work *work = g_new(struct work, 1);
    *work = *given;
    *parsers->last = work;
    parsers->last = &work->next;
    parsers->used += work->bytes;
    pthread_cond_signal(&parsers->wake);
    return true;
}

void parsers_run(struct parsers *parsers, size_t bytes, void (*fn)(void *arg), void *arg)
{
    bool large = bytes > parsers->budget;
    struct work work = {fn, arg, large ? 0 : bytes, large, NULL};
    pthread_mutex_lock(&parsers->lock);
    while (large && parsers->large)
        pthread_cond_wait(&parsers->free_for_large, &parsers->lock);
    parsers->large = parsers->large || large;
    bool taken = put(parsers, &work);
    pthread_mutex_unlock(&parsers->lock);
    if (taken)
        return;
    work.bytes = 0; /* none of the budget was taken */
    run(parsers, &work);
}

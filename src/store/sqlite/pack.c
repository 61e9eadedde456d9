#include "store/sqlite/pack.h"

#include <pthread.h>
#include <zstd.h>

#define LEVEL 3

static pthread_key_t context_key;

static void free_context(void *context)
{
    ZSTD_freeCCtx(context);
}

static void make_key(void)
{
    pthread_key_create(&context_key, free_context);
}

/* Making one costs more than compressing a mail. */
static ZSTD_CCtx *thread_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    ZSTD_CCtx *context = pthread_getspecific(context_key);
    if (context == NULL) {
        context = ZSTD_createCCtx();
        g_assert(context != NULL);
        pthread_setspecific(context_key, context);
    }
    return context;
}

GBytes *pack_bytes(const void *bytes, size_t length)
{
    size_t bound = ZSTD_compressBound(length);
    void *packed = g_malloc(bound);
    size_t used = ZSTD_compressCCtx(thread_context(), packed, bound, bytes, length, LEVEL);
    g_assert(!ZSTD_isError(used));
    return g_bytes_new_take(g_realloc(packed, used), used);
}

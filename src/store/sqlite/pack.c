#include "store/sqlite/pack.h"

#include <pthread.h>
#include <zstd.h>

#define LEVEL 3

/* What is smaller is compressed into room that stays: a message's packed size is known only then. */
#define SCRATCH_BYTES ((size_t)256 * 1024)

struct packer {
    ZSTD_CCtx *context;
    void *scratch;
};

static pthread_key_t packer_key;

static void free_packer(void *pointer)
{
    struct packer *packer = pointer;
    ZSTD_freeCCtx(packer->context);
    g_free(packer->scratch);
    g_free(packer);
}

static void make_key(void)
{
    pthread_key_create(&packer_key, free_packer);
}

/* Making one costs more than compressing a mail. */
static struct packer *thread_packer(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    struct packer *packer = pthread_getspecific(packer_key);
    if (packer == NULL) {
        packer = g_new0(struct packer, 1);
        packer->context = ZSTD_createCCtx();
        packer->scratch = g_malloc(ZSTD_compressBound(SCRATCH_BYTES));
        g_assert(packer->context != NULL);
        pthread_setspecific(packer_key, packer);
    }
    return packer;
}

GBytes *pack_bytes(const void *bytes, size_t length)
{
    struct packer *packer = thread_packer();
    size_t bound = ZSTD_compressBound(length);
    void *packed = length <= SCRATCH_BYTES ? packer->scratch : g_malloc(bound);
    size_t used = ZSTD_compressCCtx(packer->context, packed, bound, bytes, length, LEVEL);
    g_assert(!ZSTD_isError(used));
    if (packed == packer->scratch)
        return g_bytes_new(packed, used);
    return g_bytes_new_take(g_realloc(packed, used), used);
}

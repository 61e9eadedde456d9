#include "store/sqlite/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is smaller is compressed into room that stays: a message's packed size is known only then.
 */
#define SCRATCH_BYTES ((size_t)256 * 1024)

#define PIECE_BYTES ((size_t)1024 * 1024)

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

void pack_used(const void *bytes, size_t length)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)bytes + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)bytes + length) & ~(page - 1);
    if (end > first)
        madvise((void *)first, end - first, MADV_PAGEOUT);
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

/* Piece by piece, so that neither the message nor what it becomes is in memory as a whole. */
static bool pack_pieces(struct packer *packer, int fd, const char *bytes, size_t length)
{
    ZSTD_CCtx_reset(packer->context, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, PACK_LEVEL);
    ZSTD_CCtx_setPledgedSrcSize(packer->context, length);
    for (size_t at = 0; at < length;) {
        size_t piece = MIN(PIECE_BYTES, length - at);
        ZSTD_inBuffer in = {bytes + at, piece, 0};
        bool last = at + piece == length, more = true;
        while (more) {
            ZSTD_outBuffer out = {packer->scratch, SCRATCH_BYTES, 0};
            size_t left = ZSTD_compressStream2(packer->context, &out, &in,
                                               last ? ZSTD_e_end : ZSTD_e_continue);
            g_assert(!ZSTD_isError(left));
            if (!write_all(fd, packer->scratch, out.pos))
                return false;
            more = last ? left > 0 : in.pos < in.size;
        }
        pack_used(bytes + at, piece);
        at += piece;
    }
    return true;
}

/* NULL when there is no room for the file. */
static GBytes *pack_to_file(const char *directory, const void *bytes, size_t length)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    struct packer *packer = thread_packer();
    GMappedFile *mapped =
        pack_pieces(packer, fd, bytes, length) ? g_mapped_file_new_from_fd(fd, FALSE, NULL) : NULL;
    ZSTD_CCtx_reset(packer->context, ZSTD_reset_session_and_parameters);
    close(fd);
    if (mapped == NULL)
        return NULL;
    GBytes *packed = g_mapped_file_get_bytes(mapped);
    g_mapped_file_unref(mapped);
    return packed;
}

GBytes *pack_large(const char *directory, const void *bytes, size_t length,
                   const ZSTD_CDict *dictionary)
{
    GBytes *packed = length > PACK_LARGE ? pack_to_file(directory, bytes, length) : NULL;
    return packed != NULL ? packed : pack_bytes(bytes, length, dictionary);
}

static size_t compress(struct packer *packer, void *out, size_t room, const void *bytes,
                       size_t length, const ZSTD_CDict *dictionary)
{
    ZSTD_CCtx *context = packer->context;
    if (dictionary == NULL)
        return ZSTD_compressCCtx(context, out, room, bytes, length, PACK_LEVEL);
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_refCDict(context, dictionary);
    size_t used = ZSTD_compress2(context, out, room, bytes, length);
    /* The dictionary may go before the context does. */
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    return used;
}

GBytes *pack_bytes(const void *bytes, size_t length, const ZSTD_CDict *dictionary)
{
    struct packer *packer = thread_packer();
    size_t bound = ZSTD_compressBound(length);
    void *packed = length <= SCRATCH_BYTES ? packer->scratch : g_malloc(bound);
    size_t used = compress(packer, packed, bound, bytes, length, dictionary);
    g_assert(!ZSTD_isError(used));
    if (packed == packer->scratch)
        return g_bytes_new(packed, used);
    return g_bytes_new_take(g_realloc(packed, used), used);
}

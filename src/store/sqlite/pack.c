#include "store/sqlite/pack.h"

#include "store/sqlite/armour.h"

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

/* A run that is longer has blocks of its own: what an attachment is made of and what the text
 * around it is made of need different codes. */
#define BLOCK_WORTH ((size_t)2 * 1024)

struct packer {
    ZSTD_CCtx *context;
    void *scratch;
    void *kept;     /* the segments of a message that is not longer than SCRATCH_BYTES */
    GArray *blocks; /* size_t: where in them a block ends */
    struct armour_cutter cutter;
};

static pthread_key_t packer_key;

static void free_packer(void *pointer)
{
    struct packer *packer = pointer;
    ZSTD_freeCCtx(packer->context);
    g_array_unref(packer->blocks);
    g_free(packer->kept);
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
        packer->kept = g_malloc(armour_bound(SCRATCH_BYTES));
        packer->blocks = g_array_new(FALSE, FALSE, sizeof(size_t));
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

static size_t write_head(uint8_t head[PACK_HEAD], size_t length)
{
    size_t used = 0;
    head[used++] = PACK_ARMOURED;
    for (; length > 127; length >>= 7)
        head[used++] = (uint8_t)(length | 128);
    head[used++] = (uint8_t)length;
    return used;
}

static bool stands_alone(const struct armour_segment *segment)
{
    return segment->kind != ARMOUR_TEXT && segment->length >= BLOCK_WORTH;
}

/* --- large ones, into a file */

static bool write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool feed(struct packer *packer, int fd, const void *bytes, size_t length,
                 ZSTD_EndDirective directive)
{
    ZSTD_inBuffer in = {bytes, length, 0};
    bool more = true;
    while (more) {
        ZSTD_outBuffer out = {packer->scratch, SCRATCH_BYTES, 0};
        size_t left = ZSTD_compressStream2(packer->context, &out, &in, directive);
        g_assert(!ZSTD_isError(left));
        if (!write_all(fd, packer->scratch, out.pos))
            return false;
        more = directive == ZSTD_e_continue ? in.pos < in.size : left > 0;
    }
    return true;
}

/* Piece by piece, so that neither the message nor what it becomes is in memory as a whole. */
static bool pack_pieces(struct packer *packer, int fd, const char *bytes, size_t length)
{
    uint8_t head[PACK_HEAD];
    struct armour_segment segment;
    bool alone = false;
    size_t forgotten = 0;
    ZSTD_CCtx_reset(packer->context, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, PACK_LEVEL);
    ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 1);
    armour_cutter_init(&packer->cutter, bytes, length);
    if (!write_all(fd, head, write_head(head, length)))
        return false;
    while (armour_cut(&packer->cutter, &segment)) {
        bool turns = stands_alone(&segment) != alone;
        alone = stands_alone(&segment);
        if ((turns && !feed(packer, fd, NULL, 0, ZSTD_e_flush)) ||
            !feed(packer, fd, segment.head, segment.head_length, ZSTD_e_continue) ||
            !feed(packer, fd, segment.bytes, segment.length, ZSTD_e_continue))
            return false;
        if (segment.end - forgotten >= PIECE_BYTES) {
            pack_used(bytes + forgotten, segment.end - forgotten);
            forgotten = segment.end;
        }
    }
    return feed(packer, fd, NULL, 0, ZSTD_e_end);
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

/* --- others, in memory */

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

/* Cuts the message into `kept`; 0: it has no runs. */
static size_t keep_segments(struct packer *packer, const void *bytes, size_t length, char *kept)
{
    struct armour_segment segment;
    size_t used = 0, runs = 0;
    bool alone = false;
    g_array_set_size(packer->blocks, 0);
    armour_cutter_init(&packer->cutter, bytes, length);
    while (armour_cut(&packer->cutter, &segment)) {
        if (stands_alone(&segment) != alone)
            g_array_append_val(packer->blocks, used);
        alone = stands_alone(&segment);
        memcpy(kept + used, segment.head, segment.head_length);
        used += segment.head_length;
        memcpy(kept + used, segment.bytes, segment.length);
        used += segment.length;
        runs += segment.kind != ARMOUR_TEXT ? 1 : 0;
    }
    g_array_append_val(packer->blocks, used);
    return runs > 0 ? used : 0;
}

static size_t compress_blocks(struct packer *packer, ZSTD_outBuffer *out, const void *kept,
                              size_t length, const ZSTD_CDict *dictionary)
{
    ZSTD_CCtx *context = packer->context;
    ZSTD_inBuffer in = {kept, 0, 0};
    size_t left = 0;
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, PACK_LEVEL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (dictionary != NULL)
        ZSTD_CCtx_refCDict(context, dictionary);
    ZSTD_CCtx_setPledgedSrcSize(context, length);
    for (guint i = 0; i < packer->blocks->len; i++) {
        in.size = g_array_index(packer->blocks, size_t, i);
        left =
            ZSTD_compressStream2(context, out, &in, in.size == length ? ZSTD_e_end : ZSTD_e_flush);
        g_assert(left == 0);
    }
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
    return out->pos;
}

/* NULL: it has no runs. */
static GBytes *pack_armoured(const void *bytes, size_t length, const ZSTD_CDict *dictionary)
{
    struct packer *packer = thread_packer();
    bool small = length <= SCRATCH_BYTES;
    g_autofree char *room = small ? NULL : g_malloc(armour_bound(length));
    char *kept = small ? packer->kept : room;
    size_t used = keep_segments(packer, bytes, length, kept);
    if (used == 0)
        return NULL;
    /* A block's head has three bytes. */
    size_t bound = PACK_HEAD + ZSTD_compressBound(used) + 4 * (size_t)packer->blocks->len;
    uint8_t *packed = g_malloc(bound);
    size_t head = write_head(packed, length);
    ZSTD_outBuffer out = {packed + head, bound - head, 0};
    size_t size = head + compress_blocks(packer, &out, kept, used, dictionary);
    return g_bytes_new_take(g_realloc(packed, size), size);
}

GBytes *pack_message(const char *directory, const void *bytes, size_t length,
                     const ZSTD_CDict *dictionary)
{
    GBytes *packed = length > PACK_LARGE ? pack_to_file(directory, bytes, length) : NULL;
    if (packed == NULL)
        packed = pack_armoured(bytes, length, dictionary);
    return packed != NULL ? packed : pack_bytes(bytes, length, dictionary);
}

#include "store/sqlite/unpack.h"

#include "store/sqlite/armour.h"
#include "store/sqlite/dictionary.h"
#include "store/sqlite/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Above this a message is unpacked into a file without a name, not into memory. */
#define FILE_BACKED (1024 * 1024)
/* Segments wait here until they are whole. */
#define WAITING_BYTES ((size_t)256 * 1024)
/* What we pack needs 2^21. */
#define WINDOW_LOG_MAX 24

struct unpacker {
    struct store *store;
    struct db *main;
    ZSTD_DCtx *context;
    struct dictionary *dictionary;
    GBytes *bytes; /* NULL: nothing was taken yet */
    ZSTD_outBuffer message;
    bool armoured;
    bool ended; /* the frame is */
    ZSTD_outBuffer waiting;
};

struct unpacker *unpacker_new(struct store *store, struct db *main)
{
    struct unpacker *unpacker = g_new0(struct unpacker, 1);
    unpacker->store = store;
    unpacker->main = main;
    unpacker->context = ZSTD_createDCtx();
    return unpacker;
}

void unpacker_free(struct unpacker *unpacker)
{
    ZSTD_freeDCtx(unpacker->context);
    dictionary_unref(unpacker->dictionary);
    g_clear_pointer(&unpacker->bytes, g_bytes_unref);
    g_free(unpacker->waiting.dst);
    g_free(unpacker);
}

static bool damaged(GError **error)
{
    error_set(error, ERROR_STORE, "a stored message is damaged");
    return false;
}

/* --- room */

struct mapping {
    void *map;
    size_t length;
};

static void unmap(gpointer pointer)
{
    struct mapping *mapping = pointer;
    munmap(mapping->map, mapping->length);
    g_free(mapping);
}

/* In a file without a name. */
static GBytes *map_file(struct store *store, size_t length, GError **error)
{
    int fd = open(store->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = memfd_create("blob", MFD_CLOEXEC);
    void *map = MAP_FAILED;
    int code = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)length);
    if (code == 0)
        map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED) {
        error_set(error, code == ENOSPC ? ERROR_DISK_FULL : ERROR_STORE,
                  "cannot unpack a large message: %s", g_strerror(code));
        return NULL;
    }
    struct mapping *mapping = g_new(struct mapping, 1);
    *mapping = (struct mapping){map, length};
    return g_bytes_new_with_free_func(map, length, unmap, mapping);
}

static bool make_room(struct unpacker *unpacker, uint64_t length, GError **error)
{
    if (length > (uint64_t)UNPACK_MAX)
        return damaged(error);
    unpacker->bytes = length > FILE_BACKED ? map_file(unpacker->store, (size_t)length, error)
                                           : g_bytes_new_take(g_malloc(length + 1), (size_t)length);
    if (unpacker->bytes == NULL)
        return false;
    void *room = (void *)(uintptr_t)g_bytes_get_data(unpacker->bytes, NULL);
    unpacker->message = (ZSTD_outBuffer){room, (size_t)length, 0};
    return true;
}

/* --- the head */

/* How many bytes it has; 0: it is damaged. */
static size_t read_head(const uint8_t *packed, size_t length, uint64_t *message)
{
    size_t at = 1;
    *message = 0;
    for (unsigned shift = 0; at < MIN(length, PACK_HEAD); shift += 7) {
        *message |= (uint64_t)(packed[at] & 127) << shift;
        if ((packed[at++] & 128) == 0)
            return at;
    }
    return 0;
}

static bool begin_frame(struct unpacker *unpacker, const void *frame, size_t length, GError **error)
{
    unsigned number = ZSTD_getDictID_fromFrame(frame, length);
    ZSTD_DCtx_setParameter(unpacker->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    if (number == 0)
        return true;
    unpacker->dictionary = dictionary_of(unpacker->store, unpacker->main, number, error);
    if (unpacker->dictionary == NULL)
        return false;
    ZSTD_DCtx_refDDict(unpacker->context, dictionary_unpacks(unpacker->dictionary));
    return true;
}

/* How many bytes it had; 0: failed. Where the segments of a whole message find room zstd needs none
 * of its own. */
static bool begin(struct unpacker *unpacker, const uint8_t *packed, size_t length, size_t *head,
                  GError **error)
{
    uint64_t message = 0;
    *head = 0;
    unpacker->armoured = length > 0 && packed[0] == PACK_ARMOURED;
    if (unpacker->armoured) {
        *head = read_head(packed, length, &message);
        if (*head == 0)
            return damaged(error);
    }
    unsigned long long content = ZSTD_getFrameContentSize(packed + *head, length - *head);
    if (!unpacker->armoured) {
        message = content;
    } else {
        unpacker->waiting.size = MIN(content, WAITING_BYTES);
        unpacker->waiting.dst = g_malloc(unpacker->waiting.size + 1);
    }
    return make_room(unpacker, message, error) &&
           begin_frame(unpacker, packed + *head, length - *head, error);
}

/* --- the frame */

/* What is whole of what waits becomes part of the message. */
static bool restore(struct unpacker *unpacker)
{
    ZSTD_outBuffer *waiting = &unpacker->waiting, *message = &unpacker->message;
    struct armour_restored restored;
    if (!armour_restore(waiting->dst, waiting->pos, (char *)message->dst + message->pos,
                        message->size - message->pos, &restored))
        return false;
    message->pos += restored.written;
    waiting->pos -= restored.used;
    memmove(waiting->dst, (char *)waiting->dst + restored.used, waiting->pos);
    return true;
}

static bool take_some(struct unpacker *unpacker, ZSTD_inBuffer *in)
{
    ZSTD_outBuffer *out = unpacker->armoured ? &unpacker->waiting : &unpacker->message;
    size_t in_before = in->pos, out_before = out->pos;
    size_t left = ZSTD_decompressStream(unpacker->context, out, in);
    if (ZSTD_isError(left))
        return false;
    unpacker->ended = left == 0;
    bool moved = in->pos > in_before || out->pos > out_before;
    return moved && (!unpacker->armoured || restore(unpacker));
}

bool unpacker_take(struct unpacker *unpacker, const void *packed, size_t length, GError **error)
{
    size_t head = 0;
    if (unpacker->bytes == NULL && !begin(unpacker, packed, length, &head, error))
        return false;
    ZSTD_inBuffer in = {packed, length, head};
    bool ok = true;
    while (ok && in.pos < in.size)
        ok = !unpacker->ended && take_some(unpacker, &in);
    return ok || damaged(error);
}

GBytes *unpacker_end(struct unpacker *unpacker, GError **error)
{
    ZSTD_inBuffer none = {NULL, 0, 0};
    bool ok = unpacker->bytes != NULL;
    while (ok && !unpacker->ended)
        ok = take_some(unpacker, &none);
    if (ok && unpacker->waiting.pos == 0 && unpacker->message.pos == unpacker->message.size)
        return g_steal_pointer(&unpacker->bytes);
    damaged(error);
    return NULL;
}

#include "store/sqlite/backup_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HASH_BYTES ((size_t)32)

void backup_stream_init(struct backup_stream *stream, int fd,
                        const struct store_backup_watch *watch)
{
    *stream = (struct backup_stream){.fd = fd, .watch = watch};
    stream->buffer = g_malloc(BACKUP_PIECE);
    crypto_generichash_init(&stream->hash, NULL, 0, HASH_BYTES);
}

void backup_stream_clear(struct backup_stream *stream)
{
    g_clear_pointer(&stream->buffer, g_free);
}

static bool goes_on(const struct backup_stream *stream, GError **error)
{
    const struct store_backup_watch *watch = stream->watch;
    if (watch == NULL || watch->progress == NULL ||
        watch->progress(stream->done, MAX(stream->total, stream->done), watch->arg))
        return true;
    error_set(error, ERROR_CANCELLED, "stopped");
    return false;
}

bool backup_put(int fd, const void *bytes, size_t length, GError **error)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = write(fd, (const char *)bytes + at, length - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
            error_set(error, full ? ERROR_DISK_FULL : ERROR_STORE, "writing: %s",
                      g_strerror(errno));
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

static bool flush(struct backup_stream *stream, GError **error)
{
    size_t length = stream->used;
    stream->used = 0;
    return goes_on(stream, error) && backup_put(stream->fd, stream->buffer, length, error);
}

static bool put_plain(struct backup_stream *stream, const void *bytes, size_t length,
                      GError **error)
{
    stream->done += length;
    while (length > 0) {
        size_t part = MIN(length, BACKUP_PIECE - stream->used);
        memcpy(stream->buffer + stream->used, bytes, part);
        stream->used += part;
        bytes = (const char *)bytes + part;
        length -= part;
        if (stream->used == BACKUP_PIECE && !flush(stream, error))
            return false;
    }
    return true;
}

bool backup_write(struct backup_stream *stream, const void *bytes, size_t length, GError **error)
{
    crypto_generichash_update(&stream->hash, bytes, length);
    return put_plain(stream, bytes, length, error);
}

bool backup_write_number(struct backup_stream *stream, uint64_t number, size_t bytes,
                         GError **error)
{
    uint64_t little = GUINT64_TO_LE(number);
    return backup_write(stream, &little, bytes, error);
}

bool backup_write_end(struct backup_stream *stream, GError **error)
{
    uint8_t hash[HASH_BYTES];
    crypto_generichash_final(&stream->hash, hash, sizeof hash);
    return put_plain(stream, hash, sizeof hash, error) && flush(stream, error);
}

/* More into an empty buffer; 0 at the end of the file, -1 on error. */
static ssize_t fill(struct backup_stream *stream, GError **error)
{
    ssize_t n = -1;
    if (!goes_on(stream, error))
        return -1;
    do
        n = read(stream->fd, stream->buffer, BACKUP_PIECE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        error_set(error, ERROR_INVALID, "the backup cannot be read: %s", g_strerror(errno));
    stream->start = 0;
    stream->used = n > 0 ? (size_t)n : 0;
    return n;
}

static bool get_plain(struct backup_stream *stream, void *bytes, size_t length, GError **error)
{
    stream->done += length;
    while (length > 0) {
        if (stream->start == stream->used) {
            ssize_t n = fill(stream, error);
            if (n == 0)
                error_set(error, ERROR_INVALID, "the backup is cut off: its end is missing");
            if (n <= 0)
                return false;
        }
        size_t part = MIN(length, stream->used - stream->start);
        memcpy(bytes, stream->buffer + stream->start, part);
        stream->start += part;
        bytes = (char *)bytes + part;
        length -= part;
    }
    return true;
}

bool backup_read(struct backup_stream *stream, void *bytes, size_t length, GError **error)
{
    if (!get_plain(stream, bytes, length, error))
        return false;
    crypto_generichash_update(&stream->hash, bytes, length);
    return true;
}

bool backup_read_number(struct backup_stream *stream, uint64_t *number, size_t bytes,
                        GError **error)
{
    uint64_t little = 0;
    if (!backup_read(stream, &little, bytes, error))
        return false;
    *number = GUINT64_FROM_LE(little);
    return true;
}

bool backup_read_end(struct backup_stream *stream, GError **error)
{
    uint8_t hash[HASH_BYTES], told[HASH_BYTES];
    crypto_generichash_final(&stream->hash, hash, sizeof hash);
    if (!get_plain(stream, told, sizeof told, error))
        return false;
    ssize_t more = stream->start == stream->used ? fill(stream, error) : 1;
    if (more < 0)
        return false;
    if (more == 0 && memcmp(hash, told, sizeof hash) == 0)
        return true;
    error_set(error, ERROR_INVALID, "the backup is damaged: its check sum does not fit");
    return false;
}

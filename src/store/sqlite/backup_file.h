/* The ends of a backup's stream (store/backup.h): what goes through is hashed. */
#ifndef POSTROOM_STORE_SQLITE_BACKUP_FILE_H
#define POSTROOM_STORE_SQLITE_BACKUP_FILE_H

#include "store/backup.h"

#include <sodium.h>

#define BACKUP_MAGIC "Postroom backup\n"
#define BACKUP_FORMAT 1
#define BACKUP_PIECE ((size_t)256 * 1024)
/* A stored message is at most this large (blobs.c). */
#define BACKUP_MESSAGE_MAX (UINT64_C(1) << 30)

struct backup_stream {
    int fd;
    const struct store_backup_watch *watch;
    uint64_t done, total;
    crypto_generichash_state hash;
    uint8_t *buffer; /* BACKUP_PIECE */
    size_t start, used;
};

void backup_stream_init(struct backup_stream *stream, int fd,
                        const struct store_backup_watch *watch);
void backup_stream_clear(struct backup_stream *stream);

bool backup_write(struct backup_stream *stream, const void *bytes, size_t length, GError **error);
bool backup_write_number(struct backup_stream *stream, uint64_t number, size_t bytes,
                         GError **error);
/* The hash, and all that is still in the buffer. */
bool backup_write_end(struct backup_stream *stream, GError **error);

/* ERROR_INVALID when the stream ends before. */
bool backup_read(struct backup_stream *stream, void *bytes, size_t length, GError **error);
bool backup_read_number(struct backup_stream *stream, uint64_t *number, size_t bytes,
                        GError **error);
/* Compares the hash; nothing may follow it. */
bool backup_read_end(struct backup_stream *stream, GError **error);

/* write(2) to the end. */
bool backup_put(int fd, const void *bytes, size_t length, GError **error);

#endif

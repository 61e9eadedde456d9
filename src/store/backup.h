/* Backups of the whole store in one file, and what brings them back.
 *
 * A backup is a copy of the main file and every stored message as they were at one moment between
 * two commits. It holds no key: secrets in it stay sealed (SECURITY.md 17). The file is a stream,
 * numbers little-endian:
 *
 *   16 bytes  "Postroom backup\n"
 *   u32       format, 1
 *   u32       version of the schema
 *   u64       seconds since 1970
 *   u64       size of the main file, and its bytes
 *   messages, each: u64 number (not 0), u64 size, its packed bytes
 *   u64       0
 *   32 bytes  BLAKE2b of all that is before */
#ifndef POSTROOM_STORE_BACKUP_H
#define POSTROOM_STORE_BACKUP_H

#include "store/store.h"

struct store_backup_watch {
    /* From time to time: bytes done, and about how many there will be. False: stop
     * (ERROR_CANCELLED). May be NULL. */
    bool (*progress)(uint64_t done, uint64_t total, void *arg);
    void *arg;
};

struct store_backup_result {
    uint64_t bytes, messages;
    int64_t created;
};

/* Writes a backup to fd, which may be a pipe; the caller makes it durable. The store goes on
 * reading and writing meanwhile; a scratch file as large as the main file is needed in the data
 * directory. Blocking; any thread. ERROR_STORE, ERROR_DISK_FULL, ERROR_CANCELLED. */
bool store_backup(struct store *store, int fd, const struct store_backup_watch *watch,
                  struct store_backup_result *result, GError **error);

/* Reads a backup into postroom.db and blobs.db of directory, which is empty, and makes them
 * durable. Nothing in the file is trusted. ERROR_INVALID with a sentence: not a backup, cut off,
 * damaged, of a newer Postroom; else as above. What was written until then stays behind. */
bool store_backup_read(int fd, const char *directory, const struct store_backup_watch *watch,
                       struct store_backup_result *result, GError **error);

struct store_restored {
    unsigned submissions; /* held back: nothing is sent twice */
    unsigned changes;     /* flag changes that were given up: the server's flags count */
    unsigned sealed;      /* secrets of another key file: they do not open */
};
/* Makes a store that came from a backup fit to go on, before anything else is done with it: what
 * was to be sent is held back, waiting changes look at the server first, every folder is compared
 * anew, states and ids go on beyond all that clients may have seen since, and sessions end. */
bool store_restored(struct store *store, struct store_restored *result, GError **error);

#endif

/* What pack_message made is a message again. */
#ifndef POSTROOM_STORE_SQLITE_UNPACK_H
#define POSTROOM_STORE_SQLITE_UNPACK_H

#include "store/sqlite/engine.h"

/* A message has no more than that. */
#define UNPACK_MAX (INT64_C(1) << 30)

/* Takes a packed message piece by piece, the first of which holds all of the head (64 bytes do). A
 * long message is unpacked into a file without a name, not into memory. One thread. */
struct unpacker;
/* main: a connection to the main file, for the dictionary that a frame may need. */
struct unpacker *unpacker_new(struct store *store, struct db *main);
void unpacker_free(struct unpacker *unpacker);
/* ERROR_STORE: damaged; ERROR_DISK_FULL. */
bool unpacker_take(struct unpacker *unpacker, const void *packed, size_t length, GError **error);
/* That was all of it. (transfer full); NULL with ERROR_STORE: damaged. */
GBytes *unpacker_end(struct unpacker *unpacker, GError **error);

#endif

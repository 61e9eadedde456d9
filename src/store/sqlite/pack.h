/* Compression of what the store keeps: zstd, one context a thread. */
#ifndef POSTROOM_STORE_SQLITE_PACK_H
#define POSTROOM_STORE_SQLITE_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <zstd.h>

#define PACK_LEVEL 3

/* What is longer is packed into a file without a name, and goes into the database in pieces. */
#define PACK_LARGE ((size_t)4 * 1024 * 1024)

/* One zstd frame with its content's size; with a dictionary (or NULL) also that one's number and a
 * checksum. Any thread; (transfer full). */
GBytes *pack_bytes(const void *bytes, size_t length, const ZSTD_CDict *dictionary);
/* The same for a message of any size; directory: where a file may be. A large one is packed without
 * the dictionary. */
GBytes *pack_large(const char *directory, const void *bytes, size_t length,
                   const ZSTD_CDict *dictionary);
/* These bytes are not needed soon: what of them comes from a file need not stay in memory. A hint;
 * they stay valid. */
void pack_used(const void *bytes, size_t length);

#endif

/* Compression of what the store keeps: zstd, one context a thread. */
#ifndef POSTROOM_STORE_SQLITE_PACK_H
#define POSTROOM_STORE_SQLITE_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <zstd.h>

#define PACK_LEVEL 3

/* What is longer is packed into a file without a name, and goes into the database in pieces. */
#define PACK_LARGE ((size_t)4 * 1024 * 1024)

/* A message in whose frame base64 is bytes (armour.h) begins with this; then its length stands,
 * seven bits a byte, lowest first, the highest bit set in all but the last; then the frame. A frame
 * alone begins with 0x28 (RFC 8878, 3.1.1). */
#define PACK_ARMOURED 0x01
#define PACK_HEAD ((size_t)1 + 10)

/* One zstd frame with its content's size; with a dictionary (or NULL) also that one's number and a
 * checksum. Any thread; (transfer full). */
GBytes *pack_bytes(const void *bytes, size_t length, const ZSTD_CDict *dictionary);
/* A message of any size: a frame as above, or what PACK_ARMOURED tells. directory: where a file may
 * be. A large one is packed without the dictionary. unpack.h undoes it. */
GBytes *pack_message(const char *directory, const void *bytes, size_t length,
                     const ZSTD_CDict *dictionary);
/* These bytes are not needed soon: what of them comes from a file need not stay in memory. A hint;
 * they stay valid. */
void pack_used(const void *bytes, size_t length);

#endif

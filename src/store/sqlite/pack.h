/* Compression of what the store keeps: zstd, one context a thread. */
#ifndef POSTROOM_STORE_SQLITE_PACK_H
#define POSTROOM_STORE_SQLITE_PACK_H

#include <glib.h>
#include <stdbool.h>

/* What is longer is packed into a file without a name, and goes into the database in pieces. */
#define PACK_LARGE ((size_t)4 * 1024 * 1024)

/* One zstd frame with its content's size. Any thread; (transfer full). */
GBytes *pack_bytes(const void *bytes, size_t length);
/* The same for a message of any size; directory: where a file may be. */
GBytes *pack_large(const char *directory, const void *bytes, size_t length);
/* These bytes are not needed soon: what of them comes from a file need not stay in memory. A hint;
 * they stay valid. */
void pack_used(const void *bytes, size_t length);

#endif

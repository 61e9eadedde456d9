/* Compression of what the store keeps: zstd, one context a thread. */
#ifndef POSTROOM_STORE_SQLITE_PACK_H
#define POSTROOM_STORE_SQLITE_PACK_H

#include <glib.h>

/* One zstd frame with its content's size. Any thread; (transfer full). */
GBytes *pack_bytes(const void *bytes, size_t length);

#endif

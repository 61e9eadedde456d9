/* Pictures that were fetched or made lately, within a bound of bytes: the least used go first. Any
 * thread. */
#ifndef POSTROOM_HTTP_BYTES_CACHE_H
#define POSTROOM_HTTP_BYTES_CACHE_H

#include <glib.h>
#include <stdint.h>

struct bytes_cache;

/* max: bytes of all; fresh_ms: for how long one counts. (transfer full) */
struct bytes_cache *bytes_cache_new(size_t max, int64_t fresh_ms);
void bytes_cache_free(struct bytes_cache *cache);
/* (transfer full) or NULL. number: what was put beside it; may be NULL. */
GBytes *bytes_cache_find(struct bytes_cache *cache, const char *key, unsigned *number);
/* What is larger than an eighth of the cache is not kept. */
void bytes_cache_put(struct bytes_cache *cache, const char *key, GBytes *bytes, unsigned number);

#endif

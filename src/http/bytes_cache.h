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
/* (transfer full) or NULL: then the caller gets it, and says bytes_cache_done() afterwards, whether
 * there was something to put or not. Waits while another thread gets the same, but for one only:
 * what is slow to come and then not kept would have them all stand in a row. number: what was put
 * beside it; may be NULL. */
GBytes *bytes_cache_find(struct bytes_cache *cache, const char *key, unsigned *number);
/* What is larger than an eighth of the cache is not kept. */
void bytes_cache_put(struct bytes_cache *cache, const char *key, GBytes *bytes, unsigned number);
void bytes_cache_done(struct bytes_cache *cache, const char *key);

#endif

/* Who a Basic header was, for two minutes, so that each request of a JMAP client does not cost an
 * argon2 run. Keys are keyed hashes: neither password nor token is kept. Thread-safe. */
#ifndef POSTROOM_HTTP_BASIC_CACHE_H
#define POSTROOM_HTTP_BASIC_CACHE_H

#include "base/keyring.h"
#include "store/access.h"

struct basic_cache;

struct basic_cache *basic_cache_new(const struct keyring *keyring);
void basic_cache_free(struct basic_cache *cache);

/* (transfer full) or NULL. */
struct store_principal *basic_cache_get(struct basic_cache *cache, struct store *store,
                                        const char *credentials);
void basic_cache_put(struct basic_cache *cache, const char *credentials,
                     struct store_principal *principal);

#endif

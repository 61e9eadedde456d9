/* The rows behind store_proxy_…, for writes that change more than them. */
#ifndef POSTROOM_STORE_SQLITE_PROXIES_H
#define POSTROOM_STORE_SQLITE_PROXIES_H

#include "store/sqlite/engine.h"

bool proxies_put(struct tx *tx, const char *owner, const char *address,
                 const struct secret *password, GError **error);
/* The current row with its password; *url NULL: there is none. */
bool proxies_url(struct store *store, struct db *db, const char *owner, char **url, GError **error);
/* Seals the passwords with the current key; adds how many there were. */
bool proxies_reseal(struct tx *tx, int64_t *count, GError **error);

#endif

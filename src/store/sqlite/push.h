/* What the two views of push subscriptions share. */
#ifndef POSTROOM_STORE_SQLITE_PUSH_H
#define POSTROOM_STORE_SQLITE_PUSH_H

#include "store/sqlite/engine.h"

enum push_state { PUSH_NEW, PUSH_SENT, PUSH_VERIFIED };

/* "Email,Mailbox" as a list; NULL: all. (transfer full) */
char **push_types(const char *text);
/* Address and keys are sealed together, for this row (SECURITY.md 3). */
GBytes *push_seal(const struct store *store, int64_t id, const struct secret *url,
                  const struct secret *p256dh, const struct secret *auth);
/* The keys stay NULL when there are none. (transfer full) each. ERROR_CRYPTO. */
bool push_unseal(const struct store *store, int64_t id, GBytes *sealed, struct secret **url,
                 struct secret **p256dh, struct secret **auth, GError **error);
/* Those of an older key anew; *count grows. */
bool push_reseal(struct tx *tx, int64_t *count, GError **error);

#endif

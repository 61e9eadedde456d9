/* What the mail server says of its limits, inside the engine. */
#ifndef POSTROOM_STORE_SQLITE_QUOTAS_H
#define POSTROOM_STORE_SQLITE_QUOTAS_H

#include "store/sqlite/engine.h"

/* For struct store_quota. (transfer full) */
GPtrArray *quotas_new(void);
/* Adds those of the account. */
void quotas_list(struct db *db, int64_t account, GPtrArray *list, GError **error);
/* So much more of it fits, as far as the server said not long ago: what it said before then may
 * have changed, and it is for the server to refuse. */
bool quotas_leave_room(struct db *db, int64_t account, enum store_quota_of of, uint64_t more);
/* Something did not fit: the server is asked, so that room that was made since is seen. */
bool quotas_ask_anew(struct tx *tx, int64_t account, GError **error);

#endif

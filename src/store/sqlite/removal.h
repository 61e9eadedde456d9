/* Removing an account: marked in one transaction, emptied in slices, continued after a crash. */
#ifndef POSTROOM_STORE_SQLITE_REMOVAL_H
#define POSTROOM_STORE_SQLITE_REMOVAL_H

#include "store/sqlite/engine.h"

/* Nobody reaches it from here on; its credentials are gone. */
bool removal_mark(struct tx *tx, int64_t account, GError **error);
/* Removes everything of a marked account. Blocks; from a caller's thread. */
bool removal_finish(struct store *store, int64_t account, GError **error);

#endif

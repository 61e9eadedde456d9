/* For whoever else writes mails by himself: vacation responses. */
#ifndef POSTROOM_STORE_SQLITE_NOTICES_H
#define POSTROOM_STORE_SQLITE_NOTICES_H

#include "store/sqlite/engine.h"

/* A submission of no email: nobody sees it, and it goes when it has ended. once is not looked at;
 * packed: the message as blob_pack makes it. */
bool notices_submit(struct tx *tx, const struct store_notice *notice, GBytes *packed,
                    GError **error);

#endif

/* Updates of one Mailbox/set whose names go round: A becomes B and B becomes A (RFC 8620, 5.3). */
#ifndef POSTROOM_JMAP_MAILBOX_EXCHANGE_H
#define POSTROOM_JMAP_MAILBOX_EXCHANGE_H

#include "store/mail.h"

/* list: struct store_mailbox_change, none of which can be made alone. Makes those that stand in a
 * circle, each circle as a whole, and notes them in done, which has room for all. */
void jmap_mailbox_exchange(const struct store_access *access, const GArray *list, bool *done);

#endif

/* The list that Mailbox/query and Mailbox/queryChanges are about (RFC 8621, 2.3). */
#ifndef POSTROOM_JMAP_MAILBOX_QUERY_H
#define POSTROOM_JMAP_MAILBOX_QUERY_H

#include "jmap/engine/engine.h"

/* All ids that filter and sort of the arguments give. (transfer full), or NULL: answered. all, when
 * wanted: every struct store_mailbox of the account (transfer full), or NULL. */
GArray *jmap_mailbox_list(struct jmap_call *call, uint64_t *state, GPtrArray **all);

#endif

/* New emails on their way into the store, from Email/set and Email/import. */
#ifndef POSTROOM_JMAP_EMAIL_STORE_ITEM_H
#define POSTROOM_JMAP_EMAIL_STORE_ITEM_H

#include "jmap/engine/engine.h"

/* Puts a message that is blob into set, in an account (0: the set's). Returns the item. mailboxes
 * and flags are copied. */
size_t jmap_email_store(struct store_set *set, int64_t account, int64_t blob, GBytes *message,
                        GArray *mailboxes, const struct mail_flags *flags, int64_t received_at);
/* {id, blobId, threadId, size} of a created one. (transfer full) */
json_t *jmap_email_created(const struct store_email *email);

/* A service may send receipts for a mail put into a folder that asks for one
 * (docs/internals/exchange.md): the fields that ask are left out. Takes and gives (transfer full).
 */
GBytes *jmap_email_without_receipts(GBytes *message, bool *changed);

#endif

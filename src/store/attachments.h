/* Attachments whose contents are still to be read: a queue that emails join when their message is
 * stored (`unread`) and leave when they are read, hidden or deleted. What cannot be read is counted
 * as long as its email is there. Only attach, app and the store itself may include this. */
#ifndef POSTROOM_STORE_ATTACHMENTS_H
#define POSTROOM_STORE_ATTACHMENTS_H

#include "store/mail.h"

/* Internal numbers of emails, newest first, of the one account that has the newest of all and is
 * not in its first sync; an empty list: none wait (*account is 0 then, or -1 when first syncs hold
 * all of them back). (transfer full) or NULL. */
GArray *store_attachments_next(struct store *store, size_t limit, int64_t *account, GError **error);

/* An email whose attachments were read. words: those of the contents, broken and folded in their
 * order, a space between; NULL: nothing was found in them, or none could be read. */
struct store_attached {
    int64_t email;
    const char *words;
    unsigned unreadable; /* so many of its attachments cannot be read */
};
/* They leave the queue, and the words are in the index, in one transaction of the bulk lane.
 * Emails that left the queue meanwhile are passed over. Blocks until durable. */
bool store_attachments_put(struct store *store, const struct store_attached *list, size_t count,
                           GError **error);
/* What the account's LinkedAccount says of it has changed: listeners are told. */
void store_attachments_told(struct store *store, int64_t account);

#endif

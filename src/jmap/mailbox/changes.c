#include "jmap/methods.h"

/* RFC 8621, 2.2. */
void jmap_mailbox_changes(struct jmap_call *call)
{
    struct store_changes changes = {0};

    if (!jmap_changes_read(call, STORE_MAILBOX, &changes))
        return;
    jmap_changes_answer(call, &changes, 'm',
                        json_pack("[s, s, s, s]", "totalEmails", "unreadEmails", "totalThreads",
                                  "unreadThreads"));
    store_changes_clear(&changes);
}

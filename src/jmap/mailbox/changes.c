#include "jmap/methods.h"

/* RFC 8621, 2.2. */
void jmap_mailbox_changes(struct jmap_call *call)
{
    struct store_changes changes = {0};
    GError *error = NULL;
    uint64_t since;
    size_t max;
    json_t *updated = json_null();

    if (!jmap_changes_arguments(call, &since, &max))
        return;
    if (store_changes(call->access, STORE_MAILBOX, since, max, &changes, &error)) {
        if (changes.counts_only)
            updated = json_pack("[s, s, s, s]", "totalEmails", "unreadEmails", "totalThreads",
                                "unreadThreads");
        jmap_changes_answer(call, &changes, 'm', json_pack("{s: o}", "updatedProperties", updated));
    } else {
        jmap_fail_error(call, error);
    }
    store_changes_clear(&changes);
}

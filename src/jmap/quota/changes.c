#include "jmap/methods.h"
#include "jmap/quota/list.h"

/* RFC 9425, 4.3. */
void jmap_quota_changes(struct jmap_call *call)
{
    struct store_changes changes = {0};

    if (!jmap_changes_read(call, STORE_QUOTA, &changes))
        return;
    if (!jmap_quota_is_visible(call)) {
        g_array_set_size(changes.created, 0);
        g_array_set_size(changes.updated, 0);
        g_array_set_size(changes.destroyed, 0);
    }
    jmap_changes_answer(call, &changes, 'q', json_pack("[s]", "used"));
    store_changes_clear(&changes);
}

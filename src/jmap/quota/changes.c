#include "jmap/methods.h"
#include "jmap/quota/list.h"

/* RFC 9425, 4.3. */
void jmap_quota_changes(struct jmap_call *call)
{
    struct store_changes changes = {0};
    GError *error = NULL;
    uint64_t since;
    size_t max;

    if (!jmap_changes_arguments(call, &since, &max))
        return;
    if (store_changes(call->access, STORE_QUOTA, since, max, &changes, &error)) {
        json_t *updated = changes.counts_only ? json_pack("[s]", "used") : json_null();

        if (!jmap_quota_is_visible(call)) {
            g_array_set_size(changes.created, 0);
            g_array_set_size(changes.updated, 0);
            g_array_set_size(changes.destroyed, 0);
        }
        jmap_changes_answer(call, &changes, 'q', json_pack("{s: o}", "updatedProperties", updated));
    } else {
        jmap_fail_error(call, error);
    }
    store_changes_clear(&changes);
}

#include "sync/plan.h"

static void plan_membership(struct sync_plan *plan, const struct store_remote_message *local,
                            size_t local_count, const uint32_t *uids, size_t uid_count)
{
    size_t l = 0, r = 0;
    while (l < local_count || r < uid_count) {
        if (l == local_count || (r < uid_count && uids[r] < local[l].uid)) {
            g_array_append_val(plan->fresh, uids[r]);
            r++;
        } else if (r == uid_count || local[l].uid < uids[r]) {
            g_array_append_val(plan->vanished, local[l].uid);
            l++;
        } else {
            l++;
            r++;
        }
    }
}

void sync_plan_make(struct sync_plan *plan, const struct store_remote_message *local,
                    size_t local_count, const uint32_t *uids, size_t uid_count,
                    const struct sync_seen *seen, size_t seen_count)
{
    plan->fresh = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    plan->vanished = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    plan->flags = g_array_new(FALSE, FALSE, sizeof(size_t));
    plan_membership(plan, local, local_count, uids, uid_count);

    size_t l = 0;
    for (size_t s = 0; s < seen_count; s++) {
        while (l < local_count && local[l].uid < seen[s].uid)
            l++;
        if (l == local_count)
            break;
        if (local[l].uid != seen[s].uid || local[l].skipped)
            continue;
        /* The keywords last seen are not loaded for the comparison: where either side has any, the
         * store compares. */
        if (local[l].flag_bits != seen[s].flags.bits || seen[s].flags.keywords != NULL ||
            local[l].has_keywords)
            g_array_append_val(plan->flags, s);
    }
}

void sync_plan_clear(struct sync_plan *plan)
{
    g_clear_pointer(&plan->fresh, g_array_unref);
    g_clear_pointer(&plan->vanished, g_array_unref);
    g_clear_pointer(&plan->flags, g_array_unref);
}

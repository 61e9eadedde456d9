#include "jmap/methods.h"
#include "jmap/quota/list.h"

#include <string.h>

/* RFC 9425, 4.5. */

static bool sorts_by_used(const struct jmap_call *call)
{
    json_t *item;
    size_t i;

    json_array_foreach(jmap_arg(call, "sort"), i,
                       item) if (g_strcmp0(json_string_value(json_object_get(item, "property")),
                                           "used") == 0) return true;
    return false;
}

void jmap_quota_query_changes(struct jmap_call *call)
{
    struct store_changes log = {0};
    uint64_t state = 0;
    g_autoptr(GArray) ids = jmap_quota_ids(call, &state);

    if (ids == NULL || !jmap_query_changes_log(call, STORE_QUOTA, &log))
        return;
    if (log.counts_only && !sorts_by_used(call))
        g_array_set_size(log.updated, 0); /* no place in the list depends on it */
    jmap_query_changes_answer_list(call, state, ids, 'q', &log);
    store_changes_clear(&log);
}

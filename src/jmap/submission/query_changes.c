#include "jmap/methods.h"
#include "jmap/submission/query.h"

/* RFC 8621, 7.4. */
void jmap_submission_query_changes(struct jmap_call *call)
{
    struct store_changes log = {0};
    uint64_t state = 0;
    g_autoptr(GArray) ids = jmap_submission_list(call, &state);

    if (ids == NULL || !jmap_query_changes_log(call, STORE_SUBMISSION, &log))
        return;
    jmap_query_changes_answer_list(call, state, ids, 's', &log);
    store_changes_clear(&log);
}

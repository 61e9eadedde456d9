#include "jmap/methods.h"
#include "jmap/quota/list.h"

/* RFC 9425, 4.4. */
void jmap_quota_query(struct jmap_call *call)
{
    uint64_t state = 0;
    GArray *ids = jmap_quota_ids(call, &state);

    if (ids != NULL)
        jmap_query_answer_list(call, state, ids, 'q');
}

#include "jmap/methods.h"

void jmap_query_changes_never(struct jmap_call *call)
{
    jmap_fail(call, "cannotCalculateChanges", NULL);
}

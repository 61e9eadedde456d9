#include "jmap/methods.h"

/* RFC 8621, 7.2. */
void jmap_submission_changes(struct jmap_call *call)
{
    jmap_changes_run(call, STORE_SUBMISSION, 's');
}

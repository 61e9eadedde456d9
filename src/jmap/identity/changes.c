#include "jmap/methods.h"

/* RFC 8621, 6.2. */
void jmap_identity_changes(struct jmap_call *call)
{
    jmap_changes_run(call, STORE_IDENTITY, 'i');
}

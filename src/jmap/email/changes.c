#include "jmap/methods.h"

/* RFC 8621, 4.3. */
void jmap_email_changes(struct jmap_call *call)
{
    jmap_changes_run(call, STORE_EMAIL, 'e');
}

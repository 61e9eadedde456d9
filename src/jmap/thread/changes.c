#include "jmap/methods.h"

/* RFC 8621, 3.2. */
void jmap_thread_changes(struct jmap_call *call)
{
    jmap_changes_run(call, STORE_THREAD, 't');
}

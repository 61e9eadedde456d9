#include "jmap/methods.h"

/* RFC 8620, 4. */
void jmap_core_echo(struct jmap_call *call)
{
    jmap_respond(call, json_incref(call->args));
}

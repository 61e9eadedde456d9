#include "jmap/identity/object.h"
#include "jmap/methods.h"

/* RFC 8621, 6.1. */

static const char *const properties[] = {
    "id",
    "name",
    "email",
    "replyTo",
    "bcc",
    "textSignature",
    "htmlSignature",
    "mayDelete",
    JMAP_IDENTITY_VERIFICATION,
    NULL,
};

void jmap_identity_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) identities = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_get_begin(call, properties, 'i', &get))
        return;
    identities = store_identities(call->access, &state, &error);
    if (identities == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < identities->len; i++) {
        const struct store_identity *identity = g_ptr_array_index(identities, i);

        if (jmap_get_wants(&get, identity->id))
            jmap_get_add(call, &get, identity->id, jmap_identity_object(call, identity));
    }
    jmap_get_end(call, &get, &state);
}

#include "jmap/identity/object.h"
#include "jmap/methods.h"

/* RFC 8621, 6.1. */

static const char *const properties[] = {
    "id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete", NULL,
};

void jmap_identity_get(struct jmap_call *call)
{
    json_t *not_found = json_array(), *list = json_array();
    g_autoptr(GArray) ids = NULL, found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) identities = NULL;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_properties_check(call, properties) ||
        !jmap_get_ids(call, "ids", 'i', &ids, not_found))
        goto refused;
    identities = store_identities(call->access, &state, &error);
    if (identities == NULL) {
        jmap_fail_error(call, error);
        goto refused;
    }
    for (size_t i = 0; i < identities->len; i++) {
        const struct store_identity *identity = g_ptr_array_index(identities, i);
        json_t *object;

        g_array_append_val(found, identity->id);
        if (ids != NULL && !jmap_ids_contain(ids, identity->id))
            continue;
        object = jmap_identity_object(identity);
        jmap_properties_apply(call, object);
        json_array_append_new(list, object);
    }
    jmap_get_missing(ids, found, 'i', not_found);
    jmap_get_answer(call, state, list, not_found);
    return;
refused:
    json_decref(list);
    json_decref(not_found);
}

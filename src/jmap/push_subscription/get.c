#include "jmap/methods.h"
#include "jmap/push_subscription/object.h"

/* RFC 8620, 7.2.1: no account, no state, and address and keys are never told. */

static const char *const properties[] = {
    "id", "deviceClientId", "verificationCode", "expires", "types", NULL,
};

json_t *jmap_push_object(const struct store_push *push)
{
    json_t *types = push->types != NULL ? json_array() : json_null();

    for (size_t i = 0; push->types != NULL && push->types[i] != NULL; i++)
        if (push->types[i][0] != '\0')
            json_array_append_new(types, jmap_json_text(push->types[i]));
    return json_pack("{s: o, s: o, s: o, s: o, s: o}", "id", jmap_id('p', push->id),
                     "deviceClientId", jmap_json_text(push->device), "verificationCode",
                     jmap_json_text(push->code), "expires", jmap_json_utc_or_null(push->expires),
                     "types", types);
}

/* true: answered. */
static bool asks_for_secrets(struct jmap_call *call)
{
    json_t *item;
    size_t i;

    json_array_foreach(jmap_arg(call, "properties"), i, item)
    {
        const char *name = json_string_value(item);

        if (strcmp(name, "url") == 0 || strcmp(name, "keys") == 0) {
            jmap_fail(call, "forbidden", "url and keys are never told");
            return true;
        }
    }
    return false;
}

void jmap_push_subscription_get(struct jmap_call *call)
{
    const struct jmap_request *request = call->request;
    g_autoptr(GPtrArray) pushes = NULL;
    struct jmap_get get;
    GError *error = NULL;

    if (asks_for_secrets(call) || !jmap_get_begin(call, properties, 'p', &get))
        return;
    pushes = store_pushes(request->jmap->config.store, request->principal, &error);
    if (pushes == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    for (size_t i = 0; i < pushes->len; i++) {
        const struct store_push *push = g_ptr_array_index(pushes, i);

        if (jmap_get_wants(&get, push->id))
            jmap_get_add(call, &get, push->id, jmap_push_object(push));
    }
    jmap_get_end(call, &get, NULL);
}

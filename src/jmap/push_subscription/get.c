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

static void answer(struct jmap_call *call, const GPtrArray *pushes, const GArray *ids,
                   json_t *not_found)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_t *list = json_array();

    for (size_t i = 0; i < pushes->len; i++) {
        const struct store_push *push = g_ptr_array_index(pushes, i);
        json_t *object;

        if (ids != NULL && !jmap_ids_contain(ids, push->id))
            continue;
        g_array_append_val(found, push->id);
        object = jmap_push_object(push);
        jmap_properties_apply(call, object);
        json_array_append_new(list, object);
    }
    jmap_get_missing(ids, found, 'p', not_found);
    jmap_respond(call, json_pack("{s: o, s: O}", "list", list, "notFound", not_found));
}

void jmap_push_subscription_get(struct jmap_call *call)
{
    const struct jmap_request *request = call->request;
    json_t *not_found = json_array();
    g_autoptr(GArray) ids = NULL;
    g_autoptr(GPtrArray) pushes = NULL;
    GError *error = NULL;

    if (!asks_for_secrets(call) && jmap_properties_check(call, properties) &&
        jmap_get_ids(call, "ids", 'p', &ids, not_found)) {
        pushes = store_pushes(request->jmap->config.store, request->principal, &error);
        if (pushes != NULL)
            answer(call, pushes, ids, not_found);
        else
            jmap_fail_error(call, error);
    }
    json_decref(not_found);
}

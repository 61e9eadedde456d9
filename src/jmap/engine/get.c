#include "jmap/engine/engine.h"

/* RFC 8620, 5.1. */

bool jmap_ids_contain(const GArray *ids, int64_t number)
{
    for (size_t i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == number)
            return true;
    return false;
}

bool jmap_get_ids(struct jmap_call *call, const char *argument, char prefix, GArray **ids,
                  json_t *not_found)
{
    json_t *list = jmap_arg(call, argument), *item;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    size_t i;

    *ids = NULL;
    if (list == NULL)
        return true;
    if (json_array_size(list) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many ids in one call");
        return false;
    }
    *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);
        const char *real = jmap_id_resolve(call->request, text);
        int64_t number = jmap_id_parse(prefix, real);

        if (!g_hash_table_add(seen, (gpointer)(uintptr_t)(number != 0 ? real : text)))
            continue;
        if (number != 0)
            g_array_append_val(*ids, number);
        else
            json_array_append(not_found, item);
    }
    return true;
}

void jmap_get_missing(const GArray *ids, const GArray *found, char prefix, json_t *not_found)
{
    for (size_t i = 0; ids != NULL && i < ids->len; i++) {
        int64_t id = g_array_index(ids, int64_t, i);

        if (!jmap_ids_contain(found, id))
            json_array_append_new(not_found, jmap_id(prefix, id));
    }
}

bool jmap_properties_check(struct jmap_call *call, const char *const *known)
{
    json_t *list = jmap_arg(call, "properties"), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (!g_strv_contains(known, json_string_value(item))) {
            jmap_fail(call, "invalidArguments", "unknown property");
            return false;
        }
    }
    return true;
}

void jmap_properties_apply(const struct jmap_call *call, json_t *object)
{
    json_t *list = jmap_arg(call, "properties"), *kept, *item;
    size_t i;

    if (list == NULL)
        return;
    kept = json_object();
    json_object_set(kept, "id", json_object_get(object, "id"));
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);

        json_object_set(kept, name, json_object_get(object, name));
    }
    json_object_clear(object);
    json_object_update(object, kept);
    json_decref(kept);
}

void jmap_get_answer(struct jmap_call *call, const uint64_t *state, json_t *list, json_t *not_found)
{
    json_t *answer = jmap_answer(call);

    if (state != NULL)
        json_object_set_new(answer, "state", jmap_state(*state));
    json_object_set_new(answer, "list", list);
    json_object_set_new(answer, "notFound", not_found);
    jmap_respond(call, answer);
}

/* --- object by object --- */

bool jmap_get_begin(struct jmap_call *call, const char *const *known, char prefix,
                    struct jmap_get *get)
{
    *get = (struct jmap_get){.trims = known != NULL, .prefix = prefix};
    if (known != NULL && !jmap_properties_check(call, known))
        return false;
    get->not_found = json_array();
    if (!jmap_get_ids(call, "ids", prefix, &get->ids, get->not_found)) {
        jmap_get_clear(get);
        return false;
    }
    get->found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    get->list = json_array();
    return true;
}

void jmap_get_clear(struct jmap_get *get)
{
    g_clear_pointer(&get->ids, g_array_unref);
    g_clear_pointer(&get->found, g_array_unref);
    g_clear_pointer(&get->list, json_decref);
    g_clear_pointer(&get->not_found, json_decref);
}

bool jmap_get_wants(const struct jmap_get *get, int64_t id)
{
    return get->ids == NULL || jmap_ids_contain(get->ids, id);
}

void jmap_get_add(struct jmap_call *call, struct jmap_get *get, int64_t id, json_t *object)
{
    if (get->trims)
        jmap_properties_apply(call, object);
    g_array_append_val(get->found, id);
    json_array_append_new(get->list, object);
}

void jmap_get_end(struct jmap_call *call, struct jmap_get *get, const uint64_t *state)
{
    jmap_get_missing(get->ids, get->found, get->prefix, get->not_found);
    jmap_get_answer(call, state, g_steal_pointer(&get->list), g_steal_pointer(&get->not_found));
    jmap_get_clear(get);
}

void jmap_get_fail(struct jmap_call *call, struct jmap_get *get, GError *error)
{
    jmap_fail_error(call, error);
    jmap_get_clear(get);
}

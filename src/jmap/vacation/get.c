#include "jmap/methods.h"
#include "jmap/vacation/object.h"

/* RFC 8621, 8.1. */

static const char *const properties[] = {
    "id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody", NULL,
};

/* The object is asked for; ids that it has not got go to not_found, once each. */
static bool is_wanted(const json_t *ids, json_t *not_found)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    bool wanted = ids == NULL;
    json_t *item;
    size_t i;

    json_array_foreach(ids, i, item)
    {
        const char *id = json_string_value(item);

        if (strcmp(id, VACATION_ID) == 0)
            wanted = true;
        else if (g_hash_table_add(seen, (gpointer)(uintptr_t)id))
            json_array_append(not_found, item);
    }
    return wanted;
}

static json_t *load(struct jmap_call *call, uint64_t *state, GError **error)
{
    struct store_vacation vacation;
    json_t *object = NULL;

    if (store_vacation(call->access, &vacation, state, error)) {
        object = jmap_vacation_object(&vacation);
        jmap_properties_apply(call, object);
    }
    store_vacation_clear(&vacation);
    return object;
}

void jmap_vacation_get(struct jmap_call *call)
{
    const json_t *ids = jmap_arg(call, "ids");
    json_t *list, *not_found, *object;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_properties_check(call, properties))
        return;
    if (json_array_size(ids) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many ids in one call");
        return;
    }
    object = load(call, &state, &error);
    if (object == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    list = json_array();
    not_found = json_array();
    if (is_wanted(ids, not_found))
        json_array_append(list, object);
    json_decref(object);
    jmap_get_answer(call, &state, list, not_found);
}

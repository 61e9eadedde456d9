#include "jmap/record/record.h"

#include <string.h>

/* RFC 8620, 5.1. */

static char **property_names(const struct jmap_record_type *type)
{
    GPtrArray *names = g_ptr_array_new();

    g_ptr_array_add(names, g_strdup("id"));
    if ((type->type & STORE_PERSONAL) == 0)
        g_ptr_array_add(names, g_strdup("accountId"));
    for (const struct jmap_field *field = type->fields; field->name != NULL; field++)
        g_ptr_array_add(names, g_strdup(field->name));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

/* The one object, whether anything was kept of it or not. */
static void answer_singleton(struct jmap_call *call, const struct jmap_record_type *type,
                             const GPtrArray *records, uint64_t state)
{
    const struct store_record *record = records->len > 0 ? records->pdata[0] : NULL;
    json_t *ids = jmap_arg(call, "ids"), *list = json_array(), *not_found = json_array(), *item;
    bool wanted = ids == NULL;
    size_t i;

    json_array_foreach(ids, i, item)
    {
        if (strcmp(json_string_value(item), "singleton") == 0)
            wanted = true;
        else
            json_array_append(not_found, item);
    }
    if (wanted) {
        json_t *object = jmap_record_object(type, record != NULL ? record->data : NULL, 0, 0);

        jmap_properties_apply(call, object);
        json_array_append_new(list, object);
    }
    jmap_get_answer(call, &state, list, not_found);
}

static void answer(struct jmap_call *call, const struct jmap_record_type *type,
                   const GPtrArray *records, uint64_t state)
{
    struct jmap_get get;

    if (!jmap_get_begin(call, NULL, 'r', &get))
        return;
    get.trims = true;
    for (guint i = 0; i < records->len; i++) {
        const struct store_record *record = records->pdata[i];

        if (jmap_get_wants(&get, record->id))
            jmap_get_add(call, &get, record->id,
                         jmap_record_object(type, record->data, record->id, record->account));
    }
    jmap_get_end(call, &get, &state);
}

void jmap_record_get(struct jmap_call *call)
{
    const struct jmap_record_type *type = jmap_record_type(call);
    g_auto(GStrv) names = property_names(type);
    g_autoptr(GPtrArray) records = NULL;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_properties_check(call, (const char *const *)names))
        return;
    if (json_array_size(jmap_arg(call, "ids")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many ids in one call");
        return;
    }
    records = store_records(call->access, type->type, &state, &error);
    if (records == NULL)
        jmap_fail_error(call, error);
    else if (type->is_singleton)
        answer_singleton(call, type, records, state);
    else
        answer(call, type, records, state);
}

void jmap_record_changes(struct jmap_call *call)
{
    jmap_changes_run(call, jmap_record_type(call)->type, 'r');
}

#include "jmap/engine/engine.h"

#include <string.h>

/* RFC 8620, 5.5. */

size_t jmap_query_limit(const struct jmap_call *call, bool *clamped)
{
    int64_t limit = jmap_arg_int(call, "limit", INT64_MAX);

    *clamped = limit > JMAP_MAX_QUERY;
    return (size_t)MIN(limit, JMAP_MAX_QUERY);
}

/* The index of the first result; -1: the anchor is not among them. */
static int64_t first_index(const struct jmap_call *call, const GArray *ids, char prefix)
{
    const char *anchor = jmap_arg_string(call, "anchor");
    int64_t number, position = jmap_arg_int(call, "position", 0);

    if (anchor == NULL)
        return position >= 0 ? position : MAX(0, position + (int64_t)ids->len);
    number = jmap_id_find(call->request, prefix, anchor);
    for (size_t i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == number)
            return MAX(0, (int64_t)i + jmap_arg_int(call, "anchorOffset", 0));
    return -1;
}

static bool has_changes(const struct jmap_call *call)
{
    g_autofree char *name = g_strconcat(call->method->name, "Changes", NULL);
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(methods[i].name, name) == 0)
            return true;
    return false;
}

void jmap_query_answer_list(struct jmap_call *call, uint64_t state, GArray *ids, char prefix)
{
    int64_t first = first_index(call, ids, prefix);
    bool clamped;
    size_t limit = jmap_query_limit(call, &clamped);
    json_t *answer, *list;

    if (first < 0) {
        jmap_fail(call, "anchorNotFound", NULL);
        g_array_unref(ids);
        return;
    }
    answer = jmap_answer(call);
    list = json_array();
    for (uint64_t i = (uint64_t)first; i < ids->len && json_array_size(list) < limit; i++)
        json_array_append_new(list, jmap_id(prefix, g_array_index(ids, int64_t, i)));
    json_object_set_new(answer, "queryState", jmap_state(state));
    json_object_set_new(answer, "canCalculateChanges", json_boolean(has_changes(call)));
    json_object_set_new(answer, "position", json_integer(first));
    json_object_set_new(answer, "ids", list);
    if (jmap_arg_bool(call, "calculateTotal"))
        json_object_set_new(answer, "total", json_integer(ids->len));
    if (clamped)
        json_object_set_new(answer, "limit", json_integer(JMAP_MAX_QUERY));
    jmap_respond(call, answer);
    g_array_unref(ids);
}

#include "jmap/engine/engine.h"

/* RFC 8620, 5.6. */

bool jmap_query_changes_arguments(struct jmap_call *call, uint64_t *since, size_t *max)
{
    int64_t limit = jmap_arg_int(call, "maxChanges", JMAP_MAX_QUERY_CHANGES);

    if (!jmap_state_parse(jmap_arg_string(call, "sinceQueryState"), since)) {
        jmap_fail(call, "cannotCalculateChanges", NULL);
        return false;
    }
    *max = (size_t)MIN(limit, JMAP_MAX_QUERY_CHANGES);
    return true;
}

void jmap_query_changes_too_many(struct jmap_call *call)
{
    bool asked = jmap_arg_int(call, "maxChanges", INT64_MAX) <= JMAP_MAX_QUERY_CHANGES;

    jmap_fail(call, asked ? "tooManyChanges" : "cannotCalculateChanges", NULL);
}

static json_t *added_list(const GArray *added, char prefix)
{
    json_t *list = json_array();

    for (size_t i = 0; i < added->len; i++) {
        const struct store_query_added *item = &g_array_index(added, struct store_query_added, i);

        json_array_append_new(list, json_pack("{s: o, s: I}", "id", jmap_id(prefix, item->id),
                                              "index", (json_int_t)item->index));
    }
    return list;
}

void jmap_query_changes_answer(struct jmap_call *call, const struct store_query_changes *changes,
                               char prefix)
{
    json_t *answer = jmap_answer(call), *removed = json_array();

    for (size_t i = 0; i < changes->removed->len; i++)
        json_array_append_new(removed,
                              jmap_id(prefix, g_array_index(changes->removed, int64_t, i)));
    json_object_set_new(answer, "oldQueryState",
                        json_string(jmap_arg_string(call, "sinceQueryState")));
    json_object_set_new(answer, "newQueryState", jmap_state(changes->new_state));
    json_object_set_new(answer, "removed", removed);
    json_object_set_new(answer, "added", added_list(changes->added, prefix));
    if (changes->has_total)
        json_object_set_new(answer, "total", json_integer((json_int_t)changes->total));
    jmap_respond(call, answer);
}

/* --- lists that are known as a whole --- */

bool jmap_query_changes_log(struct jmap_call *call, enum store_type type, struct store_changes *log)
{
    GError *error = NULL;
    uint64_t since;
    size_t max;

    if (!jmap_query_changes_arguments(call, &since, &max))
        return false;
    if (store_changes(call->access, type, since, 0, log, &error))
        return true;
    jmap_fail_error(call, error);
    store_changes_clear(log);
    return false;
}

static void add_all(GHashTable *set, const GArray *ids)
{
    for (size_t i = 0; i < ids->len; i++)
        g_hash_table_add(set, &g_array_index(ids, int64_t, i));
}

static void list_added(const GArray *ids, GHashTable *touched, GArray *added)
{
    for (size_t i = 0; i < ids->len; i++) {
        const struct store_query_added item = {g_array_index(ids, int64_t, i), i};

        if (g_hash_table_contains(touched, &item.id))
            g_array_append_val(added, item);
    }
}

void jmap_query_changes_answer_list(struct jmap_call *call, uint64_t state, const GArray *ids,
                                    char prefix, const struct store_changes *log)
{
    g_autoptr(GHashTable) touched = g_hash_table_new(g_int64_hash, g_int64_equal);
    struct store_query_changes changes = {.new_state = state,
                                          .has_total = jmap_arg_bool(call, "calculateTotal"),
                                          .total = ids->len,
                                          .removed = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                                          .added = g_array_new(FALSE, FALSE,
                                                               sizeof(struct store_query_added))};
    int64_t max = jmap_arg_int(call, "maxChanges", JMAP_MAX_QUERY_CHANGES);

    g_array_append_vals(changes.removed, log->updated->data, log->updated->len);
    g_array_append_vals(changes.removed, log->destroyed->data, log->destroyed->len);
    add_all(touched, changes.removed);
    add_all(touched, log->created);
    list_added(ids, touched, changes.added);
    if (changes.removed->len + changes.added->len > MIN(max, JMAP_MAX_QUERY_CHANGES))
        jmap_query_changes_too_many(call);
    else
        jmap_query_changes_answer(call, &changes, prefix);
    store_query_changes_clear(&changes);
}

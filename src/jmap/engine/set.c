#include "jmap/engine/engine.h"

/* RFC 8620, 5.3. */

/* What is named twice is destroyed once. */
static void merge_destroys(struct jmap_call *call)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *list = jmap_arg(call, "destroy"), *once, *item;
    size_t i;

    if (list == NULL)
        return;
    once = json_array();
    json_array_foreach(list, i, item)
    {
        if (g_hash_table_add(seen, (gpointer)(uintptr_t)json_string_value(item)))
            json_array_append(once, item);
    }
    json_object_set_new(call->args, "destroy", once);
}

bool jmap_set_begin(struct jmap_call *call, struct jmap_set *set)
{
    size_t count = json_object_size(jmap_arg(call, "create")) +
                   json_object_size(jmap_arg(call, "update")) +
                   json_array_size(jmap_arg(call, "destroy"));

    if (count > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many objects in one call");
        return false;
    }
    merge_destroys(call);
    *set = (struct jmap_set){json_object(), json_object(), json_array(),
                             json_object(), json_object(), json_object()};
    return true;
}

void jmap_set_clear(struct jmap_set *set)
{
    json_decref(set->created);
    json_decref(set->updated);
    json_decref(set->destroyed);
    json_decref(set->not_created);
    json_decref(set->not_updated);
    json_decref(set->not_destroyed);
    *set = (struct jmap_set){0};
}

json_t *jmap_or_null(json_t *value)
{
    return json_object_size(value) == 0 && json_array_size(value) == 0 ? json_null() : value;
}

void jmap_set_answer(struct jmap_call *call, struct jmap_set *set, const char *old_state,
                     const char *new_state)
{
    json_t *answer = jmap_answer(call);

    if (new_state != NULL) {
        json_object_set_new(answer, "oldState", jmap_json_text(old_state));
        json_object_set_new(answer, "newState", jmap_json_text(new_state));
    }
    json_object_set(answer, "created", jmap_or_null(set->created));
    json_object_set(answer, "updated", jmap_or_null(set->updated));
    json_object_set(answer, "destroyed", jmap_or_null(set->destroyed));
    json_object_set(answer, "notCreated", jmap_or_null(set->not_created));
    json_object_set(answer, "notUpdated", jmap_or_null(set->not_updated));
    json_object_set(answer, "notDestroyed", jmap_or_null(set->not_destroyed));
    jmap_set_clear(set);
    jmap_respond(call, answer);
}

bool jmap_set_open(struct jmap_call *call, enum store_type type, struct jmap_set *set,
                   uint64_t *before)
{
    const char *condition = jmap_arg_string(call, "ifInState");
    uint64_t wanted;

    *before = store_state(call->access, type);
    if (condition == NULL || (jmap_state_parse(condition, &wanted) && wanted == *before))
        return jmap_set_begin(call, set);
    jmap_fail(call, "stateMismatch", NULL);
    return false;
}

void jmap_set_close(struct jmap_call *call, enum store_type type, struct jmap_set *set,
                    uint64_t before)
{
    g_autofree char *old_state = g_strdup_printf("%" G_GUINT64_FORMAT, before);
    g_autofree char *new_state =
        g_strdup_printf("%" G_GUINT64_FORMAT, store_state(call->access, type));

    jmap_set_answer(call, set, old_state, new_state);
}

void jmap_set_each(json_t *objects, jmap_set_one_fn *one, void *arg, json_t *failed)
{
    const char *key;
    json_t *object, *error;

    json_object_foreach(objects, key, object)
    {
        error = one(arg, key, object);
        if (error != NULL)
            json_object_set_new(failed, key, error);
    }
}

void jmap_set_each_destroy(const struct jmap_call *call, jmap_set_one_fn *destroy, void *arg,
                           json_t *failed)
{
    json_t *item, *error;
    size_t i;

    json_array_foreach(jmap_arg(call, "destroy"), i, item)
    {
        error = destroy(arg, json_string_value(item), NULL);
        if (error != NULL)
            json_object_set_new(failed, json_string_value(item), error);
    }
}

void jmap_set_carry_out(const struct jmap_call *call, struct jmap_set *set, jmap_set_one_fn *create,
                        jmap_set_one_fn *update, jmap_set_one_fn *destroy, void *arg)
{
    jmap_set_each(jmap_arg(call, "create"), create, arg, set->not_created);
    jmap_set_each(jmap_arg(call, "update"), update, arg, set->not_updated);
    jmap_set_each_destroy(call, destroy, arg, set->not_destroyed);
}

json_t *jmap_set_destroy(const struct jmap_call *call, struct jmap_set *set, const char *key,
                         char prefix, jmap_set_remove_fn *remove, void *arg)
{
    const char *id = jmap_id_resolve(call->request, key);
    int64_t number = jmap_id_parse(prefix, id);
    GError *error = NULL;

    if (number <= 0)
        return jmap_set_error("notFound", NULL);
    if (!remove(arg, number, &error))
        return jmap_set_error_of(error, NULL);
    json_array_append_new(set->destroyed, json_string(id));
    return NULL;
}

void jmap_set_commit_failed(struct jmap_call *call, bool committed, GError *error)
{
    if (!committed) {
        jmap_fail_error(call, error);
        return;
    }
    g_error_free(error);
    jmap_fail(call, "serverPartialFail", NULL);
}

bool jmap_set_destroys(const struct jmap_call *call, const char *id)
{
    json_t *list = jmap_arg(call, "destroy"), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *other = jmap_id_resolve(call->request, json_string_value(item));

        if (other != NULL && id != NULL && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

#include "jmap/engine/engine.h"

/* RFC 8620, 5.3. */

bool jmap_set_begin(struct jmap_call *call, struct jmap_set *set)
{
    size_t count = json_object_size(jmap_arg(call, "create")) +
                   json_object_size(jmap_arg(call, "update")) +
                   json_array_size(jmap_arg(call, "destroy"));

    if (count > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many objects in one call");
        return false;
    }
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

static void put(json_t *answer, const char *name, json_t *value)
{
    bool empty = json_object_size(value) == 0 && json_array_size(value) == 0;

    json_object_set(answer, name, empty ? json_null() : value);
}

void jmap_set_answer(struct jmap_call *call, struct jmap_set *set, const char *old_state,
                     const char *new_state)
{
    json_t *answer = jmap_answer(call);

    if (new_state != NULL) {
        json_object_set_new(answer, "oldState", jmap_json_text(old_state));
        json_object_set_new(answer, "newState", jmap_json_text(new_state));
    }
    put(answer, "created", set->created);
    put(answer, "updated", set->updated);
    put(answer, "destroyed", set->destroyed);
    put(answer, "notCreated", set->not_created);
    put(answer, "notUpdated", set->not_updated);
    put(answer, "notDestroyed", set->not_destroyed);
    jmap_set_clear(set);
    jmap_respond(call, answer);
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

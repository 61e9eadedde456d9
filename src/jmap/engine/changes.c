#include "jmap/engine/engine.h"

/* RFC 8620, 5.2. */

bool jmap_changes_arguments(struct jmap_call *call, uint64_t *since, size_t *max)
{
    int64_t limit = jmap_arg_int(call, "maxChanges", JMAP_MAX_CHANGES);

    if (limit == 0) {
        jmap_fail(call, "invalidArguments", "maxChanges must be greater than 0");
        return false;
    }
    if (!jmap_state_parse(jmap_arg_string(call, "sinceState"), since)) {
        jmap_fail(call, "cannotCalculateChanges", NULL);
        return false;
    }
    *max = (size_t)MIN(limit, JMAP_MAX_CHANGES);
    return true;
}

static json_t *ids_of(const GArray *numbers, char prefix)
{
    json_t *list = json_array();

    for (size_t i = 0; numbers != NULL && i < numbers->len; i++)
        json_array_append_new(list, jmap_id(prefix, g_array_index(numbers, int64_t, i)));
    return list;
}

void jmap_changes_answer(struct jmap_call *call, const struct store_changes *changes, char prefix,
                         json_t *counts)
{
    json_t *answer = jmap_answer(call);

    json_object_set_new(answer, "oldState", jmap_state(changes->old_state));
    json_object_set_new(answer, "newState", jmap_state(changes->new_state));
    json_object_set_new(answer, "hasMoreChanges", json_boolean(changes->has_more));
    json_object_set_new(answer, "created", ids_of(changes->created, prefix));
    json_object_set_new(answer, "updated", ids_of(changes->updated, prefix));
    json_object_set_new(answer, "destroyed", ids_of(changes->destroyed, prefix));
    if (counts != NULL)
        json_object_set(answer, "updatedProperties", changes->counts_only ? counts : json_null());
    json_decref(counts);
    jmap_respond(call, answer);
}

bool jmap_changes_read(struct jmap_call *call, enum store_type type, struct store_changes *changes)
{
    GError *error = NULL;
    uint64_t since;
    size_t max;

    if (!jmap_changes_arguments(call, &since, &max))
        return false;
    if (store_changes(call->access, type, since, max, changes, &error))
        return true;
    jmap_fail_error(call, error);
    store_changes_clear(changes);
    return false;
}

void jmap_changes_run(struct jmap_call *call, enum store_type type, char prefix)
{
    struct store_changes changes = {0};

    if (!jmap_changes_read(call, type, &changes))
        return;
    jmap_changes_answer(call, &changes, prefix, NULL);
    store_changes_clear(&changes);
}

void jmap_changes_run_whole(struct jmap_call *call, jmap_changes_fn *read, char prefix)
{
    struct store_changes changes = {0};
    GError *error = NULL;
    uint64_t since;
    size_t max;

    if (!jmap_changes_arguments(call, &since, &max))
        return;
    if (!read(call->request->jmap->config.store, call->request->principal, since, &changes, &error))
        jmap_fail_error(call, error);
    else if (changes.created->len + changes.updated->len + changes.destroyed->len > max)
        jmap_fail(call, "cannotCalculateChanges", NULL);
    else
        jmap_changes_answer(call, &changes, prefix, NULL);
    store_changes_clear(&changes);
}

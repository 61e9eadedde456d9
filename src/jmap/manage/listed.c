#include "jmap/manage/listed.h"

#include <string.h>

static char *state_of(const json_t *list)
{
    char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    free(text);
    hash[16] = '\0';
    return hash;
}

static json_t *find(const json_t *list, const char *id)
{
    json_t *object;
    size_t i;

    json_array_foreach(list, i, object)
    {
        if (g_strcmp0(json_string_value(json_object_get(object, "id")), id) == 0)
            return object;
    }
    return NULL;
}

static void answer_get(struct jmap_call *call, json_t *all)
{
    json_t *ids = jmap_arg(call, "ids"), *list = json_array(), *not_found = json_array(), *item;
    json_t *answer = jmap_answer(call);
    g_autofree char *state = state_of(all);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    size_t i;

    if (ids == NULL)
        json_array_extend(list, all);
    json_array_foreach(ids, i, item)
    {
        const char *id = jmap_id_resolve(call->request, json_string_value(item));
        json_t *object = find(all, id);

        if (!g_hash_table_add(seen, (gpointer)(uintptr_t)json_string_value(item)))
            continue;
        json_array_append(object != NULL ? list : not_found, object != NULL ? object : item);
    }
    json_array_foreach(list, i, item) jmap_properties_apply(call, item);
    json_object_set_new(answer, "state", json_string(state));
    json_object_set_new(answer, "list", list);
    json_object_set_new(answer, "notFound", not_found);
    jmap_respond(call, answer);
}

void jmap_listed_get(struct jmap_call *call, const struct jmap_listed *type)
{
    GError *error = NULL;
    json_t *all;

    if (!jmap_properties_check(call, type->properties))
        return;
    if (json_array_size(jmap_arg(call, "ids")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", NULL);
        return;
    }
    all = type->load(call, &error);
    if (all == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer_get(call, all);
    json_decref(all);
}

/* --- /set --- */

struct run {
    struct jmap_call *call;
    const struct jmap_listed *type;
    struct jmap_set answer;
};

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    json_t *created = NULL, *error;

    if (run->type->create == NULL)
        return jmap_set_error("forbidden", NULL);
    if (jmap_json_has_nul(object))
        return jmap_invalid_property("id", "a string holds a NUL character");
    error = run->type->create(run->call, object, &created);
    if (error != NULL)
        return error;
    jmap_id_created(run->call->request, key, json_object_get(created, "id"));
    json_object_set_new(run->answer.created, key, created);
    return NULL;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    json_t *error;

    if (id == NULL)
        return jmap_set_error("notFound", NULL);
    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    if (run->type->update == NULL)
        return jmap_set_error("forbidden", NULL);
    if (jmap_json_has_nul(patch))
        return jmap_invalid_property("id", "a string holds a NUL character");
    error = run->type->update(run->call, id, patch);
    if (error == NULL)
        json_object_set_new(run->answer.updated, id, json_null());
    return error;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    json_t *error;

    (void)unused;
    if (id == NULL)
        return jmap_set_error("notFound", NULL);
    if (run->type->destroy == NULL)
        return jmap_set_error("forbidden", NULL);
    error = run->type->destroy(run->call, id);
    if (error == NULL)
        json_array_append_new(run->answer.destroyed, json_string(id));
    return error;
}

/* What the server made of a new object (RFC 8620, 5.3); what is told once stays. */
static void complete_created(struct jmap_set *set, const json_t *all)
{
    const char *key;
    json_t *object;

    json_object_foreach(set->created, key, object)
    {
        json_t *whole = find(all, json_string_value(json_object_get(object, "id")));

        if (whole != NULL)
            json_object_update_missing(object, whole);
    }
}

static void set_checked(struct jmap_call *call, const struct jmap_listed *type,
                        const char *old_state)
{
    g_autofree char *new_state = NULL;
    struct run run = {.call = call, .type = type};
    json_t *all;

    if (!jmap_set_begin(call, &run.answer))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    all = type->load(call, NULL);
    new_state = all != NULL ? state_of(all) : g_strdup(old_state);
    complete_created(&run.answer, all);
    json_decref(all);
    jmap_set_answer(call, &run.answer, old_state, new_state);
}

void jmap_listed_set(struct jmap_call *call, const struct jmap_listed *type)
{
    const char *condition = jmap_arg_string(call, "ifInState");
    g_autofree char *old_state = NULL;
    GError *error = NULL;
    json_t *all = type->load(call, &error);

    if (all == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    old_state = state_of(all);
    json_decref(all);
    if (condition != NULL && strcmp(condition, old_state) != 0)
        jmap_fail(call, "stateMismatch", NULL);
    else
        set_checked(call, type, old_state);
}

const char *jmap_listed_text(const json_t *object, const char *name, bool *ok)
{
    const json_t *value = json_object_get(object, name);

    if (value != NULL && !json_is_string(value) && !json_is_null(value))
        *ok = false;
    return json_string_value(value);
}

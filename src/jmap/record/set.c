#include "jmap/record/record.h"

#include <string.h>

/* RFC 8620, 5.3. */

/* How often a change is made anew because another one came between. */
#define ATTEMPTS 5

struct run {
    struct jmap_call *call;
    const struct jmap_record_type *type;
    struct jmap_set answer;
};

static const struct jmap_field *field_of(const struct jmap_record_type *type, const char *name)
{
    for (const struct jmap_field *field = type->fields; field->name != NULL; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static const char *key_name(const struct jmap_record_type *type)
{
    for (const struct jmap_field *field = type->fields; field->name != NULL; field++)
        if ((field->flags & JMAP_FIELD_KEY) != 0)
            return field->name;
    return NULL;
}

/* The SetError of a failure of the store; takes error. */
static json_t *refusal(const struct run *run, GError *error)
{
    const char *key = key_name(run->type);

    if (!error_is(error, ERROR_CONFLICT) || key == NULL)
        return jmap_set_error_of(error, NULL);
    g_error_free(error);
    return jmap_invalid_property(key, "another one has this already");
}

/* Judges a whole object; its SetError, or NULL. Takes bad. */
static json_t *judge(const struct run *run, json_t *object, const json_t *before, json_t *bad)
{
    for (const struct jmap_field *field = run->type->fields; field->name != NULL; field++) {
        const json_t *value = json_object_get(object, field->name);
        bool kept = before != NULL && json_equal(value, json_object_get(before, field->name));

        if (!kept && (!jmap_field_takes(field, value) ||
                      (before != NULL && (field->flags & JMAP_FIELD_FIXED) != 0)))
            json_array_append_new(bad, json_string(field->name));
    }
    if (json_array_size(bad) == 0 && run->type->check != NULL)
        run->type->check(object, before, bad);
    if (json_array_size(bad) > 0)
        return jmap_invalid_properties(bad, NULL);
    json_decref(bad);
    return NULL;
}

static void kept(const struct run *run, const json_t *before, const json_t *object)
{
    if (run->type->kept != NULL)
        run->type->kept(run->call, before, object);
}

/* --- create --- */

/* A whole object of what was given; names that are no property go to bad. (transfer full) */
static json_t *complete(const struct run *run, const json_t *given, json_t *bad)
{
    json_t *object = jmap_record_object(run->type, NULL, 0, 0), *value;
    const char *name;

    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        if (field_of(run->type, name) != NULL)
            json_object_set(object, name, value);
        else
            json_array_append_new(bad, jmap_json_text(name));
    }
    return object;
}

/* What of it depends on those that there are. */
static bool complete_beside(const struct run *run, json_t *object, GError **error)
{
    if (run->type->complete == NULL)
        return true;
    g_autoptr(GPtrArray) others = store_records(run->call->access, run->type->type, NULL, error);
    if (others != NULL)
        run->type->complete(object, others);
    return others != NULL;
}

/* What the client did not say just so. (transfer full) */
static json_t *told(const struct run *run, const json_t *object, const json_t *given, int64_t id)
{
    json_t *result = json_pack("{s: o}", "id", jmap_id('r', id));

    if ((run->type->type & STORE_PERSONAL) == 0)
        json_object_set_new(result, "accountId", json_string(run->call->account));
    for (const struct jmap_field *field = run->type->fields; field->name != NULL; field++) {
        json_t *value = json_object_get(object, field->name);

        if (!json_equal(value, json_object_get(given, field->name)))
            json_object_set(result, field->name, value);
    }
    return result;
}

static json_t *create(void *arg, const char *key, json_t *given)
{
    struct run *run = arg;
    json_t *bad = json_array(), *object, *error;
    GError *cause = NULL;
    int64_t id;

    if (run->type->is_singleton) {
        json_decref(bad);
        return jmap_set_error("singleton", NULL);
    }
    object = complete(run, given, bad);
    error = judge(run, object, NULL, bad);
    if (error == NULL && !complete_beside(run, object, &cause))
        error = jmap_set_error_of(cause, NULL);
    if (error == NULL) {
        g_autofree char *unique = NULL;
        g_autofree char *data = jmap_record_data(run->type, object, &unique);

        id =
            store_record_create(run->call->access, run->type->type,
                                &(struct store_record_text){data, unique}, run->type->most, &cause);
        if (id == 0) {
            error = refusal(run, cause);
        } else {
            json_t *result = told(run, object, given, id);

            jmap_id_created(run->call->request, key, json_object_get(result, "id"));
            json_object_set_new(run->answer.created, key, result);
            kept(run, NULL, object);
        }
    }
    json_decref(object);
    return error;
}

/* --- update --- */

/* The object with the patch in it (transfer full); NULL with its SetError. */
static json_t *patched(const struct run *run, json_t *before, json_t *patch, json_t **error)
{
    json_t *bad = json_array(), *changes, *object, *value;
    GPtrArray *names = g_ptr_array_new();
    const char *name;

    for (const struct jmap_field *field = run->type->fields; field->name != NULL; field++)
        g_ptr_array_add(names, (gpointer)(uintptr_t)field->name);
    g_ptr_array_add(names, NULL);
    changes = jmap_patch_changes(before, patch, (const char *const *)names->pdata, bad);
    g_ptr_array_free(names, TRUE);
    if (changes == NULL) {
        json_decref(bad);
        *error = jmap_set_error("invalidPatch", NULL);
        return NULL;
    }
    object = json_deep_copy(before);
    json_object_foreach(changes, name, value)
    {
        const struct jmap_field *field = field_of(run->type, name);

        /* null is the default (RFC 8620, 5.3), where it is no value of its own. */
        if (json_is_null(value) && (field->flags & JMAP_FIELD_NULLABLE) == 0 &&
            field->fallback != NULL)
            json_object_set_new(object, name, json_loads(field->fallback, JSON_DECODE_ANY, NULL));
        else
            json_object_set(object, name, value);
    }
    json_decref(changes);
    *error = judge(run, object, before, bad);
    if (*error == NULL)
        return object;
    json_decref(object);
    return NULL;
}

/* What is now other than the patch said, or null. (transfer full) */
static json_t *differing(json_t *object, json_t *patch)
{
    json_t *result = json_object(), *value;
    const char *name;

    json_object_foreach(patch, name, value)
    {
        json_t *now = json_object_get(object, name);

        if (now != NULL && !json_equal(now, value))
            json_object_set(result, name, now);
    }
    if (json_object_size(result) > 0)
        return result;
    json_decref(result);
    return json_null();
}

/* One attempt. *record NULL: the singleton of which nothing is kept yet. */
static json_t *write_once(struct run *run, const struct store_record *record, const char *key,
                          json_t *patch, bool *again)
{
    json_t *before =
        jmap_record_object(run->type, record != NULL ? record->data : NULL,
                           record != NULL ? record->id : 0, record != NULL ? record->account : 0);
    json_t *error = NULL, *object = patched(run, before, patch, &error);
    GError *cause = NULL;

    if (object == NULL) {
        json_decref(before);
        return error;
    }
    g_autofree char *unique = NULL;
    g_autofree char *data = jmap_record_data(run->type, object, &unique);
    struct store_record_text text = {data, unique};
    bool ok = record == NULL
                  ? store_record_create(run->call->access, run->type->type, &text, 1, &cause) != 0
                  : store_record_update(run->call->access, run->type->type, record->id,
                                        record->data, &text, &cause);
    *again = error_is(cause, ERROR_CANNOT_CALCULATE) ||
             (record == NULL && error_is(cause, ERROR_TOO_LARGE));
    if (ok) {
        json_object_set_new(run->answer.updated, key, differing(object, patch));
        kept(run, before, object);
    } else {
        error = refusal(run, cause);
    }
    json_decref(before);
    json_decref(object);
    return error;
}

/* The record that an id is of; *found false: there is none. NULL and found: the singleton of which
 * nothing is kept. (transfer full) */
static struct store_record *load(struct run *run, const char *id, bool *found)
{
    struct store_record *record = NULL;
    int64_t number = jmap_id_parse('r', id);

    if (run->type->is_singleton && strcmp(id, "singleton") == 0) {
        g_autoptr(GPtrArray) all = store_records(run->call->access, run->type->type, NULL, NULL);

        if (all != NULL && all->len > 0)
            record = g_ptr_array_steal_index(all, 0);
        *found = all != NULL;
        return record;
    }
    if (number != 0 && !run->type->is_singleton)
        record = store_record(run->call->access, run->type->type, number, NULL);
    *found = record != NULL;
    return record;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    json_t *error = NULL;
    bool again = true;

    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    for (int attempt = 0; attempt < ATTEMPTS && again; attempt++) {
        bool found;
        struct store_record *record = load(run, id, &found);

        again = false;
        json_decref(error);
        error =
            found ? write_once(run, record, id, patch, &again) : jmap_set_error("notFound", NULL);
        store_record_free(record);
    }
    return error;
}

/* --- destroy --- */

static bool remove_record(struct run *run, const struct store_record *record, GError **error)
{
    json_t *object = jmap_record_object(run->type, record->data, record->id, record->account);
    bool ok = (run->type->leave == NULL || run->type->leave(run->call->access, object, error)) &&
              store_record_destroy(run->call->access, run->type->type, record->id, error);

    if (ok)
        kept(run, object, NULL);
    json_decref(object);
    return ok;
}

static bool take_away(void *arg, int64_t id, GError **error)
{
    struct run *run = arg;
    struct store_record *record = store_record(run->call->access, run->type->type, id, error);
    bool ok = record != NULL && remove_record(run, record, error);

    store_record_free(record);
    return ok;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;

    (void)unused;
    if (run->type->is_singleton)
        return jmap_set_error(strcmp(key, "singleton") == 0 ? "singleton" : "notFound", NULL);
    return jmap_set_destroy(run->call, &run->answer, key, 'r', take_away, run);
}

void jmap_record_set(struct jmap_call *call)
{
    struct run run = {.call = call, .type = jmap_record_type(call)};
    uint64_t before;

    if (!jmap_set_open(call, run.type->type, &run.answer, &before))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    jmap_set_close(call, run.type->type, &run.answer, before);
}

#include "jmap/organise/note.h"

/* RFC 8620, 5.3. */

struct run {
    struct jmap_call *call;
    enum store_type type;
    struct jmap_set answer;
};

/* An object or a patch being read; borrows from it. */
struct reading {
    struct store_note_text text;
    int64_t email, thread;
    json_t *bad;
};

static bool read_text(const struct run *run, const json_t *value, struct reading *reading)
{
    size_t most = run->type == STORE_NOTE ? STORE_NOTE_TEXT_MAX : STORE_TODO_TEXT_MAX;
    const char *text = json_string_value(value);

    if (text == NULL || jmap_json_has_nul(value) || json_string_length(value) > most ||
        text[strspn(text, " \t\r\n")] == '\0')
        return false;
    reading->text.text = text;
    return true;
}

static bool read_todo(const char *name, const json_t *value, struct reading *reading)
{
    struct store_note_text *text = &reading->text;

    if (strcmp(name, "due") == 0) {
        text->has_due = true;
        text->due = jmap_day_parse(json_string_value(value));
        return json_is_null(value) || text->due != 0;
    }
    if (strcmp(name, "personId") == 0) {
        text->has_person = true;
        text->person = json_is_null(value) ? 0 : jmap_id_parse('u', json_string_value(value));
        return json_is_null(value) || text->person > 0;
    }
    if (strcmp(name, "isDone") == 0) {
        text->has_done = true;
        text->done = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

static bool read_property(const struct run *run, const char *name, const json_t *value,
                          struct reading *reading)
{
    if (strcmp(name, "text") == 0)
        return read_text(run, value, reading);
    return run->type == STORE_TODO && read_todo(name, value, reading);
}

/* Where a new one stands; false: no property of these. */
static bool read_place(const struct run *run, const char *name, const json_t *value,
                       struct reading *reading, bool *ok)
{
    const char *text = json_string_value(value);
    int64_t *place = strcmp(name, "emailId") == 0    ? &reading->email
                     : strcmp(name, "threadId") == 0 ? &reading->thread
                                                     : NULL;

    if (place == NULL)
        return false;
    *place = text != NULL
                 ? jmap_id_find(run->call->request, strcmp(name, "emailId") == 0 ? 'e' : 't', text)
                 : 0;
    *ok = text != NULL;
    /* What is no id is no conversation. */
    *place = *ok && *place == 0 ? INT64_MAX : *place;
    return true;
}

static void note_bad(struct reading *reading, const char *name)
{
    json_array_append_new(reading->bad, jmap_json_text(name));
}

/* NULL, or the SetError; takes reading->bad. */
static json_t *problem(struct reading *reading)
{
    if (json_array_size(reading->bad) > 0)
        return jmap_invalid_properties(reading->bad, NULL);
    json_decref(reading->bad);
    return NULL;
}

static json_t *refusal(GError *error)
{
    return jmap_set_error_of(error, error_is(error, ERROR_INVALID) ? "personId" : NULL);
}

/* As it is now; NULL: gone. (transfer full) */
static json_t *load(const struct run *run, int64_t id)
{
    g_autoptr(GPtrArray) notes = store_notes(run->call->access, run->type,
                                             &(struct store_notes_asked){.id = id}, NULL, NULL);

    return notes != NULL && notes->len > 0 ? jmap_note_object(run->call, notes->pdata[0]) : NULL;
}

/* What is other than the client said. Takes now. */
static json_t *told(json_t *now, json_t *given, bool all)
{
    json_t *result = json_object(), *value;
    const char *name;

    json_object_foreach(now, name, value)
    {
        json_t *said = json_object_get(given, name);

        if (said != NULL ? !json_equal(said, value) : all)
            json_object_set(result, name, value);
    }
    json_decref(now);
    if (all || json_object_size(result) > 0)
        return result;
    json_decref(result);
    return json_null();
}

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    struct reading reading = {.bad = json_array()};
    json_t *value, *error;
    const char *name;
    GError *cause = NULL;
    int64_t id;

    json_object_foreach(object, name, value)
    {
        bool ok = true;

        if (read_place(run, name, value, &reading, &ok)
                ? !ok
                : !read_property(run, name, value, &reading))
            note_bad(&reading, name);
    }
    if (reading.text.text == NULL && json_object_get(object, "text") == NULL)
        note_bad(&reading, "text");
    if (reading.email == 0 && reading.thread == 0 && json_array_size(reading.bad) == 0)
        note_bad(&reading, "threadId");
    error = problem(&reading);
    if (error != NULL)
        return error;
    id = store_note_create(run->call->access, run->type, reading.email, reading.thread,
                           &reading.text, &cause);
    if (id == 0 && error_is(cause, ERROR_NOT_FOUND)) {
        g_error_free(cause);
        return jmap_invalid_property(reading.email != 0 ? "emailId" : "threadId",
                                     "there is no such conversation");
    }
    if (id == 0)
        return refusal(cause);
    value = told(load(run, id), object, true);
    json_object_set_new(value, "id", jmap_id(jmap_note_prefix(run->type), id));
    jmap_id_created(run->call->request, key, json_object_get(value, "id"));
    json_object_set_new(run->answer.created, key, value);
    return NULL;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    int64_t number = jmap_id_parse(jmap_note_prefix(run->type), id);
    struct reading reading = {.bad = json_array()};
    json_t *current = number > 0 ? load(run, number) : NULL, *value, *error;
    const char *name;
    GError *cause = NULL;

    if (current == NULL || jmap_set_destroys(run->call, id)) {
        json_decref(reading.bad);
        error = jmap_set_error(current == NULL ? "notFound" : "willDestroy", NULL);
        json_decref(current);
        return error;
    }
    json_object_foreach(patch, name, value)
    {
        if (!read_property(run, name, value, &reading) &&
            !json_equal(json_object_get(current, name), value))
            note_bad(&reading, name);
    }
    json_decref(current);
    error = problem(&reading);
    if (error == NULL &&
        !store_note_update(run->call->access, run->type, number, &reading.text, &cause))
        error = refusal(cause);
    if (error == NULL)
        json_object_set_new(run->answer.updated, id, told(load(run, number), patch, false));
    return error;
}

static bool take_away(void *arg, int64_t id, GError **error)
{
    struct run *run = arg;

    return store_note_destroy(run->call->access, run->type, id, error);
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;

    (void)unused;
    return jmap_set_destroy(run->call, &run->answer, key, jmap_note_prefix(run->type), take_away,
                            run);
}

void jmap_note_set(struct jmap_call *call)
{
    struct run run = {.call = call, .type = jmap_note_type(call)};
    uint64_t before;

    if (!jmap_set_open(call, run.type, &run.answer, &before))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    jmap_set_close(call, run.type, &run.answer, before);
}

#include "jmap/organise/note.h"

static const char *const note_properties[] = {
    "id",     "accountId", "threadId",  "emailId", "text", "authorId",
    "author", "createdAt", "updatedAt", "mayEdit", NULL,
};
static const char *const todo_properties[] = {
    "id",       "accountId", "threadId", "emailId", "text",      "authorId",  "author", "due",
    "personId", "isDone",    "doneById", "doneAt",  "createdAt", "updatedAt", NULL,
};

enum store_type jmap_note_type(const struct jmap_call *call)
{
    return g_str_has_prefix(call->method->name, "Note/") ? STORE_NOTE : STORE_TODO;
}

char jmap_note_prefix(enum store_type type)
{
    return type == STORE_NOTE ? 'n' : 'd';
}

static json_t *id_or_null(char prefix, int64_t number)
{
    return number != 0 ? jmap_id(prefix, number) : json_null();
}

json_t *jmap_note_object(const struct jmap_call *call, const struct store_note *note)
{
    int64_t user = store_principal_user(store_access_principal(call->access));
    json_t *object =
        json_pack("{s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o, s: o}", "id",
                  jmap_id(jmap_note_prefix(note->type), note->id), "accountId",
                  jmap_id('a', note->account), "threadId", jmap_id('t', note->thread), "emailId",
                  id_or_null('e', note->email), "text", jmap_json_text(note->text), "authorId",
                  jmap_id('u', note->author), "author", jmap_json_text(note->author_name),
                  "createdAt", jmap_json_utc(note->created), "updatedAt",
                  jmap_json_utc(note->updated));

    if (note->type == STORE_NOTE) {
        json_object_set_new(object, "mayEdit", json_boolean(note->author == user));
        return object;
    }
    json_object_set_new(object, "due", jmap_day_json(note->due));
    json_object_set_new(object, "personId", id_or_null('u', note->person));
    json_object_set_new(object, "isDone", json_boolean(note->done != 0));
    json_object_set_new(object, "doneById", id_or_null('u', note->done_by));
    json_object_set_new(object, "doneAt", jmap_json_utc_or_null(note->done));
    return object;
}

/* --- get --- */

/* Adds those that are asked for so; false: answered. */
static bool add(struct jmap_call *call, struct jmap_get *get, enum store_type type,
                const struct store_notes_asked *asked)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) notes = store_notes(call->access, type, asked, NULL, &error);

    if (notes == NULL) {
        jmap_get_fail(call, get, error);
        return false;
    }
    if (get->found->len + notes->len > STORE_NOTES_LISTED) {
        jmap_fail(call, "requestTooLarge", "too many: name the ids");
        jmap_get_clear(get);
        return false;
    }
    for (guint i = 0; i < notes->len; i++) {
        const struct store_note *note = notes->pdata[i];

        jmap_get_add(call, get, note->id, jmap_note_object(call, note));
    }
    return true;
}

static bool add_by_ids(struct jmap_call *call, struct jmap_get *get, enum store_type type)
{
    for (guint i = 0; i < get->ids->len; i++)
        if (!add(call, get, type,
                 &(struct store_notes_asked){.id = g_array_index(get->ids, int64_t, i)}))
            return false;
    return true;
}

static bool add_by_threads(struct jmap_call *call, struct jmap_get *get, enum store_type type,
                           json_t *threads)
{
    json_t *item;
    size_t i;

    json_array_foreach(threads, i, item)
    {
        int64_t thread = jmap_id_find(call->request, 't', json_string_value(item));

        if (thread > 0 && !add(call, get, type, &(struct store_notes_asked){.thread = thread}))
            return false;
    }
    return true;
}

void jmap_note_get(struct jmap_call *call)
{
    enum store_type type = jmap_note_type(call);
    json_t *threads = jmap_arg(call, "threadIds");
    /* Read before the objects: what changes meanwhile is told again. */
    uint64_t state = store_state(call->access, type);
    struct jmap_get get;
    bool ok;

    if (json_array_size(threads) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many conversations at once");
        return;
    }
    if (!jmap_get_begin(call, type == STORE_NOTE ? note_properties : todo_properties,
                        jmap_note_prefix(type), &get))
        return;
    if (get.ids != NULL)
        ok = add_by_ids(call, &get, type);
    else if (threads != NULL)
        ok = add_by_threads(call, &get, type, threads);
    else
        ok = add(call, &get, type, &(struct store_notes_asked){.limit = STORE_NOTES_LISTED + 1});
    if (ok)
        jmap_get_end(call, &get, &state);
}

void jmap_note_changes(struct jmap_call *call)
{
    enum store_type type = jmap_note_type(call);

    jmap_changes_run(call, type, jmap_note_prefix(type));
}

/* --- query: to-dos by their day, those without one last; notes by when they were written --- */

struct wanted {
    int64_t thread, person, due_from, due_before;
    bool has_done, done, never;
};

static bool read_condition(struct jmap_call *call, const char *name, json_t *value,
                           struct wanted *wanted)
{
    const char *text = json_string_value(value);
    int64_t *days = strcmp(name, "dueFrom") == 0     ? &wanted->due_from
                    : strcmp(name, "dueBefore") == 0 ? &wanted->due_before
                                                     : NULL;

    if (strcmp(name, "threadId") == 0 && text != NULL) {
        wanted->thread = jmap_id_find(call->request, 't', text);
        wanted->never = wanted->never || wanted->thread <= 0;
        return true;
    }
    if (jmap_note_type(call) != STORE_TODO)
        return false;
    if (strcmp(name, "isDone") == 0 && json_is_boolean(value)) {
        wanted->has_done = true;
        wanted->done = json_is_true(value);
        return true;
    }
    if (strcmp(name, "personId") == 0 && text != NULL) {
        wanted->person = jmap_id_parse('u', text);
        wanted->never = wanted->never || wanted->person <= 0;
        return true;
    }
    if (days != NULL)
        *days = jmap_day_parse(text);
    return days != NULL && *days != 0;
}

static bool meets(const struct wanted *wanted, const struct store_note *note)
{
    if (wanted->never || (wanted->has_done && wanted->done != (note->done != 0)) ||
        (wanted->person != 0 && wanted->person != note->person))
        return false;
    if (wanted->due_from != 0 && note->due < wanted->due_from)
        return false;
    return wanted->due_before == 0 || (note->due != 0 && note->due < wanted->due_before);
}

static int compare(gconstpointer left, gconstpointer right)
{
    const struct store_note *a = *(struct store_note *const *)left;
    const struct store_note *b = *(struct store_note *const *)right;

    if (a->due != b->due)
        return a->due == 0 || (b->due != 0 && a->due > b->due) ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

void jmap_note_query(struct jmap_call *call)
{
    enum store_type type = jmap_note_type(call);
    struct wanted wanted = {0};
    g_autoptr(GPtrArray) notes = NULL;
    GError *error = NULL;
    const char *name;
    json_t *value;
    uint64_t state;

    json_object_foreach(jmap_arg(call, "filter"), name, value)
    {
        if (!read_condition(call, name, value, &wanted)) {
            jmap_fail(call, "unsupportedFilter", NULL);
            return;
        }
    }
    if (json_array_size(jmap_arg(call, "sort")) > 0) {
        jmap_fail(call, "unsupportedSort", NULL);
        return;
    }
    notes = store_notes(call->access, type,
                        &(struct store_notes_asked){.thread = wanted.thread,
                                                    .open_only = wanted.has_done && !wanted.done},
                        &state, &error);
    if (notes == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_ptr_array_sort(notes, compare);
    for (guint i = 0; i < notes->len; i++) {
        const struct store_note *note = notes->pdata[i];

        if (meets(&wanted, note))
            g_array_append_val(ids, note->id);
    }
    jmap_query_answer_list(call, state, ids, jmap_note_prefix(type));
}

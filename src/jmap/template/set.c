#include "jmap/methods.h"
#include "jmap/template/object.h"

#include <string.h>

/* RFC 8620, 5.3. */

#define FILE_NAME_MAX 255
#define FILE_TYPE_MAX 127

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
};

/* A whole object on its way into the store. */
struct writing {
    struct store_template_write write;
    struct store_template_part parts[STORE_TEMPLATE_FILES_MAX]; /* names borrow from the object */
    char *data;
};

static void writing_clear(struct writing *writing)
{
    for (size_t i = 0; i < writing->write.count; i++)
        g_clear_pointer(&writing->parts[i].bytes, g_bytes_unref);
    g_free(writing->data);
}

/* --- files --- */

static bool has(const struct store_template *before, int64_t blob)
{
    for (guint i = 0; before != NULL && i < before->files->len; i++) {
        const struct store_template_file *file = before->files->pdata[i];

        if (file->blob == blob)
            return true;
    }
    return false;
}

static bool takes(json_t *object, const char *name, int64_t least, int64_t most)
{
    const struct jmap_field field = {.name = name,
                                     .kind = JMAP_FIELD_LINE,
                                     .least = least,
                                     .most = most};

    return jmap_field_takes(&field, json_object_get(object, name));
}

/* One of attachments; false: it is none, or its blob is not there. */
static bool read_file(struct run *run, const struct store_template *before, json_t *item,
                      struct writing *writing)
{
    struct store_template_part *part = &writing->parts[writing->write.count];
    const char *blob = json_string_value(json_object_get(item, "blobId"));

    if (!takes(item, "name", 1, FILE_NAME_MAX) || !takes(item, "type", 1, FILE_TYPE_MAX) ||
        blob == NULL)
        return false;
    *part = (struct store_template_part){
        .blob = jmap_id_find(run->call->request, 'b', blob),
        .name = json_string_value(json_object_get(item, "name")),
        .type = json_string_value(json_object_get(item, "type")),
    };
    if (part->blob == 0)
        return false;
    if (!has(before, part->blob)) {
        part->bytes = store_blob(run->call->access, part->blob, NULL);
        if (part->bytes == NULL)
            return false;
    }
    writing->write.count++;
    return true;
}

static bool read_files(struct run *run, const struct store_template *before, json_t *list,
                       struct writing *writing)
{
    json_t *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) > STORE_TEMPLATE_FILES_MAX)
        return false;
    json_array_foreach(list, i, item)
    {
        if (!read_file(run, before, item, writing))
            return false;
    }
    return true;
}

/* --- a whole object --- */

static bool read_audience(const json_t *value, int64_t *audience)
{
    const char *text = json_string_value(value);

    *audience = 0;
    if (json_is_null(value))
        return true;
    *audience = g_strcmp0(text, "everybody") == 0 ? STORE_TEMPLATE_EVERYBODY
                                                  : jmap_id_parse('a', text != NULL ? text : "");
    return *audience == STORE_TEMPLATE_EVERYBODY || *audience > 0;
}

/* Its SetError, or NULL. Takes bad. */
static json_t *read_object(struct run *run, const struct store_template *before, json_t *object,
                           json_t *bad, struct writing *writing)
{
    char *key = NULL;

    for (const struct jmap_field *field = jmap_template_type.fields; field->name != NULL; field++)
        if (!jmap_field_takes(field, json_object_get(object, field->name)))
            json_array_append_new(bad, json_string(field->name));
    if (!read_audience(json_object_get(object, "sharedWith"), &writing->write.audience))
        json_array_append_new(bad, json_string("sharedWith"));
    if (!read_files(run, before, json_object_get(object, "attachments"), writing))
        json_array_append_new(bad, json_string("attachments"));
    if (json_array_size(bad) > 0)
        return jmap_invalid_properties(bad, NULL);
    json_decref(bad);
    writing->data = jmap_record_data(&jmap_template_type, object, &key);
    writing->write.data = writing->data;
    writing->write.parts = writing->parts;
    g_free(key);
    return NULL;
}

/* The object as it is now. (transfer full), or NULL */
static json_t *load(struct run *run, int64_t id)
{
    g_autoptr(GPtrArray) templates = store_templates(run->call->access, NULL, NULL);
    const struct store_template *template = jmap_template_in(templates, id);

    return template != NULL ? jmap_template_object(template) : NULL;
}

/* --- create --- */

/* What the client did not say just so. Takes whole. */
static json_t *told(json_t *whole, json_t *given)
{
    const char *name;
    json_t *value;

    json_object_foreach(given, name, value)
    {
        if (json_equal(json_object_get(whole, name), value))
            json_object_del(whole, name);
    }
    return whole;
}

static json_t *create(void *arg, const char *key, json_t *given)
{
    struct run *run = arg;
    struct writing writing = {.write = {0}};
    json_t *bad = json_array(), *object, *value, *error;
    GError *cause = NULL;
    const char *name;
    int64_t id = 0;

    object = jmap_record_object(&jmap_template_type, NULL, 0, 0);
    json_object_set_new(object, "sharedWith", json_null());
    json_object_set_new(object, "attachments", json_array());
    json_object_foreach(given, name, value)
    {
        if (g_strv_contains(jmap_template_settable, name))
            json_object_set(object, name, value);
        else
            json_array_append_new(bad, jmap_json_text(name));
    }
    error = read_object(run, NULL, object, bad, &writing);
    if (error == NULL)
        id = store_template_create(run->call->access, &writing.write, &cause);
    if (error == NULL && id == 0)
        error = jmap_set_error_of(cause, NULL);
    if (id != 0) {
        json_t *created = load(run, id);

        if (created == NULL) /* somebody was quick to destroy it */
            created = json_pack("{s: o}", "id", jmap_id('l', id));
        jmap_id_created(run->call->request, key, json_object_get(created, "id"));
        json_object_set_new(run->answer.created, key, told(created, given));
    }
    writing_clear(&writing);
    json_decref(object);
    return error;
}

/* --- update --- */

static void apply(json_t *object, json_t *changes)
{
    const char *name;
    json_t *value;

    json_object_foreach(changes, name, value)
    {
        if (!json_is_null(value) || strcmp(name, "sharedWith") == 0)
            json_object_set(object, name, value);
        else if (strcmp(name, "attachments") == 0)
            json_object_set_new(object, name, json_array());
        else
            json_object_set_new(object, name,
                                strcmp(name, "name") == 0 ? json_null() : json_string(""));
    }
}

static json_t *update_known(struct run *run, const struct store_template *before, const char *id,
                            json_t *patch)
{
    struct writing writing = {.write = {0}};
    json_t *object = jmap_template_object(before), *bad = json_array(), *error;
    json_t *changes = jmap_patch_changes(object, patch, jmap_template_settable, bad);
    GError *cause = NULL;

    if (changes == NULL) {
        json_decref(bad);
        json_decref(object);
        return jmap_set_error("invalidPatch", NULL);
    }
    apply(object, changes);
    json_decref(changes);
    error = read_object(run, before, object, bad, &writing);
    if (error == NULL &&
        !store_template_update(run->call->access, before->id, &writing.write, &cause))
        error = jmap_set_error_of(cause, "attachments");
    if (error == NULL) {
        json_t *now = load(run, before->id);

        /* Files that were uploaded have become others. */
        json_object_set_new(run->answer.updated, id,
                            json_object_get(patch, "attachments") != NULL && now != NULL
                                ? json_pack("{s: O}", "attachments",
                                            json_object_get(now, "attachments"))
                                : json_null());
        json_decref(now);
    }
    writing_clear(&writing);
    json_decref(object);
    return error;
}

static json_t *update(void *arg, const char *key, json_t *patch)
{
    struct run *run = arg;
    const char *id = jmap_id_resolve(run->call->request, key);
    g_autoptr(GPtrArray) templates = store_templates(run->call->access, NULL, NULL);
    const struct store_template *before = jmap_template_in(templates, jmap_id_parse('l', id));

    if (before == NULL)
        return jmap_set_error("notFound", NULL);
    if (jmap_set_destroys(run->call, id))
        return jmap_set_error("willDestroy", NULL);
    return update_known(run, before, id, patch);
}

/* --- destroy --- */

static bool take_away(void *arg, int64_t id, GError **error)
{
    struct run *run = arg;

    return store_template_destroy(run->call->access, id, error);
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;

    (void)unused;
    return jmap_set_destroy(run->call, &run->answer, key, 'l', take_away, run);
}

void jmap_template_set(struct jmap_call *call)
{
    struct run run = {.call = call};
    uint64_t before;

    if (!jmap_set_open(call, STORE_TEMPLATE, &run.answer, &before))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    jmap_set_close(call, STORE_TEMPLATE, &run.answer, before);
}

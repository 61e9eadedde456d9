#include "jmap/template/object.h"

/* Pictures are in html as data: addresses. */
static const struct jmap_field fields[] = {
    {"name", JMAP_FIELD_LINE, .least = 1, .most = 200},
    {"category", JMAP_FIELD_LINE, 0, 100, .fallback = "\"\""},
    {"subject", JMAP_FIELD_LINE, 0, 1000, .fallback = "\"\""},
    {"html", JMAP_FIELD_TEXT, .most = 512 * 1024, .fallback = "\"\""},
    {.name = NULL},
};

const struct jmap_record_type jmap_template_type = {
    "Template", STORE_TEMPLATE, STORE_TEMPLATES_MAX, false, fields, .check = NULL,
};

const char *const jmap_template_properties[] = {
    "id",         "name",        "category", "subject", "html",
    "sharedWith", "attachments", "author",   "mayEdit", NULL,
};
const char *const jmap_template_settable[] = {
    "name", "category", "subject", "html", "sharedWith", "attachments", NULL,
};

static json_t *shared_with(int64_t audience)
{
    if (audience == STORE_TEMPLATE_EVERYBODY)
        return json_string("everybody");
    return audience != 0 ? jmap_id('a', audience) : json_null();
}

static json_t *attachments(const struct store_template *template)
{
    json_t *list = json_array();

    for (guint i = 0; i < template->files->len; i++) {
        const struct store_template_file *file = template->files->pdata[i];

        json_array_append_new(list, json_pack("{s: o, s: o, s: o, s: I}", "blobId",
                                              jmap_id('b', file->blob), "name",
                                              jmap_json_text(file->name), "type",
                                              jmap_json_text(file->type), "size",
                                              (json_int_t)file->size));
    }
    return list;
}

json_t *jmap_template_object(const struct store_template *template)
{
    json_t *object = jmap_record_object(&jmap_template_type, template->data, 0, 0);

    json_object_set_new(object, "id", jmap_id('l', template->id));
    json_object_set_new(object, "sharedWith", shared_with(template->audience));
    json_object_set_new(object, "attachments", attachments(template));
    json_object_set_new(object, "author", jmap_json_text(template->author));
    json_object_set_new(object, "mayEdit", json_boolean(template->may_edit));
    return object;
}

const struct store_template *jmap_template_in(const GPtrArray *templates, int64_t id)
{
    for (guint i = 0; templates != NULL && i < templates->len; i++) {
        const struct store_template *template = templates->pdata[i];

        if (template->id == id)
            return template;
    }
    return NULL;
}

#include "jmap/methods.h"
#include "jmap/template/object.h"

/* Gives an account uploads of its own of a template's files, for a draft to attach. */

/* The upload of one file as attachments of Template/get have it (transfer full), or NULL. */
static json_t *put(struct jmap_call *call, int64_t template, const struct store_template_file *file,
                   GError **error)
{
    g_autoptr(GBytes) bytes = store_template_bytes(call->access, template, file->blob, error);
    int64_t blob = bytes != NULL ? store_blob_put(call->access, bytes, file->type, error) : 0;

    if (blob == 0)
        return NULL;
    return json_pack("{s: o, s: o, s: o, s: I}", "blobId", jmap_id('b', blob), "name",
                     jmap_json_text(file->name), "type", jmap_json_text(file->type), "size",
                     (json_int_t)file->size);
}

void jmap_template_attach(struct jmap_call *call)
{
    int64_t id = jmap_id_find(call->request, 'l', jmap_arg_string(call, "templateId"));
    GError *error = NULL;
    g_autoptr(GPtrArray) templates = store_templates(call->access, NULL, &error);
    const struct store_template *template = jmap_template_in(templates, id);
    json_t *list, *answer;

    if (templates == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    if (template == NULL) {
        jmap_fail(call, "notFound", "no such template");
        return;
    }
    list = json_array();
    for (guint i = 0; i < template->files->len && error == NULL; i++) {
        json_t *upload = put(call, template->id, template->files->pdata[i], &error);

        if (upload != NULL)
            json_array_append_new(list, upload);
    }
    if (error != NULL) {
        json_decref(list);
        jmap_fail_error(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "attachments", list);
    jmap_respond(call, answer);
}

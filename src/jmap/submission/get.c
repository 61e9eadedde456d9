#include "jmap/methods.h"
#include "jmap/submission/object.h"

/* RFC 8621, 7.1. */
void jmap_submission_get(struct jmap_call *call)
{
    json_t *not_found = json_array(), *list = json_array();
    g_autoptr(GArray) ids = NULL, found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) submissions = NULL;
    GError *error = NULL;
    uint64_t state = 0;

    if (!jmap_properties_check(call, jmap_submission_properties) ||
        !jmap_get_ids(call, "ids", 's', &ids, not_found))
        goto refused;
    submissions =
        store_submissions(call->access, ids != NULL ? (const int64_t *)(void *)ids->data : NULL,
                          ids != NULL ? ids->len : 0, &state, &error);
    if (submissions == NULL) {
        jmap_fail_error(call, error);
        goto refused;
    }
    if (submissions->len > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many submissions: name the ids");
        goto refused;
    }
    for (size_t i = 0; i < submissions->len; i++) {
        const struct store_submission *submission = g_ptr_array_index(submissions, i);
        json_t *object = jmap_submission_object(submission);

        if (!(call->request->using & JMAP_MANAGE))
            json_object_del(object, "postroom:problem");
        jmap_properties_apply(call, object);
        g_array_append_val(found, submission->id);
        json_array_append_new(list, object);
    }
    jmap_get_missing(ids, found, 's', not_found);
    jmap_get_answer(call, state, list, not_found);
    return;
refused:
    json_decref(list);
    json_decref(not_found);
}

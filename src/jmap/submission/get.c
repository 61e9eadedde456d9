#include "jmap/methods.h"
#include "jmap/submission/object.h"

/* RFC 8621, 7.1. */
void jmap_submission_get(struct jmap_call *call)
{
    g_autoptr(GPtrArray) submissions = NULL;
    struct jmap_get get;
    GError *error = NULL;
    uint64_t state = 0;
    const int64_t none = 0, *ids = NULL;

    if (!jmap_get_begin(call, jmap_submission_properties, 's', &get))
        return;
    /* An empty list has no data, and means none. */
    if (get.ids != NULL)
        ids = get.ids->len > 0 ? (const int64_t *)(void *)get.ids->data : &none;
    submissions =
        store_submissions(call->access, ids, get.ids != NULL ? get.ids->len : 0, &state, &error);
    if (submissions == NULL) {
        jmap_get_fail(call, &get, error);
        return;
    }
    if (submissions->len > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", "too many submissions: name the ids");
        jmap_get_clear(&get);
        return;
    }
    for (size_t i = 0; i < submissions->len; i++) {
        const struct store_submission *submission = g_ptr_array_index(submissions, i);
        json_t *object = jmap_submission_object(submission);

        if (!(call->request->using & JMAP_MANAGE))
            jmap_submission_trim(object);
        jmap_get_add(call, &get, submission->id, object);
    }
    jmap_get_end(call, &get, &state);
}

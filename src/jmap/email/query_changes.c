#include "jmap/email/query.h"
#include "jmap/methods.h"

/* RFC 8621, 4.5. */
void jmap_email_query_changes(struct jmap_call *call)
{
    const char *up_to = jmap_arg_string(call, "upToId");
    struct store_query_changes changes = {0};
    struct jmap_email_query asked;
    GError *error = NULL;
    uint64_t since;
    size_t max;

    if (!jmap_query_changes_arguments(call, &since, &max) || !jmap_email_query_read(call, &asked))
        return;
    if (jmap_email_query_is_by_relevance(&asked.query))
        jmap_fail(call, "cannotCalculateChanges", NULL);
    else if (store_query_changes(call->access, &asked.query, since,
                                 up_to != NULL ? jmap_id_find(call->request, 'e', up_to) : 0, max,
                                 &changes, &error)) {
        jmap_query_changes_answer(call, &changes, 'e');
    } else if (error_is(error, ERROR_TOO_LARGE)) {
        jmap_query_changes_too_many(call);
        g_error_free(error);
    } else {
        jmap_fail_error(call, error);
    }
    store_query_changes_clear(&changes);
    jmap_email_query_clear(&asked);
}

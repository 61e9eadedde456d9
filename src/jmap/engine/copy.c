#include "jmap/engine/engine.h"

/* RFC 8620, 5.4 and 6.3. */

struct store_access *jmap_copy_from(struct jmap_call *call)
{
    struct jmap_request *request = call->request;
    const char *from = jmap_arg_string(call, "fromAccountId");
    struct store_access *access;
    GError *error = NULL;

    if (strcmp(from, call->account) == 0) {
        jmap_fail(call, "invalidArguments", "fromAccountId and accountId are the same");
        return NULL;
    }
    access = jmap_account_open(request->jmap, request->principal, from, STORE_READ, &error);
    if (access != NULL)
        return access;
    if (error_is(error, ERROR_NOT_FOUND)) {
        jmap_fail(call, "fromAccountNotFound", NULL);
        g_error_free(error);
    } else {
        jmap_fail_error(call, error);
    }
    return NULL;
}

json_t *jmap_copy_answer(const struct jmap_call *call)
{
    json_t *answer = jmap_answer(call);

    json_object_set(answer, "fromAccountId", json_object_get(call->args, "fromAccountId"));
    return answer;
}

bool jmap_copy_allows(uint64_t *copied, uint64_t size)
{
    if (*copied > 0 && size > JMAP_MAX_COPY - MIN(*copied, JMAP_MAX_COPY))
        return false;
    *copied += size;
    return true;
}

#include "jmap/methods.h"

#define ENTRIES_MAX 200

/* SyncLogEntry/query of docs/api.md: the entries themselves, a page of them, newest first. There is
 * nothing to get of them besides, and they never change. */
void jmap_sync_log_query(struct jmap_call *call)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    int64_t account = jmap_id_parse('a', jmap_arg_string(call, "account"));
    int64_t position = jmap_arg_int(call, "position", 0);
    int64_t limit = jmap_arg_int(call, "limit", ENTRIES_MAX);
    uint64_t total = 0;
    GError *error = NULL;
    json_t *answer, *list;

    if (hooks->sync_log == NULL) {
        jmap_fail(call, "serverFail", "the sync log is not wired");
        return;
    }
    list = hooks->sync_log(call->request->principal, account, (uint64_t)position,
                           (size_t)CLAMP(limit, 0, ENTRIES_MAX), &total, hooks->arg, &error);
    if (list == NULL && error_is(error, ERROR_NOT_FOUND)) {
        g_error_free(error);
        jmap_fail(call, "invalidArguments", "account: no such account");
        return;
    }
    if (list == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "position", json_integer(position));
    json_object_set_new(answer, "total", json_integer((json_int_t)total));
    json_object_set_new(answer, "list", list);
    jmap_respond(call, answer);
}

#include "jmap/methods.h"

/* Autoconfig/find of docs/api.md: answers at once with what is known so far. */
void jmap_autoconfig_find(struct jmap_call *call)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    GError *error = NULL;
    json_t *answer, *found = NULL;

    if (hooks->autoconfig == NULL)
        error_set(&error, ERROR_INTERNAL, "autoconfiguration is not wired");
    else if (jmap_json_has_nul(jmap_arg(call, "address")))
        error_set(&error, ERROR_INVALID, "an e-mail address is wanted");
    else
        found = hooks->autoconfig(call->request->principal, jmap_arg_string(call, "address"),
                                  hooks->arg, &error);
    if (found == NULL && error_is(error, ERROR_INVALID)) {
        jmap_fail(call, "invalidArguments", error->message);
        g_error_free(error);
        return;
    }
    if (found == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_update(answer, found);
    json_decref(found);
    jmap_respond(call, answer);
}

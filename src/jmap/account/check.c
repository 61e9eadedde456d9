#include "jmap/methods.h"

/* AccountCheck of docs/api.md: "a<n>" is the last whole check of a linked account, "k<n>" another
 * of the person's own. */

#define CHECKS_MAX 50

static const char *const properties[] = {"id",      "account", "state", "startedAt",
                                         "endedAt", "rows",    NULL};

void jmap_account_check_run(struct jmap_call *call)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    const char *property = NULL;
    GError *error = NULL;
    g_autofree char *id = NULL;
    json_t *answer;

    if (hooks->account_check_run == NULL) {
        jmap_fail(call, "serverFail", "checks are not wired");
        return;
    }
    if (jmap_json_has_nul(call->args)) {
        jmap_fail(call, "invalidArguments", "a string holds a NUL character");
        return;
    }
    id = hooks->account_check_run(call->request->principal, call->args, &property, hooks->arg,
                                  &error);
    if (id == NULL && error_is(error, ERROR_INVALID)) {
        jmap_fail_with(call, json_pack("{s: s, s: s, s: [s]}", "type", "invalidArguments",
                                       "description", error->message, "properties",
                                       property != NULL ? property : "account"));
        g_error_free(error);
        return;
    }
    if (id == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer = jmap_answer(call);
    json_object_set_new(answer, "id", json_string(id));
    jmap_respond(call, answer);
}

static void add(struct jmap_call *call, const char *id, json_t *list, json_t *not_found)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    g_autoptr(GError) error = NULL;
    json_t *check = hooks->account_check_get(call->request->principal, id, hooks->arg, &error);

    if (check == NULL) {
        json_array_append_new(not_found, json_string(id));
        return;
    }
    jmap_properties_apply(call, check);
    json_array_append_new(list, check);
}

void jmap_account_check_get(struct jmap_call *call)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    json_t *ids = jmap_arg(call, "ids"), *list, *not_found, *item;
    size_t i;

    if (!jmap_properties_check(call, properties))
        return;
    if (hooks->account_check_get == NULL) {
        jmap_fail(call, "serverFail", "checks are not wired");
        return;
    }
    if (ids == NULL || json_array_size(ids) > CHECKS_MAX) {
        jmap_fail(call, "requestTooLarge", NULL);
        return;
    }
    list = json_array();
    not_found = json_array();
    json_array_foreach(ids, i, item)
    {
        const char *id = json_string_value(item);

        if (strlen(id) != json_string_length(item) || jmap_is_spent(call->request))
            json_array_append(not_found, item);
        else
            add(call, id, list, not_found);
    }
    jmap_get_answer(call, NULL, list, not_found);
}

#include "jmap/methods.h"

/* AccountHealth of docs/api.md; its ids are the mailboxes' account ids. */

#define HEALTH_MAX 50 /* folders are counted for each */

static const char *const properties[] = {
    "id",
    "address",
    "owner",
    "provider",
    "providerType",
    "state",
    "awaitsStart",
    "problem",
    "sendProblem",
    "since",
    "lastSync",
    "nextAttempt",
    "emails",
    "bytes",
    "unsent",
    "bytesToday",
    "bytesADay",
    "pending",
    "unreadAttachments",
    "unreadableAttachments",
    "folders",
    "quotas",
    "maxSizeMessage",
    "maxSizeMessageAt",
    "imapUrl",
    "smtpUrl",
    "mayChange",
    "sharedWith",
    "isOwn",
    "linkedBy",
    NULL,
};

void jmap_account_health_get(struct jmap_call *call)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    struct jmap_get get;

    if (!jmap_get_begin(call, properties, 'a', &get))
        return;
    if (get.ids == NULL || get.ids->len > HEALTH_MAX || hooks->account_health == NULL) {
        jmap_get_clear(&get);
        jmap_fail(call, get.ids == NULL ? "requestTooLarge" : "serverFail", NULL);
        return;
    }
    for (guint i = 0; i < get.ids->len; i++) {
        int64_t account = g_array_index(get.ids, int64_t, i);
        g_autoptr(GError) error = NULL;
        json_t *health =
            hooks->account_health(call->request->principal, account, hooks->arg, &error);

        if (health != NULL)
            jmap_get_add(call, &get, account, health);
    }
    jmap_get_end(call, &get, NULL);
}

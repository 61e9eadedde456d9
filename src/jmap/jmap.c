#include "jmap/jmap.h"

#include "jmap/engine/engine.h"
#include "jmap/session.h"

struct jmap *jmap_new(const struct jmap_config *config)
{
    struct jmap *jmap = g_new0(struct jmap, 1);

    jmap->config = *config;
    jmap->config.public_url = g_strdup(config->public_url);
    if (jmap->config.max_size_upload == 0)
        jmap->config.max_size_upload = JMAP_MAX_SIZE_UPLOAD;
    if (jmap->config.max_work == 0)
        jmap->config.max_work = JMAP_MAX_WORK;
    jmap->terms = jmap_session_terms(jmap);
    jmap->mails = jmap_mails_new();
    jmap->gauge = jmap_gauge_new();
    return jmap;
}

void jmap_free(struct jmap *jmap)
{
    if (jmap == NULL)
        return;
    jmap_mails_free(jmap->mails);
    jmap_gauge_free(jmap->gauge);
    g_free((char *)(uintptr_t)jmap->config.public_url);
    g_free(jmap->terms);
    g_free(jmap);
}

struct store_access *jmap_account_open(struct jmap *jmap, struct store_principal *principal,
                                       const char *account, enum store_right right, GError **error)
{
    int64_t number = jmap_id_parse('a', account), user = jmap_id_parse('u', account);

    if (user != 0 && user == store_principal_user(principal))
        return store_authorise_all(jmap->config.store, principal, error);
    if (number == 0) {
        error_set(error, ERROR_NOT_FOUND, "no such account");
        return NULL;
    }
    return store_authorise(jmap->config.store, principal, number, right, error);
}

bool jmap_may(const struct jmap_call *call, enum store_right right)
{
    struct store_access *access = jmap_account_open(call->request->jmap, call->request->principal,
                                                    call->account, right, NULL);

    store_access_free(access);
    return access != NULL;
}

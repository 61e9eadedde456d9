#include "jmap/manage/listed.h"
#include "jmap/methods.h"
#include "store/people.h"

/* UserSession, ApiToken and UserIdentity of docs/api.md: one's own ways in. */

/* --- UserSession --- */

static const char *const session_properties[] = {"id",      "createdAt", "usedAt", "agent",
                                                 "address", "isCurrent", NULL};

static json_t *load_sessions(struct jmap_call *call, GError **error)
{
    g_autoptr(GPtrArray) sessions =
        store_own_sessions(call->request->jmap->config.store, call->request->principal, error);
    json_t *list;

    if (sessions == NULL)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < sessions->len; i++) {
        const struct store_own_session *one = g_ptr_array_index(sessions, i);
        g_autofree char *id = g_strconcat("s", one->id, NULL);

        json_array_append_new(list, json_pack("{s: s, s: o, s: o, s: o, s: o, s: b}", "id", id,
                                              "createdAt", jmap_json_utc(one->created), "usedAt",
                                              jmap_json_utc(one->used), "agent",
                                              jmap_json_text(one->agent), "address",
                                              jmap_json_text(one->address), "isCurrent",
                                              (int)one->current));
    }
    return list;
}

static json_t *end_session(struct jmap_call *call, const char *id)
{
    GError *error = NULL;

    if (id[0] != 's')
        return jmap_set_error("notFound", NULL);
    return store_own_session_end(call->request->jmap->config.store, call->request->principal,
                                 id + 1, &error)
               ? NULL
               : jmap_set_error_of(error, NULL);
}

static const struct jmap_listed sessions = {session_properties, load_sessions, NULL, NULL,
                                            end_session};

void jmap_user_session_get(struct jmap_call *call)
{
    jmap_listed_get(call, &sessions);
}

void jmap_user_session_set(struct jmap_call *call)
{
    jmap_listed_set(call, &sessions);
}

/* --- ApiToken --- */

static const char *const token_properties[] = {"id", "name", "createdAt", "usedAt", NULL};

static json_t *load_tokens(struct jmap_call *call, GError **error)
{
    g_autoptr(GPtrArray) tokens =
        store_own_tokens(call->request->jmap->config.store, call->request->principal, error);
    json_t *list;

    if (tokens == NULL)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < tokens->len; i++) {
        const struct store_own_token *one = g_ptr_array_index(tokens, i);

        json_array_append_new(list,
                              json_pack("{s: o, s: o, s: o, s: o}", "id", jmap_id('k', one->id),
                                        "name", jmap_json_text(one->name), "createdAt",
                                        jmap_json_utc(one->created), "usedAt",
                                        jmap_json_utc_or_null(one->used)));
    }
    return list;
}

/* The token itself is in this answer only. */
static json_t *create_token(struct jmap_call *call, json_t *object, json_t **created)
{
    GError *error = NULL;
    char *token = NULL;
    bool ok = true;
    const char *name = jmap_listed_text(object, "name", &ok);
    int64_t id;

    if (!ok || json_object_size(object) != 1)
        return jmap_invalid_property("name", NULL);
    id = store_own_token_create(call->request->jmap->config.store, call->request->principal, name,
                                &token, &error);
    if (id == 0)
        return jmap_set_error_of(error, "name");
    *created = json_pack("{s: o, s: s}", "id", jmap_id('k', id), "token", token);
    secret_wipe_string(token);
    return NULL;
}

static json_t *revoke_token(struct jmap_call *call, const char *id)
{
    GError *error = NULL;

    return store_own_token_revoke(call->request->jmap->config.store, call->request->principal,
                                  jmap_id_parse('k', id), &error)
               ? NULL
               : jmap_set_error_of(error, NULL);
}

static const struct jmap_listed tokens = {token_properties, load_tokens, create_token, NULL,
                                          revoke_token};

void jmap_api_token_get(struct jmap_call *call)
{
    jmap_listed_get(call, &tokens);
}

void jmap_api_token_set(struct jmap_call *call)
{
    jmap_listed_set(call, &tokens);
}

/* --- UserIdentity: its id is the provider's --- */

static const char *const identity_properties[] = {"id", "login", "linkedAt", NULL};

static json_t *load_identities(struct jmap_call *call, GError **error)
{
    g_autoptr(GPtrArray) identities =
        store_own_identities(call->request->jmap->config.store, call->request->principal, error);
    json_t *list;

    if (identities == NULL)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < identities->len; i++) {
        const struct store_own_identity *one = g_ptr_array_index(identities, i);

        json_array_append_new(list,
                              json_pack("{s: o, s: o, s: o}", "id", jmap_json_text(one->provider),
                                        "login", jmap_json_text(one->login), "linkedAt",
                                        jmap_json_utc_or_null(one->linked)));
    }
    return list;
}

static json_t *remove_identity(struct jmap_call *call, const char *id)
{
    GError *error = NULL;

    return store_own_identity_remove(call->request->jmap->config.store, call->request->principal,
                                     id, &error)
               ? NULL
               : jmap_set_error_of(error, NULL);
}

static const struct jmap_listed identities = {identity_properties, load_identities, NULL, NULL,
                                              remove_identity};

void jmap_user_identity_get(struct jmap_call *call)
{
    jmap_listed_get(call, &identities);
}

void jmap_user_identity_set(struct jmap_call *call)
{
    jmap_listed_set(call, &identities);
}

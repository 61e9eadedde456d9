#include "jmap/manage/listed.h"
#include "jmap/methods.h"
#include "store/people.h"

/* Provider of docs/api.md: what it is made of comes through hooks, since jmap sees no
 * credentials. */

static const char *const properties[] = {
    "id",
    "name",
    "type",
    "clientId",
    "tenant",
    "clientSecret",
    "secretExpires",
    "cloud",
    "authority",
    "graph",
    "imap",
    "smtp",
    "scopePrefix",
    "caFile",
    "proxy",
    "proxyPassword",
    "hasClientSecret",
    "secondSecret",
    "hasSecondSecret",
    "secondSecretExpires",
    "secondSecretTakenAt",
    "promoteSecondSecret",
    "signIn",
    "redirectUri",
    "redirectWarning",
    "adminConsentUrl",
    "ready",
    "problem",
    NULL,
};
static const char *const public_properties[] = {"id", "type", "name", "ready", "adminConsentUrl",
                                                NULL};

static void add_redirect(const struct jmap_hooks *hooks, json_t *provider)
{
    const char *name = json_string_value(json_object_get(provider, "id")), *warning = NULL;
    g_autofree char *uri = NULL;

    if (hooks->redirect_uri == NULL || name == NULL ||
        json_object_get(provider, "redirectUri") != NULL)
        return;
    uri = hooks->redirect_uri(name, &warning, hooks->arg);
    json_object_set_new(provider, "redirectUri", jmap_json_text(uri));
    json_object_set_new(provider, "redirectWarning", jmap_json_text(warning));
}

/* Whatever the hook says, nobody but administrators sees more than this. */
static void keep_public(json_t *provider)
{
    json_t *copy = json_copy(provider), *value;
    const char *key;

    json_object_foreach(copy, key, value)
    {
        if (!g_strv_contains(public_properties, key))
            json_object_del(provider, key);
    }
    json_decref(copy);
}

/* Array of all providers as this person may see them. (transfer full) or NULL. */
static json_t *load(struct jmap_call *call, GError **error)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    bool admin = store_principal_is_admin(call->request->principal);
    json_t *list, *provider;
    size_t i;

    if (hooks->providers == NULL) {
        error_set(error, ERROR_INTERNAL, "providers are not wired");
        return NULL;
    }
    list = hooks->providers(admin, hooks->arg, error);
    json_array_foreach(list, i, provider)
    {
        json_t *name = json_object_get(provider, "name");

        if (json_object_get(provider, "id") == NULL && name != NULL)
            json_object_set(provider, "id", name);
        if (admin) {
            add_redirect(hooks, provider);
            json_object_set_new(provider, "clientSecret", json_null());
        } else {
            keep_public(provider);
        }
    }
    return list;
}

/* What was set, without its values. (transfer full) or NULL. */
static char *names_of(const json_t *patch)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *key;
    json_t *value;

    if (patch == NULL)
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)patch, key, value)
        g_ptr_array_add(names, (gpointer)(uintptr_t)key);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

/* NULL: done; else a SetError. */
static json_t *change(struct jmap_call *call, const char *name, bool is_new, const json_t *patch)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    const char *property = NULL;
    GError *error = NULL;

    if (patch != NULL && jmap_json_has_nul(patch))
        return jmap_invalid_property("name", "a string holds a NUL character");
    if (hooks->provider_set(name, is_new, patch, &property, hooks->arg, &error)) {
        g_autofree char *what = names_of(patch);

        store_audit_note(call->request->jmap->config.store, call->request->principal,
                         patch != NULL ? "provider.set" : "provider.remove", 0, name, what);
        return NULL;
    }
    return jmap_set_error_of(error, property);
}

static bool name_is_valid(const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;

    if (length == 0 || length > 32)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-')
            return false;
    return true;
}

static json_t *create(struct jmap_call *call, json_t *object, json_t **created)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    json_t *error = name_is_valid(name) ? change(call, name, true, object)
                                        : jmap_invalid_property("name", NULL);

    if (error == NULL)
        *created = json_pack("{s: s}", "id", name);
    return error;
}

static json_t *update(struct jmap_call *call, const char *name, json_t *patch)
{
    return name_is_valid(name) ? change(call, name, false, patch)
                               : jmap_set_error("notFound", NULL);
}

static json_t *destroy(struct jmap_call *call, const char *name)
{
    return name_is_valid(name) ? change(call, name, false, NULL) : jmap_set_error("notFound", NULL);
}

static const struct jmap_listed type = {properties, load, create, update, destroy};

void jmap_provider_get(struct jmap_call *call)
{
    jmap_listed_get(call, &type);
}

void jmap_provider_set(struct jmap_call *call)
{
    if (!store_principal_is_admin(call->request->principal))
        jmap_fail(call, "forbidden", "only administrators set providers up");
    else if (call->request->jmap->config.hooks.provider_set == NULL)
        jmap_fail(call, "serverFail", "providers are not wired");
    else
        jmap_listed_set(call, &type);
}

#include "jmap/methods.h"

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
    "redirectUri",
    "redirectWarning",
    "ready",
    "problem",
    NULL,
};
static const char *const public_properties[] = {"id", "type", "name", "ready", NULL};

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

/* There is no log of providers: their state is a hash of them. */
static char *state_of(const json_t *list)
{
    char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    free(text);
    hash[16] = '\0';
    return hash;
}

static json_t *find(const json_t *list, const char *id)
{
    json_t *provider;
    size_t i;

    json_array_foreach(list, i, provider)
    {
        if (g_strcmp0(json_string_value(json_object_get(provider, "id")), id) == 0)
            return provider;
    }
    return NULL;
}

static void answer_get(struct jmap_call *call, json_t *all)
{
    json_t *ids = jmap_arg(call, "ids"), *list = json_array(), *not_found = json_array(), *item;
    json_t *answer = jmap_answer(call);
    g_autofree char *state = state_of(all);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    size_t i;

    if (ids == NULL)
        json_array_extend(list, all);
    json_array_foreach(ids, i, item)
    {
        const char *id = jmap_id_resolve(call->request, json_string_value(item));
        json_t *provider = find(all, id);

        if (!g_hash_table_add(seen, (gpointer)(uintptr_t)json_string_value(item)))
            continue;
        if (provider != NULL)
            json_array_append(list, provider);
        else
            json_array_append(not_found, item);
    }
    json_array_foreach(list, i, item) jmap_properties_apply(call, item);
    json_object_set_new(answer, "state", json_string(state));
    json_object_set_new(answer, "list", list);
    json_object_set_new(answer, "notFound", not_found);
    jmap_respond(call, answer);
}

void jmap_provider_get(struct jmap_call *call)
{
    GError *error = NULL;
    json_t *all;

    if (!jmap_properties_check(call, properties))
        return;
    if (json_array_size(jmap_arg(call, "ids")) > JMAP_MAX_OBJECTS) {
        jmap_fail(call, "requestTooLarge", NULL);
        return;
    }
    all = load(call, &error);
    if (all == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    answer_get(call, all);
    json_decref(all);
}

/* --- Provider/set --- */

struct run {
    struct jmap_call *call;
    struct jmap_set answer;
};

/* NULL: done; else a SetError. */
static json_t *change(struct jmap_call *call, const char *name, bool is_new, const json_t *patch)
{
    const struct jmap_hooks *hooks = &call->request->jmap->config.hooks;
    const char *property = NULL;
    GError *error = NULL;

    if (patch != NULL && jmap_json_has_nul(patch))
        return jmap_invalid_property("name", "a string holds a NUL character");
    if (hooks->provider_set(name, is_new, patch, &property, hooks->arg, &error))
        return NULL;
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

static json_t *create(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    json_t *id = json_object_get(object, "name");
    const char *name = json_string_value(id);
    json_t *error = name_is_valid(name) ? change(run->call, name, true, object)
                                        : jmap_invalid_property("name", NULL);

    if (error != NULL)
        return error;
    json_object_set_new(run->answer.created, key, json_pack("{s: s}", "id", name));
    jmap_id_created(run->call->request, key, id);
    return NULL;
}

static json_t *update(void *arg, const char *key, json_t *object)
{
    struct run *run = arg;
    const char *name = jmap_id_resolve(run->call->request, key);
    json_t *error = name_is_valid(name) ? change(run->call, name, false, object)
                                        : jmap_set_error("notFound", NULL);

    if (error == NULL)
        json_object_set_new(run->answer.updated, name, json_null());
    return error;
}

static json_t *destroy(void *arg, const char *key, json_t *unused)
{
    struct run *run = arg;
    const char *name = jmap_id_resolve(run->call->request, key);
    json_t *error = name_is_valid(name) ? change(run->call, name, false, NULL)
                                        : jmap_set_error("notFound", NULL);

    (void)unused;
    if (error == NULL)
        json_array_append_new(run->answer.destroyed, json_string(name));
    return error;
}

/* What the server made of a new provider (RFC 8620, 5.3). */
static void complete_created(struct jmap_set *set, const json_t *all)
{
    const char *key;
    json_t *object;

    json_object_foreach(set->created, key, object)
    {
        json_t *provider = find(all, json_string_value(json_object_get(object, "id")));

        if (provider != NULL)
            json_object_update(object, provider);
    }
}

static void set_checked(struct jmap_call *call, const char *old_state)
{
    g_autofree char *new_state = NULL;
    struct run run = {.call = call};
    json_t *all;

    if (!jmap_set_begin(call, &run.answer))
        return;
    jmap_set_carry_out(call, &run.answer, create, update, destroy, &run);
    all = load(call, NULL);
    new_state = all != NULL ? state_of(all) : g_strdup(old_state);
    complete_created(&run.answer, all);
    json_decref(all);
    jmap_set_answer(call, &run.answer, old_state, new_state);
}

void jmap_provider_set(struct jmap_call *call)
{
    const char *condition = jmap_arg_string(call, "ifInState");
    g_autofree char *old_state = NULL;
    GError *error = NULL;
    json_t *all;

    if (!store_principal_is_admin(call->request->principal)) {
        jmap_fail(call, "forbidden", "only administrators set providers up");
        return;
    }
    if (call->request->jmap->config.hooks.provider_set == NULL) {
        jmap_fail(call, "serverFail", "providers are not wired");
        return;
    }
    all = load(call, &error);
    if (all == NULL) {
        jmap_fail_error(call, error);
        return;
    }
    old_state = state_of(all);
    json_decref(all);
    if (condition != NULL && strcmp(condition, old_state) != 0)
        jmap_fail(call, "stateMismatch", NULL);
    else
        set_checked(call, old_state);
}

#include "app/hooks.h"

#include "app/hooks_accounts.h"
#include "app/notices.h"
#include "app/provider_test.h"
#include "httpc/httpc.h"
#include "httpc/webpush.h"

#include <string.h>

/* Properties of a Provider that are plain texts, and where they are kept. */
struct text_property {
    const char *name;
    size_t offset;
};

#define TEXT(property, field)                                                                      \
    {                                                                                              \
        property, offsetof(struct store_provider, field)                                           \
    }
static const struct text_property texts[] = {
    TEXT("type", type),      TEXT("clientId", client_id),  TEXT("tenant", tenant),
    TEXT("cloud", cloud),    TEXT("authority", authority), TEXT("graph", graph),
    TEXT("imap", imap),      TEXT("smtp", smtp),           TEXT("scopePrefix", scope_prefix),
    TEXT("caFile", ca_file), TEXT("proxy", proxy),         TEXT("signIn", sign_in),
};

static char **text_field(const struct store_provider *provider, size_t offset)
{
    return (char **)((uintptr_t)provider + offset);
}

static const char *redirect_warning(const struct app *app)
{
    bool https = g_str_has_prefix(app->public_url, "https://");
    bool local = g_str_has_prefix(app->public_url, "http://localhost") ||
                 g_str_has_prefix(app->public_url, "http://127.0.0.1");
    return https || local ? NULL : "not-https";
}

static char *hook_redirect_uri(const char *provider, const char **warning, void *arg)
{
    *warning = redirect_warning(arg);
    return app_redirect_uri(arg, provider);
}

static json_t *date_json(int64_t seconds)
{
    if (seconds == 0)
        return json_null();
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = date != NULL ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : NULL;
    return text != NULL ? json_string(text) : json_null();
}

static json_t *problem_json(const struct store_provider *provider)
{
    if (provider->problem == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s?}", "code", provider->problem, "title",
                     error_title(provider->problem), "action", error_action(provider->problem),
                     "detail", provider->problem_detail);
}

/* Where an administrator approves for everybody; null where that is not known. A member sees it
 * too: it holds no more than the address a browser is sent to for signing in, and is theirs to pass
 * on.
 */
static json_t *consent_json(struct app *app, const struct store_provider *settings)
{
    if (g_strcmp0(settings->type, "google") == 0 || settings->client_id == NULL)
        return json_null();
    g_autoptr(GError) error = NULL;
    struct oauth_provider *provider = app_provider_of(app, settings, &error);
    if (provider == NULL)
        return json_null();
    g_autofree char *url = oauth_admin_consent_url(provider, "admin-consent");
    oauth_provider_free(provider);
    return json_string(url);
}

static json_t *provider_json(struct app *app, const struct store_provider *provider, bool admin)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:b}", "id", provider->name, "type", provider->type, "name",
                  provider->name, "ready", provider->has_secret && provider->problem == NULL);
    json_object_set_new(object, "adminConsentUrl", consent_json(app, provider));
    if (!admin)
        return object;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *value = *text_field(provider, texts[i].offset);
        json_object_set_new(object, texts[i].name,
                            value != NULL ? json_string(value) : json_null());
    }
    if (provider->tenant == NULL)
        json_object_set_new(object, "tenant", json_string("common"));
    g_autofree char *uri = app_redirect_uri(app, provider->name);
    const char *warning = redirect_warning(app);
    json_object_set_new(object, "clientSecret", json_null());
    json_object_set_new(object, "proxyPassword", json_null());
    json_object_set_new(object, "hasClientSecret", json_boolean(provider->has_secret));
    json_object_set_new(object, "secretExpires", date_json(provider->secret_expires));
    json_object_set_new(object, "secondSecret", json_null());
    json_object_set_new(object, "hasSecondSecret", json_boolean(provider->has_second));
    json_object_set_new(object, "secondSecretExpires", date_json(provider->second_expires));
    json_object_set_new(object, "secondSecretTakenAt", date_json(provider->second_taken));
    json_object_set_new(object, "promoteSecondSecret", json_false());
    json_object_set_new(object, "signIn", json_string(provider->sign_in));
    json_object_set_new(object, "redirectUri", json_string(uri));
    json_object_set_new(object, "redirectWarning",
                        warning != NULL ? json_string(warning) : json_null());
    json_object_set_new(object, "problem", problem_json(provider));
    return object;
}

static json_t *hook_providers(bool admin, void *arg, GError **error)
{
    struct app *app = arg;
    g_autoptr(GPtrArray) providers = store_providers(app->store, error);
    if (providers == NULL)
        return NULL;
    json_t *list = json_array();
    for (guint i = 0; i < providers->len; i++)
        json_array_append_new(list, provider_json(app, providers->pdata[i], admin));
    return list;
}

static bool bad(const char **property, const char *name, GError **error, const char *text)
{
    *property = name;
    error_set(error, ERROR_INVALID, "%s: %s", name, text);
    return false;
}

static bool take_text(struct store_provider *settings, const char *key, const json_t *value,
                      bool *taken)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(texts[i].name, key) != 0)
            continue;
        char **field = text_field(settings, texts[i].offset);
        *taken = json_is_string(value) || json_is_null(value);
        if (!*taken)
            return true;
        g_free(*field);
        const char *text = json_string_value(value);
        *field = text != NULL && *text != '\0' ? g_strdup(text) : NULL;
        return true;
    }
    return false;
}

static bool take_secret(struct secret **secret, const json_t *value)
{
    if (json_is_null(value))
        return true; /* keeps what is stored */
    if (!json_is_string(value) || json_string_length(value) == 0)
        return false;
    secret_free(*secret);
    *secret = secret_new(json_string_value(value), json_string_length(value));
    return true;
}

static bool take_date(int64_t *seconds, const json_t *value)
{
    *seconds = 0;
    return json_is_null(value) ||
           (json_is_string(value) && app_parse_date(json_string_value(value), seconds));
}

/* What a roll-over needs; *taken false: the property is another. false: it is wrong. */
static bool take_second(struct store_provider *settings, const char *key, const json_t *value,
                        bool *taken)
{
    *taken = true;
    if (strcmp(key, "secondSecret") == 0)
        return take_secret(&settings->second_secret, value);
    if (strcmp(key, "secondSecretExpires") == 0)
        return take_date(&settings->second_expires, value);
    if (strcmp(key, "hasSecondSecret") == 0) { /* false takes it away */
        settings->drop_second = json_is_false(value);
        return json_is_boolean(value);
    }
    if (strcmp(key, "promoteSecondSecret") == 0) {
        settings->promote_second = json_is_true(value);
        return json_is_boolean(value);
    }
    *taken = false;
    return true;
}

static bool take_property(struct store_provider *settings, const char *key, const json_t *value,
                          const char **property, GError **error)
{
    static const char *const server_set[] =
        {"id",    "hasClientSecret", "redirectUri", "redirectWarning",     "adminConsentUrl",
         "ready", "problem",         "name",        "secondSecretTakenAt", NULL};
    bool ok = true, taken;
    if (!take_second(settings, key, value, &taken))
        return bad(property, key, error, "this is not what it takes");
    if (taken)
        return true;
    if (take_text(settings, key, value, &ok))
        return ok || bad(property, key, error, "a string or null is wanted");
    if (strcmp(key, "clientSecret") == 0)
        return take_secret(&settings->client_secret, value) ||
               bad(property, key, error, "the Value of a client secret is wanted");
    if (strcmp(key, "proxyPassword") == 0)
        return take_secret(&settings->proxy_password, value) ||
               bad(property, key, error, "the proxy's password is wanted");
    if (strcmp(key, "secretExpires") == 0)
        return take_date(&settings->secret_expires, value) ||
               bad(property, key, error, "a date is wanted");
    return g_strv_contains(server_set, key) || bad(property, key, error, "no such property");
}

static bool valid_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= 32 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static bool hook_provider_set(const char *name, bool create, const json_t *patch,
                              const char **property, void *arg, GError **error)
{
    struct app *app = arg;
    *property = NULL;
    if (json_is_null(patch) || patch == NULL)
        return store_provider_remove(app->store, name, error);
    if (!valid_name(name))
        return bad(property, "name", error, "1 to 32 of a-z, 0-9 and - are wanted");
    struct store_provider *settings = store_provider(app->store, name, NULL, create ? NULL : error);
    if ((settings != NULL) == create) {
        if (create)
            error_set(error, ERROR_CONFLICT, "there is a provider %s already", name);
        store_provider_free(settings);
        return false;
    }
    if (settings == NULL) {
        settings = g_new0(struct store_provider, 1);
        settings->name = g_strdup(name);
    }
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach((json_t *)(uintptr_t)patch, key, value)
    {
        ok = ok && take_property(settings, key, value, property, error);
    }
    if (ok && create && settings->client_secret == NULL)
        ok = bad(property, "clientSecret", error, "the Value of a client secret is wanted");
    ok = ok && app_provider_put(app, settings, property, error);
    store_provider_free(settings);
    return ok;
}

static bool hook_push_check(const char *url, const char *p256dh, const char *auth,
                            const char **property, void *arg, GError **error)
{
    struct webpush_keys keys;
    (void)arg;
    *property = "url";
    if (!httpc_url_check(url, error))
        return false;
    *property = "keys";
    bool good = p256dh == NULL || webpush_keys_parse(&keys, p256dh, auth, error);
    explicit_bzero(&keys, sizeof keys);
    return good;
}

static bool hook_invite(const struct store_principal *principal, int64_t user, const char *url,
                        bool is_reset, const char *language, void *arg)
{
    return notices_invite(arg, principal, user, url, is_reset, language);
}

/* Sessions of accounts that went with their person end. */
static void hook_accounts_gone(const GArray *accounts, void *arg)
{
    struct app *app = arg;
    for (guint i = 0; i < accounts->len; i++) {
        int64_t account = g_array_index(accounts, int64_t, i);
        oauth_token_forget(app->tokens, account);
        if (app->sync != NULL)
            sync_manager_poke(app->sync, account);
    }
}

static int64_t hook_provider_test(const char *provider, void *arg, GError **error)
{
    struct app *app = arg;
    return provider_tests_start(app->tests, provider, error);
}

static json_t *hook_provider_tests(void *arg)
{
    struct app *app = arg;
    return provider_tests_list(app->tests);
}

void hooks_fill(struct jmap_hooks *hooks, struct app *app)
{
    *hooks = (struct jmap_hooks){
        .arg = app,
        .redirect_uri = hook_redirect_uri,
        .provider_set = hook_provider_set,
        .providers = hook_providers,
        .push_check = hook_push_check,
        .invite = hook_invite,
        .accounts_gone = hook_accounts_gone,
        .provider_test = hook_provider_test,
        .provider_tests = hook_provider_tests,
    };
    hooks_fill_accounts(hooks);
}

/* Provider settings, between the store's rows and what oauth works with. */
#include "app/app.h"

#include "base/log.h"
#include "base/proxy.h"

#include <string.h>

char *app_redirect_uri(const struct app *app, const char *provider)
{
    return g_strdup_printf("%s/oauth/%s/callback", app->public_url, provider);
}

char *app_credential_origin(const struct oauth_provider *provider)
{
    g_autofree char *endpoint = oauth_token_origin(provider);
    return g_strdup_printf("%s imap://%s:%u smtp://%s:%u", endpoint, provider->imap_host,
                           provider->imap_port, provider->smtp_host, provider->smtp_port);
}

static bool split_host_port(const char *text, char **host, uint16_t *port)
{
    const char *colon = text != NULL ? strrchr(text, ':') : NULL;
    guint64 number = 0;
    if (colon == NULL || colon == text ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &number, NULL))
        return false;
    *host = g_strndup(text, (gsize)(colon - text));
    *port = (uint16_t)number;
    return true;
}

struct oauth_provider *app_provider_of(struct app *app, const struct store_provider *settings,
                                       GError **error)
{
    struct oauth_provider *provider = g_new0(struct oauth_provider, 1);
    provider->name = g_strdup(settings->name);
    provider->type = g_strcmp0(settings->type, "google") == 0 ? OAUTH_GOOGLE : OAUTH_MICROSOFT;
    provider->client_id = g_strdup(settings->client_id);
    provider->client_secret = secret_copy(settings->client_secret);
    provider->second_secret = secret_copy(settings->second_secret);
    provider->tenant = g_strdup(settings->tenant);
    provider->authority = g_strdup(settings->authority);
    provider->graph = g_strdup(settings->graph);
    provider->scope_prefix = g_strdup(settings->scope_prefix);
    provider->ca_file = g_strdup(settings->ca_file);
    provider->redirect_uri = app_redirect_uri(app, settings->name);
    if (settings->imap != NULL &&
        !split_host_port(settings->imap, &provider->imap_host, &provider->imap_port))
        error_set(error, ERROR_INVALID, "imap: \"%s\" is not HOST:PORT", settings->imap);
    else if (settings->smtp != NULL &&
             !split_host_port(settings->smtp, &provider->smtp_host, &provider->smtp_port))
        error_set(error, ERROR_INVALID, "smtp: \"%s\" is not HOST:PORT", settings->smtp);
    else if (!oauth_provider_fill(provider, settings->cloud != NULL ? settings->cloud : "global"))
        error_set(error, ERROR_INVALID,
                  "cloud: \"%s\" is none of global, usgov, dod, china, custom", settings->cloud);
    else
        return provider;
    oauth_provider_free(provider);
    return NULL;
}

/* The first was refused: the administrator is told once, on the page, in the log of acts and by
 * mail. */
static void second_taken(const char *provider, void *arg)
{
    struct app *app = arg;
    if (store_provider_second_taken(app->store, provider))
        LOG_WARN("provider.second_secret", LOG_STR("provider", provider));
}

struct oauth_provider *app_provider(struct app *app, const char *name, GError **error)
{
    struct store_provider *settings = store_provider(app->store, name, NULL, error);
    struct oauth_provider *provider =
        settings != NULL ? app_provider_of(app, settings, error) : NULL;
    store_provider_free(settings);
    if (provider == NULL)
        return NULL;
    /* The secret opens only for the origin that it was entered for. */
    g_autofree char *origin = oauth_token_origin(provider);
    settings = store_provider(app->store, name, origin, error);
    if (settings == NULL) {
        oauth_provider_free(provider);
        return NULL;
    }
    provider->client_secret = secret_copy(settings->client_secret);
    provider->second_secret = secret_copy(settings->second_secret);
    provider->second_taken = second_taken;
    provider->second_taken_arg = app;
    store_provider_free(settings);
    g_autofree char *owner = g_strconcat("provider/", name, NULL);
    if (store_proxy_url(app->store, owner, &provider->proxy, error))
        return provider;
    oauth_provider_free(provider);
    return NULL;
}

/* Whose sessions stand on a proxy that is no longer theirs. */
static void restart_accounts(struct app *app, const char *provider)
{
    g_autoptr(GPtrArray) all = store_account_statuses(app->store, NULL);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const struct store_account_status *status = all->pdata[i];
        if (g_strcmp0(status->view->provider, provider) == 0)
            app_restart_account(app, status->view->id);
    }
}

static char *proxy_url(struct app *app, const char *provider)
{
    g_autofree char *owner = g_strconcat("provider/", provider, NULL);
    char *url = NULL;
    store_proxy_url(app->store, owner, &url, NULL);
    return url;
}

/* Everybody of a tenant may come in only where it is known which one that is. */
static bool check_sign_in(const struct store_provider *settings, const char **property,
                          GError **error)
{
    static const char *const words[] = {"off", "linked", "tenant", NULL};
    const char *word = settings->sign_in != NULL ? settings->sign_in : "off";
    static const char *const shared[] = {"common", "organizations", "consumers", NULL};
    bool one_tenant = settings->tenant != NULL && !g_strv_contains(shared, settings->tenant);
    *property = "signIn";
    if (!g_strv_contains(words, word))
        error_set(error, ERROR_INVALID, "signIn: off, linked or tenant is wanted");
    else if (strcmp(word, "tenant") == 0 && !one_tenant)
        error_set(error, ERROR_INVALID, "signIn: tenant needs the id of one tenant");
    else
        return true;
    return false;
}

static bool check_proxy(const struct store_provider *settings, const char **property,
                        GError **error)
{
    if (settings->proxy == NULL || proxy_setting_check(settings->proxy, error))
        return true;
    *property = "proxy";
    return false;
}

/* The end of a roll-over: what was the second is the first now. */
static bool promote(struct app *app, struct store_provider *settings, const char *origin,
                    const char **property, GError **error)
{
    struct store_provider *stored = store_provider(app->store, settings->name, origin, error);
    *property = "promoteSecondSecret";
    if (stored != NULL && stored->second_secret == NULL)
        error_set(error, ERROR_INVALID, "promoteSecondSecret: there is no second secret");
    bool ok = stored != NULL && stored->second_secret != NULL;
    if (ok) {
        secret_free(settings->client_secret);
        settings->client_secret = secret_copy(stored->second_secret);
        settings->secret_expires = stored->second_expires;
        settings->second_expires = 0;
        settings->drop_second = true;
    }
    store_provider_free(stored);
    return ok;
}

bool app_provider_put(struct app *app, struct store_provider *settings, const char **property,
                      GError **error)
{
    *property = NULL;
    if (settings->ca_file != NULL && !g_file_test(settings->ca_file, G_FILE_TEST_IS_REGULAR)) {
        *property = "caFile";
        error_set(error, ERROR_INVALID, "CA file %s is not there", settings->ca_file);
        return false;
    }
    struct oauth_provider *provider = app_provider_of(app, settings, error);
    if (provider == NULL)
        return false;
    g_autofree char *origin = oauth_token_origin(provider);
    if (settings->promote_second && !promote(app, settings, origin, property, error)) {
        oauth_provider_free(provider);
        return false;
    }
    char *before = proxy_url(app, settings->name);
    bool ok = oauth_provider_check(provider, property, error) &&
              check_proxy(settings, property, error) && check_sign_in(settings, property, error) &&
              store_provider_put(app->store, settings, origin, error);
    oauth_provider_free(provider);
    char *now = proxy_url(app, settings->name);
    if (ok && g_strcmp0(before, now) != 0)
        restart_accounts(app, settings->name);
    secret_wipe_string(before);
    secret_wipe_string(now);
    if (!ok)
        return false;
    store_provider_problem(app->store, settings->name, NULL, NULL);
    LOG_INFO("provider.set", LOG_STR("provider", settings->name));
    return true;
}

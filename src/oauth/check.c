#include "oauth/provider.h"

#include <string.h>

#define REDIRECT_MAX 256

bool oauth_is_guid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text == NULL || strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == '-' ? text[i] != '-' : !g_ascii_isxdigit(text[i]))
            return false;
    return true;
}

static bool is_domain(const char *text)
{
    return strchr(text, '.') != NULL && strlen(text) <= 253 && text[0] != '.' && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               strlen(text);
}

static bool is_tenant(const char *text)
{
    static const char *const aliases[] = {"common", "organizations", "consumers", NULL};
    return text != NULL &&
           (g_strv_contains(aliases, text) || oauth_is_guid(text) || is_domain(text));
}

static bool is_local(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

/* https, or http to this machine; no user information, query or fragment. */
static bool is_safe_url(const char *text)
{
    g_autoptr(GUri) uri = text != NULL ? g_uri_parse(text, G_URI_FLAGS_NONE, NULL) : NULL;
    if (uri == NULL || g_uri_get_host(uri) == NULL || g_uri_get_host(uri)[0] == '\0' ||
        g_uri_get_userinfo(uri) != NULL || g_uri_get_fragment(uri) != NULL ||
        g_uri_get_query(uri) != NULL)
        return false;
    const char *scheme = g_uri_get_scheme(uri);
    return strcmp(scheme, "https") == 0 ||
           (strcmp(scheme, "http") == 0 && is_local(g_uri_get_host(uri)));
}

/* What can be registered at all. Plain http elsewhere than on this machine is only
 * worth a warning here: the provider refuses it, and the administrator may be about to put TLS
 * before it. */
static bool is_redirect_uri(const char *text)
{
    g_autoptr(GUri) uri = text != NULL ? g_uri_parse(text, G_URI_FLAGS_NONE, NULL) : NULL;
    return uri != NULL && strlen(text) <= REDIRECT_MAX && strpbrk(text, "!$'(),;* ") == NULL &&
           g_uri_get_host(uri) != NULL && g_uri_get_query(uri) == NULL &&
           g_uri_get_fragment(uri) == NULL;
}

static bool is_client_id(const struct oauth_provider *provider)
{
    if (provider->client_id == NULL)
        return false;
    return provider->type == OAUTH_GOOGLE ? provider->client_id[0] != '\0'
                                          : oauth_is_guid(provider->client_id);
}

/* None given means: the stored one stays. */
static bool is_secret(const struct secret *secret)
{
    return secret == NULL || (secret_length(secret) > 0 && !oauth_is_guid(secret_reveal(secret)));
}

static bool is_host(const char *host, uint16_t port)
{
    return host != NULL && host[0] != '\0' && strpbrk(host, "/@ ") == NULL && port != 0;
}

static bool blame(const char **field, const char *name, const char *why, GError **error)
{
    if (field != NULL)
        *field = name;
    error_set(error, ERROR_INVALID, "%s: %s", name, why);
    return false;
}

bool oauth_provider_check(const struct oauth_provider *provider, const char **field, GError **error)
{
    if (!is_client_id(provider))
        return blame(field, "clientId", "must be the application's Client ID, a GUID", error);
    if (!is_secret(provider->client_secret))
        return blame(field, "clientSecret",
                     "must be the Value of the client secret, not its Secret ID", error);
    if (!is_secret(provider->second_secret))
        return blame(field, "secondSecret",
                     "must be the Value of the client secret, not its Secret ID", error);
    if (!is_tenant(provider->tenant))
        return blame(field, "tenant",
                     "must be common, organizations, consumers, a tenant id or a domain", error);
    if (!is_safe_url(provider->authority))
        return blame(field, "authority", "must be an https address", error);
    if (provider->type == OAUTH_MICROSOFT && !is_safe_url(provider->graph))
        return blame(field, "graph", "must be an https address", error);
    if (!is_safe_url(provider->scope_prefix) || !g_str_has_suffix(provider->scope_prefix, "/"))
        return blame(field, "scopePrefix", "must be an https address that ends with /", error);
    if (!is_host(provider->imap_host, provider->imap_port))
        return blame(field, "imap", "must be HOST:PORT", error);
    if (!is_host(provider->smtp_host, provider->smtp_port))
        return blame(field, "smtp", "must be HOST:PORT", error);
    if (!is_redirect_uri(provider->redirect_uri))
        return blame(field, "redirectUri",
                     "must be at most 256 characters, without query and without ! $ ' ( ) , ; *",
                     error);
    return true;
}

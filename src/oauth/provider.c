#include "oauth/provider.h"

#include "httpc/httpc.h"

#include <string.h>

struct cloud {
    const char *name, *authority, *graph, *scope_prefix, *imap_host, *smtp_host;
};

/* Facts 1.7. */
static const struct cloud clouds[] = {
    {"global", "https://login.microsoftonline.com", "https://graph.microsoft.com",
     "https://outlook.office.com/", "outlook.office365.com", "smtp.office365.com"},
    {"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us",
     "https://outlook.office365.us/", "outlook.office365.us", "outlook.office365.us"},
    {"dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us",
     "https://outlook.office365.us/", "outlook-dod.office365.us", "outlook-dod.office365.us"},
    {"china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn",
     "https://partner.outlook.cn/", "partner.outlook.cn", "smtp.partner.outlook.cn"},
    /* Nothing is known of a custom cloud but the names of its scopes. */
    {"custom", NULL, NULL, "https://outlook.office.com/", NULL, NULL},
};

static const struct cloud google = {"google",
                                    "https://accounts.google.com",
                                    "https://gmail.googleapis.com",
                                    "https://mail.google.com/",
                                    "imap.gmail.com",
                                    "smtp.gmail.com"};

#define IMAPS_PORT 993
#define SUBMISSION_PORT 587

void oauth_provider_free(struct oauth_provider *provider)
{
    if (provider == NULL)
        return;
    g_free(provider->name);
    g_free(provider->client_id);
    secret_free(provider->client_secret);
    secret_free(provider->second_secret);
    g_free(provider->tenant);
    g_free(provider->authority);
    g_free(provider->graph);
    g_free(provider->scope_prefix);
    g_free(provider->imap_host);
    g_free(provider->smtp_host);
    g_free(provider->ca_file);
    g_free(provider->redirect_uri);
    secret_wipe_string(provider->proxy);
    g_free(provider);
}

static void fill_text(char **field, const char *value)
{
    if (*field == NULL && value != NULL)
        *field = g_strdup(value);
}

static const struct cloud *find_cloud(const struct oauth_provider *provider, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(clouds); i++)
        if (g_strcmp0(clouds[i].name, name) == 0)
            return provider->type == OAUTH_GOOGLE ? &google : &clouds[i];
    return NULL;
}

static void strip_slashes(char *url)
{
    for (size_t n = url != NULL ? strlen(url) : 0; n > 0 && url[n - 1] == '/'; n--)
        url[n - 1] = '\0';
}

bool oauth_provider_fill(struct oauth_provider *provider, const char *cloud)
{
    const struct cloud *preset = find_cloud(provider, cloud);
    if (preset == NULL)
        return false;
    fill_text(&provider->authority, preset->authority);
    fill_text(&provider->graph, preset->graph);
    fill_text(&provider->scope_prefix, preset->scope_prefix);
    fill_text(&provider->imap_host, preset->imap_host);
    fill_text(&provider->smtp_host, preset->smtp_host);
    fill_text(&provider->tenant, "common");
    if (provider->imap_port == 0)
        provider->imap_port = IMAPS_PORT;
    if (provider->smtp_port == 0)
        provider->smtp_port = SUBMISSION_PORT;
    strip_slashes(provider->authority);
    strip_slashes(provider->graph);
    return true;
}

static bool is_googles_own(const struct oauth_provider *provider)
{
    return strcmp(provider->authority, google.authority) == 0;
}

char *oauth_authorize_endpoint(const struct oauth_provider *provider)
{
    if (provider->type == OAUTH_GOOGLE)
        return g_strconcat(provider->authority, "/o/oauth2/v2/auth", NULL);
    return g_strconcat(provider->authority, "/", provider->tenant, "/oauth2/v2.0/authorize", NULL);
}

char *oauth_token_endpoint(const struct oauth_provider *provider)
{
    if (provider->type == OAUTH_GOOGLE)
        return g_strconcat(is_googles_own(provider) ? "https://oauth2.googleapis.com"
                                                    : provider->authority,
                           "/token", NULL);
    return g_strconcat(provider->authority, "/", provider->tenant, "/oauth2/v2.0/token", NULL);
}

char *oauth_metadata_endpoint(const struct oauth_provider *provider)
{
    static const char well_known[] = "/.well-known/openid-configuration";
    if (provider->type == OAUTH_GOOGLE)
        return g_strconcat(provider->authority, well_known, NULL);
    return g_strconcat(provider->authority, "/", provider->tenant, "/v2.0", well_known, NULL);
}

char *oauth_token_origin(const struct oauth_provider *provider)
{
    g_autofree char *endpoint = oauth_token_endpoint(provider);
    g_autoptr(GUri) uri = g_uri_parse(endpoint, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL)
        return g_strdup("");
    int port = g_uri_get_port(uri);
    if (port < 0)
        port = strcmp(g_uri_get_scheme(uri), "http") == 0 ? 80 : 443;
    g_autofree char *host = g_ascii_strdown(g_uri_get_host(uri), -1);
    return g_strdup_printf("%s://%s:%d", g_uri_get_scheme(uri), host, port);
}

char *oauth_admin_consent_url(const struct oauth_provider *provider, const char *state)
{
    /* Never common: the administrator's own tenant is found by organizations. */
    bool alias =
        strcmp(provider->tenant, "common") == 0 || strcmp(provider->tenant, "consumers") == 0;
    g_autofree char *tenant = httpc_escape(alias ? "organizations" : provider->tenant);
    g_autofree char *scopes = oauth_all_scopes(provider);
    const char *const form[] = {"client_id",
                                provider->client_id,
                                "redirect_uri",
                                provider->redirect_uri,
                                "scope",
                                scopes,
                                state != NULL ? "state" : NULL,
                                state,
                                NULL};
    struct secret *query = httpc_form(form);
    char *url = g_strconcat(provider->authority, "/", tenant, "/v2.0/adminconsent?",
                            secret_reveal(query), NULL);
    secret_free(query);
    return url;
}

#include "oauth/provider.h"

#include <string.h>

static const char *const mail_names[] = {"IMAP.AccessAsUser.All", "SMTP.Send"};

char *oauth_mail_scopes(const struct oauth_provider *provider)
{
    if (provider->type == OAUTH_GOOGLE)
        return g_strdup(provider->scope_prefix);
    return g_strconcat(provider->scope_prefix, mail_names[0], " ", provider->scope_prefix,
                       mail_names[1], NULL);
}

char *oauth_all_scopes(const struct oauth_provider *provider)
{
    g_autofree char *mail = oauth_mail_scopes(provider);
    if (provider->type == OAUTH_GOOGLE)
        return g_strconcat("openid email profile ", mail, NULL);
    /* A scope without prefix is Graph's in every cloud. */
    return g_strconcat("openid profile email offline_access ", mail, " User.Read", NULL);
}

static const char *last_part(const char *scope)
{
    const char *slash = strrchr(scope, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : scope;
}

static bool has_scope(char **granted, const char *wanted)
{
    for (char **scope = granted; *scope != NULL; scope++)
        if (g_ascii_strcasecmp(last_part(*scope), last_part(wanted)) == 0)
            return true;
    return false;
}

char *oauth_missing_scopes(const struct oauth_provider *provider, const char *granted)
{
    g_autofree char *text = oauth_mail_scopes(provider);
    g_auto(GStrv) wanted = g_strsplit(text, " ", -1);
    g_auto(GStrv) have = g_strsplit(granted, " ", -1);
    GString *missing = g_string_new(NULL);
    for (char **scope = wanted; *scope != NULL; scope++)
        if (!has_scope(have, *scope))
            g_string_append_printf(missing, "%s%s", missing->len > 0 ? " " : "", *scope);
    return g_string_free(missing, missing->len == 0);
}

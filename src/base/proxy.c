#include "base/proxy.h"

#include <string.h>

#define SOCKS_PORT 1080
#define HTTP_PORT 8080
/* RFC 1929 has one byte for the length. */
#define WORD_MAX 255

void proxy_clear(struct proxy *proxy)
{
    g_free(proxy->host);
    g_free(proxy->user);
    secret_wipe_string(proxy->password);
    *proxy = (struct proxy){0};
}

static bool fits(const char *word)
{
    return word == NULL || (strlen(word) <= WORD_MAX && strpbrk(word, "\r\n") == NULL);
}

bool proxy_parse(const char *url, struct proxy *proxy, GError **error)
{
    g_autofree char *scheme = NULL, *path = NULL;
    int port = -1;
    *proxy = (struct proxy){0};
    bool parsed =
        g_uri_split_with_user(url, G_URI_FLAGS_HAS_PASSWORD, &scheme, &proxy->user,
                              &proxy->password, NULL, &proxy->host, &port, &path, NULL, NULL, NULL);
    bool http = parsed && g_strcmp0(scheme, "http") == 0;
    bool socks = parsed && (g_strcmp0(scheme, "socks5") == 0 || g_strcmp0(scheme, "socks5h") == 0);
    proxy->kind = socks ? PROXY_SOCKS5 : PROXY_HTTP;
    proxy->port = (uint16_t)(port > 0 ? port : socks ? SOCKS_PORT : HTTP_PORT);
    bool good = (http || socks) && proxy->host != NULL && proxy->host[0] != '\0' && port != 0 &&
                (path[0] == '\0' || strcmp(path, "/") == 0) && fits(proxy->user) &&
                fits(proxy->password);
    /* A colon in a user's name would end it (RFC 7617). */
    good = good && (proxy->user == NULL || strchr(proxy->user, ':') == NULL || socks);
    if (good)
        return true;
    proxy_clear(proxy);
    error_set(error, ERROR_INVALID,
              "the proxy address must be http://host:port or socks5://host:port");
    return false;
}

bool proxy_setting_check(const char *setting, GError **error)
{
    struct proxy proxy;
    if (strcmp(setting, PROXY_DIRECT) == 0)
        return true;
    if (!proxy_parse(setting, &proxy, error))
        return false;
    bool bare = proxy.password == NULL;
    proxy_clear(&proxy);
    if (!bare)
        error_set(error, ERROR_INVALID,
                  "the proxy's password does not belong in its address: give it apart");
    return bare;
}

char *proxy_with_password(const char *setting, const struct secret *password)
{
    const char *at = setting != NULL ? strrchr(setting, '@') : NULL;
    if (password == NULL || at == NULL)
        return g_strdup(setting);
    char *escaped = g_uri_escape_string(secret_reveal(password), NULL, FALSE);
    char *whole = g_strdup_printf("%.*s:%s%s", (int)(at - setting), setting, escaped, at);
    secret_wipe_string(escaped);
    return whole;
}

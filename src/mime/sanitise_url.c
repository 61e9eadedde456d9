#include "mime/sanitise.h"

#include <string.h>

#define URL_MAX 8000
#define DATA_MAX ((size_t)2 << 20)

/* As browsers read an address: tabs and line ends vanish, blanks around it too. */
static char *as_browser(const char *url, size_t max)
{
    if (strlen(url) > max)
        return NULL;
    char *out = g_malloc(strlen(url) + 1);
    size_t used = 0;
    while (*url > 0 && *url <= ' ')
        url++;
    for (; *url != '\0'; url++)
        if (*url != '\t' && *url != '\n' && *url != '\r')
            out[used++] = *url;
    while (used > 0 && out[used - 1] >= 0 && out[used - 1] <= ' ')
        used--;
    out[used] = '\0';
    for (const char *p = out; *p != '\0'; p++)
        if ((*p >= 0 && *p < ' ') || *p == 0x7f) {
            g_free(out);
            return NULL;
        }
    return out;
}

static bool starts(const char *url, const char *scheme)
{
    return g_ascii_strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* "https://host…" with a host and nothing that reads as another one. */
static bool is_web(const char *url)
{
    const char *host = starts(url, "https://") ? url + 8 : starts(url, "http://") ? url + 7 : NULL;
    if (host == NULL || strchr("/\\?#@:", *host) != NULL || *host == '\0')
        return false;
    size_t length = strcspn(host, "/?#");
    return memchr(host, '\\', length) == NULL && memchr(host, ' ', length) == NULL &&
           memchr(host, '<', length) == NULL && memchr(host, '>', length) == NULL;
}

char *url_clean_remote(const char *url)
{
    g_autofree char *clean = as_browser(url, URL_MAX);
    if (clean == NULL)
        return NULL;
    if (strncmp(clean, "//", 2) == 0) {
        g_autofree char *whole = g_strconcat("https:", clean, NULL);
        return is_web(whole) ? g_steal_pointer(&whole) : NULL;
    }
    return is_web(clean) ? g_steal_pointer(&clean) : NULL;
}

char *url_clean_link(const char *url)
{
    char *web = url_clean_remote(url);
    if (web != NULL)
        return web;
    g_autofree char *clean = as_browser(url, URL_MAX);
    if (clean != NULL && (starts(clean, "mailto:") || starts(clean, "tel:")) &&
        strpbrk(clean, "<>\"") == NULL)
        return g_steal_pointer(&clean);
    return NULL;
}

char *url_clean_data_image(const char *url)
{
    static const char *const kinds[] = {"png", "gif", "jpeg", "jpg", "webp", "bmp"};
    g_autofree char *clean = as_browser(url, DATA_MAX);
    if (clean == NULL || !starts(clean, "data:image/"))
        return NULL;
    const char *kind = clean + strlen("data:image/");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        size_t length = strlen(kinds[i]);
        if (!starts(kind, kinds[i]) || !starts(kind + length, ";base64,"))
            continue;
        const char *data = kind + length + strlen(";base64,");
        size_t good =
            strspn(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= ");
        return data[good] == '\0' ? g_steal_pointer(&clean) : NULL;
    }
    return NULL;
}

char *url_cid(const char *url)
{
    g_autofree char *clean = as_browser(url, URL_MAX);
    if (clean == NULL || *clean == '\0')
        return NULL;
    if (starts(clean, "cid:"))
        return g_uri_unescape_string(clean + 4, NULL);
    size_t scheme = strcspn(clean, ":/?#");
    bool relative = clean[scheme] != ':' && *clean != '/' && *clean != '\\' && *clean != '#';
    return relative ? g_steal_pointer(&clean) : NULL;
}

#include "httpc/transfer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

void httpc_target_clear(struct httpc_target *target)
{
    g_free(target->url);
    g_free(target->host);
    g_free(target->origin);
    memset(target, 0, sizeof *target);
}

static char *part_of(CURLU *parts, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(parts, part, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = g_strdup(text);
    curl_free(text);
    return copy;
}

static bool is_literal(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* curl keeps the brackets of an IPv6 literal. */
static void strip_brackets(char *host)
{
    size_t length = strlen(host);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    }
}

static bool read_parts(CURLU *parts, struct httpc_target *target)
{
    g_autofree char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
    g_autofree char *port = part_of(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    g_autofree char *user = part_of(parts, CURLUPART_USER, 0);
    g_autofree char *password = part_of(parts, CURLUPART_PASSWORD, 0);
    target->host = part_of(parts, CURLUPART_HOST, CURLU_PUNYCODE);
    if (scheme == NULL || port == NULL || target->host == NULL || user != NULL || password != NULL)
        return false;
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return false;
    if (curl_url_set(parts, CURLUPART_HOST, target->host, 0) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
        return false;
    target->tls = strcmp(scheme, "https") == 0;
    target->port = (uint16_t)g_ascii_strtoull(port, NULL, 10);
    target->url = part_of(parts, CURLUPART_URL, 0);
    target->origin = g_strdup_printf("%s://%s:%u", scheme, target->host, target->port);
    strip_brackets(target->host);
    target->literal = is_literal(target->host);
    return target->url != NULL && target->host[0] != '\0' && target->port != 0;
}

bool httpc_target_parse(struct httpc_target *target, const char *base, const char *url,
                        GError **error)
{
    memset(target, 0, sizeof *target);
    CURLU *parts = curl_url();
    bool good = parts != NULL &&
                (base == NULL || curl_url_set(parts, CURLUPART_URL, base, 0) == CURLUE_OK) &&
                curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                read_parts(parts, target);
    curl_url_cleanup(parts);
    if (good)
        return true;
    httpc_target_clear(target);
    error_set(error, ERROR_INVALID, "not an http or https address without user name");
    return false;
}

bool httpc_url_check(const char *url, GError **error)
{
    struct httpc_target target;
    bool tls = g_str_has_prefix(url, "https://") && httpc_target_parse(&target, NULL, url, NULL);
    if (tls)
        httpc_target_clear(&target);
    else
        error_set(error, ERROR_INVALID, "not an https address without user name");
    return tls;
}

#include "http/http.h"

#include "base/json_text.h"
#include "http/internal.h"
#include "net/conn.h"
#include "store/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define SEGMENTS_MAX 64
#define QUERY_MAX 64

/* "http://host/path" is a form that proxies use (RFC 9112, 3.2.2). */
static const char *strip_authority(const char *uri)
{
    const char *scheme = strstr(uri, "://");
    if (uri[0] == '/' || scheme == NULL)
        return uri;
    const char *path = strchr(scheme + 3, '/');
    return path == NULL ? "/" : path;
}

struct http_request *request_new(struct http_server *server, const char *uri)
{
    struct http_request *request = g_new0(struct http_request, 1);
    request->server = server;
    request->target = g_strdup(strip_authority(uri));
    request->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->reply_headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    request->segments = g_ptr_array_new_with_free_func(g_free);
    request->body = g_byte_array_new();
    return request;
}

void request_free(struct http_request *request)
{
    if (request->abandon != NULL)
        request->abandon(request->upgrade);
    g_hash_table_unref(request->headers);
    g_hash_table_unref(request->reply_headers);
    g_ptr_array_unref(request->segments);
    if (request->query != NULL)
        g_hash_table_unref(request->query);
    if (request->body != NULL)
        g_byte_array_unref(request->body);
    g_bytes_unref(request->whole_body);
    if (request->principal != NULL)
        store_principal_unref(request->principal);
    if (request->reply != NULL)
        MHD_destroy_response(request->reply);
    g_free(request->target);
    g_free(request->method);
    g_free(request->address);
    g_free(request->csrf);
    g_free(request);
}

static bool decides(const char *name)
{
    static const char *const names[] = {"content-length", "transfer-encoding",
                                        "host",           "authorization",
                                        "origin",         "content-type",
                                        "x-postroom-csrf"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static enum MHD_Result take_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct http_request *request = arg;
    (void)kind;
    g_autofree char *key = g_ascii_strdown(name, -1);
    const char *old = g_hash_table_lookup(request->headers, key);
    request->ambiguous = request->ambiguous || (old != NULL && decides(key));
    const char *separator = strcmp(key, "cookie") == 0 ? "; " : ", ";
    char *joined = old == NULL ? g_strdup(value == NULL ? "" : value)
                               : g_strconcat(old, separator, value, NULL);
    g_hash_table_replace(request->headers, g_steal_pointer(&key), joined);
    return MHD_YES;
}

static char *address_only(const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "unknown";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
        if (g_str_has_prefix(text, "::ffff:")) /* IPv4 on a socket for both */
            return g_strdup(text + strlen("::ffff:"));
    }
    return g_strdup(text);
}

static bool parse_address(const char *text, struct sockaddr_storage *storage)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(storage, &v4, sizeof(v4));
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(storage, &v6, sizeof(v6));
    else
        return false;
    return true;
}

/* From the right, past the proxies we trust: what stands further left anyone can write. */
static void follow_proxies(struct http_request *request, const struct sockaddr *peer)
{
    const char *const *trusted = (const char *const *)request->server->trusted_proxies;
    const char *header = g_hash_table_lookup(request->headers, "x-forwarded-for");
    if (header == NULL || !net_address_in(peer, trusted))
        return;
    g_auto(GStrv) hops = g_strsplit(header, ",", -1);
    for (guint i = g_strv_length(hops); i > 0; i--) {
        struct sockaddr_storage hop = {.ss_family = AF_UNSPEC};
        if (!parse_address(g_strstrip(hops[i - 1]), &hop))
            return;
        g_free(request->address);
        request->address = address_only((struct sockaddr *)&hop);
        if (!net_address_in((struct sockaddr *)&hop, trusted))
            return;
    }
}

static void read_address(struct http_request *request)
{
    static const char *const loopback[] = {"127.0.0.0/8", "::1", NULL};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) {
        request->address = g_strdup("unknown");
        return;
    }
    request->address = address_only(info->client_addr);
    request->forwarded = g_hash_table_contains(request->headers, "x-forwarded-for") ||
                         g_hash_table_contains(request->headers, "forwarded");
    request->local = !request->forwarded && net_address_in(info->client_addr, loopback);
    follow_proxies(request, info->client_addr);
}

void request_read(struct http_request *request, struct MHD_Connection *connection,
                  const char *method)
{
    request->connection = connection;
    request->method = g_strdup(method);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, request);
    read_address(request);
}

/* NULL for what is no UTF-8 text without control characters. */
static char *decode(const char *encoded, size_t length, bool plus_is_space)
{
    g_autoptr(GString) out = g_string_sized_new(length);
    for (size_t i = 0; i < length; i++) {
        if (encoded[i] == '%' && i + 2 < length && g_ascii_isxdigit(encoded[i + 1]) &&
            g_ascii_isxdigit(encoded[i + 2])) {
            g_string_append_c(out, (char)(g_ascii_xdigit_value(encoded[i + 1]) * 16 +
                                          g_ascii_xdigit_value(encoded[i + 2])));
            i += 2;
        } else if (encoded[i] == '%') {
            return NULL;
        } else {
            g_string_append_c(out, encoded[i] == '+' && plus_is_space ? ' ' : encoded[i]);
        }
    }
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->str[i] < 0x20 || out->str[i] == 0x7f)
            return NULL;
    if (!g_utf8_validate(out->str, (gssize)out->len, NULL))
        return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool request_split(struct http_request *request)
{
    const char *base = request->server->base;
    const char *path = request->target;
    if (path[0] != '/')
        return false;
    /* A reverse proxy may or may not have taken the base away. */
    path += g_str_has_prefix(path, base) ? strlen(base) : 1;
    size_t length = strcspn(path, "?#");
    while (length > 0) {
        const char *slash = memchr(path, '/', length);
        size_t part = slash == NULL ? length : (size_t)(slash - path);
        char *segment = decode(path, part, false);
        if (segment == NULL || request->segments->len >= SEGMENTS_MAX) {
            g_free(segment);
            return false;
        }
        g_ptr_array_add(request->segments, segment);
        path += part + (slash != NULL);
        length -= part + (slash != NULL);
    }
    return true;
}

bool request_framing(const struct http_request *request, int64_t *length)
{
    const char *declared = g_hash_table_lookup(request->headers, "content-length");
    const char *encoding = g_hash_table_lookup(request->headers, "transfer-encoding");
    *length = encoding != NULL ? -2 : -1;
    if (request->ambiguous || (declared != NULL && encoding != NULL))
        return false;
    if (encoding != NULL)
        return g_ascii_strcasecmp(encoding, "chunked") == 0;
    if (declared == NULL)
        return true;
    size_t digits = strspn(declared, "0123456789");
    if (digits == 0 || digits > 18 || declared[digits] != '\0')
        return false;
    *length = (int64_t)g_ascii_strtoull(declared, NULL, 10);
    return true;
}

static void read_query(struct http_request *request)
{
    request->query = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *mark = strchr(request->target, '?');
    if (mark == NULL)
        return;
    g_auto(GStrv) pairs = g_strsplit(mark + 1, "&", QUERY_MAX);
    for (char **pair = pairs; *pair != NULL; pair++) {
        size_t name_length = strcspn(*pair, "=");
        const char *value = (*pair)[name_length] == '=' ? *pair + name_length + 1 : "";
        char *name = decode(*pair, name_length, true);
        char *decoded = decode(value, strcspn(value, "#"), true);
        if (name != NULL && decoded != NULL && !g_hash_table_contains(request->query, name)) {
            g_hash_table_insert(request->query, name, decoded);
            continue;
        }
        g_free(name);
        g_free(decoded);
    }
}

const char *http_request_query(struct http_request *request, const char *name)
{
    if (request->query == NULL)
        read_query(request);
    return g_hash_table_lookup(request->query, name);
}

struct http_server *http_request_server(const struct http_request *request)
{
    return request->server;
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

size_t http_request_segments(const struct http_request *request)
{
    return request->segments->len;
}

const char *http_request_segment(const struct http_request *request, size_t n)
{
    return n < request->segments->len ? request->segments->pdata[n] : NULL;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    g_autofree char *key = g_ascii_strdown(name, -1);
    return g_hash_table_lookup(request->headers, key);
}

char *http_request_cookie(const struct http_request *request, const char *name)
{
    const char *header = g_hash_table_lookup(request->headers, "cookie");
    if (header == NULL)
        return NULL;
    g_auto(GStrv) cookies = g_strsplit(header, ";", 128);
    size_t length = strlen(name);
    for (char **cookie = cookies; *cookie != NULL; cookie++) {
        const char *text = g_strstrip(*cookie);
        if (strncmp(text, name, length) == 0 && text[length] == '=')
            return g_strdup(text + length + 1);
    }
    return NULL;
}

char *http_request_content_type(const struct http_request *request)
{
    const char *header = g_hash_table_lookup(request->headers, "content-type");
    if (header == NULL)
        return g_strdup("");
    g_autofree char *type = g_strndup(header, strcspn(header, ";"));
    return g_ascii_strdown(g_strstrip(type), -1);
}

GBytes *http_request_body(struct http_request *request)
{
    if (request->whole_body == NULL)
        request->whole_body = g_byte_array_free_to_bytes(g_steal_pointer(&request->body));
    return request->whole_body;
}

const char *http_request_address(const struct http_request *request)
{
    return request->address;
}

bool http_request_is_local(const struct http_request *request)
{
    return request->local;
}

json_t *http_request_json(struct http_request *request)
{
    size_t length;
    const char *text = g_bytes_get_data(http_request_body(request), &length);
    if (text == NULL || json_text_measure(text, length).depth > HTTP_JSON_DEPTH)
        return NULL;
    return json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
}

void http_request_set_principal(struct http_request *request, struct store_principal *principal,
                                const char *csrf)
{
    if (request->principal != NULL)
        store_principal_unref(request->principal);
    request->principal = principal == NULL ? NULL : store_principal_ref(principal);
    g_free(request->csrf);
    request->csrf = g_strdup(csrf);
}

struct store_principal *http_request_principal(const struct http_request *request)
{
    return request->principal;
}

const char *http_request_csrf(const struct http_request *request)
{
    return request->csrf;
}

static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Of the token/token that text begins with; 0: it does not. */
static size_t media_type_length(const char *text)
{
    size_t main_length = text == NULL ? 0 : strspn(text, token);
    if (main_length == 0 || text[main_length] != '/')
        return 0;
    size_t sub_length = strspn(text + main_length + 1, token);
    return sub_length > 0 && main_length + sub_length < 127 ? main_length + 1 + sub_length : 0;
}

bool http_is_media_type(const char *type)
{
    size_t length = media_type_length(type);
    return length > 0 && type[length] == '\0';
}

bool http_is_content_type(const char *type)
{
    size_t length = media_type_length(type);
    const char *rest = length > 0 ? type + length : "?";
    while (*rest == ';') {
        rest += 1 + strspn(rest + 1, " ");
        size_t name = strspn(rest, token), value = 0;
        if (name == 0 || rest[name] != '=' || (value = strspn(rest + name + 1, token)) == 0)
            return false;
        rest += name + 1 + value;
    }
    return *rest == '\0' && strlen(type) < 256;
}

#include "net/internal.h"

#include "base/proxy.h"
#include "base/secret.h"

#include <arpa/inet.h>
#include <string.h>

#define CONNECT_ANSWER_MAX 8192

static bool read_exactly(struct conn *conn, void *buffer, size_t size, int64_t deadline,
                         GError **error)
{
    for (size_t got = 0; got < size;) {
        ssize_t n = conn_read(conn, (char *)buffer + got, size - got, deadline, error);
        if (n == 0)
            error_set(error, ERROR_PROXY_NONSENSE, "the proxy hung up");
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    return true;
}

static char *basic_credentials(const struct proxy *proxy)
{
    g_autofree char *plain =
        g_strdup_printf("%s:%s", proxy->user, proxy->password == NULL ? "" : proxy->password);
    char *encoded = g_base64_encode((const guchar *)plain, strlen(plain));
    memset(plain, 0, strlen(plain));
    return encoded;
}

static bool http_refused(const char *answer, GError **error)
{
    g_autofree char *line = g_strndup(answer, strcspn(answer, "\r\n"));
    if (!g_str_has_prefix(line, "HTTP/1.") || strlen(line) < 12)
        error_set(error, ERROR_PROXY_NONSENSE, "the proxy's answer makes no sense");
    /* tinyproxy says 401 where RFC 9110 has 407. */
    else if (strncmp(line + 9, "407", 3) == 0 || strncmp(line + 9, "401", 3) == 0)
        error_set(error, ERROR_PROXY_LOGIN, "the proxy refused the sign-in: %s", line);
    else
        error_set(error, ERROR_PROXY_REFUSED, "the proxy refused: %s", line);
    return false;
}

/* RFC 9110, 9.3.6. The answer is read byte by byte, since the mail server may speak right after. */
static bool http_open(struct conn *conn, const struct proxy *proxy, const char *host, uint16_t port,
                      int64_t deadline, GError **error)
{
    const char *format = strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the two above */
    g_autofree char *target = g_strdup_printf(format, host, port);
#pragma GCC diagnostic pop
    g_autoptr(GString) request = g_string_new(NULL);
    g_string_printf(request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
    if (proxy->user != NULL) {
        char *credentials = basic_credentials(proxy);
        g_string_append_printf(request, "Proxy-Authorization: Basic %s\r\n", credentials);
        secret_wipe_string(credentials);
    }
    g_string_append(request, "\r\n");
    if (!conn_write(conn, request->str, request->len, deadline, error))
        return false;
    g_autoptr(GString) answer = g_string_new(NULL);
    while (!g_str_has_suffix(answer->str, "\r\n\r\n")) {
        char byte;
        if (!read_exactly(conn, &byte, 1, deadline, error))
            return false;
        if (byte == '\0' || answer->len >= CONNECT_ANSWER_MAX) {
            error_set(error, ERROR_PROXY_NONSENSE, "the proxy's answer makes no sense");
            return false;
        }
        g_string_append_c(answer, byte);
    }
    if (g_str_has_prefix(answer->str, "HTTP/1.") && answer->len > 12 && answer->str[9] == '2')
        return true;
    return http_refused(answer->str, error);
}

/* A text with its length in front; returns what it takes. */
static size_t put_text(uint8_t *out, const char *text)
{
    size_t length = 0;
    for (; text[length] != '\0' && length < 255; length++)
        out[1 + length] = (uint8_t)text[length];
    out[0] = (uint8_t)length;
    return 1 + length;
}

/* RFC 1929. */
static bool socks_sign_in(struct conn *conn, const struct proxy *proxy, int64_t deadline,
                          GError **error)
{
    const char *password = proxy->password == NULL ? "" : proxy->password;
    uint8_t message[1 + 256 + 256] = {1};
    size_t length = 1 + put_text(message + 1, proxy->user);
    length += put_text(message + length, password);
    uint8_t answer[2];
    bool ok = conn_write(conn, message, length, deadline, error) &&
              read_exactly(conn, answer, 2, deadline, error);
    explicit_bzero(message, sizeof(message));
    if (ok && answer[1] != 0) {
        error_set(error, ERROR_PROXY_LOGIN, "the proxy refused the sign-in");
        return false;
    }
    return ok;
}

/* RFC 1928, 4: type, address and port. */
static size_t socks_target(uint8_t *out, const char *host, uint16_t port)
{
    size_t length;
    if (inet_pton(AF_INET, host, out + 1) == 1) {
        out[0] = 1;
        length = 5;
    } else if (inet_pton(AF_INET6, host, out + 1) == 1) {
        out[0] = 4;
        length = 17;
    } else {
        out[0] = 3;
        length = 1 + put_text(out + 1, host);
    }
    out[length] = (uint8_t)(port >> 8);
    out[length + 1] = (uint8_t)(port & 0xff);
    return length + 2;
}

static const char *socks_reason(uint8_t code)
{
    static const char *const reasons[] = {
        "ok",
        "general failure",
        "not allowed by its rules",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "took too long",
        "command not supported",
        "address type not supported",
    };
    return code < G_N_ELEMENTS(reasons) ? reasons[code] : "unknown reason";
}

/* RFC 1928, 6: the rest of the answer depends on the kind of address in it. */
static bool socks_answer(struct conn *conn, int64_t deadline, GError **error)
{
    uint8_t head[5], rest[256 + 2];
    if (!read_exactly(conn, head, sizeof(head), deadline, error))
        return false;
    if (head[0] == 5 && head[1] != 0) {
        error_set(error, ERROR_PROXY_REFUSED, "the proxy says: %s", socks_reason(head[1]));
        return false;
    }
    size_t address = head[3] == 1 ? 4 : head[3] == 4 ? 16 : head[3] == 3 ? (size_t)head[4] + 1 : 0;
    if (head[0] != 5 || address == 0) {
        error_set(error, ERROR_PROXY_NONSENSE, "the proxy's answer makes no sense");
        return false;
    }
    return read_exactly(conn, rest, address - 1 + 2, deadline, error);
}

static bool socks_open(struct conn *conn, const struct proxy *proxy, const char *host,
                       uint16_t port, int64_t deadline, GError **error)
{
    uint8_t hello[] = {5, 1, proxy->user == NULL ? 0 : 2};
    uint8_t chosen[2];
    if (!conn_write(conn, hello, sizeof(hello), deadline, error) ||
        !read_exactly(conn, chosen, sizeof(chosen), deadline, error))
        return false;
    if (chosen[0] != 5 || chosen[1] != hello[2]) {
        error_set(error, chosen[0] == 5 ? ERROR_PROXY_LOGIN : ERROR_PROXY_NONSENSE,
                  chosen[0] == 5 ? "the proxy does not take this kind of sign-in"
                                 : "the proxy's answer makes no sense");
        return false;
    }
    if (proxy->user != NULL && !socks_sign_in(conn, proxy, deadline, error))
        return false;
    uint8_t request[3 + 2 + 255 + 2] = {5, 1, 0};
    size_t length = 3 + socks_target(request + 3, host, port);
    return conn_write(conn, request, length, deadline, error) &&
           socks_answer(conn, deadline, error);
}

/* A connection through the proxy to one target: a name or a literal. */
static struct conn *open_target(const struct net_dial *dial, const struct proxy *proxy,
                                const char *target, GError **error)
{
    struct net_dial to_proxy = {.host = proxy->host,
                                .port = proxy->port,
                                .class = NET_OPERATOR,
                                .deadline = dial->deadline,
                                .cancel = dial->cancel};
    g_autoptr(GError) failure = NULL;
    struct conn *conn = conn_dial(&to_proxy, &failure);
    if (conn == NULL) {
        error_set(error,
                  error_is(failure, ERROR_CANCELLED) ? ERROR_CANCELLED : ERROR_PROXY_UNREACHABLE,
                  "proxy: %s", failure->message);
        return NULL;
    }
    bool opened = proxy->kind == PROXY_SOCKS5
                      ? socks_open(conn, proxy, target, dial->port, dial->deadline, &failure)
                      : http_open(conn, proxy, target, dial->port, dial->deadline, &failure);
    if (opened) {
        g_clear_pointer(&conn->host, g_free);
        return conn;
    }
    conn_free(conn);
    /* Closing is no answer either. */
    if (error_is(failure, ERROR_CLOSED))
        error_set(error, ERROR_PROXY_NONSENSE, "the proxy hung up");
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

/* A USER host is resolved and checked here, and the proxy is given addresses only: it might resolve
 * the name to something of its own network (SECURITY.md 5). */
static struct conn *open_checked(const struct net_dial *dial, const struct proxy *proxy,
                                 const char *host, GError **error)
{
    struct addrinfo *list = NULL;
    struct conn *conn = NULL;
    if (net_resolve(host, dial->port, dial->deadline, dial->cancel, &list, error) != 0)
        return NULL;
    if (net_addresses_filter(&list, dial->policy, error)) {
        for (struct addrinfo *at = list; at != NULL && conn == NULL; at = at->ai_next) {
            char literal[NI_MAXHOST];
            g_clear_error(error);
            if (getnameinfo(at->ai_addr, at->ai_addrlen, literal, sizeof(literal), NULL, 0,
                            NI_NUMERICHOST) == 0)
                conn = open_target(dial, proxy, literal, error);
        }
    }
    net_resolve_free(list);
    return conn;
}

struct conn *net_proxy_dial(const struct net_dial *dial, const char *url, const char *host,
                            GError **error)
{
    struct proxy proxy;
    struct conn *conn = NULL;
    if (!proxy_parse(url, &proxy, error))
        return NULL;
    conn = dial->class == NET_OPERATOR ? open_target(dial, &proxy, host, error)
                                       : open_checked(dial, &proxy, host, error);
    proxy_clear(&proxy);
    return conn;
}

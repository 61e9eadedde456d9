#include "net/conn.h"

#include "base/clock.h"
#include "base/proxy.h"
#include "net/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A read whose deadline has only just passed may still take what is there. */
#define READ_GRACE CLOCK_SECOND

bool net_in_time(int64_t deadline, const struct cancel *cancel, GError **error)
{
    if (cancel_is_triggered(cancel)) {
        error_set(error, ERROR_CANCELLED, "cancelled");
        return false;
    }
    if (deadline == CLOCK_NEVER || clock_now() < deadline)
        return true;
    error_set(error, ERROR_TIMEOUT, "no answer in time");
    return false;
}

bool net_wait(int fd, short events, int64_t deadline, struct cancel *cancel, GError **error)
{
    if (!net_in_time(deadline, cancel, error)) /* who only looks needs no descriptor */
        return false;
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = cancel_fd(cancel), .events = POLLIN}};
    while (net_in_time(deadline, cancel, error)) {
        int ready = poll(fds, G_N_ELEMENTS(fds), clock_poll_ms(deadline));
        if (ready < 0 && errno != EINTR) {
            error_set(error, ERROR_INTERNAL, "poll: %s", g_strerror(errno));
            return false;
        }
        if (ready > 0 && fds[0].revents != 0 && !cancel_is_triggered(cancel))
            return true;
    }
    return false;
}

static bool would_block(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

static ssize_t socket_failed(int number, short events, short *wait, GError **error)
{
    *wait = would_block(number) ? events : 0;
    if (*wait == 0)
        error_set(error, ERROR_CLOSED, "connection lost: %s", g_strerror(number));
    return -1;
}

ssize_t conn_socket_read(struct conn *conn, void *buffer, size_t size, short *wait, GError **error)
{
    ssize_t n = recv(conn->fd, buffer, size, MSG_DONTWAIT);
    if (n < 0)
        return socket_failed(errno, POLLIN, wait, error);
    conn->bytes_in += (uint64_t)n;
    return n;
}

ssize_t conn_socket_write(struct conn *conn, const void *data, size_t length, short *wait,
                          GError **error)
{
    ssize_t n = send(conn->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return socket_failed(errno, POLLOUT, wait, error);
    conn->bytes_out += (uint64_t)n;
    return n;
}

ssize_t conn_read(struct conn *conn, void *buffer, size_t size, int64_t deadline, GError **error)
{
    int64_t latest = deadline > CLOCK_NEVER - READ_GRACE ? CLOCK_NEVER : deadline + READ_GRACE;
    if (!net_in_time(latest, conn->cancel, error))
        return -1;
    for (;;) {
        short wait = 0;
        ssize_t n = conn->ssl != NULL ? tls_read(conn, buffer, size, &wait, error)
                                      : conn_socket_read(conn, buffer, size, &wait, error);
        if (n <= 0 && wait == 0)
            conn->failed = true;
        if (n >= 0 || wait == 0)
            return n;
        if (!net_wait(conn->fd, wait, deadline, conn->cancel, error))
            return -1;
    }
}

bool conn_write(struct conn *conn, const void *data, size_t length, int64_t deadline,
                GError **error)
{
    const char *at = data;
    while (length > 0) {
        short wait = 0;
        ssize_t n = -1;
        if (net_in_time(deadline, conn->cancel, error))
            n = conn->ssl != NULL ? tls_write(conn, at, length, &wait, error)
                                  : conn_socket_write(conn, at, length, &wait, error);
        if (n < 0 && (wait == 0 || !net_wait(conn->fd, wait, deadline, conn->cancel, error))) {
            conn->failed = true;
            return false;
        }
        if (n > 0) {
            at += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* Bytes that came before the handshake were put there by someone else (SECURITY.md 11). */
static bool nothing_waits(struct conn *conn, GError **error)
{
    char byte;
    ssize_t n = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && would_block(errno))
        return true;
    conn->failed = true;
    if (n > 0)
        error_set(error, ERROR_TLS, "the server sent more after STARTTLS, before TLS began");
    else
        error_set(error, ERROR_CLOSED, "connection closed before TLS began");
    return false;
}

bool conn_start_tls(struct conn *conn, const char *ca_file, int64_t deadline, GError **error)
{
    if (conn->ssl != NULL || conn->host == NULL) {
        error_set(error, ERROR_TLS, "TLS needs a plain connection to a named host");
        return false;
    }
    if (!nothing_waits(conn, error))
        return false;
    if (tls_start(conn, ca_file, deadline, error))
        return true;
    conn->failed = true;
    return false;
}

struct conn *conn_new_fd(int fd, struct cancel *cancel)
{
    struct conn *conn = g_new0(struct conn, 1);
    conn->fd = fd;
    conn->cancel = cancel == NULL ? NULL : cancel_ref(cancel);
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    return conn;
}

void conn_free(struct conn *conn)
{
    if (conn == NULL)
        return;
    tls_end(conn);
    if (conn->fd >= 0)
        close(conn->fd);
    cancel_unref(conn->cancel);
    g_free(conn->host);
    g_free(conn->peer);
    g_free(conn);
}

/* Resolves here and connects to what the policy lets this class reach. */
static struct conn *dial_direct(const struct net_dial *dial, const char *host, GError **error)
{
    struct addrinfo *list = NULL;
    if (net_resolve(host, dial->port, dial->deadline, dial->cancel, &list, error) != 0)
        return NULL;
    char *peer = NULL;
    int fd = -1;
    if (dial->class == NET_OPERATOR || net_addresses_filter(&list, dial->policy, error))
        fd = net_connect(list, dial->deadline, dial->cancel, &peer, error);
    net_resolve_free(list);
    if (fd < 0)
        return NULL;
    struct conn *conn = conn_new_fd(fd, dial->cancel);
    conn->peer = peer;
    return conn;
}

const char *net_proxy_of(const struct net_policy *policy, const char *proxy)
{
    const char *chosen = proxy != NULL ? proxy : policy != NULL ? policy->proxy_url : NULL;
    return chosen == NULL || *chosen == '\0' || strcmp(chosen, PROXY_DIRECT) == 0 ? NULL : chosen;
}

int net_dial_socket(const struct net_dial *dial, GError **error)
{
    struct net_dial plain = *dial;
    plain.tls = false;
    struct conn *conn = conn_dial(&plain, error);
    int fd = -1;
    if (conn != NULL) {
        fd = conn->fd;
        conn->fd = -1;
        conn_free(conn);
    }
    return fd;
}

struct conn *conn_dial(const struct net_dial *dial, GError **error)
{
    g_autofree char *host = net_host_ascii(dial->host, error);
    if (host == NULL)
        return NULL;
    const char *proxy = net_proxy_of(dial->policy, dial->proxy);
    struct conn *conn =
        proxy != NULL ? net_proxy_dial(dial, proxy, host, error) : dial_direct(dial, host, error);
    if (conn == NULL)
        return NULL;
    conn->host = g_steal_pointer(&host);
    if (!dial->tls || tls_start(conn, dial->ca_file, dial->deadline, error))
        return conn;
    conn->failed = true;
    conn_free(conn);
    return NULL;
}

bool conn_is_tls(const struct conn *conn)
{
    return conn->ssl != NULL;
}

int conn_fd(const struct conn *conn)
{
    return conn->fd;
}

bool conn_may_park(const struct conn *conn)
{
    return !conn->failed && (conn->ssl == NULL || SSL_has_pending(conn->ssl) == 0);
}

void conn_shrink(struct conn *conn)
{
    if (conn->ssl != NULL)
        (void)SSL_free_buffers(conn->ssl);
}

uint64_t conn_bytes_in(const struct conn *conn)
{
    return conn->bytes_in;
}

uint64_t conn_bytes_out(const struct conn *conn)
{
    return conn->bytes_out;
}

const char *conn_peer(const struct conn *conn)
{
    return conn->peer == NULL ? "" : conn->peer;
}

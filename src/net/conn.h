/* A byte stream to a mail server: TCP, with or without TLS, with deadlines and cancellation.
 *
 * Blocking style over a non-blocking descriptor: a call returns when it is done, its deadline
 * passed (ERROR_TIMEOUT), its cancel token was triggered (ERROR_CANCELLED) or the stream failed
 * (ERROR_CLOSED, ERROR_TLS). One thread at a time may use a conn; it may move between threads while
 * nobody is inside a call. No call raises SIGPIPE. */
#ifndef POSTROOM_NET_CONN_H
#define POSTROOM_NET_CONN_H

#include "base/cancel.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Who chose the address (SECURITY.md 5). */
enum net_class {
    NET_OPERATOR, /* a provider the administrator set up: any address */
    NET_USER, /* a host a user or a mail names: public addresses only, unless the policy allows the
                 network */
};

/* What the configuration says about outbound connections. Immutable while shared; owned by the
 * caller. */
struct net_policy {
    char **allowed_networks; /* "10.1.0.0/16", "::1/128": USER connections may go there;
                                NULL-terminated or NULL */
    char *proxy_url; /* base/proxy.h, with its password; NULL or "direct": none. A dial that says
                        nothing else goes through it */
};

struct net_dial {
    const char *host; /* a name or an address literal, UTF-8 or A-label */
    uint16_t port;
    bool tls;            /* TLS from the start */
    const char *ca_file; /* PEM file trusted besides the system's; NULL: the system's only */
    enum net_class class;
    const struct net_policy *policy; /* NULL: direct, nothing allowed besides public addresses */
    const char *proxy; /* the provider's or account's own proxy, or "direct"; NULL: the policy's */
    int64_t deadline;  /* base/clock.h; covers resolving, connecting and the TLS handshake */
    struct cancel *cancel; /* may be NULL; the conn keeps a reference for its later calls */
};

struct conn;

/* A line without traffic is probed after so long, every so often; one that gave no sign for
 * NET_UNHEARD_MS, or did not take what was sent, ends with ERROR_CLOSED even while parked. */
#define NET_KEEPALIVE_IDLE_S 120
#define NET_KEEPALIVE_GAP_S 20
#define NET_KEEPALIVE_PROBES 3
#define NET_UNHEARD_MS 180000

/* Connects (RFC 8305 style: addresses of both families in turn). (transfer full) or NULL.
 * ERROR_DNS, ERROR_UNREACHABLE, ERROR_TIMEOUT, ERROR_TLS, ERROR_ADDRESS_FORBIDDEN, ERROR_CANCELLED;
 * ERROR_CLOSED when the peer hangs up in the middle of the TLS handshake; ERROR_INVALID for a host
 * or proxy address that cannot be one; ERROR_PROXY_… when the proxy is what fails. */
struct conn *conn_dial(const struct net_dial *dial, GError **error);
/* The same without TLS, for httpc: a connected, non-blocking socket that the caller owns, or -1. */
int net_dial_socket(const struct net_dial *dial, GError **error);
/* The proxy that a dial with these goes through, or NULL; borrowed from the two. */
const char *net_proxy_of(const struct net_policy *policy, const char *proxy);
/* A conn over a connected socket, for tests and for accepted sockets; takes the descriptor. */
struct conn *conn_new_fd(int fd, struct cancel *cancel);
/* Closes without lingering; sends a TLS close_notify if that does not block. NULL is allowed. */
void conn_free(struct conn *conn);

/* At least one byte, 0 at an orderly end, -1 on error. ERROR_CLOSED for a TLS stream cut without
 * close_notify. A read whose deadline passed less than a second ago still takes what is there, so
 * deadline = clock_now() polls. */
ssize_t conn_read(struct conn *conn, void *buffer, size_t size, int64_t deadline, GError **error);
/* All of it, or an error; after an error nobody knows how much went out, and the conn is of no more
 * use. */
bool conn_write(struct conn *conn, const void *data, size_t length, int64_t deadline,
                GError **error);

/* Upgrades to TLS (STARTTLS) and verifies the certificate against the dialled host. Fails with
 * ERROR_TLS when bytes are already waiting (SECURITY.md 11); bytes that the caller has read but not
 * used are for the caller to refuse. The caller forgets the capabilities it saw before. */
bool conn_start_tls(struct conn *conn, const char *ca_file, int64_t deadline, GError **error);
bool conn_is_tls(const struct conn *conn);

/* The descriptor to wait on while parked; owned by the conn. */
int conn_fd(const struct conn *conn);
/* Nothing is buffered in the TLS layer and nothing is unwritten: the conn may be parked
 * (docs/architecture.md). */
bool conn_may_park(const struct conn *conn);
/* Lets the TLS layer give its buffers back while idle. */
void conn_shrink(struct conn *conn);

uint64_t conn_bytes_in(const struct conn *conn);
uint64_t conn_bytes_out(const struct conn *conn);
/* The address connected to, for the log; owned by the conn. */
const char *conn_peer(const struct conn *conn);

/* True when a USER connection may go to this socket address. Also used by httpc. */
struct sockaddr;
bool net_address_allowed(const struct sockaddr *address, const struct net_policy *policy);
/* True when the address lies in one of the networks ("10.1.0.0/16", "::1"); NULL-terminated or
 * NULL.
 */
bool net_address_in(const struct sockaddr *address, const char *const *networks);

/* Resolves within the deadline on a bounded set of threads, one lookup a name at a time, so that
 * one hung name never blocks many callers. 0 and a list for net_resolve_free, or -1 with ERROR_DNS,
 * ERROR_TIMEOUT, ERROR_CANCELLED, ERROR_INVALID. */
struct addrinfo;
int net_resolve(const char *host, uint16_t port, int64_t deadline, struct cancel *cancel,
                struct addrinfo **result, GError **error);
void net_resolve_free(struct addrinfo *result);

#endif

/* What the sources of net share; nobody else includes it. */
#ifndef POSTROOM_NET_INTERNAL_H
#define POSTROOM_NET_INTERNAL_H

#include "net/conn.h"

#include <netdb.h>
#include <openssl/ssl.h>

struct conn {
    int fd;
    SSL *ssl; /* NULL: plain */
    struct cancel *cancel;
    char *host; /* A-label or literal that a certificate must name; NULL: none was dialled */
    char *peer;
    uint64_t bytes_in, bytes_out;
    bool failed; /* an error or the end was seen: no goodbye, no parking */
};

/* One attempt: bytes moved (0: the end), or -1 with events to poll for in *wait, or -1 with *wait 0
 * and an error. */
ssize_t conn_socket_read(struct conn *conn, void *buffer, size_t size, short *wait, GError **error);
ssize_t conn_socket_write(struct conn *conn, const void *data, size_t length, short *wait,
                          GError **error);
ssize_t tls_read(struct conn *conn, void *buffer, size_t size, short *wait, GError **error);
ssize_t tls_write(struct conn *conn, const void *data, size_t length, short *wait, GError **error);
/* Handshake and verification against conn->host. */
bool tls_start(struct conn *conn, const char *ca_file, int64_t deadline, GError **error);
void tls_end(struct conn *conn);
/* certs.c: verifies like OpenSSL itself, and lets connections share what peers send alike. For
 * SSL_CTX_set_cert_verify_callback. Any thread. */
int tls_verify(X509_STORE_CTX *context, void *arg);
/* Trusts what OpenSSL trusts by default (SSL_CERT_FILE, SSL_CERT_DIR), read when it is needed;
 * false with OpenSSL's error queue. */
bool tls_trust_system(SSL_CTX *ssl);

/* Waits for events on fd; false with ERROR_TIMEOUT or ERROR_CANCELLED. */
bool net_wait(int fd, short events, int64_t deadline, struct cancel *cancel, GError **error);
/* ERROR_CANCELLED or ERROR_TIMEOUT when it is too late to begin or go on. */
bool net_in_time(int64_t deadline, const struct cancel *cancel, GError **error);

/* The A-label form of a host name, or the literal itself without brackets; NULL with ERROR_INVALID.
 */
char *net_host_ascii(const char *host, GError **error);
bool net_host_is_literal(const char *host);
/* dns.c: names are asked of servers of one's own; and this one: 0 with a list as of getaddrinfo
 * (for net_resolve_free), or one of its errors. */
bool net_dns_is_own(const char *name);
int net_dns_look_up(const char *name, struct addrinfo **list);

/* "192.0.2.1:993" or "[2001:db8::1]:993". (transfer full) */
char *net_address_text(const struct sockaddr *address);
/* Removes what a USER connection may not go to; an empty rest is ERROR_ADDRESS_FORBIDDEN. */
bool net_addresses_filter(struct addrinfo **list, const struct net_policy *policy, GError **error);

/* The connected, non-blocking socket of the first address that answers, or -1; *peer names it. */
int net_connect(const struct addrinfo *list, int64_t deadline, struct cancel *cancel, char **peer,
                GError **error);

/* Asks the proxy for a connection to host:port; the name of an OPERATOR host goes to the proxy as
 * it is. Returns the conn to it or NULL. */
struct conn *net_proxy_dial(const struct net_dial *dial, const char *url, const char *host,
                            GError **error);

#endif

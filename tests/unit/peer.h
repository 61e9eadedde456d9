/* The other end of a connection, for tests: a thread that listens on loopback and serves one
 * connection after the other with a function of the test, in plain or with TLS under a certificate
 * made on the spot. */
#ifndef POSTROOM_TESTS_PEER_H
#define POSTROOM_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;

/* One accepted connection. */
struct peer_stream {
    struct peer *peer;
    int fd;
    void *ssl; /* SSL *, NULL while plain */
};

typedef void peer_serve_fn(struct peer_stream *stream, void *arg);

/* Listens on 127.0.0.1 and starts the thread. */
struct peer *peer_start(peer_serve_fn *serve, void *arg);
/* Cuts what is open, joins the thread. */
void peer_stop(struct peer *peer);
uint16_t peer_port(const struct peer *peer);
/* Connections accepted so far. */
int peer_accepted(const struct peer *peer);

/* A PEM file with the authority of the certificate below; removed with peer_ca_remove. */
const char *peer_ca_file(void);
void peer_ca_remove(void);
/* Server side of a handshake, with a certificate for name ("localhost" also covers 127.0.0.1). */
bool peer_tls(struct peer_stream *stream, const char *name);

/* False when the client is gone. */
bool peer_write(struct peer_stream *stream, const void *data, size_t length);
bool peer_say(struct peer_stream *stream, const char *text);
/* One byte at a time, each in a packet of its own. */
bool peer_say_slowly(struct peer_stream *stream, const char *text);
/* Up to size bytes; 0 at the end. */
size_t peer_read(struct peer_stream *stream, void *buffer, size_t size);
bool peer_read_exactly(struct peer_stream *stream, void *buffer, size_t size);
/* A line without its line end, freed by the caller; NULL at the end. */
char *peer_read_line(struct peer_stream *stream);
/* Waits until the client hangs up. */
void peer_drain(struct peer_stream *stream);

#endif

/* WebSocket connections (RFC 6455), framed by wslay: each is a parked task of the server's exec, no
 * thread. Text only; one message is answered before the next one is looked at, and nothing is read
 * while an answer waits to be sent. */
#ifndef POSTROOM_HTTP_SOCKET_H
#define POSTROOM_HTTP_SOCKET_H

#include "http/http.h"

struct http_socket;

/* All are called on a worker, one at a time. */
struct http_socket_calls {
    /* A whole message, UTF-8. It answers by http_socket_send. */
    void (*text)(struct http_socket *socket, const char *text, size_t length, void *arg);
    /* Every half minute and before each message: whether it may go on. */
    bool (*may_stay)(void *arg);
    /* The last call; also when it never was opened. */
    void (*closed)(void *arg);
};

/* The sockets of a server, to end them together. */
struct http_sockets *http_sockets_new(struct http_server *server);
/* Ends all, waits for them, refuses new ones. While the server serves. */
void http_sockets_stop(struct http_sockets *sockets);
void http_sockets_free(struct http_sockets *sockets);

/* Answers a request for an upgrade to this subprotocol: by 101, and the socket begins to live, or
 * by a problem (RFC 6455, 4.2; calls->closed was then called). A longer message than max closes it
 * with 1009. calls is borrowed. */
void http_respond_socket(struct http_sockets *sockets, struct http_request *request,
                         const char *protocol, size_t max, const struct http_socket_calls *calls,
                         void *arg);
/* Queues a text. From any thread, never blocks. False when it is closed, or so much waits that the
 * client does not read: the socket is then closed. */
bool http_socket_send(struct http_socket *socket, const char *text, size_t length);
struct http_socket *http_socket_ref(struct http_socket *socket);
void http_socket_unref(struct http_socket *socket);

#endif

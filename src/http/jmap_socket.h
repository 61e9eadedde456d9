/* JMAP over WebSocket (RFC 8887), at jmap/ws. */
#ifndef POSTROOM_HTTP_JMAP_SOCKET_H
#define POSTROOM_HTTP_JMAP_SOCKET_H

#include "http/events.h"
#include "http/http.h"
#include "jmap/jmap.h"

struct jmap_sockets;

/* Everything is borrowed. (transfer full) */
struct jmap_sockets *jmap_sockets_new(struct http_server *server, struct jmap *jmap,
                                      struct store *store, struct events *events);
/* Closes all and waits; later ones are refused. While server and events live. */
void jmap_sockets_stop(struct jmap_sockets *sockets);
void jmap_sockets_free(struct jmap_sockets *sockets);
/* Answers a request for one. */
void jmap_sockets_serve(struct jmap_sockets *sockets, struct http_request *request);

#endif

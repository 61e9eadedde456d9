/* JMAP over HTTP: API, session, upload, download, push by event source, images of mails. */
#ifndef POSTROOM_HTTP_JMAP_ROUTES_H
#define POSTROOM_HTTP_JMAP_ROUTES_H

#include "http/http.h"
#include "http/previews.h"
#include "jmap/jmap.h"
#include "net/conn.h"

struct http_jmap;

/* Adds the routes of docs/api.md. Everything is borrowed; policy is that of USER connections,
 * for remote images. Before http_server_open. (transfer full) */
struct http_jmap *http_jmap_add(struct http_server *server, struct jmap *jmap, struct store *store,
                                const struct net_policy *policy);
/* Without one there are no previews. Before http_server_open; copied. */
void http_jmap_previews(struct http_jmap *routes, const struct preview_maker *maker);
/* Ends the streams and what listens to the store, and cancels fetches: before http_server_free,
 * while store and jmap still live. NULL is allowed. */
void http_jmap_stop(struct http_jmap *routes);
/* After http_server_free. NULL is allowed. */
void http_jmap_free(struct http_jmap *routes);

#endif

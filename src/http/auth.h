/* Who may come in: sessions by cookie, API tokens, Basic; login and logout (SECURITY.md 4, 13).
 *
 * All doors share one limit on failures, per user and per address. A write by cookie needs the CSRF
 * header; a write that names another Origin is refused at any door. */
#ifndef POSTROOM_HTTP_AUTH_H
#define POSTROOM_HTTP_AUTH_H

#include "base/keyring.h"
#include "http/http.h"
#include "store/admin.h"

#define HTTP_SESSION_COOKIE "postroom_session"

struct http_auth;

/* Admits for all doors of the server, and adds what begins with auth/ (docs/api.md). Store and
 * keyring are borrowed. Before http_server_open. (transfer full) */
struct http_auth *http_auth_add(struct http_server *server, struct store *store,
                                const struct keyring *keyring);
/* Whether one may sign in by a provider, for the page. Before http_server_open. */
void http_auth_offers(struct http_auth *auth, bool (*offers)(const char *provider, void *arg),
                      void *arg);
/* Signs the browser in, in place of who it was: sets the cookie of a new session; the caller
 * answers. how: a word for the log of acts. */
bool http_auth_enter(struct http_auth *auth, struct http_request *request,
                     struct store_principal *principal, const char *how, GError **error);
/* After http_server_free. NULL is allowed. */
void http_auth_free(struct http_auth *auth);

#endif

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

/* Admits for all doors of the server, and adds auth/login, auth/logout and auth/session. Store and
 * keyring are borrowed. Before http_server_open. (transfer full) */
struct http_auth *http_auth_add(struct http_server *server, struct store *store,
                                const struct keyring *keyring);
/* After http_server_free. NULL is allowed. */
void http_auth_free(struct http_auth *auth);

#endif

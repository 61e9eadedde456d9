/* What signing in and the ways of people share; nobody else includes it. */
#ifndef POSTROOM_HTTP_AUTH_INSIDE_H
#define POSTROOM_HTTP_AUTH_INSIDE_H

#include "http/auth.h"
#include "http/basic_cache.h"
#include "http/throttle.h"

#include <stdatomic.h>

#define LOGIN_BODY_MAX 8192

struct http_auth {
    struct exec *login_exec; /* password checks take long: they have workers of their own */
    atomic_int basic_checks;
    struct store *store;
    struct throttle *throttle;
    struct basic_cache *cache;
    bool (*offers)(const char *provider, void *arg); /* or NULL */
    void *offers_arg;
};

/* 429 with Retry-After. */
void auth_respond_wait(struct http_request *request, int64_t seconds);
/* Ends the session that the browser had, begins one of the principal, and answers as auth/login. */
void auth_begin_session(struct http_auth *auth, struct http_request *request,
                        struct store_principal *principal, const char *how);
/* auth/ways, auth/invitation, auth/accept, auth/password (people.c). */
void auth_people_routes(struct http_server *server, struct http_auth *auth);

#endif

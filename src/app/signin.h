/* Signing in to Postroom itself by a provider's identity (SECURITY.md 15), and linking one to who
 * is signed in. No HTTP here. */
#ifndef POSTROOM_APP_SIGNIN_H
#define POSTROOM_APP_SIGNIN_H

#include "app/app.h"

struct signin_request {
    struct store_principal *principal; /* who is signed in, or NULL */
    const char *binding; /* what only this browser has: the session's cookie for an identity, else
                            a cookie made for it */
    const char *provider;
    enum oauth_purpose purpose;
    const char *invitation; /* the word of a link that is accepted by it, or NULL */
    /* at the end: */
    const char *state, *code, *error, *error_description;
};

/* Whether anybody may sign in by the provider. */
bool signin_is_on(struct app *app, const char *provider);
/* The provider's address, or one of the page that says why not. Blocking. (transfer full) */
char *signin_start(struct app *app, struct oauth_flows *flows,
                   const struct signin_request *request);
/* Where to go. *entered (transfer full): who is to be signed in now, or NULL. Blocking.
 * (transfer full) */
char *signin_finish(struct app *app, struct oauth_flows *flows,
                    const struct signin_request *request, struct store_principal **entered);

#endif

/* Linking a mailbox by OAuth: what happens at oauth/<provider>/start and /callback. No HTTP here:
 * each gives the address to send the browser to. */
#ifndef POSTROOM_APP_LINK_H
#define POSTROOM_APP_LINK_H

#include "app/app.h"

struct link_request {
    struct store_principal *principal;
    const char *session; /* the session's cookie value: the flow is bound to it */
    const char *provider;
    /* start: */
    const char *login_hint, *since, *account; /* as in the query, or NULL */
    bool hold; /* nothing is fetched before the person agreed to the start date */
    /* callback: */
    const char *state, *code, *error, *error_description;
};

/* Blocking. (transfer full): an absolute address of the provider, or of link/failed. */
char *link_start(struct app *app, struct oauth_flows *flows, const struct link_request *request);
/* Blocking. (transfer full): an absolute address of link/done or link/failed. */
char *link_finish(struct app *app, struct oauth_flows *flows, const struct link_request *request);
/* link/failed with a problem code. (transfer full) */
char *link_failed(const struct app *app, const char *problem, const struct oauth_failure *failure);

#endif

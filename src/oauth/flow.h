/* Pending authorizations. For this module only. */
#ifndef POSTROOM_OAUTH_FLOW_H
#define POSTROOM_OAUTH_FLOW_H

#include "oauth/oauth.h"

/* What was begun and waits for the browser to come back. Strings owned. */
struct oauth_flow {
    char *session;
    char *provider;
    char *settings; /* fingerprint of what must not have changed in between */
    char *verifier, *nonce;
    char *login_hint; /* or NULL */
    enum oauth_purpose purpose;
    char *note; /* or NULL */
    int64_t since, account;
    bool hold;
    int64_t until; /* monotonic */
    uint64_t order;
};
void oauth_flow_free(struct oauth_flow *flow);

/* Takes the flow out: a state works once, whatever comes of it. NULL with ERROR_LINK_EXPIRED when
 * it is unknown, too old, of another session or provider, or the provider was changed since.
 * (transfer full) */
struct oauth_flow *oauth_flow_take(struct oauth_flows *flows, const struct oauth_provider *provider,
                                   const char *session, const char *state, GError **error);

#endif

/* Requests to a provider's endpoints. For this module only. Blocking. */
#ifndef POSTROOM_OAUTH_WIRE_H
#define POSTROOM_OAUTH_WIRE_H

#include "oauth/classify.h"
#include "oauth/oauth.h"

#include <jansson.h>

/* Who asks, and how it is reached. */
struct oauth_wire {
    const struct oauth_provider *provider;
    const struct net_policy *policy;
    struct cancel *cancel;
    struct oauth_failure *failure; /* gets aadsts and correlation; may be NULL */
};

/* A token answer: oauth_tokens and what only a code exchange has. */
struct oauth_grant {
    struct oauth_tokens tokens;
    char *id_token; /* or NULL */
};
void oauth_grant_clear(struct oauth_grant *grant);

/* POSTs to the token endpoint. Errors by the table in classify.c; a network failure is
 * ERROR_PROVIDER_UNREACHABLE, except for ERROR_TLS and ERROR_CANCELLED. */
/* scopes: of one resource, or "": only who it is. */
bool oauth_wire_redeem(const struct oauth_wire *wire, const char *code, const char *verifier,
                       const char *scopes, struct oauth_grant *grant, GError **error);
bool oauth_wire_refresh(const struct oauth_wire *wire, const struct secret *refresh_token,
                        const char *scopes, struct oauth_grant *grant, GError **error);

/* Client id and secret are right; nothing is granted. Errors as above. */
bool oauth_wire_client(const struct oauth_wire *wire, GError **error);

/* A JSON object by GET; *status gets the HTTP status. NULL with *status 0: the network; else the
 * answer was not a JSON object, or not 200 (error set by status). (transfer full) */
json_t *oauth_wire_get(const struct oauth_wire *wire, const char *url, const struct secret *bearer,
                       int *status, GError **error);

#endif

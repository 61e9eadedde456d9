/* The id_token of the code exchange (OpenID Connect Core 3.1.3.7); pure. For this module only.
 *
 * It comes straight from the token endpoint over TLS, so its signature adds nothing (point 6
 * there); every claim that binds it to this very sign-in is checked. */
#ifndef POSTROOM_OAUTH_IDTOKEN_H
#define POSTROOM_OAUTH_IDTOKEN_H

#include "oauth/oauth.h"

struct oauth_identity {
    char *tid, *oid; /* Google: issuer and sub */
    char *login;     /* preferred_username; Google: the verified email */
    char *name;      /* or NULL */
};
void oauth_identity_clear(struct oauth_identity *identity);

struct oauth_expected {
    const struct oauth_provider *provider;
    const char *issuer; /* of the metadata, perhaps with {tenantid} */
    const char *nonce;
    int64_t now; /* wall clock */
};

/* Checks aud, iss, exp, nonce, tid and oid. ERROR_LINK_EXPIRED for another sign-in's token (nonce),
 * ERROR_WRONG_TENANT when the account's kind is not the provider's, else ERROR_PROVIDER_ERROR. */
bool oauth_idtoken_check(const char *token, const struct oauth_expected *expected,
                         struct oauth_identity *identity, GError **error);

#endif

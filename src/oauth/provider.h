/* The addresses and scopes of a provider, for this module only. */
#ifndef POSTROOM_OAUTH_PROVIDER_H
#define POSTROOM_OAUTH_PROVIDER_H

#include "oauth/oauth.h"

/* Tenant id of all personal Microsoft accounts. */
#define OAUTH_CONSUMERS "9188040d-6c67-4c5b-b112-36a304b66dad"

/* Who somebody is, and nothing else. */
#define OAUTH_PERSON_SCOPES "openid profile email"

/* (transfer full) each */
char *oauth_authorize_endpoint(const struct oauth_provider *provider);
char *oauth_token_endpoint(const struct oauth_provider *provider);
char *oauth_metadata_endpoint(const struct oauth_provider *provider);
/* The scopes of a mail token, space-separated: what a token request names (one resource, facts
 * 1.3). (transfer full) */
char *oauth_mail_scopes(const struct oauth_provider *provider);
/* All scopes that the person is asked to approve at once. (transfer full) */
char *oauth_all_scopes(const struct oauth_provider *provider);
/* The mail scopes that `granted` lacks, space-separated; NULL when none is missing. Compared by
 * name and without case, since providers answer with another prefix or spelling. (transfer full) */
char *oauth_missing_scopes(const struct oauth_provider *provider, const char *granted);
bool oauth_is_guid(const char *text);

#endif

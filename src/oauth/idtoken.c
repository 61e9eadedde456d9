#include "oauth/idtoken.h"

#include "oauth/code.h"
#include "oauth/json.h"
#include "oauth/provider.h"

#include <string.h>

#define TOKEN_MAX ((size_t)64 * 1024)
#define SKEW_SECONDS 300
#define TENANT_MARK "{tenantid}"

void oauth_identity_clear(struct oauth_identity *identity)
{
    g_free(identity->tid);
    g_free(identity->oid);
    g_free(identity->login);
    g_free(identity->name);
    memset(identity, 0, sizeof *identity);
}

/* The claims of header.claims.signature, or NULL. */
static json_t *read_claims(const char *token)
{
    size_t length = strnlen(token, TOKEN_MAX + 1);
    const char *first = memchr(token, '.', length);
    if (length > TOKEN_MAX || first == NULL)
        return NULL;
    first++;
    const char *second = strchr(first, '.');
    if (second == NULL || strchr(second + 1, '.') != NULL)
        return NULL;
    size_t size = 0;
    g_autofree char *text = oauth_base64url_decode(first, (size_t)(second - first), &size);
    return text != NULL ? oauth_json_object(text, size) : NULL;
}

static bool refuse(GError **error, enum error_code code, const char *why)
{
    error_set(error, code, "id_token: %s", why);
    return false;
}

static bool audience_is(const json_t *claims, const char *client_id)
{
    const json_t *aud = json_object_get(claims, "aud");
    if (json_is_array(aud) && json_array_size(aud) == 1)
        aud = json_array_get(aud, 0);
    const char *text = json_string_value(aud);
    return text != NULL && g_ascii_strcasecmp(text, client_id) == 0;
}

/* Metadata of a shared endpoint carries the literal {tenantid}. */
static bool issuer_is(const char *issuer, const char *expected, const char *tid)
{
    const char *mark = strstr(expected, TENANT_MARK);
    if (mark == NULL) /* one tenant's own endpoint, whose issuer has its id in it */
        return strcmp(issuer, expected) == 0 && strcasestr(issuer, tid) != NULL;
    g_autofree char *filled = g_strdup_printf("%.*s%s%s", (int)(mark - expected), expected, tid,
                                              mark + strlen(TENANT_MARK));
    return strcmp(issuer, filled) == 0;
}

/* Google writes its own issuer with and without the scheme. */
static bool google_issuer_is(const char *issuer, const char *expected)
{
    return strcmp(issuer, expected) == 0 ||
           (g_str_has_prefix(expected, "https://") && strcmp(issuer, expected + 8) == 0);
}

static bool check_binding(const json_t *claims, const struct oauth_expected *expected,
                          GError **error)
{
    if (!audience_is(claims, expected->provider->client_id))
        return refuse(error, ERROR_PROVIDER_ERROR, "it is for another application");
    const json_t *exp = json_object_get(claims, "exp");
    if (!json_is_number(exp) || json_number_value(exp) < (double)(expected->now - SKEW_SECONDS))
        return refuse(error, ERROR_PROVIDER_ERROR, "it has expired; is this server's clock right?");
    const char *nonce = oauth_json_text(claims, "nonce");
    if (nonce == NULL || strcmp(nonce, expected->nonce) != 0)
        return refuse(error, ERROR_LINK_EXPIRED, "it belongs to another sign-in");
    return true;
}

static bool check_tenant(const struct oauth_provider *provider, const char *tid, GError **error)
{
    bool personal = g_ascii_strcasecmp(tid, OAUTH_CONSUMERS) == 0;
    const char *tenant = provider->tenant;
    bool fits = true;
    if (strcmp(tenant, "organizations") == 0)
        fits = !personal;
    else if (strcmp(tenant, "consumers") == 0)
        fits = personal;
    else if (oauth_is_guid(tenant))
        fits = g_ascii_strcasecmp(tenant, tid) == 0;
    return fits || refuse(error, ERROR_WRONG_TENANT, "the account is of another tenant");
}

static bool read_microsoft(const json_t *claims, const struct oauth_expected *expected,
                           struct oauth_identity *identity, GError **error)
{
    const char *tid = oauth_json_text(claims, "tid");
    const char *oid = oauth_json_text(claims, "oid");
    const char *issuer = oauth_json_text(claims, "iss");
    const char *login = oauth_json_text(claims, "preferred_username");
    if (!oauth_is_guid(tid) || !oauth_is_guid(oid))
        return refuse(error, ERROR_PROVIDER_ERROR, "it does not say who signed in");
    if (!check_tenant(expected->provider, tid, error))
        return false;
    if (issuer == NULL || !issuer_is(issuer, expected->issuer, tid))
        return refuse(error, ERROR_PROVIDER_ERROR, "another issuer made it");
    identity->tid = g_ascii_strdown(tid, -1);
    identity->oid = g_ascii_strdown(oid, -1);
    identity->login = g_strdup(login);
    return true;
}

static bool read_google(const json_t *claims, const struct oauth_expected *expected,
                        struct oauth_identity *identity, GError **error)
{
    const char *issuer = oauth_json_text(claims, "iss");
    const char *subject = oauth_json_text(claims, "sub");
    const char *email = oauth_json_text(claims, "email");
    if (issuer == NULL || !google_issuer_is(issuer, expected->issuer))
        return refuse(error, ERROR_PROVIDER_ERROR, "another issuer made it");
    if (subject == NULL || email == NULL ||
        !json_is_true(json_object_get(claims, "email_verified")))
        return refuse(error, ERROR_PROVIDER_ERROR, "it does not say who signed in");
    identity->tid = g_strdup(expected->issuer);
    identity->oid = g_strdup(subject);
    identity->login = g_strdup(email);
    return true;
}

bool oauth_idtoken_check(const char *token, const struct oauth_expected *expected,
                         struct oauth_identity *identity, GError **error)
{
    memset(identity, 0, sizeof *identity);
    json_t *claims = read_claims(token);
    if (claims == NULL)
        return refuse(error, ERROR_PROVIDER_ERROR, "it cannot be read");
    bool good = check_binding(claims, expected, error) &&
                (expected->provider->type == OAUTH_GOOGLE
                     ? read_google(claims, expected, identity, error)
                     : read_microsoft(claims, expected, identity, error));
    if (good)
        identity->name = g_strdup(oauth_json_text(claims, "name"));
    else
        oauth_identity_clear(identity);
    json_decref(claims);
    return good;
}

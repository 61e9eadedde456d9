#include "oauth/wire.h"

#include "base/clock.h"
#include "httpc/httpc.h"
#include "oauth/json.h"
#include "oauth/provider.h"

#include <string.h>

#define TIMEOUT_MS 30000
#define EXPIRES_DEFAULT 3600
#define EXPIRES_MAX (28 * 3600)

void oauth_tokens_clear(struct oauth_tokens *tokens)
{
    secret_free(tokens->access_token);
    secret_free(tokens->refresh_token);
    g_free(tokens->scopes);
    memset(tokens, 0, sizeof *tokens);
}

void oauth_grant_clear(struct oauth_grant *grant)
{
    oauth_tokens_clear(&grant->tokens);
    secret_wipe_string(grant->id_token);
    grant->id_token = NULL;
}

/* The provider cannot be reached, whatever the reason on the way; a certificate that is not trusted
 * and a cancelled call keep their own names. */
static void blame_network(GError *cause, GError **error)
{
    static const enum error_code own[] = {
        ERROR_CANCELLED,   ERROR_TLS,           ERROR_PROXY_UNREACHABLE,
        ERROR_PROXY_LOGIN, ERROR_PROXY_REFUSED, ERROR_PROXY_NONSENSE,
    };
    bool keeps = false;
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        keeps = keeps || error_is(cause, own[i]);
    if (keeps) {
        g_propagate_prefixed_error(error, cause, "sign-in service: ");
        return;
    }
    error_set(error, ERROR_PROVIDER_UNREACHABLE, "sign-in service: %s", cause->message);
    g_error_free(cause);
}

static bool perform(const struct oauth_wire *wire, struct httpc_request *request,
                    struct httpc_answer *answer, GError **error)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    GError *cause = NULL;
    request->headers = headers;
    request->ca_file = wire->provider->ca_file;
    request->class = NET_OPERATOR;
    request->policy = wire->policy;
    request->proxy = wire->provider->proxy;
    request->answer_max = OAUTH_JSON_MAX;
    request->deadline = clock_in_ms(TIMEOUT_MS);
    request->cancel = wire->cancel;
    if (httpc_perform(request, answer, &cause))
        return true;
    blame_network(cause, error);
    return false;
}

static json_t *body_of(const struct httpc_answer *answer)
{
    size_t length = 0;
    const char *text = g_bytes_get_data(answer->body, &length);
    return oauth_json_object(text, length);
}

static int64_t expires_at(const json_t *body)
{
    const json_t *value = json_object_get(body, "expires_in");
    json_int_t seconds = json_integer_value(value);
    if (json_is_string(value))
        seconds = (json_int_t)g_ascii_strtoll(json_string_value(value), NULL, 10);
    if (seconds <= 0)
        seconds = EXPIRES_DEFAULT;
    return clock_wall() + MIN(seconds, (json_int_t)EXPIRES_MAX);
}

static struct secret *secret_of(const json_t *body, const char *name)
{
    const char *text = oauth_json_text(body, name);
    return text != NULL ? secret_new(text, strlen(text)) : NULL;
}

/* RFC 6749, 5.1. A missing scope means: as asked. */
static bool read_grant(const struct httpc_answer *answer, const char *asked,
                       struct oauth_grant *grant, GError **error)
{
    json_t *body = body_of(answer);
    const char *type = oauth_json_text(body, "token_type");
    const char *scope = oauth_json_text(body, "scope");
    bool good = type != NULL && g_ascii_strcasecmp(type, "Bearer") == 0 &&
                oauth_json_text(body, "access_token") != NULL;
    if (good) {
        grant->tokens.access_token = secret_of(body, "access_token");
        grant->tokens.refresh_token = secret_of(body, "refresh_token");
        grant->tokens.scopes = g_strdup(scope != NULL ? scope : asked);
        grant->tokens.expires_at = expires_at(body);
        grant->id_token = g_strdup(oauth_json_text(body, "id_token"));
    } else {
        error_set(error, ERROR_PROVIDER_ERROR, "the token endpoint's answer is not a token");
    }
    oauth_json_wipe(body, "access_token");
    oauth_json_wipe(body, "refresh_token");
    oauth_json_wipe(body, "id_token");
    json_decref(body);
    return good;
}

static void classify(const struct oauth_wire *wire, enum oauth_stage stage,
                     const struct httpc_answer *answer, const struct secret *const *secrets,
                     GError **error)
{
    size_t length = 0;
    const char *text = g_bytes_get_data(answer->body, &length);
    int *aadsts = wire->failure != NULL ? &wire->failure->aadsts : NULL;
    char *correlation = wire->failure != NULL ? wire->failure->correlation : NULL;
    oauth_classify_body(stage, answer->status, text, length, answer->retry_after_ms, secrets,
                        aadsts, correlation, error);
}

/* Microsoft wants exactly one resource's scopes here; the OpenID ones go with any, and
 * without offline_access some answers lack the new refresh token. Google takes no scope: NULL. */
static char *token_scopes(const struct oauth_provider *provider, const char *scopes)
{
    if (provider->type == OAUTH_GOOGLE)
        return NULL;
    if (scopes[0] == '\0')
        return g_strdup(OAUTH_PERSON_SCOPES);
    return g_strconcat("openid profile email offline_access ", scopes, NULL);
}

struct token_request {
    enum oauth_stage stage;
    const char *const *form;
    const struct secret *const *secrets; /* must not be quoted from an answer */
    const char *scopes;
};

static bool request_once(const struct oauth_wire *wire, const struct token_request *ask,
                         struct oauth_grant *grant, GError **error)
{
    g_autofree char *endpoint = oauth_token_endpoint(wire->provider);
    struct secret *body = httpc_form(ask->form);
    struct httpc_request request = {.method = "POST",
                                    .url = endpoint,
                                    .body = body,
                                    .content_type = "application/x-www-form-urlencoded"};
    struct httpc_answer answer;
    bool good = perform(wire, &request, &answer, error);
    secret_free(body);
    if (!good)
        return false;
    good = answer.status == 200;
    if (good)
        good = read_grant(&answer, ask->scopes, grant, error);
    else
        classify(wire, ask->stage, &answer, ask->secrets, error);
    httpc_answer_clear(&answer);
    return good;
}

#define FORM_MAX 20
#define SECRETS_MAX 5

/* The same request with the other secret, which must not be quoted either. */
static bool request_with(const struct oauth_wire *wire, const struct token_request *ask,
                         const struct secret *secret, struct oauth_grant *grant, GError **error)
{
    const char *form[FORM_MAX + 1];
    const struct secret *secrets[SECRETS_MAX + 1];
    size_t i = 0, k = 0;
    for (; ask->form[i] != NULL && i < FORM_MAX; i++)
        form[i] = i > 0 && strcmp(ask->form[i - 1], "client_secret") == 0 && i % 2 == 1
                      ? secret_reveal(secret)
                      : ask->form[i];
    form[i] = NULL;
    for (; ask->secrets[k] != NULL && k + 1 < SECRETS_MAX; k++)
        secrets[k] = ask->secrets[k];
    secrets[k] = secret;
    secrets[k + 1] = NULL;
    const struct token_request again = {ask->stage, form, secrets, ask->scopes};
    return request_once(wire, &again, grant, error);
}

/* A second secret goes on where the first is refused, so that nobody notices a roll-over. */
static bool request_token(const struct oauth_wire *wire, const struct token_request *ask,
                          struct oauth_grant *grant, GError **error)
{
    const struct oauth_provider *provider = wire->provider;
    GError *cause = NULL, *second = NULL;
    if (request_once(wire, ask, grant, &cause))
        return true;
    bool secret_is_bad =
        error_is(cause, ERROR_APP_SECRET_WRONG) || error_is(cause, ERROR_APP_SECRET_EXPIRED);
    bool good = secret_is_bad && provider->second_secret != NULL &&
                request_with(wire, ask, provider->second_secret, grant, &second);
    bool taken = good || (second != NULL && !error_is(second, ERROR_APP_SECRET_WRONG) &&
                          !error_is(second, ERROR_APP_SECRET_EXPIRED));
    if (good && provider->second_taken != NULL)
        provider->second_taken(provider->name, provider->second_taken_arg);
    /* What the second one met is what is to be told, unless it is wrong as well. */
    if (taken && !good) {
        g_error_free(cause);
        g_propagate_error(error, second);
        return false;
    }
    g_clear_error(&second);
    if (good)
        g_clear_error(&cause);
    else
        g_propagate_error(error, cause);
    return good;
}

static bool has_secret(const struct oauth_provider *provider, struct oauth_grant *grant,
                       GError **error)
{
    memset(grant, 0, sizeof *grant);
    if (provider->client_secret != NULL)
        return true;
    error_set(error, ERROR_APP_SECRET_WRONG, "no client secret is set");
    return false;
}

bool oauth_wire_redeem(const struct oauth_wire *wire, const char *code, const char *verifier,
                       const char *scopes, struct oauth_grant *grant, GError **error)
{
    const struct oauth_provider *provider = wire->provider;
    if (!has_secret(provider, grant, error))
        return false;
    g_autofree char *asked = token_scopes(provider, scopes);
    const char *const form[] = {"client_id",
                                provider->client_id,
                                "client_secret",
                                secret_reveal(provider->client_secret),
                                "grant_type",
                                "authorization_code",
                                "code",
                                code,
                                "redirect_uri",
                                provider->redirect_uri,
                                "code_verifier",
                                verifier,
                                asked != NULL ? "scope" : NULL,
                                asked,
                                NULL};
    struct secret *code_secret = secret_new(code, strlen(code));
    struct secret *verifier_secret = secret_new(verifier, strlen(verifier));
    const struct secret *const secrets[] = {provider->client_secret, code_secret, verifier_secret,
                                            NULL};
    struct token_request ask = {OAUTH_STAGE_CODE, form, secrets, scopes};
    bool good = request_token(wire, &ask, grant, error);
    secret_free(code_secret);
    secret_free(verifier_secret);
    return good;
}

bool oauth_wire_refresh(const struct oauth_wire *wire, const struct secret *refresh_token,
                        const char *scopes, struct oauth_grant *grant, GError **error)
{
    const struct oauth_provider *provider = wire->provider;
    if (!has_secret(provider, grant, error))
        return false;
    g_autofree char *asked = token_scopes(provider, scopes);
    const char *const form[] = {"client_id",
                                provider->client_id,
                                "client_secret",
                                secret_reveal(provider->client_secret),
                                "grant_type",
                                "refresh_token",
                                "refresh_token",
                                secret_reveal(refresh_token),
                                asked != NULL ? "scope" : NULL,
                                asked,
                                NULL};
    const struct secret *const secrets[] = {provider->client_secret, refresh_token, NULL};
    struct token_request ask = {OAUTH_STAGE_REFRESH, form, secrets, scopes};
    return request_token(wire, &ask, grant, error);
}

/* The application was known and its secret right, or this would not have been complained about. */
static bool about_the_grant(const GError *error)
{
    static const enum error_code later[] = {
        ERROR_SIGN_IN_EXPIRED, ERROR_LINK_EXPIRED,      ERROR_APP_MISCONFIGURED,
        ERROR_CONSENT_NEEDED,  ERROR_BLOCKED_BY_POLICY, ERROR_ACCESS_REVOKED,
        ERROR_ADMIN_CONSENT,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        if (error_is(error, later[i]))
            return true;
    return false;
}

bool oauth_wire_client(const struct oauth_wire *wire, GError **error)
{
    const struct oauth_provider *provider = wire->provider;
    struct oauth_grant grant;
    if (!has_secret(provider, &grant, error))
        return false;
    bool google = provider->type == OAUTH_GOOGLE;
    g_autofree char *scope = g_strconcat(provider->graph, "/.default", NULL);
    const char *const form[] = {"client_id",
                                provider->client_id,
                                "client_secret",
                                secret_reveal(provider->client_secret),
                                "grant_type",
                                google ? "refresh_token" : "client_credentials",
                                google ? "refresh_token" : "scope",
                                google ? "none" : scope,
                                NULL};
    const struct secret *const secrets[] = {provider->client_secret, NULL};
    struct token_request ask = {OAUTH_STAGE_REFRESH, form, secrets, ""};
    GError *cause = NULL;
    bool good = request_token(wire, &ask, &grant, &cause);
    oauth_grant_clear(&grant);
    if (good || about_the_grant(cause)) {
        g_clear_error(&cause);
        return true;
    }
    g_propagate_error(error, cause);
    return false;
}

json_t *oauth_wire_get(const struct oauth_wire *wire, const char *url, const struct secret *bearer,
                       int *status, GError **error)
{
    struct httpc_request request = {.method = "GET", .url = url, .bearer = bearer};
    struct httpc_answer answer;
    *status = 0;
    if (!perform(wire, &request, &answer, error))
        return NULL;
    *status = answer.status;
    json_t *body = answer.status == 200 ? body_of(&answer) : NULL;
    if (body == NULL) {
        GError *made = NULL;
        error_set(&made, answer.status == 429 ? ERROR_THROTTLED : ERROR_PROVIDER_ERROR,
                  "sign-in service: HTTP %d%s", answer.status,
                  answer.status == 200 ? ", but not a JSON object" : "");
        error_set_retry_after_ms(made, answer.retry_after_ms);
        g_propagate_error(error, made);
    }
    httpc_answer_clear(&answer);
    return body;
}

bool oauth_refresh(const struct oauth_provider *provider, const struct secret *refresh_token,
                   const struct net_policy *policy, struct cancel *cancel,
                   struct oauth_tokens *tokens, GError **error)
{
    struct oauth_wire wire = {.provider = provider, .policy = policy, .cancel = cancel};
    g_autofree char *scopes = oauth_mail_scopes(provider);
    struct oauth_grant grant;
    memset(tokens, 0, sizeof *tokens);
    if (!oauth_wire_refresh(&wire, refresh_token, scopes, &grant, error))
        return false;
    g_autofree char *missing = oauth_missing_scopes(provider, grant.tokens.scopes);
    if (missing != NULL) {
        error_set(error, ERROR_SCOPES_MISSING, "not granted: %s", missing);
        oauth_grant_clear(&grant);
        return false;
    }
    *tokens = grant.tokens;
    memset(&grant.tokens, 0, sizeof grant.tokens);
    oauth_grant_clear(&grant);
    return true;
}

bool oauth_client_check(const struct oauth_provider *provider, const struct net_policy *policy,
                        struct cancel *cancel, GError **error)
{
    struct oauth_wire wire = {.provider = provider, .policy = policy, .cancel = cancel};
    return oauth_wire_client(&wire, error);
}

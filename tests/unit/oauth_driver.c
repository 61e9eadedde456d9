/* Lets a script drive src/oauth against an identity provider: one JSON command a line on standard
 * input, one JSON answer a line on standard output. Commands: provider, begin, finish, token,
 * consent-url. Test only: the answers hold tokens. */
#include "oauth/oauth.h"

#include "base/log.h"
#include "httpc/httpc.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct driver {
    struct oauth_flows *flows;
    struct oauth_cache *cache;
    json_t *settings;             /* of the provider */
    struct secret *refresh_token; /* of the last link */
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static struct oauth_provider *make_provider(const json_t *settings)
{
    struct oauth_provider *provider = g_new0(struct oauth_provider, 1);
    const char *secret = text_of(settings, "clientSecret");
    provider->name = g_strdup(text_of(settings, "name"));
    provider->client_id = g_strdup(text_of(settings, "clientId"));
    provider->client_secret = secret != NULL ? secret_new(secret, strlen(secret)) : NULL;
    provider->tenant = g_strdup(text_of(settings, "tenant"));
    provider->authority = g_strdup(text_of(settings, "authority"));
    provider->graph = g_strdup(text_of(settings, "graph"));
    provider->ca_file = g_strdup(text_of(settings, "caFile"));
    provider->redirect_uri = g_strdup(text_of(settings, "redirectUri"));
    oauth_provider_fill(provider, "custom");
    return provider;
}

static json_t *error_answer(const GError *error, const struct oauth_failure *failure)
{
    const char *problem = error_problem(error);
    json_t *answer =
        json_pack("{s:s, s:s, s:i, s:i, s:I}", "problem", problem, "message", error->message,
                  "scope", (int)error_scope(error), "retry", (int)error_retry(error),
                  "retryAfterMs", (json_int_t)error_retry_after_ms(error));
    if (failure != NULL) {
        json_object_set_new(answer, "aadsts", json_integer(failure->aadsts));
        json_object_set_new(answer, "correlation", json_string(failure->correlation));
        json_object_set_new(answer, "expected",
                            failure->expected ? json_string(failure->expected) : json_null());
        json_object_set_new(answer, "got", failure->got ? json_string(failure->got) : json_null());
    }
    return answer;
}

static json_t *do_begin(struct driver *driver, const json_t *command)
{
    struct oauth_provider *provider = make_provider(driver->settings);
    struct oauth_begin begin = {.provider = provider,
                                .session = text_of(command, "session"),
                                .login_hint = text_of(command, "hint"),
                                .since = json_integer_value(json_object_get(command, "since"))};
    g_autoptr(GError) error = NULL;
    g_autofree char *url = oauth_flow_begin(driver->flows, &begin, &error);
    oauth_provider_free(provider);
    return url != NULL ? json_pack("{s:s}", "url", url) : error_answer(error, NULL);
}

static json_t *linked_answer(const struct oauth_linked *linked)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:I, s:I, s:s, s:s}", "tid", linked->tid, "oid",
                     linked->oid, "login", linked->login, "address", linked->address, "displayName",
                     linked->display_name, "since", (json_int_t)linked->since, "expiresAt",
                     (json_int_t)linked->expires_at, "scopes", linked->scopes, "accessToken",
                     secret_reveal(linked->access_token));
}

static json_t *do_finish(struct driver *driver, const json_t *command)
{
    struct oauth_provider *provider = make_provider(driver->settings);
    struct oauth_failure failure = {0};
    g_autoptr(GError) error = NULL;
    struct oauth_linked *linked =
        oauth_flow_finish(driver->flows, provider, text_of(command, "session"),
                          text_of(command, "state"), text_of(command, "code"),
                          text_of(command, "error"), text_of(command, "description"), NULL, NULL,
                          &failure, &error);
    oauth_provider_free(provider);
    json_t *answer = linked != NULL ? linked_answer(linked) : error_answer(error, &failure);
    if (linked != NULL) {
        secret_free(driver->refresh_token);
        driver->refresh_token = g_steal_pointer(&linked->refresh_token);
        oauth_token_forget(driver->cache, 1);
    }
    oauth_linked_free(linked);
    oauth_failure_clear(&failure);
    return answer;
}

static json_t *do_token(struct driver *driver, const json_t *command)
{
    g_autoptr(GError) error = NULL;
    bool force = json_is_true(json_object_get(command, "force"));
    if (json_is_true(json_object_get(command, "forget")))
        oauth_token_forget(driver->cache, 1);
    struct secret *token = oauth_token_get(driver->cache, 1, force, NULL, NULL, &error);
    json_t *answer = token != NULL ? json_pack("{s:s}", "accessToken", secret_reveal(token))
                                   : error_answer(error, NULL);
    secret_free(token);
    return answer;
}

static json_t *do_consent_url(struct driver *driver, const json_t *command)
{
    struct oauth_provider *provider = make_provider(driver->settings);
    g_autofree char *url = oauth_admin_consent_url(provider, text_of(command, "state"));
    oauth_provider_free(provider);
    return json_pack("{s:s}", "url", url);
}

static json_t *do_provider(struct driver *driver, const json_t *command)
{
    json_decref(driver->settings);
    driver->settings = json_deep_copy(command);
    struct oauth_provider *provider = make_provider(driver->settings);
    const char *field = NULL;
    bool good = oauth_provider_check(provider, &field, NULL);
    g_autofree char *origin = oauth_token_origin(provider);
    oauth_provider_free(provider);
    return json_pack("{s:b, s:s?, s:s}", "good", good, "field", field, "origin", origin);
}

static json_t *run(struct driver *driver, const json_t *command)
{
    static const struct {
        const char *name;
        json_t *(*run)(struct driver *driver, const json_t *command);
    } verbs[] = {{"provider", do_provider},
                 {"begin", do_begin},
                 {"finish", do_finish},
                 {"token", do_token},
                 {"consent-url", do_consent_url}};
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_strcmp0(verbs[i].name, text_of(command, "do")) == 0)
            return verbs[i].run(driver, command);
    return json_pack("{s:s}", "problem", "no such command");
}

static bool load(int64_t account, struct oauth_provider **provider, struct oauth_tokens *tokens,
                 void *arg, GError **error)
{
    struct driver *driver = arg;
    (void)account;
    if (driver->refresh_token == NULL) {
        error_set(error, ERROR_NOT_FOUND, "nothing is linked");
        return false;
    }
    *provider = make_provider(driver->settings);
    tokens->refresh_token = secret_copy(driver->refresh_token);
    return true;
}

static bool keep(int64_t account, const struct oauth_tokens *tokens, void *arg, GError **error)
{
    struct driver *driver = arg;
    (void)account;
    (void)error;
    if (tokens->refresh_token != NULL) {
        secret_free(driver->refresh_token);
        driver->refresh_token = secret_copy(tokens->refresh_token);
    }
    return true;
}

int main(void)
{
    struct driver driver = {.flows = oauth_flows_new()};
    struct oauth_vault vault = {load, keep, &driver};
    driver.cache = oauth_cache_new(&vault, NULL);
    httpc_init();
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL);
        json_t *answer = run(&driver, command);
        json_dumpf(answer, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        fflush(stdout);
        json_decref(answer);
        json_decref(command);
    }
    free(line);
    oauth_cache_free(driver.cache);
    oauth_flows_free(driver.flows);
    secret_free(driver.refresh_token);
    json_decref(driver.settings);
    return 0;
}

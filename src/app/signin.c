#include "app/signin.h"

#include "base/log.h"
#include "httpc/httpc.h"
#include "store/people.h"

#include <string.h>

/* Where the page says what became of it: the sign-in page, the link that was opened, or the
 * profile. */
static char *page_of(const struct app *app, enum oauth_purpose purpose, const char *invitation,
                     const char *word)
{
    if (purpose == OAUTH_IDENTITY)
        return g_strdup_printf("%s/settings/profile?identity=%s", app->public_url, word);
    if (invitation == NULL)
        return g_strdup_printf("%s/?identity=%s", app->public_url, word);
    g_autofree char *escaped = httpc_escape(invitation);
    return g_strdup_printf("%s/invite/%s?identity=%s", app->public_url, escaped, word);
}

/* A word the page has a sentence for. */
static const char *word_of(const GError *error)
{
    if (error_is(error, ERROR_NOT_FOUND))
        return "unknown";
    if (error_is(error, ERROR_CONFLICT))
        return "taken";
    if (error_is(error, ERROR_FORBIDDEN))
        return "off";
    return error_problem(error);
}

/* "off", "linked" or "tenant"; (transfer full). *tenant: the provider's own, or NULL. */
static char *policy_of(struct app *app, const char *provider, char **tenant)
{
    struct store_provider *settings = store_provider(app->store, provider, NULL, NULL);
    char *word = g_strdup(settings != NULL && settings->has_secret && settings->sign_in != NULL
                              ? settings->sign_in
                              : "off");
    if (tenant != NULL)
        *tenant = settings != NULL ? g_strdup(settings->tenant) : NULL;
    store_provider_free(settings);
    return word;
}

bool signin_is_on(struct app *app, const char *provider)
{
    g_autofree char *policy = policy_of(app, provider, NULL);
    return strcmp(policy, "off") != 0;
}

char *signin_start(struct app *app, struct oauth_flows *flows, const struct signin_request *request)
{
    g_autoptr(GError) error = NULL;
    struct oauth_provider *provider = NULL;
    char *url = NULL;
    if (signin_is_on(app, request->provider))
        provider = app_provider(app, request->provider, &error);
    else
        error_set(&error, ERROR_FORBIDDEN, "nobody signs in by this provider");
    const struct oauth_begin begin = {.provider = provider,
                                      .purpose = request->purpose,
                                      .note = request->invitation,
                                      .session = request->binding};
    if (provider != NULL)
        url = oauth_flow_begin(flows, &begin, &error);
    oauth_provider_free(provider);
    if (url != NULL)
        return url;
    LOG_INFO("sign-in.not_begun", LOG_STR("provider", request->provider), LOG_ERR(error));
    return page_of(app, request->purpose, request->invitation, word_of(error));
}

/* The provider's own tenant decides who becomes a member: by id, or where the authority answers for
 * one domain only, by which the token's issuer was checked already. */
static bool is_of_tenant(const char *policy, const struct oauth_person *person, const char *tenant)
{
    bool is_id = tenant != NULL && strchr(tenant, '.') == NULL;
    return strcmp(policy, "tenant") == 0 && tenant != NULL &&
           (!is_id || g_ascii_strcasecmp(tenant, person->tid) == 0);
}

static struct store_principal *enter(struct app *app, const struct signin_request *request,
                                     const struct oauth_person *person, GError **error)
{
    g_autofree char *tenant = NULL;
    g_autofree char *policy = policy_of(app, request->provider, &tenant);
    const struct store_identity_of identity = {.provider = request->provider,
                                               .tid = person->tid,
                                               .oid = person->oid,
                                               .login = person->login,
                                               .name = person->name};
    if (strcmp(policy, "off") == 0) {
        error_set(error, ERROR_FORBIDDEN, "nobody signs in by this provider");
        return NULL;
    }
    if (person->purpose == OAUTH_SIGN_IN && person->note != NULL)
        return store_invitation_identity(app->store, person->note, &identity, error);
    if (person->purpose == OAUTH_SIGN_IN)
        return store_sign_in_identity(app->store, &identity, is_of_tenant(policy, person, tenant),
                                      error);
    if (request->principal == NULL)
        error_set(error, ERROR_LINK_EXPIRED, "nobody is signed in any more");
    else
        store_identity_put(app->store, request->principal, &identity, error);
    return NULL;
}

char *signin_finish(struct app *app, struct oauth_flows *flows,
                    const struct signin_request *request, struct store_principal **entered)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *invitation = NULL;
    struct oauth_person *person = NULL;
    struct oauth_provider *provider = app_provider(app, request->provider, &error);
    *entered = NULL;
    if (provider != NULL)
        person = oauth_sign_in_finish(flows, provider, request->binding, request->state,
                                      request->code, request->error, request->error_description,
                                      &app->policy, NULL, &invitation, &error);
    if (person != NULL)
        *entered = enter(app, request, person, &error);
    oauth_person_free(person);
    oauth_provider_free(provider);
    if (error == NULL)
        return *entered != NULL ? g_strdup_printf("%s/", app->public_url)
                                : page_of(app, OAUTH_IDENTITY, NULL, "done");
    LOG_INFO("sign-in.failed", LOG_STR("provider", request->provider), LOG_ERR(error));
    if (request->purpose == OAUTH_SIGN_IN)
        store_audit_refused(app->store, NULL, "sign-in.refused", request->provider);
    return page_of(app, request->purpose, invitation, word_of(error));
}

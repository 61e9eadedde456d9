#include "app/link.h"

#include "base/log.h"
#include "httpc/httpc.h"
#include "store/people.h"

#include <string.h>

static void append_query(GString *url, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    g_autofree char *escaped = httpc_escape(value);
    g_string_append_printf(url, "&%s=%s", name, escaped);
}

char *link_failed(const struct app *app, const char *problem, const struct oauth_failure *failure)
{
    GString *url = g_string_new(NULL);
    g_string_printf(url, "%s/link/failed?code=%s", app->public_url, problem);
    if (failure == NULL)
        return g_string_free(url, FALSE);
    if (failure->aadsts != 0)
        g_string_append_printf(url, "&aadsts=%d", failure->aadsts);
    append_query(url, "correlation", failure->correlation);
    append_query(url, "expected", failure->expected);
    append_query(url, "got", failure->got);
    if (failure->account != 0)
        g_string_append_printf(url, "&account=a%" G_GINT64_FORMAT, failure->account);
    return g_string_free(url, FALSE);
}

static bool account_number(const char *text, int64_t *number)
{
    return text != NULL && text[0] == 'a' &&
           g_ascii_string_to_signed(text + 1, 10, 1, G_MAXINT64, number, NULL);
}

/* A re-link names an account that the person must be allowed to change; its address is the hint
 * then. */
static bool check_account(struct app *app, const struct link_request *request, int64_t *account,
                          char **address, GError **error)
{
    if (request->account == NULL || *request->account == '\0')
        return true;
    if (!account_number(request->account, account)) {
        error_set(error, ERROR_NOT_FOUND, "no such account");
        return false;
    }
    struct store_access *access =
        store_authorise(app->store, request->principal, *account, STORE_WRITE, error);
    if (access == NULL)
        return false;
    store_access_free(access);
    g_autofree char *tid = NULL, *oid = NULL;
    return store_link_identity(app->store, *account, &tid, &oid, address, error);
}

char *link_start(struct app *app, struct oauth_flows *flows, const struct link_request *request)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *address = NULL;
    char *url = NULL;
    struct oauth_begin begin = {.session = request->session,
                                .login_hint = request->login_hint,
                                .hold = request->hold};
    struct oauth_provider *provider = app_provider(app, request->provider, &error);
    begin.provider = provider;
    bool ok = provider != NULL && check_account(app, request, &begin.account, &address, &error);
    if (ok && request->since != NULL && *request->since != '\0' &&
        !app_parse_date(request->since, &begin.since)) {
        error_set(&error, ERROR_INVALID, "the start date is not a date");
        ok = false;
    }
    if (address != NULL)
        begin.login_hint = address;
    if (begin.login_hint != NULL && *begin.login_hint == '\0')
        begin.login_hint = NULL;
    if (ok)
        url = oauth_flow_begin(flows, &begin, &error);
    oauth_provider_free(provider);
    if (url != NULL)
        return url;
    LOG_INFO("link.refused", LOG_STR("provider", request->provider), LOG_ERR(error));
    return link_failed(app, error_problem(error), NULL);
}

/* A re-link must bring back the same person for the same mailbox (SECURITY.md 15). */
static bool same_as_before(struct app *app, const struct oauth_linked *linked,
                           struct oauth_failure *failure, GError **error)
{
    if (linked->account == 0)
        return true;
    g_autofree char *tid = NULL, *oid = NULL, *address = NULL;
    if (!store_link_identity(app->store, linked->account, &tid, &oid, &address, error))
        return false;
    if (g_strcmp0(tid, linked->tid) == 0 && g_strcmp0(oid, linked->oid) == 0)
        return true;
    failure->account = linked->account;
    g_free(failure->expected);
    g_free(failure->got);
    failure->expected = g_steal_pointer(&address);
    failure->got = g_strdup(linked->address);
    error_set(error, ERROR_WRONG_ACCOUNT, "another account signed in than the one that is linked");
    return false;
}

static int64_t keep(struct app *app, const struct link_request *request,
                    const struct oauth_provider *provider, const struct oauth_linked *linked,
                    GError **error)
{
    g_autofree char *origin = app_credential_origin(provider);
    struct store_link link = {
        .address = linked->address,
        .display_name = linked->display_name,
        .user = store_principal_user(request->principal),
        .provider = provider->name,
        .tid = linked->tid,
        .oid = linked->oid,
        .login = linked->login,
        .scopes = linked->scopes,
        .refresh_token = linked->refresh_token,
        .access_token = linked->access_token,
        .access_expires = linked->expires_at,
        .token_origin = origin,
        .operator_hosts = true,
        .since = linked->since,
        .hold = linked->hold,
    };
    bool relinked = false;
    int64_t account = store_link(app->store, &link, &relinked, error);
    if (account != 0)
        store_audit_note(app->store, request->principal,
                         relinked ? "account.relink" : "account.link", account, NULL,
                         provider->name);
    if (account != 0)
        LOG_INFO("link.done", LOG_STR("provider", provider->name), LOG_INT("account", account),
                 LOG_INT("relinked", relinked));
    return account;
}

/* A fault of the registration is the administrator's business: it shows on the settings page. */
static void tell_administrator(struct app *app, const char *provider, const GError *error)
{
    if (error_scope(error) == ERROR_SCOPE_APP && error_retry(error) == ERROR_RETRY_ADMIN)
        store_provider_problem(app->store, provider, error, NULL);
}

char *link_finish(struct app *app, struct oauth_flows *flows, const struct link_request *request)
{
    g_autoptr(GError) error = NULL;
    struct oauth_failure failure = {0};
    struct oauth_linked *linked = NULL;
    int64_t account = 0;
    struct oauth_provider *provider = app_provider(app, request->provider, &error);
    if (provider != NULL)
        linked = oauth_flow_finish(flows, provider, request->session, request->state, request->code,
                                   request->error, request->error_description, &app->policy, NULL,
                                   &failure, &error);
    if (linked != NULL && same_as_before(app, linked, &failure, &error))
        account = keep(app, request, provider, linked, &error);
    char *url = NULL;
    if (account != 0) {
        oauth_token_forget(app->tokens, account);
        store_provider_problem(app->store, provider->name, NULL, NULL);
        sync_manager_poke(app->sync, account);
        url = g_strdup_printf("%s/link/done?account=a%" G_GINT64_FORMAT, app->public_url, account);
    } else {
        LOG_INFO("link.failed", LOG_STR("provider", request->provider),
                 LOG_INT("aadsts", failure.aadsts), LOG_STR("correlation", failure.correlation),
                 LOG_STR("problem", error_problem(error)));
        tell_administrator(app, request->provider, error);
        url = link_failed(app, error_problem(error), &failure);
    }
    oauth_linked_free(linked);
    oauth_provider_free(provider);
    oauth_failure_clear(&failure);
    return url;
}

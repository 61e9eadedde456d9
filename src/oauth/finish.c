#include "oauth/oauth.h"

#include "base/clock.h"
#include "base/log.h"
#include "oauth/flow.h"
#include "oauth/idtoken.h"
#include "oauth/json.h"
#include "oauth/provider.h"
#include "oauth/wire.h"

#include <string.h>

#define CODE_MAX 8192

void oauth_linked_free(struct oauth_linked *linked)
{
    if (linked == NULL)
        return;
    g_free(linked->provider);
    g_free(linked->tid);
    g_free(linked->oid);
    g_free(linked->login);
    g_free(linked->address);
    g_free(linked->display_name);
    g_free(linked->login_hint);
    secret_free(linked->refresh_token);
    secret_free(linked->access_token);
    g_free(linked->scopes);
    g_free(linked);
}

void oauth_failure_clear(struct oauth_failure *failure)
{
    g_free(failure->expected);
    g_free(failure->got);
    memset(failure, 0, sizeof *failure);
}

/* The issuer as the provider itself states it. (transfer full) or NULL. */
static char *fetch_issuer(const struct oauth_wire *wire, GError **error)
{
    g_autofree char *url = oauth_metadata_endpoint(wire->provider);
    int status = 0;
    json_t *metadata = oauth_wire_get(wire, url, NULL, &status, error);
    if (metadata == NULL)
        return NULL;
    char *issuer = g_strdup(oauth_json_text(metadata, "issuer"));
    json_decref(metadata);
    if (issuer == NULL)
        error_set(error, ERROR_PROVIDER_ERROR, "the provider's metadata names no issuer");
    return issuer;
}

static bool identify(const struct oauth_wire *wire, const struct oauth_grant *grant,
                     const char *nonce, struct oauth_identity *identity, GError **error)
{
    if (grant->id_token == NULL) {
        error_set(error, ERROR_PROVIDER_ERROR, "the provider sent no id_token");
        return false;
    }
    g_autofree char *issuer = fetch_issuer(wire, error);
    if (issuer == NULL)
        return false;
    struct oauth_expected expected = {wire->provider, issuer, nonce, clock_wall()};
    return oauth_idtoken_check(grant->id_token, &expected, identity, error);
}

/* Graph's answer into login name and address. The id must be the token's, so that a wrong Graph
 * address in the settings cannot name somebody else; personal accounts have an id of another form.
 */
static bool take_profile(const json_t *me, const struct oauth_identity *identity,
                         struct oauth_linked *linked, GError **error)
{
    const char *id = oauth_json_text(me, "id");
    const char *upn = oauth_json_text(me, "userPrincipalName");
    const char *mail = oauth_json_text(me, "mail");
    bool personal = strcmp(identity->tid, OAUTH_CONSUMERS) == 0;
    if (!personal && (id == NULL || g_ascii_strcasecmp(id, identity->oid) != 0)) {
        error_set(error, ERROR_PROVIDER_ERROR, "Graph describes another person than the id_token");
        return false;
    }
    if (upn == NULL)
        upn = identity->login;
    linked->login = g_strdup(upn);
    linked->address = g_strdup(mail != NULL ? mail : upn);
    linked->display_name = g_strdup(oauth_json_text(me, "displayName"));
    return true;
}

/* One use of the refresh token for Graph: one refresh token serves both resources. */
static bool ask_graph(const struct oauth_wire *wire, struct oauth_grant *grant,
                      const struct oauth_identity *identity, struct oauth_linked *linked,
                      GError **error)
{
    struct oauth_grant graph;
    int status = 0;
    if (!oauth_wire_refresh(wire, grant->tokens.refresh_token, "User.Read", &graph, error))
        return false;
    g_autofree char *url =
        g_strconcat(wire->provider->graph, "/v1.0/me?$select=id,userPrincipalName,mail,displayName",
                    NULL);
    g_autoptr(GError) cause = NULL;
    json_t *me = oauth_wire_get(wire, url, graph.tokens.access_token, &status, &cause);
    if (graph.tokens.refresh_token != NULL) {
        secret_free(grant->tokens.refresh_token);
        grant->tokens.refresh_token = g_steal_pointer(&graph.tokens.refresh_token);
    }
    oauth_grant_clear(&graph);
    bool good = true;
    if (me != NULL) {
        good = take_profile(me, identity, linked, error);
    } else if (status == 403 || status == 404) {
        /* Graph is closed to this person; the token's own name serves as the address. */
        LOG_WARN("oauth.graph_closed", LOG_INT("status", status));
    } else {
        g_propagate_error(error, g_steal_pointer(&cause));
        good = false;
    }
    json_decref(me);
    return good;
}

static bool is_address(const char *text)
{
    const char *at = text != NULL ? strrchr(text, '@') : NULL;
    return at != NULL && at != text && at[1] != '\0' && strlen(text) <= 320 &&
           strpbrk(text, "\r\n\t <>") == NULL;
}

/* Fills who it is; without Graph the id_token's name is login and address. */
static bool describe(const struct oauth_wire *wire, struct oauth_grant *grant,
                     const struct oauth_identity *identity, struct oauth_linked *linked,
                     GError **error)
{
    if (wire->provider->type == OAUTH_MICROSOFT && !ask_graph(wire, grant, identity, linked, error))
        return false;
    if (linked->login == NULL)
        linked->login = g_strdup(identity->login);
    if (linked->address == NULL)
        linked->address = g_strdup(linked->login);
    if (linked->display_name == NULL)
        linked->display_name = g_strdup(identity->name);
    if (linked->login != NULL && is_address(linked->address))
        return true;
    error_set(error, ERROR_PROVIDER_ERROR, "the provider does not say which mailbox it is");
    return false;
}

static bool same_address(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return false;
    g_autofree char *left = g_utf8_casefold(a, -1);
    g_autofree char *right = g_utf8_casefold(b, -1);
    return strcmp(left, right) == 0;
}

/* The browser's current sign-in may be somebody else's. */
static bool check_hint(const struct oauth_linked *linked, struct oauth_failure *failure,
                       GError **error)
{
    const char *typed = linked->login_hint;
    if (typed == NULL || same_address(typed, linked->address) || same_address(typed, linked->login))
        return true;
    failure->expected = g_strdup(typed);
    failure->got = g_strdup(linked->address);
    error_set(error, ERROR_WRONG_ACCOUNT, "another account signed in than the address typed");
    return false;
}

static bool check_grant(const struct oauth_provider *provider, const struct oauth_grant *grant,
                        GError **error)
{
    g_autofree char *missing = oauth_missing_scopes(provider, grant->tokens.scopes);
    if (missing != NULL) {
        error_set(error, ERROR_SCOPES_MISSING, "not granted: %s", missing);
        return false;
    }
    if (grant->tokens.refresh_token == NULL) {
        error_set(error, ERROR_NO_REFRESH_TOKEN, "the provider sent no refresh token");
        return false;
    }
    return true;
}

static struct oauth_linked *linked_new(const struct oauth_flow *flow)
{
    struct oauth_linked *linked = g_new0(struct oauth_linked, 1);
    linked->provider = g_strdup(flow->provider);
    linked->login_hint = g_strdup(flow->login_hint);
    linked->since = flow->since;
    linked->account = flow->account;
    linked->hold = flow->hold;
    return linked;
}

static void take_tokens(struct oauth_linked *linked, struct oauth_grant *grant,
                        struct oauth_identity *identity)
{
    linked->tid = g_steal_pointer(&identity->tid);
    linked->oid = g_steal_pointer(&identity->oid);
    linked->refresh_token = g_steal_pointer(&grant->tokens.refresh_token);
    linked->access_token = g_steal_pointer(&grant->tokens.access_token);
    linked->expires_at = grant->tokens.expires_at;
    linked->scopes = g_steal_pointer(&grant->tokens.scopes);
}

static struct oauth_linked *exchange(const struct oauth_wire *wire, const struct oauth_flow *flow,
                                     const char *code, GError **error)
{
    struct oauth_grant grant;
    struct oauth_identity identity = {0};
    g_autofree char *scopes = oauth_mail_scopes(wire->provider);
    if (!oauth_wire_redeem(wire, code, flow->verifier, scopes, &grant, error))
        return NULL;
    struct oauth_linked *linked = linked_new(flow);
    bool good = identify(wire, &grant, flow->nonce, &identity, error) &&
                check_grant(wire->provider, &grant, error) &&
                describe(wire, &grant, &identity, linked, error) &&
                check_hint(linked, wire->failure, error);
    if (good)
        take_tokens(linked, &grant, &identity);
    oauth_identity_clear(&identity);
    oauth_grant_clear(&grant);
    if (good)
        return linked;
    oauth_linked_free(linked);
    return NULL;
}

/* What the provider told the browser instead of a code. */
static void classify_redirect(const char *word, const char *description,
                              struct oauth_failure *failure, GError **error)
{
    struct oauth_words words = {.error = word, .description = description};
    oauth_classify_words(OAUTH_STAGE_REDIRECT, &words, &failure->aadsts, failure->correlation,
                         error);
}

struct oauth_linked *oauth_flow_finish(struct oauth_flows *flows,
                                       const struct oauth_provider *provider, const char *session,
                                       const char *state, const char *code, const char *error_word,
                                       const char *error_description,
                                       const struct net_policy *policy, struct cancel *cancel,
                                       struct oauth_failure *failure, GError **error)
{
    struct oauth_failure unused = {0};
    struct oauth_failure *told = failure != NULL ? failure : &unused;
    memset(told, 0, sizeof *told);
    struct oauth_flow *flow = oauth_flow_take(flows, provider, session, state, error);
    if (flow == NULL)
        return NULL;
    told->account = flow->account;
    struct oauth_wire wire = {provider, policy, cancel, told};
    struct oauth_linked *linked = NULL;
    if (flow->purpose != OAUTH_LINK)
        error_set(error, ERROR_LINK_EXPIRED, "the state is of a sign-in, not of a link");
    else if (error_word != NULL)
        classify_redirect(error_word, error_description, told, error);
    else if (code == NULL || code[0] == '\0' || strlen(code) > CODE_MAX)
        error_set(error, ERROR_LINK_EXPIRED, "the provider sent no usable code");
    else
        linked = exchange(&wire, flow, code, error);
    oauth_flow_free(flow);
    oauth_failure_clear(&unused);
    return linked;
}

/* --- who somebody is */

void oauth_person_free(struct oauth_person *person)
{
    if (person == NULL)
        return;
    g_free(person->tid);
    g_free(person->oid);
    g_free(person->login);
    g_free(person->name);
    secret_wipe_string(person->note);
    g_free(person);
}

static struct oauth_person *learn(const struct oauth_wire *wire, const struct oauth_flow *flow,
                                  const char *code, GError **error)
{
    struct oauth_grant grant;
    struct oauth_identity identity = {0};
    struct oauth_person *person = NULL;
    if (!oauth_wire_redeem(wire, code, flow->verifier, "", &grant, error))
        return NULL;
    if (identify(wire, &grant, flow->nonce, &identity, error)) {
        person = g_new0(struct oauth_person, 1);
        *person = (struct oauth_person){
            .purpose = flow->purpose,
            .tid = g_steal_pointer(&identity.tid),
            .oid = g_steal_pointer(&identity.oid),
            .login = g_steal_pointer(&identity.login),
            .name = g_steal_pointer(&identity.name),
            .note = g_strdup(flow->note),
        };
    }
    oauth_identity_clear(&identity);
    oauth_grant_clear(&grant);
    return person;
}

struct oauth_person *oauth_sign_in_finish(struct oauth_flows *flows,
                                          const struct oauth_provider *provider,
                                          const char *session, const char *state, const char *code,
                                          const char *error_word, const char *error_description,
                                          const struct net_policy *policy, struct cancel *cancel,
                                          char **note, GError **error)
{
    struct oauth_failure told = {0};
    struct oauth_person *person = NULL;
    struct oauth_flow *flow = oauth_flow_take(flows, provider, session, state, error);
    if (flow == NULL)
        return NULL;
    if (note != NULL)
        *note = g_strdup(flow->note);
    struct oauth_wire wire = {provider, policy, cancel, &told};
    if (flow->purpose == OAUTH_LINK)
        error_set(error, ERROR_LINK_EXPIRED, "the state is of a link, not of a sign-in");
    else if (error_word != NULL)
        classify_redirect(error_word, error_description, &told, error);
    else if (code == NULL || code[0] == '\0' || strlen(code) > CODE_MAX)
        error_set(error, ERROR_LINK_EXPIRED, "the provider sent no usable code");
    else
        person = learn(&wire, flow, code, error);
    oauth_flow_free(flow);
    oauth_failure_clear(&told);
    return person;
}

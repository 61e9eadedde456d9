#include "oauth/flow.h"

#include "base/clock.h"
#include "httpc/httpc.h"
#include "oauth/code.h"
#include "oauth/provider.h"

#include <pthread.h>
#include <string.h>

#define LIFE_MS (10 * 60 * 1000)
#define SESSION_MAX 10
#define FLOWS_MAX 4096
#define STATE_BYTES 32
#define VERIFIER_BYTES 48
#define NONCE_BYTES 24
#define HINT_MAX 320

struct oauth_flows {
    pthread_mutex_t mutex;
    GHashTable *by_state; /* state -> struct oauth_flow */
    uint64_t order;
};

void oauth_flow_free(struct oauth_flow *flow)
{
    if (flow == NULL)
        return;
    g_free(flow->session);
    g_free(flow->provider);
    g_free(flow->settings);
    secret_wipe_string(flow->verifier);
    g_free(flow->nonce);
    g_free(flow->login_hint);
    secret_wipe_string(flow->note);
    g_free(flow);
}

static void free_value(gpointer value)
{
    oauth_flow_free(value);
}

struct oauth_flows *oauth_flows_new(void)
{
    struct oauth_flows *flows = g_new0(struct oauth_flows, 1);
    pthread_mutex_init(&flows->mutex, NULL);
    flows->by_state = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
    return flows;
}

void oauth_flows_free(struct oauth_flows *flows)
{
    if (flows == NULL)
        return;
    g_hash_table_unref(flows->by_state);
    pthread_mutex_destroy(&flows->mutex);
    g_free(flows);
}

/* The code must be redeemed at the place, by the client and with the redirect URI it was issued
 * for. */
static char *settings_of(const struct oauth_provider *provider)
{
    g_autofree char *endpoint = oauth_token_endpoint(provider);
    return g_strjoin("\n", endpoint, provider->client_id, provider->redirect_uri, NULL);
}

static gboolean is_old(gpointer state, gpointer value, gpointer now)
{
    (void)state;
    const struct oauth_flow *flow = value;
    return flow->until <= *(const int64_t *)now;
}

/* A person who starts again and again gives up the oldest attempt. */
static void make_room(struct oauth_flows *flows, const char *session)
{
    GHashTableIter iter;
    gpointer state, value;
    const char *oldest = NULL;
    uint64_t order = UINT64_MAX;
    unsigned count = 0;
    g_hash_table_iter_init(&iter, flows->by_state);
    while (g_hash_table_iter_next(&iter, &state, &value)) {
        const struct oauth_flow *flow = value;
        if (strcmp(flow->session, session) != 0)
            continue;
        count++;
        if (flow->order < order) {
            order = flow->order;
            oldest = state;
        }
    }
    if (count >= SESSION_MAX)
        g_hash_table_remove(flows->by_state, oldest);
}

static bool keep_flow(struct oauth_flows *flows, const char *state, struct oauth_flow *flow)
{
    int64_t now = clock_now();
    pthread_mutex_lock(&flows->mutex);
    g_hash_table_foreach_remove(flows->by_state, is_old, &now);
    make_room(flows, flow->session);
    bool room = g_hash_table_size(flows->by_state) < FLOWS_MAX;
    flow->order = flows->order++;
    if (room)
        g_hash_table_insert(flows->by_state, g_strdup(state), flow);
    pthread_mutex_unlock(&flows->mutex);
    return room;
}

static char *authorize_url(const struct oauth_begin *begin, const struct oauth_flow *flow,
                           const char *state)
{
    const struct oauth_provider *provider = begin->provider;
    bool google = provider->type == OAUTH_GOOGLE;
    g_autofree char *endpoint = oauth_authorize_endpoint(provider);
    g_autofree char *scopes =
        begin->purpose == OAUTH_LINK ? oauth_all_scopes(provider) : g_strdup(OAUTH_PERSON_SCOPES);
    g_autofree char *challenge = oauth_challenge(flow->verifier);
    GPtrArray *pairs = g_ptr_array_new();
    const char *const fixed[] = {"client_id", provider->client_id, "response_type", "code",
                                 "redirect_uri", provider->redirect_uri, "scope", scopes, "state",
                                 state, "nonce", flow->nonce, "code_challenge", challenge,
                                 "code_challenge_method", "S256",
                                 /* Google gives a refresh token only on consent. */
                                 "prompt", google ? "consent select_account" : "select_account",
                                 google ? "access_type" : "response_mode",
                                 google ? "offline" : "query"};
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_ptr_array_add(pairs, (gpointer)(uintptr_t)fixed[i]);
    if (flow->login_hint != NULL) {
        g_ptr_array_add(pairs, (gpointer)(uintptr_t) "login_hint");
        g_ptr_array_add(pairs, flow->login_hint);
    }
    g_ptr_array_add(pairs, NULL);
    struct secret *query = httpc_form((const char *const *)pairs->pdata);
    char *url = g_strconcat(endpoint, "?", secret_reveal(query), NULL);
    secret_free(query);
    g_ptr_array_unref(pairs);
    return url;
}

static char *clean_hint(const char *hint)
{
    if (hint == NULL || strlen(hint) > HINT_MAX || !g_utf8_validate(hint, -1, NULL))
        return NULL;
    char *copy = g_strstrip(g_strdup(hint));
    if (copy[0] != '\0')
        return copy;
    g_free(copy);
    return NULL;
}

char *oauth_flow_begin(struct oauth_flows *flows, const struct oauth_begin *begin, GError **error)
{
    g_autofree char *state = oauth_random_word(STATE_BYTES);
    struct oauth_flow *flow = g_new0(struct oauth_flow, 1);
    flow->session = g_strdup(begin->session);
    flow->provider = g_strdup(begin->provider->name);
    flow->settings = settings_of(begin->provider);
    flow->verifier = oauth_random_word(VERIFIER_BYTES);
    flow->nonce = oauth_random_word(NONCE_BYTES);
    flow->login_hint = clean_hint(begin->login_hint);
    flow->purpose = begin->purpose;
    flow->note = g_strdup(begin->note);
    flow->since = begin->since;
    flow->account = begin->account;
    flow->hold = begin->hold;
    flow->until = clock_in_ms(LIFE_MS);
    char *url = authorize_url(begin, flow, state);
    if (keep_flow(flows, state, flow))
        return url;
    oauth_flow_free(flow);
    g_free(url);
    error_set(error, ERROR_TOO_LARGE, "too many sign-ins are pending");
    return NULL;
}

enum oauth_purpose oauth_flow_purpose(struct oauth_flows *flows, const char *state)
{
    pthread_mutex_lock(&flows->mutex);
    const struct oauth_flow *flow =
        state != NULL ? g_hash_table_lookup(flows->by_state, state) : NULL;
    enum oauth_purpose purpose = flow != NULL ? flow->purpose : OAUTH_LINK;
    pthread_mutex_unlock(&flows->mutex);
    return purpose;
}

char *oauth_binding_new(void)
{
    return oauth_random_word(STATE_BYTES);
}

static bool belongs(const struct oauth_flow *flow, const struct oauth_provider *provider,
                    const char *session)
{
    g_autofree char *settings = settings_of(provider);
    return flow->until > clock_now() && strcmp(flow->session, session) == 0 &&
           strcmp(flow->provider, provider->name) == 0 && strcmp(flow->settings, settings) == 0;
}

struct oauth_flow *oauth_flow_take(struct oauth_flows *flows, const struct oauth_provider *provider,
                                   const char *session, const char *state, GError **error)
{
    gpointer key = NULL, value = NULL;
    pthread_mutex_lock(&flows->mutex);
    if (state != NULL)
        g_hash_table_steal_extended(flows->by_state, state, &key, &value);
    pthread_mutex_unlock(&flows->mutex);
    g_free(key);
    struct oauth_flow *flow = value;
    if (flow != NULL && belongs(flow, provider, session))
        return flow;
    error_set(error, ERROR_LINK_EXPIRED,
              flow == NULL ? "the state is unknown or was used before"
                           : "the state is of another sign-in, provider or session, or too old");
    oauth_flow_free(flow);
    return NULL;
}

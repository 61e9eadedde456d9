#include "oauth/flow.h"

#include "base/clock.h"
#include "oauth/code.h"
#include "oauth/idtoken.h"
#include "oauth/provider.h"

#include <string.h>

#define CLIENT "c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60"
#define TENANT "6f1d8c52-3a0b-4b7e-9c46-2d5e0a71b3f4"
#define PERSON "1a6b2f0c-7d41-4e5b-9a10-5f0c3e8d2b71"

static int64_t fake_now = 1000 * CLOCK_SECOND;

static int64_t fake_clock(void)
{
    return fake_now;
}

struct fixture {
    struct oauth_flows *flows;
    struct oauth_provider *provider;
};

static void set_up(struct fixture *f, const void *data)
{
    (void)data;
    clock_override(fake_clock, NULL);
    f->flows = oauth_flows_new();
    f->provider = g_new0(struct oauth_provider, 1);
    f->provider->name = g_strdup("microsoft");
    f->provider->client_id = g_strdup(CLIENT);
    f->provider->client_secret = secret_new("s", 1);
    f->provider->redirect_uri = g_strdup("http://localhost/oauth/microsoft/callback");
    oauth_provider_fill(f->provider, "global");
}

static void tear_down(struct fixture *f, const void *data)
{
    (void)data;
    oauth_flows_free(f->flows);
    oauth_provider_free(f->provider);
    clock_override(NULL, NULL);
}

static char *param_of(const char *url, const char *name)
{
    const char *query = strchr(url, '?');
    g_autoptr(GHashTable) params = g_uri_parse_params(query + 1, -1, "&", G_URI_PARAMS_NONE, NULL);
    return g_strdup(g_hash_table_lookup(params, name));
}

/* Begins and answers with the state. */
static char *begin(struct fixture *f, const char *session, const char *hint)
{
    struct oauth_begin begin = {.provider = f->provider,
                                .session = session,
                                .login_hint = hint,
                                .since = 7,
                                .account = 3};
    g_autofree char *url = oauth_flow_begin(f->flows, &begin, NULL);
    g_assert_nonnull(url);
    return param_of(url, "state");
}

static bool take(struct fixture *f, const char *session, const char *state)
{
    g_autoptr(GError) error = NULL;
    struct oauth_flow *flow = oauth_flow_take(f->flows, f->provider, session, state, &error);
    if (flow == NULL)
        g_assert_error(error, POSTROOM_ERROR, ERROR_LINK_EXPIRED);
    bool found = flow != NULL;
    oauth_flow_free(flow);
    return found;
}

static void the_address_has_everything(struct fixture *f, const void *data)
{
    (void)data;
    struct oauth_begin begin = {.provider = f->provider,
                                .session = "s1",
                                .login_hint = " a+b@x.example&prompt=none "};
    g_autofree char *url = oauth_flow_begin(f->flows, &begin, NULL);
    static const char *const expected[][2] = {
        {"client_id", CLIENT},
        {"response_type", "code"},
        {"response_mode", "query"},
        {"redirect_uri", "http://localhost/oauth/microsoft/callback"},
        {"scope", "openid profile email offline_access "
                  "https://outlook.office.com/IMAP.AccessAsUser.All "
                  "https://outlook.office.com/SMTP.Send User.Read"},
        {"code_challenge_method", "S256"},
        {"prompt", "select_account"},
        {"login_hint", "a+b@x.example&prompt=none"},
    };
    g_assert_true(g_str_has_prefix(url, "https://login.microsoftonline.com/common/oauth2/v2.0/"
                                        "authorize?client_id="));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *value = param_of(url, expected[i][0]);
        g_assert_cmpstr(value, ==, expected[i][1]);
    }
    g_autofree char *state = param_of(url, "state");
    g_autofree char *nonce = param_of(url, "nonce");
    g_autofree char *challenge = param_of(url, "code_challenge");
    g_assert_cmpuint(strlen(state), ==, 43);
    g_assert_cmpuint(strlen(challenge), ==, 43);
    g_assert_cmpuint(strlen(nonce), >=, 22);
}

static void google_is_asked_for_lasting_access(struct fixture *f, const void *data)
{
    (void)data;
    struct oauth_provider google = {.name = (char[]){"google"},
                                    .type = OAUTH_GOOGLE,
                                    .client_id = (char[]){"id"},
                                    .redirect_uri = (char[]){"https://x.example/cb"},
                                    .tenant = (char[]){"common"},
                                    .authority = (char[]){"https://accounts.google.com"},
                                    .scope_prefix = (char[]){"https://mail.google.com/"}};
    struct oauth_begin begin = {.provider = &google, .session = "s1"};
    g_autofree char *url = oauth_flow_begin(f->flows, &begin, NULL);
    g_autofree char *access = param_of(url, "access_type");
    g_autofree char *prompt = param_of(url, "prompt");
    g_assert_cmpstr(access, ==, "offline");
    g_assert_cmpstr(prompt, ==, "consent select_account");
    g_autofree char *token = oauth_token_endpoint(&google);
    g_assert_cmpstr(token, ==, "https://oauth2.googleapis.com/token");
}

static void a_state_works_once(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *state = begin(f, "s1", NULL);
    g_assert_true(take(f, "s1", state));
    g_assert_false(take(f, "s1", state));
    g_assert_false(take(f, "s1", "made-up"));
    g_assert_false(take(f, "s1", ""));
    g_assert_false(take(f, "s1", NULL));
}

static void a_state_is_bound_to_its_session(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *state = begin(f, "s1", NULL);
    g_assert_false(take(f, "s2", state));
    g_assert_false(take(f, "s1", state));
}

static void a_state_is_bound_to_its_provider(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *state = begin(f, "s1", NULL);
    g_free(f->provider->name);
    f->provider->name = g_strdup("other");
    g_assert_false(take(f, "s1", state));
    g_autofree char *second = begin(f, "s1", NULL);
    g_free(f->provider->tenant);
    f->provider->tenant = g_strdup("organizations");
    g_assert_false(take(f, "s1", second));
}

static void a_state_lives_ten_minutes(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *young = begin(f, "s1", NULL);
    fake_now += 599 * CLOCK_SECOND;
    g_assert_true(take(f, "s1", young));
    g_autofree char *old = begin(f, "s1", NULL);
    fake_now += 600 * CLOCK_SECOND;
    g_assert_false(take(f, "s1", old));
}

static void a_session_keeps_its_ten_newest(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *other = begin(f, "s2", NULL);
    g_autofree char *first = begin(f, "s1", NULL);
    g_autofree char *second = begin(f, "s1", NULL);
    for (int i = 0; i < 9; i++)
        g_free(begin(f, "s1", NULL));
    g_assert_false(take(f, "s1", first));
    g_assert_true(take(f, "s1", second));
    g_assert_true(take(f, "s2", other));
}

static void all_sessions_together_are_bounded(struct fixture *f, const void *data)
{
    (void)data;
    struct oauth_begin begin_it = {.provider = f->provider};
    g_autoptr(GError) error = NULL;
    int kept = 0;
    for (int i = 0; i < 5000 && error == NULL; i++) {
        g_autofree char *session = g_strdup_printf("s%d", i);
        begin_it.session = session;
        g_autofree char *url = oauth_flow_begin(f->flows, &begin_it, &error);
        kept += url != NULL;
    }
    g_assert_error(error, POSTROOM_ERROR, ERROR_TOO_LARGE);
    g_assert_cmpint(kept, ==, 4096);
    fake_now += 601 * CLOCK_SECOND;
    g_free(begin(f, "late", NULL));
}

static void a_hint_that_is_no_text_is_dropped(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *huge = g_strnfill(1000, 'a');
    const char *const hints[] = {"", "   ", "\xff\xfe", huge};
    for (size_t i = 0; i < G_N_ELEMENTS(hints); i++) {
        struct oauth_begin begin = {.provider = f->provider,
                                    .session = "s1",
                                    .login_hint = hints[i]};
        g_autofree char *url = oauth_flow_begin(f->flows, &begin, NULL);
        g_assert_null(strstr(url, "login_hint"));
    }
}

/* --- id_token */

static char *make_token(const char *claims)
{
    g_autofree char *body = oauth_base64url((const uint8_t *)claims, strlen(claims));
    return g_strdup_printf("eyJhbGciOiJSUzI1NiJ9.%s.c2ln", body);
}

static const char good_claims[] =
    "{\"aud\":\"" CLIENT "\",\"iss\":\"https://login.microsoftonline.com/" TENANT "/v2.0\","
    "\"exp\":2000,\"nonce\":\"n1\",\"tid\":\"" TENANT "\",\"oid\":\"" PERSON "\","
    "\"preferred_username\":\"anna@north.example\",\"name\":\"Anna\"}";

static bool check_token(struct fixture *f, const char *token, const char *issuer, int code)
{
    struct oauth_expected expected = {f->provider, issuer, "n1", 1900};
    struct oauth_identity identity;
    g_autoptr(GError) error = NULL;
    bool good = oauth_idtoken_check(token, &expected, &identity, &error);
    if (code >= 0)
        g_assert_error(error, POSTROOM_ERROR, code);
    if (good)
        g_assert_cmpstr(identity.oid, ==, PERSON);
    oauth_identity_clear(&identity);
    return good;
}

#define COMMON_ISSUER "https://login.microsoftonline.com/{tenantid}/v2.0"

/* The good token with one piece of text replaced by another. */
static bool check_changed(struct fixture *f, const char *from, const char *to, int code)
{
    g_autofree char *claims = g_strdup(good_claims);
    char *at = strstr(claims, from);
    g_assert_nonnull(at);
    g_autofree char *changed =
        g_strdup_printf("%.*s%s%s", (int)(at - claims), claims, to, at + strlen(from));
    g_autofree char *token = make_token(changed);
    return check_token(f, token, COMMON_ISSUER, code);
}

static void a_good_token_passes(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *token = make_token(good_claims);
    g_assert_true(check_token(f, token, COMMON_ISSUER, -1));
    g_assert_true(check_token(f, token, "https://login.microsoftonline.com/" TENANT "/v2.0", -1));
    g_assert_true(check_changed(f, "\"exp\":2000", "\"exp\":1601", -1));
    g_assert_true(check_changed(f, "\"aud\":\"" CLIENT "\"", "\"aud\":[\"" CLIENT "\"]", -1));
}

static void each_swapped_claim_is_refused(struct fixture *f, const void *data)
{
    (void)data;
    static const struct {
        const char *from, *to;
        int code;
    } rows[] = {
        {CLIENT, "d15ea5e2-6f3c-4e70-9b48-2cad5f8e3071", ERROR_PROVIDER_ERROR},
        {"\"aud\":\"" CLIENT "\"", "\"aud\":[\"" CLIENT "\",\"other\"]", ERROR_PROVIDER_ERROR},
        {"login.microsoftonline.com/" TENANT, "evil.example/" TENANT, ERROR_PROVIDER_ERROR},
        {"microsoftonline.com/" TENANT, "microsoftonline.com/" PERSON, ERROR_PROVIDER_ERROR},
        {"\"exp\":2000", "\"exp\":1599", ERROR_PROVIDER_ERROR},
        {"\"exp\":2000", "\"exp\":\"2000\"", ERROR_PROVIDER_ERROR},
        {"\"exp\":2000,", "", ERROR_PROVIDER_ERROR},
        {"\"n1\"", "\"n2\"", ERROR_LINK_EXPIRED},
        {"\"nonce\":\"n1\",", "", ERROR_LINK_EXPIRED},
        {"\"tid\":\"" TENANT "\",", "", ERROR_PROVIDER_ERROR},
        {"\"tid\":\"" TENANT "\"", "\"tid\":\"../../x\"", ERROR_PROVIDER_ERROR},
        {"\"oid\":\"" PERSON "\",", "", ERROR_PROVIDER_ERROR},
        {"\"oid\":\"" PERSON "\"", "\"oid\":7", ERROR_PROVIDER_ERROR},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_false(check_changed(f, rows[i].from, rows[i].to, rows[i].code));
}

static void a_tenants_issuer_names_the_tenant(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *claims = g_strdup(good_claims);
    char *tid = strstr(claims, "\"tid\":\"") + strlen("\"tid\":\"");
    tid[0] = '0';
    g_autofree char *token = make_token(claims);
    g_assert_false(check_token(f, token, "https://login.microsoftonline.com/" TENANT "/v2.0",
                               ERROR_PROVIDER_ERROR));
}

static void the_tenant_setting_is_held(struct fixture *f, const void *data)
{
    (void)data;
    static const struct {
        const char *tenant;
        bool good;
    } rows[] = {{"common", true},
                {"organizations", true},
                {"consumers", false},
                {TENANT, true},
                {"b84e07a9-51c3-4f2d-8e6a-90c1f7d35e28", false}};
    g_autofree char *token = make_token(good_claims);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_free(f->provider->tenant);
        f->provider->tenant = g_strdup(rows[i].tenant);
        int code = rows[i].good ? -1 : ERROR_WRONG_TENANT;
        g_assert_true(check_token(f, token, COMMON_ISSUER, code) == rows[i].good);
    }
}

static void what_is_no_token_is_refused(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *huge = g_strnfill(200000, 'a');
    g_autofree char *list = make_token("[1]");
    const char *const tokens[] = {"",          "a",       "a.b", "a..c", "a.!!!.c",
                                  "a.e30.c.d", "a.e30.c", list,  huge};
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++)
        g_assert_false(check_token(f, tokens[i], COMMON_ISSUER, ERROR_PROVIDER_ERROR));
}

#define TEST(path, function)                                                                       \
    g_test_add("/oauth/" path, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("begin/address", the_address_has_everything);
    TEST("begin/google", google_is_asked_for_lasting_access);
    TEST("begin/hint", a_hint_that_is_no_text_is_dropped);
    TEST("state/once", a_state_works_once);
    TEST("state/session", a_state_is_bound_to_its_session);
    TEST("state/provider", a_state_is_bound_to_its_provider);
    TEST("state/age", a_state_lives_ten_minutes);
    TEST("state/per-session", a_session_keeps_its_ten_newest);
    TEST("state/bounded", all_sessions_together_are_bounded);
    TEST("id-token/good", a_good_token_passes);
    TEST("id-token/swapped", each_swapped_claim_is_refused);
    TEST("id-token/issuer", a_tenants_issuer_names_the_tenant);
    TEST("id-token/tenant", the_tenant_setting_is_held);
    TEST("id-token/broken", what_is_no_token_is_refused);
    return g_test_run();
}

#include "oauth/oauth.h"

#include "oauth/classify.h"
#include "oauth/code.h"
#include "oauth/json.h"
#include "oauth/provider.h"

#include <string.h>

static struct oauth_provider *make_provider(enum oauth_type type, const char *cloud)
{
    struct oauth_provider *provider = g_new0(struct oauth_provider, 1);
    provider->name = g_strdup("microsoft");
    provider->type = type;
    provider->client_id = g_strdup("c0ffee1a-5e2b-4d6f-8a37-1b9c4e7d2f60");
    provider->client_secret = secret_new("a~b+c/d", 7);
    provider->redirect_uri = g_strdup("http://localhost:8025/oauth/microsoft/callback");
    g_assert_true(oauth_provider_fill(provider, cloud));
    return provider;
}

/* --- provider */

static void presets_follow_the_clouds(void)
{
    static const struct {
        const char *cloud, *authority, *graph, *imap, *prefix;
    } rows[] = {
        {"global", "https://login.microsoftonline.com", "https://graph.microsoft.com",
         "outlook.office365.com", "https://outlook.office.com/"},
        {"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us",
         "outlook.office365.us", "https://outlook.office365.us/"},
        {"dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us",
         "outlook-dod.office365.us", "https://outlook.office365.us/"},
        {"china", "https://login.partner.microsoftonline.cn",
         "https://microsoftgraph.chinacloudapi.cn", "partner.outlook.cn",
         "https://partner.outlook.cn/"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct oauth_provider *provider = make_provider(OAUTH_MICROSOFT, rows[i].cloud);
        g_assert_cmpstr(provider->authority, ==, rows[i].authority);
        g_assert_cmpstr(provider->graph, ==, rows[i].graph);
        g_assert_cmpstr(provider->imap_host, ==, rows[i].imap);
        g_assert_cmpstr(provider->scope_prefix, ==, rows[i].prefix);
        g_assert_cmpint(provider->imap_port, ==, 993);
        g_assert_cmpint(provider->smtp_port, ==, 587);
        g_assert_true(oauth_provider_check(provider, NULL, NULL));
        oauth_provider_free(provider);
    }
    struct oauth_provider empty = {0};
    g_assert_false(oauth_provider_fill(&empty, "mars"));
}

static void explicit_values_win_over_presets(void)
{
    struct oauth_provider *provider = g_new0(struct oauth_provider, 1);
    provider->authority = g_strdup("https://login.example//");
    provider->imap_port = 1993;
    g_assert_true(oauth_provider_fill(provider, "global"));
    g_assert_cmpstr(provider->authority, ==, "https://login.example");
    g_assert_cmpint(provider->imap_port, ==, 1993);
    g_autofree char *origin = oauth_token_origin(provider);
    g_assert_cmpstr(origin, ==, "https://login.example:443");
    oauth_provider_free(provider);
}

static void expect_field(struct oauth_provider *provider, char **member, const char *value,
                         const char *field)
{
    const char *named = NULL;
    g_autoptr(GError) error = NULL;
    char *kept = *member;
    *member = g_strdup(value);
    g_assert_false(oauth_provider_check(provider, &named, &error));
    g_assert_error(error, POSTROOM_ERROR, ERROR_INVALID);
    g_assert_cmpstr(named, ==, field);
    g_free(*member);
    *member = kept;
}

static void the_wrong_field_is_named(void)
{
    struct oauth_provider *p = make_provider(OAUTH_MICROSOFT, "global");
    expect_field(p, &p->client_id, "my-app", "clientId");
    expect_field(p, &p->client_id, NULL, "clientId");
    expect_field(p, &p->tenant, "nowhere", "tenant");
    expect_field(p, &p->tenant, "a/b.example", "tenant");
    expect_field(p, &p->authority, "http://login.example", "authority");
    expect_field(p, &p->authority, "https://user@login.example", "authority");
    expect_field(p, &p->graph, "graph", "graph");
    expect_field(p, &p->scope_prefix, "https://outlook.office.com", "scopePrefix");
    expect_field(p, &p->imap_host, "", "imap");
    expect_field(p, &p->redirect_uri, "https://mail.example/cb?x=1", "redirectUri");
    expect_field(p, &p->redirect_uri, "https://mail.example/(cb)", "redirectUri");
    const char *named = NULL;
    secret_free(p->client_secret);
    p->client_secret = NULL;
    g_assert_true(oauth_provider_check(p, NULL, NULL));
    p->client_secret = secret_new("b7c1d0aa-7f36-4a15-9d52-6f3c1e0b8a01", 36);
    g_assert_false(oauth_provider_check(p, &named, NULL));
    g_assert_cmpstr(named, ==, "clientSecret");
    oauth_provider_free(p);
}

static void admin_consent_never_goes_to_common(void)
{
    struct oauth_provider *provider = make_provider(OAUTH_MICROSOFT, "global");
    g_autofree char *url = oauth_admin_consent_url(provider, "s t");
    g_assert_true(g_str_has_prefix(url, "https://login.microsoftonline.com/organizations/v2.0/"
                                        "adminconsent?client_id="));
    g_assert_true(g_str_has_suffix(url, "&state=s%20t"));
    g_autofree char *bare = oauth_admin_consent_url(provider, NULL);
    g_assert_null(strstr(bare, "state"));
    oauth_provider_free(provider);
}

static void scopes_are_compared_by_name(void)
{
    struct oauth_provider *provider = make_provider(OAUTH_MICROSOFT, "global");
    g_autofree char *none =
        oauth_missing_scopes(provider, "https://outlook.office365.com/imap.accessasuser.all  "
                                       "SMTP.Send openid");
    g_assert_null(none);
    g_autofree char *one =
        oauth_missing_scopes(provider, "https://outlook.office.com/IMAP.AccessAsUser.All");
    g_assert_cmpstr(one, ==, "https://outlook.office.com/SMTP.Send");
    oauth_provider_free(provider);
    struct oauth_provider *google = make_provider(OAUTH_GOOGLE, "global");
    g_autofree char *mail = oauth_missing_scopes(google, "openid https://mail.google.com/");
    g_assert_null(mail);
    g_autofree char *lacks = oauth_missing_scopes(google, "openid");
    g_assert_cmpstr(lacks, ==, "https://mail.google.com/");
    oauth_provider_free(google);
}

/* --- errors of the provider */

static enum error_code classify(enum oauth_stage stage, int status, const char *word, int aadsts,
                                const char *suberror)
{
    g_autoptr(GError) error = NULL;
    struct oauth_words words = {.status = status,
                                .error = word,
                                .suberror = suberror,
                                .aadsts = aadsts};
    oauth_classify_words(stage, &words, NULL, NULL, &error);
    g_assert_nonnull(error);
    return (enum error_code)error->code;
}

static const struct {
    enum oauth_stage stage;
    int status;
    const char *word;
    int aadsts;
    enum error_code code;
} table_rows[] = {
    {OAUTH_STAGE_REDIRECT, 0, "invalid_request", 50011, ERROR_REDIRECT_MISMATCH},
    {OAUTH_STAGE_REDIRECT, 0, "invalid_request", 900971, ERROR_REDIRECT_MISMATCH},
    {OAUTH_STAGE_CODE, 401, "invalid_client", 500112, ERROR_REDIRECT_MISMATCH},
    {OAUTH_STAGE_CODE, 400, "unauthorized_client", 700016, ERROR_APP_UNKNOWN},
    {OAUTH_STAGE_REFRESH, 400, "invalid_request", 90002, ERROR_APP_UNKNOWN},
    {OAUTH_STAGE_REFRESH, 400, "invalid_request", 50194, ERROR_APP_UNKNOWN},
    {OAUTH_STAGE_REFRESH, 401, "invalid_client", 7000215, ERROR_APP_SECRET_WRONG},
    {OAUTH_STAGE_REFRESH, 401, "invalid_client", 7000222, ERROR_APP_SECRET_EXPIRED},
    {OAUTH_STAGE_REFRESH, 401, "invalid_client", 7000218, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_REFRESH, 401, "invalid_client", 700025, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_REDIRECT, 0, "invalid_client", 650053, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_scope", 70011, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_CODE, 400, "invalid_request", 28000, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_CODE, 400, "invalid_request", 28003, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_request", 9002313, ERROR_APP_MISCONFIGURED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 9002313, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 9002313, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_REDIRECT, 0, "access_denied", 65004, ERROR_DECLINED},
    {OAUTH_STAGE_REDIRECT, 0, "access_denied", 90094, ERROR_ADMIN_CONSENT},
    {OAUTH_STAGE_REDIRECT, 0, "access_denied", 90095, ERROR_ADMIN_CONSENT},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 65001, ERROR_CONSENT_NEEDED},
    {OAUTH_STAGE_REDIRECT, 0, "interaction_required", 65001, ERROR_CONSENT_NEEDED},
    {OAUTH_STAGE_REDIRECT, 0, "invalid_request", 50020, ERROR_WRONG_TENANT},
    {OAUTH_STAGE_REDIRECT, 0, "invalid_request", 500208, ERROR_WRONG_TENANT},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50034, ERROR_WRONG_TENANT},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50057, ERROR_ACCOUNT_DISABLED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50076, ERROR_MFA_REQUIRED},
    {OAUTH_STAGE_REFRESH, 400, "interaction_required", 50079, ERROR_MFA_REQUIRED},
    {OAUTH_STAGE_REFRESH, 400, "interaction_required", 50074, ERROR_MFA_REQUIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50078, ERROR_MFA_REQUIRED},
    {OAUTH_STAGE_REFRESH, 400, "interaction_required", 50158, ERROR_MFA_REQUIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 53003, ERROR_BLOCKED_BY_POLICY},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 53000, ERROR_BLOCKED_BY_POLICY},
    {OAUTH_STAGE_REDIRECT, 0, "access_denied", 50105, ERROR_BLOCKED_BY_POLICY},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 530034, ERROR_BLOCKED_BY_POLICY},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50173, ERROR_ACCESS_REVOKED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50132, ERROR_ACCESS_REVOKED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50133, ERROR_ACCESS_REVOKED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50089, ERROR_ACCESS_REVOKED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 70008, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 700082, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 70043, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 700084, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 70000, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 70008, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 54005, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 501481, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 700005, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 700005, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_REFRESH, 429, "temporarily_unavailable", 90055, ERROR_THROTTLED},
    {OAUTH_STAGE_REFRESH, 400, "temporarily_unavailable", 90006, ERROR_PROVIDER_ERROR},
    {OAUTH_STAGE_REFRESH, 503, "temporarily_unavailable", 90024, ERROR_THROTTLED},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 50196, ERROR_THROTTLED},
    {OAUTH_STAGE_REFRESH, 429, NULL, 0, ERROR_THROTTLED},
    {OAUTH_STAGE_REFRESH, 502, NULL, 0, ERROR_PROVIDER_ERROR},
    {OAUTH_STAGE_REFRESH, 503, "invalid_grant", 50173, ERROR_PROVIDER_ERROR},
    {OAUTH_STAGE_REDIRECT, 0, "server_error", 0, ERROR_PROVIDER_ERROR},
    {OAUTH_STAGE_REFRESH, 400, "invalid_grant", 99999, ERROR_SIGN_IN_EXPIRED},
    {OAUTH_STAGE_CODE, 400, "invalid_grant", 0, ERROR_LINK_EXPIRED},
    {OAUTH_STAGE_REDIRECT, 0, "access_denied", 0, ERROR_DECLINED},
    {OAUTH_STAGE_REDIRECT, 0, "strange_word", 0, ERROR_PROVIDER_ERROR},
};

static void every_row_of_the_table(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(table_rows); i++) {
        enum error_code code = classify(table_rows[i].stage, table_rows[i].status,
                                        table_rows[i].word, table_rows[i].aadsts, NULL);
        if (code != table_rows[i].code)
            g_test_message("row %zu: AADSTS%d became %d", i, table_rows[i].aadsts, code);
        g_assert_cmpint(code, ==, table_rows[i].code);
    }
}

static void suberrors_speak_for_unknown_numbers(void)
{
    g_assert_cmpint(classify(OAUTH_STAGE_REFRESH, 400, "invalid_grant", 1, "consent_required"), ==,
                    ERROR_CONSENT_NEEDED);
    g_assert_cmpint(classify(OAUTH_STAGE_REFRESH, 400, "invalid_grant", 1, "basic_action"), ==,
                    ERROR_MFA_REQUIRED);
}

static void only_some_errors_ask_a_person(void)
{
    static const struct {
        int status;
        const char *word;
        int aadsts;
        enum error_scope scope;
        enum error_retry retry;
    } rows[] = {
        {401, "invalid_client", 7000222, ERROR_SCOPE_APP, ERROR_RETRY_ADMIN},
        {400, "invalid_grant", 50173, ERROR_SCOPE_ACCOUNT, ERROR_RETRY_RELINK},
        {429, NULL, 0, ERROR_SCOPE_ACCOUNT, ERROR_RETRY_LATER},
        {500, NULL, 0, ERROR_SCOPE_APP, ERROR_RETRY_LATER},
        {400, "invalid_grant", 53003, ERROR_SCOPE_ACCOUNT, ERROR_RETRY_ADMIN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        struct oauth_words words = {.status = rows[i].status,
                                    .error = rows[i].word,
                                    .aadsts = rows[i].aadsts};
        oauth_classify_words(OAUTH_STAGE_REFRESH, &words, NULL, NULL, &error);
        g_assert_cmpint(error_scope(error), ==, rows[i].scope);
        g_assert_cmpint(error_retry(error), ==, rows[i].retry);
    }
}

static void bodies_give_number_correlation_and_wait(void)
{
    static const char body[] =
        "{\"error\":\"temporarily_unavailable\",\"error_description\":\"AADSTS90055: slow. Trace "
        "ID: "
        "1\",\"error_codes\":[90055],\"correlation_id\":\"8d3f3a30-0000-4000-8000-00000000abcd\"}";
    int aadsts = 0;
    char correlation[40];
    g_autoptr(GError) error = NULL;
    oauth_classify(429, body, strlen(body), 9000, &aadsts, correlation, &error);
    g_assert_cmpint(aadsts, ==, 90055);
    g_assert_cmpstr(correlation, ==, "8d3f3a30-0000-4000-8000-00000000abcd");
    g_assert_cmpint(error_retry_after_ms(error), ==, 9000);
    g_assert_nonnull(strstr(error->message, "AADSTS90055: slow."));
    g_assert_null(strstr(error->message, "Trace ID"));
}

static void redirects_give_number_and_correlation_from_their_text(void)
{
    int aadsts = 0;
    char correlation[40];
    g_autoptr(GError) error = NULL;
    struct oauth_words words =
        {.error = "access_denied",
         .description = "AADSTS65004: User declined to consent to access the app. Trace ID: "
                        "1 Correlation ID: 8d3f3a30-0000-4000-8000-00000000abcd Timestamp: 2026"};
    oauth_classify_words(OAUTH_STAGE_REDIRECT, &words, &aadsts, correlation, &error);
    g_assert_cmpint(aadsts, ==, 65004);
    g_assert_cmpstr(correlation, ==, "8d3f3a30-0000-4000-8000-00000000abcd");
    words.description = "Correlation ID: <script>alert(1)</script>aaaaaaaaaaaaaa";
    oauth_classify_words(OAUTH_STAGE_REDIRECT, &words, &aadsts, correlation, NULL);
    g_assert_cmpstr(correlation, ==, "");
    g_assert_cmpint(aadsts, ==, 0);
}

static void hostile_bodies_are_errors_of_the_provider(void)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    const char *const bodies[] = {"",
                                  "<html>",
                                  "[]",
                                  "null",
                                  "{\"error\":7}",
                                  "{\"error\":\"a\",\"error\":\"b\"}",
                                  "{\"error_codes\":[1e99]}",
                                  "{\"error\":\"\\u0000\"}",
                                  deep};
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        int aadsts = -1;
        oauth_classify(400, bodies[i], strlen(bodies[i]), 0, &aadsts, NULL, &error);
        g_assert_error(error, POSTROOM_ERROR, ERROR_PROVIDER_ERROR);
        g_assert_cmpint(aadsts, ==, 0);
    }
}

static void a_repeated_secret_is_not_quoted(void)
{
    static const char *const bodies[] =
        {"{\"error\":\"invalid_client\",\"error_description\":\"canary/77 is wrong\"}",
         "{\"error\":\"invalid_client\",\"error_description\":\"c\\u0061nary\\/77 is wrong\"}",
         "{\"error\":\"canary/77\"}"};
    struct secret *secret = secret_new("canary/77", 9);
    const struct secret *const secrets[] = {secret, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;
        oauth_classify_body(OAUTH_STAGE_REFRESH, 401, bodies[i], strlen(bodies[i]), 0, secrets,
                            NULL, NULL, &error);
        g_assert_nonnull(error);
        g_assert_null(strstr(error->message, "canary"));
    }
    secret_free(secret);
}

/* --- words */

static void challenge_is_that_of_the_rfc(void)
{
    /* RFC 7636, appendix B. */
    g_autofree char *challenge = oauth_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    g_assert_cmpstr(challenge, ==, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void random_words_differ_and_are_plain(void)
{
    g_autofree char *one = oauth_random_word(32);
    g_autofree char *two = oauth_random_word(32);
    g_assert_cmpuint(strlen(one), ==, 43);
    g_assert_cmpstr(one, !=, two);
    for (const char *p = one; *p != '\0'; p++)
        g_assert_true(g_ascii_isalnum(*p) || *p == '-' || *p == '_');
}

static void base64url_round_trip_and_refusal(void)
{
    uint8_t bytes[40];
    for (size_t length = 1; length < sizeof bytes; length++) {
        memset(bytes, (int)(0xf0 + length), sizeof bytes);
        g_autofree char *text = oauth_base64url(bytes, length);
        size_t got = 0;
        g_autofree char *back = oauth_base64url_decode(text, strlen(text), &got);
        g_assert_cmpuint(got, ==, length);
        g_assert_true(memcmp(back, bytes, length) == 0);
    }
    size_t got = 0;
    g_assert_null(oauth_base64url_decode("", 0, &got));
    g_assert_null(oauth_base64url_decode("abcde", 5, &got));
    g_assert_null(oauth_base64url_decode("ab+/", 4, &got));
}

static void json_is_strict(void)
{
    g_autofree char *left = g_strnfill(64, '[');
    g_autofree char *right = g_strnfill(64, ']');
    g_autofree char *deep = g_strdup_printf("{\"a\":%s%s}", left, right);
    g_autofree char *shallow = g_strdup_printf("{\"a\":%s%s}", left + 1, right + 1);
    json_t *allowed = oauth_json_object(shallow, strlen(shallow));
    g_assert_nonnull(allowed);
    json_decref(allowed);
    g_assert_null(oauth_json_object(deep, strlen(deep)));
    g_assert_null(oauth_json_object("{\"a\":1,\"a\":2}", 13));
    json_t *quoted = oauth_json_object("{\"a\":\"[[[\\\"{{\"}", 15);
    g_assert_cmpstr(oauth_json_text(quoted, "a"), ==, "[[[\"{{");
    json_decref(quoted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/oauth/provider/presets", presets_follow_the_clouds);
    g_test_add_func("/oauth/provider/explicit", explicit_values_win_over_presets);
    g_test_add_func("/oauth/provider/check", the_wrong_field_is_named);
    g_test_add_func("/oauth/provider/admin-consent", admin_consent_never_goes_to_common);
    g_test_add_func("/oauth/provider/scopes", scopes_are_compared_by_name);
    g_test_add_func("/oauth/classify/table", every_row_of_the_table);
    g_test_add_func("/oauth/classify/suberror", suberrors_speak_for_unknown_numbers);
    g_test_add_func("/oauth/classify/scope", only_some_errors_ask_a_person);
    g_test_add_func("/oauth/classify/body", bodies_give_number_correlation_and_wait);
    g_test_add_func("/oauth/classify/redirect",
                    redirects_give_number_and_correlation_from_their_text);
    g_test_add_func("/oauth/classify/hostile", hostile_bodies_are_errors_of_the_provider);
    g_test_add_func("/oauth/classify/secret", a_repeated_secret_is_not_quoted);
    g_test_add_func("/oauth/code/challenge", challenge_is_that_of_the_rfc);
    g_test_add_func("/oauth/code/random", random_words_differ_and_are_plain);
    g_test_add_func("/oauth/code/base64url", base64url_round_trip_and_refusal);
    g_test_add_func("/oauth/json", json_is_strict);
    return g_test_run();
}

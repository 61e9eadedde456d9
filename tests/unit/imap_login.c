#include "base/clock.h"
#include "imap/quirks.h"
#include "imap_script.h"

#include <string.h>

#define PASSWORD "p\"w\\d"

enum how { OAUTH, PASSWORD_LOGIN };

/* Signs in against the script. The error's code, or -1 when all went well. */
static int sign_in_with(const char *const *lines, enum how how, const char *password,
                        int64_t *wait_ms)
{
    struct imap_script *script = NULL;
    struct imap_client *client = imap_script_client(&script, lines);
    struct secret *secret = secret_new(password, strlen(password));
    g_autoptr(GError) error = NULL;
    bool good = how == OAUTH ? imap_login_oauth(client, "me@example.org", secret, &error)
                             : imap_login_password(client, "me", secret, &error);
    g_assert_cmpint(good, ==, error == NULL);
    g_assert_true(error == NULL || strstr(error->message, password) == NULL);
    if (wait_ms != NULL)
        *wait_ms = error_retry_after_ms(error);
    secret_free(secret);
    imap_client_free(client);
    imap_script_finish(script);
    return error != NULL ? error->code : -1;
}

static int sign_in(const char *const *lines, enum how how)
{
    return sign_in_with(lines, how, how == OAUTH ? "TOKEN" : PASSWORD, NULL);
}

/* user=me@example.org^Aauth=Bearer TOKEN^A^A */
#define XOAUTH2 "dXNlcj1tZUBleGFtcGxlLm9yZwFhdXRoPUJlYXJlciBUT0tFTgEB"

static void xoauth2_goes_out_with_the_command(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2 NAMESPACE"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 OK [CAPABILITY IMAP4rev1 IDLE NAMESPACE] in",
                                        "C: P2 NAMESPACE",
                                        "S: * NAMESPACE ((\"\" \"/\")) NIL NIL",
                                        "S: P2 OK done",
                                        NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, -1);
}

static void xoauth2_goes_out_in_two_steps_without_sasl_ir(void)
{
    static const char *const lines[] = {CAPS("AUTH=XOAUTH2"),
                                        "C: P1 AUTHENTICATE XOAUTH2",
                                        "S: + ",
                                        "C: " XOAUTH2,
                                        "S: P1 OK in",
                                        "C: P2 CAPABILITY",
                                        "C: P3 LIST \"\" \"\"",
                                        "S: * CAPABILITY IMAP4rev1",
                                        "S: P2 OK done",
                                        "S: * LIST (\\Noselect) \"/\" \"\"",
                                        "S: P3 OK done",
                                        NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, -1);
}

static void a_challenge_after_a_refused_token_gets_an_empty_line(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: + eyJzdGF0dXMiOiI0MDEifQ==",
                                        "C: ",
                                        "S: P1 NO AUTHENTICATE failed.",
                                        NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_LOGIN_REFUSED);
}

static void a_plain_refusal_is_read(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 NO AUTHENTICATE failed.", NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_LOGIN_REFUSED);
}

static void oauthbearer_serves_where_only_that_is_offered(void)
{
    /* n,a=me@example.org,^Aauth=Bearer TOKEN^A^A */
    static const char *const lines[] =
        {CAPS("SASL-IR AUTH=OAUTHBEARER"),
         "C: P1 AUTHENTICATE OAUTHBEARER bixhPW1lQGV4YW1wbGUub3JnLAFhdXRoPUJlYXJlciBUT0tFTgEB",
         "S: + eyJzdGF0dXMiOiI0MDEifQ==",
         "C: AQ==",
         "S: P1 NO [AUTHENTICATIONFAILED] no",
         NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_LOGIN_REFUSED);
}

static void endless_challenges_end(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "R: + a\r\n+ a\r\n+ a\r\n+ a\r\n+ a\r\n+ a\r\n", NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_PROTOCOL);
}

static void without_an_offer_no_token_is_sent(void)
{
    static const char *const lines[] = {CAPS("AUTH=PLAIN"), NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_LOGIN_REFUSED);
}

static void authenticated_but_not_connected_shows_at_sign_in(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2 NAMESPACE"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 OK AUTHENTICATE completed.",
                                        "C: P2 CAPABILITY",
                                        "S: P2 BAD User is authenticated but not connected.",
                                        "S: * BYE Connection closed. 14",
                                        "X:",
                                        NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_NOT_CONNECTED);
    /* The server hung up before it read the rest of what was sent at once. */
    static const char *const early[] = {CAPS("SASL-IR AUTH=XOAUTH2 NAMESPACE"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 OK AUTHENTICATE completed.",
                                        "S: P2 BAD User is authenticated but not connected.",
                                        "S: * BYE Connection closed. 14",
                                        "X:",
                                        NULL};
    for (int i = 0; i < 50; i++)
        g_assert_cmpint(sign_in(early, OAUTH), ==, ERROR_NOT_CONNECTED);
    static const char *const later[] = {CAPS("SASL-IR AUTH=XOAUTH2 NAMESPACE"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 OK AUTHENTICATE completed.",
                                        "C: P2 CAPABILITY",
                                        "C: P3 NAMESPACE",
                                        "S: * CAPABILITY IMAP4rev1",
                                        "S: P2 OK done",
                                        "S: P3 NO User is authenticated but not connected.",
                                        NULL};
    g_assert_cmpint(sign_in(later, OAUTH), ==, ERROR_NOT_CONNECTED);
}

static void throttling_says_how_long(void)
{
    static const char *const lines[] =
        {CAPS("SASL-IR AUTH=XOAUTH2"), "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
         "S: P1 BAD Request is throttled. Suggested Backoff Time: 271858 milliseconds", NULL};
    int64_t wait_ms = 0;
    g_assert_cmpint(sign_in_with(lines, OAUTH, "TOKEN", &wait_ms), ==, ERROR_THROTTLED);
    g_assert_cmpint(wait_ms, ==, 271858);
}

static void too_many_connections_means_wait(void)
{
    static const char *const lines[] =
        {CAPS("SASL-IR AUTH=XOAUTH2"), "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
         "S: P1 NO [ALERT] Too many simultaneous connections. (Failure)", NULL};
    int64_t wait_ms = 0;
    g_assert_cmpint(sign_in_with(lines, OAUTH, "TOKEN", &wait_ms), ==, ERROR_THROTTLED);
    g_assert_cmpint(wait_ms, >, 0);
}

static void a_server_that_is_unavailable_says_so_without_a_tag(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: Server Unavailable. 15", NULL};
    g_assert_cmpint(sign_in(lines, OAUTH), ==, ERROR_UNREACHABLE);
}

static void a_password_goes_by_plain(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=PLAIN NAMESPACE"),
                                        "C: P1 AUTHENTICATE PLAIN AG1lAHAid1xk",
                                        "S: P1 OK [CAPABILITY IMAP4rev1 NAMESPACE] in",
                                        "C: P2 NAMESPACE",
                                        "S: P2 OK done",
                                        NULL};
    g_assert_cmpint(sign_in(lines, PASSWORD_LOGIN), ==, -1);
}

static void a_password_is_quoted_for_login(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 LOGIN \"me\" \"p\\\"w\\\\d\"",
                                        "S: P1 OK [CAPABILITY IMAP4rev1] in",
                                        "C: P2 LIST \"\" \"\"",
                                        "S: P2 OK done",
                                        NULL};
    g_assert_cmpint(sign_in(lines, PASSWORD_LOGIN), ==, -1);
}

static void line_ends_in_a_password_go_as_a_literal(void)
{
    static const char *const lines[] = {CAPS("IDLE"), "C: P1 LOGIN \"me\" {12}",
                                        "S: + go on", "N: a\r\nP2 LOGOUT",
                                        "C: ",        "S: P1 NO [AUTHENTICATIONFAILED] wrong",
                                        NULL};
    g_assert_cmpint(sign_in_with(lines, PASSWORD_LOGIN, "a\r\nP2 LOGOUT", NULL), ==,
                    ERROR_PASSWORD_REFUSED);
}

static void a_password_is_not_sent_where_login_is_disabled(void)
{
    static const char *const lines[] = {CAPS("LOGINDISABLED"), NULL};
    g_assert_cmpint(sign_in(lines, PASSWORD_LOGIN), ==, ERROR_PASSWORD_REFUSED);
}

static void a_wrong_password_is_told_apart(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=PLAIN"),
                                        "C: P1 AUTHENTICATE PLAIN AG1lAHAid1xk",
                                        "S: P1 NO [AUTHENTICATIONFAILED] Authentication failed.",
                                        NULL};
    g_assert_cmpint(sign_in(lines, PASSWORD_LOGIN), ==, ERROR_PASSWORD_REFUSED);
    static const char *const later[] = {CAPS("SASL-IR AUTH=PLAIN"),
                                        "C: P1 AUTHENTICATE PLAIN AG1lAHAid1xk",
                                        "S: P1 NO [UNAVAILABLE] Temporary failure", NULL};
    g_assert_cmpint(sign_in(later, PASSWORD_LOGIN), ==, ERROR_UNREACHABLE);
}

static void a_server_that_signed_us_in_gets_no_secret(void)
{
    static const char *const lines[] =
        {"S: * PREAUTH [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] as somebody", NULL};
    g_assert_cmpint(sign_in(lines, PASSWORD_LOGIN), ==, ERROR_PROTOCOL);
}

/* Opens a client whose greeting must fail; `what` is part of the error's text. */
static int open_error(const char *const *lines, const char *what)
{
    int fd = -1;
    struct imap_script *script = imap_script_start(lines, &fd);
    GError *error = NULL;
    struct imap_client *client = imap_client_new(conn_new_fd(fd, NULL), clock_in_ms(5000), &error);
    g_assert_null(client);
    g_assert_nonnull(error);
    if (what != NULL)
        g_assert_nonnull(strstr(error->message, what));
    int code = error->code;
    g_error_free(error);
    imap_script_finish(script);
    return code;
}

static void a_greeting_that_is_none_is_quoted(void)
{
    static const char *const smtp[] = {"S: 220 mail.example.org ESMTP", NULL};
    g_assert_cmpint(open_error(smtp, "220 mail.example.org ESMTP"), ==, ERROR_PROTOCOL);
    static const char *const pop[] = {"S: +OK POP3 ready", NULL};
    g_assert_cmpint(open_error(pop, NULL), ==, ERROR_PROTOCOL);
    static const char *const bye[] = {"S: * BYE too busy", "X:", NULL};
    g_assert_cmpint(open_error(bye, "too busy"), ==, ERROR_CLOSED);
    static const char *const nothing[] = {"X:", NULL};
    g_assert_cmpint(open_error(nothing, NULL), ==, ERROR_CLOSED);
}

/* Dials the script over TCP. */
static int starttls_error(const char *const *lines)
{
    struct imap_script *script = NULL;
    struct net_dial dial = {.host = "127.0.0.1",
                            .port = imap_script_listen(&script, lines),
                            .class = NET_OPERATOR,
                            .deadline = clock_in_ms(5000)};
    g_autoptr(GError) error = NULL;
    g_assert_null(imap_client_open(&dial, IMAP_STARTTLS, &error));
    g_assert_nonnull(error);
    imap_script_finish(script);
    return error->code;
}

static void what_is_slipped_in_before_tls_is_refused(void)
{
    static const char *const lines[] =
        {CAPS("STARTTLS"), "C: P1 STARTTLS",
         "R: P1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nP2 OK done\r\n", NULL};
    g_assert_cmpint(starttls_error(lines), ==, ERROR_TLS);
    static const char *const half[] = {CAPS("STARTTLS"), "C: P1 STARTTLS",
                                       "R: P1 OK begin\r\n* CAPA", NULL};
    g_assert_cmpint(starttls_error(half), ==, ERROR_TLS);
}

static void starttls_is_never_done_without(void)
{
    static const char *const stripped[] = {CAPS("AUTH=PLAIN"), NULL};
    g_assert_cmpint(starttls_error(stripped), ==, ERROR_TLS);
    static const char *const refused[] = {CAPS("STARTTLS"), "C: P1 STARTTLS", "S: P1 NO not now",
                                          NULL};
    g_assert_cmpint(starttls_error(refused), ==, ERROR_SERVER_NO);
    static const char *const preauth[] = {"S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi", NULL};
    g_assert_cmpint(starttls_error(preauth), ==, ERROR_TLS);
}

static void opening_ends_by_the_callers_deadline(void)
{
    static const char *const lines[] = {"S: * OK hello", "C: P1 CAPABILITY", NULL};
    int fd = -1;
    struct imap_script *script = imap_script_start(lines, &fd);
    g_autoptr(GError) error = NULL;
    int64_t start = clock_now();
    g_assert_null(imap_client_new(conn_new_fd(fd, NULL), clock_in_ms(50), &error));
    g_assert_error(error, POSTROOM_ERROR, ERROR_TIMEOUT);
    g_assert_cmpint(clock_now() - start, <, 20 * CLOCK_SECOND);
    imap_script_finish(script);
}

static void exchange_is_known_by_what_it_says(void)
{
    static const char *const lines[] =
        {"S: * OK The Microsoft Exchange IMAP4 service is ready. [QQA=]", "C: P1 CAPABILITY",
         "S: * CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS IDLE NAMESPACE LITERAL+",
         "S: P1 OK CAPABILITY completed.", NULL};
    struct imap_script *script = NULL;
    struct imap_client *client = imap_script_client(&script, lines);
    g_assert_cmpstr(imap_client_quirks(client)->name, ==, "exchange");
    g_assert_false(imap_client_quirks(client)->exact_sizes);
    g_assert_true(imap_client_capabilities(client) & IMAP_CAP_UIDPLUS);
    imap_client_free(client);
    imap_script_finish(script);
}

static void id_and_enable_say_only_what_is_offered(void)
{
    static const char *const lines[] = {CAPS("X-GM-EXT-1 CONDSTORE ENABLE QRESYNC ID"),
                                        "C: P1 ID (\"name\" \"Post\\\"room\" \"version\" \"1\")",
                                        "S: * ID NIL",
                                        "S: P1 OK done",
                                        "C: P2 ENABLE QRESYNC",
                                        "S: * ENABLED QRESYNC",
                                        "S: P2 OK done",
                                        NULL};
    struct imap_script *script = NULL;
    struct imap_client *client = imap_script_client(&script, lines);
    g_autoptr(GError) error = NULL;
    uint32_t enabled = 0;
    g_assert_cmpstr(imap_client_quirks(client)->name, ==, "gmail");
    g_assert_true(imap_id(client, "Post\"room", "1", &error));
    g_assert_true(imap_enable(client, IMAP_CAP_QRESYNC | IMAP_CAP_UTF8, &enabled, &error));
    g_assert_cmpuint(enabled, ==, IMAP_CAP_QRESYNC);
    imap_client_free(client);
    imap_script_finish(script);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/login/xoauth2", xoauth2_goes_out_with_the_command);
    g_test_add_func("/imap/login/two-steps", xoauth2_goes_out_in_two_steps_without_sasl_ir);
    g_test_add_func("/imap/login/challenge", a_challenge_after_a_refused_token_gets_an_empty_line);
    g_test_add_func("/imap/login/refused", a_plain_refusal_is_read);
    g_test_add_func("/imap/login/oauthbearer", oauthbearer_serves_where_only_that_is_offered);
    g_test_add_func("/imap/login/endless", endless_challenges_end);
    g_test_add_func("/imap/login/no-offer", without_an_offer_no_token_is_sent);
    g_test_add_func("/imap/login/not-connected", authenticated_but_not_connected_shows_at_sign_in);
    g_test_add_func("/imap/login/throttled", throttling_says_how_long);
    g_test_add_func("/imap/login/connections", too_many_connections_means_wait);
    g_test_add_func("/imap/login/unavailable", a_server_that_is_unavailable_says_so_without_a_tag);
    g_test_add_func("/imap/login/plain", a_password_goes_by_plain);
    g_test_add_func("/imap/login/quoted", a_password_is_quoted_for_login);
    g_test_add_func("/imap/login/literal", line_ends_in_a_password_go_as_a_literal);
    g_test_add_func("/imap/login/disabled", a_password_is_not_sent_where_login_is_disabled);
    g_test_add_func("/imap/login/wrong-password", a_wrong_password_is_told_apart);
    g_test_add_func("/imap/login/preauth", a_server_that_signed_us_in_gets_no_secret);
    g_test_add_func("/imap/login/greetings", a_greeting_that_is_none_is_quoted);
    g_test_add_func("/imap/starttls/injection", what_is_slipped_in_before_tls_is_refused);
    g_test_add_func("/imap/starttls/stripped", starttls_is_never_done_without);
    g_test_add_func("/imap/login/deadline", opening_ends_by_the_callers_deadline);
    g_test_add_func("/imap/login/exchange", exchange_is_known_by_what_it_says);
    g_test_add_func("/imap/login/id-enable", id_and_enable_say_only_what_is_offered);
    return g_test_run();
}

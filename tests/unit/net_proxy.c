/* Connections through an HTTP CONNECT or SOCKS5 proxy. */
#include "net/conn.h"

#include "base/clock.h"
#include "base/proxy.h"
#include "peer.h"

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

/* What the proxy was asked, and how it answers. */
struct proxy_script {
    const char *answer; /* HTTP: the whole answer; NULL: 200 and a greeting */
    const char *password;
    uint8_t code; /* SOCKS: the reply code */
    char *target, *credentials;
};

static void serve_http_proxy(struct peer_stream *stream, void *arg)
{
    struct proxy_script *script = arg;
    for (;;) {
        g_autofree char *line = peer_read_line(stream);
        if (line == NULL)
            return;
        if (line[0] == '\0')
            break;
        if (g_str_has_prefix(line, "CONNECT "))
            script->target = g_strdup(line + strlen("CONNECT "));
        if (g_str_has_prefix(line, "Proxy-Authorization: "))
            script->credentials = g_strdup(line + strlen("Proxy-Authorization: "));
    }
    const char *answer = script->answer;
    if (answer == NULL)
        answer = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n* OK through\r\n";
    if (peer_say_slowly(stream, answer))
        peer_drain(stream);
}

static bool socks_sign_in(struct peer_stream *stream, struct proxy_script *script)
{
    uint8_t head[2];
    char user[256] = "", password[256] = "";
    uint8_t length;
    if (!peer_read_exactly(stream, head, 2) || !peer_read_exactly(stream, user, head[1]) ||
        !peer_read_exactly(stream, &length, 1) || !peer_read_exactly(stream, password, length))
        return false;
    script->credentials = g_strdup_printf("%s:%s", user, password);
    bool right = strcmp(password, script->password) == 0;
    uint8_t answer[] = {1, right ? 0 : 1};
    return peer_write(stream, answer, 2) && right;
}

static bool socks_read_target(struct peer_stream *stream, struct proxy_script *script)
{
    uint8_t head[4], length = 0, port[2];
    char name[256] = "", text[64];
    if (!peer_read_exactly(stream, head, 4))
        return false;
    if (head[3] == 3 && !peer_read_exactly(stream, &length, 1))
        return false;
    size_t size = head[3] == 1 ? 4 : head[3] == 4 ? 16 : length;
    if (!peer_read_exactly(stream, name, size) || !peer_read_exactly(stream, port, 2))
        return false;
    if (head[3] == 3)
        script->target = g_strdup_printf("name %s %d", name, port[0] * 256 + port[1]);
    else
        script->target = g_strdup_printf("address %s", inet_ntop(head[3] == 1 ? AF_INET : AF_INET6,
                                                                 name, text, sizeof(text)));
    return true;
}

static void serve_socks(struct peer_stream *stream, void *arg)
{
    struct proxy_script *script = arg;
    uint8_t hello[3];
    uint8_t chosen[] = {5, script->password != NULL ? 2 : 0};
    uint8_t reply[] = {5, script->code, 0, 3, 4, 'h', 'o', 's', 't', 0, 80};
    if (!peer_read_exactly(stream, hello, 3) || !peer_write(stream, chosen, 2))
        return;
    if (script->password != NULL && !socks_sign_in(stream, script))
        return;
    if (socks_read_target(stream, script) && peer_write(stream, reply, sizeof(reply)) &&
        peer_say(stream, "* OK through\r\n"))
        peer_drain(stream);
}

static void script_clear(struct proxy_script *script)
{
    g_clear_pointer(&script->target, g_free);
    g_clear_pointer(&script->credentials, g_free);
}

/* Dials host through the proxy at url; checks the greeting when that should work. */
static void dial_through(const char *format, struct peer *peer, const char *host,
                         enum net_class class, int expected)
{
    g_autoptr(GError) error = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    g_autofree char *url = g_strdup_printf(format, peer_port(peer));
#pragma GCC diagnostic pop
    char network[] = "127.0.0.0/8";
    char *networks[] = {network, NULL};
    struct net_policy policy = {.allowed_networks = networks, .proxy_url = url};
    struct net_dial dial = {.host = host,
                            .port = 993,
                            .class = class,
                            .policy = &policy,
                            .deadline = clock_in_ms(20000)};
    struct conn *conn = conn_dial(&dial, &error);
    if (expected >= 0) {
        g_assert_null(conn);
        g_test_message("%s", error->message);
        g_assert_true(error_is(error, (enum error_code)expected));
        return;
    }
    g_assert_no_error(error);
    char buffer[64];
    size_t got = 0;
    while (got < 14)
        got +=
            (size_t)conn_read(conn, buffer + got, sizeof(buffer) - got, clock_in_ms(20000), NULL);
    g_assert_cmpmem(buffer, (int)got, "* OK through\r\n", 14);
    conn_free(conn);
}

static void http_connect_signs_in_and_passes_the_name(void)
{
    struct proxy_script script = {.answer = NULL};
    struct peer *peer = peer_start(serve_http_proxy, &script);
    dial_through("http://us%%65r:p%%40ss@127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR, -1);
    peer_stop(peer);
    g_assert_cmpstr(script.target, ==, "imap.example.org:993 HTTP/1.1");
    g_assert_cmpstr(script.credentials, ==, "Basic dXNlcjpwQHNz");
    script_clear(&script);
}

static void http_connect_refusals_are_told_apart(void)
{
    g_autofree char *endless = g_strnfill(20000, 'x');
    const struct {
        const char *answer;
        enum error_code code;
    } answers[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ERROR_PROXY_LOGIN},
        {"HTTP/1.0 401 Unauthorized\r\n\r\n", ERROR_PROXY_LOGIN},
        {"HTTP/1.0 502 Bad Gateway\r\n\r\n", ERROR_PROXY_REFUSED},
        {"nonsense\r\n\r\n", ERROR_PROXY_NONSENSE},
        {"HTTP/1.1\r\n\r\n", ERROR_PROXY_NONSENSE},
        {endless, ERROR_PROXY_NONSENSE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        struct proxy_script script = {.answer = answers[i].answer};
        struct peer *peer = peer_start(serve_http_proxy, &script);
        dial_through("http://127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR,
                     (int)answers[i].code);
        peer_stop(peer);
        script_clear(&script);
    }
}

static void socks_signs_in_and_passes_the_name(void)
{
    struct proxy_script script = {.password = "pass"};
    struct peer *peer = peer_start(serve_socks, &script);
    dial_through("socks5://user:pass@127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR, -1);
    peer_stop(peer);
    g_assert_cmpstr(script.target, ==, "name imap.example.org 993");
    g_assert_cmpstr(script.credentials, ==, "user:pass");
    script_clear(&script);
}

static void socks_refusals_are_told_apart(void)
{
    struct proxy_script script = {.password = "other"};
    struct peer *peer = peer_start(serve_socks, &script);
    dial_through("socks5://user:pass@127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR,
                 ERROR_PROXY_LOGIN);
    dial_through("socks5://127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR,
                 ERROR_PROXY_LOGIN); /* wants a sign-in */
    peer_stop(peer);
    script_clear(&script);
    struct proxy_script refusing = {.code = 5};
    peer = peer_start(serve_socks, &refusing);
    dial_through("socks5://127.0.0.1:%u", peer, "imap.example.org", NET_OPERATOR,
                 ERROR_PROXY_REFUSED);
    peer_stop(peer);
    script_clear(&refusing);
}

static void a_users_name_is_never_resolved_at_the_proxy(void)
{
    struct proxy_script script = {.answer = NULL};
    struct peer *peer = peer_start(serve_socks, &script);
    dial_through("socks5://127.0.0.1:%u", peer, "localhost", NET_USER, -1);
    peer_stop(peer);
    g_assert_cmpstr(script.target, ==, "address 127.0.0.1");
    script_clear(&script);
    peer = peer_start(serve_http_proxy, &script);
    dial_through("http://127.0.0.1:%u", peer, "localhost", NET_USER, -1);
    dial_through("http://127.0.0.1:%u", peer, "10.0.0.1", NET_USER, ERROR_ADDRESS_FORBIDDEN);
    peer_stop(peer);
    g_assert_cmpstr(script.target, ==, "127.0.0.1:993 HTTP/1.1");
    script_clear(&script);
}

static void the_nearest_setting_counts(void)
{
    struct net_policy policy = {.proxy_url = (char[]){"http://127.0.0.1:1"}};
    g_assert_cmpstr(net_proxy_of(&policy, NULL), ==, "http://127.0.0.1:1");
    g_assert_cmpstr(net_proxy_of(&policy, "socks5://x"), ==, "socks5://x");
    g_assert_null(net_proxy_of(&policy, "direct"));
    g_assert_null(net_proxy_of(NULL, NULL));
}

static void an_unreachable_proxy_is_named(void)
{
    struct net_dial dial = {.host = "imap.example.org",
                            .port = 993,
                            .proxy = "http://127.0.0.1:1",
                            .deadline = clock_in_ms(20000)};
    g_autoptr(GError) error = NULL;
    g_assert_null(conn_dial(&dial, &error));
    g_assert_true(error_is(error, ERROR_PROXY_UNREACHABLE));
}

static void settings_hold_no_password(void)
{
    const char *const good[] = {"direct", "http://h:1", "socks5://u@h:1", "socks5h://[::1]:1"};
    const char *const bad[] = {"",
                               "h:1",
                               "http://",
                               "https://h",
                               "http://u:p@h:1",
                               "http://h:0",
                               "http://h:70000",
                               "http://h:1/path"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(proxy_setting_check(good[i], NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(proxy_setting_check(bad[i], NULL));
    struct secret *password = secret_new("p@s:s/%", 7);
    g_autofree char *whole = proxy_with_password("http://us%20er@h:1", password);
    struct proxy proxy;
    g_assert_true(proxy_parse(whole, &proxy, NULL));
    g_assert_cmpstr(proxy.user, ==, "us er");
    g_assert_cmpstr(proxy.password, ==, "p@s:s/%");
    proxy_clear(&proxy);
    secret_free(password);
}

static void a_bad_proxy_address_is_said_without_its_password(void)
{
    char url[] = "ftp://user:hunter2@127.0.0.1";
    struct net_policy policy = {.proxy_url = url};
    struct net_dial dial = {.host = "imap.example.org",
                            .port = 993,
                            .policy = &policy,
                            .deadline = clock_in_ms(20000)};
    g_autoptr(GError) error = NULL;
    g_assert_null(conn_dial(&dial, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    g_assert_null(strstr(error->message, "hunter2"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/proxy/http", http_connect_signs_in_and_passes_the_name);
    g_test_add_func("/net/proxy/http-refused", http_connect_refusals_are_told_apart);
    g_test_add_func("/net/proxy/socks", socks_signs_in_and_passes_the_name);
    g_test_add_func("/net/proxy/socks-refused", socks_refusals_are_told_apart);
    g_test_add_func("/net/proxy/user-names", a_users_name_is_never_resolved_at_the_proxy);
    g_test_add_func("/net/proxy/bad-url", a_bad_proxy_address_is_said_without_its_password);
    g_test_add_func("/net/proxy/nearest", the_nearest_setting_counts);
    g_test_add_func("/net/proxy/unreachable", an_unreachable_proxy_is_named);
    g_test_add_func("/net/proxy/settings", settings_hold_no_password);
    return g_test_run();
}

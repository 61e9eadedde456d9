#include "httpc/httpc.h"

#include "base/clock.h"
#include "http_peer.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* What the server saw last; written by the peer's thread before it answers. */
struct seen {
    char *line, *headers, *body;
    char *inner;          /* the request line inside a tunnel */
    const char *location; /* for /redirect */
};

static void seen_clear(struct seen *seen)
{
    g_clear_pointer(&seen->line, g_free);
    g_clear_pointer(&seen->inner, g_free);
    g_clear_pointer(&seen->headers, g_free);
    g_clear_pointer(&seen->body, g_free);
}

static void say_big(struct peer_stream *stream)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    peer_say(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (peer_write(stream, block, sizeof block))
        ;
}

static void say_header_flood(struct peer_stream *stream)
{
    peer_say(stream, "HTTP/1.1 200 OK\r\n");
    while (peer_say(stream,
                    "X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
        ;
}

/* A proxy, and behind it a server that says 204. */
static void tunnel(struct peer_stream *stream, struct seen *seen)
{
    peer_say(stream, "HTTP/1.1 200 Connection established\r\n\r\n");
    for (;;) {
        char *line = peer_read_line(stream);
        bool last = line == NULL || line[0] == '\0';
        if (seen->inner == NULL && !last)
            seen->inner = g_strdup(line);
        g_free(line);
        if (last)
            break;
    }
    peer_say(stream, "HTTP/1.1 204 No content\r\nConnection: close\r\n\r\n");
}

static void answer(struct peer_stream *stream, const struct http_request *request, void *arg)
{
    struct seen *seen = arg;
    seen_clear(seen);
    seen->line = g_strdup(request->line);
    seen->headers = g_strdup(request->headers);
    seen->body = g_strdup(request->body);
    const char *line = request->line;
    if (g_str_has_prefix(line, "CONNECT ")) {
        tunnel(stream, seen);
    } else if (strstr(line, "/redirect") != NULL) {
        g_autofree char *header = g_strdup_printf("Location: %s\r\n", seen->location);
        http_peer_json(stream, 302, header, "{}");
    } else if (strstr(line, "/slow") != NULL) {
        http_peer_json(stream, 429, "Retry-After: 7\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                       "{}");
    } else if (strstr(line, "/big") != NULL) {
        say_big(stream);
    } else if (strstr(line, "/flood") != NULL) {
        say_header_flood(stream);
    } else if (strstr(line, "/hang") != NULL) {
        peer_drain(stream);
    } else if (strstr(line, "/garbage") != NULL) {
        peer_say(stream, "* OK IMAP4rev1 ready\r\n");
    } else if (strstr(line, "/cut") != NULL) {
        peer_say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    } else {
        http_peer_json(stream, 200, "", "{\"ok\":true}");
    }
}

struct fixture {
    struct http_peer server;
    struct seen seen;
};

static void set_up(struct fixture *fixture, const void *tls)
{
    memset(fixture, 0, sizeof *fixture);
    http_peer_start(&fixture->server, answer, &fixture->seen, tls != NULL);
}

static void tear_down(struct fixture *fixture, const void *tls)
{
    (void)tls;
    http_peer_stop(&fixture->server);
    seen_clear(&fixture->seen);
}

static struct httpc_request get(const char *url)
{
    return (struct httpc_request){.method = "GET", .url = url, .deadline = clock_in_ms(10000)};
}

static void fails_with(const struct httpc_request *request, enum error_code code)
{
    struct httpc_answer got;
    g_autoptr(GError) error = NULL;
    bool good = httpc_perform(request, &got, &error);
    g_assert_false(good);
    if (!error_is(error, code))
        g_test_message("code %d: %s", error->code, error->message);
    g_assert_error(error, POSTROOM_ERROR, (int)code);
    g_assert_null(got.body);
}

static void succeeds(const struct httpc_request *request, int status)
{
    struct httpc_answer got;
    g_autoptr(GError) error = NULL;
    bool good = httpc_perform(request, &got, &error);
    g_assert_no_error(error);
    g_assert_true(good);
    g_assert_cmpint(got.status, ==, status);
    httpc_answer_clear(&got);
}

static void posts_a_form_with_a_bearer(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *url = http_peer_url(&f->server, "/token?x=1");
    struct secret *bearer = secret_new("tok", 3);
    struct secret *body = httpc_form((const char *const[]){"secret", "a~+/ é&=", "b", "", NULL});
    struct httpc_request request = get(url);
    request.method = "POST";
    request.bearer = bearer;
    request.body = body;
    request.content_type = "application/x-www-form-urlencoded";
    succeeds(&request, 200);
    g_assert_cmpstr(f->seen.line, ==, "POST /token?x=1 HTTP/1.1");
    g_assert_cmpstr(f->seen.body, ==, "secret=a~%2B%2F%20%C3%A9%26%3D&b=");
    g_assert_nonnull(strstr(f->seen.headers, "Authorization: Bearer tok\n"));
    g_assert_nonnull(strstr(f->seen.headers, "application/x-www-form-urlencoded"));
    secret_free(bearer);
    secret_free(body);
}

static void reads_retry_after_and_date(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *url = http_peer_url(&f->server, "/slow");
    struct httpc_request request = get(url);
    struct httpc_answer got;
    g_assert_true(httpc_perform(&request, &got, NULL));
    g_assert_cmpint(got.status, ==, 429);
    g_assert_cmpint(got.retry_after_ms, ==, 7000);
    g_assert_cmpint(got.date, ==, 784111777);
    g_assert_cmpstr(got.content_type, ==, "application/json");
    httpc_answer_clear(&got);
}

static void large_answers_are_cut_off(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *big = http_peer_url(&f->server, "/big");
    struct httpc_request request = get(big);
    request.answer_max = 100000;
    fails_with(&request, ERROR_TOO_LARGE);
    g_autofree char *flood = http_peer_url(&f->server, "/flood");
    request.url = flood;
    fails_with(&request, ERROR_TOO_LARGE);
}

static void silence_ends_at_the_deadline(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *url = http_peer_url(&f->server, "/hang");
    struct httpc_request request = get(url);
    request.deadline = clock_in_ms(150);
    fails_with(&request, ERROR_TIMEOUT);
}

static void *cancel_soon(void *arg)
{
    g_usleep(100000);
    cancel_trigger(arg);
    return NULL;
}

static void silence_ends_when_cancelled(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *url = http_peer_url(&f->server, "/hang");
    struct httpc_request request = get(url);
    request.cancel = cancel_new();
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_soon, request.cancel);
    int64_t start = clock_now();
    fails_with(&request, ERROR_CANCELLED);
    g_assert_cmpint(clock_now() - start, <, 900 * 1000);
    pthread_join(thread, NULL);
    cancel_unref(request.cancel);
}

static void garbage_and_cut_answers_are_told_apart(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *garbage = http_peer_url(&f->server, "/garbage");
    struct httpc_request request = get(garbage);
    fails_with(&request, ERROR_PROTOCOL);
    g_autofree char *cut = http_peer_url(&f->server, "/cut");
    request.url = cut;
    fails_with(&request, ERROR_CLOSED);
}

static void nobody_listens(void)
{
    struct http_peer server;
    struct seen seen = {0};
    http_peer_start(&server, answer, &seen, false);
    g_autofree char *url = http_peer_url(&server, "/");
    http_peer_stop(&server);
    struct httpc_request request = get(url);
    fails_with(&request, ERROR_UNREACHABLE);
}

static void bad_addresses_are_refused(void)
{
    static const char *const bad[] = {"ftp://127.0.0.1/",       "file:///etc/passwd",
                                      "http://u:p@127.0.0.1/",  "http://",
                                      "//127.0.0.1/",           "",
                                      "gopher://127.0.0.1:70/", "http://a b/"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct httpc_request request = get(bad[i]);
        fails_with(&request, ERROR_INVALID);
    }
}

static void errors_name_no_path(void)
{
    struct httpc_request request = get("http://127.0.0.1:1/secret-path?code=secret-query");
    struct httpc_answer got;
    g_autoptr(GError) error = NULL;
    g_assert_false(httpc_perform(&request, &got, &error));
    g_assert_null(strstr(error->message, "secret"));
}

static void tls_is_verified(struct fixture *f, const void *tls)
{
    (void)tls;
    g_autofree char *url = http_peer_url(&f->server, "/");
    struct httpc_request request = get(url);
    fails_with(&request, ERROR_TLS);
    request.ca_file = peer_ca_file();
    succeeds(&request, 200);
    request.ca_file = "/nonexistent.pem";
    fails_with(&request, ERROR_TLS);
}

static void tls_of_another_name_is_refused(struct fixture *f, const void *tls)
{
    (void)tls;
    f->server.tls_name = "other.example";
    g_autofree char *url = http_peer_url(&f->server, "/");
    struct httpc_request request = get(url);
    request.ca_file = peer_ca_file();
    fails_with(&request, ERROR_TLS);
    g_assert_cmpint(g_atomic_int_get(&f->server.requests), ==, 0);
}

static void no_redirect_is_followed_unless_asked(struct fixture *f, const void *data)
{
    (void)data;
    f->seen.location = "/end";
    g_autofree char *url = http_peer_url(&f->server, "/redirect");
    struct httpc_request request = get(url);
    succeeds(&request, 302);
    request.redirects = 1;
    succeeds(&request, 200);
    g_assert_cmpstr(f->seen.line, ==, "GET /end HTTP/1.1");
    f->seen.location = "/redirect";
    request.redirects = 5;
    fails_with(&request, ERROR_PROTOCOL);
    request.method = "POST";
    succeeds(&request, 302);
}

static void a_bearer_stays_at_its_origin(struct fixture *f, const void *data)
{
    (void)data;
    struct secret *bearer = secret_new("tok", 3);
    g_autofree char *url = http_peer_url(&f->server, "/redirect");
    g_autofree char *other = g_strdup_printf("http://localhost:%u/end", peer_port(f->server.peer));
    struct httpc_request request = get(url);
    request.bearer = bearer;
    request.redirects = 1;
    f->seen.location = "/end";
    succeeds(&request, 200);
    g_assert_nonnull(strstr(f->seen.headers, "Bearer tok"));
    f->seen.location = other;
    succeeds(&request, 200);
    g_assert_null(strstr(f->seen.headers, "tok"));
    secret_free(bearer);
}

static void redirects_never_leave_https_or_http(struct fixture *f, const void *tls)
{
    (void)tls;
    g_autofree char *url = http_peer_url(&f->server, "/redirect");
    struct httpc_request request = get(url);
    request.ca_file = peer_ca_file();
    request.redirects = 3;
    f->seen.location = "http://127.0.0.1:1/";
    fails_with(&request, ERROR_PROTOCOL);
    f->seen.location = "file:///etc/passwd";
    fails_with(&request, ERROR_PROTOCOL);
}

static void users_reach_public_addresses_only(struct fixture *f, const void *data)
{
    (void)data;
    unsigned port = peer_port(f->server.peer);
    static const char *const hosts[] =
        {"127.0.0.1", "localhost",       "[::ffff:127.0.0.1]", "[::1]", "0", "2130706433", "0x7f.1",
         "[::]",      "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"};
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autofree char *url = g_strdup_printf("http://%s:%u/", hosts[i], port);
        struct httpc_request request = get(url);
        request.class = NET_USER;
        fails_with(&request, ERROR_ADDRESS_FORBIDDEN);
    }
    g_assert_cmpint(g_atomic_int_get(&f->server.requests), ==, 0);
}

static void users_reach_what_the_administrator_allows(struct fixture *f, const void *data)
{
    (void)data;
    char *networks[] = {(char[]){"127.0.0.1/32"}, NULL};
    struct net_policy policy = {.allowed_networks = networks};
    g_autofree char *url = http_peer_url(&f->server, "/");
    struct httpc_request request = get(url);
    request.class = NET_USER;
    request.policy = &policy;
    succeeds(&request, 200);
}

static void users_are_checked_after_a_redirect_too(struct fixture *f, const void *data)
{
    (void)data;
    char *networks[] = {(char[]){"127.0.0.1/32"}, NULL};
    struct net_policy policy = {.allowed_networks = networks};
    g_autofree char *url = http_peer_url(&f->server, "/redirect");
    g_autofree char *inside = g_strdup_printf("http://127.0.0.2:%u/", peer_port(f->server.peer));
    f->seen.location = inside;
    struct httpc_request request = get(url);
    request.class = NET_USER;
    request.policy = &policy;
    request.redirects = 3;
    fails_with(&request, ERROR_ADDRESS_FORBIDDEN);
}

static void only_the_policys_proxy_counts(struct fixture *f, const void *data)
{
    (void)data;
    g_autofree char *proxy = http_peer_url(&f->server, "");
    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    g_autofree char *url = http_peer_url(&f->server, "/direct");
    struct httpc_request request = get(url);
    succeeds(&request, 200);
    g_unsetenv("http_proxy");
    struct net_policy policy = {.proxy_url = proxy};
    request.policy = &policy;
    request.url = "http://mail.example/far";
    succeeds(&request, 204);
    g_assert_cmpstr(f->seen.line, ==, "CONNECT mail.example:80 HTTP/1.1");
    g_assert_cmpstr(f->seen.inner, ==, "GET /far HTTP/1.1");
    request.proxy = "direct";
    request.url = url;
    succeeds(&request, 200);
    g_assert_cmpstr(f->seen.line, ==, "GET /direct HTTP/1.1");
    request.policy = NULL;
    request.proxy = proxy;
    request.url = "http://[2001:db8::1]:81/literal";
    succeeds(&request, 204);
    g_assert_cmpstr(f->seen.line, ==, "CONNECT [2001:db8::1]:81 HTTP/1.1");
}

static void a_users_proxy_gets_an_address_not_a_name(struct fixture *f, const void *data)
{
    (void)data;
    char *networks[] = {(char[]){"127.0.0.0/8"}, (char[]){"::1/128"}, NULL};
    g_autofree char *proxy = http_peer_url(&f->server, "");
    struct net_policy policy = {.allowed_networks = networks, .proxy_url = proxy};
    struct httpc_request request = get("http://localhost:9/x");
    request.class = NET_USER;
    request.policy = &policy;
    succeeds(&request, 204);
    g_assert_true(strcmp(f->seen.line, "CONNECT 127.0.0.1:9 HTTP/1.1") == 0 ||
                  strcmp(f->seen.line, "CONNECT [::1]:9 HTTP/1.1") == 0);
    policy.allowed_networks = NULL;
    fails_with(&request, ERROR_ADDRESS_FORBIDDEN);
}

#define TEST(path, tls, function)                                                                  \
    g_test_add("/httpc/" path, struct fixture, tls, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    httpc_init();
    TEST("form", NULL, posts_a_form_with_a_bearer);
    TEST("retry-after", NULL, reads_retry_after_and_date);
    TEST("large", NULL, large_answers_are_cut_off);
    TEST("deadline", NULL, silence_ends_at_the_deadline);
    TEST("cancel", NULL, silence_ends_when_cancelled);
    TEST("garbage", NULL, garbage_and_cut_answers_are_told_apart);
    TEST("tls", "tls", tls_is_verified);
    TEST("tls-name", "tls", tls_of_another_name_is_refused);
    TEST("redirects", NULL, no_redirect_is_followed_unless_asked);
    TEST("bearer", NULL, a_bearer_stays_at_its_origin);
    TEST("downgrade", "tls", redirects_never_leave_https_or_http);
    TEST("user/private", NULL, users_reach_public_addresses_only);
    TEST("user/allowed", NULL, users_reach_what_the_administrator_allows);
    TEST("user/redirect", NULL, users_are_checked_after_a_redirect_too);
    TEST("proxy/policy", NULL, only_the_policys_proxy_counts);
    TEST("proxy/user", NULL, a_users_proxy_gets_an_address_not_a_name);
    g_test_add_func("/httpc/unreachable", nobody_listens);
    g_test_add_func("/httpc/addresses", bad_addresses_are_refused);
    g_test_add_func("/httpc/error-text", errors_name_no_path);
    int status = g_test_run();
    peer_ca_remove();
    return status;
}

/* The HTTP server alone: framing, limits, doors, answers, streams. */
#include "http/http.h"

#include "base/clock.h"
#include "web_client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct exec *exec;
    struct http_server *server;
    uint16_t port;
    atomic_int admitted, handled, bodies;
    struct http_stream *stream;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

static void echo(struct http_request *request, void *arg)
{
    struct world *world = arg;
    size_t length;
    const char *data = g_bytes_get_data(http_request_body(request), &length);
    atomic_fetch_add(&world->handled, 1);
    g_autofree char *text = g_strndup(length > 0 ? data : "", length);
    const char *q = http_request_query(request, "q");
    const char *segment = http_request_segment(request, 0);
    g_autofree char *cookie = http_request_cookie(request, "b");
    http_respond_json(request, 200,
                      json_pack("{s:s, s:s?, s:s?, s:s?, s:s}", "body", text, "q", q, "segment",
                                segment, "cookie", cookie, "address",
                                http_request_address(request)));
}

static void parse_json(struct http_request *request, void *arg)
{
    (void)arg;
    json_t *json = http_request_json(request);
    http_respond_empty(request, json == NULL ? 400 : 204);
    json_decref(json);
}

static void stream_open(struct http_request *request, void *arg)
{
    struct world *world = arg;
    struct http_stream *stream = http_respond_stream(request);
    pthread_mutex_lock(&world->mutex);
    world->stream = stream;
    pthread_cond_signal(&world->cond);
    pthread_mutex_unlock(&world->mutex);
}

static void nothing(struct http_request *request, void *arg)
{
    (void)request, (void)arg;
}

static void elsewhere(struct http_request *request, void *arg)
{
    (void)arg;
    http_respond_redirect(request, http_request_query(request, "to"));
}

static void slow(struct http_request *request, void *arg)
{
    (void)arg;
    g_usleep(100000);
    http_respond_empty(request, 204);
}

/* Lets in who says "yes". */
static bool admit(struct http_request *request, enum http_door door, void *arg)
{
    struct world *world = arg;
    g_assert_cmpint(door, ==, HTTP_DOOR_CALL);
    atomic_fetch_add(&world->admitted, 1);
    if (g_strcmp0(http_request_header(request, "authorization"), "yes") == 0)
        return true;
    http_respond_problem(request, 401, "Who are you?", "Sign in.");
    return false;
}

static char *metrics(void *arg)
{
    (void)arg;
    return g_strdup("up 1\n");
}

static void world_open(struct world *world, const struct http_config *wanted)
{
    struct exec_config pool = {.workers = 3, .reserved = 1, .stack_bytes = 1 << 20};
    struct http_config config = *wanted;
    g_autoptr(GError) error = NULL;
    memset(world, 0, sizeof(*world));
    pthread_mutex_init(&world->mutex, NULL);
    pthread_cond_init(&world->cond, NULL);
    config.exec = world->exec = exec_new(&pool);
    config.listen = "127.0.0.1:0";
    if (config.public_url == NULL)
        config.public_url = "http://localhost:1";
    world->server = http_server_new(&config, &error);
    g_assert_no_error(error);
    const struct http_route routes[] = {
        {"POST", "echo/", HTTP_DOOR_OPEN, 1000, echo, world, NULL, NULL},
        {"GET", "echo/", HTTP_DOOR_OPEN, 0, echo, world, NULL, NULL},
        {"POST", "private", HTTP_DOOR_CALL, 100000, echo, world, NULL, NULL},
        {"GET", "private", HTTP_DOOR_CALL, 0, echo, world, NULL, NULL},
        {"POST", "json", HTTP_DOOR_OPEN, 100000, parse_json, NULL, NULL, NULL},
        {"GET", "stream", HTTP_DOOR_OPEN, 0, stream_open, world, NULL, NULL},
        {"GET", "nothing", HTTP_DOOR_OPEN, 0, nothing, NULL, NULL, NULL},
        {"GET", "elsewhere", HTTP_DOOR_OPEN, 0, elsewhere, NULL, NULL, NULL},
        {"GET", "slow", HTTP_DOOR_OPEN, 0, slow, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_route(world->server, &routes[i]);
    http_add_health(world->server, metrics, NULL, false);
    http_server_admit(world->server, admit, world);
    g_assert_true(http_server_open(world->server, &error));
    world->port = http_server_port(world->server);
}

static void world_close(struct world *world)
{
    http_server_free(world->server);
    exec_free(world->exec);
    http_stream_unref(world->stream);
    pthread_cond_destroy(&world->cond);
    pthread_mutex_destroy(&world->mutex);
}

static const char *const nobody[] = {NULL};
static const struct http_config plain = {.threads = 2, .trusted_proxies = nobody};

static void expect_status(uint16_t port, const char *request, int status)
{
    g_autofree char *answer = web_exchange(port, request);
    g_test_message("%.60s -> %.20s", request, answer);
    g_assert_cmpint(web_status(answer), ==, status);
}

static void requests_reach_their_handlers_whole(void)
{
    struct world world;
    world_open(&world, &plain);
    g_autofree char *answer =
        web_post(world.port, "/echo/a%2Fb%20c?q=x%26y+z&q=second",
                 "Cookie: a=1; b=two\r\nX-Forwarded-For: 10.9.8.7\r\n", "text/plain", "hello");
    g_assert_cmpint(web_status(answer), ==, 200);
    g_assert_cmpstr(web_body(answer), ==,
                    "{\"body\":\"hello\",\"q\":\"x&y z\",\"segment\":\"a/b c\",\"cookie\":\"two\","
                    "\"address\":\"127.0.0.1\"}");
    static const char *const defaults[] = {"X-Content-Type-Options", "Referrer-Policy",
                                           "X-Frame-Options", "Content-Security-Policy",
                                           "Cross-Origin-Resource-Policy"};
    for (size_t i = 0; i < G_N_ELEMENTS(defaults); i++) {
        g_autofree char *value = web_header(answer, defaults[i]);
        g_assert_nonnull(value);
    }
    world_close(&world);
}

static void one_connection_carries_many_requests(void)
{
    struct world world;
    world_open(&world, &plain);
    int fd = web_connect(world.port);
    for (int i = 0; i < 20; i++) {
        web_send(fd, i % 2 == 0
                         ? "GET /echo/x HTTP/1.1\r\nHost: x\r\n\r\n"
                         : "POST /echo/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
        g_autofree char *answer = web_read_until(fd, "127.0.0.1\"}");
        g_assert_cmpint(web_status(answer), ==, 200);
    }
    for (int i = 0; i < 3; i++) { /* a refusal without a body does not cost the connection either */
        web_send(fd, "GET /private HTTP/1.1\r\nHost: x\r\n\r\n");
        g_autofree char *answer = web_read_until(fd, "\"Sign in.\"}");
        g_assert_cmpint(web_status(answer), ==, 401);
    }
    close(fd);
    world_close(&world);
    g_assert_cmpint(atomic_load(&world.handled), ==, 20);
}

static void ambiguous_framing_is_refused(void)
{
    static const char *const bad[] = {
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    struct world world;
    world_open(&world, &plain);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        expect_status(world.port, bad[i], 400);
    g_assert_cmpint(atomic_load(&world.handled), ==, 0);
    world_close(&world);
}

static void a_large_body_is_refused_before_it_is_read(void)
{
    struct world world;
    world_open(&world, &plain);
    expect_status(world.port, "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n",
                  413);
    expect_status(world.port,
                  "POST /private HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413);
    g_assert_cmpint(atomic_load(&world.admitted), ==, 0);
    g_autofree char *megabytes = g_strnfill(8u * 1024 * 1024, 'x');
    g_autofree char *request =
        g_strconcat("POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 8388608\r\n\r\n", megabytes,
                    NULL);
    expect_status(world.port, request, 413); /* the answer survives the unread body */
    expect_status(world.port,
                  "POST /echo/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                  "Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                  200);
    g_autofree char *chunk = g_strnfill(0x3ff, 'x');
    g_autofree char *chunked = g_strconcat("POST /echo/ HTTP/1.1\r\nHost: x\r\n"
                                           "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                                           "3ff\r\n",
                                           chunk, "\r\n0\r\n\r\n", NULL);
    expect_status(world.port, chunked, 413);
    world_close(&world);
}

static void all_bodies_together_have_a_budget(void)
{
    struct http_config tight = {.body_budget = 500};
    struct world world;
    world_open(&world, &tight);
    g_autofree char *body = g_strnfill(600, 'x');
    g_autofree char *refused = web_post(world.port, "/echo/", "", "text/plain", body);
    g_assert_cmpint(web_status(refused), ==, 503);
    for (int i = 0; i < 5; i++) { /* what was taken is given back */
        g_autofree char *taken = web_post(world.port, "/echo/", "", "text/plain", body + 200);
        g_assert_cmpint(web_status(taken), ==, 200);
    }
    world_close(&world);
}

static void signing_in_comes_before_the_body(void)
{
    struct world world;
    world_open(&world, &plain);
    /* The body never comes: the refusal does. */
    expect_status(world.port, "POST /private HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n",
                  401);
    g_assert_cmpint(atomic_load(&world.handled), ==, 0);
    g_autofree char *answer =
        web_post(world.port, "/private", "Authorization: yes\r\n", "text/plain", "in");
    g_assert_cmpint(web_status(answer), ==, 200);
    g_assert_nonnull(strstr(web_body(answer), "\"in\""));
    g_autofree char *got = web_get(world.port, "/private", "Authorization: yes\r\n");
    g_assert_cmpint(web_status(got), ==, 200);
    expect_status(world.port,
                  "GET /private HTTP/1.1\r\nHost: x\r\nAuthorization: no\r\n"
                  "Authorization: yes\r\n\r\n",
                  400);
    world_close(&world);
}

static void wrong_methods_and_addresses_are_told_apart(void)
{
    struct world world;
    world_open(&world, &plain);
    expect_status(world.port, "DELETE /echo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                  405);
    expect_status(world.port, "GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405);
    expect_status(world.port, "GET /a/b.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404);
    expect_status(world.port, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 500);
    expect_status(world.port, "HEAD /echo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200);
    world_close(&world);
}

static void redirects_stay_below_the_base(void)
{
    struct http_config config = {.public_url = "https://mail.example.org/post"};
    struct world world;
    world_open(&world, &config);
    static const char *const cases[][2] = {{"link/done?account=a1", "/post/link/done?account=a1"},
                                           {"link/failed?code=x&back=http://evil.example",
                                            "/post/link/failed?code=x&back=http://evil.example"},
                                           {"//evil.example", "/post///evil.example"},
                                           {"https://login.example/x", "https://login.example/x"},
                                           {"javascript://x", "/post/javascript://x"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *escaped = g_uri_escape_string(cases[i][0], NULL, FALSE);
        g_autofree char *path = g_strconcat("/elsewhere?to=", escaped, NULL);
        g_autofree char *answer = web_get(world.port, path, "");
        g_autofree char *location = web_header(answer, "Location");
        g_assert_cmpint(web_status(answer), ==, 303);
        g_assert_cmpstr(location, ==, cases[i][1]);
    }
    world_close(&world);
}

static void json_is_bounded(void)
{
    struct world world;
    world_open(&world, &plain);
    g_autoptr(GString) nested = g_string_new(NULL);
    for (int i = 0; i < 64; i++)
        g_string_prepend_c(nested, '[');
    for (int i = 0; i < 64; i++)
        g_string_append_c(nested, ']');
    g_autofree char *deeper = g_strdup_printf("[%s]", nested->str);
    g_autofree char *hidden = g_strdup_printf("[\"\\\"%s\"]", nested->str);
    const struct {
        const char *text;
        int status;
    } cases[] = {{"{}", 204}, {nested->str, 204},         {deeper, 400}, {hidden, 204},
                 {"", 400},   {"{\"a\":1,\"a\":2}", 400}, {"{", 400},    {"\xff", 400}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *answer =
            web_post(world.port, "/json", "", "application/json", cases[i].text);
        g_assert_cmpint(web_status(answer), ==, cases[i].status);
    }
    world_close(&world);
}

static void proxies_are_believed_only_when_trusted(void)
{
    static const char *const networks[] = {"127.0.0.0/8", "10.0.0.0/8", NULL};
    struct http_config trusting = {.trusted_proxies = networks};
    struct world world;
    world_open(&world, &trusting);
    g_autofree char *answer =
        web_get(world.port, "/echo/", "X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.0.0.3\r\n");
    g_assert_nonnull(strstr(answer, "\"address\":\"198.51.100.7\""));
    g_autofree char *forged = web_get(world.port, "/echo/", "X-Forwarded-For: nonsense\r\n");
    g_assert_nonnull(strstr(forged, "\"address\":\"127.0.0.1\""));
    world_close(&world);
    struct http_config usual = {.threads = 1};
    world_open(&world, &usual);
    g_autofree char *proxied = web_get(world.port, "/echo/", "X-Forwarded-For: 198.51.100.7\r\n");
    g_assert_nonnull(strstr(proxied, "\"address\":\"198.51.100.7\""));
    g_autofree char *local = web_get(world.port, "/metrics", "");
    g_assert_cmpint(web_status(local), ==, 200);
    g_autofree char *remote = web_get(world.port, "/metrics", "X-Forwarded-For: 127.0.0.1\r\n");
    g_assert_cmpint(web_status(remote), ==, 403);
    g_autofree char *health = web_get(world.port, "/healthz", "");
    g_assert_cmpstr(web_body(health), ==, "ok\n");
    world_close(&world);
}

static struct http_stream *wait_for_stream(struct world *world)
{
    pthread_mutex_lock(&world->mutex);
    while (world->stream == NULL)
        pthread_cond_wait(&world->cond, &world->mutex);
    struct http_stream *stream = world->stream;
    pthread_mutex_unlock(&world->mutex);
    return stream;
}

static void events_arrive_as_they_are_sent(void)
{
    struct world world;
    world_open(&world, &plain);
    int fd = web_connect(world.port);
    web_send(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_stream *stream = wait_for_stream(&world);
    g_autofree char *head = web_read_until(fd, ":\n\n");
    g_autofree char *type = web_header(head, "Content-Type");
    g_assert_cmpstr(type, ==, "text/event-stream");
    for (int i = 0; i < 50; i++) {
        g_autofree char *data = g_strdup_printf("{\"n\":%d}", i);
        g_autofree char *wanted = g_strdup_printf("event: state\ndata: %s\n\n", data);
        g_assert_true(http_stream_send(stream, "state", data, NULL));
        g_autofree char *event = web_read_until(fd, wanted);
        g_assert_nonnull(strstr(event, wanted));
    }
    http_stream_ping(stream, 1);
    g_autofree char *ping = web_read_until(fd, "event: ping\ndata: {\"interval\":1}\n\n");
    g_assert_nonnull(strstr(ping, "event: ping"));
    http_stream_close(stream);
    g_autofree char *rest = web_read_until(fd, "0\r\n\r\n");
    g_assert_nonnull(strstr(rest, "0\r\n\r\n"));
    g_assert_false(http_stream_send(stream, "state", "{}", NULL));
    close(fd);
    world_close(&world);
}

static void a_reader_that_is_too_slow_loses_its_stream(void)
{
    struct world world;
    world_open(&world, &plain);
    int fd = web_connect(world.port);
    int small = 4096;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    web_send(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_stream *stream = wait_for_stream(&world);
    g_autofree char *data = g_strnfill(60000, 'x');
    int sent = 0;
    while (sent < 1000 && http_stream_send(stream, "state", data, NULL))
        sent++;
    g_assert_cmpint(sent, <, 1000);
    close(fd);
    world_close(&world);
}

static void *send_many(void *arg)
{
    for (int i = 0; i < 300; i++)
        if (!http_stream_send(arg, "state", "{}", NULL))
            break;
    return NULL;
}

static void many_threads_may_send(void)
{
    struct world world;
    world_open(&world, &plain);
    int fd = web_connect(world.port);
    pthread_t threads[4];
    web_send(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_stream *stream = wait_for_stream(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, send_many, stream);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    http_stream_close(stream);
    g_autofree char *all = web_read_until(fd, "\r\n0\r\n\r\n");
    int events = 0;
    for (const char *at = all; (at = strstr(at, "event: state")) != NULL; at++)
        events++;
    /* A chunk border may split a word here and there. */
    g_assert_cmpint(events, >, 1100);
    close(fd);
    world_close(&world);
}

static void *get_slow(void *arg)
{
    struct world *world = arg;
    g_autofree char *answer = web_get(world->port, "/slow", "");
    return GINT_TO_POINTER(web_status(answer));
}

static void stopping_waits_for_handlers_and_ends_streams(void)
{
    struct world world;
    world_open(&world, &plain);
    pthread_t thread;
    int fd = web_connect(world.port);
    web_send(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)wait_for_stream(&world);
    g_free(web_read_until(fd, ":\n\n"));
    pthread_create(&thread, NULL, get_slow, &world);
    g_usleep(50000);
    world_close(&world);
    void *status;
    pthread_join(thread, &status);
    g_assert_cmpint(GPOINTER_TO_INT(status), ==, 204);
    g_autofree char *rest = web_read_all(fd);
    g_assert_null(strstr(rest, "event:"));
}

/* A client that sends a header byte now and then is never silent, and is cut off all the same. */
static void dribbled_headers_are_cut_off(void)
{
    struct http_config hasty = {.idle_seconds = 1};
    struct world world;
    world_open(&world, &hasty);
    int fd = web_connect(world.port);
    int64_t start = clock_now();
    char byte;
    web_send(fd, "GET /echo/ HTTP/1.1\r\nX: ");
    while (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && clock_now() - start < 15 * CLOCK_SECOND) {
        web_send(fd, "x");
        g_usleep(100000);
    }
    g_assert_cmpint(clock_now() - start, <, 10 * CLOCK_SECOND);
    close(fd);
    world_close(&world);
}

/* Deterministic noise, in requests' clothes and without. */
static void garbage_never_stops_the_server(void)
{
    static const char *const starts[] =
        {"",
         "GET / HTTP/1.1\r\n",
         "POST /echo/ HTTP/1.1\r\nContent-Length: 99\r\n\r\n",
         "POST /echo/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "POST /private HTTP/1.1\r\nAuthorization: yes\r\nTransfer-Encoding: chunked\r\n\r\n",
         "GET /echo/?",
         "GET /echo/x HTTP/1.1\r\nCookie: "};
    struct world world;
    g_autoptr(GRand) random = g_rand_new_with_seed(42);
    world_open(&world, &plain);
    for (int i = 0; i < 300; i++) {
        char noise[600];
        for (size_t k = 0; k < sizeof(noise); k++)
            noise[k] = (char)g_rand_int_range(random, i % 3 == 0 ? 0 : 9, i % 3 == 2 ? 127 : 256);
        int fd = web_connect(world.port);
        web_send(fd, starts[i % (int)G_N_ELEMENTS(starts)]);
        (void)send(fd, noise, (size_t)g_rand_int_range(random, 0, sizeof(noise)), MSG_NOSIGNAL);
        close(fd);
    }
    g_autofree char *long_line = g_strnfill(100000, 'a');
    g_autofree char *request = g_strconcat("GET /", long_line, " HTTP/1.1\r\n\r\n", NULL);
    g_autofree char *answer = web_exchange(world.port, request);
    g_assert_cmpint(web_status(answer), >=, 400);
    g_autofree char *alive = web_get(world.port, "/healthz", "");
    g_assert_cmpint(web_status(alive), ==, 200);
    world_close(&world);
}

static void *get_many(void *arg)
{
    struct world *world = arg;
    for (int i = 0; i < 50; i++) {
        g_autofree char *answer = i % 2 == 0
                                      ? web_get(world->port, "/private", "Authorization: yes\r\n")
                                      : web_post(world->port, "/private", "Authorization: yes\r\n",
                                                 "text/plain", "some body");
        if (web_status(answer) != 200)
            g_error("status %d", web_status(answer));
    }
    return NULL;
}

static void many_clients_at_once_are_served(void)
{
    struct world world;
    pthread_t threads[8];
    world_open(&world, &plain);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, get_many, &world);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    world_close(&world);
    g_assert_cmpint(atomic_load(&world.handled), ==, 400);
}

static void a_bad_configuration_says_so(void)
{
    static const struct http_config bad[] = {
        {.listen = "nonsense", .public_url = "http://x"},
        {.listen = "127.0.0.1:x", .public_url = "http://x"},
        {.listen = "::1:80", .public_url = "http://x"},
        {.listen = "127.0.0.1:0", .public_url = "ftp://x"},
        {.listen = "127.0.0.1:0", .public_url = "nonsense"},
        {.listen = "127.0.0.1:0", .public_url = NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(http_server_new(&bad[i], &error));
        g_assert_true(error_is(error, ERROR_INVALID));
    }
    struct http_config good = {.listen = "127.0.0.1:0", .public_url = "https://X.Example:8443/a"};
    struct http_server *server = http_server_new(&good, NULL);
    g_assert_cmpstr(http_server_origin(server), ==, "https://x.example:8443");
    g_assert_cmpstr(http_server_base(server), ==, "/a/");
    http_server_free(server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/config", a_bad_configuration_says_so);
    g_test_add_func("/http/request", requests_reach_their_handlers_whole);
    g_test_add_func("/http/keep-alive", one_connection_carries_many_requests);
    g_test_add_func("/http/framing", ambiguous_framing_is_refused);
    g_test_add_func("/http/large-body", a_large_body_is_refused_before_it_is_read);
    g_test_add_func("/http/budget", all_bodies_together_have_a_budget);
    g_test_add_func("/http/sign-in-first", signing_in_comes_before_the_body);
    g_test_add_func("/http/routes", wrong_methods_and_addresses_are_told_apart);
    g_test_add_func("/http/redirects", redirects_stay_below_the_base);
    g_test_add_func("/http/json", json_is_bounded);
    g_test_add_func("/http/proxies", proxies_are_believed_only_when_trusted);
    g_test_add_func("/http/stream/events", events_arrive_as_they_are_sent);
    g_test_add_func("/http/stream/slow-reader", a_reader_that_is_too_slow_loses_its_stream);
    g_test_add_func("/http/stream/threads", many_threads_may_send);
    g_test_add_func("/http/stop", stopping_waits_for_handlers_and_ends_streams);
    g_test_add_func("/http/dribble", dribbled_headers_are_cut_off);
    g_test_add_func("/http/garbage", garbage_never_stops_the_server);
    g_test_add_func("/http/many", many_clients_at_once_are_served);
    return g_test_run();
}

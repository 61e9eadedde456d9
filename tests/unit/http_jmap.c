/* JMAP's routes over a stand-in for the engine: what HTTP adds to it. */
#include "http/auth.h"
#include "http/jmap_routes.h"

#include "fake_people.h"
#include "httpc/httpc.h"
#include "peer.h"
#include "web_client.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "Authorization: Bearer " FAKE_TOKEN "\r\n"
#define PNG "\x89PNG\r\n\x1a\n rest"

/* --- the engine's stand-in ---------------------------------------------------------------------
 */

static store_listener_fn *listener;
static void *listener_arg;
static char *remote_url;
static atomic_int uploads;

void store_listen(struct store *store, store_listener_fn *fn, void *arg)
{
    (void)store;
    listener = fn;
    listener_arg = arg;
}

void store_unlisten(struct store *store, store_listener_fn *fn, void *arg)
{
    (void)store, (void)fn, (void)arg;
    listener = NULL;
}

static atomic_int told;

uint64_t store_told(struct store *store)
{
    (void)store;
    return (uint64_t)atomic_load(&told);
}

GBytes *jmap_upload(struct jmap *jmap, struct store_principal *principal, const char *account,
                    const char *type, GBytes *body, int *status)
{
    (void)jmap, (void)principal;
    atomic_fetch_add(&uploads, 1);
    *status = 201;
    char *text = g_strdup_printf("%s %s %zu", account, type, g_bytes_get_size(body));
    return g_bytes_new_take(text, strlen(text));
}

bool jmap_image_resolve(struct jmap *jmap, struct store_principal *principal, const char *token,
                        struct jmap_image *image, GError **error)
{
    (void)jmap, (void)principal;
    if (strcmp(token, "png") == 0)
        image->bytes = g_bytes_new_static(PNG, strlen(PNG));
    else if (strcmp(token, "svg") == 0)
        image->bytes = g_bytes_new_static("<svg onload=alert(1)>", 21);
    else if (strcmp(token, "remote") == 0)
        image->remote_url = g_strdup(remote_url);
    else
        error_set(error, ERROR_NOT_FOUND, "no");
    return image->bytes != NULL || image->remote_url != NULL;
}

/* --- the world ---------------------------------------------------------------------------------
 */

struct world {
    struct exec *exec;
    struct http_server *server;
    struct http_auth *auth;
    struct http_jmap *routes;
    struct keyring *keyring;
    char *directory;
    uint16_t port;
};

static void world_open(struct world *world, const struct net_policy *policy)
{
    struct exec_config pool = {.workers = 3, .reserved = 1, .stack_bytes = 1 << 20};
    struct http_config config = {.listen = "127.0.0.1:0", .public_url = "http://localhost:1"};
    g_autoptr(GError) error = NULL;
    fake_restore();
    world->directory = g_dir_make_tmp("postroom-jmap-XXXXXX", NULL);
    g_autofree char *key = g_build_filename(world->directory, "key", NULL);
    world->keyring = keyring_load(key, true, &error);
    config.exec = world->exec = exec_new(&pool);
    world->server = http_server_new(&config, &error);
    g_assert_no_error(error);
    world->auth = http_auth_add(world->server, fake_store(), world->keyring);
    world->routes = http_jmap_add(world->server, NULL, fake_store(), policy);
    g_assert_true(http_server_open(world->server, NULL));
    world->port = http_server_port(world->server);
}

static void world_close(struct world *world)
{
    http_jmap_stop(world->routes);
    http_server_free(world->server);
    http_jmap_free(world->routes);
    http_auth_free(world->auth);
    exec_free(world->exec);
    keyring_free(world->keyring);
    g_autofree char *key = g_build_filename(world->directory, "key", NULL);
    (void)g_unlink(key);
    (void)g_rmdir(world->directory);
    g_free(world->directory);
}

static int get_status(struct world *world, const char *path, const char *headers)
{
    g_autofree char *answer = web_get(world->port, path, headers);
    return web_status(answer);
}

static void requests_need_a_sign_in_and_json(void)
{
    struct world world;
    world_open(&world, NULL);
    static const char *const paths[] = {"/jmap/session", "/.well-known/jmap",
                                        "/jmap/download/a1/b1/x", "/jmap/eventsource",
                                        "/mail-image/png"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        g_assert_cmpint(get_status(&world, paths[i], ""), ==, 401);
    g_autofree char *form = web_post(world.port, "/jmap", TOKEN, "text/plain", "{...}");
    g_assert_cmpint(web_status(form), ==, 400);
    g_assert_nonnull(strstr(form, "urn:ietf:params:jmap:error:notJSON"));
    g_autofree char *good = web_post(world.port, "/jmap", TOKEN, "application/json", "{...}");
    g_assert_cmpint(web_status(good), ==, 200);
    g_assert_cmpstr(web_body(good), ==, "{...}");
    g_autofree char *problem = web_post(world.port, "/jmap", TOKEN, "application/json", "{}");
    g_autofree char *type = web_header(problem, "Content-Type");
    g_assert_cmpint(web_status(problem), ==, 400);
    g_assert_cmpstr(type, ==, "application/problem+json");
    g_assert_cmpint(get_status(&world, "/jmap/session", TOKEN), ==, 200);
    world_close(&world);
}

static void uploads_keep_their_type_and_their_limit(void)
{
    struct world world;
    world_open(&world, NULL);
    g_autofree char *good =
        web_post(world.port, "/jmap/upload/a1/", TOKEN, "Image/PNG; x=y", "12345");
    g_assert_cmpint(web_status(good), ==, 201);
    g_assert_cmpstr(web_body(good), ==, "a1 image/png 5");
    g_autofree char *odd = web_post(world.port, "/jmap/upload/a1/", TOKEN, "nonsense", "12345");
    g_assert_cmpstr(web_body(odd), ==, "a1 application/octet-stream 5");
    g_autofree char *large =
        web_exchange(world.port, "POST /jmap/upload/a1/ HTTP/1.1\r\nHost: x\r\n" TOKEN
                                 "Content-Length: 100000000\r\n\r\n");
    g_assert_cmpint(web_status(large), ==, 413);
    g_assert_nonnull(strstr(large, "\"urn:ietf:params:jmap:error:limit\""));
    g_assert_nonnull(strstr(large, "\"limit\":\"maxSizeUpload\""));
    g_autofree char *stranger =
        web_exchange(world.port, "POST /jmap/upload/a1/ HTTP/1.1\r\nHost: x\r\n"
                                 "Content-Length: 40000000\r\n\r\n");
    g_assert_cmpint(web_status(stranger), ==, 401);
    g_assert_cmpint(atomic_load(&uploads), ==, 2);
    world_close(&world);
}

static void downloads_can_be_saved_but_not_run(void)
{
    struct world world;
    world_open(&world, NULL);
    g_autofree char *answer =
        web_get(world.port,
                "/jmap/download/a1/b1/r%C3%A9sum%C3%A9%22%2F..%2Fx.js?type=text/javascript", TOKEN);
    g_assert_cmpint(web_status(answer), ==, 200);
    g_assert_cmpstr(web_body(answer), ==, "bytes");
    g_autofree char *disposition = web_header(answer, "Content-Disposition");
    g_assert_cmpstr(disposition, ==,
                    "attachment; filename=\"r__sum____.._x.js\"; "
                    "filename*=UTF-8''r%C3%A9sum%C3%A9%22_.._x.js");
    g_autofree char *policy = web_header(answer, "Content-Security-Policy");
    g_autofree char *sniff = web_header(answer, "X-Content-Type-Options");
    g_assert_true(g_str_has_prefix(policy, "sandbox;"));
    g_assert_cmpstr(sniff, ==, "nosniff");
    static const char *const code[] = {"script", "style", "worker", "serviceworker", "embed"};
    for (size_t i = 0; i < G_N_ELEMENTS(code); i++) {
        g_autofree char *headers = g_strdup_printf(TOKEN "Sec-Fetch-Dest: %s\r\n", code[i]);
        g_assert_cmpint(get_status(&world, "/jmap/download/a1/b1/x", headers), ==, 403);
    }
    static const struct {
        const char *asked, *told; /* NULL: bytes of no type */
    } types[] = {{"text/plain%3B%20charset=koi8-r", "text/plain; charset=koi8-r"},
                 {"text/plain%3Bcharset=utf-8%3Bformat=flowed",
                  "text/plain;charset=utf-8;format=flowed"},
                 {"text/plain%3Bcharset", NULL},
                 {"text/plain%3Bcharset=a%22b", NULL},
                 {"text/plain%3Bcharset=a,b", NULL},
                 {"%3Bcharset=utf-8", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *path = g_strconcat("/jmap/download/a1/b1/x?type=", types[i].asked, NULL);
        g_autofree char *typed = web_get(world.port, path, TOKEN);
        g_autofree char *type = web_header(typed, "Content-Type");
        g_assert_cmpstr(type, ==,
                        types[i].told != NULL ? types[i].told : "application/octet-stream");
    }
    g_assert_cmpint(get_status(&world, "/jmap/download/a9/b1/x", TOKEN), ==, 404);
    g_assert_cmpint(get_status(&world, "/jmap/download/a1", TOKEN), ==, 404);
    world_close(&world);
}

/* The stream behind its first event id; *head (transfer full, may be NULL): all up to there. */
static int resume_events(struct world *world, const char *query, const char *headers, char **head)
{
    g_autofree char *request =
        g_strdup_printf("GET /jmap/eventsource?%s HTTP/1.1\r\nHost: x\r\n" TOKEN "%s\r\n", query,
                        headers);
    int fd = web_connect(world->port);
    web_send(fd, request);
    g_autofree char *read = web_read_until(fd, "-0\n\n");
    g_assert_cmpint(web_status(read), ==, 200);
    if (head != NULL)
        *head = g_steal_pointer(&read);
    return fd;
}

static int open_events(struct world *world, const char *query)
{
    return resume_events(world, query, "", NULL);
}

static void events_have_ids(void)
{
    struct world world;
    world_open(&world, NULL);
    atomic_store(&told, 5);
    g_autofree char *first = NULL;
    int fd = resume_events(&world, "types=*&closeafter=no&ping=0", "", &first);
    g_assert_nonnull(strstr(first, "id: 5-0\n\n"));
    g_assert_null(strstr(first, "event:"));
    atomic_store(&told, 6);
    listener(1, STORE_LINKED_ACCOUNT, listener_arg);
    g_autofree char *second = web_read_until(fd, "}}}\n\n");
    g_assert_nonnull(strstr(second, "id: 6-0\nevent: state\n"));
    /* While something is held back, an id would pass over it. */
    listener(1, STORE_LINKED_ACCOUNT, listener_arg);
    listener(3, STORE_EMAIL, listener_arg);
    g_autofree char *third = web_read_until(fd, "}}}\n\n");
    g_assert_nonnull(strstr(third, "a3"));
    g_assert_null(strstr(third, "id:"));
    g_autofree char *fourth = web_read_until(fd, "}}}\n\n");
    g_assert_nonnull(strstr(fourth, "id: 6-0\n"));
    close(fd);
    world_close(&world);
}

static void what_was_missed_comes_at_once(void)
{
    struct world world;
    world_open(&world, NULL);
    atomic_store(&told, 7);
    g_autofree char *whole =
        web_get(world.port, "/jmap/eventsource?types=*&closeafter=state&ping=0",
                TOKEN "Last-Event-ID: 3-0\r\n");
    g_assert_nonnull(strstr(whole, "id: 7-0\nevent: state\n"));
    g_assert_nonnull(strstr(whole, "missed"));
    g_autofree char *quiet = NULL;
    int none =
        resume_events(&world, "types=*&closeafter=no&ping=0", "Last-Event-ID: 7-0\r\n", &quiet);
    g_assert_nonnull(strstr(quiet, "id: 7-0\n\n"));
    g_assert_null(strstr(quiet, "event:"));
    listener(1, STORE_EMAIL, listener_arg);
    g_autofree char *event = web_read_until(none, "}}}\n\n");
    g_assert_null(strstr(event, "missed"));
    close(none);
    world_close(&world);
}

/* The interval asked for is below ours. */
static void pings_have_no_id(void)
{
    struct world world;
    world_open(&world, NULL);
    int fd = open_events(&world, "types=*&closeafter=no&ping=1");
    g_autofree char *ping = web_read_until(fd, "}\n\n");
    g_assert_nonnull(strstr(ping, "event: ping\ndata: {\"interval\":5}\n\n"));
    g_assert_null(strstr(ping, "id:"));
    close(fd);
    world_close(&world);
}

static void changes_reach_those_who_listen(void)
{
    struct world world;
    world_open(&world, NULL);
    int all = open_events(&world, "types=*&closeafter=no&ping=30");
    int once = open_events(&world, "types=Email,Mailbox&closeafter=state&ping=0");
    int other = open_events(&world, "types=Identity&closeafter=state&ping=0");
    listener(1, STORE_EMAIL, listener_arg);
    listener(1, STORE_MAILBOX, listener_arg);
    listener(2, STORE_EMAIL, listener_arg); /* not theirs */
    g_autofree char *event = web_read_until(all, "}}}\n\n");
    g_assert_nonnull(strstr(event, "event: state\ndata: {\"@type\":\"StateChange\",\"changed\":"));
    g_assert_null(strstr(event, "a2"));
    listener(3, STORE_LINKED_ACCOUNT, listener_arg);
    g_autofree char *second = web_read_until(all, "\"a3\"");
    g_assert_nonnull(strstr(second, "\"a3\""));
    g_autofree char *whole = web_read_until(once, "\r\n0\r\n\r\n");
    g_assert_nonnull(strstr(whole, "event: state"));
    close(all);
    close(once);
    close(other);
    world_close(&world);
}

static void a_revoked_listener_is_cut_off(void)
{
    struct world world;
    world_open(&world, NULL);
    int fd = open_events(&world, "types=*&closeafter=no&ping=0");
    fake_revoke_all();
    listener(1, STORE_EMAIL, listener_arg);
    g_autofree char *rest = web_read_until(fd, "0\r\n\r\n");
    g_assert_null(strstr(rest, "event: state"));
    close(fd);
    world_close(&world);
}

static void one_person_cannot_take_all_streams(void)
{
    struct world world;
    int fds[32];
    world_open(&world, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = open_events(&world, "types=*&closeafter=no&ping=0");
    g_assert_cmpint(get_status(&world, "/jmap/eventsource?types=*", TOKEN), ==, 503);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    world_close(&world);
}

static int events_status(struct world *world)
{
    int fd = web_connect(world->port);
    web_send(fd,
             "GET /jmap/eventsource?types=*&closeafter=no&ping=300 HTTP/1.1\r\nHost: x\r\n" TOKEN
             "\r\n");
    g_autofree char *answer = web_read_until(fd, "\r\n\r\n");
    close(fd);
    return web_status(answer);
}

/* Well before the next ping. */
static void a_closed_page_makes_room(void)
{
    struct world world;
    int fds[32];
    world_open(&world, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = open_events(&world, "types=*&closeafter=no&ping=300");
    close(fds[0]);
    int status = 503;
    for (int i = 0; i < 100 && status == 503; i++) {
        g_usleep(50 * 1000);
        status = events_status(&world);
    }
    g_assert_cmpint(status, ==, 200);
    for (size_t i = 1; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    world_close(&world);
}

/* A change is told again after a quarter of a second at the earliest; but that a sync began is no
 * change of mail. One try of a few is quick, however busy the machine is. */
static void mail_does_not_wait_for_what_a_sync_says(void)
{
    struct world world;
    world_open(&world, NULL);
    int fd = open_events(&world, "types=*&closeafter=no&ping=0");
    int64_t best = INT64_MAX;
    for (int i = 0; i < 5 && best > 150000; i++) {
        g_autofree char *linked = g_strdup_printf("{\"Email\":%d}", STORE_LINKED_ACCOUNT);
        g_autofree char *email = g_strdup_printf("{\"Email\":%d}", STORE_EMAIL);
        listener(7, STORE_LINKED_ACCOUNT, listener_arg);
        g_free(web_read_until(fd, linked));
        int64_t began = g_get_monotonic_time();
        listener(7, STORE_EMAIL, listener_arg);
        g_free(web_read_until(fd, email));
        best = MIN(best, g_get_monotonic_time() - began);
    }
    g_assert_cmpint(best, <=, 150000);
    close(fd);
    world_close(&world);
}

static void *notify(void *arg)
{
    (void)arg;
    for (int i = 0; i < 500; i++) {
        listener(1 + i % 5, STORE_EMAIL | STORE_LINKED_ACCOUNT, listener_arg);
        if (i % 50 == 0)
            g_usleep(10000);
    }
    return NULL;
}

static void stopping_under_a_storm_of_changes_is_clean(void)
{
    struct world world;
    pthread_t threads[3];
    int fds[5];
    world_open(&world, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        fds[i] = open_events(&world, "types=*&closeafter=no&ping=5");
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, notify, NULL);
    close(fds[0]);
    close(fds[1]);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    world_close(&world);
    for (size_t i = 2; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
}

static void serve_image(struct peer_stream *stream, void *arg)
{
    g_autofree char *line = NULL;
    do {
        g_free(line);
        line = peer_read_line(stream);
    } while (line != NULL && line[0] != '\0');
    g_autofree char *answer =
        g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml\r\nConnection: close\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(arg), (char *)arg);
    (void)peer_say(stream, answer);
}

static void images_are_raster_images_whatever_they_claim(void)
{
    static char png[] = PNG, html[] = "<html><script>alert(1)</script>";
    char network[] = "127.0.0.0/8";
    char *networks[] = {network, NULL};
    struct net_policy policy = {.allowed_networks = networks};
    struct world world;
    world_open(&world, &policy);
    g_autofree char *inline_image = web_get(world.port, "/mail-image/png", TOKEN);
    g_autofree char *type = web_header(inline_image, "Content-Type");
    g_assert_cmpstr(type, ==, "image/png");
    g_assert_cmpint(get_status(&world, "/mail-image/svg", TOKEN), ==, 415);
    g_assert_cmpint(get_status(&world, "/mail-image/none", TOKEN), ==, 404);
    g_assert_cmpint(get_status(&world, "/mail-image/png", TOKEN "Sec-Fetch-Dest: script\r\n"), ==,
                    403);
    for (int i = 0; i < 2; i++) {
        struct peer *peer = peer_start(serve_image, i == 0 ? png : html);
        remote_url = g_strdup_printf("http://127.0.0.1:%u/x.svg", peer_port(peer));
        g_autofree char *remote = web_get(world.port, "/mail-image/remote", TOKEN);
        g_assert_cmpint(web_status(remote), ==, i == 0 ? 200 : 415);
        peer_stop(peer);
        g_clear_pointer(&remote_url, g_free);
    }
    world_close(&world);
}

static void an_image_of_the_internal_network_is_not_fetched(void)
{
    static char png[] = PNG;
    struct world world;
    world_open(&world, NULL);
    struct peer *peer = peer_start(serve_image, png);
    remote_url = g_strdup_printf("http://127.0.0.1:%u/x.png", peer_port(peer));
    g_assert_cmpint(get_status(&world, "/mail-image/remote", TOKEN), ==, 403);
    g_assert_cmpint(peer_accepted(peer), ==, 0);
    peer_stop(peer);
    g_clear_pointer(&remote_url, g_free);
    world_close(&world);
}

static void browsers_of_other_origins_may_ask(void)
{
    struct world world;
    world_open(&world, NULL);
    static const char *const routes[][2] = {
        {"/jmap", "POST"},        {"/jmap/upload/a1/", "POST"}, {"/.well-known/jmap", "GET"},
        {"/jmap/session", "GET"}, {"/jmap/eventsource", "GET"}, {"/jmap/download/a1/b1/x", "GET"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++) {
        g_autofree char *answer = web_preflight(world.port, routes[i][0],
                                                WEB_AFAR "Access-Control-Request-Method: POST\r\n");
        g_assert_cmpint(web_status(answer), ==, 204);
        web_expect_header(answer, "Access-Control-Allow-Origin", "*");
        web_expect_header(answer, "Access-Control-Allow-Methods", routes[i][1]);
        web_expect_header(answer, "Access-Control-Allow-Headers",
                          "Authorization, Content-Type, Last-Event-ID");
        web_expect_header(answer, "Access-Control-Allow-Credentials", NULL);
    }
    static const char *const closed[] = {"/auth/login", "/auth/session", "/mail-image/png"};
    for (size_t i = 0; i < G_N_ELEMENTS(closed); i++) {
        g_autofree char *answer = web_preflight(world.port, closed[i],
                                                WEB_AFAR "Access-Control-Request-Method: POST\r\n");
        g_assert_cmpint(web_status(answer), ==, 405);
        web_expect_header(answer, "Access-Control-Allow-Origin", NULL);
    }
    g_autofree char *plain = web_preflight(world.port, "/jmap", WEB_AFAR);
    g_assert_cmpint(web_status(plain), ==, 405);
    world_close(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    httpc_init();
    g_test_add_func("/rfc8620/3.1/requests-need-a-sign-in-and-json",
                    requests_need_a_sign_in_and_json);
    g_test_add_func("/rfc8620/6.1/uploads-keep-their-type",
                    uploads_keep_their_type_and_their_limit);
    g_test_add_func("/rfc8620/6.2/downloads-have-the-name-and-type-asked-for",
                    downloads_can_be_saved_but_not_run);
    g_test_add_func("/rfc8620/7.3/types-and-closeafter", changes_reach_those_who_listen);
    g_test_add_func("/rfc8620/7.3/events-have-ids", events_have_ids);
    g_test_add_func("/rfc8620/7.3/what-was-missed-comes-at-once", what_was_missed_comes_at_once);
    g_test_add_func("/rfc8620/7.3/pings-have-no-id", pings_have_no_id);
    g_test_add_func("/jmap-http/promptly", mail_does_not_wait_for_what_a_sync_says);
    g_test_add_func("/jmap-http/revoked", a_revoked_listener_is_cut_off);
    g_test_add_func("/jmap-http/streams-per-user", one_person_cannot_take_all_streams);
    g_test_add_func("/jmap-http/closed-page", a_closed_page_makes_room);
    g_test_add_func("/jmap-http/storm", stopping_under_a_storm_of_changes_is_clean);
    g_test_add_func("/jmap-http/images", images_are_raster_images_whatever_they_claim);
    g_test_add_func("/jmap-http/internal-images", an_image_of_the_internal_network_is_not_fetched);
    g_test_add_func("/jmap-http/cors-preflight", browsers_of_other_origins_may_ask);
    return g_test_run();
}

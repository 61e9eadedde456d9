/* RFC 8620, 8.5: what one person holds of the server, with bodies that do not end, answers that are
 * not read, and many requests at once, leaves room for others. */
#include "http/http.h"

#include "fake_people.h"
#include "http/share.h"
#include "web_client.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define TURNS 2 /* of three workers */
#define BODIES 1000u
#define LARGE (32u * 1024 * 1024) /* more than the kernel takes */
#define ANSWERS (LARGE / 4 * 5)

struct world {
    struct exec *exec;
    struct http_server *server;
    uint16_t port;
};

static void take(struct http_request *request, void *arg)
{
    (void)arg;
    http_respond_empty(request, 204);
}

static void answer_much(struct http_request *request, void *arg)
{
    g_autoptr(GBytes) much = g_bytes_new_take(g_strnfill(LARGE, 'x'), LARGE);
    (void)arg;
    http_respond_bytes(request, 200, "text/plain", much);
}

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned running, most;
    bool let_go;
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false};

static void take_long(struct http_request *request, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&gate.mutex);
    gate.running++;
    gate.most = MAX(gate.most, gate.running);
    pthread_cond_broadcast(&gate.changed);
    while (!gate.let_go)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    gate.running--;
    pthread_mutex_unlock(&gate.mutex);
    http_respond_empty(request, 204);
}

static bool admit(struct http_request *request, enum http_door door, void *arg)
{
    struct secret *token = secret_new(FAKE_TOKEN, strlen(FAKE_TOKEN));
    struct store_principal *principal = store_sign_in_token(fake_store(), token, NULL);
    (void)door, (void)arg;
    http_request_set_principal(request, principal, NULL);
    store_principal_unref(principal);
    secret_free(token);
    return true;
}

static void world_open(struct world *world)
{
    const struct exec_config pool = {.workers = 3, .reserved = 1, .stack_bytes = 1 << 20};
    const struct http_route routes[] = {
        {"POST", "ours", HTTP_DOOR_CALL, 100000, take, NULL, NULL, NULL},
        {"GET", "ours", HTTP_DOOR_CALL, 0, take, NULL, NULL, NULL},
        {"GET", "much", HTTP_DOOR_CALL, 0, answer_much, NULL, NULL, NULL},
        {"GET", "long", HTTP_DOOR_CALL, 0, take_long, NULL, NULL, NULL},
        {"POST", "others", HTTP_DOOR_OPEN, 100000, take, NULL, NULL, NULL},
    };
    g_autoptr(GError) error = NULL;
    world->exec = exec_new(&pool);
    const struct http_config config = {.listen = "127.0.0.1:0",
                                       .public_url = "http://localhost:1",
                                       .exec = world->exec,
                                       .turns = TURNS,
                                       .body_budget = BODIES,
                                       .answer_budget = ANSWERS};
    world->server = http_server_new(&config, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_route(world->server, &routes[i]);
    http_server_admit(world->server, admit, NULL);
    g_assert_true(http_server_open(world->server, &error));
    world->port = http_server_port(world->server);
}

static void world_close(struct world *world)
{
    http_server_free(world->server);
    exec_free(world->exec);
}

static int post(const struct world *world, const char *path, size_t length)
{
    g_autofree char *body = g_strnfill(length, 'x');
    g_autofree char *answer = web_post(world->port, path, "", "text/plain", body);
    return web_status(answer);
}

static int get(const struct world *world, const char *path)
{
    g_autofree char *answer = web_get(world->port, path, "");
    return web_status(answer);
}

/* Of bodies that do not end, too. */
static void shares(void)
{
    struct share *share = share_new(1000);
    g_assert_true(share_take(share, 1, 600));
    g_assert_false(share_take(share, 1, 201));
    g_assert_true(share_take(share, 1, 200));
    g_assert_true(share_is_full(share, 1));
    g_assert_false(share_is_full(share, 2));
    g_assert_true(share_take(share, 2, 100));
    g_assert_true(share_take(share, 0, 100));
    g_assert_false(share_take(share, 2, 1));
    share_give(share, 1, 800);
    g_assert_true(share_take(share, 2, 700));
    g_assert_false(share_take(share, 2, 1));
    share_add(share, 1, 500); /* what is there already */
    g_assert_true(share_is_full(share, 3));
    share_free(share);
}

/* A body takes from the share of who sends it. */
static void bodies(void)
{
    struct world world;
    world_open(&world);
    g_assert_cmpint(post(&world, "/ours", BODIES / 5 * 4), ==, 204);
    g_assert_cmpint(post(&world, "/ours", BODIES / 5 * 4 + 1), ==, 503);
    g_assert_cmpint(post(&world, "/others", BODIES), ==, 204);
    world_close(&world);
}

static void answers(void)
{
    struct world world;
    world_open(&world);
    int fd = web_connect(world.port);
    web_send(fd, "GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    while (get(&world, "/ours") != 503) /* until it has been answered */
        g_thread_yield();
    g_assert_cmpint(post(&world, "/others", 10), ==, 204);
    g_autofree char *answer = web_read_all(fd);
    g_assert_cmpint(web_status(answer), ==, 200);
    g_assert_cmpuint(strlen(web_body(answer)), ==, LARGE);
    while (get(&world, "/ours") != 204)
        g_thread_yield();
    world_close(&world);
}

/* They wait for each other, and others do not wait for them. */
static void many_at_once(void)
{
    struct world world;
    int fds[8];
    world_open(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        fds[i] = web_connect(world.port);
        web_send(fds[i], "GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    pthread_mutex_lock(&gate.mutex);
    while (gate.running < TURNS)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    pthread_mutex_unlock(&gate.mutex);
    for (int i = 0; i < 20; i++)
        g_assert_cmpint(post(&world, "/others", 10), ==, 204);
    pthread_mutex_lock(&gate.mutex);
    gate.let_go = true;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        g_autofree char *answer = web_read_all(fds[i]);
        g_assert_cmpint(web_status(answer), ==, 204);
    }
    g_assert_cmpuint(gate.most, ==, TURNS);
    world_close(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    alarm(120);
    g_test_add_func("/rfc8620/8.5/shares", shares);
    g_test_add_func("/rfc8620/8.5/bodies-under-way", bodies);
    g_test_add_func("/rfc8620/8.5/answers-unread", answers);
    g_test_add_func("/rfc8620/8.5/many-at-once", many_at_once);
    return g_test_run();
}

/* Names that hang and hosts with several addresses, with a getaddrinfo of the test's own in place
 * of the C library's. */
#include "net/conn.h"

#include "base/clock.h"
#include "peer.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static atomic_int hanging;

static void wait_at_gate(void)
{
    atomic_fetch_add(&hanging, 1);
    pthread_mutex_lock(&gate);
    while (!gate_open)
        pthread_cond_wait(&opened, &gate);
    pthread_mutex_unlock(&gate);
    atomic_fetch_sub(&hanging, 1);
}

static struct addrinfo *address_of(const char *text, struct addrinfo *next)
{
    struct addrinfo *entry = g_new0(struct addrinfo, 1);
    struct sockaddr_in *v4 = g_new0(struct sockaddr_in, 1);
    v4->sin_family = AF_INET;
    g_assert_cmpint(inet_pton(AF_INET, text, &v4->sin_addr), ==, 1);
    *entry = (struct addrinfo){.ai_family = AF_INET,
                               .ai_socktype = SOCK_STREAM,
                               .ai_addr = (struct sockaddr *)v4,
                               .ai_addrlen = sizeof(*v4),
                               .ai_next = next};
    return entry;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    (void)service, (void)hints;
    if (g_str_has_prefix(name, "hung"))
        wait_at_gate();
    if (g_str_has_prefix(name, "missing"))
        return EAI_NONAME;
    struct addrinfo *last = address_of("127.0.0.1", NULL);
    *list = strcmp(name, "two.example") == 0 ? address_of("127.0.0.2", last) : last;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        g_free(list->ai_addr);
        g_free(list);
        list = next;
    }
}

static void *resolve_hung(void *unused)
{
    struct addrinfo *list = NULL;
    g_autoptr(GError) error = NULL;
    (void)unused;
    int status = net_resolve("hung.example", 25, clock_in_ms(200), NULL, &list, &error);
    if (status != -1 || !error_is(error, ERROR_TIMEOUT))
        g_error("a hung name did not time out");
    return NULL;
}

static void open_gate(bool open)
{
    pthread_mutex_lock(&gate);
    gate_open = open;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&gate);
}

static void one_hung_name_holds_one_thread(void)
{
    pthread_t threads[32];
    open_gate(false);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, resolve_hung, NULL);
    while (atomic_load(&hanging) == 0)
        g_usleep(1000);
    struct addrinfo *list = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(net_resolve("good.example", 25, clock_in_ms(20000), NULL, &list, &error), ==,
                    0);
    g_assert_no_error(error);
    g_assert_cmpint(atomic_load(&hanging), ==, 1);
    net_resolve_free(list);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    open_gate(true);
}

static void many_hung_names_time_out_and_recover(void)
{
    open_gate(false);
    for (int i = 0; i < 20; i++) {
        g_autofree char *name = g_strdup_printf("hung%d.example", i);
        g_autoptr(GError) error = NULL;
        struct addrinfo *list = NULL;
        g_assert_cmpint(net_resolve(name, 25, clock_in_ms(10), NULL, &list, &error), ==, -1);
        g_assert_true(error_is(error, ERROR_TIMEOUT));
    }
    g_assert_cmpint(atomic_load(&hanging), <=, 8); /* the bound on threads */
    open_gate(true);
    struct addrinfo *list = NULL;
    g_assert_cmpint(net_resolve("good.example", 25, clock_in_ms(20000), NULL, &list, NULL), ==, 0);
    net_resolve_free(list);
}

static void a_missing_name_says_so(void)
{
    g_autoptr(GError) error = NULL;
    struct addrinfo *list = NULL;
    g_assert_cmpint(net_resolve("missing.example", 25, clock_in_ms(20000), NULL, &list, &error), ==,
                    -1);
    g_assert_true(error_is(error, ERROR_DNS));
}

static void serve_hello(struct peer_stream *stream, void *arg)
{
    (void)arg;
    if (peer_say(stream, "hello"))
        peer_drain(stream);
}

/* A listener at 127.0.0.2 on the peer's port whose queue is full: SYNs get no answer. */
static int make_black_hole(uint16_t port, int fillers[3])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int hole = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
    g_assert_cmpint(bind(hole, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(hole, 0), ==, 0);
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    g_usleep(20000);
    return hole;
}

static struct conn *dial_two(struct peer *peer, enum net_class class, GError **error)
{
    char network[] = "127.0.0.1/32";
    char *networks[] = {network, NULL};
    struct net_policy policy = {.allowed_networks = networks};
    struct net_dial dial = {.host = "two.example",
                            .port = peer_port(peer),
                            .class = class,
                            .policy = &policy,
                            .deadline = clock_in_ms(20000)};
    return conn_dial(&dial, error);
}

static void expect_hello(struct conn *conn)
{
    char byte;
    g_assert_nonnull(conn);
    g_assert_true(g_str_has_prefix(conn_peer(conn), "127.0.0.1:"));
    g_assert_cmpint(conn_read(conn, &byte, 1, clock_in_ms(20000), NULL), ==, 1);
    conn_free(conn);
}

static void a_refusing_address_leads_to_the_next(void)
{
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_hello, NULL);
    expect_hello(dial_two(peer, NET_OPERATOR, &error));
    peer_stop(peer);
}

static void a_silent_address_does_not_hold_up_the_next(void)
{
    g_autoptr(GError) error = NULL;
    int fillers[3];
    struct peer *peer = peer_start(serve_hello, NULL);
    int hole = make_black_hole(peer_port(peer), fillers);
    int64_t start = clock_now();
    expect_hello(dial_two(peer, NET_OPERATOR, &error));
    int64_t took = clock_now() - start;
    g_assert_cmpint(took, >=, CLOCK_SECOND / 5);
    g_assert_cmpint(took, <, 10 * CLOCK_SECOND);
    for (int i = 0; i < 3; i++)
        close(fillers[i]);
    close(hole);
    peer_stop(peer);
}

static void forbidden_addresses_of_a_host_are_left_out(void)
{
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_hello, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(peer_port(peer))};
    int internal = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
    g_assert_cmpint(bind(internal, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    g_assert_cmpint(listen(internal, 4), ==, 0);
    expect_hello(dial_two(peer, NET_USER, &error)); /* although 127.0.0.2 comes first */
    g_assert_cmpint(accept(internal, NULL, NULL), ==, -1);
    close(internal);
    peer_stop(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* GLib makes its locks for errors when the first one is set; the thread sanitiser does not see
     * into it and would call that a race. */
    g_autoptr(GError) first = NULL;
    error_set(&first, ERROR_INTERNAL, "first");
    g_test_add_func("/net/resolve/one-hung", one_hung_name_holds_one_thread);
    g_test_add_func("/net/resolve/many-hung", many_hung_names_time_out_and_recover);
    g_test_add_func("/net/resolve/missing", a_missing_name_says_so);
    g_test_add_func("/net/connect/refused", a_refusing_address_leads_to_the_next);
    g_test_add_func("/net/connect/silent", a_silent_address_does_not_hold_up_the_next);
    g_test_add_func("/net/connect/forbidden", forbidden_addresses_of_a_host_are_left_out);
    return g_test_run();
}

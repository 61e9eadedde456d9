/* Connections over real sockets: reading, writing, deadlines, cancelling, TLS, STARTTLS, proxies.
 */
#include "net/conn.h"

#include "base/clock.h"
#include "net/internal.h"
#include "peer.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net_dial dial_to(struct peer *peer, bool tls)
{
    return (struct net_dial){.host = "127.0.0.1",
                             .port = peer_port(peer),
                             .tls = tls,
                             .ca_file = peer_ca_file(),
                             .class = NET_OPERATOR,
                             .deadline = clock_in_ms(20000)};
}

static struct conn *must_dial(struct peer *peer, bool tls)
{
    g_autoptr(GError) error = NULL;
    struct net_dial dial = dial_to(peer, tls);
    struct conn *conn = conn_dial(&dial, &error);
    g_assert_no_error(error);
    g_assert_nonnull(conn);
    return conn;
}

static void dial_fails_with(const struct net_dial *dial, enum error_code code)
{
    g_autoptr(GError) error = NULL;
    struct conn *conn = conn_dial(dial, &error);
    g_assert_null(conn);
    g_test_message("%s", error->message);
    g_assert_true(error_is(error, code));
}

static void expect_text(struct conn *conn, const char *text)
{
    g_autoptr(GString) got = g_string_new(NULL);
    while (got->len < strlen(text)) {
        g_autoptr(GError) error = NULL;
        char buffer[512];
        ssize_t n = conn_read(conn, buffer, sizeof(buffer), clock_in_ms(20000), &error);
        g_assert_no_error(error);
        g_assert_cmpint(n, >, 0);
        g_string_append_len(got, buffer, n);
    }
    g_assert_cmpstr(got->str, ==, text);
}

static void serve_hello(struct peer_stream *stream, void *arg)
{
    const char *tls_name = arg;
    if (tls_name != NULL && !peer_tls(stream, tls_name))
        return;
    if (peer_say_slowly(stream, "* OK ready\r\n"))
        peer_drain(stream);
}

static void serve_echo(struct peer_stream *stream, void *arg)
{
    const char *tls_name = arg;
    char buffer[8192];
    if (tls_name != NULL && !peer_tls(stream, tls_name))
        return;
    for (size_t n; (n = peer_read(stream, buffer, sizeof(buffer))) > 0;)
        if (!peer_write(stream, buffer, n))
            return;
}

static void serve_silence(struct peer_stream *stream, void *arg)
{
    (void)arg;
    peer_drain(stream);
}

static char name_localhost[] = "localhost", name_other[] = "mail.example.org";

static void a_greeting_arrives_byte_by_byte(void)
{
    for (int tls = 0; tls < 2; tls++) {
        struct peer *peer = peer_start(serve_hello, tls ? name_localhost : NULL);
        struct conn *conn = must_dial(peer, tls);
        g_assert_cmpint(conn_is_tls(conn), ==, tls);
        g_assert_true(g_str_has_prefix(conn_peer(conn), "127.0.0.1:"));
        expect_text(conn, "* OK ready\r\n");
        g_assert_cmpuint(conn_bytes_in(conn), >=, 12);
        g_assert_true(conn_may_park(conn));
        conn_shrink(conn);
        conn_free(conn);
        peer_stop(peer);
    }
}

static int option(const struct conn *conn, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);
    g_assert_cmpint(getsockopt(conn_fd(conn), level, name, &value, &size), ==, 0);
    return value;
}

static void a_line_without_a_sign_of_life_is_found_out(void)
{
    for (int tls = 0; tls < 2; tls++) {
        struct peer *peer = peer_start(serve_hello, tls ? name_localhost : NULL);
        struct conn *conn = must_dial(peer, tls);
        g_assert_cmpint(option(conn, SOL_SOCKET, SO_KEEPALIVE), ==, 1);
        g_assert_cmpint(option(conn, IPPROTO_TCP, TCP_KEEPIDLE), ==, NET_KEEPALIVE_IDLE_S);
        g_assert_cmpint(option(conn, IPPROTO_TCP, TCP_KEEPINTVL), ==, NET_KEEPALIVE_GAP_S);
        g_assert_cmpint(option(conn, IPPROTO_TCP, TCP_KEEPCNT), ==, NET_KEEPALIVE_PROBES);
        g_assert_cmpint(option(conn, IPPROTO_TCP, TCP_USER_TIMEOUT), ==, NET_UNHEARD_MS);
        conn_free(conn);
        peer_stop(peer);
    }
}

/* More than the socket buffers hold, so that writes block until a second thread reads. */
static void *read_back(void *arg)
{
    struct conn *conn = arg;
    static char buffer[65536];
    size_t total = 0;
    while (total < 8u * 1024 * 1024) {
        ssize_t n = conn_read(conn, buffer, sizeof(buffer), clock_in_ms(20000), NULL);
        if (n <= 0)
            break;
        total += (size_t)n;
    }
    return GSIZE_TO_POINTER(total);
}

static void serve_sink(struct peer_stream *stream, void *arg)
{
    static char buffer[65536];
    size_t total = 0;
    if (arg != NULL && !peer_tls(stream, arg))
        return;
    while (total < 8u * 1024 * 1024) {
        size_t n = peer_read(stream, buffer, sizeof(buffer));
        if (n == 0)
            return;
        total += n;
    }
    for (size_t sent = 0; sent < total; sent += sizeof(buffer))
        if (!peer_write(stream, buffer, sizeof(buffer)))
            return;
}

static void large_amounts_pass_both_ways(void)
{
    g_autofree char *data = g_malloc0(8u * 1024 * 1024);
    for (int tls = 0; tls < 2; tls++) {
        g_autoptr(GError) error = NULL;
        struct peer *peer = peer_start(serve_sink, tls ? name_localhost : NULL);
        struct conn *conn = must_dial(peer, tls);
        g_assert_true(conn_write(conn, data, 8u * 1024 * 1024, clock_in_ms(60000), &error));
        g_assert_no_error(error);
        g_assert_cmpuint(GPOINTER_TO_SIZE(read_back(conn)), ==, 8u * 1024 * 1024);
        g_assert_cmpuint(conn_bytes_out(conn), >=, 8u * 1024 * 1024);
        conn_free(conn);
        peer_stop(peer);
    }
}

static void a_read_ends_at_its_deadline(void)
{
    struct peer *peer = peer_start(serve_silence, NULL);
    struct conn *conn = must_dial(peer, false);
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        char byte;
        int64_t start = clock_now();
        g_assert_cmpint(conn_read(conn, &byte, 1, clock_in_ms(i * 30), &error), ==, -1);
        g_assert_true(error_is(error, ERROR_TIMEOUT));
        g_assert_cmpint(clock_now() - start, >=, i * 30000);
    }
    conn_free(conn);
    peer_stop(peer);
}

static void serve_deaf(struct peer_stream *stream, void *arg)
{
    struct pollfd until_gone = {.fd = stream->fd, .events = POLLRDHUP};
    (void)arg;
    (void)poll(&until_gone, 1, 20000);
}

static void a_write_to_a_deaf_peer_ends_at_its_deadline(void)
{
    g_autofree char *data = g_malloc0(64u * 1024 * 1024);
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_deaf, NULL);
    struct conn *conn = must_dial(peer, false);
    g_assert_false(conn_write(conn, data, 64u * 1024 * 1024, clock_in_ms(50), &error));
    g_assert_true(error_is(error, ERROR_TIMEOUT));
    g_assert_false(conn_may_park(conn));
    conn_free(conn);
    peer_stop(peer);
}

static void *trigger(void *arg)
{
    g_usleep(20000);
    cancel_trigger(arg);
    return NULL;
}

static void cancelling_wakes_a_blocked_read(void)
{
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_silence, NULL);
    struct net_dial dial = dial_to(peer, false);
    struct cancel *cancel = cancel_new();
    pthread_t thread;
    char byte;
    dial.cancel = cancel;
    struct conn *conn = conn_dial(&dial, NULL);
    cancel_ref(cancel);
    pthread_create(&thread, NULL, trigger, cancel);
    g_assert_cmpint(conn_read(conn, &byte, 1, CLOCK_NEVER, &error), ==, -1);
    g_assert_true(error_is(error, ERROR_CANCELLED));
    pthread_join(thread, NULL);
    dial_fails_with(&dial, ERROR_CANCELLED);
    conn_free(conn);
    cancel_unref(cancel);
    cancel_unref(cancel);
    peer_stop(peer);
}

static void cancelling_ends_a_handshake(void)
{
    struct peer *peer = peer_start(serve_silence, NULL);
    struct net_dial dial = dial_to(peer, true);
    struct cancel *cancel = cancel_new();
    pthread_t thread;
    dial.cancel = cancel;
    pthread_create(&thread, NULL, trigger, cancel);
    dial_fails_with(&dial, ERROR_CANCELLED);
    pthread_join(thread, NULL);
    cancel_unref(cancel);
    peer_stop(peer);
}

static void a_silent_tls_server_times_out(void)
{
    struct peer *peer = peer_start(serve_silence, NULL);
    struct net_dial dial = dial_to(peer, true);
    dial.deadline = clock_in_ms(30);
    dial_fails_with(&dial, ERROR_TIMEOUT);
    peer_stop(peer);
}

static void serve_cut_handshake(struct peer_stream *stream, void *arg)
{
    static const unsigned char half[] = {22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3};
    char buffer[1024];
    (void)arg;
    (void)peer_read(stream, buffer, sizeof(buffer));
    (void)peer_write(stream, half, sizeof(half));
}

static void serve_garbage(struct peer_stream *stream, void *arg)
{
    (void)arg;
    if (peer_say(stream, "220 mail.example.org ESMTP not TLS at all\r\n"))
        peer_drain(stream);
}

static void a_handshake_cut_or_answered_in_plain_fails(void)
{
    struct peer *peer = peer_start(serve_cut_handshake, NULL);
    struct net_dial dial = dial_to(peer, true);
    dial_fails_with(&dial, ERROR_CLOSED);
    peer_stop(peer);
    peer = peer_start(serve_garbage, NULL);
    dial = dial_to(peer, true);
    dial_fails_with(&dial, ERROR_TLS);
    peer_stop(peer);
}

static void a_certificate_must_be_trusted_and_name_the_host(void)
{
    struct peer *peer = peer_start(serve_hello, name_other);
    struct net_dial dial = dial_to(peer, true);
    dial_fails_with(&dial, ERROR_TLS); /* another name, against an address literal */
    dial.host = "localhost";
    dial_fails_with(&dial, ERROR_TLS);
    peer_stop(peer);
    peer = peer_start(serve_hello, name_localhost);
    dial = dial_to(peer, true);
    dial.ca_file = NULL;
    dial_fails_with(&dial, ERROR_TLS); /* unknown authority */
    dial.ca_file = "/nonexistent/ca.pem";
    dial_fails_with(&dial, ERROR_TLS);
    dial.ca_file = peer_ca_file();
    dial.host = "localhost";
    struct conn *conn = conn_dial(&dial, NULL);
    g_assert_nonnull(conn);
    conn_free(conn);
    peer_stop(peer);
}

/* In a process of its own: what the system trusts is read once. */
static void the_systems_bundle_is_trusted(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        return;
    }
    g_assert_true(g_setenv("SSL_CERT_FILE", peer_ca_file(), TRUE));
    g_assert_true(g_setenv("SSL_CERT_DIR", "/nonexistent", TRUE));
    for (int i = 0; i < 2; i++) {
        struct peer *peer = peer_start(serve_hello, name_localhost);
        struct net_dial dial = dial_to(peer, true);
        dial.ca_file = NULL;
        dial.host = "localhost";
        struct conn *conn = conn_dial(&dial, NULL);
        g_assert_nonnull(conn);
        conn_free(conn);
        peer_stop(peer);
    }
}

static void serve_cut_tls(struct peer_stream *stream, void *arg)
{
    if (peer_tls(stream, arg) && peer_say(stream, "half a li"))
        (void)shutdown(stream->fd, SHUT_WR);
    char buffer[256];
    while (recv(stream->fd, buffer, sizeof(buffer), 0) > 0)
        continue;
}

static void a_tls_stream_cut_short_is_not_an_orderly_end(void)
{
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_cut_tls, name_localhost);
    struct conn *conn = must_dial(peer, true);
    char byte;
    expect_text(conn, "half a li");
    g_assert_cmpint(conn_read(conn, &byte, 1, clock_in_ms(20000), &error), ==, -1);
    g_assert_true(error_is(error, ERROR_CLOSED));
    conn_free(conn);
    peer_stop(peer);
}

static void nobody_listening_is_unreachable(void)
{
    struct peer *peer = peer_start(serve_silence, NULL);
    struct net_dial dial = dial_to(peer, false);
    peer_stop(peer);
    dial_fails_with(&dial, ERROR_UNREACHABLE);
}

static void a_users_connection_stays_out_of_the_internal_network(void)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "::1",     "::ffff:127.0.0.1",
                                        "0.0.0.0",   "127.1",     "10.0.0.1"};
    struct peer *peer = peer_start(serve_hello, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        struct net_dial dial = dial_to(peer, false);
        dial.host = hosts[i];
        dial.class = NET_USER;
        dial_fails_with(&dial, ERROR_ADDRESS_FORBIDDEN);
    }
    g_assert_cmpint(peer_accepted(peer), ==, 0);
    char network[] = "127.0.0.0/8";
    char *networks[] = {network, NULL};
    struct net_policy policy = {.allowed_networks = networks};
    struct net_dial dial = dial_to(peer, false);
    dial.class = NET_USER;
    dial.policy = &policy;
    struct conn *conn = conn_dial(&dial, NULL);
    g_assert_nonnull(conn);
    conn_free(conn);
    peer_stop(peer);
}

/* Each is verified for itself: what was trusted for one host is not for another. */
static void connections_share_certificates(void)
{
    struct peer *peer = peer_start(serve_hello, name_localhost);
    struct conn *first = must_dial(peer, true);
    const X509 *certificate = SSL_get0_peer_certificate(first->ssl);
    conn_free(first);
    struct conn *second = must_dial(peer, true);
    g_assert_nonnull(certificate);
    g_assert_true(SSL_get0_peer_certificate(second->ssl) == certificate);
    g_assert_cmpint(SSL_get_verify_result(second->ssl), ==, X509_V_OK);
    conn_free(second);
    struct net_dial dial = dial_to(peer, true);
    dial.ca_file = NULL;
    dial_fails_with(&dial, ERROR_TLS);
    peer_stop(peer);
    peer = peer_start(serve_hello, name_other);
    for (int i = 0; i < 2; i++) {
        dial = dial_to(peer, true);
        dial_fails_with(&dial, ERROR_TLS);
    }
    peer_stop(peer);
}

static void serve_starttls(struct peer_stream *stream, void *arg)
{
    const char *answer = arg;
    g_autofree char *command = peer_read_line(stream);
    if (command == NULL || !peer_say(stream, answer))
        return;
    if (peer_tls(stream, "localhost") && peer_say(stream, "secret hello"))
        peer_drain(stream);
}

static void starttls_upgrades(void)
{
    static char answer[] = "OK\r\n";
    g_autoptr(GError) error = NULL;
    struct peer *peer = peer_start(serve_starttls, answer);
    struct conn *conn = must_dial(peer, false);
    g_assert_true(conn_write(conn, "STARTTLS\r\n", 10, clock_in_ms(20000), NULL));
    expect_text(conn, "OK\r\n");
    g_assert_true(conn_start_tls(conn, peer_ca_file(), clock_in_ms(20000), &error));
    g_assert_no_error(error);
    expect_text(conn, "secret hello");
    g_assert_false(conn_start_tls(conn, peer_ca_file(), clock_in_ms(20000), NULL));
    conn_free(conn);
    peer_stop(peer);
}

static void starttls_refuses_injected_bytes(void)
{
    static char answer[] = "OK\r\n* injected capability\r\n";
    g_autoptr(GError) error = NULL;
    char buffer[4];
    struct peer *peer = peer_start(serve_starttls, answer);
    struct conn *conn = must_dial(peer, false);
    g_assert_true(conn_write(conn, "STARTTLS\r\n", 10, clock_in_ms(20000), NULL));
    for (size_t got = 0; got < sizeof(buffer);)
        got +=
            (size_t)conn_read(conn, buffer + got, sizeof(buffer) - got, clock_in_ms(20000), NULL);
    g_assert_false(conn_start_tls(conn, peer_ca_file(), clock_in_ms(20000), &error));
    g_assert_true(error_is(error, ERROR_TLS));
    conn_free(conn);
    peer_stop(peer);
}

static void a_foreign_descriptor_works_and_a_closed_one_does_not_kill(void)
{
    int pair[2];
    g_autoptr(GError) error = NULL;
    char byte;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    struct conn *conn = conn_new_fd(pair[0], NULL);
    g_assert_cmpint(send(pair[1], "x", 1, 0), ==, 1);
    g_assert_cmpint(conn_read(conn, &byte, 1, clock_in_ms(20000), NULL), ==, 1);
    g_assert_false(conn_start_tls(conn, NULL, clock_in_ms(20000), NULL)); /* no name to verify */
    close(pair[1]);
    g_assert_cmpint(conn_read(conn, &byte, 1, clock_in_ms(20000), NULL), ==, 0);
    g_assert_false(conn_write(conn, "x", 1, clock_in_ms(20000), &error));
    g_assert_true(error_is(error, ERROR_CLOSED));
    conn_free(conn);
}

static void a_tls_echo_survives_parking(void)
{
    struct peer *peer = peer_start(serve_echo, name_localhost);
    struct conn *conn = must_dial(peer, true);
    for (int i = 0; i < 20; i++) {
        g_assert_true(conn_write(conn, "NOOP\r\n", 6, clock_in_ms(20000), NULL));
        expect_text(conn, "NOOP\r\n");
        g_assert_true(conn_may_park(conn));
        conn_shrink(conn);
    }
    conn_free(conn);
    peer_stop(peer);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/conn/greeting", a_greeting_arrives_byte_by_byte);
    g_test_add_func("/net/conn/keepalive", a_line_without_a_sign_of_life_is_found_out);
    g_test_add_func("/net/conn/large", large_amounts_pass_both_ways);
    g_test_add_func("/net/conn/read-deadline", a_read_ends_at_its_deadline);
    g_test_add_func("/net/conn/write-deadline", a_write_to_a_deaf_peer_ends_at_its_deadline);
    g_test_add_func("/net/conn/cancel-read", cancelling_wakes_a_blocked_read);
    g_test_add_func("/net/conn/unreachable", nobody_listening_is_unreachable);
    g_test_add_func("/net/conn/user-class", a_users_connection_stays_out_of_the_internal_network);
    g_test_add_func("/net/conn/foreign-fd",
                    a_foreign_descriptor_works_and_a_closed_one_does_not_kill);
    g_test_add_func("/net/tls/cancel-handshake", cancelling_ends_a_handshake);
    g_test_add_func("/net/tls/silent", a_silent_tls_server_times_out);
    g_test_add_func("/net/tls/cut-handshake", a_handshake_cut_or_answered_in_plain_fails);
    g_test_add_func("/net/tls/certificate", a_certificate_must_be_trusted_and_name_the_host);
    g_test_add_func("/net/tls/shared-certificates", connections_share_certificates);
    g_test_add_func("/net/tls/system", the_systems_bundle_is_trusted);
    g_test_add_func("/net/tls/cut-stream", a_tls_stream_cut_short_is_not_an_orderly_end);
    g_test_add_func("/net/tls/starttls", starttls_upgrades);
    g_test_add_func("/net/tls/injection", starttls_refuses_injected_bytes);
    g_test_add_func("/net/tls/parking", a_tls_echo_survives_parking);
    int status = g_test_run();
    peer_ca_remove();
    return status;
}

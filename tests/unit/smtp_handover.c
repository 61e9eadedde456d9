/* The moment before the final dot, and several messages over one connection. */
#include "smtp/smtp.h"

#include "base/clock.h"
#include "peer.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

/* A server that takes everything and says what came. */
struct server {
    pthread_mutex_t lock;
    GString *text; /* of the messages so far, without final dots */
    int dots, messages, quits;
    struct peer *peer;
};

static bool take_message(struct server *server, struct peer_stream *stream)
{
    for (;;) {
        char *line = peer_read_line(stream);
        if (line == NULL)
            return false;
        bool dot = strcmp(line, ".") == 0;
        pthread_mutex_lock(&server->lock);
        if (dot)
            server->dots++;
        else
            g_string_append_printf(server->text, "%s\n", line);
        pthread_mutex_unlock(&server->lock);
        g_free(line);
        if (dot)
            return true;
    }
}

static void serve(struct peer_stream *stream, void *arg)
{
    struct server *server = arg;
    peer_say(stream, "220 ready\r\n");
    for (;;) {
        g_autofree char *line = peer_read_line(stream);
        if (line == NULL)
            return;
        pthread_mutex_lock(&server->lock);
        server->quits += strcmp(line, "QUIT") == 0;
        server->messages += strcmp(line, "DATA") == 0;
        pthread_mutex_unlock(&server->lock);
        if (strcmp(line, "DATA") != 0) {
            peer_say(stream, "250 ok\r\n");
            continue;
        }
        peer_say(stream, "354 go\r\n");
        if (!take_message(server, stream))
            return;
        peer_say(stream, "250 taken\r\n");
    }
}

static void start(struct server *server)
{
    *server = (struct server){.lock = PTHREAD_MUTEX_INITIALIZER, .text = g_string_new(NULL)};
    server->peer = peer_start(serve, server);
}

/* Afterwards what it counted may be read. */
static void stop(struct server *server)
{
    peer_stop(server->peer);
    g_string_free(server->text, TRUE);
}

static struct smtp_server address_of(const struct server *server)
{
    return (struct smtp_server){.dial = {.host = "localhost",
                                         .port = peer_port(server->peer),
                                         .class = NET_OPERATOR,
                                         .deadline = clock_in_ms(20000)},
                                .security = SMTP_PLAIN,
                                .auth = SMTP_AUTH_NONE,
                                .helo = "client.example",
                                .reply_ms = 20000};
}

/* What the hook saw. */
struct hook {
    struct server *server;
    int calls;
    bool data_was_out, dot_was_out, goes_on;
};

static bool server_has(struct server *server, const char *text, int *dots)
{
    pthread_mutex_lock(&server->lock);
    bool has = strstr(server->text->str, text) != NULL;
    *dots = server->dots;
    pthread_mutex_unlock(&server->lock);
    return has;
}

static bool before_final_dot(void *arg, GError **error)
{
    struct hook *hook = arg;
    int dots = 0;
    int64_t end = clock_in_ms(20000);
    hook->calls++;
    while (!hook->data_was_out && clock_now() < end) {
        hook->data_was_out = server_has(hook->server, "the very end\n", &dots);
        g_usleep(1000);
    }
    hook->dot_was_out = dots > 0;
    if (!hook->goes_on)
        error_set(error, ERROR_CONFLICT, "cancelled");
    return hook->goes_on;
}

/* More than goes out in one write. */
static GBytes *big_message(void)
{
    GString *text = g_string_new("Subject: x\r\n\r\n");
    for (int i = 0; i < 5000; i++)
        g_string_append(text, "one of many lines that fill a good many packets\r\n");
    g_string_append(text, "the very end\r\n");
    return g_string_free_to_bytes(text);
}

static bool send_with(struct hook *hook, struct smtp_result *result, GError **error)
{
    struct smtp_server server = address_of(hook->server);
    g_autoptr(GBytes) data = big_message();
    struct smtp_recipient to = {.address = "bob@example.net"};
    struct smtp_message message = {.mail_from = "ada@example.org",
                                   .recipients = &to,
                                   .recipient_count = 1,
                                   .data = data,
                                   .before_final_dot = before_final_dot,
                                   .arg = hook};
    bool ok = smtp_send(&server, &message, result, error);
    g_free(to.reply);
    return ok;
}

static void called_once_between_data_and_dot(void)
{
    struct server server;
    struct smtp_result result;
    g_autoptr(GError) error = NULL;
    start(&server);
    struct hook hook = {.server = &server, .goes_on = true};
    g_assert_true(send_with(&hook, &result, &error));
    g_assert_no_error(error);
    g_assert_cmpint(hook.calls, ==, 1);
    g_assert_true(hook.data_was_out);
    g_assert_false(hook.dot_was_out);
    g_assert_true(result.handed_over);
    smtp_result_clear(&result);
    stop(&server);
    g_assert_cmpint(server.dots, ==, 1);
}

static void false_sends_no_dot(void)
{
    struct server server;
    struct smtp_result result;
    g_autoptr(GError) error = NULL;
    start(&server);
    struct hook hook = {.server = &server};
    g_assert_false(send_with(&hook, &result, &error));
    g_assert_true(error_is(error, ERROR_CONFLICT));
    g_assert_cmpint(hook.calls, ==, 1);
    g_assert_false(result.handed_over);
    peer_stop(server.peer); /* joins: what was to come has come */
    g_assert_cmpint(server.dots, ==, 0);
    /* Not even a goodbye: it would be a line of the message. */
    g_assert_null(strstr(server.text->str, "QUIT"));
    g_string_free(server.text, TRUE);
    smtp_result_clear(&result);
}

static void several_messages_go_over_one_connection(void)
{
    struct server server;
    struct smtp_result result;
    g_autoptr(GError) error = NULL;
    start(&server);
    struct smtp_server address = address_of(&server);
    struct smtp_client *client = smtp_client_open(&address, &result, &error);
    g_assert_no_error(error);
    for (int i = 0; i < 5; i++) {
        g_autoptr(GBytes) data = g_bytes_new_static("Subject: x\r\n\r\nhello\r\n", 21);
        struct smtp_recipient to = {.address = "bob@example.net"};
        struct smtp_message message = {.mail_from = "ada@example.org",
                                       .recipients = &to,
                                       .recipient_count = 1,
                                       .data = data};
        smtp_result_clear(&result);
        g_assert_true(smtp_client_send(client, &message, &result, &error));
        g_assert_no_error(error);
        g_assert_cmpint(to.code, ==, 250);
        g_free(to.reply);
    }
    smtp_result_clear(&result);
    smtp_client_free(client);
    g_assert_cmpint(peer_accepted(server.peer), ==, 1);
    stop(&server);
    g_assert_cmpint(server.messages, ==, 5);
    g_assert_cmpint(server.dots, ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/handover/once", called_once_between_data_and_dot);
    g_test_add_func("/smtp/handover/false-sends-no-dot", false_sends_no_dot);
    g_test_add_func("/smtp/handover/several-messages", several_messages_go_over_one_connection);
    return g_test_run();
}

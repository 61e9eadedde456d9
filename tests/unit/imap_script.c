#include "imap_script.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct imap_script {
    pthread_t thread;
    const char *const *lines;
    int fd;
    char *wrong;
};

static bool read_exactly(int fd, char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = read(fd, bytes + at, length - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static char *read_line(int fd)
{
    GString *line = g_string_new(NULL);
    char c;
    while (read_exactly(fd, &c, 1) && c != '\n')
        if (c != '\r')
            g_string_append_c(line, c);
    return g_string_free(line, FALSE);
}

static void expect(struct imap_script *script, const char *wanted, char *got)
{
    if (strcmp(wanted, got) != 0)
        script->wrong = g_strdup_printf("expected \"%s\", got \"%s\"", wanted, got);
    g_free(got);
}

static void expect_bytes(struct imap_script *script, const char *wanted)
{
    char *got = g_malloc0(strlen(wanted) + 1);
    read_exactly(script->fd, got, strlen(wanted));
    expect(script, wanted, got);
}

static void put(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        length -= (size_t)n;
    }
}

static void *serve(void *arg)
{
    struct imap_script *script = arg;
    bool open = true;
    for (size_t i = 0; open && script->lines[i] != NULL && script->wrong == NULL; i++) {
        const char *text = script->lines[i] + MIN(3, strlen(script->lines[i]));
        switch (script->lines[i][0]) {
        case 'C':
            expect(script, text, read_line(script->fd));
            break;
        case 'N':
            expect_bytes(script, text);
            break;
        case 'S':
            put(script->fd, text, strlen(text));
            put(script->fd, "\r\n", 2);
            break;
        case 'R':
            put(script->fd, text, strlen(text));
            break;
        default:
            open = false;
            break;
        }
    }
    char c;
    while (open && script->wrong == NULL && read_exactly(script->fd, &c, 1))
        ;
    close(script->fd);
    return NULL;
}

struct imap_script *imap_script_start(const char *const *lines, int *fd)
{
    struct imap_script *script = g_new0(struct imap_script, 1);
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    script->lines = lines;
    script->fd = pair[0];
    *fd = pair[1];
    g_assert_cmpint(pthread_create(&script->thread, NULL, serve, script), ==, 0);
    return script;
}

static void *accept_and_serve(void *arg)
{
    struct imap_script *script = arg;
    int listener = script->fd;
    script->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    return serve(script);
}

uint16_t imap_script_listen(struct imap_script **out, const char *const *lines)
{
    struct imap_script *script = *out = g_new0(struct imap_script, 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    script->lines = lines;
    script->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(script->fd, (struct sockaddr *)&address, length), ==, 0);
    g_assert_cmpint(listen(script->fd, 1), ==, 0);
    g_assert_cmpint(getsockname(script->fd, (struct sockaddr *)&address, &length), ==, 0);
    g_assert_cmpint(pthread_create(&script->thread, NULL, accept_and_serve, script), ==, 0);
    return ntohs(address.sin_port);
}

struct imap_client *imap_script_client(struct imap_script **script, const char *const *lines)
{
    int fd = -1;
    *script = imap_script_start(lines, &fd);
    GError *error = NULL;
    struct imap_client *client = imap_client_new(conn_new_fd(fd, NULL), clock_in_ms(5000), &error);
    g_assert_no_error(error);
    imap_client_set_patience(client, 5000);
    return client;
}

void imap_script_finish(struct imap_script *script)
{
    pthread_join(script->thread, NULL);
    g_assert_cmpstr(script->wrong, ==, NULL);
    g_free(script->wrong);
    g_free(script);
}

struct imap_told imap_script_run(const char *const *lines,
                                 bool (*verb)(struct imap_client *, GString *, GError **))
{
    struct imap_script *script = NULL;
    struct imap_client *client = imap_script_client(&script, lines);
    struct imap_told told = {g_string_new(NULL), NULL};
    bool good = verb(client, told.out, &told.error);
    g_assert_cmpint(good, ==, told.error == NULL);
    imap_client_free(client);
    imap_script_finish(script);
    return told;
}

void imap_told_is(struct imap_told told, const char *text)
{
    g_assert_no_error(told.error);
    g_assert_cmpstr(told.out->str, ==, text);
    g_string_free(told.out, TRUE);
}

void imap_told_failed(struct imap_told told, enum error_code code)
{
    g_assert_error(told.error, POSTROOM_ERROR, (int)code);
    g_string_free(told.out, TRUE);
    g_error_free(told.error);
}

bool imap_recorder_fetched(const struct imap_fetched *fetched, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "%u", fetched->uid);
    if (fetched->has_flags)
        g_string_append_printf(recorder->out, " f%x", fetched->flags.bits);
    if (fetched->emailid != NULL)
        g_string_append_printf(recorder->out, " %s", fetched->emailid);
    if (fetched->header != NULL)
        g_string_append_printf(recorder->out, " h%.*s", (int)g_bytes_get_size(fetched->header),
                               (const char *)g_bytes_get_data(fetched->header, NULL));
    if (fetched->body != NULL)
        g_string_append_printf(recorder->out, " b%.*s", (int)g_bytes_get_size(fetched->body),
                               (const char *)g_bytes_get_data(fetched->body, NULL));
    if (fetched->substitute)
        g_string_append(recorder->out, " substitute");
    if (fetched->body_too_large)
        g_string_append(recorder->out, " large");
    g_string_append_c(recorder->out, ';');
    recorder->count++;
    return recorder->stop_after == 0 || recorder->count < recorder->stop_after;
}

static void tell_exists(uint32_t count, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<exists %u>", count);
}

static void tell_expunged(uint32_t seq, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<expunged %u>", seq);
}

static void tell_vanished(uint32_t first, uint32_t last, bool earlier, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<vanished %u-%u %d>", first, last, earlier);
}

static void tell_flags(const struct imap_fetched *fetched, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<flags %u %x>", fetched->uid, fetched->flags.bits);
}

static void tell_closed(void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append(recorder->out, "<closed>");
}

static void tell_status(const char *raw_name, const struct imap_status *status, bool whole,
                        void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<%s %s %u %u %" G_GUINT64_FORMAT ">",
                           whole ? "status" : "part", raw_name, status->messages, status->uidnext,
                           status->highestmodseq);
}

static void tell_folder(const char *raw_name, bool there, bool subscribed, void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append_printf(recorder->out, "<folder %s %d %d>", raw_name, there, subscribed);
}

static void tell_overflow(void *arg)
{
    struct imap_recorder *recorder = arg;
    g_string_append(recorder->out, "<overflow>");
}

void imap_recorder_listen(struct imap_client *client, struct imap_recorder *recorder)
{
    struct imap_events own = {.exists = tell_exists,
                              .expunged = tell_expunged,
                              .vanished = tell_vanished,
                              .flags = tell_flags,
                              .closed = tell_closed,
                              .arg = recorder};
    imap_client_set_events(client, &own);
}

bool imap_recorder_notify(struct imap_client *client, struct imap_recorder *recorder,
                          GError **error)
{
    struct imap_notices own = {tell_status, tell_folder, tell_overflow, recorder};
    return imap_notify(client, &own, error);
}

bool imap_sets_fetched(const struct imap_fetched *fetched, void *arg)
{
    struct imap_sets *sets = arg;
    g_string_append_printf(sets->out, "%u ", fetched->uid);
    return true;
}

bool imap_sets_done(size_t index, void *arg)
{
    struct imap_sets *sets = arg;
    g_string_append_printf(sets->out, "[%zu] ", index);
    return index != sets->stop_at;
}

#include "app/control.h"

#include "app/command.h"
#include "app/datadir.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 65536
#define CALLERS_MAX 8
#define TAKE_MS 10000
#define TAKE_AGAIN_MS 20

struct control {
    struct app *app;
    char *path;
    int listener;
    struct cancel *cancel;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned callers;
};

struct caller {
    struct control *control;
    int socket, fds[3];
    size_t length;
    char words[WORDS_MAX]; /* directory and argv, each ended by NUL */
    struct cancel *cancel;
    bool finished;
};

static int open_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    g_strlcpy(address->sun_path, path, sizeof address->sun_path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* --- the server's side
 * ------------------------------------------------------------------------------------------------
 */

static bool receive_fds(struct caller *caller)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof caller->fds)];
    } control;
    struct iovec piece = {caller->words, WORDS_MAX};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(caller->socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (got <= 0 || header == NULL || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof caller->fds))
        return false;
    memcpy(caller->fds, CMSG_DATA(header), sizeof caller->fds);
    caller->length = (size_t)got;
    /* The words end with an empty one. */
    while (caller->length < WORDS_MAX &&
           (caller->length < 2 || caller->words[caller->length - 1] != '\0' ||
            caller->words[caller->length - 2] != '\0')) {
        got = recv(caller->socket, caller->words + caller->length, WORDS_MAX - caller->length, 0);
        if (got <= 0)
            return false;
        caller->length += (size_t)got;
    }
    return caller->words[caller->length - 1] == '\0';
}

static bool same_user(int socket)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static int run_command(struct caller *caller)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (size_t at = 0; at + 1 < caller->length; at += strlen(caller->words + at) + 1)
        g_ptr_array_add(argv, caller->words + at);
    struct command_call call = {
        .app = caller->control->app,
        .config = caller->control->app->config,
        .directory = argv->pdata[0],
        .in = fdopen(caller->fds[0], "r"),
        .out = fdopen(caller->fds[1], "w"),
        .err = fdopen(caller->fds[2], "w"),
        .cancel = caller->cancel,
        .in_server = true,
    };
    int status = 1;
    if (argv->len >= 2 && call.in != NULL && call.out != NULL && call.err != NULL) {
        int count = (int)argv->len - 1;
        g_ptr_array_add(argv, NULL);
        status = command_run(&call, count, (char **)argv->pdata + 1);
    }
    FILE *streams[] = {call.in, call.out, call.err};
    for (int i = 0; i < 3; i++)
        if (streams[i] != NULL)
            fclose(streams[i]);
        else
            close(caller->fds[i]);
    return status;
}

/* Waits until the caller hangs up, then cancels its command. */
static void *watch_caller(void *arg)
{
    struct caller *caller = arg;
    struct pollfd waits[2] = {{caller->socket, POLLRDHUP, 0},
                              {cancel_fd(caller->control->cancel), POLLIN, 0}};
    while (poll(waits, 2, -1) < 0 && errno == EINTR)
        ;
    cancel_trigger(caller->cancel);
    return NULL;
}

static void *serve_caller(void *arg)
{
    struct caller *caller = arg;
    struct control *control = caller->control;
    pthread_t watcher;
    if (same_user(caller->socket) && receive_fds(caller) &&
        pthread_create(&watcher, NULL, watch_caller, caller) == 0) {
        uint8_t status = (uint8_t)run_command(caller);
        ssize_t sent = send(caller->socket, &status, 1, MSG_NOSIGNAL);
        (void)sent;
        shutdown(caller->socket, SHUT_RDWR);
        pthread_join(watcher, NULL);
    }
    close(caller->socket);
    cancel_unref(caller->cancel);
    g_free(caller);
    pthread_mutex_lock(&control->mutex);
    control->callers--;
    pthread_cond_broadcast(&control->changed);
    pthread_mutex_unlock(&control->mutex);
    return NULL;
}

static void start_caller(struct control *control, int socket)
{
    struct caller *caller = g_new0(struct caller, 1);
    caller->control = control;
    caller->socket = socket;
    caller->cancel = cancel_new();
    struct timeval patience = {.tv_sec = 5};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pthread_mutex_lock(&control->mutex);
    while (control->callers >= CALLERS_MAX)
        pthread_cond_wait(&control->changed, &control->mutex);
    control->callers++;
    pthread_mutex_unlock(&control->mutex);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve_caller, caller) == 0) {
        pthread_detach(thread);
        return;
    }
    close(socket);
    cancel_unref(caller->cancel);
    g_free(caller);
    pthread_mutex_lock(&control->mutex);
    control->callers--;
    pthread_mutex_unlock(&control->mutex);
}

static void *listen_loop(void *arg)
{
    struct control *control = arg;
    struct pollfd waits[2] = {{control->listener, POLLIN, 0},
                              {cancel_fd(control->cancel), POLLIN, 0}};
    while (!cancel_is_triggered(control->cancel)) {
        if (poll(waits, 2, -1) < 0 || (waits[0].revents & POLLIN) == 0)
            continue;
        int socket = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket >= 0)
            start_caller(control, socket);
    }
    return NULL;
}

struct control *control_start(struct app *app, GError **error)
{
    char *path = datadir_socket_path(app->config->data, error);
    if (path == NULL)
        return NULL;
    struct sockaddr_un address;
    unlink(path); /* left by a killed server; the lock is ours */
    int listener = open_socket(path, &address);
    mode_t before = umask(0177);
    bool ok = listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(listener, 16) == 0;
    umask(before);
    struct control *control = g_new0(struct control, 1);
    control->app = app;
    control->path = path;
    control->listener = listener;
    control->cancel = cancel_new();
    pthread_mutex_init(&control->mutex, NULL);
    pthread_cond_init(&control->changed, NULL);
    if (ok && pthread_create(&control->thread, NULL, listen_loop, control) == 0)
        return control;
    error_set(error, ERROR_INVALID, "control socket %s: %s", path, g_strerror(errno));
    if (listener >= 0)
        close(listener);
    cancel_unref(control->cancel);
    g_free(path);
    g_free(control);
    return NULL;
}

void control_stop(struct control *control)
{
    if (control == NULL)
        return;
    unlink(control->path);
    cancel_trigger(control->cancel);
    pthread_join(control->thread, NULL);
    pthread_mutex_lock(&control->mutex);
    while (control->callers > 0)
        pthread_cond_wait(&control->changed, &control->mutex);
    pthread_mutex_unlock(&control->mutex);
    close(control->listener);
    cancel_unref(control->cancel);
    pthread_mutex_destroy(&control->mutex);
    pthread_cond_destroy(&control->changed);
    g_free(control->path);
    g_free(control);
}

/* --- the caller's side */

/* Connected, or -1. */
static int reach(const char *path)
{
    struct sockaddr_un address;
    int socket = open_socket(path, &address);
    if (socket >= 0 && connect(socket, (struct sockaddr *)&address, sizeof address) == 0)
        return socket;
    if (socket >= 0)
        close(socket);
    return -1;
}

static bool is_served(const char *directory)
{
    g_autofree char *path = datadir_socket_path(directory, NULL);
    int socket = path != NULL ? reach(path) : -1;
    if (socket >= 0)
        close(socket);
    return socket >= 0;
}

int control_take(const char *directory, bool *served, GError **error)
{
    int64_t deadline = clock_in_ms(TAKE_MS);
    for (;;) {
        bool held = false;
        int lock = datadir_lock(directory, &held, error);
        *served = held && is_served(directory);
        if (!held || *served)
            return lock;
        if (clock_now() >= deadline)
            break;
        nanosleep(&(struct timespec){.tv_nsec = TAKE_AGAIN_MS * 1000000L}, NULL);
    }
    error_set(error, ERROR_CONFLICT,
              "another postroom command is at work in %s: try again when it has ended", directory);
    return -1;
}

static bool send_call(int socket, GString *words)
{
    int fds[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = {0};
    struct iovec piece = {words->str, words->len};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)words->len;
}

int control_call(const char *directory, int argc, char **argv, GError **error)
{
    g_autofree char *path = datadir_socket_path(directory, error);
    if (path == NULL)
        return -1;
    g_autofree char *here = g_get_current_dir();
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_append_len(words, here, (gssize)strlen(here) + 1);
    for (int i = 0; i < argc; i++)
        g_string_append_len(words, argv[i], (gssize)strlen(argv[i]) + 1);
    g_string_append_c(words, '\0');
    int socket = reach(path);
    uint8_t status = 1;
    bool ok = words->len < WORDS_MAX && socket >= 0 && send_call(socket, words) &&
              recv(socket, &status, 1, 0) == 1;
    if (!ok)
        error_set(error, ERROR_UNREACHABLE,
                  "a server holds %s but does not answer at its control socket", directory);
    if (socket >= 0)
        close(socket);
    return ok ? status : -1;
}

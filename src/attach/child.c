#include "attach/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What postroom-extract ends with when it could not be shut in, and a process without a program. */
#define STATUS_NOT_SHUT_IN 2
#define STATUS_NO_PROGRAM 127
#define ENDING_MS 1000

/* The bytes as a file without a name, which nobody can change any more. -1: no room. */
static int sealed_file(GBytes *bytes)
{
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    int fd = memfd_create("attachment", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    for (size_t done = 0; fd >= 0 && done < length;) {
        ssize_t written = write(fd, data + done, length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)written;
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return fd;
}

/* No environment, no descriptors but three, no blocked signals, a process group of its own. */
static pid_t spawn(const char *program, char *const *arguments, int input, int output)
{
    static char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid = -1;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&files, "/");
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    if (posix_spawn(&pid, program, &files, &attributes, arguments, environment) != 0)
        pid = -1;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

/* Until the child closes its end: true. False: it is to be killed. */
static bool gather(int fd, int64_t deadline, struct cancel *cancel, size_t max, GString *text)
{
    for (;;) {
        struct pollfd wait[] = {{.fd = fd, .events = POLLIN},
                                {.fd = cancel_fd(cancel), .events = POLLIN}};
        int ready = poll(wait, 2, clock_poll_ms(deadline));
        if (ready == 0 || wait[1].revents != 0 || (ready < 0 && errno != EINTR))
            return false;
        if (ready < 0)
            continue;
        char buffer[65536];
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0)
            return true;
        if (got > 0)
            g_string_append_len(text, buffer, got);
        if ((got < 0 && errno != EINTR) || text->len > max)
            return false;
    }
}

/* Reaps the child, and kills it first unless it is ending by itself. Its wait status. */
static int reap(pid_t pid, bool ending)
{
    int status = 0, fd = ending ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    /* One that closed its end and hangs all the same has a moment. */
    if (fd < 0 || poll(&wait, 1, ENDING_MS) <= 0)
        kill(pid, SIGKILL);
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static enum child_end end_of(int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 0)
        return CHILD_READ;
    return code == STATUS_NOT_SHUT_IN || code == STATUS_NO_PROGRAM ? CHILD_FAILED
                                                                   : CHILD_UNREADABLE;
}

static enum child_end read_from(pid_t pid, int output, const struct child_run *run, GString *out)
{
    bool ending = gather(output, clock_in_ms(run->patience_ms), run->cancel, run->max, out);
    int status = reap(pid, ending);
    if (cancel_is_triggered(run->cancel))
        return CHILD_CANCELLED;
    return ending ? end_of(status) : CHILD_UNREADABLE;
}

enum child_end child_run(const struct child_run *run, const struct child_input *input, GString *out)
{
    const char *const words[] = {run->program, input->kind, input->charset, NULL};
    g_auto(GStrv) arguments = g_strdupv((char **)(uintptr_t)words);
    int file = sealed_file(input->bytes), pipe_ends[2] = {-1, -1};
    pid_t pid = -1;
    if (file >= 0 && pipe2(pipe_ends, O_CLOEXEC) == 0)
        pid = spawn(run->program, arguments, file, pipe_ends[1]);
    if (pipe_ends[1] >= 0)
        close(pipe_ends[1]);
    enum child_end end = pid > 0 ? read_from(pid, pipe_ends[0], run, out) : CHILD_FAILED;
    if (pipe_ends[0] >= 0)
        close(pipe_ends[0]);
    if (file >= 0)
        close(file);
    return end;
}

enum child_end child_read(const char *program, const struct child_input *input, int64_t patience_ms,
                          struct cancel *cancel, char **text)
{
    const struct child_run run = {program, patience_ms, CHILD_TEXT_MAX, cancel};
    g_autoptr(GString) gathered = g_string_new(NULL);
    enum child_end end = child_run(&run, input, gathered);
    *text = NULL;
    if (end == CHILD_READ && !g_utf8_validate_len(gathered->str, gathered->len, NULL))
        end = CHILD_UNREADABLE;
    if (end == CHILD_READ)
        *text = g_strndup(gathered->str, gathered->len);
    return end;
}

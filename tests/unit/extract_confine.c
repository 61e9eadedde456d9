/* SECURITY.md 18: what a process that was shut in can do, and what it cannot. */
#include "extract/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DENIED 42
#define NOT_CONFINED 43

/* Runs fn in a process that was shut in; its wait status. data: as for confine. */
static int confined(const char *data, int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(confine((const char *const[]){data, NULL}) ? fn() : NOT_CONFINED);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void assert_exits(const char *data, int (*fn)(void), int code)
{
    int status = confined(data, fn);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, code);
}

static void assert_killed(int (*fn)(void))
{
    int status = confined(NULL, fn);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
}

static int try_open(void)
{
    return open("/etc/passwd", O_RDONLY) < 0 ? DENIED : 0;
}

static int try_create(void)
{
    return open("/tmp/postroom-confine-test", O_WRONLY | O_CREAT, 0600) < 0 ? DENIED : 0;
}

static int try_unlink(void)
{
    return syscall(SYS_unlink, "/tmp/postroom-confine-test") < 0 && errno == EPERM ? DENIED : 0;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? DENIED : 0;
}

static int try_connect(void)
{
    const struct sockaddr address = {.sa_family = AF_UNIX};
    return connect(0, &address, sizeof address) < 0 ? DENIED : 0;
}

static int try_fork(void)
{
    return fork() < 0 ? DENIED : 0;
}

static int try_exec(void)
{
    char *const none[] = {NULL};
    execve("/bin/true", none, none);
    return DENIED;
}

static int try_code(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? DENIED : 0;
}

static int try_kill(void)
{
    return kill(getppid(), SIGTERM) < 0 ? DENIED : 0;
}

static int try_limit(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_CPU, &more) < 0 ? DENIED : 0;
}

/* Descriptors beyond the first three were closed, and cannot be written to. */
static int try_descriptor(void)
{
    return write(9, "x", 1) < 0 ? DENIED : 0;
}

static int count_limits(void)
{
    struct rlimit cpu, core, files;
    getrlimit(RLIMIT_CPU, &cpu);
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_FSIZE, &files);
    return cpu.rlim_max == CONFINE_SECONDS && core.rlim_max == 0 && files.rlim_max == 0 ? 0 : 1;
}

#ifndef __SANITIZE_ADDRESS__
static int try_memory(void)
{
    return mmap(NULL, CONFINE_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? DENIED
               : 0;
}
#endif

static void test_files(void)
{
    assert_exits(NULL, try_open, DENIED);
    assert_exits("/usr/share", try_open, DENIED);
    assert_exits("/tmp", try_create, DENIED);
    assert_exits("/tmp", try_unlink, DENIED);
}

static void test_network(void)
{
    assert_killed(try_socket);
    assert_killed(try_connect);
}

static void test_processes(void)
{
    assert_killed(try_fork);
    assert_killed(try_exec);
    assert_exits(NULL, try_kill, DENIED);
}

static void test_rest(void)
{
    int fd = dup2(1, 9);
    assert_exits(NULL, try_descriptor, DENIED);
    close(fd);
    assert_exits(NULL, try_code, DENIED);
    assert_exits(NULL, try_limit, DENIED);
    assert_exits(NULL, count_limits, 0);
#ifndef __SANITIZE_ADDRESS__
    assert_exits(NULL, try_memory, DENIED);
#endif
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/confine/files", test_files);
    g_test_add_func("/confine/network", test_network);
    g_test_add_func("/confine/processes", test_processes);
    g_test_add_func("/confine/memory-code-limits", test_rest);
    return g_test_run();
}

#include "extract/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITISED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITISED 1
#endif
#endif
#ifndef SANITISED
#define SANITISED 0
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void limit(int what, rlim_t most)
{
    struct rlimit value = {most, most};
    setrlimit((__rlimit_resource_t)what, &value);
}

static void limit_all(void)
{
    /* The sanitisers reserve terabytes of addresses. */
    if (!SANITISED)
        limit(RLIMIT_AS, CONFINE_MEMORY);
    limit(RLIMIT_CPU, CONFINE_SECONDS);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 16);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
}

static bool let_read(int rules, const char *folder)
{
    struct landlock_path_beneath_attr below = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
                                                                 LANDLOCK_ACCESS_FS_READ_DIR,
                                               .parent_fd = open(folder, O_PATH | O_CLOEXEC)};
    bool good = below.parent_fd >= 0 &&
                syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0;
    if (below.parent_fd >= 0)
        close(below.parent_fd);
    return good;
}

/* Every kind of access to files is ruled out; reading below the folders is let in again. False: the
 * kernel does not do that, or there is no such folder. */
static bool fence_files(const char *const *folders)
{
    struct landlock_ruleset_attr rules = {.handled_access_fs =
                                              (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    bool open_there = false;
    if (fd < 0)
        return false;
    for (; *folders != NULL; folders++)
        open_there = let_read(fd, *folders) || open_there;
    bool fenced = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return fenced && open_there;
}

static bool allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

/* Nothing that is harmless asks for these: the process ends, and is seen to have tried. */
static bool forbid(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(socket),  SCMP_SYS(socketpair),
                                SCMP_SYS(connect), SCMP_SYS(bind),
                                SCMP_SYS(fork),    SCMP_SYS(vfork),
                                SCMP_SYS(clone),   SCMP_SYS(clone3),
                                SCMP_SYS(execve),  SCMP_SYS(execveat),
                                SCMP_SYS(ptrace),  SCMP_SYS(bpf),
                                SCMP_SYS(mount),   SCMP_SYS(unshare),
                                SCMP_SYS(setns),   SCMP_SYS(io_uring_setup),
                                SCMP_SYS(keyctl),  SCMP_SYS(process_vm_readv)};
    for (size_t i = 0; i < COUNT(calls); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, calls[i], 0) != 0)
            return false;
    return true;
}

/* What is let through by its arguments only. */
static bool allow_some(scmp_filter_ctx filter, bool files)
{
    const uint32_t yes = SCMP_ACT_ALLOW;
    const scmp_datum_t changes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_TMPFILE;
    bool ok =
        seccomp_rule_add(filter, yes, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_LE, 2, 0)) == 0 &&
        seccomp_rule_add(filter, yes, SCMP_SYS(writev), 1, SCMP_A0(SCMP_CMP_LE, 2, 0)) == 0 &&
        seccomp_rule_add(filter, yes, SCMP_SYS(mmap), 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
        seccomp_rule_add(filter, yes, SCMP_SYS(mprotect), 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
        /* fstat of the C library: of a descriptor, not of a name. */
        seccomp_rule_add(filter, yes, SCMP_SYS(newfstatat), 1,
                         SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)) == 0 &&
        seccomp_rule_add(filter, yes, SCMP_SYS(tgkill), 1,
                         SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0 &&
        /* To ask for limits, not to set them. */
        seccomp_rule_add(filter, yes, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0, 0)) == 0;
    return ok && (!files || seccomp_rule_add(filter, yes, SCMP_SYS(openat), 1,
                                             SCMP_A2(SCMP_CMP_MASKED_EQ, changes & ~O_DIRECTORY,
                                                     O_RDONLY)) == 0);
}

static bool filter_calls(bool files)
{
    static const int harmless[] =
        {SCMP_SYS(read),           SCMP_SYS(readv),        SCMP_SYS(pread64),
         SCMP_SYS(lseek),          SCMP_SYS(close),        SCMP_SYS(fstat),
         SCMP_SYS(munmap),         SCMP_SYS(mremap),       SCMP_SYS(brk),
         SCMP_SYS(madvise),        SCMP_SYS(futex),        SCMP_SYS(rt_sigaction),
         SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
         SCMP_SYS(exit),           SCMP_SYS(exit_group),   SCMP_SYS(clock_gettime),
         SCMP_SYS(clock_getres),   SCMP_SYS(gettimeofday), SCMP_SYS(getpid),
         SCMP_SYS(gettid),         SCMP_SYS(getrandom),    SCMP_SYS(sched_yield),
         SCMP_SYS(getrusage),      SCMP_SYS(getdents64),   SCMP_SYS(sched_getaffinity)};
    /* Anything else fails as if it were not permitted: libraries ask for much and do without. */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool ok = filter != NULL && allow(filter, harmless, COUNT(harmless)) && forbid(filter) &&
              allow_some(filter, files) && seccomp_load(filter) == 0;
    if (filter != NULL)
        seccomp_release(filter);
    return ok;
}

bool confine(const char *const *folders)
{
    close_range(3, ~0U, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* None of this is needed where the filter holds: it is a second wall. */
    unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    bool files = fence_files(folders);
    limit_all();
    return filter_calls(files);
}

/* In place of postroom-extract: does what its input says, for attach_child and attach_queue. */
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hang(void)
{
    for (;;)
        pause();
}

static void flood(void)
{
    static char block[65536];
    memset(block, 'a', sizeof block);
    while (fwrite(block, 1, sizeof block, stdout) > 0)
        ;
}

static void look(void)
{
    extern char **environ;
    int open_files = 0;
    for (int fd = 0; fd < 1000; fd++)
        open_files += fcntl(fd, F_GETFD) >= 0;
    printf("%d open, %u variables", open_files, g_strv_length(environ));
}

int main(void)
{
    char wish[64] = "";
    signal(SIGPIPE, SIG_DFL);
    if (read(0, wish, sizeof wish - 1) <= 0)
        return 3;
    if (strncmp(wish, "hang", 4) == 0)
        hang();
    if (strncmp(wish, "die", 3) == 0)
        abort();
    if (strncmp(wish, "flood", 5) == 0)
        flood();
    if (strncmp(wish, "refuse", 6) == 0)
        return 1;
    if (strncmp(wish, "loose", 5) == 0)
        return 2;
    if (strncmp(wish, "look", 4) == 0)
        look();
    else
        printf(strncmp(wish, "garbage", 7) == 0 ? "\xff\xfe" : "words of %s", wish);
    fflush(stdout);
    if (strncmp(wish, "close", 5) == 0) {
        close(1);
        hang();
    }
    return 0;
}

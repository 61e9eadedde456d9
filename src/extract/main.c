/* postroom-extract KIND [CHARSET]: the document on standard input, its text on standard output.
 * The server starts it for each attachment (src/attach/child.c); it is of no use to people. Exit
 * status: 0 text was written, 1 not readable, 2 not started as it should be. */
#include "extract/confine.h"
#include "extract/extract.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What poppler needs to read PDFs in Chinese, Japanese and Korean whose fonts are not in them. */
#define POPPLER_DATA "/usr/share/poppler"

static bool write_all(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        left -= (size_t)written;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct stat input;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (argc < 2 || argc > 3 || fstat(STDIN_FILENO, &input) != 0) {
        fputs("postroom-extract: the server starts this, for each attachment\n", stderr);
        return 2;
    }
    setpriority(PRIO_PROCESS, 0, 19);
    if (!confine(POPPLER_DATA))
        _exit(2);
    if (input.st_size <= 0)
        _exit(1);
    size_t length = (size_t)input.st_size;
    const char *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (bytes == MAP_FAILED)
        _exit(1);
    char *text = extract_text(argv[1], argc > 2 ? argv[2] : NULL, bytes, length, EXTRACT_TEXT_MAX);
    /* Nothing is tidied up: what a hostile document left behind is not walked through again. */
    _exit(text != NULL && write_all(text) ? 0 : 1);
}

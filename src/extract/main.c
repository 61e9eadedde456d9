/* postroom-extract KIND [CHARSET]: the document on standard input, its text on standard output.
 * postroom-extract page NUMBERxWIDTH: the number of a PDF's pages and one of them (extract/page.h).
 * The server starts it for each attachment (src/attach/child.c); it is of no use to people. Exit
 * status: 0 text was written, 1 not readable, 2 not started as it should be. */
#include "extract/confine.h"
#include "extract/extract.h"
#include "extract/page.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What poppler needs to read PDFs in Chinese, Japanese and Korean whose fonts are not in them. */
#define POPPLER_DATA "/usr/share/poppler"

static bool write_all(const char *text, size_t left)
{
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

static bool put_text(const char *kind, const char *charset, const char *bytes, size_t length)
{
    char *text = extract_text(kind, charset, bytes, length, EXTRACT_TEXT_MAX);
    return text != NULL && write_all(text, strlen(text));
}

static bool put_page(const char *which, const char *bytes, size_t length)
{
    GByteArray *out = g_byte_array_new();
    char *end = NULL;
    unsigned long page = which != NULL ? strtoul(which, &end, 10) : 0;
    unsigned long width = end != NULL && *end == 'x' ? strtoul(end + 1, NULL, 10) : 0;
    return page <= UINT_MAX && width <= UINT_MAX &&
           extract_page(bytes, length, (unsigned)page, (unsigned)width, out) &&
           write_all((const char *)out->data, out->len);
}

int main(int argc, char **argv)
{
    static const char *const folders[] = {POPPLER_DATA, "/usr/share/fonts",
                                          "/usr/local/share/fonts", NULL};
    static const char *const data_only[] = {POPPLER_DATA, NULL};
    struct stat input;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (argc < 2 || argc > 3 || fstat(STDIN_FILENO, &input) != 0) {
        fputs("postroom-extract: the server starts this, for each attachment\n", stderr);
        return 2;
    }
    bool page = strcmp(argv[1], "page") == 0;
    setpriority(PRIO_PROCESS, 0, 19);
    if (page)
        page_prepare();
    if (!confine(page ? folders : data_only))
        _exit(2);
    if (input.st_size <= 0)
        _exit(1);
    size_t length = (size_t)input.st_size;
    const char *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (bytes == MAP_FAILED)
        _exit(1);
    const char *word = argc > 2 ? argv[2] : NULL;
    bool good = page ? put_page(word, bytes, length) : put_text(argv[1], word, bytes, length);
    /* Nothing is tidied up: what a hostile document left behind is not walked through again. */
    _exit(good ? 0 : 1);
}

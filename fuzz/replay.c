#include "fuzz.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* Gives each file, and each file of each directory, to the fuzzer once. */
static unsigned replayed;

static bool replay_file(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, NULL))
        return false;
    /* An exact copy: g_file_get_contents adds a byte that hides a read past the end. */
    g_autofree uint8_t *copy = g_memdup2(bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    replayed++;
    return true;
}

static bool replay(const char *path)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return replay_file(path);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    bool good = dir != NULL;
    for (const char *name; good && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        good = replay_file(file);
    }
    return good;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!replay(argv[i])) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 1;
        }
    }
    printf("%u inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}

/* What benchmarks in C have in common. */
#ifndef POSTROOM_BENCH_BENCH_H
#define POSTROOM_BENCH_BENCH_H

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program unless ok. */
static inline void must(bool ok, const GError *error)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", program_invocation_short_name,
            error != NULL ? error->message : "failed");
    exit(1);
}

/* A directory and the files in it. */
static inline void remove_directory(const char *path)
{
    GDir *directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_clear_pointer(&directory, g_dir_close);
    g_rmdir(path);
}

#endif

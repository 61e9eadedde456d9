#include "matrix.h"

#include <string.h>

static unsigned bits_of(const char *text, const char *letters)
{
    unsigned bits = 0;
    for (gsize i = 0; letters[i] != '\0'; i++)
        if (strchr(text, letters[i]) != NULL)
            bits |= 1U << i;
    return bits;
}

const struct scenario *scenarios_of_file(const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    GArray *list = g_array_new(TRUE, TRUE, sizeof(struct scenario));
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char **field = g_strsplit(*line, "~", -1);
        if (**line == '#' || g_strv_length(field) < 7) {
            g_strfreev(field);
            continue;
        }
        struct scenario scenario = {.name = field[0],
                                    .profiles = bits_of(field[1], "eqop"),
                                    .start = field[2],
                                    .there = field[3],
                                    .here = field[4],
                                    .end = field[5],
                                    .flags = bits_of(field[6], "NRPILSF")};
        g_array_append_val(list, scenario);
    }
    return (const struct scenario *)(const void *)g_array_free(list, FALSE);
}

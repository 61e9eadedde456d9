/* One attachment, read by a process of its own. */
#ifndef POSTROOM_ATTACH_CHILD_H
#define POSTROOM_ATTACH_CHILD_H

#include "base/cancel.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* More text than this is not taken from a child, whatever it writes. */
#define CHILD_TEXT_MAX ((size_t)1024 * 1024)

enum child_end {
    CHILD_READ,       /* *text is its text, perhaps empty */
    CHILD_UNREADABLE, /* refused, too slow, too large, or it died of it: it would again */
    CHILD_FAILED,     /* no process could be made, or it could not be shut in */
    CHILD_CANCELLED,
};

struct child_input {
    const char *kind, *charset; /* mime/readable.h */
    GBytes *bytes;
};
struct child_run {
    const char *program; /* postroom-extract; its path */
    int64_t patience_ms;
    size_t max; /* bytes that are taken from it */
    struct cancel *cancel;
};
/* Runs the program on the bytes; what it wrote goes to out, and means nothing but with CHILD_READ.
 * As child_read. */
enum child_end child_run(const struct child_run *run, const struct child_input *input,
                         GString *out);
/* Runs program on the bytes until its text is there, or patience_ms have gone. No process is left
 * behind. Blocks; any thread, but the child dies with the thread that calls. text: valid UTF-8,
 * (transfer full). */
enum child_end child_read(const char *program, const struct child_input *input, int64_t patience_ms,
                          struct cancel *cancel, char **text);

#endif

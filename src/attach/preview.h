/* An attached file as a person may look at it without opening it: pages of a PDF as pictures, the
 * text of whatever has some. Read by a confined process each time; the caller keeps what it wants.
 */
#ifndef POSTROOM_ATTACH_PREVIEW_H
#define POSTROOM_ATTACH_PREVIEW_H

#include "base/cancel.h"
#include "base/error.h"

#include <glib.h>

struct preview_file {
    GBytes *bytes;
    const char *type, *name, *charset; /* as declared; may be NULL */
};

/* The page (from 1) as PNG, width pixels wide, and how many pages there are. (transfer full); NULL
 * with ERROR_NOT_FOUND: it cannot be shown. Blocks for half a minute at most; any thread. */
GBytes *preview_page(const char *program, const struct preview_file *file, unsigned page,
                     unsigned width, struct cancel *cancel, unsigned *pages, GError **error);
/* Its text, UTF-8. As preview_page. */
GBytes *preview_text(const char *program, const struct preview_file *file, struct cancel *cancel,
                     GError **error);

#endif

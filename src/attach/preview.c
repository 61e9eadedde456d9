#include "attach/preview.h"

#include "attach/child.h"
#include "mime/readable.h"

#include <string.h>

#define PATIENCE_MS 30000
#define PAGE_MAX ((size_t)25 * 1024 * 1024)
#define PAGES_MOST 100000

static const char *kind_of(const struct preview_file *file)
{
    gsize length = 0;
    const void *data = g_bytes_get_data(file->bytes, &length);
    if (length == 0 || length > MIME_READABLE_BYTES)
        return NULL;
    return mime_readable_kind(file->type != NULL ? file->type : "application/octet-stream",
                              file->name, data, length);
}

static bool refuse(enum child_end end, GError **error)
{
    if (end == CHILD_CANCELLED)
        error_set(error, ERROR_CANCELLED, "the server is stopping");
    else
        error_set(error, ERROR_NOT_FOUND, "no preview of this file");
    return false;
}

static bool run(const char *program, const struct child_input *input, size_t max,
                struct cancel *cancel, GString *out, GError **error)
{
    const struct child_run how = {program, PATIENCE_MS, max, cancel};
    enum child_end end = child_run(&how, input, out);
    return end == CHILD_READ || refuse(end, error);
}

GBytes *preview_page(const char *program, const struct preview_file *file, unsigned page,
                     unsigned width, struct cancel *cancel, unsigned *pages, GError **error)
{
    g_autofree char *which = g_strdup_printf("%ux%u", page, width);
    const struct child_input input = {"page", which, file->bytes};
    g_autoptr(GString) out = g_string_new(NULL);
    if (g_strcmp0(kind_of(file), "pdf") != 0) {
        refuse(CHILD_UNREADABLE, error);
        return NULL;
    }
    if (!run(program, &input, PAGE_MAX, cancel, out, error))
        return NULL;
    const char *line = memchr(out->str, '\n', MIN(out->len, (gsize)12));
    guint64 count = line != NULL ? g_ascii_strtoull(out->str, NULL, 10) : 0;
    if (count == 0 || count > PAGES_MOST) {
        refuse(CHILD_UNREADABLE, error);
        return NULL;
    }
    *pages = (unsigned)count;
    return g_bytes_new(line + 1, out->len - (gsize)(line + 1 - out->str));
}

GBytes *preview_text(const char *program, const struct preview_file *file, struct cancel *cancel,
                     GError **error)
{
    const char *kind = kind_of(file);
    const char *charset = mime_readable_charset(file->charset) ? file->charset : NULL;
    const struct child_input input = {kind, charset, file->bytes};
    g_autoptr(GString) out = g_string_new(NULL);
    if (kind == NULL) {
        refuse(CHILD_UNREADABLE, error);
        return NULL;
    }
    if (!run(program, &input, CHILD_TEXT_MAX, cancel, out, error))
        return NULL;
    g_autofree char *text = g_utf8_make_valid(out->str, (gssize)out->len);
    return g_bytes_new(text, strlen(text));
}

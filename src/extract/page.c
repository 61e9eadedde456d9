#include "extract/page.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <poppler.h>

/* Pages of any size get so many pixels at most. */
#define PIXELS_MAX 8.0e6
#define SIDE_LEAST 16
#define POINTS_MOST 20000.0

void page_prepare(void)
{
    FcInit();
}

static cairo_status_t append(void *arg, const unsigned char *data, unsigned length)
{
    GByteArray *out = arg;
    if (out->len + (size_t)length > PAGE_BYTES_MAX)
        return CAIRO_STATUS_WRITE_ERROR;
    g_byte_array_append(out, data, length);
    return CAIRO_STATUS_SUCCESS;
}

/* White paper with the page on it. NULL: too little memory. */
static cairo_surface_t *paint(PopplerPage *page, double scale, int width, int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *context = cairo_create(surface);
    cairo_set_source_rgb(context, 1, 1, 1);
    cairo_paint(context);
    cairo_scale(context, scale, scale);
    poppler_page_render(page, context);
    bool good = cairo_status(context) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(context);
    if (!good)
        g_clear_pointer(&surface, cairo_surface_destroy);
    return surface;
}

static bool write_page(PopplerPage *page, unsigned wanted, GByteArray *out)
{
    double width = 0, height = 0;
    poppler_page_get_size(page, &width, &height);
    if (!(width > 0) || !(height > 0) || width > POINTS_MOST || height > POINTS_MOST)
        return false;
    double scale = CLAMP(wanted, PAGE_WIDTH_LEAST, PAGE_WIDTH_MOST) / width;
    if (width * scale * height * scale > PIXELS_MAX)
        scale *= sqrt(PIXELS_MAX / (width * scale * height * scale));
    cairo_surface_t *surface = paint(page, scale, MAX((int)(width * scale), SIDE_LEAST),
                                     MAX((int)(height * scale), SIDE_LEAST));
    bool good = surface != NULL &&
                cairo_surface_write_to_png_stream(surface, append, out) == CAIRO_STATUS_SUCCESS;
    g_clear_pointer(&surface, cairo_surface_destroy);
    return good;
}

bool extract_page(const char *bytes, size_t length, unsigned page, unsigned width, GByteArray *out)
{
    g_autoptr(GBytes) data = g_bytes_new_static(bytes, length);
    PopplerDocument *document = poppler_document_new_from_bytes(data, NULL, NULL);
    if (document == NULL)
        return false;
    int pages = poppler_document_get_n_pages(document);
    PopplerPage *found = page >= 1 && pages > 0 && page <= (unsigned)pages
                             ? poppler_document_get_page(document, (int)page - 1)
                             : NULL;
    g_autofree char *count = g_strdup_printf("%d\n", pages);
    g_byte_array_append(out, (const guint8 *)count, (guint)strlen(count));
    bool good = found != NULL && write_page(found, width, out);
    g_clear_object(&found);
    g_object_unref(document);
    return good;
}

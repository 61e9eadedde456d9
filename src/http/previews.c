#include "http/previews.h"

#include "http/bytes_cache.h"

#include <string.h>

#define WIDTHS_STEP 200 /* so that few sizes are made of one page */
#define WIDTH_MOST 2400

static void respond(struct http_request *request, const char *type, GBytes *bytes)
{
    http_set_header(request, "Cache-Control", "private, max-age=86400");
    http_set_header(request, "Vary", "Cookie, Authorization");
    http_set_header(request, "Content-Disposition", "inline");
    http_respond_bytes(request, 200, type, bytes);
}

static void respond_page(struct http_request *request, GBytes *png, unsigned pages)
{
    g_autofree char *count = g_strdup_printf("%u", pages);
    http_set_header(request, "X-Postroom-Pages", count);
    respond(request, "image/png", png);
}

static unsigned number_of(const char *text, unsigned most)
{
    guint64 number = 0;
    return text != NULL && g_ascii_string_to_unsigned(text, 10, 1, most, &number, NULL)
               ? (unsigned)number
               : 0;
}

static void serve_page(struct http_request *request, GBytes *bytes,
                       const struct preview_maker *maker, struct bytes_cache *cache,
                       struct cancel *cancel)
{
    unsigned page = number_of(http_request_segment(request, 2), 100000), pages = 0;
    unsigned width = number_of(http_request_query(request, "width"), WIDTH_MOST);
    width = (MAX(width, 1) + WIDTHS_STEP - 1) / WIDTHS_STEP * WIDTHS_STEP;
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_autofree char *key = g_strdup_printf("%s %u %u", sum, page, width);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) png = bytes_cache_find(cache, key, &pages);
    if (png == NULL) {
        png = maker->page(bytes, http_request_query(request, "type"),
                          http_request_query(request, "name"), page, width, &pages, cancel,
                          maker->arg, &error);
        if (png != NULL)
            bytes_cache_put(cache, key, png, pages);
        bytes_cache_done(cache, key);
    }
    if (png != NULL)
        respond_page(request, png, pages);
    else
        http_respond_error(request, error);
}

static void serve_text(struct http_request *request, GBytes *bytes,
                       const struct preview_maker *maker, struct cancel *cancel)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text =
        maker->text(bytes, http_request_query(request, "type"), http_request_query(request, "name"),
                    http_request_query(request, "charset"), cancel, maker->arg, &error);
    if (text != NULL)
        respond(request, "text/plain; charset=utf-8", text);
    else
        http_respond_error(request, error);
}

/* Only the page's own requests for data, and pictures: never a document or code. */
static bool is_asked_as_data(const struct http_request *request)
{
    const char *dest = http_request_header(request, "sec-fetch-dest");
    return dest == NULL || strcmp(dest, "empty") == 0 || strcmp(dest, "image") == 0;
}

void previews_serve(struct http_request *request, struct jmap *jmap,
                    const struct preview_maker *maker, struct bytes_cache *cache,
                    struct cancel *cancel)
{
    const char *what = http_request_segment(request, 2);
    g_autoptr(GError) error = NULL;
    if (!is_asked_as_data(request)) {
        http_respond_problem(request, 403, "This address gives previews only.", "Go back.");
        return;
    }
    if (maker == NULL || what == NULL || http_request_segments(request) != 3 ||
        (strcmp(what, "text") != 0 && number_of(what, 100000) == 0)) {
        http_respond_problem(request, 404, "There is no preview at this address.", "Go back.");
        return;
    }
    g_autoptr(GBytes) bytes =
        jmap_download(jmap, http_request_principal(request), http_request_segment(request, 0),
                      http_request_segment(request, 1), &error);
    if (bytes == NULL)
        http_respond_error(request, error);
    else if (strcmp(what, "text") == 0)
        serve_text(request, bytes, maker, cancel);
    else
        serve_page(request, bytes, maker, cache, cancel);
}

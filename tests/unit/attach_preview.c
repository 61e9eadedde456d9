/* Files to look at: pages as pictures and texts, made by the real program. */
#include "attach/preview.h"
#include "documents.h"

#include <string.h>

static const char *program(void)
{
    return g_getenv("POSTROOM_EXTRACT");
}

static unsigned big_endian(const guint8 *at)
{
    return (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
}

static GBytes *page_of(GBytes *pdf, unsigned page, unsigned width, unsigned *pages, GError **error)
{
    const struct preview_file file = {.bytes = pdf, .type = "application/pdf", .name = "a.pdf"};
    return preview_page(program(), &file, page, width, NULL, pages, error);
}

static void a_page_is_a_picture(void)
{
    static const char *const lines[] = {"Hello", NULL};
    g_autoptr(GBytes) pdf = document_pdf(lines);
    g_autoptr(GError) error = NULL;
    unsigned pages = 0;
    g_autoptr(GBytes) png = page_of(pdf, 1, 600, &pages, &error);
    g_assert_no_error(error);
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(png, &length);
    g_assert_cmpuint(pages, ==, 1);
    g_assert_cmpuint(length, >, 100);
    g_assert_cmpint(memcmp(data, "\x89PNG", 4), ==, 0);
    g_assert_cmpuint(big_endian(data + 16), ==, 600);
}

static void what_is_no_page_is_refused(void)
{
    static const char *const lines[] = {"Hello", NULL};
    g_autoptr(GBytes) pdf = document_pdf(lines), text = g_bytes_new_static("%PDF-1.4 nothing", 16);
    g_autoptr(GError) error = NULL;
    unsigned pages = 0;
    g_assert_null(page_of(pdf, 2, 600, &pages, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    g_assert_null(page_of(text, 1, 600, &pages, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
}

/* A page as large as a field is no larger a picture than others. */
static void pixels_are_bounded(void)
{
    g_autoptr(GBytes) pdf = document_pdf_page("0 0 m 10 10 l S", "");
    g_autoptr(GError) error = NULL;
    unsigned pages = 0;
    g_autoptr(GBytes) png = page_of(pdf, 1, 100000, &pages, &error);
    g_assert_no_error(error);
    const guint8 *data = g_bytes_get_data(png, NULL);
    g_assert_cmpuint(big_endian(data + 16) * (guint64)big_endian(data + 20), <=, 8100000);
}

static void texts_come_as_utf8(void)
{
    g_autoptr(GBytes) latin = g_bytes_new_static("Gr\xf6\xdf"
                                                 "e",
                                                 5);
    const struct preview_file file = {latin, "text/plain", "a.txt", "iso-8859-1"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = preview_text(program(), &file, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) want = g_bytes_new_static("Größe", strlen("Größe"));
    g_assert_true(g_bytes_equal(text, want));
    g_autoptr(GBytes) noise = g_bytes_new_static("\0\1\2", 3);
    const struct preview_file other = {noise, "application/octet-stream", "a.bin", NULL};
    g_assert_null(preview_text(program(), &other, NULL, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attach/preview/page", a_page_is_a_picture);
    g_test_add_func("/attach/preview/no-page", what_is_no_page_is_refused);
    g_test_add_func("/attach/preview/pixels", pixels_are_bounded);
    g_test_add_func("/attach/preview/text", texts_come_as_utf8);
    return g_test_run();
}

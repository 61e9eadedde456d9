#include "documents.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdarg.h>
#include <string.h>

GBytes *document_zip(const char *name, ...)
{
    size_t room = (size_t)64 * 1024 * 1024, used = 0;
    char *bytes = g_malloc(room);
    struct archive *archive = archive_write_new();
    va_list rest;
    va_start(rest, name);
    archive_write_set_format_zip(archive);
    g_assert_cmpint(archive_write_open_memory(archive, bytes, room, &used), ==, ARCHIVE_OK);
    for (; name != NULL; name = va_arg(rest, const char *)) {
        const char *text = va_arg(rest, const char *);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, name);
        archive_entry_set_size(entry, (la_int64_t)strlen(text));
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
        g_assert_cmpint(archive_write_data(archive, text, strlen(text)), ==,
                        (la_ssize_t)strlen(text));
        archive_entry_free(entry);
    }
    va_end(rest);
    archive_write_close(archive);
    archive_write_free(archive);
    return g_bytes_new_take(g_realloc(bytes, used + 1), used);
}

/* Objects 1 to count, then table and trailer. */
static GBytes *finish(const GPtrArray *objects, const char *trailer)
{
    GString *out = g_string_new("%PDF-1.4\n"), *table = g_string_new(NULL);
    for (guint i = 0; i < objects->len; i++) {
        g_string_append_printf(table, "%010zu 00000 n \n", out->len);
        g_string_append_printf(out, "%u 0 obj\n%s\nendobj\n", i + 1,
                               (const char *)objects->pdata[i]);
    }
    size_t at = out->len;
    g_string_append_printf(out,
                           "xref\n0 %u\n0000000000 65535 f \n%strailer << /Size %u /Root 1 0 R %s "
                           ">>\nstartxref\n%zu\n%%%%EOF\n",
                           objects->len + 1, table->str, objects->len + 1, trailer, at);
    g_string_free(table, TRUE);
    return g_string_free_to_bytes(out);
}

static char *stream_of(const char *text)
{
    return g_strdup_printf("<< /Length %zu >>\nstream\n%s\nendstream", strlen(text), text);
}

static GPtrArray *start(const char *fonts)
{
    GPtrArray *objects = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(objects, g_strdup("<< /Type /Catalog /Pages 2 0 R >>"));
    g_ptr_array_add(objects, g_strdup("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"));
    g_ptr_array_add(objects,
                    g_strdup_printf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents"
                                    " 4 0 R /Resources << /Font << %s >> >> >>",
                                    fonts));
    return objects;
}

#define DESCRIPTOR                                                                                 \
    "<< /Type /FontDescriptor /FontName /Made /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0"   \
    " /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"

GBytes *document_pdf(const char *const *lines)
{
    g_autoptr(GString) page = g_string_new("BT /F1 12 Tf"), map = g_string_new(NULL);
    unsigned code = 0;
    for (int i = 0; lines[i] != NULL; i++) {
        g_string_append_printf(page, " 1 0 0 1 50 %d Tm <", 700 - 20 * i);
        for (const char *p = lines[i]; *p != '\0'; p = g_utf8_find_next_char(p, NULL)) {
            g_string_append_printf(page, "%04x", ++code);
            g_string_append_printf(map, "1 beginbfchar <%04x> <%04x> endbfchar\n", code,
                                   g_utf8_get_char(p));
        }
        g_string_append(page, "> Tj");
    }
    g_string_append(page, " ET");
    g_autofree char *means =
        g_strdup_printf("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /M"
                        " def /CMapType 2 def 1 begincodespacerange <0000> <ffff>"
                        " endcodespacerange %s endcmap end end",
                        map->str);
    g_autoptr(GPtrArray) objects = start("/F1 5 0 R");
    g_ptr_array_add(objects, stream_of(page->str));
    g_ptr_array_add(objects,
                    g_strdup("<< /Type /Font /Subtype /Type0 /BaseFont /Made /Encoding /Identity-H"
                             " /DescendantFonts [6 0 R] /ToUnicode 8 0 R >>"));
    g_ptr_array_add(objects,
                    g_strdup("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made /CIDSystemInfo"
                             " << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
                             " /FontDescriptor 7 0 R /DW 600 >>"));
    g_ptr_array_add(objects, g_strdup(DESCRIPTOR));
    g_ptr_array_add(objects, stream_of(means));
    return finish(objects, "");
}

GBytes *document_pdf_page(const char *stream, const char *trailer)
{
    g_autoptr(GPtrArray) objects = start("/F1 5 0 R /F2 6 0 R");
    g_ptr_array_add(objects, stream_of(stream));
    g_ptr_array_add(objects, g_strdup("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"));
    g_ptr_array_add(objects, g_strdup("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light"
                                      " /Encoding /UniGB-UCS2-H /DescendantFonts [7 0 R] >>"));
    g_ptr_array_add(objects,
                    g_strdup("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
                             " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>"
                             " /FontDescriptor 8 0 R >>"));
    g_ptr_array_add(objects, g_strdup(DESCRIPTOR));
    return finish(objects, trailer);
}

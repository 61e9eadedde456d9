#include "extract/extract.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* Which files of a document hold what people read in it. */
static const struct {
    const char *start, *end;
    enum office_format format;
} files[] = {
    {"word/document", ".xml", OFFICE_WORDS},
    {"word/footnotes", ".xml", OFFICE_WORDS},
    {"word/endnotes", ".xml", OFFICE_WORDS},
    {"word/comments", ".xml", OFFICE_WORDS},
    {"word/header", ".xml", OFFICE_WORDS},
    {"word/footer", ".xml", OFFICE_WORDS},
    {"word/diagrams/data", ".xml", OFFICE_WORDS},
    {"ppt/slides/slide", ".xml", OFFICE_WORDS},
    {"ppt/notesSlides/", ".xml", OFFICE_WORDS},
    {"ppt/comments/", ".xml", OFFICE_WORDS},
    {"ppt/diagrams/data", ".xml", OFFICE_WORDS},
    {"xl/sharedStrings", ".xml", OFFICE_WORDS},
    {"xl/comments", ".xml", OFFICE_WORDS},
    {"xl/drawings/drawing", ".xml", OFFICE_WORDS},
    {"xl/worksheets/sheet", ".xml", OFFICE_SHEET},
    {"xl/workbook", ".xml", OFFICE_BOOK},
    {"content", ".xml", OFFICE_ODF},
    {"styles", ".xml", OFFICE_ODF},
};

static bool format_of(const char *name, enum office_format *format)
{
    while (name != NULL && name[0] == '/')
        name++;
    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(files); i++)
        if (g_str_has_prefix(name, files[i].start) && g_str_has_suffix(name, files[i].end)) {
            *format = files[i].format;
            return true;
        }
    return false;
}

/* Reads the entry that the archive stands at. */
static bool read_entry(struct archive *archive, enum office_format format, size_t *left,
                       struct extract_out *out)
{
    struct office_xml *xml = office_xml_new(format, out);
    bool ok = true, end = false;
    while (ok && !end && *left > 0 && extract_goes_on(out)) {
        char buffer[32768];
        la_ssize_t got = archive_read_data(archive, buffer, MIN(sizeof buffer, *left));
        end = got == 0;
        ok = got >= 0 && office_xml_feed(xml, buffer, (size_t)got, end);
        *left -= got > 0 ? (size_t)got : 0;
    }
    office_xml_free(xml);
    extract_put(out, "\n", 1);
    return ok;
}

bool extract_office(const char *bytes, size_t length, struct extract_out *out)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry = NULL;
    size_t left = EXTRACT_UNPACKED_MAX;
    bool any = false;
    bool ok = archive_read_support_format_zip_seekable(archive) == ARCHIVE_OK &&
              archive_read_open_memory(archive, bytes, length) == ARCHIVE_OK;
    for (int i = 0; ok && i < EXTRACT_ENTRIES_MAX && left > 0 && extract_goes_on(out); i++) {
        enum office_format format;
        int status = archive_read_next_header(archive, &entry);
        ok = status == ARCHIVE_OK || status == ARCHIVE_WARN;
        if (ok && format_of(archive_entry_pathname(entry), &format))
            any = read_entry(archive, format, &left, out) || any;
    }
    archive_read_free(archive);
    return any;
}

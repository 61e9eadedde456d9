/* Contents of attachments as text: the only place that sees poppler and expat, and reads archives.
 * It runs in a process of its own (main.c) that confine.h has shut in; nothing of it is linked into
 * the server. No function here opens a file or keeps anything between two calls.
 *
 * All input is hostile. What is too large, too deep, encrypted or broken is refused or cut: text is
 * at most what the caller has room for, of an archive at most EXTRACT_UNPACKED_MAX bytes are
 * unpacked, XML with a document type is refused (so there are no entities but XML's five), and
 * after EXTRACT_SECONDS of processor time a document is left where it is. */
#ifndef POSTROOM_EXTRACT_EXTRACT_H
#define POSTROOM_EXTRACT_EXTRACT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define EXTRACT_TEXT_MAX ((size_t)1024 * 1024)
#define EXTRACT_UNPACKED_MAX ((size_t)256 * 1024 * 1024)
#define EXTRACT_ENTRIES_MAX 20000
#define EXTRACT_DEPTH_MAX 256
#define EXTRACT_PAGES_MAX 5000
#define EXTRACT_SECONDS 10

/* Text as it is gathered: UTF-8, without control characters and marks of direction. */
struct extract_out {
    GString *text;
    size_t max;
    double until; /* processor seconds of this process */
};
void extract_out_init(struct extract_out *out, size_t max);
/* True while there is room and time. */
bool extract_goes_on(const struct extract_out *out);
/* Appends; what is not UTF-8 is replaced, what has no room is left out. */
void extract_put(struct extract_out *out, const char *text, size_t length);
/* The text so far. (transfer full) */
char *extract_take(struct extract_out *out);

/* The text of a document: kind is "text", "html", "pdf" or "office" (docx, xlsx, pptx and their
 * templates, odt, ods, odp); charset may be NULL and counts for text and HTML. NULL: not such a
 * document, encrypted, or broken before any text. (transfer full) */
char *extract_text(const char *kind, const char *charset, const char *bytes, size_t length,
                   size_t max);

/* --- the kinds; false: nothing could be read. */
bool extract_pdf(const char *bytes, size_t length, struct extract_out *out);
bool extract_office(const char *bytes, size_t length, struct extract_out *out);

/* --- office_xml.c: one XML file of such a document, in pieces. */
struct office_xml;
/* Which elements hold text there. */
enum office_format { OFFICE_WORDS, OFFICE_SHEET, OFFICE_BOOK, OFFICE_ODF };
struct office_xml *office_xml_new(enum office_format format, struct extract_out *out);
/* False: it is not well-formed or not what such a file holds; the rest is not read. */
bool office_xml_feed(struct office_xml *xml, const char *bytes, size_t length, bool last);
void office_xml_free(struct office_xml *xml);

#endif

/* Documents made by program: archives as office programs write them, and PDFs. */
#ifndef POSTROOM_TESTS_UNIT_DOCUMENTS_H
#define POSTROOM_TESTS_UNIT_DOCUMENTS_H

#include <glib.h>

/* A zip of files: name, text, name, text, …, NULL. (transfer full) */
GBytes *document_zip(const char *name, ...) G_GNUC_NULL_TERMINATED;
/* A PDF of one page with these lines, each from left to right as it is drawn; NULL-terminated. Its
 * font is not in it, but what its codes mean is. (transfer full) */
GBytes *document_pdf(const char *const *lines);
/* A PDF whose page is this stream, with further entries for its trailer (or ""). Fonts: /F1 is
 * Helvetica, /F2 a Chinese one that is neither in it nor explained. (transfer full) */
GBytes *document_pdf_page(const char *stream, const char *trailer);

#define DOCUMENT_WORD(text)                                                                        \
    "<?xml version=\"1.0\"?><w:document xmlns:w=\"urn:w\"><w:body><w:p><w:r><w:t>" text            \
    "</w:t></w:r></w:p></w:body></w:document>"

#endif

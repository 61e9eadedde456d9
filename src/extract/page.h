/* A page of a PDF as a picture; in the confined process only. */
#ifndef POSTROOM_EXTRACT_PAGE_H
#define POSTROOM_EXTRACT_PAGE_H

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PAGE_WIDTH_LEAST 100
#define PAGE_WIDTH_MOST 2400
#define PAGE_BYTES_MAX ((size_t)24 * 1024 * 1024)

/* Reads what fonts this machine has, for PDFs that bring none. Before the process is shut in: it
 * looks at many files, none of them hostile. */
void page_prepare(void);
/* Appends the number of pages, a line end, and the page (from 1) as PNG, so many pixels wide.
 * False: no such page, or not readable. */
bool extract_page(const char *bytes, size_t length, unsigned page, unsigned width, GByteArray *out);

#endif

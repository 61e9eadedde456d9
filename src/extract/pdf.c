#include "extract/extract.h"

#include <poppler.h>
#include <string.h>

/* A gap between words, of a line's height. */
#define GAP_SHARE 0.12

static bool is_ideograph(gunichar c)
{
    GUnicodeScript script = g_unichar_get_script(c);
    return script == G_UNICODE_SCRIPT_HAN || script == G_UNICODE_SCRIPT_HIRAGANA ||
           script == G_UNICODE_SCRIPT_KATAKANA;
}

/* How many bytes before a line's end are a hyphen that only the line's end put there. */
static size_t hyphen_before(const char *text, const char *line_end, gunichar next)
{
    size_t length = 0;
    if (line_end > text && line_end[-1] == '-')
        length = 1;
    else if (line_end - text >= 3 && memcmp(line_end - 3, "\xe2\x80\x90", 3) == 0)
        length = 3;
    if (length == 0 || (size_t)(line_end - text) == length || !g_unichar_islower(next))
        return 0;
    const char *before = g_utf8_find_prev_char(text, line_end - length);
    return before != NULL && g_unichar_isalpha(g_utf8_get_char(before)) ? length : 0;
}

/* A page's lines: words that were hyphenated at a line's end, and Chinese, which has no spaces, go
 * on in the next line. */
static void put_page(const char *text, struct extract_out *out)
{
    const char *start = text;
    for (const char *end; (end = strchr(start, '\n')) != NULL; start = end + 1) {
        gunichar next = g_utf8_get_char(end + 1);
        const char *last = end > start ? g_utf8_find_prev_char(start, end) : NULL;
        size_t hyphen = hyphen_before(start, end, next);
        extract_put(out, start, (size_t)(end - start) - hyphen);
        if (hyphen == 0 &&
            (last == NULL || !is_ideograph(next) || !is_ideograph(g_utf8_get_char(last))))
            extract_put(out, "\n", 1);
    }
    extract_put(out, start, strlen(start));
    extract_put(out, "\n", 1);
}

static bool is_leftward(gunichar c)
{
    return (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) ||
           (c >= 0xfe70 && c <= 0xfefc);
}

/* They stand in one line, the second to the left of the first with a gap as between words. */
static bool is_apart(const PopplerRectangle *first, const PopplerRectangle *second)
{
    double height = first->y2 - first->y1;
    return first->y1 < second->y2 && second->y1 < first->y2 &&
           first->x1 - second->x2 > GAP_SHARE * height;
}

/* Marks of direction, which stand nowhere on the page. */
static bool is_mark(gunichar c)
{
    return (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e);
}

/* text with a space between letters that lie apart; places: of each character but the marks. */
static char *with_gaps(const char *text, const PopplerRectangle *place)
{
    GString *out = g_string_sized_new(strlen(text) + 64);
    gunichar before = 0;
    const char *next;
    for (const char *p = text; *p != '\0'; p = next) {
        gunichar c = g_utf8_get_char(p);
        next = p + g_utf8_skip[(unsigned char)*p];
        if (is_mark(c))
            continue;
        if (is_leftward(before) && is_leftward(c) && is_apart(place - 1, place))
            g_string_append_c(out, ' ');
        g_string_append_len(out, p, next - p);
        before = c;
        place++;
    }
    return g_string_free(out, FALSE);
}

/* poppler 22 puts the space before a right-to-left word behind it, so that the first two words of
 * each such line come as one: where letters lie tells them apart. (transfer full) or NULL. */
static char *text_of(PopplerPage *page)
{
    g_autofree char *text = poppler_page_get_text(page);
    g_autofree PopplerRectangle *places = NULL;
    guint count = 0, characters = 0;
    if (text == NULL || !g_utf8_validate(text, -1, NULL))
        return NULL;
    bool leftward = false;
    for (const char *p = text; *p != '\0'; p += g_utf8_skip[(unsigned char)*p]) {
        characters += !is_mark(g_utf8_get_char(p));
        leftward = leftward || is_leftward(g_utf8_get_char(p));
    }
    if (!leftward || !poppler_page_get_text_layout(page, &places, &count) || count != characters)
        return g_steal_pointer(&text);
    return with_gaps(text, places);
}

static bool put_pages(PopplerDocument *document, struct extract_out *out)
{
    int pages = poppler_document_get_n_pages(document);
    bool any = false;
    for (int i = 0; i < pages && i < EXTRACT_PAGES_MAX && extract_goes_on(out); i++) {
        PopplerPage *page = poppler_document_get_page(document, i);
        if (page == NULL)
            continue;
        g_autofree char *text = text_of(page);
        any = true;
        if (text != NULL)
            put_page(text, out);
        g_object_unref(page);
    }
    return any;
}

bool extract_pdf(const char *bytes, size_t length, struct extract_out *out)
{
    g_autoptr(GBytes) data = g_bytes_new_static(bytes, length);
    PopplerDocument *document = poppler_document_new_from_bytes(data, NULL, NULL);
    if (document == NULL)
        return false;
    bool any = put_pages(document, out);
    g_object_unref(document);
    return any;
}

#include "extract/extract.h"

#include "mime/mime.h"
#include "text/text.h"

#include <string.h>
#include <time.h>

#define PAGE_MAX ((size_t)16 * 1024 * 1024)

static double processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

void extract_out_init(struct extract_out *out, size_t max)
{
    *out = (struct extract_out){g_string_new(NULL), max, processor_seconds() + EXTRACT_SECONDS};
}

bool extract_goes_on(const struct extract_out *out)
{
    return out->text->len < out->max && processor_seconds() < out->until;
}

/* PDF libraries put marks of direction around right-to-left words, and they are no part of them. */
static bool is_dropped(gunichar c)
{
    return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || c == 0xfeff ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

void extract_put(struct extract_out *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length && out->text->len + 6 <= out->max;) {
        gunichar c = g_utf8_get_char_validated(text + at, (gssize)(length - at));
        bool valid = c < 0x110000;
        at += valid && c != 0 ? (size_t)g_utf8_skip[(unsigned char)text[at]] : 1;
        if (!valid)
            g_string_append_unichar(out->text, 0xfffd);
        else if (!is_dropped(c))
            g_string_append_unichar(out->text, c);
    }
}

char *extract_take(struct extract_out *out)
{
    return g_string_free(g_steal_pointer(&out->text), FALSE);
}

static char *as_utf8(const char *charset, const char *bytes, size_t length)
{
    static const struct {
        const char *mark, *charset;
        size_t length;
    } marks[] = {{"\xef\xbb\xbf", "UTF-8", 3},
                 {"\xff\xfe", "UTF-16LE", 2},
                 {"\xfe\xff", "UTF-16BE", 2}};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (length >= marks[i].length && memcmp(bytes, marks[i].mark, marks[i].length) == 0)
            return text_to_utf8(marks[i].charset, bytes, length, NULL);
    if (g_utf8_validate_len(bytes, length, NULL))
        return g_strndup(bytes, length);
    char *text = charset != NULL ? text_to_utf8(charset, bytes, length, NULL) : NULL;
    if (text == NULL)
        text = text_to_utf8(NULL, bytes, length, NULL);
    return text != NULL ? text : g_utf8_make_valid(bytes, (gssize)length);
}

static bool extract_plain(const char *charset, const char *bytes, size_t length, bool html,
                          struct extract_out *out)
{
    g_autofree char *utf8 = as_utf8(charset, bytes, MIN(length, PAGE_MAX));
    g_autofree char *text = html ? mime_html_to_text(utf8, -1, out->max) : g_steal_pointer(&utf8);
    extract_put(out, text, strlen(text));
    return true;
}

char *extract_text(const char *kind, const char *charset, const char *bytes, size_t length,
                   size_t max)
{
    struct extract_out out;
    bool read = false;
    extract_out_init(&out, max);
    if (strcmp(kind, "pdf") == 0)
        read = extract_pdf(bytes, length, &out);
    else if (strcmp(kind, "office") == 0)
        read = extract_office(bytes, length, &out);
    else if (strcmp(kind, "text") == 0 || strcmp(kind, "html") == 0)
        read = extract_plain(charset, bytes, length, kind[0] == 'h', &out);
    g_autofree char *text = extract_take(&out);
    return read ? g_steal_pointer(&text) : NULL;
}

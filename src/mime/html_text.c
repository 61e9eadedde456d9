#include "mime/html.h"
#include "mime/internal.h"

#include <string.h>

#define LISTS_MAX 16
#define QUOTES_MAX 16

/* Text is written from the token stream: it needs no tree, is bounded by the input's length, and
 * runs several times as fast as gumbo, which decides how fast a mailbox of HTML mail is indexed. */
struct writer {
    GString *out;
    size_t max;
    unsigned breaks; /* line ends owed before the next character */
    bool space;      /* a blank owed */
    bool line_start;
    unsigned quotes, pre;
    unsigned quotes_before; /* of the line before: a blank line belongs to the outer one */
    unsigned lists;
    unsigned counters[LISTS_MAX]; /* 0: bullets */
};

static const char *const blank_line[] = {"blockquote", "dl", "figure", "h1", "h2",  "h3",    "h4",
                                         "h5",         "h6", "ol",     "p",  "pre", "table", "ul"};
static const char *const own_line[] = {"address", "article", "aside",  "body",     "center",
                                       "dd",      "div",     "dt",     "fieldset", "footer",
                                       "form",    "header",  "hr",     "legend",   "li",
                                       "main",    "nav",     "option", "section",  "tbody",
                                       "thead",   "tr"};
static const char *const unseen[] = {"iframe", "noembed", "noframes", "script", "style", "title"};

static bool full(const struct writer *w)
{
    return w->max > 0 && w->out->len >= w->max;
}

static void break_line(struct writer *w, unsigned count)
{
    w->breaks = MAX(w->breaks, count);
    w->space = false;
}

static void start_line(struct writer *w)
{
    if (w->out->len == 0)
        w->breaks = 0;
    for (unsigned left = w->breaks; left > 0; left--) {
        unsigned outer = left < w->breaks ? MIN(w->quotes, w->quotes_before) : 0;
        for (unsigned i = 0; i < outer; i++)
            g_string_append_c(w->out, '>');
        g_string_append_c(w->out, '\n');
        w->line_start = true;
    }
    w->breaks = 0;
    w->quotes_before = w->quotes;
    if (w->line_start || w->out->len == 0)
        for (unsigned i = 0; i < w->quotes; i++)
            g_string_append(w->out, "> ");
    w->line_start = false;
}

static void put(struct writer *w, const char *bytes, size_t length)
{
    if (w->breaks > 0 || w->line_start || w->out->len == 0)
        start_line(w);
    else if (w->space)
        g_string_append_c(w->out, ' ');
    w->space = false;
    g_string_append_len(w->out, bytes, (gssize)length);
}

static void put_char(struct writer *w, gunichar c)
{
    char utf8[6];
    if (c == 0xa0 || c == ' ' || c == '\t') {
        w->space = true;
        return;
    }
    put(w, utf8, (size_t)g_unichar_to_utf8(c, utf8));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static size_t plain_run(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && *p != '&' && *p != '\0' && !is_blank(*p) &&
           !((uint8_t)*p == 0xc2 && p + 1 < end && (uint8_t)p[1] == 0xa0))
        p++;
    return (size_t)(p - start);
}

static const char *put_special(struct writer *w, const char *p, const char *end)
{
    if (*p == '&') {
        gunichar c = 0;
        size_t length = html_entity(p, (size_t)(end - p), &c);
        if (length == 0)
            put(w, "&", 1);
        else
            put_char(w, c);
        return p + MAX(length, (size_t)1);
    }
    if ((uint8_t)*p == 0xc2) {
        w->space = true;
        return p + 2;
    }
    if (w->pre > 0 && *p == '\n') {
        w->breaks++;
        w->space = false;
    } else if (w->pre > 0 && *p == ' ') {
        put(w, " ", 1);
    } else if (*p != '\0') {
        w->space = true;
    }
    return p + 1;
}

static void put_text(struct writer *w, const char *p, size_t length)
{
    const char *end = p + length;
    while (p < end && !full(w)) {
        size_t run = plain_run(p, end);
        if (run > 0)
            put(w, p, run);
        p += run;
        if (p < end)
            p = put_special(w, p, end);
    }
}

static void open_item(struct writer *w)
{
    char mark[16] = "- ";
    if (w->lists > 0 && w->lists <= LISTS_MAX && w->counters[w->lists - 1] > 0)
        g_snprintf(mark, sizeof mark, "%u. ", w->counters[w->lists - 1]++);
    put(w, mark, strlen(mark));
}

static void open_list(struct writer *w, bool numbered)
{
    if (w->lists < LISTS_MAX)
        w->counters[w->lists] = numbered ? 1 : 0;
    if (w->lists < G_MAXUINT16)
        w->lists++;
}

static void layout(struct writer *w, const char *name)
{
    if (html_name_in(name, blank_line, G_N_ELEMENTS(blank_line)))
        break_line(w, w->lists > 0 ? 1 : 2);
    else if (html_name_in(name, own_line, G_N_ELEMENTS(own_line)))
        break_line(w, 1);
    else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
        w->space = true;
}

static void start_tag(struct writer *w, const struct html_token *token)
{
    const char *name = token->name;
    if (strcmp(name, "br") == 0) {
        w->breaks = MIN(w->breaks + 1, 3);
        w->space = false;
        return;
    }
    layout(w, name);
    if (strcmp(name, "blockquote") == 0)
        w->quotes = MIN(w->quotes + 1, QUOTES_MAX);
    else if (strcmp(name, "pre") == 0)
        w->pre++;
    else if (strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0)
        open_list(w, name[0] == 'o');
    else if (strcmp(name, "li") == 0)
        open_item(w);
    else if (strcmp(name, "hr") == 0)
        put(w, "________________________________", 32);
    const struct html_attribute *alt =
        strcmp(name, "img") == 0 ? html_attribute(token, "alt") : NULL;
    if (alt != NULL)
        put_text(w, alt->value, alt->value_length);
    if (strcmp(name, "hr") == 0)
        break_line(w, 1);
}

static void end_tag(struct writer *w, const char *name)
{
    layout(w, name);
    if (strcmp(name, "blockquote") == 0 && w->quotes > 0) {
        w->quotes--;
    } else if (strcmp(name, "pre") == 0 && w->pre > 0) {
        w->pre--;
    } else if ((strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0) && w->lists > 0) {
        w->lists--;
        break_line(w, w->lists > 0 ? 1 : 2);
    }
}

char *mime_html_to_text(const char *html, gssize length, size_t max)
{
    size_t size = length >= 0 ? (size_t)length : strlen(html);
    struct writer w = {.out = g_string_sized_new(MIN(size / 4 + 64, (size_t)65536)), .max = max};
    struct html_reader reader;
    struct html_token token;
    html_reader_init(&reader, html, size);
    while (!full(&w) && html_next(&reader, &token)) {
        if (token.kind == HTML_START)
            start_tag(&w, &token);
        else if (token.kind == HTML_END)
            end_tag(&w, token.name);
        else if (token.kind == HTML_TEXT || !html_name_in(token.name, unseen, G_N_ELEMENTS(unseen)))
            put_text(&w, token.text, token.length);
    }
    if (max > 0 && w.out->len > max) {
        const char *cut = g_utf8_find_prev_char(w.out->str, w.out->str + max + 1);
        g_string_truncate(w.out, cut != NULL ? (gsize)(cut - w.out->str) : 0);
    }
    if (w.out->len > 0 && w.out->str[w.out->len - 1] != '\n')
        g_string_append_c(w.out, '\n');
    const char *bad = NULL;
    if (g_utf8_validate(w.out->str, (gssize)w.out->len, &bad))
        return g_string_free(w.out, FALSE);
    char *text = charset_to_utf8("utf-8", w.out->str, w.out->len, NULL);
    g_string_free(w.out, TRUE);
    return text;
}

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
    bool titles; /* title attributes are written too */
    unsigned quotes, pre;
    unsigned quotes_before; /* of the line before: a blank line belongs to the outer one */
    unsigned lists;
    unsigned counters[LISTS_MAX]; /* 0: bullets */
};

enum layout { LAYOUT_NONE, LAYOUT_BLANK, LAYOUT_LINE, LAYOUT_BLANK_LINE };
enum act {
    ACT_NONE,
    ACT_BREAK,
    ACT_IMAGE,
    ACT_ITEM,
    ACT_LIST,
    ACT_NUMBERED,
    ACT_PRE,
    ACT_QUOTE,
    ACT_RULE
};

struct tag {
    char name[11];
    unsigned char layout, act;
};

/* Sorted by first letter. */
static const struct tag tags[] = {
    {"address", LAYOUT_LINE, ACT_NONE},      {"article", LAYOUT_LINE, ACT_NONE},
    {"aside", LAYOUT_LINE, ACT_NONE},        {"blockquote", LAYOUT_BLANK_LINE, ACT_QUOTE},
    {"body", LAYOUT_LINE, ACT_NONE},         {"br", LAYOUT_NONE, ACT_BREAK},
    {"button", LAYOUT_BLANK, ACT_NONE},      {"caption", LAYOUT_LINE, ACT_NONE},
    {"center", LAYOUT_LINE, ACT_NONE},       {"dd", LAYOUT_LINE, ACT_NONE},
    {"details", LAYOUT_LINE, ACT_NONE},      {"dialog", LAYOUT_LINE, ACT_NONE},
    {"div", LAYOUT_LINE, ACT_NONE},          {"dl", LAYOUT_BLANK_LINE, ACT_NONE},
    {"dt", LAYOUT_LINE, ACT_NONE},           {"fieldset", LAYOUT_LINE, ACT_NONE},
    {"figcaption", LAYOUT_LINE, ACT_NONE},   {"figure", LAYOUT_BLANK_LINE, ACT_NONE},
    {"footer", LAYOUT_LINE, ACT_NONE},       {"form", LAYOUT_LINE, ACT_NONE},
    {"h1", LAYOUT_BLANK_LINE, ACT_NONE},     {"h2", LAYOUT_BLANK_LINE, ACT_NONE},
    {"h3", LAYOUT_BLANK_LINE, ACT_NONE},     {"h4", LAYOUT_BLANK_LINE, ACT_NONE},
    {"h5", LAYOUT_BLANK_LINE, ACT_NONE},     {"h6", LAYOUT_BLANK_LINE, ACT_NONE},
    {"header", LAYOUT_LINE, ACT_NONE},       {"hgroup", LAYOUT_LINE, ACT_NONE},
    {"hr", LAYOUT_LINE, ACT_RULE},           {"img", LAYOUT_NONE, ACT_IMAGE},
    {"input", LAYOUT_BLANK, ACT_NONE},       {"legend", LAYOUT_LINE, ACT_NONE},
    {"li", LAYOUT_LINE, ACT_ITEM},           {"main", LAYOUT_LINE, ACT_NONE},
    {"menu", LAYOUT_LINE, ACT_NONE},         {"nav", LAYOUT_LINE, ACT_NONE},
    {"ol", LAYOUT_BLANK_LINE, ACT_NUMBERED}, {"optgroup", LAYOUT_LINE, ACT_NONE},
    {"option", LAYOUT_LINE, ACT_NONE},       {"p", LAYOUT_BLANK_LINE, ACT_NONE},
    {"pre", LAYOUT_BLANK_LINE, ACT_PRE},     {"section", LAYOUT_LINE, ACT_NONE},
    {"select", LAYOUT_BLANK, ACT_NONE},      {"summary", LAYOUT_LINE, ACT_NONE},
    {"table", LAYOUT_BLANK_LINE, ACT_NONE},  {"tbody", LAYOUT_LINE, ACT_NONE},
    {"td", LAYOUT_BLANK, ACT_NONE},          {"textarea", LAYOUT_BLANK, ACT_NONE},
    {"tfoot", LAYOUT_LINE, ACT_NONE},        {"th", LAYOUT_BLANK, ACT_NONE},
    {"thead", LAYOUT_LINE, ACT_NONE},        {"tr", LAYOUT_LINE, ACT_NONE},
    {"ul", LAYOUT_BLANK_LINE, ACT_LIST},
};
static const struct tag other_tag = {"", LAYOUT_NONE, ACT_NONE};
static const char *const unseen[] = {"iframe", "noembed", "noframes", "script", "style", "title"};

/* Where the tags of each first letter start. */
static const unsigned char *letter_index(void)
{
    static unsigned char index[128];
    static gsize ready;
    if (g_once_init_enter(&ready)) {
        for (size_t i = G_N_ELEMENTS(tags); i > 0; i--)
            index[(unsigned char)tags[i - 1].name[0]] = (unsigned char)(i - 1);
        g_once_init_leave(&ready, 1);
    }
    return index;
}

static const struct tag *tag_of(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z')
        return &other_tag;
    for (size_t i = letter_index()[(unsigned char)name[0]];
         i < G_N_ELEMENTS(tags) && tags[i].name[0] <= name[0]; i++)
        if (tags[i].name[0] == name[0] && tags[i].name[1] == name[1] &&
            strcmp(tags[i].name, name) == 0)
            return &tags[i];
    return &other_tag;
}

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

static void layout(struct writer *w, const struct tag *tag)
{
    if (tag->layout == LAYOUT_BLANK_LINE)
        break_line(w, w->lists > 0 ? 1 : 2);
    else if (tag->layout == LAYOUT_LINE)
        break_line(w, 1);
    else if (tag->layout == LAYOUT_BLANK)
        w->space = true;
}

/* What a picture or a title says beside a word is no part of it. */
static void put_attribute(struct writer *w, const struct html_attribute *attribute)
{
    if (attribute == NULL || attribute->value_length == 0)
        return;
    w->space = true;
    put_text(w, attribute->value, attribute->value_length);
    w->space = true;
}

static void start_tag(struct writer *w, const struct html_token *token)
{
    const struct tag *tag = tag_of(token->name);
    layout(w, tag);
    if (tag->act == ACT_BREAK) {
        w->breaks = MIN(w->breaks + 1, 3);
        w->space = false;
    } else if (tag->act == ACT_QUOTE) {
        w->quotes = MIN(w->quotes + 1, QUOTES_MAX);
    } else if (tag->act == ACT_PRE) {
        w->pre++;
    } else if (tag->act == ACT_LIST || tag->act == ACT_NUMBERED) {
        open_list(w, tag->act == ACT_NUMBERED);
    } else if (tag->act == ACT_ITEM) {
        open_item(w);
    } else if (tag->act == ACT_RULE) {
        put(w, "________________________________", 32);
        break_line(w, 1);
    } else if (tag->act == ACT_IMAGE) {
        put_attribute(w, html_attribute(token, "alt"));
    }
    if (w->titles && !html_name_in(token->name, unseen, G_N_ELEMENTS(unseen)))
        put_attribute(w, html_attribute(token, "title"));
}

static void end_tag(struct writer *w, const char *name)
{
    const struct tag *tag = tag_of(name);
    layout(w, tag);
    if (tag->act == ACT_QUOTE && w->quotes > 0) {
        w->quotes--;
    } else if (tag->act == ACT_PRE && w->pre > 0) {
        w->pre--;
    } else if ((tag->act == ACT_LIST || tag->act == ACT_NUMBERED) && w->lists > 0) {
        w->lists--;
        break_line(w, w->lists > 0 ? 1 : 2);
    }
}

char *mime_html_to_text(const char *html, gssize length, size_t max)
{
    return html_to_words(html, length, max, false);
}

char *html_to_words(const char *html, gssize length, size_t max, bool titles)
{
    size_t size = length >= 0 ? (size_t)length : strlen(html);
    struct writer w = {.out = g_string_sized_new(MIN(size / 4 + 64, (size_t)65536)),
                       .max = max,
                       .titles = titles};
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

#include "mime/sanitise.h"

#include <string.h>

static const char *const allowed[] =
    {"a",      "abbr",     "acronym",    "address", "article", "aside",  "b",     "bdi",
     "bdo",    "big",      "blockquote", "br",      "caption", "center", "cite",  "code",
     "col",    "colgroup", "dd",         "del",     "dfn",     "dir",    "div",   "dl",
     "dt",     "em",       "figcaption", "figure",  "font",    "footer", "h1",    "h2",
     "h3",     "h4",       "h5",         "h6",      "header",  "hr",     "i",     "img",
     "ins",    "kbd",      "li",         "main",    "mark",    "nav",    "ol",    "p",
     "pre",    "q",        "s",          "samp",    "section", "small",  "span",  "strike",
     "strong", "sub",      "sup",        "table",   "tbody",   "td",     "tfoot", "th",
     "thead",  "time",     "tr",         "tt",      "u",       "ul",     "var",   "wbr"};
static const char *const attributes[] = {"align",   "alt",     "aria-hidden", "aria-label",
                                         "bgcolor", "border",  "cellpadding", "cellspacing",
                                         "class",   "clear",   "color",       "colspan",
                                         "dir",     "face",    "height",      "href",
                                         "hspace",  "id",      "lang",        "nowrap",
                                         "role",    "rowspan", "scope",       "size",
                                         "span",    "src",     "start",       "style",
                                         "title",   "type",    "valign",      "value",
                                         "vspace",  "width"};
static const char *const voids[] = {"br", "col", "hr", "img", "wbr"};
/* With all that stands in them. Neither foreign content nor raw text ever reaches gumbo, or the
 * reader. */
static const char *const swallowed[] = {"applet", "audio",  "canvas", "datalist", "math",
                                        "object", "select", "svg",    "template", "video"};
static const char *const formatting[] = {"a", "b",     "big",    "code",   "em", "font", "i",
                                         "s", "small", "strike", "strong", "tt", "u"};
static const char *const barriers[] = {"caption", "table", "td", "th"};

bool guard_element_is_allowed(const char *name)
{
    return html_name_in(name, allowed, G_N_ELEMENTS(allowed));
}

bool guard_is_void(const char *name)
{
    return html_name_in(name, voids, G_N_ELEMENTS(voids));
}

static bool in(const char *name, const char *const *names, size_t count)
{
    return html_name_in(name, names, count);
}

/* Formatting elements left open are opened again by the tree builder in each block that follows:
 * what they add to the depth counts here. */
#define LEAKED_MAX 48

struct open {
    char name[HTML_NAME_MAX];
    unsigned leaked; /* how many leaked when it was opened: cells end what leaked within */
};

struct guard {
    struct guarded *out;
    struct html_reader reader;
    struct open stack[SANITISE_DEPTH];
    unsigned depth, overflow, leaked_count;
    char leaked[LEAKED_MAX][HTML_NAME_MAX];
    unsigned endless; /* bit i: swallowed[i] has no end tag behind here */
    bool has_body;
};

static void pop(struct guard *g)
{
    const struct open *top = &g->stack[--g->depth];
    if (in(top->name, barriers, G_N_ELEMENTS(barriers)))
        g->leaked_count = top->leaked;
}

/* Closes down to the element at index; formatting that falls with it leaks. */
static void pop_to(struct guard *g, unsigned index)
{
    while (g->depth > index + 1) {
        const char *name = g->stack[g->depth - 1].name;
        bool leaks = in(name, formatting, G_N_ELEMENTS(formatting));
        char copy[HTML_NAME_MAX];
        memcpy(copy, name, HTML_NAME_MAX);
        pop(g);
        if (leaks && g->leaked_count < LEAKED_MAX)
            memcpy(g->leaked[g->leaked_count++], copy, HTML_NAME_MAX);
    }
    pop(g);
}

/* The open element of that name that no barrier hides; -1: none. */
static int find_open(const struct guard *g, const char *name, const char *also_barrier)
{
    bool table_part = in(name, barriers, G_N_ELEMENTS(barriers)) || strcmp(name, "tr") == 0 ||
                      strcmp(name, "tbody") == 0 || strcmp(name, "thead") == 0 ||
                      strcmp(name, "tfoot") == 0;
    for (int i = (int)g->depth - 1; i >= 0; i--) {
        const char *open = g->stack[i].name;
        if (strcmp(open, name) == 0)
            return i;
        bool barrier =
            table_part ? strcmp(open, "table") == 0 : in(open, barriers, G_N_ELEMENTS(barriers));
        if (barrier || (also_barrier != NULL && strcmp(open, also_barrier) == 0))
            return -1;
    }
    return -1;
}

static void close_if_open(struct guard *g, const char *name, const char *barrier)
{
    int index = find_open(g, name, barrier);
    if (index >= 0)
        pop_to(g, (unsigned)index);
}

static bool closes_paragraph(const char *name)
{
    return in(name, allowed, G_N_ELEMENTS(allowed)) &&
           !in(name, formatting, G_N_ELEMENTS(formatting)) &&
           (strcmp(name, "p") == 0 || strcmp(name, "div") == 0 || strcmp(name, "table") == 0 ||
            strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0 || strcmp(name, "blockquote") == 0 ||
            strcmp(name, "pre") == 0 || strcmp(name, "dl") == 0 || strcmp(name, "center") == 0 ||
            (name[0] == 'h' && g_ascii_isdigit(name[1])));
}

/* What a start tag closes by itself. */
static void imply_ends(struct guard *g, const char *name)
{
    if (strcmp(name, "li") == 0)
        close_if_open(g, "li", find_open(g, "ul", "li") >= 0 ? "ul" : "ol");
    else if (strcmp(name, "dd") == 0 || strcmp(name, "dt") == 0)
        close_if_open(g, find_open(g, "dd", "dl") >= 0 ? "dd" : "dt", "dl");
    else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
        close_if_open(g, find_open(g, "td", "tr") >= 0 ? "td" : "th", "tr");
    else if (strcmp(name, "tr") == 0)
        close_if_open(g, "tr", NULL);
    else if (strcmp(name, "tbody") == 0 || strcmp(name, "thead") == 0 || strcmp(name, "tfoot") == 0)
        close_if_open(g,
                      find_open(g, "tbody", NULL) >= 0   ? "tbody"
                      : find_open(g, "thead", NULL) >= 0 ? "thead"
                                                         : "tfoot",
                      NULL);
    else if (strcmp(name, "a") == 0)
        close_if_open(g, "a", NULL);
    if (closes_paragraph(name))
        close_if_open(g, "p", NULL);
}

static void put_escaped(GString *out, const char *p, size_t length, bool attribute)
{
    for (size_t i = 0; i < length; i++) {
        if (p[i] == '<')
            g_string_append(out, "&lt;");
        else if (p[i] == '>')
            g_string_append(out, "&gt;");
        else if (p[i] == '"' && attribute)
            g_string_append(out, "&quot;");
        else if (p[i] != '\0')
            g_string_append_c(out, p[i]);
    }
}

static void put_attributes(struct guard *g, const struct html_token *token)
{
    GString *html = g->out->html;
    for (size_t i = 0; i < token->attribute_count; i++) {
        const struct html_attribute *attribute = &token->attributes[i];
        if (attribute->name_length >= HTML_NAME_MAX)
            continue;
        g_autofree char *name = g_ascii_strdown(attribute->name, (gssize)attribute->name_length);
        if (strcmp(name, "background") == 0 && attribute->value_length > 4 &&
            (g_ascii_strncasecmp(attribute->value, "http", 4) == 0 ||
             strncmp(attribute->value, "//", 2) == 0))
            g->out->remote++;
        size_t max = strcmp(name, "src") == 0 ? (size_t)3 << 20 : 9000;
        if (!in(name, attributes, G_N_ELEMENTS(attributes)) || attribute->value_length > max)
            continue;
        g_string_append_printf(html, " %s=\"", name);
        put_escaped(html, attribute->value, attribute->value_length, true);
        g_string_append_c(html, '"');
    }
}

static void put_start(struct guard *g, const struct html_token *token)
{
    if (!guard_is_void(token->name)) {
        imply_ends(g, token->name);
        if (g->overflow > 0 || g->depth + g->leaked_count >= SANITISE_DEPTH) {
            g->overflow++;
            return;
        }
        if (g->leaked_count == LEAKED_MAX && in(token->name, formatting, G_N_ELEMENTS(formatting)))
            return;
        struct open *open = &g->stack[g->depth++];
        memcpy(open->name, token->name, HTML_NAME_MAX);
        open->leaked = g->leaked_count;
    }
    g_string_append_printf(g->out->html, "<%s", token->name);
    put_attributes(g, token);
    g_string_append_c(g->out->html, '>');
}

static void forget_leaked(struct guard *g, const char *name)
{
    for (unsigned i = g->leaked_count; i > 0; i--) {
        if (strcmp(g->leaked[i - 1], name) != 0)
            continue;
        memmove(g->leaked[i - 1], g->leaked[i], (g->leaked_count - i) * HTML_NAME_MAX);
        g->leaked_count--;
        return;
    }
}

static void put_end(struct guard *g, const char *name)
{
    if (guard_is_void(name))
        return;
    if (g->overflow > 0) {
        g->overflow--;
        return;
    }
    int index = find_open(g, name, NULL);
    if (index >= 0)
        pop_to(g, (unsigned)index);
    else if (in(name, formatting, G_N_ELEMENTS(formatting)))
        forget_leaked(g, name);
    else
        return; /* closes nothing: gumbo would only make an empty element of some */
    g_string_append_printf(g->out->html, "</%s>", name);
}

/* Moves behind the end tag of a swallowed element; false when there is none. */
static bool swallow(struct guard *g, const char *name)
{
    size_t which = 0;
    while (strcmp(swallowed[which], name) != 0)
        which++;
    if (g->endless & 1u << which)
        return false;
    struct html_reader ahead = g->reader;
    struct html_token token;
    unsigned depth = 1;
    while (depth > 0 && html_next(&ahead, &token)) {
        if (strcmp(token.name, name) == 0 && token.kind == HTML_START)
            depth++;
        else if (strcmp(token.name, name) == 0 && token.kind == HTML_END)
            depth--;
    }
    if (depth > 0) {
        g->endless |= 1u << which;
        return false;
    }
    g->reader = ahead;
    return true;
}

static char *value_of(const struct html_token *token, const char *name)
{
    const struct html_attribute *attribute = html_attribute(token, name);
    return attribute != NULL && attribute->value_length < 9000 ? html_attribute_value(attribute)
                                                               : NULL;
}

static void read_body(struct guard *g, const struct html_token *token)
{
    if (g->has_body)
        return;
    g->has_body = true;
    g->out->body_style = value_of(token, "style");
    g->out->body_color = value_of(token, "text");
    g->out->body_background = value_of(token, "bgcolor");
    g->out->body_dir = value_of(token, "dir");
}

static void read_start(struct guard *g, const struct html_token *token)
{
    if (strcmp(token->name, "body") == 0)
        read_body(g, token);
    else if (in(token->name, swallowed, G_N_ELEMENTS(swallowed)))
        swallow(g, token->name);
    else if (guard_element_is_allowed(token->name))
        put_start(g, token);
}

static void read_raw(struct guard *g, const struct html_token *token)
{
    if (strcmp(token->name, "style") == 0) {
        g_string_append_len(g->out->css, token->text, (gssize)token->length);
        g_string_append_c(g->out->css, '\n');
    } else if (strcmp(token->name, "textarea") == 0 || strcmp(token->name, "xmp") == 0 ||
               strcmp(token->name, "plaintext") == 0) {
        put_escaped(g->out->html, token->text, token->length, false);
    }
}

void guard_read(const char *html, size_t length, struct guarded *out)
{
    struct html_token token;
    struct guard *g = g_new0(struct guard, 1);
    *out = (struct guarded){.html = g_string_sized_new(length + 64), .css = g_string_new(NULL)};
    g_string_append(out->html, "<!DOCTYPE html>");
    g->out = out;
    html_reader_init(&g->reader, html, length);
    while (html_next(&g->reader, &token) && out->html->len < SANITISE_INPUT_MAX * 4) {
        if (token.kind == HTML_START)
            read_start(g, &token);
        else if (token.kind == HTML_END && guard_element_is_allowed(token.name))
            put_end(g, token.name);
        else if (token.kind == HTML_TEXT)
            put_escaped(out->html, token.text, token.length, false);
        else if (token.kind == HTML_RAW)
            read_raw(g, &token);
    }
    g_free(g);
}

void guard_clear(struct guarded *guarded)
{
    g_string_free(guarded->html, TRUE);
    g_string_free(guarded->css, TRUE);
    g_free(guarded->body_style);
    g_free(guarded->body_color);
    g_free(guarded->body_background);
    g_free(guarded->body_dir);
}

#include "mime/sanitise.h"

#include <string.h>

#define SHEET_MAX ((size_t)256 << 10)
#define INLINE_MAX ((size_t)8 << 10)
#define VALUE_MAX 600
#define SELECTOR_MAX 400

static const char *const properties[] = {"-webkit-text-size-adjust",
                                         "background",
                                         "background-color",
                                         "background-position",
                                         "background-repeat",
                                         "background-size",
                                         "border",
                                         "border-bottom",
                                         "border-bottom-color",
                                         "border-bottom-left-radius",
                                         "border-bottom-right-radius",
                                         "border-bottom-style",
                                         "border-bottom-width",
                                         "border-collapse",
                                         "border-color",
                                         "border-left",
                                         "border-left-color",
                                         "border-left-style",
                                         "border-left-width",
                                         "border-radius",
                                         "border-right",
                                         "border-right-color",
                                         "border-right-style",
                                         "border-right-width",
                                         "border-spacing",
                                         "border-style",
                                         "border-top",
                                         "border-top-color",
                                         "border-top-left-radius",
                                         "border-top-right-radius",
                                         "border-top-style",
                                         "border-top-width",
                                         "border-width",
                                         "box-shadow",
                                         "box-sizing",
                                         "caption-side",
                                         "clear",
                                         "color",
                                         "direction",
                                         "display",
                                         "empty-cells",
                                         "float",
                                         "font",
                                         "font-family",
                                         "font-size",
                                         "font-stretch",
                                         "font-style",
                                         "font-variant",
                                         "font-weight",
                                         "height",
                                         "letter-spacing",
                                         "line-height",
                                         "list-style",
                                         "list-style-position",
                                         "list-style-type",
                                         "margin",
                                         "margin-bottom",
                                         "margin-left",
                                         "margin-right",
                                         "margin-top",
                                         "max-height",
                                         "max-width",
                                         "min-height",
                                         "min-width",
                                         "object-fit",
                                         "opacity",
                                         "outline",
                                         "overflow",
                                         "overflow-wrap",
                                         "overflow-x",
                                         "overflow-y",
                                         "padding",
                                         "padding-bottom",
                                         "padding-left",
                                         "padding-right",
                                         "padding-top",
                                         "table-layout",
                                         "text-align",
                                         "text-decoration",
                                         "text-decoration-color",
                                         "text-decoration-line",
                                         "text-decoration-style",
                                         "text-indent",
                                         "text-overflow",
                                         "text-transform",
                                         "unicode-bidi",
                                         "vertical-align",
                                         "visibility",
                                         "white-space",
                                         "width",
                                         "word-break",
                                         "word-spacing",
                                         "word-wrap"};
static const char *const functions[] = {"calc", "clamp", "hsl", "hsla", "linear-gradient",
                                        "max",  "min",   "rgb", "rgba"};
static const char *const pseudos[] = {"active", "first-child", "first-letter", "first-line",
                                      "hover",  "last-child",  "link",         "visited"};

/* Comments and the marks of HTML comments become blanks. */
static char *without_comments(const char *css, size_t max)
{
    size_t length = strnlen(css, max), used = 0;
    char *out = g_malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        if (css[i] == '/' && i + 1 < length && css[i + 1] == '*') {
            const char *close = memmem(css + i + 2, length - i - 2, "*/", 2);
            i = close != NULL ? (size_t)(close - css) + 1 : length;
            out[used++] = ' ';
        } else if (length - i >= 4 && memcmp(css + i, "<!--", 4) == 0) {
            i += 3;
        } else if (length - i >= 3 && memcmp(css + i, "-->", 3) == 0) {
            i += 2;
        } else {
            out[used++] = css[i];
        }
    }
    out[used] = '\0';
    return out;
}

/* Where the text up to one of the stop characters ends, over strings and brackets. */
static size_t until(const char *css, const char *stops)
{
    size_t i = 0;
    unsigned depth = 0;
    char quote = '\0';
    for (; css[i] != '\0'; i++) {
        char c = css[i];
        if (quote != '\0') {
            quote = c == quote || c == '\n' ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (depth == 0 && strchr(stops, c) != NULL) {
            break;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        }
    }
    return i;
}

static char *trimmed(const char *text, size_t length)
{
    return g_strstrip(g_strndup(text, length));
}

/* A string: only characters that mean nothing to any parser behind us. */
static const char *copy_string(const char *p, GString *out)
{
    char quote = *p;
    g_string_append_c(out, '\'');
    for (p++; *p != '\0' && *p != quote; p++) {
        if (!g_ascii_isalnum(*p) && *p > 0 && strchr(" ._-,+&", *p) == NULL)
            return NULL;
        g_string_append_c(out, *p);
    }
    g_string_append_c(out, '\'');
    return *p == quote ? p + 1 : NULL;
}

/* url(…): left out; counted when it would have left the house. */
static const char *skip_url(const char *p, unsigned *remote)
{
    const char *close = strchr(p, ')');
    const char *from = p + strspn(p, " \t\n\r\f'\"");
    if (g_ascii_strncasecmp(from, "http", 4) == 0 || strncmp(from, "//", 2) == 0)
        (*remote)++;
    return close != NULL ? close + 1 : p + strlen(p);
}

static const char *copy_word(const char *p, GString *out, unsigned *remote)
{
    size_t length = 0;
    while (g_ascii_isalnum(p[length]) || p[length] == '-' || p[length] == '_')
        length++;
    g_autofree char *word = g_ascii_strdown(p, (gssize)length);
    const char *next = p + length;
    if (*next == '(') {
        if (strcmp(word, "url") == 0)
            return skip_url(next + 1, remote);
        if (!html_name_in(word, functions, G_N_ELEMENTS(functions)))
            return NULL;
    } else if (strcmp(word, "fixed") == 0 || strcmp(word, "sticky") == 0) {
        return NULL;
    }
    g_string_append_len(out, p, (gssize)length);
    return next;
}

/* A value piece by piece; false: not one we know to be harmless. */
static bool copy_value(const char *p, GString *out, unsigned *remote)
{
    while (p != NULL && *p != '\0') {
        if (*p == '"' || *p == '\'')
            p = copy_string(p, out);
        else if (g_ascii_isalnum(*p) || *p == '-' || *p == '_')
            p = copy_word(p, out, remote);
        else if (g_ascii_isspace(*p) || strchr("#%.,()+/*!", *p) != NULL)
            g_string_append_c(out, g_ascii_isspace(*p++) ? ' ' : p[-1]);
        else
            return false;
    }
    return p != NULL;
}

static void copy_declaration(const char *text, size_t length, GString *out, unsigned *remote)
{
    const char *colon = memchr(text, ':', length);
    if (colon == NULL || length > VALUE_MAX * 8)
        return;
    g_autofree char *raw = trimmed(text, (size_t)(colon - text));
    g_autofree char *name = g_ascii_strdown(raw, -1);
    g_autofree char *value = trimmed(colon + 1, (size_t)(text + length - colon - 1));
    bool background =
        strcmp(name, "background-image") == 0 || strcmp(name, "list-style-image") == 0;
    if (!background && !html_name_in(name, properties, G_N_ELEMENTS(properties)))
        return;
    GString *clean = g_string_new(NULL);
    bool good = copy_value(value, clean, remote) && clean->len <= VALUE_MAX && !background;
    g_strstrip(clean->str);
    clean->len = strlen(clean->str);
    if (good && clean->len > 0)
        g_string_append_printf(out, "%s%s:%s",
                               out->len > 0 && out->str[out->len - 1] != '{' ? ";" : "", name,
                               clean->str);
    g_string_free(clean, TRUE);
}

static void copy_declarations(const char *css, GString *out, unsigned *remote)
{
    while (*css != '\0' && out->len < SHEET_MAX) {
        size_t length = until(css, ";");
        copy_declaration(css, length, out, remote);
        css += length + (css[length] == ';' ? 1 : 0);
    }
}

char *css_inline(const char *declarations, unsigned *remote)
{
    g_autofree char *clean = without_comments(declarations, INLINE_MAX);
    GString *out = g_string_new(NULL);
    copy_declarations(clean, out, remote);
    return g_string_free(out, FALSE);
}

/* Names of classes and ids are moved into a space of their own: "m-…". */
static const char *copy_name(const char *p, GString *out)
{
    g_string_append_c(out, *p++);
    if (strncmp(p, "m-", 2) != 0 && strncmp(p, "postroom-", 9) != 0)
        g_string_append(out, "m-");
    size_t length = 0;
    while (g_ascii_isalnum(p[length]) || p[length] == '-' || p[length] == '_')
        length++;
    g_string_append_len(out, p, (gssize)length);
    return length > 0 ? p + length : NULL;
}

static const char *copy_pseudo(const char *p, GString *out)
{
    size_t length = 0;
    while (g_ascii_isalnum(p[1 + length]) || p[1 + length] == '-')
        length++;
    g_autofree char *name = g_ascii_strdown(p + 1, (gssize)length);
    if (!html_name_in(name, pseudos, G_N_ELEMENTS(pseudos)))
        return NULL;
    g_string_append_printf(out, ":%s", name);
    return p + 1 + length;
}

/* One selector, below .postroom-mail. NULL when it uses what we do not know. */
static char *scoped_selector(const char *selector)
{
    static const char root[] = ".postroom-mail";
    GString *out = g_string_new(root);
    const char *p = selector;
    bool whole = g_ascii_strncasecmp(p, "body", 4) == 0 && !g_ascii_isalnum(p[4]) && p[4] != '-';
    if (whole)
        p += 4;
    else if (strncmp(p, root, strlen(root)) == 0)
        p += strlen(root);
    else
        g_string_append_c(out, ' ');
    while (p != NULL && *p != '\0') {
        if (*p == '.' || *p == '#')
            p = copy_name(p, out);
        else if (*p == ':')
            p = copy_pseudo(p, out);
        else if (g_ascii_isalnum(*p) || strchr(" >+~*", *p) != NULL)
            g_string_append_c(out, *p++);
        else
            p = NULL;
    }
    return g_string_free(out, p == NULL);
}

static char *scoped_selectors(const char *text, size_t length)
{
    if (length > SELECTOR_MAX * 8)
        return NULL;
    g_autofree char *flat = trimmed(text, length);
    g_strdelimit(flat, "\t\r\n\f", ' ');
    g_auto(GStrv) each = g_strsplit(flat, ",", 64);
    GString *out = g_string_new(NULL);
    for (char **one = each; *one != NULL; one++) {
        g_strstrip(*one);
        g_autofree char *scoped =
            **one != '\0' && strlen(*one) <= SELECTOR_MAX ? scoped_selector(*one) : NULL;
        if (scoped != NULL)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "," : "", scoped);
    }
    bool none = out->len == 0;
    return g_string_free(out, none);
}

static void copy_rule(const char *selector, size_t length, const char *block, GString *out,
                      unsigned *remote)
{
    g_autofree char *scoped = scoped_selectors(selector, length);
    GString *rule = g_string_new(NULL);
    copy_declarations(block, rule, remote);
    if (scoped != NULL && rule->len > 0)
        g_string_append_printf(out, "%s{%s}\n", scoped, rule->str);
    g_string_free(rule, TRUE);
}

/* Length of a block from its '{' to behind the matching '}'. */
static size_t block_length(const char *css)
{
    unsigned depth = 0;
    size_t i = 0;
    do {
        i += until(css + i, "{}");
        if (css[i] == '\0')
            return i;
        if (css[i] == '{')
            depth++;
        else if (depth > 0)
            depth--;
        i++;
    } while (depth > 0);
    return i;
}

static void copy_rules(const char *css, GString *out, unsigned *remote, bool nested);

static bool media_is_plain(const char *query)
{
    for (const char *p = query; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && strchr(" ():,.-", *p) == NULL)
            return false;
    return strlen(query) < 200;
}

static const char *copy_at_rule(const char *css, GString *out, unsigned *remote, bool nested)
{
    size_t prelude = until(css, "{;}");
    if (css[prelude] != '{')
        return css + prelude + (css[prelude] == ';' ? 1 : 0);
    size_t block = block_length(css + prelude);
    const char *next = css + prelude + block;
    if (nested || block < 2 || g_ascii_strncasecmp(css, "@media", 6) != 0)
        return next;
    g_autofree char *query = trimmed(css + 6, prelude - 6);
    g_strdelimit(query, "\t\r\n\f", ' ');
    if (!media_is_plain(query))
        return next;
    g_autofree char *inner = g_strndup(css + prelude + 1, block - 2);
    GString *rules = g_string_new(NULL);
    copy_rules(inner, rules, remote, true);
    if (rules->len > 0)
        g_string_append_printf(out, "@media %s{\n%s}\n", query, rules->str);
    g_string_free(rules, TRUE);
    return next;
}

static void copy_rules(const char *css, GString *out, unsigned *remote, bool nested)
{
    while (*css != '\0' && out->len < SHEET_MAX) {
        css += strspn(css, " \t\r\n\f;}");
        if (*css == '@') {
            const char *next = copy_at_rule(css, out, remote, nested);
            css = next > css ? next : css + 1;
            continue;
        }
        size_t selector = until(css, "{}");
        if (css[selector] != '{') {
            css += selector + (css[selector] == '}' ? 1 : 0);
            continue;
        }
        size_t length = block_length(css + selector);
        g_autofree char *block = g_strndup(css + selector + 1, length >= 2 ? length - 2 : 0);
        if (strpbrk(block, "{}") == NULL)
            copy_rule(css, selector, block, out, remote);
        css += selector + length;
    }
}

char *css_sheet(const char *css, unsigned *remote)
{
    g_autofree char *clean = without_comments(css, SHEET_MAX);
    GString *out = g_string_new(NULL);
    copy_rules(clean, out, remote, false);
    return g_string_free(out, FALSE);
}

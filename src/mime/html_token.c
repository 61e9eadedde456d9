#include "mime/html.h"

#include <string.h>

void html_reader_init(struct html_reader *reader, const char *html, size_t length)
{
    reader->at = html;
    reader->end = html + length;
    reader->raw[0] = '\0';
}

bool html_name_in(const char *name, const char *const *sorted, size_t count)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = (low + count) / 2;
        int order = strcmp(name, sorted[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            count = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_raw(const char *name)
{
    static const char *const names[] = {"iframe", "noembed",  "noframes", "plaintext", "script",
                                        "style",  "textarea", "title",    "xmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i][0] == name[0] && strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* End of a comment whose content starts at p, behind "-->", "--!>", or "<!-->" and "<!--->". */
static const char *comment_end(const char *p, const char *end)
{
    if (p < end && *p == '>')
        return p + 1;
    if (p + 1 < end && p[0] == '-' && p[1] == '>')
        return p + 2;
    while (p < end) {
        const char *dash = memchr(p, '-', (size_t)(end - p));
        if (dash == NULL || end - dash < 3)
            return end;
        if (dash[1] == '-' && dash[2] == '>')
            return dash + 3;
        if (dash[1] == '-' && dash[2] == '!' && end - dash > 3 && dash[3] == '>')
            return dash + 4;
        p = dash + 1;
    }
    return end;
}

static const char *read_name(const char *p, const char *end, char *name)
{
    size_t used = 0;
    bool too_long = false;
    for (; p < end && !is_space(*p) && *p != '/' && *p != '>'; p++) {
        too_long |= used + 1 >= HTML_NAME_MAX;
        if (!too_long)
            name[used++] = g_ascii_tolower(*p);
    }
    name[too_long ? 0 : used] = '\0';
    return p;
}

static void keep_attribute(struct html_token *token, const struct html_attribute *attribute)
{
    if (token->attribute_count >= HTML_ATTRIBUTES_MAX)
        return;
    for (size_t i = 0; i < token->attribute_count; i++)
        if (token->attributes[i].name_length == attribute->name_length &&
            g_ascii_strncasecmp(token->attributes[i].name, attribute->name,
                                attribute->name_length) == 0)
            return;
    token->attributes[token->attribute_count++] = *attribute;
}

static const char *read_value(const char *p, const char *end, struct html_attribute *out)
{
    while (p < end && is_space(*p))
        p++;
    if (p < end && (*p == '"' || *p == '\'')) {
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
        if (close == NULL)
            return end;
        out->value = p + 1;
        out->value_length = (size_t)(close - p - 1);
        return close + 1;
    }
    out->value = p;
    while (p < end && !is_space(*p) && *p != '>')
        p++;
    out->value_length = (size_t)(p - out->value);
    return p;
}

/* From behind the tag's name to behind its '>'; NULL when the input ends first. */
static const char *read_attributes(const char *p, const char *end, struct html_token *token)
{
    for (;;) {
        while (p < end && (is_space(*p) || *p == '/'))
            p++;
        if (p >= end)
            return NULL;
        if (*p == '>')
            return p + 1;
        struct html_attribute attribute = {.name = p, .value = ""};
        for (p++; p < end && !is_space(*p) && *p != '/' && *p != '>' && *p != '=';)
            p++;
        attribute.name_length = (size_t)(p - attribute.name);
        while (p < end && is_space(*p))
            p++;
        if (p < end && *p == '=')
            p = read_value(p + 1, end, &attribute);
        keep_attribute(token, &attribute);
    }
}

/* Reads the markup at '<'. True: a token; false: nothing to show (a comment), p moved on. */
static bool read_markup(struct html_reader *reader, struct html_token *token)
{
    const char *p = reader->at + 1, *end = reader->end;
    bool closing = p < end && *p == '/';
    if (!closing && p < end && (*p == '!' || *p == '?')) {
        bool comment = end - p >= 3 && memcmp(p, "!--", 3) == 0;
        const char *close = comment ? NULL : memchr(p, '>', (size_t)(end - p));
        reader->at = comment ? comment_end(p + 3, end) : close != NULL ? close + 1 : end;
        return false;
    }
    p += closing ? 1 : 0;
    if (!g_ascii_isalpha(*p)) { /* "</ x>" is a comment as well */
        const char *close = memchr(p, '>', (size_t)(end - p));
        reader->at = close != NULL ? close + 1 : end;
        return false;
    }
    token->kind = closing ? HTML_END : HTML_START;
    token->attribute_count = 0;
    p = read_attributes(read_name(p, end, token->name), end, token);
    reader->at = p != NULL ? p : end;
    if (p != NULL && !closing && is_raw(token->name))
        memcpy(reader->raw, token->name, HTML_NAME_MAX);
    return p != NULL;
}

static bool is_markup(const char *p, const char *end)
{
    if (end - p < 2)
        return false;
    if (p[1] == '/')
        return end - p > 2;
    return g_ascii_isalpha(p[1]) || p[1] == '!' || p[1] == '?';
}

static const char *raw_end(const char *p, const char *end, const char *name)
{
    size_t length = strlen(name);
    while (strcmp(name, "plaintext") != 0 && p < end) {
        const char *open = memchr(p, '<', (size_t)(end - p));
        if (open == NULL || (size_t)(end - open) < length + 2)
            break;
        const char *after = open + 2 + length;
        if (open[1] == '/' && g_ascii_strncasecmp(open + 2, name, length) == 0 &&
            (after == end || is_space(*after) || *after == '/' || *after == '>'))
            return open;
        p = open + 1;
    }
    return end;
}

static bool read_raw(struct html_reader *reader, struct html_token *token)
{
    token->kind = HTML_RAW;
    memcpy(token->name, reader->raw, HTML_NAME_MAX);
    reader->raw[0] = '\0';
    token->text = reader->at;
    reader->at = raw_end(reader->at, reader->end, token->name);
    token->length = (size_t)(reader->at - token->text);
    return token->length > 0;
}

bool html_next(struct html_reader *reader, struct html_token *token)
{
    if (reader->raw[0] != '\0' && read_raw(reader, token))
        return true;
    while (reader->at < reader->end) {
        const char *p = reader->at;
        if (*p == '<' && is_markup(p, reader->end)) {
            if (read_markup(reader, token))
                return true;
            continue;
        }
        token->kind = HTML_TEXT;
        token->text = p;
        do {
            p = memchr(p + 1, '<', (size_t)(reader->end - p - 1));
        } while (p != NULL && !is_markup(p, reader->end));
        reader->at = p != NULL ? p : reader->end;
        token->length = (size_t)(reader->at - token->text);
        return true;
    }
    return false;
}

const struct html_attribute *html_attribute(const struct html_token *token, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < token->attribute_count; i++)
        if (token->attributes[i].name_length == length &&
            g_ascii_strncasecmp(token->attributes[i].name, name, length) == 0)
            return &token->attributes[i];
    return NULL;
}

char *html_attribute_value(const struct html_attribute *attribute)
{
    GString *out = g_string_sized_new(attribute->value_length + 1);
    const char *p = attribute->value, *end = p + attribute->value_length;
    while (p < end) {
        gunichar c = 0;
        size_t length = html_entity(p, (size_t)(end - p), &c);
        if (length > 0) {
            g_string_append_unichar(out, c);
            p += length;
        } else if (*p != '\0') {
            g_string_append_c(out, *p++);
        } else {
            p++;
        }
    }
    return g_string_free(out, FALSE);
}

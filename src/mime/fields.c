#include "mime/internal.h"

#include <string.h>

static size_t line_end(const char *data, size_t end, size_t at)
{
    const char *lf = memchr(data + at, '\n', end - at);
    return lf != NULL ? (size_t)(lf - data) + 1 : end;
}

static bool line_is_blank(const char *data, size_t start, size_t end)
{
    while (start < end && (data[start] == '\r' || data[start] == '\n' || data[start] == ' ' ||
                           data[start] == '\t'))
        start++;
    return start == end;
}

/* Length of the field name when the line is a field, else 0. Blanks before the colon are forgiven.
 */
static size_t name_length(const char *line, size_t length, size_t *colon)
{
    size_t i = 0;
    while (i < length && line[i] > 32 && line[i] < 127 && line[i] != ':')
        i++;
    size_t name = i;
    while (i < length && (line[i] == ' ' || line[i] == '\t'))
        i++;
    if (i >= length || line[i] != ':')
        return 0;
    *colon = i;
    return name;
}

static bool starts_field(const char *data, size_t end, size_t at)
{
    size_t colon = 0;
    return at < end && name_length(data + at, line_end(data, end, at) - at, &colon) > 0;
}

/* Where the field that starts at `at` ends: behind its continuation lines. A line of blanks is one
 * of them (RFC 5322, 4.2), unless no further field comes: then an editor put blanks into the empty
 * line. */
static size_t field_end(const char *data, size_t end, size_t at)
{
    size_t next = line_end(data, end, at);
    while (next < end && (data[next] == ' ' || data[next] == '\t')) {
        size_t after = line_end(data, end, next);
        bool folded = after < end && (data[after] == ' ' || data[after] == '\t');
        if (line_is_blank(data, next, after) && !folded && !starts_field(data, end, after))
            break;
        next = after;
    }
    return next;
}

bool field_next(const char *data, size_t end, size_t *at, struct field *out)
{
    while (*at < end) {
        size_t stop = line_end(data, end, *at);
        if (line_is_blank(data, *at, stop)) {
            *at = stop;
            return false;
        }
        size_t colon = 0;
        size_t name = name_length(data + *at, stop - *at, &colon);
        if (name == 0) {
            *at = stop; /* "From " of an mbox, or a line that lost its blank: nothing to keep */
            continue;
        }
        size_t close = field_end(data, end, *at);
        out->name = data + *at;
        out->name_length = name;
        out->value = data + *at + colon + 1;
        *at = close;
        while (close > 0 && (data[close - 1] == '\n' || data[close - 1] == '\r') &&
               data + close > out->value)
            close--;
        out->value_length = (size_t)(data + close - out->value);
        return true;
    }
    return false;
}

bool field_is(const struct field *field, const char *name)
{
    return strlen(name) == field->name_length &&
           g_ascii_strncasecmp(field->name, name, field->name_length) == 0;
}

static bool plain_ascii(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] <= 0)
            return false;
    return true;
}

char *field_value(const struct field *field, const char *charset)
{
    size_t length = MIN(field->value_length, (size_t)MIME_HEADER_MAX);
    if (plain_ascii(field->value, length))
        return g_strndup(field->value, length);
    g_autofree char *clean = g_malloc(length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++)
        if (field->value[i] != '\0')
            clean[used++] = field->value[i];
    clean[used] = '\0';
    const char *stop = NULL;
    if (g_utf8_validate(clean, (gssize)used, &stop))
        return g_steal_pointer(&clean);
    if (length < field->value_length && (size_t)(clean + used - stop) < 4) {
        clean[stop - clean] = '\0'; /* only the cut broke a character */
        return g_steal_pointer(&clean);
    }
    return charset_to_utf8(charset, clean, used, NULL);
}

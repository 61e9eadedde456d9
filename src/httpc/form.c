#include "httpc/httpc.h"

#include <string.h>

static bool is_unreserved(unsigned char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Writes the percent-encoded text; answers with its end. Room is three bytes a character. */
static char *encode_into(char *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (is_unreserved(*p)) {
            *out++ = (char)*p;
            continue;
        }
        *out++ = '%';
        *out++ = hex[*p >> 4];
        *out++ = hex[*p & 15];
    }
    return out;
}

char *httpc_escape(const char *value)
{
    char *text = g_malloc(strlen(value) * 3 + 1);
    *encode_into(text, value) = '\0';
    return text;
}

/* Built in one buffer of the largest possible size, so that no copy of a secret stays behind. */
struct secret *httpc_form(const char *const *names_and_values)
{
    size_t size = 1;
    for (size_t i = 0; names_and_values[i] != NULL; i++)
        size += strlen(names_and_values[i]) * 3 + 1;
    char *text = g_malloc0(size);
    char *end = text;
    for (size_t i = 0; names_and_values[i] != NULL && names_and_values[i + 1] != NULL; i += 2) {
        if (end != text)
            *end++ = '&';
        end = encode_into(end, names_and_values[i]);
        *end++ = '=';
        end = encode_into(end, names_and_values[i + 1]);
    }
    struct secret *form = secret_new(text, (size_t)(end - text));
    explicit_bzero(text, size);
    g_free(text);
    return form;
}

#include "mime/internal.h"

#include <string.h>

/* Comments and quoted strings skipped: In-Reply-To of old mailers holds prose. */
static const char *skip_comment(const char *at)
{
    unsigned depth = 0;
    do {
        if (*at == '\\' && at[1] != '\0')
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')')
            depth--;
        at++;
    } while (*at != '\0' && depth > 0);
    return at;
}

/* Behind a quoted string; NULL: it never ends. */
static const char *end_of_quoted(const char *at)
{
    for (const char *c = at + 1; *c != '\0'; c++) {
        if (*c == '"')
            return c + 1;
        if (*c == '\\' && c[1] != '\0')
            c++;
    }
    return NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void add_without_space(GPtrArray *out, const char *from, size_t length)
{
    char *id = g_malloc(length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++)
        if (!is_space(from[i]))
            id[used++] = from[i];
    id[used] = '\0';
    if (used > 0)
        g_ptr_array_add(out, id);
    else
        g_free(id);
}

static void read_bracketed(const char *raw, GPtrArray *out)
{
    /* Until one never ends: it is a sign like others, and so are those behind. */
    bool quotes = true;
    for (const char *at = raw; *at != '\0';) {
        if (*at == '(') {
            at = skip_comment(at);
        } else if (*at == '"' && quotes) {
            const char *end = end_of_quoted(at);
            quotes = end != NULL;
            at = quotes ? end : at + 1;
        } else if (*at == '<') {
            size_t length = strcspn(at + 1, "<>");
            if (at[1 + length] == '>')
                add_without_space(out, at + 1, length);
            at += 1 + length;
        } else {
            at++;
        }
    }
}

/* Ids in brackets; else, for senders that forget them, every word with an @. */
static void read_ids(const char *raw, GPtrArray *out)
{
    read_bracketed(raw, out);
    for (const char *at = raw; out->len == 0 && *at != '\0';) {
        size_t length = strcspn(at, " \t\r\n,<>()\"");
        if (length > 0 && memchr(at, '@', length) != NULL) {
            g_ptr_array_add(out, g_strndup(at, length));
            return;
        }
        at += length > 0 ? length : 1;
    }
}

static char **finish(GPtrArray *list)
{
    if (list->len == 0) {
        g_ptr_array_free(list, TRUE);
        return NULL;
    }
    g_ptr_array_add(list, NULL);
    return (char **)g_ptr_array_free(list, FALSE);
}

char **mime_form_message_ids(const char *raw)
{
    GPtrArray *out = g_ptr_array_new();
    read_ids(raw, out);
    return finish(out);
}

char **mime_form_urls(const char *raw)
{
    GPtrArray *out = g_ptr_array_new();
    read_bracketed(raw, out);
    return finish(out);
}

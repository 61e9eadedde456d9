#include "mime/internal.h"

#include <gmime/gmime.h>
#include <pthread.h>
#include <string.h>

void library_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, g_mime_init);
}

static char *lower_token(const char *at, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (at[i] <= 32 || at[i] > 126 || strchr("()<>@,;:\\\"[]?=", at[i]) != NULL)
            return NULL;
    return length > 0 ? g_ascii_strdown(at, (gssize)length) : NULL;
}

/* "type/subtype" at the front of a Content-Type, without comments; NULL when it is none. */
static char *bare_type(const char *value)
{
    while (*value == ' ' || *value == '\t' || *value == '\r' || *value == '\n')
        value++;
    size_t length = strcspn(value, "; \t\r\n(,");
    const char *slash = memchr(value, '/', length);
    if (slash == NULL)
        return g_ascii_strncasecmp(value, "text", length) == 0 && length == 4
                   ? g_strdup("text/plain")
                   : NULL;
    g_autofree char *type = lower_token(value, (size_t)(slash - value));
    g_autofree char *sub = lower_token(slash + 1, length - (size_t)(slash + 1 - value));
    return type != NULL && sub != NULL ? g_strdup_printf("%s/%s", type, sub) : NULL;
}

static GMimeParamList *read_params(const char *value)
{
    const char *semicolon = value;
    for (bool quoted = false; *semicolon != '\0' && (quoted || *semicolon != ';'); semicolon++)
        quoted ^= *semicolon == '"';
    if (*semicolon == '\0')
        return NULL;
    library_init();
    g_autofree char *flat = text_unfold(semicolon + 1);
    return g_mime_param_list_parse(NULL, flat);
}

static char *take_param(GMimeParamList *params, const char *name)
{
    GMimeParam *param = params != NULL ? g_mime_param_list_get_parameter(params, name) : NULL;
    const char *value = param != NULL ? g_mime_param_get_value(param) : NULL;
    return value != NULL ? charset_to_utf8("utf-8", value, strlen(value), NULL) : NULL;
}

char *name_sanitise(const char *raw)
{
    if (raw == NULL)
        return NULL;
    g_autofree char *name = words_decode(raw);
    const char *base = name;
    for (const char *p = name; *p != '\0'; p++)
        if ((*p == '/' || *p == '\\') && p[1] != '\0')
            base = p + 1;
    GString *out = g_string_new(NULL);
    for (const char *p = base; *p != '\0' && out->len < 240; p = utf8_next(p)) {
        gunichar c = g_utf8_get_char(p);
        bool direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
        if (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0) && !direction && c != '/' &&
            c != '\\')
            g_string_append_unichar(out, c);
    }
    g_strstrip(out->str);
    if (out->str[0] == '\0' || strcmp(out->str, ".") == 0 || strcmp(out->str, "..") == 0) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}

void content_type_parse(const char *value, struct content_type *out)
{
    *out = (struct content_type){.type = bare_type(value)};
    GMimeParamList *params = read_params(value);
    out->charset = take_param(params, "charset");
    char *comment = out->charset != NULL ? strchr(out->charset, '(') : NULL;
    if (comment != NULL) {
        *comment = '\0';
        g_strchomp(out->charset);
    }
    out->boundary = take_param(params, "boundary");
    g_autofree char *name = take_param(params, "name");
    out->name = name_sanitise(name);
    g_clear_object(&params);
    if (out->type == NULL)
        out->type = g_strdup("text/plain");
}

void content_type_clear(struct content_type *type)
{
    g_clear_pointer(&type->type, g_free);
    g_clear_pointer(&type->charset, g_free);
    g_clear_pointer(&type->boundary, g_free);
    g_clear_pointer(&type->name, g_free);
}

char *disposition_parse(const char *value, char **name)
{
    const char *start = value + strspn(value, " \t\r\n");
    size_t length = strcspn(start, "; \t\r\n(");
    GMimeParamList *params = read_params(value);
    g_autofree char *raw = take_param(params, "filename");
    *name = name_sanitise(raw);
    g_clear_object(&params);
    return lower_token(start, length);
}

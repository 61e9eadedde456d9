#include "smtp/wire.h"

#include <string.h>

#define ADDRESS_MAX 1000

static size_t line_length(const char *data, size_t length)
{
    size_t n = 0;
    while (n < length && data[n] != '\r' && data[n] != '\n')
        n++;
    return n;
}

/* How many bytes the line end at data takes: CRLF is one, a bare CR or LF is one too. */
static size_t line_end(const char *data, size_t length)
{
    if (length >= 2 && data[0] == '\r' && data[1] == '\n')
        return 2;
    return length > 0 ? 1 : 0;
}

bool smtp_wire_write(GBytes *message, smtp_wire_sink *sink, void *arg)
{
    size_t length;
    const char *at = g_bytes_get_data(message, &length);
    while (length > 0) {
        size_t line = line_length(at, length);
        if (line > 0 && at[0] == '.' && !sink(arg, ".", 1))
            return false;
        if (line > 0 && !sink(arg, at, line))
            return false;
        if (!sink(arg, "\r\n", 2))
            return false;
        size_t used = line + line_end(at + line, length - line);
        at += used;
        length -= used;
    }
    return true;
}

uint64_t smtp_wire_size(GBytes *message)
{
    size_t length;
    const char *at = g_bytes_get_data(message, &length);
    uint64_t size = 0;
    while (length > 0) {
        size_t line = line_length(at, length);
        size_t used = line + line_end(at + line, length - line);
        size += line + 2;
        at += used;
        length -= used;
    }
    return size;
}

char *smtp_xtext(const char *value)
{
    GString *out = g_string_new(NULL);
    for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
        if (*p > 32 && *p < 127 && *p != '+' && *p != '=')
            g_string_append_c(out, (char)*p);
        else
            g_string_append_printf(out, "+%02X", *p);
    }
    return g_string_free(out, FALSE);
}

bool smtp_address_is_valid(const char *address, bool may_be_empty)
{
    if (address == NULL || strlen(address) > ADDRESS_MAX || !g_utf8_validate(address, -1, NULL))
        return false;
    if (address[0] == '\0')
        return may_be_empty;
    bool quoted = false;
    for (const char *p = address; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            return false;
        if (quoted && c == '\\' && (unsigned char)p[1] >= 0x20)
            p++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && strchr("<> ,;()", c) != NULL)
            return false;
    }
    const char *at = strrchr(address, '@');
    return !quoted && at != NULL && at != address && at[1] != '\0';
}

char *smtp_address_form(const char *address, bool smtputf8)
{
    const char *at = strrchr(address, '@');
    if (smtputf8 || g_str_is_ascii(address))
        return g_strdup(address);
    g_autofree char *local = g_strndup(address, (size_t)(at - address));
    g_autofree char *domain = g_hostname_to_ascii(at + 1);
    if (!g_str_is_ascii(local) || domain == NULL)
        return NULL;
    return g_strdup_printf("%s@%s", local, domain);
}

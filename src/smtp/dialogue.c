#include "smtp/internal.h"

#include "base/clock.h"

#include <stdarg.h>
#include <string.h>

#define REPLY_KEPT 1000
#define PATIENCE_MS 60000

int64_t smtp_patience(const struct smtp *smtp)
{
    return clock_in_ms(smtp->server->reply_ms > 0 ? smtp->server->reply_ms : PATIENCE_MS);
}

bool smtp_command(struct smtp *smtp, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = g_strdup_vprintf(format, args);
    va_end(args);
    bool one_line = strpbrk(line, "\r\n") == NULL;
    if (!one_line)
        error_set(error, ERROR_INVALID, "a line end inside an SMTP command");
    char *wire = g_strconcat(line, "\r\n", NULL);
    bool ok = one_line && conn_write(smtp->conn, wire, strlen(wire), smtp_patience(smtp), error);
    secret_wipe_string(wire); /* sign-in lines hold tokens */
    secret_wipe_string(line);
    return ok;
}

static bool fill(struct smtp *smtp, int64_t deadline, GError **error)
{
    memmove(smtp->buffer, smtp->buffer + smtp->begin, smtp->end - smtp->begin);
    smtp->end -= smtp->begin;
    smtp->begin = 0;
    if (smtp->end == sizeof(smtp->buffer)) {
        error_set(error, ERROR_PROTOCOL, "a reply line longer than %d bytes", SMTP_LINE_MAX);
        return false;
    }
    ssize_t n = conn_read(smtp->conn, smtp->buffer + smtp->end, sizeof(smtp->buffer) - smtp->end,
                          deadline, error);
    if (n == 0)
        error_set(error, ERROR_CLOSED, "the server hung up");
    if (n <= 0)
        return false;
    smtp->end += (size_t)n;
    return true;
}

/* A line without its end, valid in the buffer until the next read; NULL on error. */
static char *read_line(struct smtp *smtp, int64_t deadline, GError **error)
{
    char *start, *newline;
    for (;;) {
        start = smtp->buffer + smtp->begin;
        newline = memchr(start, '\n', smtp->end - smtp->begin);
        if (newline != NULL)
            break;
        if (!fill(smtp, deadline, error))
            return NULL;
    }
    smtp->begin = (size_t)(newline + 1 - smtp->buffer);
    if (newline > start && newline[-1] == '\r')
        newline--;
    *newline = '\0';
    if (strlen(start) == (size_t)(newline - start))
        return start;
    error_set(error, ERROR_PROTOCOL, "a NUL in a reply");
    return NULL;
}

/* The three digits; 0 when the line is no reply line. */
static int reply_code(const char *line)
{
    bool digits =
        line[0] >= '2' && line[0] <= '5' && g_ascii_isdigit(line[1]) && g_ascii_isdigit(line[2]);
    if (!digits || (line[3] != '\0' && line[3] != ' ' && line[3] != '-'))
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* RFC 3463: class, subject, detail at the beginning of the text. (transfer full) or NULL */
static char *enhanced_code(const char *text)
{
    const char *p = text;
    if (*p != '2' && *p != '4' && *p != '5')
        return NULL;
    p++;
    for (int part = 0; part < 2; part++) {
        if (*p++ != '.')
            return NULL;
        size_t digits = strspn(p, "0123456789");
        if (digits < 1 || digits > 3)
            return NULL;
        p += digits;
    }
    return *p == '\0' || *p == ' ' ? g_strndup(text, (size_t)(p - text)) : NULL;
}

/* The server's words as shown to people: one line, valid UTF-8, no control characters. */
static char *readable(const char *text)
{
    char *shown = g_utf8_make_valid(text, -1);
    for (char *p = shown; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    if (strlen(shown) > REPLY_KEPT)
        *g_utf8_find_prev_char(shown, shown + REPLY_KEPT + 1) = '\0';
    return shown;
}

/* RFC 8621, 7: what later lines have in common with the first one, which is their enhanced code, is
 * left out. (transfer full) */
static char *without_repeated_codes(const char *text)
{
    g_autofree char *code = enhanced_code(text);
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_autofree char *own = i > 0 && code != NULL ? enhanced_code(lines[i]) : NULL;
        const char *line = lines[i];
        if (own != NULL && strcmp(own, code) == 0)
            line += strlen(code) + strspn(line + strlen(code), " ");
        g_string_append_printf(out, i > 0 ? "\n%s" : "%s", line);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void keep_reply(struct smtp_result *result, int code, const char *text)
{
    g_autofree char *told = without_repeated_codes(text);
    const char *last = strrchr(text, '\n');
    g_free(result->enhanced);
    g_free(result->reply);
    result->code = code;
    result->enhanced = enhanced_code(last == NULL ? text : last + 1);
    if (result->enhanced == NULL)
        result->enhanced = enhanced_code(text);
    result->reply = readable(told);
}

char *smtp_reply(struct smtp *smtp, int64_t deadline, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int code = 0;
    for (int lines = 0; lines < SMTP_LINES_MAX; lines++) {
        const char *line = read_line(smtp, deadline, error);
        if (line == NULL)
            return NULL;
        int this_code = reply_code(line);
        if (this_code == 0 || (lines > 0 && this_code != code)) {
            error_set(error, ERROR_PROTOCOL, "not an SMTP reply: %.100s", line);
            return NULL;
        }
        code = this_code;
        if (lines > 0)
            g_string_append_c(text, '\n');
        if (line[3] != '\0')
            g_string_append(text, line + 4);
        if (line[3] != '-') {
            keep_reply(smtp->result, code, text->str);
            return g_string_free(g_steal_pointer(&text), FALSE);
        }
    }
    error_set(error, ERROR_PROTOCOL, "a reply of more than %d lines", SMTP_LINES_MAX);
    return NULL;
}

void smtp_refused(const struct smtp *smtp, enum smtp_stage stage, GError **error)
{
    const struct smtp_result *result = smtp->result;
    enum error_code code =
        smtp_classify(stage, smtp->server->auth, result->code, result->enhanced, result->reply);
    error_set(error, code, "%d %s", result->code, result->reply);
}

bool smtp_expect(struct smtp *smtp, enum smtp_stage stage, int code, GError **error)
{
    g_autofree char *text = smtp_reply(smtp, smtp_patience(smtp), error);
    if (text == NULL)
        return false;
    if (smtp->result->code == code)
        return true;
    smtp_refused(smtp, stage, error);
    return false;
}

bool smtp_nothing_waits(const struct smtp *smtp)
{
    return smtp->begin == smtp->end;
}

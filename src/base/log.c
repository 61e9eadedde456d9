#include "base/log.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define TEXT_MAX_BYTES 200

static enum log_level threshold = LOG_LEVEL_INFO;
static int sink = STDERR_FILENO;

struct line {
    size_t used;
    char bytes[LINE_MAX_BYTES];
};

static void append(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof line->bytes - 1 - line->used;
    length = MIN(length, room);
    memcpy(line->bytes + line->used, text, length);
    line->used += length;
}

static bool is_plain(gunichar c)
{
    return c >= 0x20 && (c < 0x7f || c > 0x9f) && c <= 0x10ffff && c != '"' && c != '\\';
}

/* Control characters are escaped, also those above ASCII and what is no UTF-8: terminals obey both.
 */
static void append_text(struct line *line, const char *text)
{
    append(line, "\"", 1);
    for (size_t i = 0; text[i] != '\0' && i < TEXT_MAX_BYTES;) {
        gunichar c = g_utf8_get_char_validated(text + i, -1);
        size_t length = c <= 0x10ffff ? (size_t)g_utf8_skip[(unsigned char)text[i]] : 1;
        char escaped[8];
        if (is_plain(c))
            append(line, text + i, length);
        for (size_t k = 0; !is_plain(c) && k < length; k++)
            append(line, escaped,
                   (size_t)snprintf(escaped, sizeof escaped, "\\x%02x",
                                    (unsigned)(unsigned char)text[i + k]));
        i += length;
    }
    append(line, "\"", 1);
}

static void append_time(struct line *line)
{
    struct timespec now;
    struct tm utc;
    char text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    append(line, text, length);
    append(line, text, (size_t)snprintf(text, sizeof text, ".%03ldZ", now.tv_nsec / 1000000));
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

void log_set_fd(int fd)
{
    sink = fd;
}

void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (level < threshold)
        return;
    struct line line = {.used = 0};
    append_time(&line);
    append(&line, " ", 1);
    append(&line, names[level], strlen(names[level]));
    append(&line, " ", 1);
    append(&line, event, strlen(event));
    for (size_t i = 0; i < count; i++) {
        char number[24];
        append(&line, " ", 1);
        append(&line, fields[i].name, strlen(fields[i].name));
        append(&line, "=", 1);
        if (fields[i].text != NULL)
            append_text(&line, fields[i].text);
        else
            append(&line, number,
                   (size_t)snprintf(number, sizeof number, "%lld", (long long)fields[i].number));
    }
    line.bytes[line.used++] = '\n';
    /* One write a line keeps lines of several threads whole; a full log disk must not stop the
     * mail. */
    ssize_t ignored = write(sink, line.bytes, line.used);
    (void)ignored;
}

const char *log_error_text(const GError *error)
{
    static _Thread_local char text[TEXT_MAX_BYTES];
    if (error == NULL)
        return "none";
    g_snprintf(text, sizeof text, "%s: %s", error_problem(error), error->message);
    return text;
}

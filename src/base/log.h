/* The log: named events with typed fields, one line each, to standard error (or a file in tests).
 *
 *   LOG_INFO("sync.done", LOG_INT("account", 3), LOG_INT("fetched", 120));
 *
 * Fields are numbers, fixed words and short texts from servers; text is cut at 200 bytes and its
 * control characters are escaped. There is no way to log a struct secret, and nobody passes
 * subjects, bodies, addresses of mails, tokens or query strings (SECURITY.md 16). Any thread. */
#ifndef POSTROOM_BASE_LOG_H
#define POSTROOM_BASE_LOG_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
    const char *name;
    const char *text; /* NULL: it is a number */
    int64_t number;
};

#define LOG_INT(field, value) ((struct log_field){(field), NULL, (int64_t)(value)})
#define LOG_STR(field, value) ((struct log_field){(field), (value), 0})
/* The problem code and internal text of a GError. */
#define LOG_ERR(error) LOG_STR("error", log_error_text(error))

#define LOG_EVENT(level, event, ...)                                                               \
    log_event((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define LOG_DEBUG(event, ...) LOG_EVENT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define LOG_INFO(event, ...) LOG_EVENT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define LOG_WARN(event, ...) LOG_EVENT(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define LOG_ERROR(event, ...) LOG_EVENT(LOG_LEVEL_ERROR, event, __VA_ARGS__)

/* Lines below level are dropped. Call before threads start; the default is LOG_LEVEL_INFO to
 * standard error. */
void log_set_level(enum log_level level);
void log_set_fd(int fd);

void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);
/* Valid until the thread's next call. */
const char *log_error_text(const GError *error);

#endif

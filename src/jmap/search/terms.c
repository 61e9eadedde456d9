/* What stands behind the colons: words, dates, sizes, states, labels. */
#include "jmap/search/search.h"

#include "jmap/email/filter.h"
#include "jmap/engine/engine.h"
#include "text/text.h"

#include <string.h>

json_t *search_fail_value(struct search *search, const struct search_token *token, const char *code,
                          const char *advice)
{
    return search_fail(search, code, token->value, token->end, "\"%s\" %s", token->text, advice);
}

/* As a text condition takes it (RFC 8621, 4.4.1): a phrase in quotes; a star behind makes the last
 * word a beginning. */
json_t *search_read_text(struct search *search, const struct search_token *token,
                         const struct search_field *field)
{
    g_autoptr(GString) text = g_string_new(NULL);
    (void)search;
    if (token->quoted)
        g_string_append_c(text, '"');
    for (const char *c = token->text; *c != '\0'; c++) {
        if (token->quoted && (*c == '"' || *c == '\\'))
            g_string_append_c(text, '\\');
        g_string_append_c(text, *c);
    }
    if (token->quoted)
        g_string_append_c(text, '"');
    if (token->prefix)
        g_string_append_c(text, '*');
    return json_pack("{s:s}", field->condition, text->str);
}

static bool is_word(const struct search_token *token, const char *word)
{
    return !token->prefix && g_ascii_strcasecmp(token->text, word) == 0;
}

json_t *search_read_has(struct search *search, const struct search_token *token,
                        const struct search_field *field)
{
    (void)field;
    if (is_word(token, "attachment") || is_word(token, "attachments"))
        return json_pack("{s:b}", "hasAttachment", 1);
    if (is_word(token, "note") || is_word(token, "notes"))
        return json_pack("{s:b}", JMAP_FILTER_HAS_NOTE, 1);
    if (is_word(token, "todo"))
        return json_pack("{s:{}}", JMAP_FILTER_TODO);
    return search_fail_value(search, token, "unknown-has",
                             "is nothing that mail has here: use has:attachment, has:note or "
                             "has:todo");
}

json_t *search_read_is(struct search *search, const struct search_token *token,
                       const struct search_field *field)
{
    static const struct {
        const char *word, *condition, *keyword;
    } states[] = {
        {"unread", "notKeyword", "$seen"},         {"read", "hasKeyword", "$seen"},
        {"flagged", "hasKeyword", "$flagged"},     {"starred", "hasKeyword", "$flagged"},
        {"unflagged", "notKeyword", "$flagged"},   {"answered", "hasKeyword", "$answered"},
        {"replied", "hasKeyword", "$answered"},    {"unanswered", "notKeyword", "$answered"},
        {"forwarded", "hasKeyword", "$forwarded"}, {"draft", "hasKeyword", "$draft"},
    };
    (void)field;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (is_word(token, states[i].word))
            return json_pack("{s:s}", states[i].condition, states[i].keyword);
    if (is_word(token, "todo"))
        return json_pack("{s:{}}", JMAP_FILTER_TODO);
    if (is_word(token, "done"))
        return json_pack("{s:{s:b}}", JMAP_FILTER_TODO, "isDone", 1);
    return search_fail_value(search, token, "unknown-is",
                             "is no state of mail: use is:unread, is:read, is:flagged, "
                             "is:answered, "
                             "is:unanswered, is:forwarded, is:draft, is:todo or is:done");
}

/* --- sizes */

/* Digits, a unit, and a B that says nothing. */
static bool read_size(const char *text, uint64_t *size)
{
    static const char units[] = "kmgt";
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    if (digits == 0 || digits > 12)
        return false;
    *size = g_ascii_strtoull(text, NULL, 10);
    const char *found = *unit != '\0' ? strchr(units, g_ascii_tolower(*unit)) : NULL;
    for (const char *u = units; found != NULL && u <= found; u++) {
        if (*size > INT64_C(1000000000000000) / 1000)
            return false;
        *size *= 1000;
    }
    unit += found != NULL ? 1 : 0;
    return *unit == '\0' || g_ascii_strcasecmp(unit, "b") == 0;
}

json_t *search_read_size(struct search *search, const struct search_token *token,
                         const struct search_field *field)
{
    uint64_t size = 0;
    if (token->prefix || !read_size(token->text, &size))
        return search_fail_value(search, token, "bad-size",
                                 "is no size: write bytes, or 300k, 5M, 1G");
    return json_pack("{s:I}", field->condition, (json_int_t)size);
}

/* --- dates */

/* A day, month or year, or a time ago: from its first day to the one behind its last. */
enum unit { DAY, MONTH, YEAR };
struct span {
    enum unit unit;
    int year, month, day; /* month and day may lie outside: text_day_start counts on */
};

static bool read_number(const char **text, size_t least, size_t most, int *value)
{
    size_t digits = 0;
    for (*value = 0; digits < most && g_ascii_isdigit((*text)[digits]); digits++)
        *value = *value * 10 + ((*text)[digits] - '0');
    *text += digits;
    return digits >= least;
}

static bool is_day(int year, int month, int day)
{
    return g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year);
}

/* 2026, 2026-11, 2026-11-22. */
static bool read_calendar(const char *text, struct span *span)
{
    *span = (struct span){.unit = YEAR, .month = 1, .day = 1};
    if (!read_number(&text, 4, 4, &span->year) || span->year < 1)
        return false;
    if (*text == '\0')
        return true;
    span->unit = MONTH;
    if (*text++ != '-' || !read_number(&text, 1, 2, &span->month) || span->month < 1 ||
        span->month > 12)
        return false;
    if (*text == '\0')
        return true;
    span->unit = DAY;
    return *text++ == '-' && read_number(&text, 1, 2, &span->day) && *text == '\0' &&
           is_day(span->year, span->month, span->day);
}

/* today, yesterday, 7d, 2w, 3m, 1y: one day. */
static bool read_ago(const struct search *search, const char *text, struct span *span)
{
    int number = 0;
    span->unit = DAY;
    text_day_of(search->scope->zone, search->scope->now, &span->year, &span->month, &span->day);
    if (g_ascii_strcasecmp(text, "today") == 0)
        return true;
    if (g_ascii_strcasecmp(text, "yesterday") == 0) {
        span->day--;
        return true;
    }
    if (!read_number(&text, 1, 4, &number) || *text == '\0' || text[1] != '\0')
        return false;
    switch (g_ascii_tolower(*text)) {
    case 'd':
        span->day -= number;
        return true;
    case 'w':
        span->day -= 7 * number;
        return true;
    case 'm':
        span->month -= number;
        return true;
    case 'y':
        span->year -= MIN(number, span->year - 1);
        return true;
    default:
        return false;
    }
}

static int64_t first_second(const struct search *search, const struct span *span)
{
    int64_t second = text_day_start(search->scope->zone, span->year, span->month, span->day);
    return CLAMP(second, INT64_C(-62000000000), INT64_C(253402300799));
}

static int64_t end_second(const struct search *search, struct span span)
{
    span.day += span.unit == DAY;
    span.month += span.unit == MONTH;
    span.year += span.unit == YEAR;
    return first_second(search, &span);
}

bool search_date_span(const struct search *search, const char *text, int64_t *first, int64_t *end)
{
    struct span span = {0};
    if (!read_calendar(text, &span) && !read_ago(search, text, &span))
        return false;
    *first = first_second(search, &span);
    *end = end_second(search, span);
    return true;
}

json_t *search_read_date(struct search *search, const struct search_token *token,
                         const struct search_field *field)
{
    int64_t first, end;
    if (token->prefix || !search_date_span(search, token->text, &first, &end))
        return search_fail_value(search, token, "bad-date",
                                 "is no date: write 2026-11-22, 2026-11, 2026, today, yesterday "
                                 "or 7d, 2w, 3m, 1y");
    if (field->condition != NULL)
        return json_pack("{s:o}", field->condition, jmap_json_utc(first));
    return json_pack("{s:o, s:o}", "after", jmap_json_utc(first), "before", jmap_json_utc(end));
}

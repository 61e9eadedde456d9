#include "mime/internal.h"

#include <gmime/gmime.h>
#include <string.h>

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || *at == ',' || *at == '(') {
        if (*at != '(') {
            at++;
            continue;
        }
        const char *close = strchr(at, ')');
        at = close != NULL ? close + 1 : at + strlen(at);
    }
    return at;
}

static bool read_number(const char **at, int digits_max, int *out)
{
    int value = 0, digits = 0;
    while (g_ascii_isdigit(**at) && digits < digits_max) {
        value = value * 10 + (*(*at)++ - '0');
        digits++;
    }
    *out = value;
    return digits > 0 && !g_ascii_isdigit(**at);
}

static int read_month(const char **at)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (g_ascii_strncasecmp(*at, months + 3 * i, 3) == 0) {
            while (g_ascii_isalpha(**at))
                (*at)++;
            return i + 1;
        }
    return 0;
}

/* Minutes east of UTC; what is unknown counts as UTC (RFC 5322, 4.3). */
static int read_zone(const char *at)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
                 {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    if ((*at == '+' || *at == '-') && g_ascii_isdigit(at[1])) {
        int sign = *at == '-' ? -1 : 1;
        int value = 0, digits = 0;
        for (at++; (g_ascii_isdigit(*at) || *at == ':') && digits < 4; at++)
            if (*at != ':') {
                value = value * 10 + (*at - '0');
                digits++;
            }
        int minutes = digits <= 2 ? value * 60 : value / 100 * 60 + value % 100;
        return minutes <= 24 * 60 ? sign * minutes : 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++)
        if (g_ascii_strncasecmp(at, zones[i].name, 3) == 0)
            return zones[i].hours * 60;
    return 0;
}

/* Days since 1970 of a Gregorian date. */
static int64_t days_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400;
    int of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (int64_t)era * 146097 + days - 719468;
}

/* A colon with blanks and comments around it (RFC 5322, 4.3). */
static bool skip_colon(const char **at)
{
    const char *colon = skip_blanks(*at);
    if (*colon != ':')
        return false;
    *at = skip_blanks(colon + 1);
    return true;
}

static bool read_time(const char **at, int *seconds)
{
    int hour = 0, minute = 0, second = 0;
    if (!read_number(at, 2, &hour) || !skip_colon(at) || !read_number(at, 2, &minute) ||
        (skip_colon(at) && !read_number(at, 2, &second)))
        return false;
    *seconds = hour * 3600 + minute * 60 + MIN(second, 59);
    return hour < 24 && minute < 60 && second <= 60;
}

static int full_year(int year, size_t digits)
{
    if (digits <= 2)
        return year < 50 ? year + 2000 : year + 1900;
    return digits == 3 ? year + 1900 : year;
}

static bool read_standard(const char *at, int64_t *seconds, int *offset)
{
    int day = 0, year = 0, time = 0;
    at = skip_blanks(at);
    while (g_ascii_isalpha(*at))
        at++;
    at = skip_blanks(at + (*at == '.'));
    if (!read_number(&at, 2, &day))
        return false;
    at = skip_blanks(at + (*at == '-'));
    int month = read_month(&at);
    at = skip_blanks(at + (*at == '-'));
    const char *year_start = at;
    if (month == 0 || !read_number(&at, 4, &year))
        return false;
    year = full_year(year, (size_t)(at - year_start));
    if (year < 1900 || day < 1 ||
        day > g_date_get_days_in_month((GDateMonth)month, (GDateYear)year))
        return false;
    at = skip_blanks(at);
    if (!read_time(&at, &time))
        return false;
    *offset = read_zone(skip_blanks(at));
    *seconds = days_from_civil(year, month, day) * 86400 + time - *offset * 60;
    return true;
}

bool mime_form_date(const char *raw, int64_t *seconds, int *offset_minutes)
{
    if (read_standard(raw, seconds, offset_minutes))
        return true;
    library_init();
    g_autofree char *flat = text_unfold(raw);
    if (strlen(flat) > 200)
        return false;
    GDateTime *date = g_mime_utils_header_decode_date(flat);
    if (date == NULL)
        return false;
    *seconds = g_date_time_to_unix(date);
    *offset_minutes = (int)(g_date_time_get_utc_offset(date) / G_TIME_SPAN_MINUTE);
    int year = g_date_time_get_year(date);
    g_date_time_unref(date);
    return year >= 1900 && year < 10000;
}

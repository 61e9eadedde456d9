#include "imap/response.h"

#include <string.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Days since 1970-01-01 of the proleptic Gregorian calendar; month is 1 to 12. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static bool take_number(const char **text, int digits_min, int digits_max, int *number)
{
    int digits = 0;
    *number = 0;
    for (; digits < digits_max && g_ascii_isdigit(**text); digits++, (*text)++)
        *number = *number * 10 + (**text - '0');
    return digits >= digits_min;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

static bool take_month(const char **text, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (g_ascii_strncasecmp(*text, months + 3 * i, 3) == 0) {
            *text += 3;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_zone(const char **text, int *seconds_east)
{
    bool west = **text == '-';
    int zone = 0;
    if (!take_char(text, west ? '-' : '+') || !take_number(text, 4, 4, &zone))
        return false;
    *seconds_east = (zone / 100 * 60 + zone % 100) * 60 * (west ? -1 : 1);
    return true;
}

int64_t imap_date_parse(const char *text)
{
    int day, month, year, hour, minute, second, zone;
    while (*text == ' ')
        text++;
    if (!take_number(&text, 1, 2, &day) || !take_char(&text, '-') || !take_month(&text, &month) ||
        !take_char(&text, '-') || !take_number(&text, 4, 4, &year) || !take_char(&text, ' '))
        return INT64_MIN;
    if (!take_number(&text, 1, 2, &hour) || !take_char(&text, ':') ||
        !take_number(&text, 2, 2, &minute) || !take_char(&text, ':') ||
        !take_number(&text, 2, 2, &second) || !take_char(&text, ' ') || !take_zone(&text, &zone))
        return INT64_MIN;
    if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return INT64_MIN;
    return days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone;
}

#include "text/text.h"

#include <string.h>
#include <unicode/ucal.h>

#define ZONE_MAX 64

/* ICU carries the zones itself: no files are opened by what a client calls its zone. */
static UCalendar *open_calendar(const char *zone)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[ZONE_MAX];
    size_t length = zone != NULL ? MIN(strlen(zone), (size_t)ZONE_MAX) : 0;
    for (size_t i = 0; i < length; i++)
        wide[i] = (UChar)(unsigned char)zone[i];
    UCalendar *calendar = ucal_open(zone != NULL ? wide : NULL, zone != NULL ? (int)length : 0,
                                    "en_US_POSIX", UCAL_GREGORIAN, &status);
    if (U_FAILURE(status))
        g_error("text: no calendar (%s)", u_errorName(status));
    return calendar;
}

int64_t text_day_start(const char *zone, int year, int month, int day)
{
    UErrorCode status = U_ZERO_ERROR;
    UCalendar *calendar = open_calendar(zone);
    ucal_clear(calendar);
    ucal_setDateTime(calendar, year, month - 1, day, 0, 0, 0, &status);
    double milliseconds = ucal_getMillis(calendar, &status);
    ucal_close(calendar);
    return U_FAILURE(status) ? 0 : (int64_t)(milliseconds / 1000);
}

void text_day_of(const char *zone, int64_t seconds, int *year, int *month, int *day)
{
    UErrorCode status = U_ZERO_ERROR;
    UCalendar *calendar = open_calendar(zone);
    ucal_setMillis(calendar, (double)seconds * 1000, &status);
    *year = ucal_get(calendar, UCAL_YEAR, &status);
    *month = ucal_get(calendar, UCAL_MONTH, &status) + 1;
    *day = ucal_get(calendar, UCAL_DATE, &status);
    ucal_close(calendar);
}

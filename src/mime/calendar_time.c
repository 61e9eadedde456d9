#include "mime/calendar_time.h"

#include <string.h>

#define YEAR_LEAST 1900
#define YEAR_MOST 2200
#define ZONE_RULES_MAX 40
#define DURATION_MAX (INT64_C(3660) * 86400)

char *calendar_zone_name(icalproperty *property)
{
    icalparameter *zone = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    const char *name = zone != NULL ? icalparameter_get_tzid(zone) : NULL;
    return g_strdup(name);
}

/* --- zones. libical makes every change of a zone that a calendar brings: a rule that is not one of
 * a few changes a year would never end. */

static bool is_yearly(const struct icalrecurrencetype *rule)
{
    return rule->freq == ICAL_YEARLY_RECURRENCE && rule->interval >= 1 &&
           rule->by_second[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_minute[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_hour[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_year_day[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_week_no[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_set_pos[0] == ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_month[0] != ICAL_RECURRENCE_ARRAY_MAX &&
           rule->by_month[1] == ICAL_RECURRENCE_ARRAY_MAX &&
           (rule->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX ||
            rule->by_day[1] == ICAL_RECURRENCE_ARRAY_MAX);
}

static bool is_tame_change(icalcomponent *change)
{
    icalproperty *start = icalcomponent_get_first_property(change, ICAL_DTSTART_PROPERTY);
    if (start == NULL || icalcomponent_count_properties(change, ICAL_RDATE_PROPERTY) > 400 ||
        icalcomponent_count_properties(change, ICAL_RRULE_PROPERTY) > 1)
        return false;
    struct icaltimetype from = icalproperty_get_dtstart(start);
    icalproperty *rule = icalcomponent_get_first_property(change, ICAL_RRULE_PROPERTY);
    struct icalrecurrencetype value;
    if (from.year < 1 || from.year > YEAR_MOST)
        return false;
    if (rule == NULL)
        return true;
    value = icalproperty_get_rrule(rule);
    return is_yearly(&value);
}

static bool is_tame(icalcomponent *zone)
{
    unsigned count = 0;
    for (icalcomponent *one = icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT);
         one != NULL; one = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT))
        if (++count > ZONE_RULES_MAX || !is_tame_change(one))
            return false;
    return count > 0;
}

static icalcomponent *zone_of(icalcomponent *calendar, const char *name)
{
    icalcompiter at = icalcomponent_begin_component(calendar, ICAL_VTIMEZONE_COMPONENT);
    for (icalcomponent *one = icalcompiter_deref(&at); one != NULL; one = icalcompiter_next(&at)) {
        icalproperty *id = icalcomponent_get_first_property(one, ICAL_TZID_PROPERTY);
        const char *found = id != NULL ? icalproperty_get_tzid(id) : NULL;
        if (g_strcmp0(found, name) == 0)
            return one;
    }
    return NULL;
}

/* "Europe/Berlin", also at the end of "/freeassociation.sourceforge.net/Europe/Berlin". */
static GTimeZone *own_zone(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr("_+-/", *at) == NULL)
            return NULL;
    while (*name == '/')
        name++;
    const char *city = strrchr(name, '/');
    for (; city != NULL && name < city; name = strchr(name, '/') + 1) {
        GTimeZone *zone = g_time_zone_new_identifier(name);
        if (zone != NULL)
            return zone;
    }
    return NULL;
}

static bool by_own_zone(const char *name, const struct icaltimetype *time, int64_t *seconds)
{
    GTimeZone *zone = own_zone(name);
    GDateTime *when = zone != NULL ? g_date_time_new(zone, time->year, time->month, time->day,
                                                     time->hour, time->minute, time->second)
                                   : NULL;
    bool good = when != NULL;
    if (good)
        *seconds = g_date_time_to_unix(when);
    g_clear_pointer(&when, g_date_time_unref);
    g_clear_pointer(&zone, g_time_zone_unref);
    return good;
}

static bool by_given_zone(icalcomponent *calendar, const char *name, struct icaltimetype time,
                          int64_t *seconds)
{
    icalcomponent *found = zone_of(calendar, name);
    if (found == NULL || !is_tame(found))
        return false;
    icalcomponent *copy = icalcomponent_new_clone(found);
    icaltimezone *zone = icaltimezone_new();
    bool good = icaltimezone_set_component(zone, copy) != 0;
    if (good)
        *seconds = icaltime_as_timet_with_zone(time, zone);
    else
        icalcomponent_free(copy);
    icaltimezone_free(zone, 1);
    return good;
}

/* --- times */

static bool is_sane(const struct icaltimetype *time)
{
    return !icaltime_is_null_time(*time) && time->year >= YEAR_LEAST && time->year <= YEAR_MOST &&
           time->month >= 1 && time->month <= 12 && time->day >= 1 && time->day <= 31 &&
           time->hour >= 0 && time->hour < 24 && time->minute >= 0 && time->minute < 60 &&
           time->second >= 0 && time->second <= 60;
}

static void write_local(const struct icaltimetype *time, char *out, size_t size)
{
    unsigned year = (unsigned)time->year, month = (unsigned)time->month, day = (unsigned)time->day;
    if (time->is_date)
        g_snprintf(out, size, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
    else
        g_snprintf(out, size, "%04u-%02u-%02uT%02u:%02u:%02u", year % 10000, month % 100, day % 100,
                   (unsigned)time->hour % 100, (unsigned)time->minute % 100,
                   (unsigned)time->second % 100);
}

static struct icaltimetype value_of(icalproperty *property)
{
    icalvalue *value = icalproperty_get_value(property);
    switch (value != NULL ? icalvalue_isa(value) : ICAL_NO_VALUE) {
    case ICAL_DATE_VALUE:
        return icalvalue_get_date(value);
    case ICAL_DATETIME_VALUE:
    case ICAL_DATETIMEDATE_VALUE:
        return icalvalue_get_datetime(value);
    default:
        return icaltime_null_time();
    }
}

void calendar_time_read(icalcomponent *calendar, icalproperty *property, struct calendar_time *out)
{
    struct icaltimetype time = value_of(property);
    g_autofree char *zone = calendar_zone_name(property);
    *out = (struct calendar_time){0};
    if (!is_sane(&time))
        return;
    out->given = true;
    write_local(&time, out->local, sizeof out->local);
    if (time.is_date)
        return;
    out->seconds = INT64_MIN;
    if (icaltime_is_utc(time))
        out->seconds = icaltime_as_timet(time);
    else if (zone != NULL && !by_given_zone(calendar, zone, time, &out->seconds))
        by_own_zone(zone, &time, &out->seconds);
    out->has_instant = out->seconds != INT64_MIN;
    if (!out->has_instant)
        out->seconds = 0;
}

void calendar_time_add(icalproperty *start, icalproperty *duration,
                       const struct calendar_time *from, struct calendar_time *out)
{
    struct icaltimetype time = value_of(start);
    struct icaldurationtype length = icalproperty_get_duration(duration);
    int64_t seconds = icaldurationtype_as_int(length);
    *out = (struct calendar_time){0};
    if (!from->given || icaldurationtype_is_bad_duration(length) || seconds < 0 ||
        seconds > DURATION_MAX)
        return;
    struct icaltimetype end = icaltime_add(time, length);
    if (!is_sane(&end))
        return;
    out->given = true;
    out->has_instant = from->has_instant;
    out->seconds = from->has_instant ? from->seconds + seconds : 0;
    write_local(&end, out->local, sizeof out->local);
}

/* --- rules */

static const char *frequency_of(icalrecurrencetype_frequency frequency)
{
    switch (frequency) {
    case ICAL_YEARLY_RECURRENCE:
        return "yearly";
    case ICAL_MONTHLY_RECURRENCE:
        return "monthly";
    case ICAL_WEEKLY_RECURRENCE:
        return "weekly";
    case ICAL_DAILY_RECURRENCE:
        return "daily";
    case ICAL_HOURLY_RECURRENCE:
        return "hourly";
    case ICAL_MINUTELY_RECURRENCE:
        return "minutely";
    default:
        return "secondly";
    }
}

static void read_days(const struct icalrecurrencetype *from, struct calendar_rule *rule)
{
    unsigned count = 0;
    for (; count < ICAL_BY_DAY_SIZE && from->by_day[count] != ICAL_RECURRENCE_ARRAY_MAX; count++) {
        int day = (int)icalrecurrencetype_day_day_of_week(from->by_day[count]);
        if (day >= ICAL_SUNDAY_WEEKDAY && day <= ICAL_SATURDAY_WEEKDAY)
            rule->days |= 1U << (day - ICAL_SUNDAY_WEEKDAY);
    }
    int position = count == 1 ? icalrecurrencetype_day_position(from->by_day[0]) : 0;
    if (position == 0 && count == 1 && from->by_set_pos[0] != ICAL_RECURRENCE_ARRAY_MAX &&
        from->by_set_pos[1] == ICAL_RECURRENCE_ARRAY_MAX)
        position = from->by_set_pos[0];
    rule->ordinal = position >= -1 && position <= 5 ? position : 0;
}

void calendar_rule_read(icalcomponent *event, struct calendar_rule *rule)
{
    icalproperty *property = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    *rule = (struct calendar_rule){0};
    if (property == NULL)
        return;
    struct icalrecurrencetype from = icalproperty_get_rrule(property);
    if (from.freq == ICAL_NO_RECURRENCE)
        return;
    rule->frequency = frequency_of(from.freq);
    rule->interval = from.interval > 0 ? (unsigned)from.interval : 1;
    rule->count = from.count > 0 ? (unsigned)from.count : 0;
    if (is_sane(&from.until))
        write_local(&from.until, rule->until, sizeof rule->until);
    read_days(&from, rule);
    for (unsigned i = 0; i < CALENDAR_BY_MAX && i < ICAL_BY_MONTHDAY_SIZE &&
                         from.by_month_day[i] != ICAL_RECURRENCE_ARRAY_MAX;
         i++)
        rule->month_days[rule->month_day_count++] = from.by_month_day[i];
    for (unsigned i = 0; i < ICAL_BY_MONTH_SIZE && from.by_month[i] != ICAL_RECURRENCE_ARRAY_MAX;
         i++)
        if (from.by_month[i] >= 1 && from.by_month[i] <= 12)
            rule->months |= 1U << from.by_month[i];
}

#include "jmap/engine/engine.h"

json_t *jmap_json_text(const char *text)
{
    json_t *value;

    if (text == NULL)
        return json_null();
    value = json_string(text);
    if (value == NULL) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);

        value = json_string(valid);
    }
    return value != NULL ? value : json_string("");
}

json_t *jmap_json_date(int64_t seconds, int offset_minutes)
{
    int64_t local = seconds + (int64_t)offset_minutes * 60;
    g_autoptr(GDateTime) when = NULL;
    g_autofree char *text = NULL;
    int zone = ABS(offset_minutes);

    /* Dates are within the years 1 to 9999 wherever they are made; another one is clamped. */
    local = CLAMP(local, INT64_C(-62135596800), INT64_C(253402300799));
    when = g_date_time_new_from_unix_utc(local);
    text = g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02d", g_date_time_get_year(when),
                           g_date_time_get_month(when), g_date_time_get_day_of_month(when),
                           g_date_time_get_hour(when), g_date_time_get_minute(when),
                           g_date_time_get_second(when));
    if (offset_minutes == 0)
        return json_sprintf("%sZ", text);
    return json_sprintf("%s%c%02d:%02d", text, offset_minutes < 0 ? '-' : '+', zone / 60,
                        zone % 60);
}

json_t *jmap_json_unsigned(uint64_t value)
{
    return json_integer((json_int_t)MIN(value, (UINT64_C(1) << 53) - 1));
}

json_t *jmap_json_utc(int64_t seconds)
{
    return jmap_json_date(seconds, 0);
}

json_t *jmap_json_utc_or_null(int64_t seconds)
{
    return seconds == 0 ? json_null() : jmap_json_utc(seconds);
}

static bool digits(const char **text, int count, char after, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!g_ascii_isdigit(**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    if (after == '\0')
        return true;
    return *(*text)++ == after;
}

static bool parse_zone(const char *text, bool utc, int *offset)
{
    int sign = *text == '-' ? -1 : 1, hours, minutes;

    *offset = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if (utc || (*text != '+' && *text != '-'))
        return false;
    text++;
    if (!digits(&text, 2, ':', &hours) || !digits(&text, 2, '\0', &minutes) || *text != '\0')
        return false;
    *offset = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

bool jmap_date_parse(const char *text, bool utc, int64_t *seconds, int *offset_minutes)
{
    int year, month, day, hour, minute, second, offset;
    g_autoptr(GDateTime) when = NULL;

    if (text == NULL || !digits(&text, 4, '-', &year) || !digits(&text, 2, '-', &month) ||
        !digits(&text, 2, 'T', &day) || !digits(&text, 2, ':', &hour) ||
        !digits(&text, 2, ':', &minute) || !digits(&text, 2, '\0', &second))
        return false;
    if (*text == '.') {
        if (!g_ascii_isdigit(*++text))
            return false;
        while (g_ascii_isdigit(*text))
            text++;
    }
    if (!parse_zone(text, utc, &offset) || year < 1)
        return false;
    when = g_date_time_new_utc(year, month, day, hour, minute, MIN(second, 59));
    if (when == NULL || second > 60)
        return false;
    *seconds = g_date_time_to_unix(when) - (int64_t)offset * 60;
    if (offset_minutes != NULL)
        *offset_minutes = offset;
    return true;
}

bool jmap_date_bound(const char *text, int64_t *seconds)
{
    const char *fraction = text != NULL ? strchr(text, '.') : NULL;

    if (!jmap_date_parse(text, true, seconds, NULL))
        return false;
    *seconds += fraction != NULL && strpbrk(fraction, "123456789") != NULL;
    return true;
}

json_t *jmap_json_addresses(const struct mail_addresses *addresses)
{
    json_t *list = json_array();

    for (size_t i = 0; i < addresses->count; i++) {
        const struct mail_address *address = &addresses->items[i];
        const char *email = address->email != NULL ? address->email : "";

        json_array_append_new(list, json_pack("{s: o, s: o}", "name", jmap_json_text(address->name),
                                              "email", jmap_json_text(email)));
    }
    return list;
}

GBytes *jmap_json_bytes(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);

    json_decref(value);
    if (text == NULL)
        return g_bytes_new_static("{}", 2);
    return g_bytes_new_with_free_func(text, strlen(text), free, text);
}

int64_t jmap_day_parse(const char *text)
{
    int year, month, day;

    if (text == NULL || !digits(&text, 4, '-', &year) || !digits(&text, 2, '-', &month) ||
        !digits(&text, 2, '\0', &day) || *text != '\0' || year < 1 || month < 1 || month > 12 ||
        day < 1 || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
        return 0;
    return year * INT64_C(10000) + month * 100 + day;
}

json_t *jmap_day_json(int64_t day)
{
    if (day == 0)
        return json_null();
    return json_sprintf("%04d-%02d-%02d", (int)(day / 10000), (int)(day / 100 % 100),
                        (int)(day % 100));
}

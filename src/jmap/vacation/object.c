#include "jmap/vacation/object.h"

#include <string.h>

#define SUBJECT_MAX 1000              /* octets */
#define BODY_MAX ((size_t)256 * 1024) /* each */

static json_t *date_json(int64_t seconds)
{
    return seconds == INT64_MIN ? json_null() : jmap_json_utc(seconds);
}

json_t *jmap_vacation_object(const struct store_vacation *vacation)
{
    return json_pack("{s: s, s: b, s: o, s: o, s: o, s: o, s: o}", "id", VACATION_ID, "isEnabled",
                     vacation->enabled, "fromDate", date_json(vacation->from), "toDate",
                     date_json(vacation->to), "subject", jmap_json_text(vacation->subject),
                     "textBody", jmap_json_text(vacation->text), "htmlBody",
                     jmap_json_text(vacation->html));
}

static bool read_date(const json_t *value, int64_t *out)
{
    *out = INT64_MIN;
    return json_is_null(value) ||
           (json_is_string(value) && jmap_date_parse(json_string_value(value), true, out, NULL));
}

static bool read_text(const json_t *value, size_t max, char **out)
{
    *out = NULL;
    if (json_is_null(value))
        return true;
    if (!json_is_string(value) || jmap_json_has_nul(value) || json_string_length(value) > max)
        return false;
    *out = g_strdup(json_string_value(value));
    return true;
}

/* One line: it becomes a header field. */
static bool read_subject(const json_t *value, char **out)
{
    return read_text(value, SUBJECT_MAX, out) && (*out == NULL || strpbrk(*out, "\r\n") == NULL);
}

void jmap_vacation_read(json_t *object, struct store_vacation *out, json_t *bad)
{
    json_t *enabled = json_object_get(object, "isEnabled");

    *out = (struct store_vacation){.enabled = json_is_true(enabled)};
    if (!json_is_boolean(enabled))
        json_array_append_new(bad, json_string("isEnabled"));
    if (!read_date(json_object_get(object, "fromDate"), &out->from))
        json_array_append_new(bad, json_string("fromDate"));
    if (!read_date(json_object_get(object, "toDate"), &out->to))
        json_array_append_new(bad, json_string("toDate"));
    if (!read_subject(json_object_get(object, "subject"), &out->subject))
        json_array_append_new(bad, json_string("subject"));
    if (!read_text(json_object_get(object, "textBody"), BODY_MAX, &out->text))
        json_array_append_new(bad, json_string("textBody"));
    if (!read_text(json_object_get(object, "htmlBody"), BODY_MAX, &out->html))
        json_array_append_new(bad, json_string("htmlBody"));
}

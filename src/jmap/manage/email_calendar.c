#include "jmap/manage/email_calendar.h"

#include "jmap/engine/engine.h"

#include "mime/calendar.h"

static json_t *instant_of(const struct calendar_time *time)
{
    return time->given && time->has_instant ? jmap_json_utc(time->seconds) : json_null();
}

static json_t *local_of(const struct calendar_time *time)
{
    return time->given ? json_string(time->local) : json_null();
}

static json_t *person_of(const struct calendar_person *person)
{
    if (person == NULL)
        return json_null();
    return json_pack("{s: o, s: o, s: s, s: b, s: b}", "name", jmap_json_text(person->name),
                     "email", jmap_json_text(person->email), "answer", person->answer, "optional",
                     (int)person->optional, "room", (int)person->is_room);
}

static json_t *people_of(const struct calendar_event *event)
{
    json_t *list = json_array();

    for (guint i = 0; i < event->people->len; i++)
        json_array_append_new(list, person_of(g_ptr_array_index(event->people, i)));
    return list;
}

static json_t *numbers_of_bits(unsigned bits, int least, int most)
{
    json_t *list = json_array();

    for (int i = least; i <= most; i++)
        if ((bits & 1U << i) != 0)
            json_array_append_new(list, json_integer(i));
    return list;
}

static json_t *month_days_of(const struct calendar_rule *rule)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < rule->month_day_count; i++)
        json_array_append_new(list, json_integer(rule->month_days[i]));
    return list;
}

static json_t *rule_of(const struct calendar_event *event)
{
    const struct calendar_rule *rule = &event->rule;

    if (rule->frequency == NULL)
        return json_null();
    return json_pack("{s: s, s: I, s: I, s: o, s: o, s: i, s: o, s: o, s: b}", "frequency",
                     rule->frequency, "interval", (json_int_t)rule->interval, "count",
                     (json_int_t)rule->count, "until",
                     rule->until[0] != '\0' ? json_string(rule->until) : json_null(), "days",
                     numbers_of_bits(rule->days, 0, 6), "ordinal", rule->ordinal, "monthDays",
                     month_days_of(rule), "months", numbers_of_bits(rule->months, 1, 12),
                     "moreDates", (int)event->more_dates);
}

static json_t *words_of(const struct calendar_event *event)
{
    return json_pack("{s: s, s: o, s: o, s: o, s: o, s: o, s: o}", "method", event->method, "uid",
                     jmap_json_text(event->uid), "summary", jmap_json_text(event->summary),
                     "location", jmap_json_text(event->location), "description",
                     jmap_json_text(event->description), "comment", jmap_json_text(event->comment),
                     "timeZone", jmap_json_text(event->zone));
}

static json_t *object_of(const struct calendar_event *event)
{
    json_t *object = words_of(event);

    json_object_set_new(object, "status",
                        event->status != NULL ? json_string(event->status) : json_null());
    json_object_set_new(object, "sequence", json_integer(event->sequence));
    json_object_set_new(object, "stamp",
                        event->stamp != 0 ? jmap_json_utc(event->stamp) : json_null());
    json_object_set_new(object, "allDay", json_boolean(event->all_day));
    json_object_set_new(object, "start", instant_of(&event->start));
    json_object_set_new(object, "end", instant_of(&event->end));
    json_object_set_new(object, "startLocal", local_of(&event->start));
    json_object_set_new(object, "endLocal", local_of(&event->end));
    json_object_set_new(object, "instance", local_of(&event->instance));
    json_object_set_new(object, "recurrence", rule_of(event));
    json_object_set_new(object, "organizer", person_of(event->organizer));
    json_object_set_new(object, "attendees", people_of(event));
    json_object_set_new(object, "attendeesTotal", json_integer(event->people_count));
    return object;
}

json_t *jmap_email_calendar(struct mime_mail *mail)
{
    struct calendar_event *event = calendar_of_mail(mail);
    json_t *object = event != NULL ? object_of(event) : json_null();

    calendar_event_free(event);
    return object;
}

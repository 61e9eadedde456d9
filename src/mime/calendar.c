#include "mime/calendar.h"
#include "mime/calendar_time.h"

#include <libical/ical.h>
#include <pthread.h>
#include <string.h>

static void library_open(void)
{
    icalerror_set_errors_are_fatal(false);
    ical_set_unknown_token_handling_setting(ICAL_DISCARD_TOKEN);
    icaltimezone_set_tzid_prefix("/postroom/");
}

/* --- before libical sees anything */

static bool starts_with(const char *line, size_t length, const char *word)
{
    return length >= strlen(word) && g_ascii_strncasecmp(line, word, strlen(word)) == 0;
}

/* Few lines, few components, none deep: libical frees what it read by recursion. */
static bool is_within_limits(const char *text)
{
    unsigned lines = 0, components = 0, depth = 0;
    if (strlen(text) > CALENDAR_BYTES_MAX)
        return false;
    for (const char *line = text; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (starts_with(line, length, "BEGIN:")) {
            components++;
            depth++;
        } else if (starts_with(line, length, "END:") && depth > 0) {
            depth--;
        }
        if (++lines > CALENDAR_LINES_MAX || components > CALENDAR_COMPONENTS_MAX ||
            depth > CALENDAR_DEPTH_MAX)
            return false;
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return components > 0;
}

/* --- texts and people */

/* Without control characters but line ends, cut at a character. (transfer full); NULL: empty */
static char *clean(const char *value, size_t max, bool lines)
{
    if (value == NULL)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p != '\0' && out->len + 4 < max;
         p = g_utf8_find_next_char(p, NULL)) {
        gunichar c = g_utf8_get_char(p);
        if (c >= 0x20 && c != 0x7f && (c < 0x80 || c > 0x9f))
            g_string_append_unichar(out, c);
        else if (c == '\n' || c == '\t')
            g_string_append_c(out, lines ? (char)c : ' ');
    }
    char *text = g_strstrip(g_string_free(out, FALSE));
    if (*text == '\0')
        g_clear_pointer(&text, g_free);
    return text;
}

static char *text_of(icalcomponent *event, icalproperty_kind kind, size_t max, bool lines)
{
    icalproperty *property = icalcomponent_get_first_property(event, kind);
    icalvalue *value = property != NULL ? icalproperty_get_value(property) : NULL;
    if (value == NULL)
        return NULL;
    return clean(kind == ICAL_UID_PROPERTY ? icalproperty_get_value_as_string(property)
                                           : icalvalue_get_text(value),
                 max, lines);
}

static const char *answer_of(icalproperty *property)
{
    icalparameter *found = icalproperty_get_first_parameter(property, ICAL_PARTSTAT_PARAMETER);
    switch (found != NULL ? icalparameter_get_partstat(found) : ICAL_PARTSTAT_NEEDSACTION) {
    case ICAL_PARTSTAT_ACCEPTED:
        return "accepted";
    case ICAL_PARTSTAT_DECLINED:
        return "declined";
    case ICAL_PARTSTAT_TENTATIVE:
        return "tentative";
    case ICAL_PARTSTAT_DELEGATED:
        return "delegated";
    default:
        return "needs-action";
    }
}

static void person_free(gpointer pointer)
{
    struct calendar_person *person = pointer;
    if (person == NULL)
        return;
    g_free(person->name);
    g_free(person->email);
    g_free(person);
}

static struct calendar_person *person_of(icalproperty *property)
{
    const char *address = icalproperty_get_value_as_string(property);
    icalparameter *name = icalproperty_get_first_parameter(property, ICAL_CN_PARAMETER);
    icalparameter *role = icalproperty_get_first_parameter(property, ICAL_ROLE_PARAMETER);
    icalparameter *type = icalproperty_get_first_parameter(property, ICAL_CUTYPE_PARAMETER);
    if (address != NULL && g_ascii_strncasecmp(address, "mailto:", 7) == 0)
        address += 7;
    char *email = clean(address, 320, false);
    if (email == NULL)
        return NULL;
    struct calendar_person *person = g_new0(struct calendar_person, 1);
    person->email = email;
    person->name = name != NULL ? clean(icalparameter_get_cn(name), 200, false) : NULL;
    person->answer = answer_of(property);
    person->optional = role != NULL && icalparameter_get_role(role) == ICAL_ROLE_OPTPARTICIPANT;
    person->is_room = type != NULL && (icalparameter_get_cutype(type) == ICAL_CUTYPE_ROOM ||
                                       icalparameter_get_cutype(type) == ICAL_CUTYPE_RESOURCE);
    return person;
}

static void read_people(icalcomponent *from, struct calendar_event *event)
{
    icalproperty *organizer = icalcomponent_get_first_property(from, ICAL_ORGANIZER_PROPERTY);
    event->organizer = organizer != NULL ? person_of(organizer) : NULL;
    for (icalproperty *one = icalcomponent_get_first_property(from, ICAL_ATTENDEE_PROPERTY);
         one != NULL; one = icalcomponent_get_next_property(from, ICAL_ATTENDEE_PROPERTY)) {
        event->people_count++;
        struct calendar_person *person =
            event->people->len < CALENDAR_PEOPLE_MAX ? person_of(one) : NULL;
        if (person != NULL)
            g_ptr_array_add(event->people, person);
    }
}

/* --- the event */

static const char *method_of(icalcomponent *calendar)
{
    switch (icalcomponent_get_method(calendar)) {
    case ICAL_METHOD_REQUEST:
        return "request";
    case ICAL_METHOD_CANCEL:
        return "cancel";
    case ICAL_METHOD_REPLY:
        return "reply";
    case ICAL_METHOD_COUNTER:
        return "counter";
    case ICAL_METHOD_DECLINECOUNTER:
        return "decline-counter";
    case ICAL_METHOD_ADD:
        return "add";
    case ICAL_METHOD_REFRESH:
        return "refresh";
    default:
        return "publish";
    }
}

static const char *status_of(icalcomponent *event)
{
    switch (icalcomponent_get_status(event)) {
    case ICAL_STATUS_CONFIRMED:
        return "confirmed";
    case ICAL_STATUS_TENTATIVE:
        return "tentative";
    case ICAL_STATUS_CANCELLED:
        return "cancelled";
    default:
        return NULL;
    }
}

static void read_times(icalcomponent *calendar, icalcomponent *from, struct calendar_event *event)
{
    icalproperty *start = icalcomponent_get_first_property(from, ICAL_DTSTART_PROPERTY);
    icalproperty *end = icalcomponent_get_first_property(from, ICAL_DTEND_PROPERTY);
    icalproperty *instance = icalcomponent_get_first_property(from, ICAL_RECURRENCEID_PROPERTY);
    icalproperty *stamp = icalcomponent_get_first_property(from, ICAL_DTSTAMP_PROPERTY);
    icalproperty *length = icalcomponent_get_first_property(from, ICAL_DURATION_PROPERTY);
    if (start != NULL) {
        g_autofree char *zone = calendar_zone_name(start);
        event->zone = clean(zone, 200, false);
        calendar_time_read(calendar, start, &event->start);
        event->all_day = event->start.given && strlen(event->start.local) == 10;
    }
    if (end != NULL)
        calendar_time_read(calendar, end, &event->end);
    else if (length != NULL && start != NULL)
        calendar_time_add(start, length, &event->start, &event->end);
    if (instance != NULL)
        calendar_time_read(calendar, instance, &event->instance);
    if (stamp != NULL) {
        struct calendar_time written = {0};
        calendar_time_read(calendar, stamp, &written);
        event->stamp = written.has_instant ? written.seconds : 0;
    }
    calendar_rule_read(from, &event->rule);
    event->more_dates = icalcomponent_get_first_property(from, ICAL_RDATE_PROPERTY) != NULL ||
                        icalcomponent_get_first_property(from, ICAL_EXDATE_PROPERTY) != NULL;
}

static struct calendar_event *event_of(icalcomponent *calendar, icalcomponent *from)
{
    struct calendar_event *event = g_new0(struct calendar_event, 1);
    event->people = g_ptr_array_new_with_free_func(person_free);
    event->method = method_of(calendar);
    event->uid = text_of(from, ICAL_UID_PROPERTY, 1000, false);
    event->summary = text_of(from, ICAL_SUMMARY_PROPERTY, 1000, false);
    event->location = text_of(from, ICAL_LOCATION_PROPERTY, 1000, false);
    event->description = text_of(from, ICAL_DESCRIPTION_PROPERTY, CALENDAR_TEXT_MAX, true);
    event->comment = text_of(from, ICAL_COMMENT_PROPERTY, CALENDAR_TEXT_MAX, true);
    event->status = status_of(from);
    event->sequence = icalcomponent_get_sequence(from);
    read_times(calendar, from, event);
    read_people(from, event);
    return event;
}

/* The event itself rather than one changed instance of it. */
static icalcomponent *main_event(icalcomponent *calendar)
{
    icalcomponent *first = NULL;
    for (icalcomponent *one = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
         one != NULL; one = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        if (icalcomponent_get_first_property(one, ICAL_RECURRENCEID_PROPERTY) == NULL)
            return one;
        first = first != NULL ? first : one;
    }
    return first;
}

/* Several in one text stand below a root of libical's own. */
static icalcomponent *first_calendar(icalcomponent *read)
{
    if (icalcomponent_isa(read) == ICAL_XROOT_COMPONENT)
        return icalcomponent_get_first_component(read, ICAL_VCALENDAR_COMPONENT);
    return icalcomponent_isa(read) == ICAL_VCALENDAR_COMPONENT ? read : NULL;
}

struct calendar_event *calendar_read(const char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!is_within_limits(text))
        return NULL;
    pthread_once(&once, library_open);
    icalcomponent *calendar = icalcomponent_new_from_string(text);
    if (calendar == NULL)
        return NULL;
    icalcomponent *whole = first_calendar(calendar);
    icalcomponent *from = whole != NULL ? main_event(whole) : NULL;
    if (from == NULL && icalcomponent_isa(calendar) == ICAL_VEVENT_COMPONENT)
        whole = from = calendar;
    struct calendar_event *event = from != NULL ? event_of(whole, from) : NULL;
    icalcomponent_free(calendar);
    if (event != NULL && !event->start.given && event->summary == NULL)
        g_clear_pointer(&event, calendar_event_free);
    return event;
}

static bool is_calendar(const struct mime_part *part)
{
    if (part->is_multipart || part->size > CALENDAR_BYTES_MAX)
        return false;
    return strcmp(part->type, "text/calendar") == 0 || strcmp(part->type, "application/ics") == 0;
}

/* Without a charset it is UTF-8 (RFC 5545, 3.1.4), which most send whatever they say. */
static char *text_of_part(struct mime_mail *mail, size_t index)
{
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, CALENDAR_BYTES_MAX + 1);
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    if (data == NULL || !g_utf8_validate_len(data, length, NULL))
        return mime_part_text(mail, index, CALENDAR_BYTES_MAX + 1, NULL);
    return g_strndup(data, length);
}

struct calendar_event *calendar_of_mail(struct mime_mail *mail)
{
    unsigned tried = 0;
    for (size_t i = 0; i < mime_part_count(mail) && tried < 3; i++) {
        if (!is_calendar(mime_part(mail, i)))
            continue;
        tried++;
        g_autofree char *text = text_of_part(mail, i);
        struct calendar_event *event = calendar_read(text);
        if (event != NULL)
            return event;
    }
    return NULL;
}

void calendar_event_free(struct calendar_event *event)
{
    if (event == NULL)
        return;
    g_free(event->uid);
    g_free(event->summary);
    g_free(event->location);
    g_free(event->description);
    g_free(event->comment);
    g_free(event->zone);
    person_free(event->organizer);
    g_ptr_array_unref(event->people);
    g_free(event);
}

/* Invitations: what mail programs send, and what would hurt a reader of them. */
#include "corpus.h"
#include "mime/calendar.h"

#include <string.h>

static struct calendar_event *read_event(const char *method, const char *before, const char *lines)
{
    g_autofree char *text = g_strdup_printf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:%s\r\n%"
                                            "sBEGIN:VEVENT\r\nUID:1@x\r\n"
                                            "%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
                                            method, before, lines);
    return calendar_read(text);
}

static const char berlin[] =
    "BEGIN:VTIMEZONE\r\nTZID:Our own zone\r\n"
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"
    "BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

static void a_request_is_read(void)
{
    struct calendar_event *event =
        read_event("REQUEST", berlin,
                   "SUMMARY:Plan\\, 2nd\r\nLOCATION:Room 4\r\nDESCRIPTION:a\\nb\r\nSEQUENCE:3\r\n"
                   "DTSTAMP:20260501T080000Z\r\nSTATUS:CONFIRMED\r\n"
                   "DTSTART;TZID=Our own zone:20260504T100000\r\nDTEND;TZID=Our own "
                   "zone:20260504T113000\r\n"
                   "ORGANIZER;CN=Ann Lee:mailto:ann@lee.test\r\n"
                   "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:MAILTO:bob@x.test\r\n"
                   "ATTENDEE;CUTYPE=ROOM;PARTSTAT=DECLINED:mailto:room@x.test\r\n");
    g_assert_nonnull(event);
    g_assert_cmpstr(event->method, ==, "request");
    g_assert_cmpstr(event->summary, ==, "Plan, 2nd");
    g_assert_cmpstr(event->description, ==, "a\nb");
    g_assert_cmpstr(event->location, ==, "Room 4");
    g_assert_cmpstr(event->status, ==, "confirmed");
    g_assert_cmpint(event->sequence, ==, 3);
    g_assert_cmpint(event->stamp, ==, 1777622400);
    g_assert_cmpstr(event->zone, ==, "Our own zone");
    g_assert_true(event->start.has_instant);
    g_assert_cmpint(event->start.seconds, ==, 1777881600); /* 08:00 UTC: summer */
    g_assert_cmpstr(event->start.local, ==, "2026-05-04T10:00:00");
    g_assert_cmpint(event->end.seconds - event->start.seconds, ==, 5400);
    g_assert_cmpstr(event->organizer->email, ==, "ann@lee.test");
    g_assert_cmpuint(event->people_count, ==, 2);
    const struct calendar_person *bob = g_ptr_array_index(event->people, 0);
    const struct calendar_person *room = g_ptr_array_index(event->people, 1);
    g_assert_cmpstr(bob->email, ==, "bob@x.test");
    g_assert_cmpstr(bob->answer, ==, "accepted");
    g_assert_true(bob->optional && !bob->is_room);
    g_assert_true(room->is_room);
    g_assert_cmpstr(room->answer, ==, "declined");
    calendar_event_free(event);
}

static void whole_days_have_dates(void)
{
    struct calendar_event *event =
        read_event("CANCEL", "",
                   "SUMMARY:x\r\nDTSTART;VALUE=DATE:20260504\r\nDTEND;VALUE=DATE:20260506\r\n");
    g_assert_cmpstr(event->method, ==, "cancel");
    g_assert_true(event->all_day);
    g_assert_false(event->start.has_instant);
    g_assert_cmpstr(event->start.local, ==, "2026-05-04");
    g_assert_cmpstr(event->end.local, ==, "2026-05-06");
    calendar_event_free(event);
}

static void times_of_known_zones_are_instants(void)
{
    struct calendar_event *event =
        read_event("PUBLISH", "",
                   "SUMMARY:x\r\nDTSTART;TZID=Europe/Berlin:20260104T100000\r\nDURATION:PT45M\r\n");
    g_assert_true(event->start.has_instant);
    g_assert_cmpint(event->start.seconds, ==, 1767517200);
    g_assert_cmpint(event->end.seconds, ==, 1767517200 + 2700);
    g_assert_cmpstr(event->end.local, ==, "2026-01-04T10:45:00");
    calendar_event_free(event);
    event =
        read_event("PUBLISH", "", "SUMMARY:x\r\nDTSTART;TZID=../../etc/passwd:20260104T100000\r\n");
    g_assert_true(event->start.given && !event->start.has_instant);
    calendar_event_free(event);
    event = read_event("PUBLISH", "", "SUMMARY:x\r\nDTSTART:20260104T100000\r\n");
    g_assert_true(event->start.given && !event->start.has_instant);
    calendar_event_free(event);
}

static void rules_are_told(void)
{
    struct calendar_event *event = read_event("REQUEST", "",
                                              "SUMMARY:x\r\nDTSTART:20260104T100000Z\r\n"
                                              "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL="
                                              "20261231T000000Z\r\nEXDATE:20260111T100000Z\r\n");
    g_assert_cmpstr(event->rule.frequency, ==, "weekly");
    g_assert_cmpuint(event->rule.interval, ==, 2);
    g_assert_cmpuint(event->rule.days, ==, (1U << 1 | 1U << 3));
    g_assert_cmpstr(event->rule.until, ==, "2026-12-31T00:00:00");
    g_assert_true(event->more_dates);
    calendar_event_free(event);
    event = read_event("REQUEST", "",
                       "SUMMARY:x\r\nDTSTART:20260104T100000Z\r\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;"
                       "COUNT=5\r\n");
    g_assert_cmpstr(event->rule.frequency, ==, "monthly");
    g_assert_cmpint(event->rule.ordinal, ==, -1);
    g_assert_cmpuint(event->rule.count, ==, 5);
    calendar_event_free(event);
}

/* Each would take a naive reader's time, memory or stack. */
static void hostile_calendars_are_survived(void)
{
    g_autoptr(GString) deep = g_string_new("BEGIN:VCALENDAR\r\n");
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, "BEGIN:VEVENT\r\n");
    g_assert_null(calendar_read(deep->str));
    static const char endless[] =
        "BEGIN:VTIMEZONE\r\nTZID:Z\r\nBEGIN:STANDARD\r\nDTSTART:19000101T000000\r\n"
        "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\n";
    struct calendar_event *event =
        read_event("REQUEST", endless, "SUMMARY:x\r\nDTSTART;TZID=Z:20260504T100000\r\n");
    g_assert_true(event->start.given && !event->start.has_instant);
    calendar_event_free(event);
    g_autoptr(GString) crowd = g_string_new("SUMMARY:x\r\nDTSTART:20260104T100000Z\r\n");
    for (int i = 0; i < 3000; i++)
        g_string_append_printf(crowd, "ATTENDEE:mailto:a%d@x.test\r\n", i);
    event = read_event("REQUEST", "", crowd->str);
    g_assert_cmpuint(event->people->len, ==, CALENDAR_PEOPLE_MAX);
    g_assert_cmpuint(event->people_count, ==, 3000);
    calendar_event_free(event);
    static const char *const broken[] = {"", "BEGIN:VCALENDAR", "\xff\xfe", "BEGIN:VEVENT\r\nEND:X",
                                         "END:VCALENDAR\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_null(calendar_read(broken[i]));
    event = read_event("REQUEST", "",
                       "SUMMARY:x\r\nDTSTART:99999999T999999\r\nDURATION:P99999999W\r\n");
    g_assert_false(event->start.given);
    calendar_event_free(event);
}

static void a_mail_shows_its_invitation(void)
{
    static const char mail[] =
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n"
        "--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\n"
        "BEGIN:VEVENT\nUID:1\nSUMMARY:Größe\nDTSTART:20260104T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"
        "--b--\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(mail, strlen(mail));
    struct mime_mail *parsed = mime_parse(bytes);
    struct calendar_event *event = calendar_of_mail(parsed);
    g_assert_nonnull(event);
    g_assert_cmpstr(event->summary, ==, "Größe");
    calendar_event_free(event);
    mime_mail_free(parsed);
}

static void corpus_is_read(void)
{
    const char *corpus = corpus_folder();
    if (corpus == NULL)
        return;
    g_autofree char *folder = g_build_filename(corpus, "calendar/collective-icalendar", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned read = 0, all = 0, with_start = 0;
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ".ics"))
            continue;
        g_autoptr(GBytes) bytes = corpus_file(folder, name);
        g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        struct calendar_event *event = calendar_read(text);
        bool has_event = strstr(text, "BEGIN:VEVENT") != NULL;
        all += has_event ? 1 : 0;
        read += has_event && event != NULL ? 1 : 0;
        with_start += event != NULL && event->start.given ? 1 : 0;
        if (has_event && event == NULL)
            g_test_message("%s has an event that was not read", name);
        calendar_event_free(event);
    }
    g_test_message("%u of %u calendars with events read, %u with their start", read, all,
                   with_start);
    g_assert_cmpuint(read * 100, >=, all * 80);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/calendar/request", a_request_is_read);
    g_test_add_func("/mime/calendar/whole-days", whole_days_have_dates);
    g_test_add_func("/mime/calendar/zones", times_of_known_zones_are_instants);
    g_test_add_func("/mime/calendar/rules", rules_are_told);
    g_test_add_func("/mime/calendar/hostile", hostile_calendars_are_survived);
    g_test_add_func("/mime/calendar/mail", a_mail_shows_its_invitation);
    g_test_add_func("/mime/calendar/corpus", corpus_is_read);
    return g_test_run();
}

/* Invitations in mails (RFC 5545, RFC 5546). The only place that sees libical; none of its types
 * show. All input is hostile: beyond a limit there is no invitation, or less of one. */
#ifndef POSTROOM_MIME_CALENDAR_H
#define POSTROOM_MIME_CALENDAR_H

#include "mime/mime.h"

#define CALENDAR_BYTES_MAX ((size_t)512 * 1024)
#define CALENDAR_LINES_MAX 8000
#define CALENDAR_COMPONENTS_MAX 200
#define CALENDAR_DEPTH_MAX 4
#define CALENDAR_PEOPLE_MAX 100
#define CALENDAR_TEXT_MAX 8192 /* octets of one text */

struct calendar_person {
    char *name;  /* or NULL */
    char *email; /* never NULL */
    /* "accepted", "declined", "tentative", "delegated" or "needs-action" */
    const char *answer;
    bool optional, is_room;
};

struct calendar_time {
    bool given;
    bool has_instant; /* seconds counts: the zone is known */
    int64_t seconds;  /* since 1970, UTC */
    char local[20];   /* "2026-05-04T10:00:00", of a whole day "2026-05-04" */
};

#define CALENDAR_BY_MAX 31
struct calendar_rule {
    const char *frequency; /* "yearly" to "daily", or finer; NULL: does not repeat */
    unsigned interval;     /* at least 1 */
    unsigned count;        /* 0: no limit */
    char until[20];        /* as local; "": no limit */
    unsigned days;         /* bit 0: Sunday … bit 6: Saturday */
    int ordinal;           /* of the only day within the month: 1 to 5, -1 the last; 0: none */
    int month_days[CALENDAR_BY_MAX];
    unsigned month_day_count;
    unsigned months; /* bit 1: January … */
};

struct calendar_event {
    const char *method; /* "request", "cancel", "reply", "counter", "publish", "add", "refresh",
                           "decline-counter" */
    char *uid, *summary, *location, *description, *comment; /* or NULL */
    const char *status; /* "confirmed", "tentative", "cancelled" or NULL */
    int64_t sequence;
    int64_t stamp; /* when it was written, seconds since 1970; 0: unknown */
    bool all_day;
    struct calendar_time start, end; /* end of whole days: the day after the last */
    struct calendar_time instance;   /* of a series, this one alone */
    char *zone;                      /* as the sender names it, or NULL */
    struct calendar_rule rule;
    bool more_dates;                   /* there are dates that rule does not tell */
    struct calendar_person *organizer; /* or NULL */
    GPtrArray *people;                 /* of struct calendar_person, at most CALENDAR_PEOPLE_MAX */
    unsigned people_count;             /* all of them */
};

/* The first invitation of a mail; NULL: it has none that can be read. (transfer full) */
struct calendar_event *calendar_of_mail(struct mime_mail *mail);
/* Of a text/calendar part's text. */
struct calendar_event *calendar_read(const char *text);
void calendar_event_free(struct calendar_event *event);

#endif

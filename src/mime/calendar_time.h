/* Times and rules of invitations; only calendar*.c include this. */
#ifndef POSTROOM_MIME_CALENDAR_TIME_H
#define POSTROOM_MIME_CALENDAR_TIME_H

#include "mime/calendar.h"

#include <libical/ical.h>

/* The zone that a time names, or NULL. (transfer full) */
char *calendar_zone_name(icalproperty *property);
/* A date or a time. Its instant is known when it is UTC, or its zone is one of this machine's, or
 * one that the calendar tells by yearly rules. */
void calendar_time_read(icalcomponent *calendar, icalproperty *property, struct calendar_time *out);
/* start and a duration behind it. */
void calendar_time_add(icalproperty *start, icalproperty *duration,
                       const struct calendar_time *from, struct calendar_time *out);
void calendar_rule_read(icalcomponent *event, struct calendar_rule *rule);

#endif

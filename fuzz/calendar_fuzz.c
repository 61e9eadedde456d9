/* Invitations: any text through libical and what we read of it. */
#include "fuzz.h"
#include "mime/calendar.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_text(const char *text)
{
    require(text == NULL || g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct calendar_event *event = calendar_read(text);
    if (event == NULL)
        return 0;
    require_text(event->uid);
    require_text(event->summary);
    require_text(event->location);
    require_text(event->description);
    require_text(event->comment);
    require_text(event->zone);
    require(event->people->len <= CALENDAR_PEOPLE_MAX);
    for (guint i = 0; i < event->people->len; i++) {
        const struct calendar_person *person = g_ptr_array_index(event->people, i);
        require_text(person->name);
        require_text(person->email);
    }
    require(event->rule.month_day_count <= CALENDAR_BY_MAX);
    calendar_event_free(event);
    return 0;
}

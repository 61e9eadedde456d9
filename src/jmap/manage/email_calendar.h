/* The invitation of an EmailView. */
#ifndef POSTROOM_JMAP_EMAIL_CALENDAR_H
#define POSTROOM_JMAP_EMAIL_CALENDAR_H

#include "mime/mime.h"

#include <jansson.h>

/* "calendar" of docs/api.md; null when the mail has no invitation that can be read. (transfer full)
 */
json_t *jmap_email_calendar(struct mime_mail *mail);

#endif

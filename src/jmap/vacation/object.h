/* The VacationResponse object as JSON (RFC 8621, 8). */
#ifndef POSTROOM_JMAP_VACATION_OBJECT_H
#define POSTROOM_JMAP_VACATION_OBJECT_H

#include "jmap/engine/engine.h"

#define VACATION_ID "singleton" /* the only one */

/* The whole object. (transfer full) */
json_t *jmap_vacation_object(const struct store_vacation *vacation);
/* What the patched object says; names of properties that it says wrong are added to bad. To be
 * cleared. */
void jmap_vacation_read(json_t *object, struct store_vacation *out, json_t *bad);

#endif

/* Labels: a name and a colour for a keyword (docs/api.md, "Organising"). */
#ifndef POSTROOM_JMAP_RECORD_LABEL_H
#define POSTROOM_JMAP_RECORD_LABEL_H

#include "jmap/record/record.h"

void jmap_label_check(json_t *object, const json_t *before, json_t *bad);
/* Gives it a keyword of its own where it has none. */
void jmap_label_complete(json_t *object, const GPtrArray *others);
/* Takes the keyword off all emails. */
bool jmap_label_leave(const struct store_access *access, const json_t *object, GError **error);

#endif

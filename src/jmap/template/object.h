/* Template objects as JSON (docs/api.md, Writing). */
#ifndef POSTROOM_JMAP_TEMPLATE_OBJECT_H
#define POSTROOM_JMAP_TEMPLATE_OBJECT_H

#include "jmap/record/record.h"
#include "store/templates.h"

/* What a template says; the other properties are not of the engine of records. */
extern const struct jmap_record_type jmap_template_type;
/* All properties, and those that a client sets; NULL-terminated. */
extern const char *const jmap_template_properties[];
extern const char *const jmap_template_settable[];

/* The whole object. (transfer full) */
json_t *jmap_template_object(const struct store_template *template);
/* Of a list of store_templates() the one with this number, or NULL. */
const struct store_template *jmap_template_in(const GPtrArray *templates, int64_t id);

#endif

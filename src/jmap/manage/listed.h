/* Types whose objects are few, made anew whenever they are asked for, and have no change log: their
 * state is a hash of all of them. */
#ifndef POSTROOM_JMAP_MANAGE_LISTED_H
#define POSTROOM_JMAP_MANAGE_LISTED_H

#include "jmap/engine/engine.h"

struct jmap_listed {
    const char *const *properties; /* ends with NULL */
    /* Array of whole objects as this person may see them. (transfer full) or NULL. */
    json_t *(*load)(struct jmap_call *call, GError **error);
    /* Each a SetError, or NULL; may itself be NULL: the type does not have it ("forbidden").
     * *created: "id", and what is told only now (transfer full). */
    json_t *(*create)(struct jmap_call *call, json_t *object, json_t **created);
    json_t *(*update)(struct jmap_call *call, const char *id, json_t *patch);
    json_t *(*destroy)(struct jmap_call *call, const char *id);
};

/* RFC 8620, 5.1 and 5.3. */
void jmap_listed_get(struct jmap_call *call, const struct jmap_listed *type);
void jmap_listed_set(struct jmap_call *call, const struct jmap_listed *type);

/* A text of an object, NULL when it is none. *ok is made false by what is there and no string. */
const char *jmap_listed_text(const json_t *object, const char *name, bool *ok);

#endif

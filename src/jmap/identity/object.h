/* Identity objects as JSON (RFC 8621, 6). */
#ifndef POSTROOM_JMAP_IDENTITY_OBJECT_H
#define POSTROOM_JMAP_IDENTITY_OBJECT_H

#include "jmap/engine/engine.h"

#define JMAP_IDENTITY_VERIFICATION "postroom:verification"

/* The whole object; JMAP_IDENTITY_VERIFICATION is of those who use our capability. (transfer full)
 */
json_t *jmap_identity_object(const struct jmap_call *call, const struct store_identity *identity);

#endif

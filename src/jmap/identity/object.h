/* Identity objects as JSON (RFC 8621, 6). */
#ifndef POSTROOM_JMAP_IDENTITY_OBJECT_H
#define POSTROOM_JMAP_IDENTITY_OBJECT_H

#include "jmap/engine/engine.h"

/* The whole object. (transfer full) */
json_t *jmap_identity_object(const struct store_identity *identity);

#endif

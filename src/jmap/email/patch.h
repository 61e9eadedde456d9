/* PatchObjects of Email/set (RFC 8620, 5.3; RFC 8621, 4.6). */
#ifndef POSTROOM_JMAP_EMAIL_PATCH_H
#define POSTROOM_JMAP_EMAIL_PATCH_H

#include "jmap/engine/engine.h"

/* false: *error is a SetError (transfer full). Clear the patch in either case. */
bool jmap_email_patch_read(struct jmap_call *call, int64_t id, json_t *json,
                           struct store_email_patch *patch, json_t **error);
void jmap_email_patch_clear(struct store_email_patch *patch);

#endif

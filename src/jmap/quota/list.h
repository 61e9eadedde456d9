/* What the Quota methods are about (RFC 9425). */
#ifndef POSTROOM_JMAP_QUOTA_LIST_H
#define POSTROOM_JMAP_QUOTA_LIST_H

#include "jmap/engine/engine.h"

/* Those that the client may be told of: a quota none of whose types it knows is left out (4.1).
 * (transfer full) of struct store_quota, or NULL: answered. */
GPtrArray *jmap_quota_all(struct jmap_call *call, uint64_t *state);
/* All of the types that quotas are of are Mail's: a client that does not use it sees none. */
bool jmap_quota_is_visible(const struct jmap_call *call);
/* Properties of one. Static strings. */
const char *jmap_quota_name(const struct store_quota *quota);
const char *jmap_quota_resource_type(const struct store_quota *quota);
const char *jmap_quota_type(const struct store_quota *quota);
#define JMAP_QUOTA_SCOPE "account"

/* All ids that filter and sort of the arguments give. (transfer full), or NULL: answered. */
GArray *jmap_quota_ids(struct jmap_call *call, uint64_t *state);

#endif

/* What the methods of PushSubscription share. */
#ifndef POSTROOM_JMAP_PUSH_SUBSCRIPTION_OBJECT_H
#define POSTROOM_JMAP_PUSH_SUBSCRIPTION_OBJECT_H

#include "store/push.h"

#include <jansson.h>

/* All but url and keys (RFC 8620, 7.2.1). (transfer full) */
json_t *jmap_push_object(const struct store_push *push);

#endif

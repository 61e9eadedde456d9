/* One message to one push subscription. */
#ifndef POSTROOM_HTTP_PUSH_POST_H
#define POSTROOM_HTTP_PUSH_POST_H

#include "base/cancel.h"
#include "net/conn.h"
#include "store/delivery.h"

#include <jansson.h>

struct push_post {
    const struct store_delivery *delivery;
    const json_t *message;
    bool urgent; /* new mail, or the code: Urgency normal, not low (RFC 8030, 5.3) */
    const struct net_policy *policy;
    const char *ca_file;
    struct cancel *cancel;
};

enum push_result {
    PUSH_DONE,
    PUSH_FAILED, /* later perhaps */
    PUSH_GONE,   /* the receiver is no more: 404, 410 */
};

struct push_outcome {
    enum push_result result;
    bool too_many;          /* 429 */
    int64_t retry_after_ms; /* 0: not told */
};

/* Blocking, 15 seconds at most. Logs what goes wrong, without the address. */
void push_post(const struct push_post *post, struct push_outcome *outcome);

#endif

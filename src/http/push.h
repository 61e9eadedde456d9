/* Delivery to push subscriptions (RFC 8620, 7.2): the verification code at once, then what the
 * store reports, gathered, to those that gave it back, as POST requests (RFC 8030, 5) that are
 * encrypted (RFC 8291) where the client gave keys.
 *
 * Each subscription is a task of its own on workers of our own, so that hosts that hang hold up
 * nobody else; while it has nothing to say it is parked, and its address and keys are in the store
 * only. What was not delivered is not kept: a later message has the newest states
 * (docs/internals/push.md).
 */
#ifndef POSTROOM_HTTP_PUSH_H
#define POSTROOM_HTTP_PUSH_H

#include "jmap/jmap.h"
#include "net/conn.h"

struct push;

struct push_config {
    struct jmap *jmap;
    struct store *store;
    const struct net_policy *policy; /* addresses are users': SECURITY.md 5 */
    const char *ca_file;             /* trusted besides the system's; NULL: none */
};

/* Starts with the subscriptions that are there. The config is copied, what it names is borrowed. */
struct push *push_new(const struct push_config *config);
/* Gives up requests under way and waits for the tasks. Not from a worker. NULL is allowed. */
void push_free(struct push *push);

#endif

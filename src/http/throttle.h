/* Counts failed sign-ins per user and per address in a sliding window. Thread-safe. */
#ifndef POSTROOM_HTTP_THROTTLE_H
#define POSTROOM_HTTP_THROTTLE_H

#include <stdint.h>

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/* Before a try: 0, and the try counts as a failure until throttle_refund; or the seconds to wait.
 * user NULL: unknown, as with tokens. */
int64_t throttle_charge(struct throttle *throttle, const char *user, const char *address);
/* After a try that succeeded, or that never came to a check. */
void throttle_refund(struct throttle *throttle, const char *user, const char *address);

#endif

/* How long to rest after a failure: doubled each time, with jitter, never shorter than the server
 * asked. */
#ifndef POSTROOM_SYNC_BACKOFF_H
#define POSTROOM_SYNC_BACKOFF_H

#include <stdint.h>

#define SYNC_BACKOFF_MAX_MS (INT64_C(15) * 60 * 1000)

struct sync_backoff {
    int64_t first_ms;
    unsigned failures;
};

/* Milliseconds until the next attempt; counts the failure. asked_ms: what the server asked for, 0:
 * nothing; capped at ten minutes (docs/internals/exchange.md). */
int64_t sync_backoff_next(struct sync_backoff *backoff, int64_t asked_ms);
void sync_backoff_reset(struct sync_backoff *backoff);

#endif

#include "sync/backoff.h"

#include "base/clock.h"

#include <glib.h>

#define ASKED_MAX_MS (INT64_C(10) * 60 * 1000)

int64_t sync_backoff_next(struct sync_backoff *backoff, int64_t asked_ms)
{
    unsigned doublings = MIN(backoff->failures, 16U);
    int64_t pause = MIN(backoff->first_ms << doublings, SYNC_BACKOFF_MAX_MS);
    backoff->failures++;
    pause = pause / 2 + clock_jitter(pause / 2 + 1);
    return MAX(pause, MIN(asked_ms, ASKED_MAX_MS));
}

void sync_backoff_reset(struct sync_backoff *backoff)
{
    backoff->failures = 0;
}

/* How often a folder that nobody tells us about is asked how it is (docs/internals/sync-live.md):
 * often while things happen in it, seldom when it has been quiet for long. Pure. */
#ifndef POSTROOM_SYNC_CADENCE_H
#define POSTROOM_SYNC_CADENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds. */
struct sync_cadence {
    int64_t busy; /* between two looks at a folder in which something happens */
    int64_t calm; /* the most that any folder waits */
};

/* Seconds between two looks at a folder in which nothing changed for so many seconds: busy while it
 * changed within 12 times busy, then 2 and 4 and 12 times that; never more than calm. With 5
 * minutes: changed within the hour, within 6 hours, within the day, longer ago. */
int64_t sync_cadence_interval(const struct sync_cadence *cadence, int64_t quiet);

/* The first look after `after` (seconds since 1970). Looks lie on a grid of the account's own: the
 * folders of one account are asked together, those of thousands are spread out, and nothing need
 * be remembered but when it was last looked. */
int64_t sync_cadence_next(int64_t interval, int64_t account, int64_t after);

#endif

#include "sync/cadence.h"

#include <glib.h>

int64_t sync_cadence_interval(const struct sync_cadence *cadence, int64_t quiet)
{
    /* Each divides the next, so that the grids of one account meet. */
    static const struct {
        int64_t up_to, times; /* of busy */
    } steps[] = {{12, 1}, {72, 2}, {288, 4}, {INT64_MAX, 12}};
    int64_t busy = MAX(cadence->busy, 1);
    size_t i = 0;
    while (quiet / busy >= steps[i].up_to)
        i++;
    return MAX(MIN(busy * steps[i].times, cadence->calm), busy);
}

int64_t sync_cadence_next(int64_t interval, int64_t account, int64_t after)
{
    interval = MAX(interval, 1);
    /* Fibonacci hashing: numbers in a row lie far apart on the grid. */
    uint64_t spread = (uint64_t)account * UINT64_C(0x9e3779b97f4a7c15) >> 33;
    int64_t phase = (int64_t)(spread % (uint64_t)interval);
    return after - ((after - phase) % interval + interval) % interval + interval;
}

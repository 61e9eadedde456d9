#include "base/clock.h"

#include <limits.h>
#include <sodium.h>
#include <stddef.h>
#include <time.h>

static int64_t real_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

static int64_t real_wall(void)
{
    return (int64_t)time(NULL);
}

static int64_t (*monotonic)(void) = real_monotonic;
static int64_t (*wall)(void) = real_wall;

int64_t clock_now(void)
{
    return monotonic();
}

int64_t clock_in_ms(int64_t milliseconds)
{
    int64_t now = clock_now();
    if (milliseconds > (CLOCK_NEVER - now) / 1000)
        return CLOCK_NEVER;
    return now + milliseconds * 1000;
}

int clock_poll_ms(int64_t deadline)
{
    if (deadline == CLOCK_NEVER)
        return -1;
    int64_t left = deadline - clock_now();
    if (left <= 0)
        return 0;
    int64_t ms = (left + 999) / 1000;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

int64_t clock_worked(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (int64_t)spent.tv_sec * CLOCK_SECOND + spent.tv_nsec / 1000;
}

int64_t clock_wall(void)
{
    return wall();
}

void clock_override(int64_t (*monotonic_us)(void), int64_t (*wall_s)(void))
{
    monotonic = monotonic_us != NULL ? monotonic_us : real_monotonic;
    wall = wall_s != NULL ? wall_s : real_wall;
}

int64_t clock_jitter(int64_t limit)
{
    uint32_t bound = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
    return (int64_t)randombytes_uniform(bound);
}

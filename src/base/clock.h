/* Time. Deadlines are absolute and monotonic, in microseconds, so that a changed wall clock never
 * hangs a connection; dates of mails and tokens are wall-clock seconds since 1970. Tests put a
 * clock of their own. */
#ifndef POSTROOM_BASE_CLOCK_H
#define POSTROOM_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX
#define CLOCK_SECOND INT64_C(1000000)

/* Microseconds of a monotonic clock. Any thread. */
int64_t clock_now(void);
/* now + milliseconds, as a deadline; saturates at CLOCK_NEVER. */
int64_t clock_in_ms(int64_t milliseconds);
/* Milliseconds until deadline for poll(2): 0 when passed, -1 for CLOCK_NEVER, rounded up. */
int clock_poll_ms(int64_t deadline);

/* Microseconds that the processor spent on this thread. */
int64_t clock_worked(void);

/* Wall clock, seconds since 1970-01-01 UTC. Any thread. */
int64_t clock_wall(void);

/* Tests only: NULL puts the real clocks back. Not thread-safe; call before threads start. */
void clock_override(int64_t (*monotonic_us)(void), int64_t (*wall_s)(void));

/* A random number in [0, limit), for jitter. Any thread. limit > 0. */
int64_t clock_jitter(int64_t limit);

#endif

/* A fixture of JMAP whose wall clock the test moves. */
#ifndef POSTROOM_TESTS_UNIT_JMAP_SHIFTED_H
#define POSTROOM_TESTS_UNIT_JMAP_SHIFTED_H

#include "jmap_fixture.h"

#include "base/clock.h"

#include <stdatomic.h>

/* Seconds from the true time. */
static _Atomic int64_t ahead;

static inline int64_t shifted(void)
{
    return g_get_real_time() / G_USEC_PER_SEC + ahead;
}

static inline void begin(struct jmap_fixture *t)
{
    ahead = 0;
    clock_override(NULL, shifted);
    jmap_fixture_open(t);
}

static inline void end(struct jmap_fixture *t)
{
    jmap_fixture_close(t);
    clock_override(NULL, NULL);
}

#endif

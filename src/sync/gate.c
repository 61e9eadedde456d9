#include "sync/gate.h"

#include "base/clock.h"

#include <glib.h>

/* A host that was reached is down after so many failures without a success in between. */
#define FAILURES_MAX 3

void sync_gate_init(struct sync_gate *gate, unsigned at_once, unsigned per_minute)
{
    *gate = (struct sync_gate){.at_once = MAX(at_once, 1),
                               .per_minute = MAX(per_minute, 1),
                               .window = 1};
}

bool sync_gate_enter(struct sync_gate *gate, bool urgent, int64_t now, int64_t *when)
{
    int64_t gap = 60 * CLOCK_SECOND / gate->per_minute;
    *when = CLOCK_NEVER;
    if (gate->under_way >= gate->window)
        return false;
    int64_t not_before = gate->down && !urgent ? MAX(gate->probe_at, gate->next_at) : gate->next_at;
    if (now < not_before) {
        *when = not_before;
        return false;
    }
    gate->under_way++;
    gate->probing = gate->down;
    gate->next_at = now + gap / 2 + clock_jitter(gap + 1);
    return true;
}

static void failed(struct sync_gate *gate, int64_t now)
{
    /* Those that were under way when it went down say nothing new. */
    if (gate->down && !gate->probing)
        return;
    gate->failures++;
    gate->window = MAX(gate->window / 2, 1);
    if (gate->proven && gate->failures < FAILURES_MAX)
        return;
    unsigned doublings = MIN(gate->failures - (gate->proven ? FAILURES_MAX : 1), 16);
    int64_t pause = MIN((int64_t)SYNC_GATE_FIRST_MS << doublings, SYNC_GATE_LAST_MS);
    gate->failures = gate->proven ? 1 : gate->failures;
    gate->proven = false;
    gate->down = true;
    gate->probing = false;
    gate->window = 1;
    gate->probe_at = now + (pause / 2 + clock_jitter(pause / 2 + 1)) * 1000;
}

void sync_gate_leave(struct sync_gate *gate, bool reached, int64_t now)
{
    gate->under_way--;
    if (!reached) {
        failed(gate, now);
        return;
    }
    gate->failures = 0;
    gate->proven = true;
    gate->down = false;
    gate->window = MIN(gate->window + 1, gate->at_once);
}

void sync_gate_stalled(struct sync_gate *gate, int64_t now)
{
    if (!gate->down)
        failed(gate, now);
}

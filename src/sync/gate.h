/* The gate of one mail host: how many sign-ins may be under way and how fast they may follow each
 * other, and what happens when the host is down. Pure: no lock, no clock of its own.
 *
 * A host that was never reached, or not since it failed, lets one connection through at a time:
 * while it is down that is a probe now and then, and every success lets one more go beside it, up
 * to the limit. So neither a start with ten thousand accounts nor the return of a lost uplink is a
 * storm, and a host that accepts and never answers holds one worker. */
#ifndef POSTROOM_SYNC_GATE_H
#define POSTROOM_SYNC_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* First pause of a host that is down, doubled up to the last. */
#define SYNC_GATE_FIRST_MS 2000
#define SYNC_GATE_LAST_MS (INT64_C(5) * 60 * 1000)

struct sync_gate {
    unsigned at_once;    /* sign-ins under way at most */
    unsigned per_minute; /* connections begun */
    unsigned window;     /* sign-ins that may be under way now: 1 up to at_once */
    unsigned under_way;
    unsigned failures; /* in a row */
    bool proven;       /* reached since the start or the last time it was down */
    bool down;
    bool probing;     /* who entered last knew that it is down */
    int64_t next_at;  /* base/clock.h: when the next may begin, by its rate */
    int64_t probe_at; /* while down */
};

void sync_gate_init(struct sync_gate *gate, unsigned at_once, unsigned per_minute);
/* True: go, and say later how it ended. False: *when is the time to ask again; CLOCK_NEVER: when
 * one of those under way has ended. urgent: a person waits; the probe of a host that is down comes
 * now. */
bool sync_gate_enter(struct sync_gate *gate, bool urgent, int64_t now, int64_t *when);
/* One that entered has ended: the host was reached, whatever it said, or it was not. */
void sync_gate_leave(struct sync_gate *gate, bool reached, int64_t now);
/* A connection that was open for long got no answer. */
void sync_gate_stalled(struct sync_gate *gate, int64_t now);

#endif

/* Cadence of the folders, the gate of a host, and backoff: all pure. */
#include "base/clock.h"
#include "sync/backoff.h"
#include "sync/cadence.h"
#include "sync/gate.h"

#include <glib.h>

static const struct sync_cadence five = {.busy = 300, .calm = 3600};

static void a_quiet_folder_is_asked_seldom(void)
{
    g_assert_cmpint(sync_cadence_interval(&five, 0), ==, 300);
    g_assert_cmpint(sync_cadence_interval(&five, 3599), ==, 300);
    g_assert_cmpint(sync_cadence_interval(&five, 3600), ==, 600);
    g_assert_cmpint(sync_cadence_interval(&five, 6 * 3600), ==, 1200);
    g_assert_cmpint(sync_cadence_interval(&five, 24 * 3600), ==, 3600);
    g_assert_cmpint(sync_cadence_interval(&five, INT64_MAX), ==, 3600);
    const struct sync_cadence flat = {.busy = 10, .calm = 1};
    g_assert_cmpint(sync_cadence_interval(&flat, 1000000), ==, 10);
}

static void looks_lie_on_one_grid(void)
{
    for (int64_t account = 1; account < 200; account++) {
        int64_t at = sync_cadence_next(3600, account, 1000000);
        g_assert_cmpint(at, >, 1000000);
        g_assert_cmpint(at, <=, 1003600);
        g_assert_cmpint(sync_cadence_next(3600, account, at - 1), ==, at);
        g_assert_cmpint(sync_cadence_next(3600, account, at), ==, at + 3600);
    }
}

static void accounts_are_spread_out(void)
{
    int tenths[10] = {0};
    for (int64_t account = 1; account <= 1000; account++)
        tenths[(sync_cadence_next(300, account, 1000000) - 1000001) / 30]++;
    for (int i = 0; i < 10; i++)
        g_assert_cmpint(tenths[i], >, 50);
}

/* Lets one through at that time, or answers when to ask again. */
static bool enter(struct sync_gate *gate, int64_t now, int64_t *when)
{
    return sync_gate_enter(gate, false, now, when);
}

static void a_host_proves_itself_before_many_come(void)
{
    struct sync_gate gate;
    int64_t when = 0, now = CLOCK_SECOND;
    sync_gate_init(&gate, 4, 6000);
    g_assert_true(enter(&gate, now, &when));
    g_assert_false(enter(&gate, now + CLOCK_SECOND, &when));
    g_assert_cmpint(when, ==, CLOCK_NEVER);
    for (unsigned round = 0; round < 10; round++) {
        sync_gate_leave(&gate, true, now);
        now += CLOCK_SECOND;
        g_assert_true(enter(&gate, now, &when));
    }
    for (unsigned more = 1; more < 4; more++)
        g_assert_true(enter(&gate, now += CLOCK_SECOND, &when));
    g_assert_false(enter(&gate, now + CLOCK_SECOND, &when));
}

static void connections_keep_their_distance(void)
{
    struct sync_gate gate;
    int64_t when = 0, now = CLOCK_SECOND, begun = now;
    sync_gate_init(&gate, 100, 60);
    for (int i = 0; i < 60; i++) {
        while (!enter(&gate, now, &when))
            now = when;
        sync_gate_leave(&gate, true, now);
    }
    g_assert_cmpint(now - begun, >, 45 * CLOCK_SECOND);
    g_assert_cmpint(now - begun, <, 75 * CLOCK_SECOND);
}

static void a_host_that_is_down_is_probed_by_one(void)
{
    struct sync_gate gate;
    int64_t when = 0, now = CLOCK_SECOND, last = 0;
    sync_gate_init(&gate, 8, 60000);
    for (int probe = 0; probe < 12; probe++) {
        g_assert_true(enter(&gate, now, &when));
        g_assert_false(enter(&gate, now + CLOCK_SECOND, &when));
        sync_gate_leave(&gate, false, now);
        g_assert_true(gate.down);
        g_assert_false(enter(&gate, now, &when));
        last = when - now;
        g_assert_cmpint(last, <=, SYNC_GATE_LAST_MS * 1000);
        g_assert_cmpint(last, >=, SYNC_GATE_FIRST_MS * 500);
        now = when;
    }
    g_assert_cmpint(last, >=, SYNC_GATE_LAST_MS * 500); /* it has doubled up to its half */
    g_assert_true(enter(&gate, now, &when));
    sync_gate_leave(&gate, true, now);
    g_assert_false(gate.down);
    g_assert_cmpuint(gate.window, ==, 2);
}

static void a_person_does_not_wait_for_the_probe(void)
{
    struct sync_gate gate;
    int64_t when = 0, now = CLOCK_SECOND;
    sync_gate_init(&gate, 8, 60000);
    g_assert_true(enter(&gate, now, &when));
    sync_gate_leave(&gate, false, now);
    now += CLOCK_SECOND / 10;
    g_assert_false(enter(&gate, now, &when));
    g_assert_true(sync_gate_enter(&gate, true, now, &when));
    g_assert_false(sync_gate_enter(&gate, true, now, &when));
}

static void one_outage_is_one_failure(void)
{
    struct sync_gate gate;
    int64_t now = CLOCK_SECOND, when = 0;
    sync_gate_init(&gate, 16, 60000);
    for (int i = 0; i < 16; i++, now += CLOCK_SECOND) {
        g_assert_true(enter(&gate, now, &when));
        sync_gate_leave(&gate, true, now);
    }
    for (int i = 0; i < 16; i++)
        g_assert_true(enter(&gate, now += CLOCK_SECOND, &when));
    for (int i = 0; i < 16; i++)
        sync_gate_leave(&gate, false, now);
    g_assert_true(gate.down);
    g_assert_cmpint(gate.probe_at - now, <=, SYNC_GATE_FIRST_MS * 1000);
    now = gate.probe_at;
    g_assert_true(enter(&gate, now, &when));
    sync_gate_leave(&gate, false, now);
    g_assert_cmpint(gate.probe_at - now, >=, SYNC_GATE_FIRST_MS * 1000);
}

static void one_failure_of_a_proven_host_is_no_outage(void)
{
    struct sync_gate gate;
    int64_t when = 0, now = CLOCK_SECOND;
    sync_gate_init(&gate, 8, 60000);
    g_assert_true(enter(&gate, now, &when));
    sync_gate_leave(&gate, true, now);
    sync_gate_stalled(&gate, now);
    sync_gate_stalled(&gate, now);
    g_assert_false(gate.down);
    g_assert_true(enter(&gate, now + CLOCK_SECOND, &when));
    sync_gate_leave(&gate, true, now);
    sync_gate_stalled(&gate, now);
    sync_gate_stalled(&gate, now);
    g_assert_false(gate.down);
    sync_gate_stalled(&gate, now);
    g_assert_true(gate.down);
}

static void backoff_doubles_and_heeds_what_is_asked(void)
{
    struct sync_backoff backoff = {.first_ms = 1000};
    int64_t pause = sync_backoff_next(&backoff, 0);
    g_assert_cmpint(pause, >=, 500);
    g_assert_cmpint(pause, <=, 1001);
    pause = sync_backoff_next(&backoff, 271858);
    g_assert_cmpint(pause, ==, 271858);
    for (int i = 0; i < 40; i++)
        pause = sync_backoff_next(&backoff, 0);
    g_assert_cmpint(pause, >=, SYNC_BACKOFF_MAX_MS / 2);
    g_assert_cmpint(pause, <=, SYNC_BACKOFF_MAX_MS);
    g_assert_cmpint(sync_backoff_next(&(struct sync_backoff){.first_ms = 1}, 3600000), ==, 600000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/cadence/interval", a_quiet_folder_is_asked_seldom);
    g_test_add_func("/sync/cadence/grid", looks_lie_on_one_grid);
    g_test_add_func("/sync/cadence/spread", accounts_are_spread_out);
    g_test_add_func("/sync/gate/proof", a_host_proves_itself_before_many_come);
    g_test_add_func("/sync/gate/rate", connections_keep_their_distance);
    g_test_add_func("/sync/gate/down", a_host_that_is_down_is_probed_by_one);
    g_test_add_func("/sync/gate/urgent", a_person_does_not_wait_for_the_probe);
    g_test_add_func("/sync/gate/outage", one_outage_is_one_failure);
    g_test_add_func("/sync/gate/failures", one_failure_of_a_proven_host_is_no_outage);
    g_test_add_func("/sync/backoff", backoff_doubles_and_heeds_what_is_asked);
    return g_test_run();
}

/* sync/hosts.h: what a provider bears, and the places at one host of those that are told of every
 * folder by NOTIFY. */
#include "sync/hosts.h"

#include "base/clock.h"

#include <glib.h>

#define PLACES 200
#define HOUR (INT64_C(3600) * CLOCK_SECOND)

static int64_t now;

static int64_t monotonic(void)
{
    return now;
}

static int64_t wall(void)
{
    return now / CLOCK_SECOND;
}

struct fixture {
    struct exec *exec;
    struct sync_hosts *hosts;
    struct sync_host *one, *other;
    struct sync_waiter waiters[PLACES + 2];
};

static void open_hosts(struct fixture *fixture)
{
    const struct exec_config config = {.workers = 2, .reserved = 1, .stack_bytes = 1 << 20};
    const struct sync_limits none[SYNC_PROFILES] = {0};
    now = HOUR;
    clock_override(monotonic, wall);
    *fixture = (struct fixture){.exec = exec_new(&config)};
    fixture->hosts = sync_hosts_new(fixture->exec, config.workers, none);
    fixture->one = sync_hosts_get(fixture->hosts, "one.example", 993, SYNC_PLAIN);
    fixture->other = sync_hosts_get(fixture->hosts, "other.example", 993, SYNC_PLAIN);
    for (size_t i = 0; i < G_N_ELEMENTS(fixture->waiters); i++)
        fixture->waiters[i].host = fixture->one;
}

static void close_hosts(struct fixture *fixture)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fixture->waiters); i++)
        sync_host_leave(&fixture->waiters[i]);
    sync_host_unref(fixture->one);
    sync_host_unref(fixture->other);
    sync_hosts_free(fixture->hosts);
    exec_free(fixture->exec);
    clock_override(NULL, NULL);
}

static void take_all_places(struct fixture *fixture)
{
    for (size_t i = 0; i < PLACES; i++)
        g_assert_true(sync_host_listen(&fixture->waiters[i], false));
}

static void a_host_has_200_places(void)
{
    struct fixture fixture;
    open_hosts(&fixture);
    g_assert_cmpuint(sync_host_limits(fixture.one)->notified, ==, PLACES);
    take_all_places(&fixture);
    struct sync_waiter *late = &fixture.waiters[PLACES], *later = &fixture.waiters[PLACES + 1];
    g_assert_false(sync_host_listen(late, false));
    later->host = fixture.other;
    g_assert_true(sync_host_listen(later, false));               /* each host has its own */
    g_assert_true(sync_host_listen(&fixture.waiters[7], false)); /* confirmed: no second place */
    sync_host_unlisten(&fixture.waiters[7]);
    g_assert_true(sync_host_listen(late, false));
    g_assert_false(sync_host_listen(&fixture.waiters[7], false));
    sync_host_leave(late); /* its session ended */
    g_assert_true(sync_host_listen(&fixture.waiters[7], false));
    close_hosts(&fixture);
}

static void a_quiet_one_makes_room_while_others_are_turned_away(void)
{
    struct fixture fixture;
    open_hosts(&fixture);
    take_all_places(&fixture);
    struct sync_waiter *quiet = &fixture.waiters[3], *late = &fixture.waiters[PLACES];
    g_assert_true(sync_host_listen(quiet, true)); /* nobody wants its place */
    g_assert_false(sync_host_listen(late, true));
    g_assert_true(sync_host_listen(quiet, true)); /* nor does another quiet one */
    g_assert_false(sync_host_listen(late, false));
    g_assert_false(sync_host_listen(quiet, true));
    sync_host_unlisten(quiet);
    g_assert_true(sync_host_listen(late, false));
    now += HOUR + CLOCK_SECOND; /* nobody was turned away for an hour */
    g_assert_true(sync_host_listen(&fixture.waiters[4], true));
    close_hosts(&fixture);
}

static void each_provider_is_asked_as_it_bears(void)
{
    static const struct {
        enum sync_profile profile;
        int64_t idle_s;
        uint64_t bytes_a_day;
    } rows[] = {{SYNC_EXCHANGE, 600, 0},
                {SYNC_GMAIL, 1500, UINT64_C(2250000000)},
                {SYNC_PLAIN, 1680, 0}};
    struct fixture fixture;
    open_hosts(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sync_host *host =
            sync_hosts_get(fixture.hosts, "its.example", (uint16_t)(i + 1), rows[i].profile);
        const struct sync_limits *limits = sync_host_limits(host);
        g_assert_cmpint(limits->idle_s, ==, rows[i].idle_s);
        g_assert_cmpuint(limits->bytes_a_day, ==, rows[i].bytes_a_day);
        g_assert_cmpuint(limits->connections, ==, 4);
        sync_host_unref(host);
    }
    close_hosts(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/hosts/providers", each_provider_is_asked_as_it_bears);
    g_test_add_func("/sync/hosts/places", a_host_has_200_places);
    g_test_add_func("/sync/hosts/quiet", a_quiet_one_makes_room_while_others_are_turned_away);
    return g_test_run();
}

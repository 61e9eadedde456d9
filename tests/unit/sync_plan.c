#include "sync/plan.h"

#include "sync/backoff.h"

static struct store_remote_message known(uint32_t uid, uint32_t bits)
{
    return (struct store_remote_message){.uid = uid, .flag_bits = bits, .email = uid};
}

static void what_only_the_server_has_is_fresh(void)
{
    const struct store_remote_message local[] = {known(2, 0), known(5, 0)};
    const uint32_t uids[] = {1, 2, 3, 5, 9};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 2, uids, 5, NULL, 0);
    g_assert_cmpuint(plan.fresh->len, ==, 3);
    g_assert_cmpuint(g_array_index(plan.fresh, uint32_t, 0), ==, 1);
    g_assert_cmpuint(g_array_index(plan.fresh, uint32_t, 2), ==, 9);
    g_assert_cmpuint(plan.vanished->len, ==, 0);
    sync_plan_clear(&plan);
}

static void what_only_we_have_vanished(void)
{
    const struct store_remote_message local[] = {known(2, 0), known(5, 0), known(7, 0)};
    const uint32_t uids[] = {5};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 3, uids, 1, NULL, 0);
    g_assert_cmpuint(plan.vanished->len, ==, 2);
    g_assert_cmpuint(g_array_index(plan.vanished, uint32_t, 0), ==, 2);
    g_assert_cmpuint(g_array_index(plan.vanished, uint32_t, 1), ==, 7);
    g_assert_cmpuint(plan.fresh->len, ==, 0);
    sync_plan_clear(&plan);
}

static void flags_that_differ_are_planned_and_others_not(void)
{
    struct store_remote_message local[] = {known(1, MAIL_SEEN), known(2, 0), known(3, 0),
                                           known(4, 0)};
    local[2].skipped = true;
    local[3].has_keywords = true;
    const uint32_t uids[] = {1, 2, 3, 4};
    const struct sync_seen seen[] = {{1, {MAIL_SEEN, NULL}},
                                     {2, {MAIL_FLAGGED, NULL}},
                                     {3, {MAIL_SEEN, NULL}},
                                     {4, {0, NULL}}};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 4, uids, 4, seen, 4);
    g_assert_cmpuint(plan.flags->len, ==, 2);
    g_assert_cmpuint(g_array_index(plan.flags, size_t, 0), ==, 1);
    g_assert_cmpuint(g_array_index(plan.flags, size_t, 1), ==, 3); /* its keyword went away there */
    sync_plan_clear(&plan);
}

/* A second look after the plan was carried out finds nothing to do, whatever the two sides were. */
static void a_second_plan_is_empty(void)
{
    for (int round = 0; round < 200; round++) {
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_autoptr(GArray) local = g_array_new(FALSE, FALSE, sizeof(struct store_remote_message));
        g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(struct sync_seen));
        for (uint32_t uid = 1; uid < 60; uid++) {
            struct store_remote_message here = known(uid, (uint32_t)g_test_rand_int_range(0, 8));
            struct sync_seen there = {uid, {(uint32_t)g_test_rand_int_range(0, 8), NULL}};
            if (g_test_rand_bit())
                g_array_append_val(local, here);
            if (g_test_rand_bit()) {
                g_array_append_val(uids, uid);
                g_array_append_val(seen, there);
            }
        }
        struct sync_plan plan;
        g_autoptr(GArray) after = g_array_new(FALSE, FALSE, sizeof(struct store_remote_message));
        for (guint i = 0; i < seen->len; i++) {
            const struct sync_seen *item = &g_array_index(seen, struct sync_seen, i);
            struct store_remote_message row = known(item->uid, item->flags.bits);
            g_array_append_val(after, row);
        }
        sync_plan_make(&plan, (void *)local->data, local->len, (void *)uids->data, uids->len,
                       (void *)seen->data, seen->len);
        g_assert_cmpuint(local->len + plan.fresh->len - plan.vanished->len, ==, uids->len);
        sync_plan_clear(&plan);
        sync_plan_make(&plan, (void *)after->data, after->len, (void *)uids->data, uids->len,
                       (void *)seen->data, seen->len);
        g_assert_cmpuint(plan.fresh->len + plan.vanished->len + plan.flags->len, ==, 0);
        sync_plan_clear(&plan);
    }
}

static void backoff_grows_stays_bounded_and_honours_what_was_asked(void)
{
    struct sync_backoff backoff = {.first_ms = 1000};
    int64_t first = sync_backoff_next(&backoff, 0);
    g_assert_cmpint(first, >=, 500);
    g_assert_cmpint(first, <=, 1001);
    for (int i = 0; i < 40; i++)
        g_assert_cmpint(sync_backoff_next(&backoff, 0), <=, SYNC_BACKOFF_MAX_MS + 1);
    g_assert_cmpint(sync_backoff_next(&backoff, 0), >=, SYNC_BACKOFF_MAX_MS / 2);
    sync_backoff_reset(&backoff);
    g_assert_cmpint(sync_backoff_next(&backoff, 90000), ==, 90000);
    g_assert_cmpint(sync_backoff_next(&backoff, INT64_C(86400000)), ==, 600000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/plan/fresh", what_only_the_server_has_is_fresh);
    g_test_add_func("/sync/plan/vanished", what_only_we_have_vanished);
    g_test_add_func("/sync/plan/flags", flags_that_differ_are_planned_and_others_not);
    g_test_add_func("/sync/plan/second-is-empty", a_second_plan_is_empty);
    g_test_add_func("/sync/backoff", backoff_grows_stays_bounded_and_honours_what_was_asked);
    return g_test_run();
}

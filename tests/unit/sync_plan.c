#include "sync/plan.h"

#include "sync/backoff.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct store_remote_message known(uint32_t uid, uint32_t bits)
{
    return (struct store_remote_message){.uid = uid, .flag_bits = bits, .email = uid};
}

static void check(const GArray *found, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? " " : "", g_array_index(found, uint32_t, i));
    g_assert_cmpstr(text->str, ==, expected);
}

static void what_only_the_server_has_is_fresh(void)
{
    const struct store_remote_message local[] = {known(2, 0), known(5, 0)};
    const uint32_t uids[] = {1, 2, 3, 3, 5, 9, 9};
    struct sync_remote remote = {.whole = true, .uids = uids, .uid_count = COUNT(uids)};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 2, &remote, NULL, 0);
    check(plan.fresh, "1 3 9");
    check(plan.vanished, "");
    sync_plan_clear(&plan);
}

static void what_only_we_have_vanished_when_all_was_told(void)
{
    const struct store_remote_message local[] = {known(2, 0), known(5, 0), known(7, 0)};
    const uint32_t uids[] = {5, 8};
    for (int whole = 0; whole < 2; whole++) {
        struct sync_remote remote = {.whole = whole == 1, .uids = uids, .uid_count = 2};
        struct sync_plan plan;
        sync_plan_make(&plan, local, 3, &remote, NULL, 0);
        check(plan.vanished, whole == 1 ? "2 7" : "");
        check(plan.fresh, "8");
        sync_plan_clear(&plan);
    }
}

static void what_is_told_to_have_vanished_does_though_it_is_told_changed_too(void)
{
    const struct store_remote_message local[] = {known(2, 0), known(5, 0), known(7, 0)};
    const struct sync_range gone[] = {{6, 4294967295}, {1, 2}, {2, 3}};
    const uint32_t uids[] = {2, 5, 8};
    const struct sync_seen seen[] = {{2, {MAIL_SEEN, NULL}}, {5, {MAIL_SEEN, NULL}}};
    struct sync_remote remote = {.uids = uids,
                                 .uid_count = 3,
                                 .vanished = gone,
                                 .vanished_count = 3,
                                 .seen = seen,
                                 .seen_count = 2,
                                 .keeps_keywords = true};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 3, &remote, NULL, 0);
    check(plan.vanished, "2 7");
    check(plan.fresh, "");
    g_assert_cmpuint(plan.changed->len, ==, 1);
    g_assert_cmpuint(g_array_index(plan.changed, struct sync_change, 0).uid, ==, 5);
    sync_plan_clear(&plan);
}

static void what_a_step_of_ours_took_away_is_not_looked_for(void)
{
    const struct store_remote_message local[] = {known(1, 0), known(2, 0), known(3, 0),
                                                 known(4, 0)};
    const struct store_step steps[] = {{1, STORE_INTENT_EXPUNGE, false},
                                       {2, STORE_INTENT_FLAGS, true},
                                       {2, STORE_INTENT_MOVE, true},
                                       {3, STORE_INTENT_MOVE, false},
                                       {4, STORE_INTENT_FLAGS, true}};
    struct sync_remote remote = {.whole = true};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 4, &remote, steps, COUNT(steps));
    check(plan.ended, "1 2");
    check(plan.vanished, "3 4");
    sync_plan_clear(&plan);
}

static void flags_that_differ_are_planned_and_others_not(void)
{
    struct store_remote_message local[] = {known(1, MAIL_SEEN), known(2, 0), known(3, 0),
                                           known(4, 0), known(5, 0)};
    local[2].skipped = true;
    local[3].words = (char[]){"work"};
    local[4].words = (char[]){"home work"};
    char *both[] = {(char[]){"home"}, (char[]){"work"}, NULL};
    const struct sync_seen seen[] = {{1, {MAIL_SEEN, NULL}},
                                     {2, {MAIL_FLAGGED, NULL}},
                                     {3, {MAIL_SEEN, NULL}},
                                     {4, {0, NULL}}, /* its keyword went away there */
                                     {5, {0, both}}};
    struct sync_remote remote = {.seen = seen, .seen_count = COUNT(seen), .keeps_keywords = true};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 5, &remote, NULL, 0);
    g_assert_cmpuint(plan.changed->len, ==, 2);
    g_assert_cmpuint(g_array_index(plan.changed, struct sync_change, 0).uid, ==, 2);
    g_assert_cmpuint(g_array_index(plan.changed, struct sync_change, 1).uid, ==, 4);
    g_assert_null(g_array_index(plan.changed, struct sync_change, 1).flags.keywords);
    sync_plan_clear(&plan);
}

static void what_the_server_cannot_keep_stays(void)
{
    struct store_remote_message local[] = {known(1, MAIL_SEEN | MAIL_FORWARDED), known(2, 0)};
    local[0].words = local[1].words = (char[]){"work"};
    const struct sync_seen seen[] = {{1, {MAIL_SEEN, NULL}}, {2, {MAIL_SEEN, NULL}}};
    struct sync_remote remote = {.seen = seen,
                                 .seen_count = 2,
                                 .permanent_bits = MAIL_SEEN | MAIL_ANSWERED | MAIL_MDN_SENT};
    struct sync_plan plan;
    sync_plan_make(&plan, local, 2, &remote, NULL, 0);
    g_assert_cmpuint(plan.changed->len, ==, 1);
    const struct sync_change *change = &g_array_index(plan.changed, struct sync_change, 0);
    g_assert_cmpuint(change->uid, ==, 2);
    g_assert_true(mail_flags_has(&change->flags, "work"));
    sync_plan_clear(&plan);
}

static void the_cheapest_way_that_tells_is_taken(void)
{
    const struct sync_marks marks = {7, 10, 9, 55};
    struct sync_situation s = {.last = marks, .now = marks, .complete = true, .qresync = true};
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_NONE);
    s.now.exists = 8;
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_QRESYNC);
    s.qresync = false;
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_CONDSTORE);
    s.now.modseq = 54; /* it went back */
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_WHOLE);
    s.now.modseq = 0;
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_WINDOWS);
    s.last.modseq = 0;
    s.now = s.last; /* without mod-sequences equal counts say nothing of flags */
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_WINDOWS);
    s.complete = false;
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_WHOLE);
    s.complete = s.whole = true;
    g_assert_cmpint(sync_way_choose(&s), ==, SYNC_WAY_WHOLE);
}

static void a_renewed_folder_is_told_from_the_same(void)
{
    const struct sync_marks last = {7, 10, 9, 55};
    g_assert_false(sync_is_renewed(&last, &(struct sync_marks){7, 12, 1, 60}));
    g_assert_false(sync_is_renewed(&last, &(struct sync_marks){7, 0, 9, 55}));
    g_assert_true(sync_is_renewed(&last, &(struct sync_marks){8, 12, 9, 60}));
    g_assert_true(sync_is_renewed(&last, &(struct sync_marks){7, 9, 9, 60}));
    g_assert_true(sync_is_renewed(&(struct sync_marks){0}, &last));
}

/* A second look after the plan was carried out finds nothing to do, whatever the two sides were and
 * however the server told them. */
static void a_second_plan_is_empty(void)
{
    for (int round = 0; round < 400; round++) {
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_autoptr(GArray) local = g_array_new(FALSE, FALSE, sizeof(struct store_remote_message));
        g_autoptr(GArray) after = g_array_new(FALSE, FALSE, sizeof(struct store_remote_message));
        g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(struct sync_seen));
        g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(struct sync_range));
        bool whole = g_test_rand_bit();
        for (uint32_t uid = 1; uid < 60; uid++) {
            struct store_remote_message here = known(uid, (uint32_t)g_test_rand_int_range(0, 8));
            struct sync_seen there = {uid, {(uint32_t)g_test_rand_int_range(0, 8), NULL}};
            struct store_remote_message row = known(uid, there.flags.bits);
            struct sync_range range = {uid, uid + (uint32_t)g_test_rand_int_range(0, 2)};
            bool is_here = g_test_rand_bit(), is_there = g_test_rand_bit();
            if (is_here)
                g_array_append_val(local, here);
            if (is_there) {
                g_array_append_val(uids, uid);
                g_array_append_val(seen, there);
                g_array_append_val(after, row);
            } else if (!whole) {
                range.last = uid;
                g_array_prepend_val(gone, range);
            }
        }
        struct sync_remote remote = {.whole = whole,
                                     .uids = (const uint32_t *)uids->data,
                                     .uid_count = uids->len,
                                     .vanished = (const struct sync_range *)gone->data,
                                     .vanished_count = gone->len,
                                     .seen = (const struct sync_seen *)seen->data,
                                     .seen_count = seen->len,
                                     .keeps_keywords = true};
        struct sync_plan plan;
        sync_plan_make(&plan, (const struct store_remote_message *)local->data, local->len, &remote,
                       NULL, 0);
        g_assert_cmpuint(local->len + plan.fresh->len - plan.vanished->len, ==, uids->len);
        sync_plan_clear(&plan);
        sync_plan_make(&plan, (const struct store_remote_message *)after->data, after->len, &remote,
                       NULL, 0);
        g_assert_true(sync_plan_is_empty(&plan));
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
    g_test_add_func("/sync/plan/vanished", what_only_we_have_vanished_when_all_was_told);
    g_test_add_func("/sync/plan/told",
                    what_is_told_to_have_vanished_does_though_it_is_told_changed_too);
    g_test_add_func("/sync/plan/ended", what_a_step_of_ours_took_away_is_not_looked_for);
    g_test_add_func("/sync/plan/flags", flags_that_differ_are_planned_and_others_not);
    g_test_add_func("/sync/plan/unkept", what_the_server_cannot_keep_stays);
    g_test_add_func("/sync/plan/way", the_cheapest_way_that_tells_is_taken);
    g_test_add_func("/sync/plan/renewed", a_renewed_folder_is_told_from_the_same);
    g_test_add_func("/sync/plan/second-is-empty", a_second_plan_is_empty);
    g_test_add_func("/sync/backoff", backoff_grows_stays_bounded_and_honours_what_was_asked);
    return g_test_run();
}

#include "sync/reconcile.h"

#define DAY 86400
#define UIDS_MAX 8

/* A plan from lists that end with 0. */
static void plan_of(struct sync_plan *plan, const uint32_t *fresh, const uint32_t *vanished,
                    unsigned changed)
{
    const struct sync_change change = {.uid = 1};
    *plan = (struct sync_plan){.fresh = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                               .changed = g_array_new(FALSE, FALSE, sizeof(struct sync_change)),
                               .vanished = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                               .ended = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
    for (; *fresh != 0; fresh++)
        g_array_append_val(plan->fresh, *fresh);
    for (; *vanished != 0; vanished++)
        g_array_append_val(plan->vanished, *vanished);
    for (unsigned i = 0; i < changed; i++)
        g_array_append_val(plan->changed, change);
}

struct sample {
    const char *what;
    struct sync_marks last, now; /* uidvalidity, uidnext, exists, modseq */
    uint32_t fresh[UIDS_MAX], vanished[UIDS_MAX];
    unsigned changed;
    bool flags_too;
    struct sync_difference expected;
};

static const struct sample samples[] = {
    {"all is well", {1, 10, 5, 7}, {1, 10, 5, 7}, {0}, {0}, 0, true, {0, 0, 0}},
    {"new mail is news", {1, 10, 5, 7}, {1, 12, 7, 9}, {10, 11, 0}, {0}, 0, true, {0, 0, 0}},
    {"older mail is not", {1, 10, 5, 7}, {1, 11, 6, 9}, {3, 9, 10, 0}, {0}, 0, true, {2, 0, 0}},
    {"an expunge is news", {1, 10, 5, 7}, {1, 10, 3, 9}, {0}, {2, 4, 0}, 0, true, {0, 0, 0}},
    {"more went than was there",
     {1, 10, 5, 7},
     {1, 10, 4, 9},
     {0},
     {2, 4, 8, 0},
     0,
     true,
     {0, 2, 0}},
    {"what came and went may explain it",
     {1, 10, 5, 7},
     {1, 12, 5, 9},
     {0},
     {2, 4, 8, 0},
     0,
     true,
     {0, 1, 0}},
    {"flags under the same mod-sequence",
     {1, 10, 5, 7},
     {1, 10, 5, 7},
     {0},
     {0},
     3,
     false,
     {0, 0, 3}},
    {"flags under a later one are news",
     {1, 10, 5, 7},
     {1, 10, 5, 8},
     {0},
     {0},
     3,
     true,
     {0, 0, 0}},
    {"flags without one, asked for", {1, 10, 5, 0}, {1, 10, 5, 0}, {0}, {0}, 3, true, {0, 0, 3}},
    {"flags without one, by the way", {1, 10, 5, 0}, {1, 10, 5, 0}, {0}, {0}, 3, false, {0, 0, 0}},
    {"never compared", {0, 0, 0, 0}, {1, 10, 5, 7}, {1, 2, 3, 0}, {0}, 0, true, {0, 0, 0}},
    {"a renewed folder", {1, 10, 5, 7}, {2, 10, 5, 7}, {1, 2, 3, 0}, {4, 0}, 2, true, {0, 0, 0}},
    {"UIDNEXT went back", {1, 10, 5, 7}, {1, 4, 3, 7}, {1, 2, 3, 0}, {4, 0}, 2, true, {0, 0, 0}},
};

static void only_what_is_no_news_is_a_difference(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        const struct sample *s = &samples[i];
        struct sync_difference found;
        struct sync_plan plan;
        plan_of(&plan, s->fresh, s->vanished, s->changed);
        sync_difference_of(&found, &s->last, &s->now, &plan, s->flags_too);
        sync_plan_clear(&plan);
        if (found.missing != s->expected.missing || found.surplus != s->expected.surplus ||
            found.astray != s->expected.astray)
            g_error("%s: %u missing, %u surplus, %u astray", s->what, found.missing, found.surplus,
                    found.astray);
    }
}

static void each_folder_comes_once_a_day_and_not_all_at_once(void)
{
    const int64_t then = 1700000000;
    int64_t first = INT64_MAX, last = 0;
    for (int64_t mailbox = 1; mailbox <= 1000; mailbox++) {
        int64_t next = sync_reconcile_next(then, mailbox);
        g_assert_cmpint(next, >, then + DAY * 3 / 4);
        g_assert_cmpint(next, <=, then + DAY);
        g_assert_cmpint(next, ==, sync_reconcile_next(then, mailbox));
        first = MIN(first, next);
        last = MAX(last, next);
    }
    g_assert_cmpint(last - first, >, DAY / 8);
    g_assert_cmpint(sync_reconcile_next(0, 1), <, then); /* never: at once */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/reconcile/difference", only_what_is_no_news_is_a_difference);
    g_test_add_func("/sync/reconcile/schedule", each_folder_comes_once_a_day_and_not_all_at_once);
    return g_test_run();
}

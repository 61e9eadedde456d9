/* Tours through folders: imap_fetch_tour. */
#include "imap/client.h"

#include "imap_script.h"

static bool folder_is_open(size_t index, const struct imap_selected *selected, void *arg)
{
    struct imap_sets *sets = arg;
    g_string_append_printf(sets->out, "(%zu", index);
    if (selected != NULL)
        g_string_append_printf(sets->out, " %u %u", selected->uidvalidity, selected->exists);
    g_string_append(sets->out, ") ");
    return selected != NULL && selected->uidvalidity < 100;
}

static bool tour(struct imap_client *client, GString *out, size_t stop_at, uint64_t bytes,
                 GError **error)
{
    const struct imap_fetch_ask asks[] = {{.raw_name = "a", .uid_set = "7:8", .bytes = bytes},
                                          {.uid_set = "1:6", .bytes = bytes},
                                          {.raw_name = "empty"},
                                          {.raw_name = "b", .uid_set = "1:9", .bytes = bytes},
                                          {.raw_name = "c", .uid_set = "1:2", .bytes = bytes}};
    struct imap_sets sets = {out, stop_at};
    const struct imap_fetch_hands hands = {imap_sets_fetched, imap_sets_done, folder_is_open, NULL,
                                           &sets};
    return imap_fetch_tour(client, asks, G_N_ELEMENTS(asks), IMAP_FETCH_FLAGS, &hands, error);
}

static bool tour_all(struct imap_client *client, GString *out, GError **error)
{
    bool good = tour(client, out, SIZE_MAX, 1000, error);
    g_string_append(out, imap_client_is_usable(client) ? "usable" : "lost");
    return good;
}

static bool tour_until_first(struct imap_client *client, GString *out, GError **error)
{
    return tour(client, out, 0, 4 << 20, error);
}

#define TOUR                                                                                       \
    CAPS("IDLE"), "C: P1 SELECT \"a\"", "C: P2 UID FETCH 7:8 (UID FLAGS)",                         \
        "C: P3 UID FETCH 1:6 (UID FLAGS)", "C: P4 SELECT \"empty\"", "C: P5 SELECT \"b\"",         \
        "C: P6 UID FETCH 1:9 (UID FLAGS)", "C: P7 SELECT \"c\"", "C: P8 UID FETCH 1:2 (UID FLAGS)"

static void a_tour_through_folders_has_no_pauses(void)
{
    static const char *const lines[] =
        {TOUR,
         "R: * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nP1 OK done\r\n",
         "R: * 3 FETCH (UID 8 FLAGS ())\r\nP2 OK x\r\n* 1 FETCH (UID 2 FLAGS ())\r\nP3 OK x\r\n",
         "R: * 0 EXISTS\r\nP4 OK done\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\nP5 OK done\r\n",
         "R: * 1 FETCH (UID 9 FLAGS ())\r\n* 1 FETCH (UID 12 FLAGS ())\r\nP6 OK x\r\n",
         "R: P7 OK x\r\n* 9 FETCH (UID 9 FLAGS ())\r\nP8 OK x\r\n",
         NULL};
    /* UIDs that were not asked for in that folder are not handed out. */
    imap_told_is(imap_script_run(lines, tour_all),
                 "(0 7 3) 8 [0] 2 [1] (2 0 0) [2] (3 9 1) 9 [3] (4 0 0) [4] usable");
}

static void a_tour_ends_early_and_loses_nothing(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 SELECT \"a\"",
         "C: P2 UID FETCH 7:8 (UID FLAGS)",
         "C: P3 UID FETCH 1:6 (UID FLAGS)",
         "R: P1 OK done\r\n* 3 FETCH (UID 8 FLAGS ())\r\nP2 OK x\r\n",
         "R: * 2 FETCH (UID 3 FLAGS ())\r\nP3 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, tour_until_first), "(0 0 0) 8 [0] 3 [1] ");
}

static bool tour_of_large(struct imap_client *client, GString *out, GError **error)
{
    return tour(client, out, 1, 64 << 20, error);
}

static void behind_a_large_set_one_more_is_asked_for(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 SELECT \"a\"",
                                        "C: P2 UID FETCH 7:8 (UID FLAGS)",
                                        "R: P1 OK done\r\n",
                                        "C: P3 UID FETCH 1:6 (UID FLAGS)",
                                        "R: * 3 FETCH (UID 8 FLAGS ())\r\nP2 OK x\r\n",
                                        "C: P4 SELECT \"empty\"",
                                        "R: P3 OK x\r\n",
                                        "R: P4 OK x\r\n",
                                        NULL};
    imap_told_is(imap_script_run(lines, tour_of_large), "(0 0 0) 8 [0] [1] (2 0 0) [2] ");
}

static void a_tour_stops_at_a_folder_that_is_refused(void)
{
    static const char *const lines[] =
        {TOUR, "R: P1 OK x\r\nP2 OK x\r\nP3 OK x\r\nP4 NO [NONEXISTENT] x\r\nP5 OK x\r\n",
         "R: * 1 FETCH (UID 9 FLAGS ())\r\nP6 OK x\r\nP7 NO x\r\nP8 BAD x\r\n", NULL};
    struct imap_told told = imap_script_run(lines, tour_all);
    g_assert_cmpstr(told.out->str, ==, "(0 0 0) [0] [1] (2) (3 0 0) (4) usable");
    imap_told_failed(told, ERROR_MAILBOX_GONE);
}

static void a_tour_drops_what_comes_of_another_folder_than_meant(void)
{
    static const char *const lines[] =
        {TOUR,
         "R: * OK [UIDVALIDITY 100] x\r\nP1 OK x\r\n* 1 FETCH (UID 8 FLAGS ())\r\nP2 OK x\r\n",
         "R: P3 OK x\r\nP4 OK x\r\nP5 OK x\r\n* 1 FETCH (UID 9 FLAGS ())\r\nP6 OK x\r\n",
         "R: P7 OK x\r\nP8 OK x\r\n", NULL};
    struct imap_told told = imap_script_run(lines, tour_all);
    g_assert_cmpstr(told.out->str, ==, "(0 100 0) (2 0 0) (3 0 0) (4 0 0) usable");
    imap_told_failed(told, ERROR_CANCELLED);
}

static bool tour_odd_name(struct imap_client *client, GString *out, GError **error)
{
    const struct imap_fetch_ask asks[] = {{.raw_name = "a", .uid_set = "1", .bytes = 9},
                                          {.raw_name = "\x01", .uid_set = "2", .bytes = 9}};
    struct imap_sets sets = {out, SIZE_MAX};
    const struct imap_fetch_hands hands = {imap_sets_fetched, imap_sets_done, folder_is_open, NULL,
                                           &sets};
    return imap_fetch_tour(client, asks, G_N_ELEMENTS(asks), IMAP_FETCH_FLAGS, &hands, error);
}

static void a_tour_waits_before_a_name_that_is_a_literal(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 SELECT \"a\"",
                                        "C: P2 UID FETCH 1 (UID FLAGS)",
                                        "R: P1 OK x\r\n* 1 FETCH (UID 1 FLAGS ())\r\nP2 OK x\r\n",
                                        "C: P3 SELECT {1}",
                                        "S: + go on",
                                        "C: \x01",
                                        "C: P4 UID FETCH 2 (UID FLAGS)",
                                        "R: P3 OK x\r\n* 1 FETCH (UID 2 FLAGS ())\r\nP4 OK x\r\n",
                                        NULL};
    imap_told_is(imap_script_run(lines, tour_odd_name), "(0 0 0) 1 [0] (1 0 0) 2 [1] ");
}

static bool tour_of_news(struct imap_client *client, GString *out, GError **error)
{
    const struct imap_fetch_ask asks[] = {
        {.raw_name = "a", .uid_set = "1:2", .bytes = 9},
        {.uid_set = "3:4", .bytes = 9, .what = IMAP_FETCH_FLAGS | IMAP_FETCH_HEADER},
        {.raw_name = "b",
         .uid_set = "7:8",
         .bytes = 9,
         .what = IMAP_FETCH_SIZE,
         .since_uidvalidity = 5,
         .since_modseq = 9},
    };
    struct imap_sets sets = {out, SIZE_MAX};
    const struct imap_fetch_hands hands = {imap_sets_fetched, imap_sets_done, folder_is_open, NULL,
                                           &sets};
    uint32_t enabled = 0;
    return imap_enable(client, IMAP_CAP_QRESYNC, &enabled, error) &&
           imap_fetch_tour(client, asks, G_N_ELEMENTS(asks), IMAP_FETCH_FLAGS, &hands, error);
}

static void each_set_may_have_items_of_its_own(void)
{
    static const char *const lines[] =
        {CAPS("ENABLE QRESYNC"),
         "C: P1 ENABLE QRESYNC",
         "S: * ENABLED QRESYNC",
         "S: P1 OK x",
         "C: P2 SELECT \"a\" (CONDSTORE)",
         "C: P3 UID FETCH 1:2 (UID FLAGS)",
         "C: P4 UID FETCH 3:4 (UID FLAGS BODY.PEEK[HEADER.FIELDS (Date From Sender Reply-To To Cc"
         " Bcc Subject Message-ID In-Reply-To References X-Microsoft-Original-Message-ID)])",
         "C: P5 SELECT \"b\" (QRESYNC (5 9))",
         "C: P6 UID FETCH 7:8 (UID RFC822.SIZE)",
         "R: P2 OK x\r\n* 1 FETCH (UID 2 FLAGS ())\r\nP3 OK x\r\n* 2 FETCH (UID 3 FLAGS ())\r\n",
         "R: * 2 FETCH (UID 4 FLAGS () BODY[HEADER.FIELDS (Date)] \"x\")\r\nP4 OK x\r\n",
         "R: * 1 FETCH (UID 5 FLAGS ())\r\nP5 OK x\r\n* 1 FETCH (UID 7 RFC822.SIZE 3)\r\nP6 OK "
         "x\r\n",
         NULL};
    /* 3 came without what was asked for, 5 with the SELECT. */
    imap_told_is(imap_script_run(lines, tour_of_news), "(0 0 0) 2 [0] 4 [1] (2 0 0) 7 [2] ");
}

static bool one_more(size_t index, struct imap_fetch_ask *ask, void *arg)
{
    struct imap_sets *sets = arg;
    g_string_append_printf(sets->out, "+%zu ", index);
    if (index != 0)
        return false;
    *ask = (struct imap_fetch_ask){.uid_set = g_strdup("8"), .bytes = 9, .what = IMAP_FETCH_BODY};
    return true;
}

static bool tour_that_holds(struct imap_client *client, GString *out, GError **error)
{
    const struct imap_fetch_ask asks[] =
        {{.raw_name = "a", .uid_set = "7:9", .bytes = 9, .what = IMAP_FETCH_IDS, .holds = true},
         {.uid_set = "1:6", .bytes = 9},
         {.uid_set = "7:9", .bytes = 9},
         {.raw_name = "b", .uid_set = "5", .bytes = 9, .what = IMAP_FETCH_SIZE, .holds = true},
         {.raw_name = "c", .uid_set = "3", .bytes = 9}};
    struct imap_sets sets = {out, SIZE_MAX};
    const struct imap_fetch_hands hands = {imap_sets_fetched, imap_sets_done, folder_is_open,
                                           one_more, &sets};
    return imap_fetch_tour(client, asks, G_N_ELEMENTS(asks), IMAP_FETCH_FLAGS, &hands, error);
}

#define HOLDS                                                                                      \
    CAPS("IDLE"), "C: P1 SELECT \"a\"",                                                            \
        "C: P2 UID FETCH 7:9 (UID BODY.PEEK[HEADER.FIELDS (Message-ID "                            \
        "X-Microsoft-Original-Message-ID)])",                                                      \
        "C: P3 UID FETCH 1:6 (UID FLAGS)", "C: P4 UID FETCH 7:9 (UID FLAGS)"

/* The server may begin with the answer to one before it says that the last is complete. */
static void a_tour_asks_for_more_before_it_leaves_a_folder(void)
{
    static const char *const lines[] =
        {HOLDS,
         "R: P1 OK x\r\n* 8 FETCH (UID 8 BODY[HEADER.FIELDS (Message-ID)] \"x\")\r\nP2 OK x\r\n",
         "C: P5 UID FETCH 8 (UID BODY.PEEK[])",
         "C: P6 SELECT \"b\"",
         "C: P7 UID FETCH 5 (UID RFC822.SIZE)",
         "R: * 1 FETCH (UID 2 FLAGS ())\r\nP3 OK x\r\n* 8 FETCH (UID 8 FLAGS ())\r\n",
         "R: * 8 FETCH (UID 8 BODY[] \"y\")\r\nP4 OK x\r\nP5 OK x\r\n",
         "R: P6 OK x\r\n* 1 FETCH (UID 5 RFC822.SIZE 3)\r\nP7 OK x\r\n",
         "C: P8 SELECT \"c\"",
         "C: P9 UID FETCH 3 (UID FLAGS)",
         "R: P8 OK x\r\nP9 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, tour_that_holds),
                 "(0 0 0) 8 [0] +0 2 [1] 8 8 [2] (3 0 0) 5 [3] +3 (4 0 0) [4] ");
}

static void nothing_more_is_asked_for_after_a_refusal(void)
{
    static const char *const lines[] = {HOLDS, "R: P1 OK x\r\nP2 NO x\r\nP3 OK x\r\nP4 OK x\r\n",
                                        NULL};
    struct imap_told told = imap_script_run(lines, tour_that_holds);
    g_assert_cmpstr(told.out->str, ==, "(0 0 0) ");
    imap_told_failed(told, ERROR_SERVER_NO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/tour/all", a_tour_through_folders_has_no_pauses);
    g_test_add_func("/imap/tour/enough", a_tour_ends_early_and_loses_nothing);
    g_test_add_func("/imap/tour/large", behind_a_large_set_one_more_is_asked_for);
    g_test_add_func("/imap/tour/refused", a_tour_stops_at_a_folder_that_is_refused);
    g_test_add_func("/imap/tour/astray", a_tour_drops_what_comes_of_another_folder_than_meant);
    g_test_add_func("/imap/tour/literal", a_tour_waits_before_a_name_that_is_a_literal);
    g_test_add_func("/imap/tour/items", each_set_may_have_items_of_its_own);
    g_test_add_func("/imap/tour/more", a_tour_asks_for_more_before_it_leaves_a_folder);
    g_test_add_func("/imap/tour/no-more", nothing_more_is_asked_for_after_a_refusal);
    return g_test_run();
}

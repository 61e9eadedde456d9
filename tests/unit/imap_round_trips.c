/* What the client says and hears in one round trip. */
#include "imap/client.h"

#include "imap_script.h"

#include <string.h>

static bool do_list_status(struct imap_client *client, GString *out, GError **error)
{
    g_autoptr(GPtrArray) infos = imap_list_status(client, error);
    for (guint i = 0; infos != NULL && i < infos->len; i++) {
        const struct imap_mailbox_info *info = infos->pdata[i];
        const struct imap_status *status = &info->status;
        g_string_append_printf(out, "%s", info->raw_name);
        if (info->has_status)
            g_string_append_printf(out, "=%u,%u,%u,%u,%" G_GUINT64_FORMAT, status->messages,
                                   status->uidnext, status->uidvalidity, status->unseen,
                                   status->highestmodseq);
        if (info->mailboxid != NULL)
            g_string_append_printf(out, ",%s", info->mailboxid);
        g_string_append(out, info->subscribed ? "s;" : ";");
    }
    return infos != NULL;
}

static void list_status_is_one_command_where_it_is_offered(void)
{
    static const char *const lines[] = {
        CAPS("LIST-EXTENDED SPECIAL-USE LIST-STATUS CONDSTORE OBJECTID"),
        "C: P1 LIST \"\" \"*\" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT "
        "UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID))",
        "S: * LIST (\\Subscribed) \"/\" INBOX",
        "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ 88 MAILBOXID "
        "(F1))",
        "S: * LIST (\\Noselect) \"/\" top",
        "S: * LIST () \"/\" \"top/a b\"",
        "S: * LIST () \"/\" refused",
        "S: * STATUS \"top/a b\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 8 UNSEEN 0 HIGHESTMODSEQ 1 "
        "MAILBOXID (F2))",
        "S: * STATUS stranger (MESSAGES 1)",
        "S: P1 OK done",
        NULL};
    imap_told_is(imap_script_run(lines, do_list_status),
                 "INBOX=3,9,7,1,88,F1s;top;top/a b=0,1,8,0,1,F2;refused;");
}

static void statuses_follow_the_list_together_where_they_must(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 LIST \"\" \"*\"",
         "C: P2 LSUB \"\" \"*\"",
         "S: * LIST () \"/\" INBOX",
         "S: * LIST (\\Noselect) \"/\" top",
         "S: * LIST () \"/\" Gone",
         "S: * LIST () \"/\" Last",
         "S: P1 OK done",
         "S: * LSUB () \"/\" INBOX",
         "S: P2 OK done",
         "C: P3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
         "C: P4 STATUS \"Gone\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
         "C: P5 STATUS \"Last\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
         "S: * STATUS inbox (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 0)",
         "S: P3 OK done",
         "S: P4 NO [NONEXISTENT] gone meanwhile",
         "S: * STATUS Last (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6 UNSEEN 4)",
         "S: P5 OK done",
         NULL};
    imap_told_is(imap_script_run(lines, do_list_status),
                 "INBOX=1,2,3,0,0s;top;Gone;Last=4,5,6,4,0;");
}

static bool ask_two(struct imap_client *client, GString *out, GError **error)
{
    struct imap_status_of asked[2] = {{.raw_name = "a"}, {.raw_name = "b"}};
    bool good = imap_statuses(client, asked, 2, error);
    for (size_t i = 0; i < 2; i++)
        g_string_append_printf(out, "%s=%d,%u;", asked[i].raw_name, asked[i].known,
                               asked[i].status.uidnext);
    return good;
}

#define ASKED_TWO                                                                                  \
    "C: P1 STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",                                    \
        "C: P2 STATUS \"b\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"

static void a_throttled_answer_among_many_is_told(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"), ASKED_TWO,
         "S: P1 BAD Request is throttled. Suggested Backoff Time: 91000 milliseconds",
         "S: P2 OK done", NULL};
    struct imap_told told = imap_script_run(lines, ask_two);
    g_assert_cmpint(error_retry_after_ms(told.error), ==, 91000);
    imap_told_failed(told, ERROR_THROTTLED);
}

static void a_connection_that_ends_among_many_is_told(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        ASKED_TWO,
                                        "R: * STATUS a (UIDNEXT 4)\r\nP1 OK done\r\n",
                                        "S: * BYE Session invalidated - AccessTokenExpired",
                                        "X:",
                                        NULL};
    imap_told_failed(imap_script_run(lines, ask_two), ERROR_TOKEN_EXPIRED);
}

static bool ask_odd_names(struct imap_client *client, GString *out, GError **error)
{
    struct imap_status_of asked[3] = {{.raw_name = "a"}, {.raw_name = "\x01"}, {.raw_name = "c"}};
    bool good = imap_statuses(client, asked, 3, error);
    for (size_t i = 0; i < 3; i++)
        g_string_append_printf(out, "%d", asked[i].known);
    return good;
}

static void a_literal_waits_for_the_answers_before_it(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 STATUS \"a\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
                                        "R: * STATUS a (UIDNEXT 1)\r\nP1 OK x\r\n",
                                        "C: P2 STATUS {1}",
                                        "S: + go on",
                                        "C: \x01 (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
                                        "C: P3 STATUS \"c\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
                                        "R: * STATUS {1}\r\n\x01 (UIDNEXT 1)\r\nP2 OK x\r\n",
                                        "R: * STATUS c (UIDNEXT 1)\r\nP3 OK x\r\n",
                                        NULL};
    imap_told_is(imap_script_run(lines, ask_odd_names), "111");
}

static bool ask_hundred(struct imap_client *client, GString *out, GError **error)
{
    struct imap_status_of asked[100];
    char names[100][8];
    for (size_t i = 0; i < 100; i++) {
        g_snprintf(names[i], sizeof names[i], "m%zu", i);
        asked[i] = (struct imap_status_of){.raw_name = names[i]};
    }
    unsigned known = 0;
    bool good = imap_statuses(client, asked, 100, error);
    for (size_t i = 0; i < 100; i++)
        known += asked[i].known && asked[i].status.messages == i;
    g_string_append_printf(out, "%u", known);
    return good;
}

/* A script of what is sent ahead of 64: 32, and 16 more whenever 16 were answered. */
static GPtrArray *hundred_statuses(void)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(lines, g_strdup("S: * OK [CAPABILITY IMAP4rev1] ready"));
    for (unsigned first = 0; first < 100; first += 64) {
        unsigned end = MIN(first + 64, 100), sent = first;
        for (unsigned done = first; done < end; done++) {
            unsigned reach = sent - done <= 16 ? MIN(done + 32, end) : sent;
            for (; sent < reach; sent++)
                g_ptr_array_add(lines, g_strdup_printf("C: P%u STATUS \"m%u\" (MESSAGES UIDNEXT "
                                                       "UIDVALIDITY UNSEEN)",
                                                       sent + 1, sent));
            g_ptr_array_add(lines, g_strdup_printf("S: * STATUS m%u (MESSAGES %u)", done, done));
            g_ptr_array_add(lines, g_strdup_printf("S: P%u OK done", done + 1));
        }
    }
    g_ptr_array_add(lines, NULL);
    return lines;
}

static void a_window_of_commands_is_on_its_way(void)
{
    g_autoptr(GPtrArray) lines = hundred_statuses();
    imap_told_is(imap_script_run((const char *const *)lines->pdata, ask_hundred), "100");
}

static bool do_search(struct imap_client *client, GString *out, GError **error)
{
    g_autoptr(GArray) found = imap_search(client, "ALL", error);
    for (guint i = 0; found != NULL && i < found->len; i++)
        g_string_append_printf(out, "%u ", g_array_index(found, uint32_t, i));
    return found != NULL;
}

#define SEARCHED CAPS("ESEARCH"), "C: P1 UID SEARCH RETURN (ALL) ALL"

static void esearch_answers_with_a_set(void)
{
    static const char *const lines[] = {SEARCHED, "S: * ESEARCH (TAG \"P1\") UID ALL 9,3:5,4",
                                        "S: * ESEARCH (TAG \"P0\") UID ALL 77", "S: P1 OK done",
                                        NULL};
    imap_told_is(imap_script_run(lines, do_search), "3 4 5 9 ");
    static const char *const none[] = {SEARCHED, "S: * ESEARCH (TAG \"P1\") UID", "S: P1 OK done",
                                       NULL};
    imap_told_is(imap_script_run(none, do_search), "");
    static const char *const old[] = {SEARCHED, "S: * SEARCH 2 1", "S: P1 OK done", NULL};
    imap_told_is(imap_script_run(old, do_search), "1 2 ");
}

static void a_set_without_end_is_refused(void)
{
    static const char *const huge[] = {SEARCHED, "S: * ESEARCH (TAG \"P1\") UID ALL 1:4294967295",
                                       "S: P1 OK done", NULL};
    imap_told_failed(imap_script_run(huge, do_search), ERROR_PROTOCOL);
    static const char *const repeated[] = {SEARCHED, "S: * ESEARCH (TAG \"P1\") UID ALL 1:4000000",
                                           "S: * ESEARCH (TAG \"P1\") UID ALL 1:4000000",
                                           "S: P1 OK done", NULL};
    imap_told_failed(imap_script_run(repeated, do_search), ERROR_PROTOCOL);
    static const char *const wrong[] = {SEARCHED, "S: * ESEARCH (TAG \"P1\") UID ALL 1:x",
                                        "S: P1 OK done", NULL};
    imap_told_failed(imap_script_run(wrong, do_search), ERROR_PROTOCOL);
}

static bool do_select(struct imap_client *client, GString *out, GError **error)
{
    struct imap_selected selected;
    for (unsigned i = 0; i < 2; i++) {
        if (!imap_select(client, "a", true, 0, 0, &selected, error))
            return false;
        const char *id = imap_client_mailboxid(client);
        g_string_append_printf(out, "%s;", id != NULL ? id : "none");
    }
    return true;
}

static void select_tells_the_id_of_the_mailbox(void)
{
    static const char *const lines[] = {CAPS("OBJECTID"),
                                        "C: P1 EXAMINE \"a\"",
                                        "S: * OK [MAILBOXID (Fab-9)] it",
                                        "S: P1 OK done",
                                        "C: P2 EXAMINE \"a\"",
                                        "S: P2 OK done",
                                        NULL};
    imap_told_is(imap_script_run(lines, do_select), "Fab-9;none;");
}

static bool do_sign_in(struct imap_client *client, GString *out, GError **error)
{
    struct secret *token = secret_new("TOKEN", 5);
    imap_client_introduce(client, "Postroom", "1", IMAP_CAP_QRESYNC);
    bool good = imap_login_oauth(client, "me", token, error);
    secret_free(token);
    if (!good)
        return false;
    uint32_t enabled = 0;
    good = imap_enable(client, IMAP_CAP_QRESYNC, &enabled, error); /* asks nothing more */
    g_string_append_printf(out, "%s", enabled != 0 ? "enabled" : "plain");
    return good;
}

#define XOAUTH2 "dXNlcj1tZQFhdXRoPUJlYXJlciBUT0tFTgEB"

static void what_follows_a_sign_in_is_said_at_once(void)
{
    static const char *const told[] =
        {CAPS("SASL-IR AUTH=XOAUTH2 ID"),
         "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
         "S: P1 OK [CAPABILITY IMAP4rev1 NAMESPACE ID ENABLE QRESYNC] in",
         "C: P2 NAMESPACE",
         "C: P3 ID (\"name\" \"Postroom\" \"version\" \"1\")",
         "C: P4 ENABLE QRESYNC",
         "R: * NAMESPACE NIL NIL NIL\r\nP2 OK x\r\n* ID NIL\r\nP3 OK x\r\n",
         "R: * ENABLED QRESYNC\r\nP4 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(told, do_sign_in), "enabled");
    /* A refused ID, and a server that says only later that it has ENABLE. */
    static const char *const asked[] =
        {CAPS("SASL-IR AUTH=XOAUTH2 ID NAMESPACE"),
         "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
         "S: P1 OK in",
         "C: P2 CAPABILITY",
         "C: P3 NAMESPACE",
         "C: P4 ID (\"name\" \"Postroom\" \"version\" \"1\")",
         "R: * CAPABILITY IMAP4rev1 ENABLE QRESYNC\r\nP2 OK x\r\n",
         "R: * NAMESPACE NIL NIL NIL\r\nP3 OK x\r\nP4 NO not to you\r\n",
         "C: P6 ENABLE QRESYNC",
         "R: * ENABLED QRESYNC\r\nP6 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(asked, do_sign_in), "enabled");
}

static void a_mailbox_that_is_not_connected_shows_among_what_follows(void)
{
    static const char *const lines[] = {CAPS("SASL-IR AUTH=XOAUTH2 ID NAMESPACE"),
                                        "C: P1 AUTHENTICATE XOAUTH2 " XOAUTH2,
                                        "S: P1 OK in",
                                        "C: P2 CAPABILITY",
                                        "C: P3 NAMESPACE",
                                        "C: P4 ID (\"name\" \"Postroom\" \"version\" \"1\")",
                                        "R: * CAPABILITY IMAP4rev1\r\nP2 OK x\r\n",
                                        "S: P3 BAD User is authenticated but not connected.",
                                        "S: * BYE Connection closed. 14",
                                        "X:",
                                        NULL};
    imap_told_failed(imap_script_run(lines, do_sign_in), ERROR_NOT_CONNECTED);
}

static bool fetch_sets(struct imap_client *client, GString *out, size_t stop_at, GError **error)
{
    static const char *const wanted[] = {"9:10", "7:8", "5:6", "3:4", "1:2", NULL};
    struct imap_sets sets = {out, stop_at};
    return imap_fetch_sets(client, wanted, IMAP_FETCH_FLAGS, imap_sets_fetched, imap_sets_done,
                           &sets, error);
}

static bool fetch_all_sets(struct imap_client *client, GString *out, GError **error)
{
    return fetch_sets(client, out, SIZE_MAX, error);
}

static bool fetch_first_set(struct imap_client *client, GString *out, GError **error)
{
    return fetch_sets(client, out, 0, error);
}

static void sets_are_asked_for_ahead_and_come_in_order(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 UID FETCH 9:10 (UID FLAGS)",
         "C: P2 UID FETCH 7:8 (UID FLAGS)",
         "C: P3 UID FETCH 5:6 (UID FLAGS)",
         "R: * 9 FETCH (UID 9 FLAGS ())\r\n* 10 FETCH (UID 10 FLAGS ())\r\nP1 OK x\r\n",
         "C: P4 UID FETCH 3:4 (UID FLAGS)",
         "R: * 8 FETCH (UID 8 FLAGS ())\r\nP2 OK x\r\n",
         "C: P5 UID FETCH 1:2 (UID FLAGS)",
         "R: P3 OK x\r\n* 3 FETCH (UID 3 FLAGS ())\r\nP4 OK x\r\n",
         "R: P5 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, fetch_all_sets), "9 10 [0] 8 [1] [2] 3 [3] [4] ");
}

static void enough_asks_for_no_more_and_loses_nothing(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         "C: P1 UID FETCH 9:10 (UID FLAGS)",
         "C: P2 UID FETCH 7:8 (UID FLAGS)",
         "C: P3 UID FETCH 5:6 (UID FLAGS)",
         "R: * 9 FETCH (UID 9 FLAGS ())\r\nP1 OK x\r\n",
         "R: * 7 FETCH (UID 7 FLAGS ())\r\nP2 OK x\r\n* 5 FETCH (UID 5 FLAGS ())\r\nP3 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, fetch_first_set), "9 [0] 7 [1] 5 [2] ");
}

static void a_refused_set_is_an_error(void)
{
    static const char *const lines[] = {CAPS("IDLE"),
                                        "C: P1 UID FETCH 9:10 (UID FLAGS)",
                                        "C: P2 UID FETCH 7:8 (UID FLAGS)",
                                        "C: P3 UID FETCH 5:6 (UID FLAGS)",
                                        "R: P1 NO not now\r\n",
                                        "R: * 7 FETCH (UID 7 FLAGS ())\r\nP2 OK x\r\nP3 OK x\r\n",
                                        NULL};
    imap_told_failed(imap_script_run(lines, fetch_all_sets), ERROR_SERVER_NO);
}

static bool do_reselect(struct imap_client *client, GString *out, GError **error)
{
    struct imap_recorder events = {out, 0, 0};
    struct imap_selected selected;
    imap_recorder_listen(client, &events);
    bool good = imap_enable(client, IMAP_CAP_QRESYNC, NULL, error) &&
                imap_select(client, "b", false, 7, 40, &selected, error);
    imap_client_set_events(client, NULL);
    if (good)
        g_string_append_printf(out, " %u", selected.exists);
    return good;
}

static void what_is_of_the_mailbox_left_is_told_apart(void)
{
    static const char *const lines[] =
        {CAPS("QRESYNC ENABLE"),
         "C: P1 ENABLE QRESYNC",
         "R: * ENABLED QRESYNC\r\nP1 OK x\r\n",
         "C: P2 SELECT \"b\" (QRESYNC (7 40))",
         "R: * VANISHED 5\r\n* OK [CLOSED] x\r\n",
         "R: * 3 EXISTS\r\n* VANISHED (EARLIER) 1:2,8\r\n* 1 FETCH (UID 3 FLAGS (\\Seen) MODSEQ "
         "(41))\r\nP2 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_reselect),
                 "<vanished 5-5 0><closed><vanished 1-2 1><vanished 8-8 1><flags 3 1> 3");
}

static bool do_select_flags(struct imap_client *client, GString *out, GError **error)
{
    static const char *const windows[] = {"1:99", "100:*", NULL};
    struct imap_sets sets = {out, SIZE_MAX};
    struct imap_selected selected;
    bool there = false;
    bool good = imap_select_flags(client, "a", false, windows, &selected, &there, imap_sets_fetched,
                                  &sets, error);
    g_string_append_printf(out, "| %d %u %u", there, selected.exists, selected.uidvalidity);
    return good;
}

#define SELECT_AND_WINDOWS                                                                         \
    "C: P1 SELECT \"a\"", "C: P2 UID FETCH 1:99 (UID FLAGS)", "C: P3 UID FETCH 100:* (UID FLAGS)"

static void a_folder_is_selected_and_its_flags_read_at_once(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"),
         SELECT_AND_WINDOWS,
         "R: * 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nP1 OK done\r\n",
         "R: * 1 FETCH (UID 4 FLAGS ())\r\n* 4 EXISTS\r\nP2 OK x\r\n",
         "R: * 2 FETCH (UID 105 FLAGS (\\Seen))\r\nP3 OK x\r\n",
         NULL};
    imap_told_is(imap_script_run(lines, do_select_flags), "4 105 | 1 3 7");
}

static void a_folder_that_cannot_be_selected_gives_no_flags(void)
{
    static const char *const lines[] = {CAPS("IDLE"), SELECT_AND_WINDOWS,
                                        "R: P1 NO [NONEXISTENT] x\r\nP2 BAD no\r\nP3 BAD no\r\n",
                                        NULL};
    imap_told_failed(imap_script_run(lines, do_select_flags), ERROR_MAILBOX_GONE);
    static const char *const flags[] = {CAPS("IDLE"), SELECT_AND_WINDOWS,
                                        "R: P1 OK x\r\nP2 NO no\r\nP3 OK x\r\n", NULL};
    imap_told_failed(imap_script_run(flags, do_select_flags), ERROR_SERVER_NO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/list-status/one", list_status_is_one_command_where_it_is_offered);
    g_test_add_func("/imap/list-status/two", statuses_follow_the_list_together_where_they_must);
    g_test_add_func("/imap/statuses/throttled", a_throttled_answer_among_many_is_told);
    g_test_add_func("/imap/statuses/end", a_connection_that_ends_among_many_is_told);
    g_test_add_func("/imap/statuses/literal", a_literal_waits_for_the_answers_before_it);
    g_test_add_func("/imap/statuses/window", a_window_of_commands_is_on_its_way);
    g_test_add_func("/imap/esearch/set", esearch_answers_with_a_set);
    g_test_add_func("/imap/esearch/absurd", a_set_without_end_is_refused);
    g_test_add_func("/imap/sign-in/at-once", what_follows_a_sign_in_is_said_at_once);
    g_test_add_func("/imap/sign-in/not-connected",
                    a_mailbox_that_is_not_connected_shows_among_what_follows);
    g_test_add_func("/imap/fetch-sets/order", sets_are_asked_for_ahead_and_come_in_order);
    g_test_add_func("/imap/fetch-sets/enough", enough_asks_for_no_more_and_loses_nothing);
    g_test_add_func("/imap/fetch-sets/refused", a_refused_set_is_an_error);
    g_test_add_func("/imap/select/closed", what_is_of_the_mailbox_left_is_told_apart);
    g_test_add_func("/imap/select/flags", a_folder_is_selected_and_its_flags_read_at_once);
    g_test_add_func("/imap/select/flags-refused", a_folder_that_cannot_be_selected_gives_no_flags);
    g_test_add_func("/imap/select/mailboxid", select_tells_the_id_of_the_mailbox);
    return g_test_run();
}

#include "imap/client.h"

#include "imap_script.h"

#include <string.h>

static bool fetch(struct imap_client *client, GString *out, unsigned stop_after, GError **error)
{
    struct imap_recorder events = {out, stop_after, 0};
    imap_recorder_listen(client, &events);
    bool good = imap_fetch(client, "3:5,9", IMAP_FETCH_FLAGS | IMAP_FETCH_BODY, 0,
                           imap_recorder_fetched, &events, error);
    imap_client_set_events(client, NULL);
    return good;
}

static bool do_fetch(struct imap_client *client, GString *out, GError **error)
{
    return fetch(client, out, 0, error);
}

static bool do_fetch_two(struct imap_client *client, GString *out, GError **error)
{
    bool good = fetch(client, out, 2, error);
    g_assert_true(imap_client_is_usable(client));
    return good;
}

static bool do_fetch_spooled(struct imap_client *client, GString *out, GError **error)
{
    imap_client_set_limits(client, 20, 4, g_get_tmp_dir());
    return fetch(client, out, 0, error);
}

static bool do_fetch_nowhere(struct imap_client *client, GString *out, GError **error)
{
    imap_client_set_limits(client, 20, 4, "/nonexistent/directory");
    bool good = fetch(client, out, 0, error);
    g_assert_true(imap_client_is_usable(client));
    return good;
}

#define FETCH_COMMAND "C: P1 UID FETCH 3:5,9 (UID FLAGS BODY.PEEK[])"

static const char *const fetch_lines[] =
    {CAPS("IDLE"),
     FETCH_COMMAND,
     "R: * 1 FETCH (UID 3 FLAGS (\\Seen) BODY[] {3}\r\nabc)\r\n* 9 EXISTS\r\n",
     "R: * 2 FETCH (FLAGS () UID 4 BODY[] {10}\r\n0123456789)\r\n* 2 FETCH (FLAGS (\\Draft))\r\n",
     "R: * 7 FETCH (UID 7 FLAGS () BODY[] {2}\r\nxx)\r\n* 5 FETCH (UID 5 FLAGS () BODY[] NIL)\r\n",
     "R: * 9 FETCH (UID 9 FLAGS () BODY[] {21}\r\n012345678901234567890)\r\nP1 OK done\r\n",
     NULL};

static void fetch_hands_out_what_was_asked_for(void)
{
    imap_told_is(imap_script_run(fetch_lines, do_fetch),
                 "3 f1 babc;<exists 9>4 f0 b0123456789;<flags 0 8><flags 7 0><flags 5 0>"
                 "9 f0 b012345678901234567890;");
}

static void big_bodies_go_to_a_file_and_huge_ones_are_skipped(void)
{
    imap_told_is(imap_script_run(fetch_lines, do_fetch_spooled),
                 "3 f1 babc;<exists 9>4 f0 b0123456789;<flags 0 8><flags 7 0><flags 5 0>"
                 "9 f0 large;");
}

static void a_stopped_fetch_leaves_the_connection_usable(void)
{
    imap_told_failed(imap_script_run(fetch_lines, do_fetch_two), ERROR_CANCELLED);
}

static void a_spool_that_fails_is_an_error_of_ours(void)
{
    imap_told_failed(imap_script_run(fetch_lines, do_fetch_nowhere), ERROR_STORE);
}

static void ok_without_data_is_no_message(void)
{
    static const char *const lines[] = {CAPS("IDLE"), FETCH_COMMAND, "S: P1 OK done", NULL};
    imap_told_is(imap_script_run(lines, do_fetch), "");
}

static bool do_fetch_long(struct imap_client *client, GString *out, GError **error)
{
    g_autofree uint32_t *uids = g_new(uint32_t, 3000);
    for (uint32_t i = 0; i < 3000; i++)
        uids[i] = 100001 + 2 * i;
    size_t used = 0;
    g_autofree char *set = imap_uid_set(uids, 3000, SIZE_MAX, &used);
    g_assert_cmpuint(used, ==, 3000);
    struct imap_recorder events = {out, 0, 0};
    return imap_fetch(client, set, IMAP_FETCH_FLAGS, 0, imap_recorder_fetched, &events, error);
}

/* The set of `count` odd numbers from `first` on. */
static char *odd_set(uint32_t first, unsigned count)
{
    GString *set = g_string_new(NULL);
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(set, "%s%u", i > 0 ? "," : "", first + 2 * i);
    return g_string_free(set, FALSE);
}

static void a_long_set_is_sent_in_parts_ahead_of_the_answers(void)
{
    g_autofree char *a = odd_set(100001, 1114), *b = odd_set(102229, 1114),
                    *c = odd_set(104457, 772);
    g_autofree char *first = g_strdup_printf("C: P1 UID FETCH %s (UID FLAGS)", a);
    g_autofree char *second = g_strdup_printf("C: P2 UID FETCH %s (UID FLAGS)", b);
    g_autofree char *third = g_strdup_printf("C: P3 UID FETCH %s (UID FLAGS)", c);
    const char *lines[] = {CAPS("IDLE"),
                           first,
                           second,
                           third,
                           "R: * 1 FETCH (UID 100001 FLAGS ())\r\nP1 OK done\r\n",
                           "R: P2 OK done\r\n* 3 FETCH (UID 104457 FLAGS ())\r\nP3 OK done\r\n",
                           NULL};
    imap_told_is(imap_script_run(lines, do_fetch_long), "100001 f0;104457 f0;");
}

static bool do_headers(struct imap_client *client, GString *out, GError **error)
{
    struct imap_recorder events = {out, 0, 0};
    imap_recorder_listen(client, &events);
    return imap_fetch(client, "1:*", IMAP_FETCH_HEADER | IMAP_FETCH_EMAILID, 42,
                      imap_recorder_fetched, &events, error);
}

static void headers_come_with_what_lists_need(void)
{
    static const char *const lines[] = {
        CAPS("OBJECTID CONDSTORE"),
        "C: P1 UID FETCH 1:* (UID EMAILID BODY.PEEK[HEADER.FIELDS (Date From Sender Reply-To To Cc "
        "Bcc Subject Message-ID In-Reply-To References X-Microsoft-Original-Message-ID)]) "
        "(CHANGEDSINCE 42)",
        "R: * 4 FETCH (UID 8 EMAILID (M1) BODY[HEADER.FIELDS (\"Date\" {4}\r\nFrom)] {4}\r\na: "
        "b)\r\n",
        "R: * 5 FETCH (UID 9 EMAILID (M2) BODY[HEADER.FIELDS (Date)] \"\")\r\nP1 OK done\r\n",
        NULL};
    imap_told_is(imap_script_run(lines, do_headers), "8 M1 ha: b;9 M2 h;");
}

static void a_server_cut_off_in_a_literal_is_an_error(void)
{
    static const char *const cut[] = {CAPS("IDLE"), FETCH_COMMAND,
                                      "R: * 1 FETCH (UID 3 FLAGS () BODY[] {1000}\r\nabc",
                                      "X:", NULL};
    imap_told_failed(imap_script_run(cut, do_fetch), ERROR_CLOSED);
    static const char *const huge[] = {CAPS("IDLE"), FETCH_COMMAND,
                                       "R: * 1 FETCH (UID 3 FLAGS () BODY[] {4294967295}\r\nabc",
                                       "X:", NULL};
    imap_told_failed(imap_script_run(huge, do_fetch), ERROR_CLOSED);
    static const char *const absurd[] = {CAPS("IDLE"), FETCH_COMMAND,
                                         "R: * 1 FETCH (UID 3 X {4294967295}\r\nabc", NULL};
    imap_told_failed(imap_script_run(absurd, do_fetch), ERROR_PROTOCOL);
}

static void what_the_server_says_last_is_the_reason(void)
{
    static const char *const token[] = {CAPS("IDLE"), FETCH_COMMAND,
                                        "S: * BYE Session invalidated - AccessTokenExpired",
                                        "X:", NULL};
    imap_told_failed(imap_script_run(token, do_fetch), ERROR_TOKEN_EXPIRED);
    static const char *const idle[] = {CAPS("IDLE"), FETCH_COMMAND,
                                       "S: * BYE Connection is closed. 13", "X:", NULL};
    imap_told_failed(imap_script_run(idle, do_fetch), ERROR_CLOSED);
    static const char *const throttled[] =
        {CAPS("IDLE"),
         FETCH_COMMAND,
         "S: P1 NO Request is throttled. Suggested Backoff Time: 90000 milliseconds",
         "S: * BYE Connection closed. 14",
         "X:",
         NULL};
    struct imap_told told = imap_script_run(throttled, do_fetch);
    g_assert_cmpint(error_retry_after_ms(told.error), ==, 90000);
    imap_told_failed(told, ERROR_THROTTLED);
}

static void a_warning_before_the_end_is_the_reason(void)
{
    static const char *const lines[] =
        {CAPS("IDLE"), FETCH_COMMAND,
         "S: * BAD Request is throttled. Suggested Backoff Time: 300000 milliseconds", "X:", NULL};
    struct imap_told told = imap_script_run(lines, do_fetch);
    g_assert_cmpint(error_retry_after_ms(told.error), ==, 300000);
    imap_told_failed(told, ERROR_THROTTLED);
}

static void what_exchange_puts_in_a_messages_place_is_marked(void)
{
#define SUBSTITUTE "Subject: Retrieval using the IMAP4 protocol failed for the following message: 5"
    static const char *const lines[] =
        {"S: * OK [CAPABILITY IMAP4rev1] The Microsoft Exchange IMAP4 service is ready.",
         FETCH_COMMAND,
         "R: * 1 FETCH (UID 3 FLAGS () BODY[] {87}\r\nX: y\r\n" SUBSTITUTE "\r\n)\r\n",
         "R: * 2 FETCH (UID 4 FLAGS () BODY[] {83}\r\nRe: " SUBSTITUTE ")\r\nP1 OK done\r\n", NULL};
    imap_told_is(imap_script_run(lines, do_fetch),
                 "3 f0 bX: y\r\n" SUBSTITUTE "\r\n substitute;4 f0 bRe: " SUBSTITUTE ";");
}

static void hostile_servers_are_left(void)
{
    g_autofree char *x = g_strnfill(70000, 'x');
    g_autofree char *endless = g_strdup_printf("R: * OK %s", x);
    const char *line[] = {CAPS("IDLE"), FETCH_COMMAND, endless, NULL};
    imap_told_failed(imap_script_run(line, do_fetch), ERROR_PROTOCOL);
    g_autofree char *parens = g_strnfill(40, '(');
    g_autofree char *deep = g_strdup_printf("S: * 1 FETCH (X %s", parens);
    const char *list[] = {CAPS("IDLE"), FETCH_COMMAND, deep, NULL};
    imap_told_failed(imap_script_run(list, do_fetch), ERROR_PROTOCOL);
    g_autofree char *junk = g_strnfill(100, '\n');
    for (int i = 0; i < 100; i += 2)
        junk[i] = 'z';
    g_autofree char *garbage = g_strdup_printf("R: %s", junk);
    const char *noise[] = {CAPS("IDLE"), FETCH_COMMAND, garbage, NULL};
    imap_told_failed(imap_script_run(noise, do_fetch), ERROR_PROTOCOL);
}

/* As many lines as fast as they can be sent: no patience ends that, since bytes do come. */
static void a_server_that_talks_without_end_is_left(void)
{
    enum { LINES = 5 * 1024 * 1024 };
    g_autoptr(GString) chatter = g_string_sized_new(LINES * 8);
    g_string_append(chatter, "R: ");
    for (int i = 0; i < LINES; i++)
        g_string_append(chatter, "* OK x\r\n");
    const char *lines[] = {CAPS("IDLE"), FETCH_COMMAND, chatter->str, NULL};
    struct imap_told told = imap_script_run(lines, do_fetch);
    g_assert_nonnull(strstr(told.error->message, "without end"));
    imap_told_failed(told, ERROR_PROTOCOL);
}

static bool do_impatient(struct imap_client *client, GString *out, GError **error)
{
    imap_client_set_patience(client, 50);
    return fetch(client, out, 0, error);
}

static void a_silent_server_is_waited_for_no_longer_than_asked(void)
{
    static const char *const lines[] = {CAPS("IDLE"), FETCH_COMMAND,
                                        "R: * 1 FETCH (UID 3 FLAGS () BODY[] {1000}\r\nabc", NULL};
    imap_told_failed(imap_script_run(lines, do_impatient), ERROR_TIMEOUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/imap/fetch/bodies", fetch_hands_out_what_was_asked_for);
    g_test_add_func("/imap/fetch/spool", big_bodies_go_to_a_file_and_huge_ones_are_skipped);
    g_test_add_func("/imap/fetch/stop", a_stopped_fetch_leaves_the_connection_usable);
    g_test_add_func("/imap/fetch/spool-fails", a_spool_that_fails_is_an_error_of_ours);
    g_test_add_func("/imap/fetch/no-data", ok_without_data_is_no_message);
    g_test_add_func("/imap/fetch/long-set", a_long_set_is_sent_in_parts_ahead_of_the_answers);
    g_test_add_func("/imap/fetch/headers", headers_come_with_what_lists_need);
    g_test_add_func("/imap/fetch/cut", a_server_cut_off_in_a_literal_is_an_error);
    g_test_add_func("/imap/fetch/bye", what_the_server_says_last_is_the_reason);
    g_test_add_func("/imap/fetch/warning", a_warning_before_the_end_is_the_reason);
    g_test_add_func("/imap/fetch/substitute", what_exchange_puts_in_a_messages_place_is_marked);
    g_test_add_func("/imap/fetch/hostile", hostile_servers_are_left);
    g_test_add_func("/imap/fetch/endless", a_server_that_talks_without_end_is_left);
    g_test_add_func("/imap/fetch/silent", a_silent_server_is_waited_for_no_longer_than_asked);
    return g_test_run();
}

/* sync/outbox.h: how fast, and when again. */
#include "sync/outbox.h"

#include <glib.h>
#include <stdlib.h>

#define DAY 86400

static GError *problem(enum error_code code)
{
    GError *error = NULL;
    error_set(&error, code, "said the server");
    return error;
}

static int64_t pause_of(enum error_code code, int attempts, double share)
{
    g_autoptr(GError) error = problem(code);
    int64_t at = outbox_retry_at(error, attempts, 1000000, 1000000, share);
    return at == 0 ? -1 : at - 1000000;
}

static void test_paces(void)
{
    struct outbox_pace microsoft = outbox_pace_of(STORE_KIND_MICROSOFT),
                       plain = outbox_pace_of(STORE_KIND_OTHER);
    g_assert_cmpuint(microsoft.per_minute, ==, 30);
    g_assert_true(microsoft.files_copy);
    g_assert_false(plain.files_copy);
    g_assert_cmpuint(plain.per_minute, <=, OUTBOX_MINUTE_MAX);
    g_assert_cmpuint(outbox_slow_pace(&microsoft), <, 10);
    struct outbox_pace one = {.per_minute = 1};
    g_assert_cmpuint(outbox_slow_pace(&one), ==, 1);
}

static void test_final_ones(void)
{
    static const enum error_code final[] = {ERROR_SEND_AS_DENIED, ERROR_RECIPIENT_REFUSED,
                                            ERROR_MESSAGE_TOO_LARGE, ERROR_SMTP_PERMANENT,
                                            ERROR_INVALID};
    for (size_t i = 0; i < G_N_ELEMENTS(final); i++)
        g_assert_cmpint(pause_of(final[i], 0, 1), ==, -1);
}

static void test_pauses_grow_to_a_bound(void)
{
    static const enum error_code again[] = {ERROR_SMTP_TEMPORARY, ERROR_THROTTLED,
                                            ERROR_SMTP_REFUSED,   ERROR_TIMEOUT,
                                            ERROR_CLOSED,         ERROR_SMTP_AUTH_OFF,
                                            ERROR_ACCESS_REVOKED, ERROR_DISK_FULL};
    for (size_t i = 0; i < G_N_ELEMENTS(again); i++) {
        int64_t before = 0;
        for (int attempts = 0; attempts < 100; attempts++) {
            int64_t pause = pause_of(again[i], attempts, 1);
            g_assert_cmpint(pause, >=, before);
            g_assert_cmpint(pause, >=, 14);
            g_assert_cmpint(pause, <=, 3600);
            g_assert_cmpint(pause_of(again[i], attempts, 0), <=, pause);
            before = pause;
        }
    }
    g_assert_cmpint(pause_of(ERROR_THROTTLED, 0, 0), >, pause_of(ERROR_SMTP_TEMPORARY, 0, 1));
}

static void test_it_ends(void)
{
    g_autoptr(GError) error = problem(ERROR_SMTP_TEMPORARY);
    g_assert_cmpint(outbox_retry_at(error, 50, 0, 5 * DAY - 1, 0), >, 0);
    g_assert_cmpint(outbox_retry_at(error, 50, 0, 5 * DAY, 0), ==, 0);
}

static void test_what_the_server_asks(void)
{
    g_autoptr(GError) error = problem(ERROR_THROTTLED);
    error_set_retry_after_ms(error, 7200000);
    g_assert_cmpint(outbox_retry_at(error, 0, 0, 0, 0), ==, 7200);
}

static void test_looks(void)
{
    g_assert_cmpint(outbox_look_at(100, 100), ==, 105);
    g_assert_cmpint(outbox_look_at(100, 105), ==, 115);
    g_assert_cmpint(outbox_look_at(100, 159), ==, 160);
    g_assert_cmpint(outbox_look_at(100, 160), ==, 0);
}

static void test_replies(void)
{
    struct smtp_recipient recipients[] = {
        {.address = "taken@example.net", .code = 250, .reply = (char[]){"2.1.5 ok"}},
        {.address = "refused@example.net", .code = 550, .reply = (char[]){"5.1.1 nobody"}},
        {.address = "unasked@example.net"},
    };
    struct smtp_message message = {.recipients = recipients, .recipient_count = 3};
    struct smtp_result sent = {.code = 250, .reply = (char[]){"2.0.0 queued"}};
    struct smtp_result refused = {.code = 554, .reply = (char[]){"5.6.0 spam"}};
    char *replies = outbox_recipient_replies(&message, &sent);
    g_assert_cmpstr(replies, ==,
                    "{\"taken@example.net\":\"250 2.1.5 ok\","
                    "\"refused@example.net\":\"550 5.1.1 nobody\"}");
    free(replies);
    replies = outbox_recipient_replies(&message, &refused);
    g_assert_cmpstr(replies, ==,
                    "{\"taken@example.net\":\"554 5.6.0 spam\","
                    "\"refused@example.net\":\"550 5.1.1 nobody\"}");
    free(replies);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/outbox/paces", test_paces);
    g_test_add_func("/sync/outbox/final", test_final_ones);
    g_test_add_func("/sync/outbox/pauses", test_pauses_grow_to_a_bound);
    g_test_add_func("/sync/outbox/ends", test_it_ends);
    g_test_add_func("/sync/outbox/retry-after", test_what_the_server_asks);
    g_test_add_func("/sync/outbox/looks", test_looks);
    g_test_add_func("/sync/outbox/replies", test_replies);
    return g_test_run();
}

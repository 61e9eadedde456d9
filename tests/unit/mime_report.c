/* RFC 3464 and RFC 8098: what notifications say. */
#include "mime/mime.h"

#include <string.h>

static struct mail_report *read_report(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    struct mime_mail *mail = mime_parse(bytes);
    struct mail_report *report = mime_report(mail);

    mime_mail_free(mail);
    return report;
}

#define TOP                                                                                        \
    "From: postmaster@example.org\r\nMIME-Version: 1.0\r\n"                                        \
    "Content-Type: multipart/report; report-type=x; boundary=b\r\n\r\n--b\r\n\r\nIn words.\r\n"    \
    "--b\r\n"
#define DSN TOP "Content-Type: message/delivery-status\r\n\r\n"
#define MDN TOP "Content-Type: message/disposition-notification\r\n\r\n"
#define RETURNED                                                                                   \
    "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n"                                \
    "Message-ID:\r\n <one@example.org>\r\n\r\nMessage-ID: <two@example.org>\r\n--b--\r\n"
#define END "\r\n--b--\r\n"

static void test_delivery(void)
{
    struct mail_report *report = read_report(
        DSN "Reporting-MTA: dns; mx\r\nOriginal-Envelope-Id: x\r\n\r\n"
            "Original-Recipient: rfc822;first@example.org\r\n"
            "Final-Recipient: rfc822;<last@example.net>\r\nACTION: Failed\r\nStatus: 5.2.2 (full)"
            "\r\nDiagnostic-Code: x-unix; mailbox\x07is\r\n full\r\n\r\n"
            "Final-Recipient: rfc822; nobody\r\nAction: failed\r\n\r\n"
            "Final-Recipient: rfc822; c@example.org\r\nAction: relayed\r\n" RETURNED);

    g_assert_nonnull(report);
    g_assert_false(report->is_disposition);
    g_assert_cmpstr(report->message_id, ==, "one@example.org");
    g_assert_cmpuint(report->count, ==, 2);
    g_assert_cmpstr(report->items[0].original, ==, "first@example.org");
    g_assert_cmpstr(report->items[0].final, ==, "last@example.net");
    g_assert_cmpint(report->items[0].delivered, ==, MAIL_NOT_DELIVERED);
    g_assert_cmpstr(report->items[0].reply, ==, "550 5.2.2 mailbox is full");
    g_assert_cmpint(report->items[1].delivered, ==, MAIL_DELIVERY_UNKNOWN);
    g_assert_null(report->items[1].reply);
    mail_report_free(report);
}

/* RFC 3464, 2.2.1: enough alone, and with its case; a long one is none. */
static void test_envelope_id(void)
{
    g_autofree char *long_id = g_strnfill(101, 'x');
    g_autofree char *too_long =
        g_strdup_printf(DSN "Original-Envelope-Id: %s\r\n\r\n"
                            "Final-Recipient: rfc822; c@example.org\r\nAction: failed\r\n" END,
                        long_id);
    struct mail_report *copy,
        *report = read_report(
            DSN "Reporting-MTA: dns; mx\r\noriginal-envelope-id:  Order+66\r\n =x \r\n\r\n"
                "Final-Recipient: rfc822; c@example.org\r\nAction: failed\r\n" END);

    g_assert_nonnull(report);
    g_assert_null(report->message_id);
    g_assert_cmpstr(report->envelope_id, ==, "Order+66 =x");
    copy = mail_report_copy(report);
    g_assert_cmpstr(copy->envelope_id, ==, "Order+66 =x");
    mail_report_free(copy);
    mail_report_free(report);
    g_assert_null(read_report(too_long));
}

static void test_disposition(void)
{
    struct mail_report *report = read_report(
        MDN "Final-Recipient: rfc822;c@example.org\r\nOriginal-Message-ID: <own@example.org>\r\n"
            "Disposition: manual-action/MDN-sent-manually; Displayed/error\r\n" RETURNED);

    g_assert_nonnull(report);
    g_assert_true(report->is_disposition);
    g_assert_cmpstr(report->message_id, ==, "own@example.org");
    g_assert_cmpuint(report->count, ==, 1);
    g_assert_true(report->items[0].displayed);
    mail_report_free(report);
}

/* Not of which message, not to whom, or no report at all. */
static void test_says_too_little(void)
{
    static const char *const texts[] = {
        "",
        "Subject: x\r\n\r\nFinal-Recipient: rfc822;c@example.org\r\n",
        DSN "\r\nFinal-Recipient: rfc822;c@example.org\r\nAction: failed\r\n" END,
        DSN "Reporting-MTA: dns; mx\r\n" RETURNED,
        DSN,
        TOP,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_null(read_report(texts[i]));
}

static void test_too_many_recipients(void)
{
    GString *text = g_string_new(DSN);
    struct mail_report *report;

    for (int i = 0; i < 5000; i++)
        g_string_append_printf(text, "\r\nFinal-Recipient: rfc822;u%d@example.org\r\n", i);
    g_string_append(text, RETURNED);
    report = read_report(text->str);
    g_assert_nonnull(report);
    g_assert_cmpuint(report->count, ==, 500);
    mail_report_free(report);
    g_string_free(text, TRUE);
}

static void test_long_reply(void)
{
    g_autofree char *words = g_strnfill(5000, 'x');
    g_autofree char *text =
        g_strdup_printf(DSN "\r\nFinal-Recipient: rfc822;a@example.org\r\nAction: failed\r\n"
                            "Diagnostic-Code: smtp; 550 5.0.0 %s\r\n" RETURNED,
                        words);
    struct mail_report *report = read_report(text);

    g_assert_cmpuint(strlen(report->items[0].reply), <=, 1000);
    g_assert_true(g_str_has_prefix(report->items[0].reply, "550 5.0.0 xxx"));
    mail_report_free(report);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/report/delivery", test_delivery);
    g_test_add_func("/mime/report/disposition", test_disposition);
    g_test_add_func("/mime/report/envelope-id", test_envelope_id);
    g_test_add_func("/mime/report/says-too-little", test_says_too_little);
    g_test_add_func("/mime/report/too-many-recipients", test_too_many_recipients);
    g_test_add_func("/mime/report/long-reply", test_long_reply);
    return g_test_run();
}

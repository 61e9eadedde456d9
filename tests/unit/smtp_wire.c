/* What a message and its addresses look like on the wire, and what a refusal means. */
#include "smtp/internal.h"
#include "smtp/wire.h"

#include <glib.h>
#include <string.h>

static bool collect(void *arg, const char *data, size_t length)
{
    g_string_append_len(arg, data, (gssize)length);
    return true;
}

static char *wire_of(const char *text, size_t length)
{
    g_autoptr(GBytes) message = g_bytes_new_static(text, length);
    GString *out = g_string_new(NULL);
    g_assert_true(smtp_wire_write(message, collect, out));
    return g_string_free(out, FALSE);
}

struct wire_case {
    const char *in, *out;
};

static const struct wire_case wire_cases[] = {
    {"", ""},
    {"a\r\nb\r\n", "a\r\nb\r\n"},
    {"a\nb\n", "a\r\nb\r\n"},
    {"a\rb\r", "a\r\nb\r\n"},
    {"no end", "no end\r\n"},
    {".", "..\r\n"},
    {"..\r\n.x\r\n", "...\r\n..x\r\n"},
    {"a\n.\nMAIL FROM:<evil>\n", "a\r\n..\r\nMAIL FROM:<evil>\r\n"},
    {"a\r.\rMAIL FROM:<evil>\r", "a\r\n..\r\nMAIL FROM:<evil>\r\n"},
    {"a\r\n.\rb", "a\r\n..\r\nb\r\n"},
    {"a\n\r.\r\nb", "a\r\n\r\n..\r\nb\r\n"},
    {"a\r\r\n.\r\r\nb", "a\r\n\r\n..\r\n\r\nb\r\n"},
    {"a\n.\r\nb", "a\r\n..\r\nb\r\n"},
    {"a\r\n.\nb", "a\r\n..\r\nb\r\n"},
};

static void every_line_end_becomes_crlf_and_dots_are_doubled(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wire_cases); i++) {
        g_autofree char *out = wire_of(wire_cases[i].in, strlen(wire_cases[i].in));
        g_assert_cmpstr(out, ==, wire_cases[i].out);
    }
}

/* Short texts over the bytes that matter: none gives a bare CR, a bare LF or a lone dot. */
static void no_input_ends_the_data_early(void)
{
    static const char alphabet[] = {'\r', '\n', '.', 'a', '\0'};
    for (int number = 0; number < 5 * 5 * 5 * 5 * 5 * 5; number++) {
        char text[6];
        for (int i = 0, n = number; i < 6; i++, n /= 5)
            text[i] = alphabet[n % 5];
        g_autoptr(GBytes) message = g_bytes_new_static(text, sizeof(text));
        g_autoptr(GString) out = g_string_new("\r\n");
        smtp_wire_write(message, collect, out);
        size_t stuffed = 0;
        for (size_t i = 0; i < out->len; i++) {
            if (out->str[i] == '\r')
                g_assert_cmpint(out->str[i + 1], ==, '\n');
            if (out->str[i] == '\n')
                g_assert_cmpint(out->str[i - 1], ==, '\r');
            stuffed += i + 2 < out->len && memcmp(out->str + i, "\n..", 3) == 0;
        }
        g_assert_true(memmem(out->str, out->len, "\r\n.\r\n", 5) == NULL);
        g_assert_cmpuint(smtp_wire_size(message), ==, out->len - 2 - stuffed);
    }
}

static bool stop_at_once(void *arg, const char *data, size_t length)
{
    (void)data, (void)length;
    ++*(int *)arg;
    return false;
}

static void a_sink_that_stops_is_obeyed(void)
{
    g_autoptr(GBytes) message = g_bytes_new_static("x\r\ny\r\n", 6);
    int calls = 0;
    g_assert_false(smtp_wire_write(message, stop_at_once, &calls));
    g_assert_cmpint(calls, ==, 1);
}

static void addresses_that_could_break_the_dialogue_are_refused(void)
{
    static const char *const good[] = {"a@b.example", "\"a b\"@c.example", "\"<\\\">\"@x.example",
                                       "ü@bücher.example", "a+b=c@[127.0.0.1]"};
    static const char *const bad[] =
        {"",      "a",           "@b",     "a@",         "a@b>\r\nDATA", "a b@c",
         "a@b c", "a@b> SIZE=1", "<a@b>",  "a@b\n",      "a@b\r",        "a\177@b",
         "\"a@b", "a@b,c@d",     "\xff@b", "\"\r\n\"@b", "a@b;c"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(smtp_address_is_valid(good[i], false));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(smtp_address_is_valid(bad[i], false));
    g_assert_true(smtp_address_is_valid("", true));
    g_autofree char *longest = g_strnfill(2000, 'a');
    memcpy(longest + 1000, "@b.c", 4);
    g_assert_false(smtp_address_is_valid(longest, false));
}

static void international_addresses_take_the_form_the_server_knows(void)
{
    g_autofree char *full = smtp_address_form("info@bücher.example", true);
    g_autofree char *a_label = smtp_address_form("info@bücher.example", false);
    g_assert_cmpstr(full, ==, "info@bücher.example");
    g_assert_cmpstr(a_label, ==, "info@xn--bcher-kva.example");
    g_assert_null(smtp_address_form("übung@bücher.example", false));
    g_autofree char *xtext = smtp_xtext("a+b=c d\r\nü");
    g_assert_cmpstr(xtext, ==, "a+2Bb+3Dc+20d+0D+0A+C3+BC");
}

struct reply_case {
    enum smtp_stage stage;
    enum smtp_auth auth;
    int code;
    const char *enhanced, *text;
    enum error_code error;
};

/* Every refusal as Exchange says it, and common servers' words. */
static const struct reply_case reply_cases[] = {
    {SMTP_STAGE_AUTH, SMTP_AUTH_XOAUTH2, 535, "5.7.3",
     "5.7.3 Authentication unsuccessful [AM0PR0101CA0001.eurprd01.prod.exchangelabs.com]",
     ERROR_SMTP_REFUSED},
    {SMTP_STAGE_AUTH, SMTP_AUTH_XOAUTH2, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. "
     "Visit https://aka.ms/smtp_auth_disabled for more information.",
     ERROR_SMTP_AUTH_OFF},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
     ERROR_SMTP_AUTH_OFF},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults "
     "policy. Contact your administrator.",
     ERROR_BLOCKED_BY_POLICY},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, basic authentication is disabled.", ERROR_SMTP_AUTH_OFF},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, the account is locked", ERROR_ACCOUNT_DISABLED},
    {SMTP_STAGE_AUTH, SMTP_AUTH_XOAUTH2, 535, "5.7.139",
     "5.7.139 Authentication unsuccessful, the request did not meet the criteria",
     ERROR_BLOCKED_BY_POLICY},
    {SMTP_STAGE_MAIL, SMTP_AUTH_XOAUTH2, 530, "5.7.57",
     "5.7.57 Client not authenticated to send mail.", ERROR_SMTP_REFUSED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 432, "4.3.2",
     "4.3.2 Concurrent connections limit exceeded.", ERROR_THROTTLED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 554, "5.2.0",
     "5.2.0 STOREDRV.ClientSubmit; sender thread limit exceeded", ERROR_THROTTLED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 554, "5.2.252",
     "5.2.252 SendAsDenied; avery@contoso.example not allowed to send as boss@contoso.example",
     ERROR_SEND_AS_DENIED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 554, "5.2.0",
     "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
     ERROR_SEND_AS_DENIED},
    {SMTP_STAGE_MAIL, SMTP_AUTH_XOAUTH2, 550, "5.7.60",
     "5.7.60 SMTP; Client does not have permissions to send as this sender", ERROR_SEND_AS_DENIED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 550, "5.1.8", "5.1.8 Access denied, bad outbound sender",
     ERROR_SMTP_PERMANENT},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 550, "5.7.708", "5.7.708 traffic not accepted",
     ERROR_SMTP_PERMANENT},
    {SMTP_STAGE_RCPT, SMTP_AUTH_XOAUTH2, 550, "5.7.750", "5.7.750 blocked", ERROR_SMTP_PERMANENT},
    {SMTP_STAGE_RCPT, SMTP_AUTH_XOAUTH2, 550, "5.1.10", "5.1.10 RESOLVER.ADR.RecipientNotFound",
     ERROR_RECIPIENT_REFUSED},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 550, "5.1.10", "5.1.10 RESOLVER.ADR.RecipientNotFound",
     ERROR_SMTP_PERMANENT},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 550, "5.7.30",
     "5.7.30 Basic authentication is not supported for Client Submission.", ERROR_SMTP_AUTH_OFF},
    {SMTP_STAGE_MAIL, SMTP_AUTH_XOAUTH2, 552, "5.3.4",
     "5.3.4 Message size exceeds fixed maximum message size", ERROR_MESSAGE_TOO_LARGE},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 554, "5.2.3", "5.2.3 STOREDRV.Submit; message too large",
     ERROR_MESSAGE_TOO_LARGE},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 552, NULL, "too big", ERROR_MESSAGE_TOO_LARGE},
    {SMTP_STAGE_RCPT, SMTP_AUTH_XOAUTH2, 552, "5.2.2", "5.2.2 mailbox full",
     ERROR_RECIPIENT_REFUSED},
    {SMTP_STAGE_GREETING, SMTP_AUTH_XOAUTH2, 421, "4.3.2", "4.3.2 Service not available",
     ERROR_THROTTLED},
    {SMTP_STAGE_MAIL, SMTP_AUTH_XOAUTH2, 451, "4.7.500", "4.7.500 Server busy", ERROR_THROTTLED},
    {SMTP_STAGE_RCPT, SMTP_AUTH_XOAUTH2, 451, "4.4.4", "4.4.4 try again", ERROR_SMTP_TEMPORARY},
    {SMTP_STAGE_DATA, SMTP_AUTH_XOAUTH2, 452, NULL, "insufficient storage", ERROR_SMTP_TEMPORARY},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 454, "4.7.0", "4.7.0 Temporary authentication failure",
     ERROR_SMTP_TEMPORARY},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 535, "5.7.8", "5.7.8 Username and Password not accepted",
     ERROR_PASSWORD_REFUSED},
    {SMTP_STAGE_AUTH, SMTP_AUTH_PASSWORD, 534, "5.7.9", "5.7.9 Application-specific password",
     ERROR_PASSWORD_REFUSED},
    {SMTP_STAGE_AUTH, SMTP_AUTH_XOAUTH2, 535, "5.7.8", "5.7.8 not accepted", ERROR_SMTP_REFUSED},
    {SMTP_STAGE_GREETING, SMTP_AUTH_NONE, 554, NULL, "no service", ERROR_SMTP_REFUSED},
    {SMTP_STAGE_RCPT, SMTP_AUTH_NONE, 550, "5.1.1", "5.1.1 no such user", ERROR_RECIPIENT_REFUSED},
    {SMTP_STAGE_DATA, SMTP_AUTH_NONE, 550, "5.7.1", "5.7.1 spam", ERROR_SMTP_PERMANENT},
    {SMTP_STAGE_MAIL, SMTP_AUTH_NONE, 250, NULL, "unexpected", ERROR_PROTOCOL},
    {SMTP_STAGE_MAIL, SMTP_AUTH_NONE, 354, NULL, "unexpected", ERROR_PROTOCOL},
};

static void refusals_mean_what_the_facts_say(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reply_cases); i++) {
        const struct reply_case *c = &reply_cases[i];
        g_test_message("%d %s", c->code, c->text);
        g_assert_cmpint(smtp_classify(c->stage, c->auth, c->code, c->enhanced, c->text), ==,
                        c->error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/wire/line-ends", every_line_end_becomes_crlf_and_dots_are_doubled);
    g_test_add_func("/smtp/wire/smuggling", no_input_ends_the_data_early);
    g_test_add_func("/smtp/wire/stop", a_sink_that_stops_is_obeyed);
    g_test_add_func("/smtp/address/valid", addresses_that_could_break_the_dialogue_are_refused);
    g_test_add_func("/smtp/address/form", international_addresses_take_the_form_the_server_knows);
    g_test_add_func("/smtp/replies", refusals_mean_what_the_facts_say);
    return g_test_run();
}

/* Header forms of RFC 8621, 4.1.2, and what summaries make of them. */
#include "mime/mime.h"
#include "text/text.h"

#include <string.h>

static void assert_text(const char *raw, const char *expected)
{
    g_autofree char *text = mime_form_text(raw);
    g_assert_cmpstr(text, ==, expected);
}

static void encoded_words_are_decoded_where_they_may_stand(void)
{
    assert_text(" =?utf-8?q?Gr=C3=BC=C3=9Fe?= you", "Grüße you");
    assert_text("=?utf-8?B?5L2g?= =?UTF-8?B?5aW9?=", "你好");
    assert_text("=?iso-8859-1*de?Q?a_b?=\r\n =?iso-8859-1?Q?_c?=", "a b c");
    assert_text("x=?utf-8?q?y?=", "x=?utf-8?q?y?=");
    assert_text("=?utf-8?q?y?=z", "=?utf-8?q?y?=z");
    assert_text("=?utf-8?q?a b?=", "=?utf-8?q?a b?=");
    assert_text("=?no-such-charset?q?a?=", "=?no-such-charset?q?a?=");
    assert_text("=?utf-8?q?a=00b=0A=07?=", "ab");
    assert_text("=?utf-8?q?a?==?utf-8?q?b?=", "ab"); /* a common fault, and not ambiguous */
    assert_text("u\xcc\x88", "ü");
}

static void split_characters_are_joined(void)
{
    assert_text("=?utf-8?b?4pI=?= =?utf-8?b?qA==?=", "⒨");
    assert_text("=?iso-2022-jp?b?GyRCRnxLXDhsGyhC?=", "日本語");
    assert_text("=?gb2312?b?xOO6ww==?=", "你好");
    assert_text("=?windows-1254?q?=DDstanbul?=", "İstanbul");
    assert_text("=?windows-1255?q?=F9=EC=E5=ED?=", "שלום");
    assert_text("=?koi8-u?q?=D0=D2=C9=D7=A6=D4?=", "привіт");
}

static void assert_addresses(const char *raw, const char *expected)
{
    struct mail_addresses list = {0};
    GString *got = g_string_new(NULL);
    mime_form_addresses(raw, &list);
    for (size_t i = 0; i < list.count; i++)
        g_string_append_printf(got, "[%s|%s]", list.items[i].name != NULL ? list.items[i].name : "",
                               list.items[i].email);
    g_assert_cmpstr(got->str, ==, expected);
    g_string_free(got, TRUE);
    mail_addresses_clear(&list);
}

static void addresses_are_read(void)
{
    assert_addresses("\"  James Smythe\" <james@example.com>, Friends:\r\n jane@example.com, "
                     "=?UTF-8?Q?John_Sm=C3=AEth?=\r\n <john@example.com>;",
                     "[James Smythe|james@example.com][|jane@example.com][John "
                     "Smîth|john@example.com]");
    assert_addresses("a@b (Ann (the) \\) Lee)", "[Ann (the) ) Lee|a@b]");
    assert_addresses("\"Lee, Ann\" <a@b>, \"x\\\"y\" <c@d>", "[Lee, Ann|a@b][x\"y|c@d]");
    assert_addresses("Ann Lee a@b, \"q r\"@s", "[Ann Lee|a@b][|\"q r\"@s]");
    assert_addresses("<@r1,@r2:a@b>", "[|a@b]");
    assert_addresses("Undisclosed recipients:;", "");
    assert_addresses("Ann <a@b", "[Ann|a@b]");
    assert_addresses("a @ b . c", "[|a@b.c]");
    assert_addresses("just a name", "[|just a name]");
    assert_addresses("\"=?utf-8?q?=C3=A9?=\" <a@b>", "[é|a@b]");
    assert_addresses(", ,;a@b,,", "[|a@b]");
    assert_addresses("", "");
}

static void groups_keep_their_names(void)
{
    g_autoptr(GPtrArray) groups = mime_form_grouped("x@y, \"A B\": c@d, e@f; g@h");
    g_assert_cmpuint(groups->len, ==, 3);
    const struct mime_group *named = g_ptr_array_index(groups, 1);
    g_assert_cmpstr(named->name, ==, "A B");
    g_assert_cmpuint(named->addresses.count, ==, 2);
    const struct mime_group *last = g_ptr_array_index(groups, 2);
    g_assert_null(last->name);
    g_assert_cmpstr(last->addresses.items[0].email, ==, "g@h");
}

static void assert_ids(const char *raw, const char *expected)
{
    g_auto(GStrv) ids = mime_form_message_ids(raw);
    g_autofree char *joined = ids != NULL ? g_strjoinv(" ", ids) : NULL;
    g_assert_cmpstr(joined, ==, expected);
}

static void message_ids_are_read(void)
{
    assert_ids(" <a@b>\r\n <c@d>", "a@b c@d");
    assert_ids("<a @b> (comment <x@y>)", "a@b");
    assert_ids("Your message of \"Mon\" <a@b>", "a@b");
    assert_ids("a@b", "a@b");
    assert_ids("nothing here", NULL);
    assert_ids("", NULL);
}

static void urls_are_read(void)
{
    g_auto(GStrv) urls = mime_form_urls("<mailto:a@b?subject=x>, (or) <https://x/\r\n y>");
    g_assert_cmpuint(g_strv_length(urls), ==, 2);
    g_assert_cmpstr(urls[1], ==, "https://x/y");
    g_assert_null(mime_form_urls("https://x/"));
}

static void assert_date(const char *raw, int64_t seconds, int offset)
{
    int64_t got = 0;
    int zone = 0;
    g_assert_true(mime_form_date(raw, &got, &zone));
    g_assert_cmpint(got, ==, seconds);
    g_assert_cmpint(zone, ==, offset);
}

static void dates_are_read(void)
{
    int64_t seconds = 0;
    int zone = 0;
    assert_date("Tue, 14 Nov 2023 20:43:20 +0000", 1699994600, 0);
    assert_date(" 14 Nov 2023 22:43 +0200 (EET)", 1699994580, 120);
    assert_date("Tue, 14 Nov 23 15:43:20 EST", 1699994600, -300);
    assert_date("Tue,14-Nov-2023 20:43:20 GMT", 1699994600, 0);
    assert_date("Thu, 29 Feb 1996 00:00:60 -0000", 825552059, 0);
    assert_date("Tue Nov 14 20:43:20 2023", 1699994600, 0);
    g_assert_false(mime_form_date("tomorrow", &seconds, &zone));
    g_assert_false(mime_form_date("", &seconds, &zone));
}

static void assert_base(const char *subject, const char *expected)
{
    g_autofree char *base = mime_base_subject(subject);
    g_assert_cmpstr(base, ==, expected);
}

static void base_subjects_follow_rfc_5256(void)
{
    assert_base("Re: Hello", "hello");
    assert_base("RE: re : [list] Fwd: Hello  World (fwd) ", "hello world");
    assert_base("[fwd: [a] Re: x]", "x");
    assert_base("[only a blob]", "[only a blob]");
    assert_base("[a] [b]", "[b]");
    assert_base("Re[2]: x", "x");
    assert_base("Report", "report");
    assert_base("AW: WG: Grüße", "grüsse");
    assert_base("回复：转发: 你好", "你好");
    assert_base("YNT: İLT: Merhaba", "merhaba");
    assert_base("Відп: привіт", "привіт");
    assert_base("השב: שלום", "שלום");
    assert_base(NULL, "");
}

static void summaries_hold_what_lists_need(void)
{
    static const char header[] =
        "From mbox-line\r\nFROM: a@b\r\nSubject: first\r\nSubject: second\r\n"
        "To: c@d\r\nDate: Tue, 14 Nov 2023 20:43:20 +0000\r\nMessage-ID: <m@i>\r\n"
        "In-Reply-To: <r@i>\r\nReferences: <q@i>\r\n <r@i>\r\nno colon here\r\nCc : e@f\r\n\r\nTo: "
        "body@x\r\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(header, strlen(header));
    struct mail_summary *summary = mime_summary_of_header(bytes);
    g_assert_cmpstr(summary->subject, ==, "second");
    g_assert_cmpstr(summary->message_id, ==, "m@i");
    g_assert_cmpstr(summary->references[1], ==, "r@i");
    g_assert_cmpstr(summary->cc.items[0].email, ==, "e@f");
    g_assert_cmpuint(summary->to.count, ==, 1);
    g_assert_cmpint(summary->sent_at, ==, 1699994600);
    g_assert_null(summary->preview);
    mail_summary_free(summary);
}

static void eight_bit_headers_are_guessed(void)
{
    static const char utf8[] = "Subject: Grüße\n\n";
    static const char koi8[] =
        "Subject: \xf0\xd2\xc9\xd7\xc5\xd4\nContent-Type: text/plain; charset=koi8-r\n\nx";
    g_autoptr(GBytes) a = g_bytes_new_static(utf8, strlen(utf8));
    struct mail_summary *first = mime_summary_of_header(a);
    g_assert_cmpstr(first->subject, ==, "Grüße");
    g_autoptr(GBytes) b = g_bytes_new_static(koi8, strlen(koi8));
    struct mime_mail *mail = mime_parse(b);
    struct mail_summary *second = mime_summary(mail);
    g_assert_cmpstr(second->subject, ==, "Привет");
    mail_summary_free(first);
    mail_summary_free(second);
    mime_mail_free(mail);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_set_converter(text_to_utf8);
    g_test_add_func("/mime/forms/encoded-words", encoded_words_are_decoded_where_they_may_stand);
    g_test_add_func("/mime/forms/split-characters", split_characters_are_joined);
    g_test_add_func("/mime/forms/addresses", addresses_are_read);
    g_test_add_func("/mime/forms/groups", groups_keep_their_names);
    g_test_add_func("/mime/forms/message-ids", message_ids_are_read);
    g_test_add_func("/mime/forms/urls", urls_are_read);
    g_test_add_func("/mime/forms/dates", dates_are_read);
    g_test_add_func("/mime/forms/base-subject", base_subjects_follow_rfc_5256);
    g_test_add_func("/mime/forms/summary", summaries_hold_what_lists_need);
    g_test_add_func("/mime/forms/eight-bit", eight_bit_headers_are_guessed);
    return g_test_run();
}

/* Structure, part lists, content and text of whole messages. */
#include "mime/mime.h"
#include "text/text.h"

#include <string.h>

static struct mime_mail *parse(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return mime_parse(bytes);
}

static char *ids(struct mime_mail *mail, const int *list, size_t count)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "%s ", mime_part(mail, (size_t)list[i])->part_id);
    return g_string_free(out, FALSE);
}

static void assert_lists(struct mime_mail *mail, const char *text, const char *html,
                         const char *attached)
{
    size_t count = 0;
    const int *list = mime_text_body(mail, &count);
    g_autofree char *a = ids(mail, list, count);
    g_assert_cmpstr(a, ==, text);
    list = mime_html_body(mail, &count);
    g_autofree char *b = ids(mail, list, count);
    g_assert_cmpstr(b, ==, html);
    list = mime_attachments(mail, &count);
    g_autofree char *c = ids(mail, list, count);
    g_assert_cmpstr(c, ==, attached);
}

/* RFC 8621, 4.1.4's own example: textBody A B C D K, htmlBody A E K, attachments C F G H J. */
static void the_rfc_example_comes_out_as_printed(void)
{
    struct mime_mail *mail = parse(
        "Content-Type: multipart/mixed; boundary=0\n\n--0\nContent-Disposition: inline\n\nA\n"
        "--0\nContent-Type: multipart/mixed; boundary=1\n\n--1\nContent-Type: "
        "multipart/alternative; boundary=2\n\n"
        "--2\nContent-Type: multipart/mixed; boundary=3\n\n--3\nContent-Disposition: inline\n\nB\n"
        "--3\nContent-Type: image/jpeg\nContent-Disposition: "
        "inline\n\nC\n--3\nContent-Disposition: inline\n\nD\n--3--\n"
        "--2\nContent-Type: multipart/related; boundary=4\n\n--4\nContent-Type: text/html\n\nE\n"
        "--4\nContent-Type: image/jpeg\n\nF\n--4--\n--2--\n"
        "--1\nContent-Type: image/jpeg\nContent-Disposition: attachment\n\nG\n--1\nContent-Type: "
        "application/x-excel\n\nH\n"
        "--1\nContent-Type: message/rfc822\n\nSubject: J\n\nJ\n--1--\n--0\nContent-Disposition: "
        "inline\n\nK\n--0--\n");
    assert_lists(mail, "1 2.1.1.1 2.1.1.2 2.1.1.3 3 ", "1 2.1.2.1 3 ",
                 "2.1.1.2 2.1.2.2 2.2 2.3 2.4 ");
    struct mail_summary *summary = mime_summary(mail);
    g_assert_true(summary->has_attachment);
    mail_summary_free(summary);
    g_assert_cmpint(mime_find_part(mail, "2.1.2.1"), ==, 9);
    g_assert_cmpint(mime_find_part(mail, "9"), ==, -1);
    mime_mail_free(mail);
}

static void assert_attachment(const char *message, bool expected)
{
    struct mime_mail *mail = parse(message);
    struct mail_summary *summary = mime_summary(mail);
    g_assert_true(summary->has_attachment == expected);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static void paper_clips_are_for_files(void)
{
#define RELATED                                                                                    \
    "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img "         \
    "src=\"cid:x@y\">\n--b\n"
    assert_attachment(RELATED "Content-Type: image/png\nContent-ID: <x@y>\n\nx\n--b--\n", false);
    assert_attachment(RELATED "Content-Type: image/png\nContent-ID: <other@y>\n\nx\n--b--\n", true);
    assert_attachment(RELATED "Content-Type: image/png\nContent-Disposition: inline\n\nx\n--b--\n",
                      false);
    assert_attachment(RELATED "Content-Type: application/ms-tnef; name=winmail.dat\n\nx\n--b--\n",
                      true);
    assert_attachment("Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\n"
                      "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx\n--b--\n",
                      false);
    assert_attachment("Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nx",
                      true);
    assert_attachment("Subject: x\n\ntext", false);
#undef RELATED
}

static void assert_name(const char *headers, const char *expected)
{
    g_autofree char *message = g_strconcat(headers, "\n\nx", NULL);
    struct mime_mail *mail = parse(message);
    g_assert_cmpstr(mime_part(mail, 0)->name, ==, expected);
    mime_mail_free(mail);
}

static void file_names_are_decoded_and_tame(void)
{
    assert_name("Content-Disposition: attachment; filename*=utf-8''%E4%BD%A0.pdf", "你.pdf");
    assert_name("Content-Disposition: attachment; filename*0*=utf-8''Gr%C3%BC; "
                "filename*1*=%C3%9Fe; filename*2=.txt",
                "Grüße.txt");
    assert_name("Content-Type: image/png; name=\"=?utf-8?q?=C3=A9?=.png\"", "é.png");
    assert_name("Content-Type: image/png; name=\"=?utf-8?b?w6kucG5n?=\"", "é.png");
    assert_name("Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd");
    assert_name("Content-Disposition: attachment; filename=\"C:\\\\dir\\\\a.exe\"", "a.exe");
    assert_name("Content-Disposition: attachment; filename=\"..\"", NULL);
    assert_name("Content-Disposition: attachment; filename*=utf-8''a%0Ab%E2%80%AEgpj.exe",
                "abgpj.exe");
    assert_name("Content-Disposition: attachment", NULL);
}

static void assert_part_text(const char *message, const char *expected, bool problem)
{
    bool got = false;
    struct mime_mail *mail = parse(message);
    g_autofree char *text = mime_part_text(mail, 0, 0, &got);
    g_assert_cmpstr(text, ==, expected);
    g_assert_true(got == problem);
    mime_mail_free(mail);
}

static void content_is_decoded(void)
{
    assert_part_text("Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; "
                     "charset=utf-8\n\n"
                     "Gr=C3=BC=C3=9Fe=\n a  \nb=3D\n",
                     "Grüße a\nb=\n", false);
    assert_part_text("Content-Transfer-Encoding: quoted-printable\n\na=ZZb=\n", "a=ZZb", true);
    assert_part_text("Content-Transfer-Encoding: base64\nContent-Type: text/plain; "
                     "charset=iso-8859-1\n\n4Q0K4g==\n",
                     "á\nâ", false);
    assert_part_text("Content-Transfer-Encoding: base64\n\nYW*Jj\n", "abc", true);
    assert_part_text("Content-Transfer-Encoding: x-unknown\n\nabc", "abc", true);
    assert_part_text("Content-Type: text/plain; charset=no-such\n\nabc\xe9", "abcé", true);
    assert_part_text("Content-Type: text/plain; charset=utf-8\n\na\xff"
                     "b",
                     "a\xef\xbf\xbd"
                     "b",
                     true);
    assert_part_text("Content-Type: text/plain; charset=gb2312\n\n\xc4\xe3\xba\xc3", "你好", false);
    assert_part_text("Content-Type: text/plain; charset=big5\n\n\xa7\x41\xa6\x6e", "你好", false);
    assert_part_text("Content-Type: text/plain; charset=ks_c_5601-1987\n\n\xbe\xc8", "안", false);
    assert_part_text("Content-Type: text/plain; charset=ibm-1047\n\n\xc8\x85", "He", false);
    assert_part_text("Content-Type: text/html\n\n<meta charset=windows-1251>\xcf",
                     "<meta charset=windows-1251>П", false);
    assert_part_text("Subject: x\r\n\r\na\r\nb\rc\r\n", "a\nb\nc\n", false);
    assert_part_text("Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n#86)C\n`\nend\n", "abc",
                     false);
}

static void broken_structures_show_their_text(void)
{
    struct mime_mail *mail = parse("Content-Type: multipart/mixed\n\nno boundary\n");
    g_assert_cmpstr(mime_part(mail, 0)->type, ==, "text/plain");
    mime_mail_free(mail);
    mail = parse("Content-Type: multipart/mixed; boundary=x\n\nno delimiter\n");
    g_assert_cmpstr(mime_part(mail, 0)->type, ==, "text/plain");
    g_assert_cmpstr(mime_part(mail, 0)->part_id, ==, "1");
    mime_mail_free(mail);
    mail = parse("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nunclosed");
    g_autofree char *text = mime_plain_text(mail, 0, NULL);
    g_assert_cmpstr(text, ==, "unclosed");
    mime_mail_free(mail);
    mail = parse("");
    g_assert_cmpuint(mime_part_count(mail), ==, 1);
    mime_mail_free(mail);
    mail = parse("Subject: mac\rFrom: a@b\r\rone\rtwo");
    g_autofree char *lines = mime_plain_text(mail, 0, NULL);
    g_assert_cmpstr(lines, ==, "one\ntwo");
    mime_mail_free(mail);
}

static void assert_split(const char *body, const char *own, const char *quoted)
{
    g_autofree char *message =
        g_strconcat("Content-Type: text/plain; charset=utf-8\n\n", body, NULL);
    struct mime_mail *mail = parse(message);
    char *rest = NULL;
    g_autofree char *text = mime_plain_text(mail, 0, &rest);
    g_assert_cmpstr(text, ==, own);
    g_assert_cmpstr(rest, ==, quoted);
    g_free(rest);
    mime_mail_free(mail);
}

static void quotations_are_found_in_six_languages(void)
{
    assert_split("ok\n\nOn Mon, 1 May 2023, Ann <a@b> wrote:\n> old\n", "ok\n\n",
                 "On Mon, 1 May 2023, Ann <a@b> wrote:\n> old\n");
    assert_split("ok\nAm 01.05.23 um 10:00 schrieb Ann:\n> old\nunten\n", "ok\nunten\n",
                 "Am 01.05.23 um 10:00 schrieb Ann:\n> old\n");
    assert_split("好\n在 2023年5月1日，安 <a@b> 写道：\n旧\n", "好\n",
                 "在 2023年5月1日，安 <a@b> 写道：\n旧\n");
    assert_split("tamam\nAnn <a@b>, 1 May 2023 Pzt tarihinde şunu yazdı:\n> eski\n", "tamam\n",
                 "Ann <a@b>, 1 May 2023 Pzt tarihinde şunu yazdı:\n> eski\n");
    assert_split("так\nпн, 1 трав. 2023 р. о 10:00 Ann <a@b> пише:\n> старе\n", "так\n",
                 "пн, 1 трав. 2023 р. о 10:00 Ann <a@b> пише:\n> старе\n");
    assert_split("כן\n\u200eבתאריך יום ב׳, 1 במאי 2023 מאת Ann <a@b> כתב/ה:\n> ישן\n", "כן\n",
                 "\u200eבתאריך יום ב׳, 1 במאי 2023 מאת Ann <a@b> כתב/ה:\n> ישן\n");
    assert_split("ja\nVon: Ann\nGesendet: Montag\nAn: Bob\nBetreff: x\n\nalt\n", "ja\n",
                 "Von: Ann\nGesendet: Montag\nAn: Bob\nBetreff: x\n\nalt\n");
    assert_split("是\n发件人: 安\n发送时间: 2023\n收件人: 波\n主题: x\n\n旧\n", "是\n",
                 "发件人: 安\n发送时间: 2023\n收件人: 波\n主题: x\n\n旧\n");
    assert_split("ok\n-----Original Message-----\nFrom: x\n", "ok\n",
                 "-----Original Message-----\nFrom: x\n");
    assert_split("From: the start of a story\nwith no fields\n",
                 "From: the start of a story\nwith no fields\n", "");
    assert_split("What he wrote: nothing.\n", "What he wrote: nothing.\n", "");
}

static void previews_skip_quotations_and_filler(void)
{
    struct mime_mail *mail = parse(
        "Content-Type: text/html; charset=utf-8\n\n<style>p{}</style><title>t</title>"
        "<div>Hi&nbsp;&zwnj;&nbsp;&zwnj;\u034f\u034f <b>you</b></div><blockquote>old</blockquote>");
    struct mail_summary *summary = mime_summary(mail);
    g_assert_cmpstr(summary->preview, ==, "Hi you");
    mail_summary_free(summary);
    mime_mail_free(mail);
    GString *chinese = g_string_new("Content-Type: text/plain; charset=utf-8\n\n");
    for (int i = 0; i < 500; i++)
        g_string_append(chinese, "字 ");
    mail = parse(chinese->str);
    summary = mime_summary(mail);
    g_assert_cmpint(g_utf8_strlen(summary->preview, -1), ==, 256);
    mail_summary_free(summary);
    mime_mail_free(mail);
    g_string_free(chinese, TRUE);
}

static void assert_html(const char *html, const char *expected)
{
    g_autofree char *text = mime_html_to_text(html, -1, 0);
    g_assert_cmpstr(text, ==, expected);
}

static void html_becomes_text(void)
{
    assert_html("<p>One</p><p>Two &amp; <b>three</b><br>four", "One\n\nTwo & three\nfour\n");
    assert_html("<ul><li>a<li>b</ul><ol><li>c<li>d</ol>", "- a\n- b\n\n1. c\n2. d\n");
    assert_html("<div>a</div><div>b</div>c <a href=http://x>d</a>", "a\nb\nc d\n");
    assert_html("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc\n");
    assert_html("x<blockquote>q<br>r<blockquote>s</blockquote></blockquote>y",
                "x\n\n> q\n> r\n>\n> > s\n\ny\n");
    assert_html("<pre>a\n  b</pre>", "a\n  b\n");
    assert_html("<script>x</script><style>y</style><!-- z -->a", "a\n");
    assert_html("&#8364;&euro;&#x20AC;&nosuch;&#128;", "€€€&nosuch;€\n");
    assert_html("", "");
    assert_html("<b>w</b>ord soft&shy;ly wide<wbr>ly", "word soft\u00adly widely\n");
    assert_html("<a><img alt=Facebook></a><a><img alt=Twitter></a>us<img alt=''>ed",
                "Facebook Twitter used\n");
    assert_html("<figure>a<figcaption>b</figcaption></figure>"
                "<details><summary>c</summary>d</details><button>e</button><button>f</button>",
                "a\nb\n\nc\nd\ne f\n");
}

static void a_limit_never_cuts_a_character(void)
{
    struct mime_mail *mail = parse("Content-Type: text/plain; charset=utf-8\n\naé你🙂b");
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t max = 1; max < G_N_ELEMENTS(whole); max++) {
        bool problem = true;
        g_autofree char *text = mime_part_text(mail, 0, max, &problem);
        g_assert_false(problem);
        g_assert_cmpuint(strlen(text), ==, whole[max]);
    }
    mime_mail_free(mail);
}

static void attached_messages_are_readable(void)
{
    struct mime_mail *mail =
        parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nouter\n--b\n"
              "Content-Type: message/rfc822\n\nSubject: inner subject\n\ninner text\n--b--\n");
    g_autofree char *text = mime_plain_text(mail, 0, NULL);
    g_assert_nonnull(strstr(text, "outer\ninner subject\n"));
    g_assert_nonnull(strstr(text, "inner text"));
    g_autofree char *few = mime_plain_text(mail, 3, NULL);
    g_assert_cmpstr(few, ==, "out");
    mime_mail_free(mail);
}

static void names_in_attached_messages_are_names(void)
{
    struct mime_mail *mail =
        parse("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nouter\n--b\n"
              "Content-Type: message/rfc822; name=fwd.eml\n\n"
              "Content-Type: multipart/mixed; boundary=c\n\n--c\n\ninner\n--c\n"
              "Content-Type: application/pdf; name=offer.pdf\n\nx\n--c--\n--b\n"
              "Content-Type: image/png; name=last.png\n\nx\n--b--\n");
    g_autofree char *names = mime_file_names(mail);
    g_assert_cmpstr(names, ==, "fwd.eml\noffer.pdf\nlast.png");
    mime_mail_free(mail);
}

/* Alternatives do not always say the same, and either may be the one that is shown. */
static void what_is_passed_over_can_be_had(void)
{
    struct mime_mail *mail =
        parse("Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain words\n--b\n"
              "Content-Type: text/html\n\n<p>page words</p>\n--b--\n");
    g_autofree char *text = mime_plain_text(mail, 0, NULL);
    g_assert_cmpstr(text, ==, "plain words");
    g_autofree char *other = mime_passed_over_text(mail, 0);
    g_assert_cmpstr(other, ==, "page words\n");
    g_autofree char *few = mime_passed_over_text(mail, 4);
    g_assert_cmpstr(few, ==, "page");
    mime_mail_free(mail);
    mail = parse("Content-Type: message/rfc822\n\nSubject: s\n"
                 "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\n"
                 "Content-Type: text/html\n\n<p>page</p>\n--b--\n");
    g_autofree char *page = mime_plain_text(mail, 0, NULL);
    g_assert_nonnull(strstr(page, "page"));
    g_autofree char *blank = mime_passed_over_text(mail, 0);
    g_assert_null(strstr(blank, "page"));
    mime_mail_free(mail);
    mail = parse("Subject: one\n\nbody\n");
    g_autofree char *none = mime_passed_over_text(mail, 0);
    g_assert_cmpstr(none, ==, "");
    mime_mail_free(mail);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_set_converter(text_to_utf8);
    g_test_add_func("/mime/body/rfc-example", the_rfc_example_comes_out_as_printed);
    g_test_add_func("/mime/body/paper-clips", paper_clips_are_for_files);
    g_test_add_func("/mime/body/file-names", file_names_are_decoded_and_tame);
    g_test_add_func("/mime/body/content", content_is_decoded);
    g_test_add_func("/mime/body/broken", broken_structures_show_their_text);
    g_test_add_func("/mime/body/quotations", quotations_are_found_in_six_languages);
    g_test_add_func("/mime/body/previews", previews_skip_quotations_and_filler);
    g_test_add_func("/mime/body/html", html_becomes_text);
    g_test_add_func("/mime/body/names-within", names_in_attached_messages_are_names);
    g_test_add_func("/mime/body/passed-over", what_is_passed_over_can_be_had);
    g_test_add_func("/mime/body/limit", a_limit_never_cuts_a_character);
    g_test_add_func("/mime/body/attached", attached_messages_are_readable);
    return g_test_run();
}

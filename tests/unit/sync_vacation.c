/* RFC 3834: the answer of a vacation response, as it goes out. */
#include "sync/vacation.h"

#include "mime/mime.h"

#include <string.h>

struct one {
    struct store_vacation_due due;
    struct mime_mail *mail;
};

static void open_due(struct one *one)
{
    *one = (struct one){.due = {.id = 1,
                                .account = 1,
                                .to = g_strdup("bea@example.org"),
                                .address = g_strdup("ann@mail.example"),
                                .name = g_strdup("Ann \xc3\x9c."),
                                .summary = mail_summary_new(),
                                .vacation = {.enabled = true, .from = INT64_MIN, .to = INT64_MIN}}};
    one->due.summary->message_id = g_strdup("two@example.org");
    one->due.summary->references = g_strsplit("zero@example.org one@example.org", " ", -1);
    one->due.summary->subject = g_strdup("Caf\xc3\xa9?");
}

static void compose(struct one *one)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = vacation_compose(&one->due, 1767225600, "mine@mail.example", &error);

    g_assert_no_error(error);
    g_clear_pointer(&one->mail, mime_mail_free);
    one->mail = mime_parse(raw);
}

static void close_due(struct one *one)
{
    g_clear_pointer(&one->mail, mime_mail_free);
    g_free(one->due.to);
    g_free(one->due.address);
    g_free(one->due.name);
    mail_summary_free(one->due.summary);
    store_vacation_clear(&one->due.vacation);
}

/* The field's value as text; NULL: there is none, or it is there twice. (transfer full) */
static char *field(const struct one *one, const char *name)
{
    size_t count, found = 0;
    const struct mime_header *headers = mime_headers(one->mail, -1, &count);
    const char *value = NULL;

    for (size_t i = 0; i < count; i++)
        if (g_ascii_strcasecmp(headers[i].name, name) == 0) {
            value = headers[i].value;
            found++;
        }
    return found == 1 ? mime_form_text(value) : NULL;
}

static void expect(const struct one *one, const char *name, const char *wanted)
{
    g_autofree char *value = field(one, name);

    g_assert_cmpstr(value, ==, wanted);
}

static void test_header(void)
{
    struct one one;

    open_due(&one);
    compose(&one);
    expect(&one, "From", "Ann \xc3\x9c. <ann@mail.example>");
    expect(&one, "To", "bea@example.org");
    expect(&one, "Subject", "Auto: Caf\xc3\xa9?");
    expect(&one, "Auto-Submitted", "auto-replied");
    expect(&one, "X-Auto-Response-Suppress", "All");
    expect(&one, "Message-ID", "<mine@mail.example>");
    expect(&one, "In-Reply-To", "<two@example.org>");
    expect(&one, "References", "<zero@example.org> <one@example.org> <two@example.org>");
    expect(&one, "Date", "Thu, 1 Jan 2026 00:00:00 +0000");
    expect(&one, "Cc", NULL);
    /* Another responder would not answer it, nor would this one. */
    g_assert_null(mime_answer_to(one.mail));
    close_due(&one);
}

static void test_references(void)
{
    struct one one;

    open_due(&one);
    g_clear_pointer(&one.due.summary->references, g_strfreev);
    one.due.summary->in_reply_to = g_strsplit("one@example.org", " ", -1);
    compose(&one);
    expect(&one, "References", "<one@example.org> <two@example.org>");
    g_clear_pointer(&one.due.summary->message_id, g_free);
    compose(&one);
    expect(&one, "In-Reply-To", NULL);
    expect(&one, "References", NULL);
    close_due(&one);
}

static void test_subject(void)
{
    struct one one;
    g_autofree char *lengthy = g_strnfill(5000, 'x'), *value = NULL;

    open_due(&one);
    g_free(one.due.summary->subject);
    one.due.summary->subject = g_steal_pointer(&lengthy);
    compose(&one);
    value = field(&one, "Subject");
    g_assert_true(g_str_has_prefix(value, "Auto: xxx"));
    g_assert_cmpuint(strlen(value), <, 300);
    g_clear_pointer(&one.due.summary->subject, g_free);
    compose(&one);
    expect(&one, "Subject", "Auto: Your message");
    one.due.vacation.subject = g_strdup("Away until \xe5\x91\xa8\xe4\xb8\x80");
    compose(&one);
    expect(&one, "Subject", "Away until \xe5\x91\xa8\xe4\xb8\x80");
    close_due(&one);
}

static void expect_body(struct one *one, const char *text, const char *html)
{
    g_autofree char *plain = NULL, *marked = NULL;
    size_t texts, htmls;
    const int *text_body, *html_body;

    compose(one);
    text_body = mime_text_body(one->mail, &texts);
    html_body = mime_html_body(one->mail, &htmls);
    g_assert_cmpuint(texts, ==, 1);
    g_assert_cmpuint(htmls, ==, 1);
    plain = mime_part_text(one->mail, (size_t)text_body[0], 0, NULL);
    marked = mime_part_text(one->mail, (size_t)html_body[0], 0, NULL);
    g_assert_cmpstr(g_strstrip(plain), ==, text);
    g_assert_cmpstr(g_strstrip(marked), ==, html != NULL ? html : text);
}

static void test_body(void)
{
    struct one one;

    open_due(&one);
    expect_body(&one, "Thank you for your message. I am away and may not read it for some time.",
                NULL);
    one.due.vacation.html = g_strdup("<p>Back <b>soon</b></p>");
    expect_body(&one, "Back soon", "<p>Back <b>soon</b></p>");
    one.due.vacation.text = g_strdup("Away.");
    expect_body(&one, "Away.", "<p>Back <b>soon</b></p>");
    g_clear_pointer(&one.due.vacation.html, g_free);
    expect_body(&one, "Away.", NULL);
    close_due(&one);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/vacation/header", test_header);
    g_test_add_func("/sync/vacation/references", test_references);
    g_test_add_func("/sync/vacation/subject", test_subject);
    g_test_add_func("/sync/vacation/body", test_body);
    return g_test_run();
}

#include "mime/mime.h"

#include <string.h>

static struct mail_summary *new_summary(void)
{
    struct mail_summary *summary = mail_summary_new();
    mail_addresses_add(&summary->from, "Ada", "ada@example.org");
    mail_addresses_add(&summary->to, NULL, "bob@example.org");
    summary->subject = g_strdup("Hello");
    summary->sent_at = 1700000000;
    summary->sent_offset = -90;
    return summary;
}

static char *compose(const struct mime_draft *draft)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mime_compose(draft, &error);
    g_assert_no_error(error);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static struct mime_mail *parse(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return mime_parse(bytes);
}

/* CRLF only, 7-bit, no line over 998: what every server takes. */
static void assert_fit_for_the_wire(const char *message)
{
    size_t line = 0;
    for (const char *p = message; *p != '\0'; p++) {
        g_assert_cmpint(*p, >, 0);
        if (*p == '\r')
            g_assert_cmpint(p[1], ==, '\n');
        if (*p == '\n')
            g_assert_cmpint(p[-1], ==, '\r');
        line = *p == '\n' ? 0 : line + 1;
        g_assert_cmpuint(line, <=, 998 + 1);
    }
}

static void assert_bytes(GBytes *bytes, const char *wanted)
{
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_assert_cmpstr(text, ==, wanted);
}

static void a_plain_message_is_written(void)
{
    struct mail_summary *summary = new_summary();
    struct mime_draft draft = {.summary = summary, .text = "Hi\nthere\n"};
    g_autofree char *message = compose(&draft);
    g_assert_cmpstr(message, ==,
                    "Date: Tue, 14 Nov 2023 20:43:20 -0130\r\nFrom: Ada <ada@example.org>\r\n"
                    "To: bob@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=us-ascii\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n\r\nHi\r\nthere\r\n");
    mail_summary_free(summary);
}

static void structure_follows_content(void)
{
    struct mail_summary *summary = new_summary();
    g_autoptr(GBytes) png = g_bytes_new_static("\x89PNG", 4);
    struct mime_attachment files[] = {{"image/png", "a.png", "inline", "c1@x", png},
                                      {"application/pdf", "b.pdf", "attachment", NULL, png}};
    struct mime_draft draft = {.summary = summary,
                               .text = "t",
                               .html = "<img src=cid:c1@x>",
                               .attachments = files,
                               .attachment_count = 2};
    g_autofree char *message = compose(&draft);
    struct mime_mail *mail = parse(message);
    static const char *const types[] = {"multipart/mixed", "multipart/alternative",
                                        "text/plain",      "multipart/related",
                                        "text/html",       "image/png",
                                        "application/pdf"};
    g_assert_cmpuint(mime_part_count(mail), ==, G_N_ELEMENTS(types));
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        g_assert_cmpstr(mime_part(mail, i)->type, ==, types[i]);
    g_assert_cmpstr(mime_part(mail, 5)->cid, ==, "c1@x");
    mime_mail_free(mail);
    mail_summary_free(summary);
}

static void bcc_is_kept_only_in_drafts(void)
{
    struct mail_summary *summary = new_summary();
    mail_addresses_add(&summary->bcc, NULL, "secret@example.org");
    const struct mime_header extra = {"Bcc", "other@example.org"};
    struct mime_draft draft = {.summary = summary, .text = "x", .extra = &extra, .extra_count = 1};
    g_autofree char *sent = compose(&draft);
    g_assert_null(strstr(sent, "secret"));
    g_assert_null(strstr(sent, "other"));
    draft.keep_bcc = true;
    g_autofree char *kept = compose(&draft);
    g_assert_nonnull(strstr(kept, "secret"));
    g_autoptr(GBytes) bytes = g_bytes_new(kept, strlen(kept));
    g_autoptr(GBytes) stripped = mime_without_bcc(bytes);
    assert_bytes(stripped, sent);
    mail_summary_free(summary);
}

static void folded_bcc_goes_whole(void)
{
    static const char message[] =
        "To: a@b\r\nBCC : x@y,\r\n z@w\r\nResent-Bcc: q@r\r\nSubject: s\r\n\r\nBcc: body\r\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(message, strlen(message));
    g_autoptr(GBytes) stripped = mime_without_bcc(bytes);
    static const char expected[] = "To: a@b\r\nSubject: s\r\n\r\nBcc: body\r\n";
    assert_bytes(stripped, expected);
}

static void assert_refused(const struct mime_draft *draft, const char *property)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(mime_compose(draft, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    g_assert_true(g_str_has_prefix(error->message, property));
}

static void replace(char **string, const char *value)
{
    g_free(*string);
    *string = g_strdup(value);
}

static void line_breaks_are_refused(void)
{
    static const char *const breaks[] = {"a\r\nBcc: x@y", "a\nb", "a\rb"};
    for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++) {
        struct mail_summary *summary = new_summary();
        struct mime_draft draft = {.summary = summary, .text = "x"};
        replace(&summary->subject, breaks[i]);
        assert_refused(&draft, "subject");
        replace(&summary->subject, "fine");
        replace(&summary->from.items[0].name, breaks[i]);
        assert_refused(&draft, "from");
        replace(&summary->from.items[0].name, "fine");
        replace(&summary->to.items[0].email, breaks[i]);
        assert_refused(&draft, "to");
        replace(&summary->to.items[0].email, "a@b");
        replace(&summary->message_id, breaks[i]);
        assert_refused(&draft, "messageId");
        replace(&summary->message_id, "a@b");
        struct mime_header extra = {"X-A", breaks[i]};
        draft.extra = &extra;
        draft.extra_count = 1;
        assert_refused(&draft, "headers");
        extra = (struct mime_header){breaks[i], "x"};
        assert_refused(&draft, "headers");
        draft.extra_count = 0;
        g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
        struct mime_attachment file = {"text/plain", breaks[i], "attachment", NULL, bytes};
        draft.attachments = &file;
        draft.attachment_count = 1;
        assert_refused(&draft, "attachments/0/name");
        file = (struct mime_attachment){breaks[i], "n", "attachment", NULL, bytes};
        assert_refused(&draft, "attachments/0/type");
        mail_summary_free(summary);
    }
}

static void addresses_cannot_smuggle_others(void)
{
    static const char *const bad[] = {"a@b>, <c@d", "a@b, c@d", "",      "a b@c",
                                      "<a@b>",      "\"a@b",    "a@b(x)"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct mail_summary *summary = new_summary();
        struct mime_draft draft = {.summary = summary, .text = "x"};
        replace(&summary->to.items[0].email, bad[i]);
        assert_refused(&draft, "to");
        mail_summary_free(summary);
    }
}

static char *random_text(int max, bool lines)
{
    static const char *const words[] = {"Grüße", "你好世界", "шлях", "İstanbul", "שלום",
                                        "a",     "Hello",    " ",    "  ",       "=?utf-8?q?x?=",
                                        "\"",    "\\",       ",",    "(",        ")",
                                        "<b>",   "@",        ":",    ";",        "=",
                                        "🙂",  "é",        "_",    "?",        ".",
                                        "--",    "From ",    "\t"};
    GString *out = g_string_new(NULL);
    int count = g_test_rand_int_range(1, max);
    for (int i = 0; i < count; i++) {
        const char *word = words[g_test_rand_int_range(0, (int)G_N_ELEMENTS(words))];
        g_string_append(out, !lines && *word == '\t' ? "x" : word);
        if (lines && g_test_rand_int_range(0, 6) == 0)
            g_string_append_c(out, '\n');
    }
    g_strstrip(out->str);
    return g_string_free(out, FALSE);
}

static void assert_same_addresses(const struct mail_addresses *a, const struct mail_addresses *b)
{
    g_assert_cmpuint(a->count, ==, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const char *name = a->items[i].name;
        g_assert_cmpstr(name != NULL && *name == '\0' ? NULL : name, ==, b->items[i].name);
        g_assert_cmpstr(a->items[i].email, ==, b->items[i].email);
    }
}

static void random_addresses(struct mail_addresses *list)
{
    static const char *const emails[] = {"a@example.org", "\"a b\"@example.org",
                                         "x+y=z@sub.example.org", "o'neil@example.org",
                                         "u@[192.0.2.1]"};
    int count = g_test_rand_int_range(0, 12);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_test_rand_int_range(0, 4) > 0 ? random_text(9, false) : NULL;
        mail_addresses_add(list, name, emails[g_test_rand_int_range(0, (int)G_N_ELEMENTS(emails))]);
    }
}

/* A message ends in a line end, whether its text did or not; in a multipart the text is exact. */
static void assert_same_text(const char *wanted, const char *got)
{
    g_autofree char *whole = g_strconcat(wanted, "\n", NULL);
    if (strcmp(whole, got) != 0)
        g_assert_cmpstr(wanted, ==, got);
}

static void check_round_trip(const struct mime_draft *draft)
{
    g_autofree char *message = compose(draft);
    assert_fit_for_the_wire(message);
    struct mime_mail *mail = parse(message);
    struct mail_summary *summary = mime_summary(mail);
    const struct mail_summary *wanted = draft->summary;
    g_assert_cmpstr(summary->subject, ==, wanted->subject);
    g_assert_cmpstr(summary->message_id, ==, wanted->message_id);
    g_assert_cmpint(summary->sent_at, ==, wanted->sent_at);
    g_assert_cmpint(summary->sent_offset, ==, wanted->sent_offset);
    assert_same_addresses(&wanted->from, &summary->from);
    assert_same_addresses(&wanted->to, &summary->to);
    assert_same_addresses(&wanted->cc, &summary->cc);
    g_assert_true(g_strv_equal((const char *const *)wanted->references,
                               (const char *const *)summary->references));
    size_t count = 0;
    const int *attachments = mime_attachments(mail, &count);
    g_assert_cmpuint(count, ==, draft->attachment_count);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpstr(mime_part(mail, (size_t)attachments[i])->name, ==,
                        draft->attachments[i].name);
        g_autoptr(GBytes) bytes = mime_part_bytes(mail, (size_t)attachments[i], 0);
        g_assert_true(g_bytes_equal(bytes, draft->attachments[i].bytes));
    }
    const int *text = mime_text_body(mail, &count);
    g_assert_cmpuint(count, >, 0);
    g_autofree char *body = mime_part_text(mail, (size_t)text[0], 0, NULL);
    assert_same_text(draft->text, body);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static void random_messages_survive_the_round_trip(void)
{
    for (int round = 0; round < 400; round++) {
        struct mail_summary *summary = mail_summary_new();
        summary->subject = random_text(40, false);
        summary->message_id = mime_new_message_id("a@example.org");
        summary->sent_at = g_test_rand_int_range(0, G_MAXINT32);
        summary->sent_offset = g_test_rand_int_range(-12 * 60, 14 * 60);
        random_addresses(&summary->from);
        random_addresses(&summary->to);
        random_addresses(&summary->cc);
        summary->references = g_new0(char *, 41);
        for (int i = 0; i < 40; i++)
            summary->references[i] = g_strdup_printf("%d.%d@mail.example.org", i, round);
        g_autofree char *text = random_text(200, true);
        g_autofree char *html = g_strdup_printf("<p>%s</p>", text);
        g_autofree char *raw = random_text(30, false);
        g_autofree char *name = g_strconcat("f", g_strdelimit(raw, "/\\", '_'), NULL);
        g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
        struct mime_attachment file = {"application/x-test", name, "attachment", NULL, bytes};
        struct mime_draft draft = {.summary = summary,
                                   .text = text,
                                   .html = round % 2 ? html : NULL,
                                   .attachments = &file,
                                   .attachment_count = (size_t)(round % 3 ? 1 : 0)};
        g_strstrip(name);
        if (strlen(name) > 200 || strstr(name, "=?") != NULL || *name == '\0')
            file.name = "plain.txt";
        check_round_trip(&draft);
        mail_summary_free(summary);
    }
}

static void long_things_are_folded(void)
{
    struct mail_summary *summary = new_summary();
    g_autofree char *word = g_strnfill(5000, 'x');
    replace(&summary->subject, word);
    replace(&summary->to.items[0].name, word);
    struct mime_draft draft = {.summary = summary, .text = word};
    g_autofree char *message = compose(&draft);
    assert_fit_for_the_wire(message);
    struct mime_mail *mail = parse(message);
    struct mail_summary *back = mime_summary(mail);
    g_assert_cmpstr(back->subject, ==, word);
    g_assert_cmpstr(back->to.items[0].name, ==, word);
    mail_summary_free(back);
    mime_mail_free(mail);
    mail_summary_free(summary);
}

static void attached_messages_stay_as_they_are(void)
{
    struct mail_summary *summary = new_summary();
    g_autoptr(GBytes) inner = g_bytes_new_static("Subject: x\r\n\r\nbody\r\n", 20);
    struct mime_attachment file = {"message/rfc822", "x.eml", "attachment", NULL, inner};
    struct mime_draft draft = {.summary = summary,
                               .text = "t",
                               .attachments = &file,
                               .attachment_count = 1};
    g_autofree char *message = compose(&draft);
    struct mime_mail *mail = parse(message);
    g_autoptr(GBytes) back = mime_part_bytes(mail, 2, 0);
    g_assert_true(g_bytes_equal(back, inner));
    g_assert_nonnull(strstr(message, "Content-Transfer-Encoding: 7bit\r\n\r\nSubject: x\r\n"));
    mime_mail_free(mail);
    mail_summary_free(summary);
}

static void message_ids_take_the_address_domain(void)
{
    g_autofree char *id = mime_new_message_id("ada@example.org");
    g_autofree char *other = mime_new_message_id("ada@example.org");
    g_assert_true(g_str_has_suffix(id, "@example.org"));
    g_assert_cmpstr(id, !=, other);
    g_autofree char *hostile = mime_new_message_id("ada@exa>mple\r\n.org");
    g_assert_null(strpbrk(hostile, "<>\r\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/compose/plain", a_plain_message_is_written);
    g_test_add_func("/mime/compose/structure", structure_follows_content);
    g_test_add_func("/mime/compose/bcc", bcc_is_kept_only_in_drafts);
    g_test_add_func("/mime/compose/folded-bcc", folded_bcc_goes_whole);
    g_test_add_func("/mime/compose/line-breaks", line_breaks_are_refused);
    g_test_add_func("/mime/compose/smuggling", addresses_cannot_smuggle_others);
    g_test_add_func("/mime/compose/round-trip", random_messages_survive_the_round_trip);
    g_test_add_func("/mime/compose/folding", long_things_are_folded);
    g_test_add_func("/mime/compose/attached-message", attached_messages_stay_as_they_are);
    g_test_add_func("/mime/compose/message-id", message_ids_take_the_address_domain);
    return g_test_run();
}

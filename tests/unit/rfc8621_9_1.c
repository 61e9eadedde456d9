/* RFC 8621, 9.1: heuristics for charsets can be turned off. */
#include "mime/mime.h"
#include "text/text.h"

#include <string.h>

struct sample {
    const char *type, *body, *guessed, *literal;
    bool problem; /* where nothing is guessed */
};

static const struct sample samples[] = {
    {"text/plain", "caf\xe9", "caf\u00e9", "caf\ufffd", true},
    {"text/plain", "caf\xc3\xa9", "caf\u00e9", "caf\ufffd\ufffd", true},
    {"text/plain; charset=us-ascii", "caf\xe9", "caf\u00e9", "caf\ufffd", true},
    {"text/plain; charset=iso-8859-1",
     "\x93"
     "caf\xe9\x94",
     "\u201ccaf\u00e9\u201d",
     "\xc2\x93"
     "caf\u00e9\xc2\x94",
     false},
    {"text/plain; charset=iso-8859-1", "caf\xc3\xa9", "caf\u00e9", "caf\u00c3\u00a9", false},
    {"text/plain; charset=utf-8", "caf\xc3\xa9", "caf\u00e9", "caf\u00e9", false},
    {"text/plain; charset=koi8-r", "\xc4\xc1", "\u0434\u0430", "\u0434\u0430", false},
    {"text/plain; charset=utf-7", "+ADw-b+AD4-", "<b>", "+ADw-b+AD4-", true},
    {"text/plain; charset=unicode-1-1-utf-7", "+ADw-b+AD4-", "<b>", "+ADw-b+AD4-", true},
    {"text/plain; charset=nonsense", "caf\xc3\xa9", "caf\u00e9", "caf\ufffd\ufffd", true},
    {"text/html", "<meta charset=koi8-r>\xc4\xc1", "<meta charset=koi8-r>\u0434\u0430",
     "<meta charset=koi8-r>\ufffd\ufffd", true},
};

static void assert_text(const struct sample *sample, bool literal)
{
    g_autofree char *raw = g_strdup_printf("Content-Type: %s\n\n%s", sample->type, sample->body);
    g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
    struct mime_mail *mail = mime_parse(bytes);
    bool problem = !sample->problem;
    mime_read_charsets_as_named(literal);
    g_autofree char *text = mime_part_text(mail, 0, 0, &problem);
    mime_read_charsets_as_named(false);
    g_assert_cmpstr(text, ==, literal ? sample->literal : sample->guessed);
    if (literal)
        g_assert_cmpint(problem, ==, sample->problem);
    mime_mail_free(mail);
}

static void texts_are_read_as_named(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
        assert_text(&samples[i], false);
        assert_text(&samples[i], true);
    }
}

static void header_words_are_read_as_named(void)
{
    static const char *const hidden = "=?utf-7?q?+ADw-b+AD4-?=";
    mime_read_charsets_as_named(true);
    g_autofree char *kept = mime_form_text(hidden);
    g_autofree char *latin = mime_form_text("=?iso-8859-1?q?caf=C3=A9?=");
    mime_read_charsets_as_named(false);
    g_autofree char *read = mime_form_text(hidden);
    g_assert_cmpstr(kept, ==, hidden);
    g_assert_cmpstr(latin, ==, "caf\u00c3\u00a9");
    g_assert_cmpstr(read, ==, "<b>");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_set_converter(text_to_utf8);
    g_test_add_func("/rfc8621/9.1/texts-as-named", texts_are_read_as_named);
    g_test_add_func("/rfc8621/9.1/header-words-as-named", header_words_are_read_as_named);
    return g_test_run();
}

/* Which attachments are read for their words, and as what. */
#include "mime/readable.h"

#include <string.h>

#define HEAD                                                                                       \
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n"

static bool note_kind(const struct mime_readable *readable, void *arg)
{
    g_string_append_printf(arg, "%s%s", readable->kind, readable->charset != NULL ? "+ " : " ");
    return true;
}

/* The kinds of a mail's readable attachments, "+" behind those with a charset. */
static char *kinds_of(const char *parts)
{
    g_autofree char *text = g_strconcat(HEAD, parts, "--b--\r\n", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    struct mime_mail *mail = mime_parse(bytes);
    GString *kinds = g_string_new(NULL);
    mime_each_readable(mail, note_kind, kinds);
    g_assert_true(mime_has_readable(mail) == (kinds->len > 0));
    mime_mail_free(mail);
    return g_strchomp(g_string_free(kinds, FALSE));
}

#define ATTACHED(type, name, content)                                                              \
    "--b\r\nContent-Type: " type "\r\nContent-Disposition: attachment; filename=\"" name           \
    "\"\r\n\r\n" content "\r\n"
#define ENCODED(type, name, content)                                                               \
    "--b\r\nContent-Type: " type "\r\nContent-Transfer-Encoding: base64\r\n"                       \
    "Content-Disposition: attachment; filename=\"" name "\"\r\n\r\n" content "\r\n"

static void test_kinds(void)
{
    const struct {
        const char *parts, *kinds;
    } cases[] = {
        {"", ""},
        {ATTACHED("application/octet-stream", "x", "%PDF-1.4 ..."), "pdf"},
        {ATTACHED("text/plain", "x.txt", "%PDF-1.4 ..."), "pdf"},
        {ENCODED("application/octet-stream", "x.docx", "UEsDBAAAAAA="), "office"},
        /* What a document that is encrypted begins with, and an old one. */
        {ENCODED("application/octet-stream", "x.DOCX", "0M8R4KGxGuEAAAAA"), "office"},
        {ENCODED("application/msword", "x.doc", "0M8R4KGxGuEAAAAA"), ""},
        {ATTACHED("text/plain; charset=utf-8", "x.txt", "words"), "text+"},
        {ATTACHED("text/plain; charset=\"bad name\"", "x.txt", "words"), "text"},
        {ATTACHED("text/html", "x", "<p>words"), "html"},
        {ATTACHED("text/html", "x", "<meta charset='windows-1254'><p>words"), "html+"},
        {ATTACHED("application/octet-stream", "X.CSV", "a;b"), "text"},
        {ATTACHED("application/octet-stream", "x.bin", "words"), ""},
        /* "\0\1\2\3" */
        {ENCODED("text/plain", "x.txt", "AAECAw=="), ""},
        /* "\xff\xfeH\0i\0" */
        {ENCODED("text/plain", "x.txt", "//5IAGkA"), "text"},
        {ATTACHED("image/png", "x.png", "%PDF-1.4 ..."), ""},
        {ATTACHED("application/rtf", "x.txt", "{\\rtf1 words}"), ""},
        {ATTACHED("application/pgp-keys", "k.txt", "words"), ""},
        {ATTACHED("text/plain", "empty.txt", ""), ""},
        {ATTACHED("image/png", "x.png", "...") ATTACHED("text/csv", "x.csv", "a,b")
             ATTACHED("application/pdf", "x.pdf", "%PDF-1.4"),
         "text pdf"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *kinds = kinds_of(cases[i].parts);
        g_assert_cmpstr(kinds, ==, cases[i].kinds);
    }
}

static void test_attached_messages(void)
{
    g_autofree char *kinds = kinds_of(
        "--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
        "Subject: inner\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        "--c\r\n\r\ntext\r\n--c\r\nContent-Type: application/pdf\r\nContent-Disposition: "
        "attachment\r\n\r\n%PDF-1.4\r\n--c--\r\n");
    g_assert_cmpstr(kinds, ==, "pdf");
}

static void test_bounded(void)
{
    GString *parts = g_string_new(NULL);
    for (int i = 0; i < MIME_READABLE_PARTS + 20; i++)
        g_string_append(parts, ATTACHED("text/plain", "x.txt", "words"));
    g_autofree char *kinds = kinds_of(parts->str);
    g_auto(GStrv) each = g_strsplit(kinds, " ", -1);
    g_assert_cmpuint(g_strv_length(each), ==, MIME_READABLE_PARTS);
    g_string_free(parts, TRUE);
}

static bool note_large(const struct mime_readable *readable, void *arg)
{
    *(int *)arg += readable->too_large ? 100 : 1;
    return true;
}

/* It is told of, so that it can be counted. */
static void test_large(void)
{
    g_autofree char *words = g_strnfill(2 * MIME_READABLE_BYTES, 'x');
    g_autofree char *text =
        g_strconcat(HEAD, ATTACHED("text/plain", "x.txt", "words"),
                    "--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment\r\n\r\n",
                    words, "\r\n--b--\r\n", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    struct mime_mail *mail = mime_parse(bytes);
    int seen = 0;
    mime_each_readable(mail, note_large, &seen);
    g_assert_cmpint(seen, ==, 101);
    mime_mail_free(mail);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/readable/kinds", test_kinds);
    g_test_add_func("/mime/readable/attached-messages", test_attached_messages);
    g_test_add_func("/mime/readable/bounded", test_bounded);
    g_test_add_func("/mime/readable/large", test_large);
    return g_test_run();
}

/* Inputs built to exhaust a stack, a processor or a memory, on the small stack of a worker. */
#include "mime/mime.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define STACK_BYTES ((size_t)1 << 20)
#define SECONDS_MAX 40

static char *repeated(const char *head, const char *piece, size_t count)
{
    GString *out = g_string_new(head);
    for (size_t i = 0; i < count; i++)
        g_string_append(out, piece);
    return g_string_free(out, FALSE);
}

static void read_whole(const char *text, size_t length)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, length);
    struct mime_mail *mail = mime_parse(bytes);
    mail_summary_free(mime_summary(mail));
    char *quoted = NULL;
    g_free(mime_plain_text(mail, 1 << 20, &quoted));
    g_free(quoted);
    g_free(mime_passed_over_text(mail, 1 << 20));
    g_assert_cmpuint(mime_part_count(mail), <=, MIME_PARTS_MAX);
    for (size_t i = 0; i < mime_part_count(mail); i++)
        g_assert_nonnull(mime_part(mail, i)->type);
    mime_mail_free(mail);
}

static void sanitise_whole(const char *html)
{
    struct mime_sanitise options = {0};
    struct mime_sanitised result;
    mime_sanitise(html, -1, &options, &result);
    g_assert_nonnull(result.html);
    mime_sanitised_clear(&result);
    g_free(mime_html_to_text(html, -1, 0));
}

static void *run_small(void *function)
{
    void (*test)(void) = NULL;
    memcpy(&test, function, sizeof test);
    test();
    return NULL;
}

/* Runs a test where the program runs parsers: in a thread with 1 MiB of stack, and in bounded time.
 */
static void on_a_small_stack(gconstpointer data)
{
    void (*test)(void) = NULL;
    memcpy(&test, data, sizeof test);
    pthread_attr_t attributes;
    pthread_t thread;
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    g_assert_cmpint(pthread_create(&thread, &attributes, run_small, &test), ==, 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    g_assert_cmpint(end.tv_sec - start.tv_sec, <, SECONDS_MAX);
}

static void nested_groups(void)
{
    g_autofree char *mail = repeated("To: ", "g:", 500000);
    read_whole(mail, strlen(mail));
    g_autofree char *brackets = repeated("From: ", "(<\"", 200000);
    read_whole(brackets, strlen(brackets));
}

static void huge_header(void)
{
    g_autofree char *mail = repeated("Subject: ", "=?utf-8?q?x?= ", 300000);
    read_whole(mail, strlen(mail));
    g_autoptr(GBytes) bytes = g_bytes_new_static(mail, strlen(mail));
    struct mail_summary *summary = mime_summary_of_header(bytes);
    g_assert_cmpuint(strlen(summary->subject), <=, MIME_HEADER_MAX);
    mail_summary_free(summary);
    g_autofree char *params = repeated("Content-Type: text/plain", "; a*1*=x'", 30000);
    read_whole(params, strlen(params));
    g_autofree char *references = repeated("References:", " <a@b>", 60000);
    read_whole(references, strlen(references));
}

static void ten_thousand_parts(void)
{
    g_autofree char *mail =
        repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", 10000);
    g_autoptr(GBytes) bytes = g_bytes_new_static(mail, strlen(mail));
    struct mime_mail *parsed = mime_parse(bytes);
    g_assert_cmpuint(mime_part_count(parsed), ==, MIME_PARTS_MAX);
    const struct mime_part *last = mime_part(parsed, MIME_PARTS_MAX - 1);
    g_assert_cmpstr(last->type, ==, "application/octet-stream");
    g_assert_cmpuint(last->size, >, 50000); /* the rest, whole */
    mime_mail_free(parsed);
}

static void a_thousand_levels(void)
{
    GString *mail = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append_printf(mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
                               i);
    g_string_append(mail, "\nthe innermost text\n");
    g_autoptr(GBytes) bytes = g_bytes_new_static(mail->str, mail->len);
    struct mime_mail *parsed = mime_parse(bytes);
    g_assert_cmpuint(mime_part_count(parsed), ==, MIME_DEPTH_MAX);
    g_assert_cmpstr(mime_part(parsed, MIME_DEPTH_MAX - 1)->type, ==, "application/octet-stream");
    mime_mail_free(parsed);
    read_whole(mail->str, mail->len);
    g_string_free(mail, TRUE);
}

static void nested_messages(void)
{
    g_autofree char *mail = repeated("", "Content-Type: message/rfc822\n\n", 20000);
    read_whole(mail, strlen(mail));
}

static void boundary_lines(void)
{
    GString *mail = g_string_new(NULL);
    for (int i = 0; i < 300; i++)
        g_string_append_printf(mail, "Content-Type: multipart/mixed; boundary=%d\n\n--%d\n", i, i);
    for (int i = 0; i < 1000000; i++)
        g_string_append(mail, "--x\n");
    read_whole(mail->str, mail->len);
    g_string_free(mail, TRUE);
}

static void nested_elements(void)
{
    static const char *const pieces[] =
        {"<div>",        "<b>",        "<p><b id=x>",          "<table><tr><td>",
         "<a><p>",       "<svg>",      "<math><mi>",           "<select><option>",
         "<blockquote>", "<ul><li>",   "<font color=red><p>",  "<i><div></i>",
         "<dl><dd>",     "<template>", "<table><b>",           "<p><font size=1></p>",
         "</p>",         "</b><b>",    "<a href=x><table><a>", "<ruby><rt>",
         "<h1>"};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *html = repeated("", pieces[i], 20000);
        sanitise_whole(html);
    }
}

static void different_formatting(void)
{
    GString *html = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(html, "<p><b id=x%d><font color=%d></p>", i, i);
    sanitise_whole(html->str);
    g_string_free(html, TRUE);
}

static void many_attributes(void)
{
    GString *html = g_string_new("<div");
    for (int i = 0; i < 200000; i++)
        g_string_append_printf(html, " a%d=1", i);
    g_string_append(html, ">text</div>");
    sanitise_whole(html->str);
    g_string_free(html, TRUE);
}

static void open_ended(void)
{
    static const char *const pieces[] = {"<!--",
                                         "<style>",
                                         "<",
                                         "<a href=\"",
                                         "&",
                                         "&#x",
                                         "<![CDATA[",
                                         "<style>@media{",
                                         "<style>a{b:(",
                                         "<p style=\"a:'(\">",
                                         "</"};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autofree char *html = repeated("x", pieces[i], 100000);
        sanitise_whole(html);
    }
}

static void flattened_text_stays(void)
{
    g_autofree char *html = repeated("", "<div>", 1000);
    g_autofree char *page = g_strconcat(html, "deep text", NULL);
    struct mime_sanitise options = {0};
    struct mime_sanitised result;
    mime_sanitise(page, -1, &options, &result);
    g_assert_nonnull(strstr(result.html, "deep text"));
    mime_sanitised_clear(&result);
}

static void long_lines_of_quotes(void)
{
    g_autofree char *lines = repeated("\n", "From: 1 wrote\n", 100000);
    read_whole(lines, strlen(lines));
    g_autofree char *colons = repeated("\n", "On 1 a", 100000);
    read_whole(colons, strlen(colons));
}

static void endless_quotes_in_ids(void)
{
    static const char *const fields[] = {"Message-ID", "In-Reply-To", "References"};
    GString *mail = g_string_new(NULL);
    for (int i = 0; i < 30; i++) {
        g_autofree char *start = g_strdup_printf("%s: \"", fields[i % 3]);
        g_autofree char *field = repeated(start, "\\\"", 32000);
        g_string_append_printf(mail, "%s\n", field);
    }
    g_string_append(mail, "\ntext");
    read_whole(mail->str, mail->len);
    g_string_free(mail, TRUE);
}

static const struct {
    const char *name;
    void (*test)(void);
} tests[] = {
    {"/mime/limits/nested-groups", nested_groups},
    {"/mime/limits/huge-header", huge_header},
    {"/mime/limits/ten-thousand-parts", ten_thousand_parts},
    {"/mime/limits/a-thousand-levels", a_thousand_levels},
    {"/mime/limits/nested-messages", nested_messages},
    {"/mime/limits/boundary-lines", boundary_lines},
    {"/mime/limits/nested-elements", nested_elements},
    {"/mime/limits/different-formatting", different_formatting},
    {"/mime/limits/many-attributes", many_attributes},
    {"/mime/limits/open-ended", open_ended},
    {"/mime/limits/flattened-text-stays", flattened_text_stays},
    {"/mime/limits/quote-lines", long_lines_of_quotes},
    {"/mime/limits/quotes-in-ids", endless_quotes_in_ids},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].name, &tests[i].test, on_a_small_stack);
    return g_test_run();
}

/* Every message of the corpus through everything mime does to one, under the promises that hold for
 * any bytes. */
#include "corpus.h"
#include "html_check.h"
#include "mime/mime.h"
#include "text/text.h"

#include <string.h>
#include <time.h>

/* of processor time, whatever else the machine does */
#define SECONDS_MAX 60

static void assert_utf8(const char *text)
{
    g_assert_true(text == NULL || g_utf8_validate(text, -1, NULL));
}

static void check_addresses(const struct mail_addresses *list)
{
    for (size_t i = 0; i < list->count; i++) {
        assert_utf8(list->items[i].name);
        g_assert_nonnull(list->items[i].email);
        assert_utf8(list->items[i].email);
    }
}

static void check_summary(const struct mail_summary *summary)
{
    assert_utf8(summary->subject);
    assert_utf8(summary->message_id);
    assert_utf8(summary->base_subject);
    g_assert_nonnull(summary->base_subject);
    check_addresses(&summary->from);
    check_addresses(&summary->to);
    check_addresses(&summary->cc);
    check_addresses(&summary->reply_to);
    if (summary->preview != NULL) {
        assert_utf8(summary->preview);
        g_assert_cmpint(g_utf8_strlen(summary->preview, -1), <=, 256);
    }
}

static void check_part(struct mime_mail *mail, size_t index)
{
    const struct mime_part *part = mime_part(mail, index);
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, 0);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, part->is_multipart ? 0 : part->size);
    g_assert_nonnull(part->type);
    g_assert_true((part->part_id == NULL) == part->is_multipart);
    assert_utf8(part->name);
    assert_utf8(part->type);
    size_t count = 0;
    const struct mime_header *headers = mime_headers(mail, (int)index, &count);
    for (size_t i = 0; i < count; i++) {
        assert_utf8(headers[i].value);
        g_autofree char *text = mime_form_text(headers[i].value);
        assert_utf8(text);
        g_ptr_array_unref(mime_form_grouped(headers[i].value));
    }
    if (strcmp(part->type, "text/html") == 0) {
        g_autofree char *html = mime_part_text(mail, index, 0, NULL);
        assert_utf8(html);
        html_check_sanitised(html);
    }
}

static void check_mail(GBytes *bytes)
{
    struct mime_mail *mail = mime_parse(bytes);
    struct mail_summary *summary = mime_summary(mail);
    struct mail_summary *quick = mime_summary_of_header(bytes);
    check_summary(summary);
    check_summary(quick);
    g_assert_cmpstr(summary->message_id, ==, quick->message_id);
    for (size_t i = 0; i < mime_part_count(mail); i++)
        check_part(mail, i);
    char *quoted = NULL;
    g_autofree char *text = mime_plain_text(mail, 1 << 20, &quoted);
    assert_utf8(text);
    assert_utf8(quoted);
    g_autofree char *words = text_index_words(text, -1, 0);
    assert_utf8(words);
    g_free(quoted);
    g_autofree char *other = mime_passed_over_text(mail, 1 << 20);
    assert_utf8(other);
    mail_summary_free(quick);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static double seconds_used(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void every_message_reads_without_harm(void)
{
    const char *folder = corpus_folder();
    if (folder == NULL)
        return;
    mime_set_converter(text_to_utf8);
    g_autoptr(GPtrArray) mails = corpus_mails(folder);
    double begin = seconds_used();
    double slowest = 0;
    for (guint i = 0; i < mails->len; i++) {
        const struct corpus_mail *mail = g_ptr_array_index(mails, i);
        double start = seconds_used();
        check_mail(mail->bytes);
        double took = seconds_used() - start;
        if (took > slowest)
            g_test_message("slowest so far: %s, %.0f ms", mail->name, took * 1000);
        slowest = MAX(slowest, took);
    }
    g_test_message("%u messages in %.1f s", mails->len, seconds_used() - begin);
    g_assert_cmpuint(mails->len, >, 500);
    g_assert_cmpfloat(seconds_used() - begin, <, SECONDS_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mime/corpus/every-message", every_message_reads_without_harm);
    return g_test_run();
}

/* A summary as bytes: it comes back as it was, whatever follows it, and from damaged bytes too. */
#include "store/summary.h"

#include <string.h>

static struct mail_summary *make(const char *subject, const char *base, const char *preview)
{
    struct mail_summary *summary = mail_summary_new();
    summary->message_id = g_strdup("one@example.org");
    summary->subject = g_strdup(subject);
    summary->base_subject = g_strdup(base);
    summary->preview = g_strdup(preview);
    summary->sent_at = -5;
    summary->sent_offset = -720;
    summary->has_attachment = true;
    summary->hollow = MAIL_HOLLOW_MESSAGE_ID | MAIL_HOLLOW_TO;
    return summary;
}

static void check(const char *subject, const char *base)
{
    struct mail_summary *summary = make(subject, base, "the beginning");
    g_autoptr(GBytes) packed = summary_pack(summary);
    gsize length = 0;
    const void *bytes = g_bytes_get_data(packed, &length);
    g_autofree char *more = g_malloc0(length + 200);
    memcpy(more, bytes, length);
    struct mail_summary *again = summary_unpack(more, length + 200);
    g_assert_cmpstr(again->message_id, ==, "one@example.org");
    g_assert_cmpstr(again->subject, ==, subject);
    g_assert_cmpstr(again->base_subject, ==, base);
    g_assert_cmpstr(again->preview, ==, "the beginning");
    g_assert_cmpint(again->sent_at, ==, -5);
    g_assert_cmpint(again->sent_offset, ==, -720);
    g_assert_true(again->has_attachment);
    g_assert_cmpuint(again->hollow, ==, MAIL_HOLLOW_MESSAGE_ID | MAIL_HOLLOW_TO);
    mail_summary_free(again);
    for (gsize cut = 0; cut < length; cut++) {
        g_autofree char *part = g_memdup2(bytes, cut);
        mail_summary_free(summary_unpack(part, cut));
    }
    mail_summary_free(summary);
}

static void test_base_subjects(void)
{
    static const char *const pairs[][2] = {
        {"Re: Minutes of Monday", "minutes of monday"},
        {"minutes", "minutes"},
        {"Minutes (fwd)", "minutes"},
        {"Re: \303\204rger", "\303\244rger"},
        {"Re: \303\244rger mit P", "\303\244rger mit p"},
        {"Re:", ""},
        {"", ""},
        {"Short", "longer than its subject"},
        {"A", "A"},
        {NULL, "base"},
        {"Subject", NULL},
        {NULL, NULL},
        {NULL, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        check(pairs[i][0], pairs[i][1]);
}

/* It is in the subject, so it is not stored twice. */
static void test_base_subject_is_not_repeated(void)
{
    g_autofree char *long_subject = g_strnfill(500, 'X');
    g_autofree char *base = g_ascii_strdown(long_subject, -1);
    struct mail_summary *summary = make(long_subject, base, NULL);
    g_autoptr(GBytes) packed = summary_pack(summary);
    g_assert_cmpuint(g_bytes_get_size(packed), <, 600);
    mail_summary_free(summary);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/summary/base-subjects", test_base_subjects);
    g_test_add_func("/store/summary/base-subject-is-not-repeated",
                    test_base_subject_is_not_repeated);
    return g_test_run();
}

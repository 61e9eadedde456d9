/* Mail: any bytes through everything the program does with a message, and HTML through the
 * sanitiser. The first byte chooses: a mail, HTML, or one header value. What must hold is checked
 * here as well. */
#include "fuzz.h"
#include "mime/mime.h"
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_mail(const char *bytes, size_t length)
{
    g_autoptr(GBytes) message = g_bytes_new(bytes, length);
    struct mime_mail *mail = mime_parse(message);
    struct mail_summary *summary = mime_summary(mail);
    require(g_utf8_validate(summary->preview, -1, NULL));
    require(g_utf8_strlen(summary->preview, -1) <= 256);
    require(mime_part_count(mail) <= MIME_PARTS_MAX);
    for (size_t i = 0; i < mime_part_count(mail); i++) {
        size_t count = 0;
        mime_headers(mail, (int)i, &count);
        g_autoptr(GBytes) part = mime_part_bytes(mail, i, 0);
        require(g_bytes_get_size(part) == mime_part(mail, i)->size);
        g_free(mime_part_text(mail, i, 1000, NULL));
    }
    char *quoted = NULL;
    g_autofree char *text = mime_plain_text(mail, 65536, &quoted);
    require(g_utf8_validate(text, -1, NULL) && g_utf8_validate(quoted, -1, NULL));
    g_free(text_index_words(text, -1, 0));
    g_free(quoted);
    g_autofree char *other = mime_passed_over_text(mail, 65536);
    require(g_utf8_validate(other, -1, NULL));
    g_bytes_unref(mime_without_bcc(message));
    mail_summary_free(summary);
    mime_mail_free(mail);
}

static void fuzz_html(const char *bytes, size_t length)
{
    struct mime_sanitise options = {0};
    struct mime_sanitised result;
    mime_sanitise(bytes, (gssize)length, &options, &result);
    static const char *const never[] = {"<script", "<svg", "<iframe", "<form", "<!--"};
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
        require(strstr(result.html, never[i]) == NULL);
    require(g_utf8_validate(result.html, -1, NULL));
    mime_sanitised_clear(&result);
    g_autofree char *text = mime_html_to_text(bytes, (gssize)length, 4096);
    require(g_utf8_validate(text, -1, NULL));
}

static void fuzz_value(const char *bytes, size_t length)
{
    g_autofree char *dirty = g_strndup(bytes, length);
    g_autofree char *value = g_utf8_make_valid(dirty, -1);
    int64_t seconds = 0;
    int offset = 0;
    g_autofree char *text = mime_form_text(value);
    g_autofree char *base = mime_base_subject(text);
    g_autofree char *again = mime_base_subject(base);
    require(!g_str_is_ascii(base) ||
            strcmp(base, again) == 0); /* GLib's folding swings in Cherokee */
    g_ptr_array_unref(mime_form_grouped(value));
    g_strfreev(mime_form_message_ids(value));
    g_strfreev(mime_form_urls(value));
    mime_form_date(value, &seconds, &offset);
    g_strfreev(text_query_words(value));
    g_free(text_fold(value));
    const char *const words[] = {"a", NULL};
    g_free(text_snippet(value, words, 50));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    mime_set_converter(text_to_utf8);
    if (data[0] % 3 == 0)
        fuzz_mail(bytes, size - 1);
    else if (data[0] % 3 == 1)
        fuzz_html(bytes, size - 1);
    else
        fuzz_value(bytes, size - 1);
    return 0;
}

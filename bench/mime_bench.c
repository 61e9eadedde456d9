/* How fast mail is read, on one core: mime_bench [FOLDER of messages]. Without a folder, or on top
 * of it, mails of about 30 KB that are made here. Prints mails/s and MB/s. */
#include "mime/mime.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void free_bytes(gpointer bytes)
{
    g_bytes_unref(bytes);
}

static const char headers[] =
    "Return-Path: <ada.lovelace@example.org>\r\n"
    "Received: from mail.example.org (mail.example.org [192.0.2.10])\r\n"
    "\tby mx.example.net (Postfix) with ESMTPS id 4XyZ12abcd\r\n"
    "\tfor <bob@example.net>; Tue, 14 Nov 2023 20:43:25 +0000 (UTC)\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=sel; t=1700000000;\r\n"
    "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; h=From:To:Subject:Date;\r\n"
    "\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n"
    "From: =?UTF-8?Q?Ada_K=C3=B6nig?= <ada.lovelace@example.org>\r\n"
    "To: \"Bob, Dr.\" <bob@example.net>, Carol <carol@example.net>\r\n"
    "Cc: dan@example.net\r\n"
    "Subject: Re: [team] =?UTF-8?B?R3LDvMOfZSBhdXMgQmVybGlu?= and the plan for next week\r\n"
    "Date: Tue, 14 Nov 2023 20:43:20 +0000\r\n"
    "Message-ID: <20231114204320.12345@mail.example.org>\r\n"
    "In-Reply-To: <20231113101010.777@mail.example.net>\r\n"
    "References: <20231101@mail.example.net> <20231113101010.777@mail.example.net>\r\n"
    "MIME-Version: 1.0\r\n";

static void add_html(GString *out, size_t size)
{
    g_string_append(out,
                    "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>p{color:red}"
                    "</style></head><body>");
    for (size_t end = out->len + size; out->len < end;)
        g_string_append(out, "<table><tr><td style=\"padding:4px;color:#333\"><p>Gr\xc3\xbc\xc3\x9f"
                             "e &amp; more <a href=\"https://example.org/x?y=1\">words</a> to read "
                             "here<br>and there.</p></td></tr></table>\r\n");
    g_string_append(out, "</body></html>\r\n");
}

static void add_plain(GString *out, size_t size)
{
    g_string_append(out, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
    for (size_t end = out->len + size; out->len < end;)
        g_string_append(out, "The quick brown fox jumps over the lazy dog, and gr\xc3\xbc\xc3\x9ft "
                             "again.\r\n"
                             "> quoted words of an older mail\r\n");
}

/* kind 0: plain and HTML and an attachment, 30 KB; 1: HTML only; 2: plain only. */
static GBytes *make_mail(unsigned kind)
{
    GString *out = g_string_new(headers);
    if (kind == 1) {
        add_html(out, 30000);
    } else if (kind == 2) {
        add_plain(out, 30000);
    } else {
        g_string_append(out,
                        "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: "
                        "multipart/alternative; boundary=a\r\n\r\n--a\r\n");
        add_plain(out, 4000);
        g_string_append(out, "\r\n--a\r\n");
        add_html(out, 12000);
        g_string_append(out, "\r\n--a--\r\n\r\n--m\r\nContent-Type: application/pdf; name=x.pdf\r\n"
                             "Content-Transfer-Encoding: base64\r\n\r\n");
        for (int i = 0; i < 160; i++)
            g_string_append(out, "JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwI"
                                 "FI+PgplbmRv\r\n");
        g_string_append(out, "--m--\r\n");
    }
    return g_string_free_to_bytes(out);
}

typedef size_t work_function(GBytes *mail);

static size_t read_header(GBytes *mail)
{
    size_t size = 0;
    const char *data = g_bytes_get_data(mail, &size);
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    size_t length = end != NULL ? (size_t)(end - data) + 4 : size;
    g_autoptr(GBytes) header = g_bytes_new_from_bytes(mail, 0, length);
    mail_summary_free(mime_summary_of_header(header));
    return length;
}

static size_t read_mail(GBytes *bytes)
{
    struct mime_mail *mail = mime_parse(bytes);
    mail_summary_free(mime_summary(mail));
    char *quoted = NULL;
    g_free(mime_plain_text(mail, 1 << 20, &quoted));
    g_free(quoted);
    mime_mail_free(mail);
    return g_bytes_get_size(bytes);
}

static size_t sanitise_mail(GBytes *bytes)
{
    size_t total = 0, count = 0;
    struct mime_mail *mail = mime_parse(bytes);
    const int *html = mime_html_body(mail, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(mime_part(mail, (size_t)html[i])->type, "text/html") != 0)
            continue;
        g_autofree char *text = mime_part_text(mail, (size_t)html[i], 0, NULL);
        struct mime_sanitise options = {0};
        struct mime_sanitised result;
        mime_sanitise(text, -1, &options, &result);
        mime_sanitised_clear(&result);
        total += strlen(text);
    }
    mime_mail_free(mail);
    return total;
}

static size_t break_words(GBytes *bytes)
{
    struct mime_mail *mail = mime_parse(bytes);
    g_autofree char *text = mime_plain_text(mail, 1 << 20, NULL);
    g_free(text_index_words(text, -1, 0));
    mime_mail_free(mail);
    return strlen(text);
}

static void measure(const char *name, GPtrArray *mails, work_function *work)
{
    size_t count = 0, bytes = 0;
    double start = now();
    while (now() - start < 1.0) {
        for (guint i = 0; i < mails->len; i++, count++)
            bytes += work(g_ptr_array_index(mails, i));
    }
    double seconds = now() - start;
    printf("%-36s %10.0f mails/s %8.1f MB/s\n", name, (double)count / seconds,
           (double)bytes / 1e6 / seconds);
}

static void add_file(GPtrArray *mails, const char *path)
{
    char *data = NULL;
    gsize size = 0;
    if (g_file_get_contents(path, &data, &size, NULL))
        g_ptr_array_add(mails, g_bytes_new_take(data, size));
}

static void measure_all(const char *name, GPtrArray *mails)
{
    size_t bytes = 0;
    for (guint i = 0; i < mails->len; i++)
        bytes += g_bytes_get_size(g_ptr_array_index(mails, i));
    printf("%s: %u mails, %.1f KB each\n", name, mails->len, (double)bytes / 1e3 / mails->len);
    measure("  headers", mails, read_header);
    measure("  parse, summary, plain text", mails, read_mail);
    measure("  parse, sanitise HTML", mails, sanitise_mail);
    measure("  parse, text, break words", mails, break_words);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"plain, HTML and attachment", "HTML only", "plain only"};
    mime_set_converter(text_to_utf8);
    for (unsigned kind = 0; kind < G_N_ELEMENTS(names); kind++) {
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(free_bytes);
        for (int i = 0; i < 50; i++)
            g_ptr_array_add(mails, make_mail(kind));
        measure_all(names[kind], mails);
    }
    g_autoptr(GDir) dir = argc > 1 ? g_dir_open(argv[1], 0, NULL) : NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_bytes);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        add_file(files, path);
    }
    if (files->len > 0)
        measure_all(argv[1], files);
    return 0;
}

/* Reports of delivery and reading (RFC 3464, RFC 6533, RFC 8098): the first byte chooses a kind;
 * the rest is the fields, or, for the last kind, the whole message. */
#include "fuzz.h"
#include "mime/mime.h"
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

#define RECIPIENTS_MAX 500

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* It goes into one line of an answer, and into the store's text. */
static void require_line(const char *text)
{
    require(g_utf8_validate(text, -1, NULL));
    for (const char *c = text; *c != '\0'; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void require_recipient(const struct mail_report_recipient *recipient)
{
    require(recipient->original != NULL || recipient->final != NULL);
    if (recipient->original != NULL)
        require_line(recipient->original);
    if (recipient->final != NULL)
        require_line(recipient->final);
    if (recipient->reply != NULL)
        require_line(recipient->reply);
}

static void read_message(GBytes *message)
{
    struct mime_mail *mail = mime_parse(message);
    struct mail_report *report = mime_report(mail);

    if (report != NULL) {
        require(report->message_id != NULL && report->count > 0);
        require(report->count <= RECIPIENTS_MAX);
        require(g_utf8_validate(report->message_id, -1, NULL));
        for (size_t i = 0; i < report->count; i++)
            require_recipient(&report->items[i]);
        mail_report_free(report);
    }
    mime_mail_free(mail);
}

/* The fields in a report's own part, before what was sent. */
static GBytes *wrap(const char *type, const char *fields, size_t length)
{
    GString *out = g_string_new("MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b"
                                "\r\n\r\n--b\r\n\r\nIn words.\r\n--b\r\nContent-Type: message/");

    g_string_append_printf(out, "%s\r\n\r\n", type);
    g_string_append_len(out, fields, (gssize)length);
    g_string_append(out, "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
                         "Message-ID: <one@example.org>\r\n\r\n--b--\r\n");
    return g_string_free_to_bytes(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"delivery-status", "global-delivery-status",
                                        "disposition-notification",
                                        "global-disposition-notification"};
    g_autoptr(GBytes) message = NULL;
    const char *rest;

    if (size < 1)
        return 0;
    rest = (const char *)data + 1;
    mime_set_converter(text_to_utf8);
    if (data[0] % 5 < G_N_ELEMENTS(types))
        message = wrap(types[data[0] % 5], rest, size - 1);
    else
        message = g_bytes_new(rest, size - 1);
    read_message(message);
    return 0;
}

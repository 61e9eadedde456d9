/* What reports about a sent message say: RFC 3464, RFC 6533, RFC 8098. */
#include "mime/internal.h"

#include <string.h>

#define REPORT_MAX ((size_t)256 * 1024)
#define RECIPIENTS_MAX 500
#define REPLY_MAX 1000
#define ENVELOPE_ID_MAX 100 /* RFC 3461, 4.4 */

/* "type; value": the value, unfolded, without control characters. (transfer full) */
static char *typed_value(const struct field *field)
{
    g_autofree char *raw = field_value(field, NULL);
    g_autofree char *text = text_unfold(raw);
    const char *semicolon = strchr(text, ';');
    char *value = g_strdup(semicolon != NULL ? semicolon + 1 : text);
    for (char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return g_strstrip(value);
}

/* (transfer full); NULL when it is no address. */
static char *address_of(const struct field *field)
{
    g_autofree char *value = typed_value(field);
    size_t length = strlen(value);
    if (length > 1 && value[0] == '<' && value[length - 1] == '>') {
        value[length - 1] = '\0';
        memmove(value, value + 1, length - 1);
    }
    return strchr(value, '@') != NULL ? g_steal_pointer(&value) : NULL;
}

static char *first_id(const struct field *field)
{
    g_autofree char *raw = field_value(field, NULL);
    g_auto(GStrv) ids = mime_form_message_ids(raw);
    return ids != NULL ? g_strdup(ids[0]) : NULL;
}

/* RFC 3464, 2.2.1: the ENVID as it was before it was encoded. */
static char *envelope_id(const struct field *field)
{
    g_autofree char *raw = field_value(field, NULL);
    char *value = g_strstrip(text_unfold(raw));
    if (value[0] != '\0' && strlen(value) <= ENVELOPE_ID_MAX)
        return value;
    g_free(value);
    return NULL;
}

static bool value_is(const struct field *field, const char *word)
{
    g_autofree char *raw = field_value(field, NULL);
    return g_ascii_strcasecmp(g_strstrip(raw), word) == 0;
}

/* "manual-action/MDN-sent-manually; displayed" (RFC 8098, 3.2.6). */
static bool is_displayed(const struct field *field)
{
    g_autofree char *type = typed_value(field);
    type[strcspn(type, "/, ")] = '\0';
    return g_ascii_strcasecmp(type, "displayed") == 0;
}

/* --- one recipient */

struct reading {
    struct mail_report_recipient recipient;
    char *status, *diagnostic;
};

static void keep(char **slot, char *value)
{
    if (*slot == NULL)
        *slot = value;
    else
        g_free(value);
}

static void read_field(struct reading *reading, const struct field *field)
{
    struct mail_report_recipient *recipient = &reading->recipient;
    if (field_is(field, "Original-Recipient"))
        keep(&recipient->original, address_of(field));
    else if (field_is(field, "Final-Recipient"))
        keep(&recipient->final, address_of(field));
    else if (field_is(field, "Status"))
        keep(&reading->status, typed_value(field));
    else if (field_is(field, "Diagnostic-Code"))
        keep(&reading->diagnostic, typed_value(field));
    else if (field_is(field, "Disposition"))
        recipient->displayed = is_displayed(field);
    else if (field_is(field, "Action") && value_is(field, "delivered"))
        recipient->delivered = MAIL_DELIVERED;
    else if (field_is(field, "Action") && value_is(field, "failed"))
        recipient->delivered = MAIL_NOT_DELIVERED;
}

/* "550 …" or the first of several lines, "550-…". */
static bool begins_like_a_reply(const char *text)
{
    return text != NULL && text[0] >= '2' && text[0] <= '5' && g_ascii_isdigit(text[1]) &&
           g_ascii_isdigit(text[2]) && (text[3] == ' ' || text[3] == '-');
}

/* The server's words, or a reply of the form that RFC 8621, 7, asks for. */
static char *reply_of(const struct reading *reading)
{
    bool failed = reading->recipient.delivered == MAIL_NOT_DELIVERED;
    const char *status = reading->status != NULL ? reading->status : "";
    size_t length = strspn(status, "0123456789.");
    bool fits =
        length >= 5 && length <= 11 && status[1] == '.' && status[0] == (failed ? '5' : '2');
    const char *words = reading->diagnostic;
    char *reply;
    if (begins_like_a_reply(words)) {
        reply = g_strdup(words);
        reply[3] = ' ';
    } else {
        reply = g_strdup_printf("%s %.*s %s", failed ? "550" : "250", fits ? (int)length : 5,
                                fits ? status : (failed ? "5.0.0" : "2.0.0"),
                                words != NULL && words[0] != '\0'
                                    ? words
                                    : (failed ? "Not delivered" : "Delivered"));
    }
    if (strlen(reply) > REPLY_MAX)
        *g_utf8_find_prev_char(reply, reply + REPLY_MAX + 1) = '\0';
    return reply;
}

/* Adds the recipient, if the block was about one. */
static void finish_recipient(struct mail_report *report, struct reading *reading)
{
    struct mail_report_recipient *recipient = &reading->recipient;
    bool named = recipient->original != NULL || recipient->final != NULL;
    if (named && recipient->delivered != MAIL_DELIVERY_UNKNOWN)
        recipient->reply = reply_of(reading);
    g_free(reading->status);
    g_free(reading->diagnostic);
    if (!named)
        return;
    report->items = g_renew(struct mail_report_recipient, report->items, report->count + 1);
    report->items[report->count++] = *recipient;
}

/* --- the parts */

static void read_blocks(struct mail_report *report, const char *data, size_t size)
{
    size_t at = 0;
    while (at < size && report->count < RECIPIENTS_MAX) {
        struct reading reading = {0};
        struct field field;
        while (field_next(data, size, &at, &field)) {
            if (field_is(&field, "Original-Message-ID"))
                keep(&report->message_id, first_id(&field));
            else if (field_is(&field, "Original-Envelope-Id"))
                keep(&report->envelope_id, envelope_id(&field));
            read_field(&reading, &field);
        }
        finish_recipient(report, &reading);
    }
}

static void read_returned(struct mail_report *report, const char *data, size_t size)
{
    struct field field;
    size_t at = 0;
    while (report->message_id == NULL && field_next(data, size, &at, &field))
        if (field_is(&field, "Message-ID"))
            report->message_id = first_id(&field);
}

static bool is_one_of(const char *type, const char *const *types)
{
    return g_strv_contains(types, type);
}

static void read_part(struct mime_mail *mail, struct mail_report *report, size_t index)
{
    static const char *const said[] = {"message/delivery-status", "message/global-delivery-status",
                                       "message/disposition-notification",
                                       "message/global-disposition-notification", NULL};
    static const char *const returned[] = {"message/rfc822", "message/global",
                                           "text/rfc822-headers", "message/global-headers", NULL};
    const char *type = mail->parts[index].shown.type;
    if (!is_one_of(type, said) && !is_one_of(type, returned))
        return;
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, REPORT_MAX);
    size_t size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    if (is_one_of(type, returned)) {
        read_returned(report, data, size);
        return;
    }
    report->is_disposition = strstr(type, "disposition") != NULL;
    read_blocks(report, data, size);
}

struct mail_report *mime_report(struct mime_mail *mail)
{
    if (mail->part_count == 0 || strcmp(mail->parts[0].shown.type, "multipart/report") != 0)
        return NULL;
    struct mail_report *report = g_new0(struct mail_report, 1);
    for (size_t i = 1; i < mail->part_count; i = mail->parts[i].next)
        read_part(mail, report, i);
    if ((report->message_id != NULL || report->envelope_id != NULL) && report->count > 0)
        return report;
    mail_report_free(report);
    return NULL;
}

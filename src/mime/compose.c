#include "mime/compose.h"
#include "mime/internal.h"

#include <string.h>

/* "=_" stands in no quoted-printable or base64 line, and the rest is random. */
static char *new_boundary(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    return g_strdup_printf("=_%s", uuid);
}

static char *open_multipart(GString *out, const char *type, const char *params)
{
    char *boundary = new_boundary();
    g_string_append_printf(out, "Content-Type: %s; boundary=\"%s\"%s\r\n", type, boundary, params);
    return boundary;
}

/* The line end in front belongs to the delimiter (RFC 2046, 5.1.1): texts keep their own last one.
 */
static void next_part(GString *out, const char *boundary)
{
    g_string_append_printf(out, "\r\n--%s\r\n", boundary);
}

static void close_multipart(GString *out, char *boundary)
{
    g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
    g_free(boundary);
}

static bool is_related(const struct mime_draft *draft, const struct mime_attachment *attachment)
{
    return draft->html != NULL && attachment->cid != NULL &&
           g_strcmp0(attachment->disposition, "inline") == 0;
}

static size_t count_attachments(const struct mime_draft *draft, bool related)
{
    size_t count = 0;
    for (size_t i = 0; i < draft->attachment_count; i++)
        count += is_related(draft, &draft->attachments[i]) == related ? 1 : 0;
    return count;
}

static void write_attachments(GString *out, const struct mime_draft *draft, const char *boundary,
                              bool related)
{
    for (size_t i = 0; i < draft->attachment_count; i++) {
        if (is_related(draft, &draft->attachments[i]) != related)
            continue;
        next_part(out, boundary);
        write_attachment(out, &draft->attachments[i]);
    }
}

static void write_html(GString *out, const struct mime_draft *draft)
{
    if (count_attachments(draft, true) == 0) {
        write_text_part(out, "text/html", draft->html);
        return;
    }
    char *boundary = open_multipart(out, "multipart/related", "; type=\"text/html\"");
    next_part(out, boundary);
    write_text_part(out, "text/html", draft->html);
    write_attachments(out, draft, boundary, true);
    close_multipart(out, boundary);
}

static void write_content(GString *out, const struct mime_draft *draft)
{
    if (draft->html == NULL) {
        write_text_part(out, "text/plain", draft->text != NULL ? draft->text : "");
    } else if (draft->text == NULL) {
        write_html(out, draft);
    } else {
        char *boundary = open_multipart(out, "multipart/alternative", "");
        next_part(out, boundary);
        write_text_part(out, "text/plain", draft->text);
        next_part(out, boundary);
        write_html(out, draft);
        close_multipart(out, boundary);
    }
}

static void write_body(GString *out, const struct mime_draft *draft)
{
    if (count_attachments(draft, false) == 0) {
        write_content(out, draft);
        return;
    }
    char *boundary = open_multipart(out, "multipart/mixed", "");
    if (draft->text != NULL || draft->html != NULL) {
        next_part(out, boundary);
        write_content(out, draft);
    }
    write_attachments(out, draft, boundary, false);
    close_multipart(out, boundary);
}

static void write_summary(GString *out, const struct mime_draft *draft)
{
    const struct mail_summary *summary = draft->summary;
    const char *const message_id[] = {summary->message_id, NULL};
    if (summary->sent_at != INT64_MIN)
        write_date(out, summary->sent_at, summary->sent_offset);
    write_addresses(out, "From", &summary->from);
    write_addresses(out, "Sender", &summary->sender);
    write_addresses(out, "Reply-To", &summary->reply_to);
    write_addresses(out, "To", &summary->to);
    write_addresses(out, "Cc", &summary->cc);
    if (draft->keep_bcc)
        write_addresses(out, "Bcc", &summary->bcc);
    write_ids(out, "Message-ID", message_id);
    write_ids(out, "In-Reply-To", (const char *const *)summary->in_reply_to);
    write_ids(out, "References", (const char *const *)summary->references);
    if (summary->subject != NULL)
        write_unstructured(out, "Subject", summary->subject);
}

GBytes *mime_compose(const struct mime_draft *draft, GError **error)
{
    if (!check_draft(draft, error))
        return NULL;
    GString *out = g_string_sized_new(4096);
    write_summary(out, draft);
    for (size_t i = 0; i < draft->extra_count; i++)
        if (draft->keep_bcc || (g_ascii_strcasecmp(draft->extra[i].name, "bcc") != 0 &&
                                g_ascii_strcasecmp(draft->extra[i].name, "resent-bcc") != 0))
            write_raw(out, draft->extra[i].name, draft->extra[i].value);
    g_string_append(out, "MIME-Version: 1.0\r\n");
    write_body(out, draft);
    if (out->str[out->len - 1] != '\n')
        g_string_append(out, "\r\n");
    return g_string_free_to_bytes(out);
}

GBytes *mime_without_bcc(GBytes *message)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(message, &size);
    GByteArray *out = g_byte_array_new();
    struct field field;
    size_t at = 0, kept = 0;
    bool more = data != NULL;
    while (more) {
        size_t from = at;
        more = field_next(data, size, &at, &field);
        if (!more || (!field_is(&field, "bcc") && !field_is(&field, "resent-bcc")))
            continue;
        from = MAX(from, (size_t)(field.name - data));
        g_byte_array_append(out, (const guint8 *)data + kept, (guint)(from - kept));
        kept = at;
    }
    if (kept == 0) {
        g_byte_array_unref(out);
        return g_bytes_ref(message);
    }
    if (size > kept)
        g_byte_array_append(out, (const guint8 *)data + kept, (guint)(size - kept));
    return g_byte_array_free_to_bytes(out);
}

char *mime_new_message_id(const char *address)
{
    const char *at = address != NULL ? strrchr(address, '@') : NULL;
    const char *domain = at != NULL ? at + 1 : "";
    bool good = *domain != '\0' && strlen(domain) < 254;
    for (const char *p = domain; good && *p != '\0'; p++)
        good = g_ascii_isalnum(*p) || *p == '-' || *p == '.';
    g_autofree char *uuid = g_uuid_string_random();
    return g_strdup_printf("%s@%s", uuid, good ? domain : "localhost.invalid");
}

#include "mime/internal.h"

#include <string.h>

static void set_hollow(struct mail_summary *summary, enum mail_hollow field, bool hollow)
{
    summary->hollow = hollow ? summary->hollow | field : summary->hollow & ~(unsigned)field;
}

static void set_addresses(struct mail_summary *summary, struct mail_addresses *to,
                          enum mail_hollow field, const char *value)
{
    mail_addresses_clear(to); /* the last field of a name counts (RFC 8621, 4.1.3) */
    mime_form_addresses(value, to);
    set_hollow(summary, field, to->count == 0);
}

static void set_ids(char ***to, const char *value)
{
    g_strfreev(*to);
    *to = mime_form_message_ids(value);
}

/* The first id; false: it is none by the letter. */
static bool set_id(char **to, const char *value)
{
    g_auto(GStrv) ids = mime_form_message_ids(value);
    g_free(*to);
    if (ids != NULL) {
        *to = g_strdup(ids[0]);
        return true;
    }
    g_autofree char *bare = g_strstrip(text_unfold(value));
    bool word = *bare != '\0' && strpbrk(bare, " <>") == NULL;
    *to = word ? g_steal_pointer(&bare) : NULL;
    return false;
}

static void set_date(struct mail_summary *summary, const char *value)
{
    int64_t seconds = 0;
    int offset = 0;
    bool good = mime_form_date(value, &seconds, &offset);
    summary->sent_at = good ? seconds : INT64_MIN;
    summary->sent_offset = good ? offset : 0;
}

enum known {
    KNOWN_BCC,
    KNOWN_CC,
    KNOWN_DATE,
    KNOWN_FROM,
    KNOWN_IN_REPLY_TO,
    KNOWN_MESSAGE_ID,
    KNOWN_REFERENCES,
    KNOWN_REPLY_TO,
    KNOWN_SENDER,
    KNOWN_SUBJECT,
    KNOWN_TO,
    KNOWN_ORIGINAL_ID,
    KNOWN_NONE
};

static enum known known_field(const struct field *field)
{
    static const char *const names[] =
        {"bcc", "cc", "date", "from", "in-reply-to", "message-id", "references", "reply-to",
         "sender", "subject", "to",
         /* Personal Outlook accounts (docs/internals/exchange.md). */
         "x-microsoft-original-message-id"};
    if (field->name_length < 2 || field->name_length > 31)
        return KNOWN_NONE;
    char first = g_ascii_tolower(field->name[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i][0] == first && field_is(field, names[i]))
            return (enum known)i;
    return KNOWN_NONE;
}

static void take_field(struct mail_summary *summary, enum known known, const char *value)
{
    switch (known) {
    case KNOWN_BCC:
        set_addresses(summary, &summary->bcc, MAIL_HOLLOW_BCC, value);
        break;
    case KNOWN_CC:
        set_addresses(summary, &summary->cc, MAIL_HOLLOW_CC, value);
        break;
    case KNOWN_DATE:
        set_date(summary, value);
        break;
    case KNOWN_FROM:
        set_addresses(summary, &summary->from, MAIL_HOLLOW_FROM, value);
        break;
    case KNOWN_IN_REPLY_TO:
        set_ids(&summary->in_reply_to, value);
        break;
    case KNOWN_MESSAGE_ID:
        set_hollow(summary, MAIL_HOLLOW_MESSAGE_ID, !set_id(&summary->message_id, value));
        break;
    case KNOWN_REFERENCES:
        set_ids(&summary->references, value);
        break;
    case KNOWN_REPLY_TO:
        set_addresses(summary, &summary->reply_to, MAIL_HOLLOW_REPLY_TO, value);
        break;
    case KNOWN_SENDER:
        set_addresses(summary, &summary->sender, MAIL_HOLLOW_SENDER, value);
        break;
    case KNOWN_SUBJECT:
        g_free(summary->subject);
        summary->subject = mime_form_text(value);
        break;
    case KNOWN_TO:
        set_addresses(summary, &summary->to, MAIL_HOLLOW_TO, value);
        break;
    case KNOWN_ORIGINAL_ID:
        (void)set_id(&summary->original_id, value);
        break;
    case KNOWN_NONE:
    default:
        break;
    }
}

static struct mail_summary *read_summary(const char *data, size_t size, const char *charset)
{
    struct mail_summary *summary = mail_summary_new();
    struct field field;
    size_t at = 0;
    while (field_next(data, size, &at, &field)) {
        enum known known = known_field(&field);
        if (known == KNOWN_NONE)
            continue;
        g_autofree char *value = field_value(&field, charset);
        take_field(summary, known, value);
    }
    summary->base_subject = mime_base_subject(summary->subject);
    return summary;
}

struct mail_summary *mime_summary_of_header(GBytes *header)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(header, &size);
    return read_summary(data != NULL ? data : "", size, NULL);
}

struct mail_summary *mime_summary(struct mime_mail *mail)
{
    struct mail_summary *summary =
        read_summary(mail->data, mail->parts[0].header_end, mail->charset);
    summary->preview = preview_of(mail);
    summary->has_attachment = lists_has_attachment(mail);
    return summary;
}

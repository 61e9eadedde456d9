#include "jmap/email/object.h"

const char *jmap_email_state_name(enum store_email_state state)
{
    switch (state) {
    case STORE_EMAIL_PENDING:
        return "pending";
    case STORE_EMAIL_UNREADABLE:
        return "unreadable";
    case STORE_EMAIL_READY:
        break;
    }
    return "ready";
}

json_t *jmap_email_keywords(const struct mail_flags *flags)
{
    json_t *object = json_object();

    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        const char *keyword = (flags->bits & bit) ? mail_flag_keyword(bit) : NULL;

        if (keyword != NULL)
            json_object_set_new(object, keyword, json_true());
    }
    for (size_t i = 0; flags->keywords != NULL && flags->keywords[i] != NULL; i++)
        json_object_set_new(object, flags->keywords[i], json_true());
    return object;
}

static json_t *mailbox_ids(const GArray *mailboxes)
{
    json_t *object = json_object();

    for (size_t i = 0; mailboxes != NULL && i < mailboxes->len; i++) {
        g_autofree char *id =
            g_strdup_printf("m%" G_GINT64_FORMAT, g_array_index(mailboxes, int64_t, i));

        json_object_set_new(object, id, json_true());
    }
    return object;
}

static json_t *strings_or_null(char **strings)
{
    json_t *list;

    if (strings == NULL || strings[0] == NULL)
        return json_null();
    list = json_array();
    for (size_t i = 0; strings[i] != NULL; i++)
        json_array_append_new(list, jmap_json_text(strings[i]));
    return list;
}

/* [] where the field names nobody. */
static json_t *addresses_or_null(const struct mail_summary *summary, enum mail_hollow field,
                                 const struct mail_addresses *addresses)
{
    return addresses->count > 0 || (summary->hollow & field) ? jmap_json_addresses(addresses)
                                                             : json_null();
}

static json_t *message_id(const struct mail_summary *summary)
{
    if (summary->message_id == NULL || (summary->hollow & MAIL_HOLLOW_MESSAGE_ID))
        return json_null();
    return json_pack("[o]", jmap_json_text(summary->message_id));
}

static json_t *sent_at(const struct mail_summary *summary)
{
    if (summary->sent_at == INT64_MIN)
        return json_null();
    return jmap_json_date(summary->sent_at, summary->sent_offset);
}

/* Of its conversation; null: none is open. */
static json_t *open_todos(const struct store_email *email)
{
    return email->todos > 0 ? json_pack("{s: i, s: o}", "open", (int)email->todos, "due",
                                        jmap_day_json(email->due))
                            : json_null();
}

/* Properties 4.1.1, which a parsed blob has none of. */
static json_t *metadata(const struct store_email *email, enum jmap_email_field field)
{
    if (email == NULL)
        return json_null();
    switch (field) {
    case JMAP_EMAIL_ID:
        return jmap_id('e', email->id);
    case JMAP_EMAIL_THREAD_ID:
        return jmap_id('t', email->thread);
    case JMAP_EMAIL_MAILBOX_IDS:
        return mailbox_ids(email->mailboxes);
    case JMAP_EMAIL_KEYWORDS:
        return jmap_email_keywords(&email->flags);
    case JMAP_EMAIL_RECEIVED_AT:
        return jmap_json_utc(email->received_at);
    case JMAP_EMAIL_STATE:
        return json_string(jmap_email_state_name(email->state));
    case JMAP_EMAIL_NOTES:
        return json_integer(email->notes);
    case JMAP_EMAIL_TODOS:
        return open_todos(email);
    default:
        return NULL;
    }
}

/* Properties of 4.1.3, and those of the body that lists show. */
static json_t *from_summary(const struct mail_summary *summary, enum jmap_email_field field)
{
    switch (field) {
    case JMAP_EMAIL_MESSAGE_ID:
        return message_id(summary);
    case JMAP_EMAIL_IN_REPLY_TO:
        return strings_or_null(summary->in_reply_to);
    case JMAP_EMAIL_REFERENCES:
        return strings_or_null(summary->references);
    case JMAP_EMAIL_SENDER:
        return addresses_or_null(summary, MAIL_HOLLOW_SENDER, &summary->sender);
    case JMAP_EMAIL_FROM:
        return addresses_or_null(summary, MAIL_HOLLOW_FROM, &summary->from);
    case JMAP_EMAIL_TO:
        return addresses_or_null(summary, MAIL_HOLLOW_TO, &summary->to);
    case JMAP_EMAIL_CC:
        return addresses_or_null(summary, MAIL_HOLLOW_CC, &summary->cc);
    case JMAP_EMAIL_BCC:
        return addresses_or_null(summary, MAIL_HOLLOW_BCC, &summary->bcc);
    case JMAP_EMAIL_REPLY_TO:
        return addresses_or_null(summary, MAIL_HOLLOW_REPLY_TO, &summary->reply_to);
    case JMAP_EMAIL_SUBJECT:
        return jmap_json_text(summary->subject);
    case JMAP_EMAIL_SENT_AT:
        return sent_at(summary);
    case JMAP_EMAIL_HAS_ATTACHMENT:
        return json_boolean(summary->has_attachment);
    case JMAP_EMAIL_PREVIEW:
        return jmap_json_text(summary->preview != NULL ? summary->preview : "");
    default:
        return NULL;
    }
}

static json_t *field_value(const struct jmap_email_source *source, enum jmap_email_field field)
{
    switch (field) {
    case JMAP_EMAIL_BLOB_ID:
        return jmap_json_text(source->blob);
    case JMAP_EMAIL_SIZE:
        return json_integer((json_int_t)source->size);
    case JMAP_EMAIL_ID:
    case JMAP_EMAIL_THREAD_ID:
    case JMAP_EMAIL_MAILBOX_IDS:
    case JMAP_EMAIL_KEYWORDS:
    case JMAP_EMAIL_RECEIVED_AT:
    case JMAP_EMAIL_STATE:
    case JMAP_EMAIL_NOTES:
    case JMAP_EMAIL_TODOS:
        return metadata(source->email, field);
    default:
        return source->summary != NULL ? from_summary(source->summary, field) : json_null();
    }
}

static bool add_headers(json_t *object, const struct jmap_email_source *source,
                        const struct jmap_email_want *want, size_t *budget)
{
    size_t count = 0;
    const struct mime_header *headers =
        source->mail != NULL ? mime_headers(source->mail, -1, &count) : NULL;

    bool fits = !jmap_email_wants(want, JMAP_EMAIL_HEADERS) ||
                jmap_put(object, "headers", jmap_header_list(headers, count), budget);

    return fits && jmap_header_put(object, want->headers, headers, count, budget);
}

static const char *const scalar_names[] = {
    [JMAP_EMAIL_ID] = "id",
    [JMAP_EMAIL_BLOB_ID] = "blobId",
    [JMAP_EMAIL_THREAD_ID] = "threadId",
    [JMAP_EMAIL_MAILBOX_IDS] = "mailboxIds",
    [JMAP_EMAIL_KEYWORDS] = "keywords",
    [JMAP_EMAIL_SIZE] = "size",
    [JMAP_EMAIL_RECEIVED_AT] = "receivedAt",
    [JMAP_EMAIL_MESSAGE_ID] = "messageId",
    [JMAP_EMAIL_IN_REPLY_TO] = "inReplyTo",
    [JMAP_EMAIL_REFERENCES] = "references",
    [JMAP_EMAIL_SENDER] = "sender",
    [JMAP_EMAIL_FROM] = "from",
    [JMAP_EMAIL_TO] = "to",
    [JMAP_EMAIL_CC] = "cc",
    [JMAP_EMAIL_BCC] = "bcc",
    [JMAP_EMAIL_REPLY_TO] = "replyTo",
    [JMAP_EMAIL_SUBJECT] = "subject",
    [JMAP_EMAIL_SENT_AT] = "sentAt",
    [JMAP_EMAIL_HAS_ATTACHMENT] = "hasAttachment",
    [JMAP_EMAIL_PREVIEW] = "preview",
    [JMAP_EMAIL_STATE] = "postroom:state",
    [JMAP_EMAIL_NOTES] = "postroom:notes",
    [JMAP_EMAIL_TODOS] = "postroom:todos",
};

json_t *jmap_email_object(const struct jmap_email_source *source,
                          const struct jmap_email_want *want, size_t *budget)
{
    json_t *object = json_object();
    bool fits = true;

    if (!want->is_parse)
        json_object_set_new(object, "id", metadata(source->email, JMAP_EMAIL_ID));
    for (unsigned field = 0; field < G_N_ELEMENTS(scalar_names); field++)
        if (fits && scalar_names[field] != NULL && jmap_email_wants(want, field))
            fits = jmap_put(object, scalar_names[field], field_value(source, field), budget);
    if (fits && add_headers(object, source, want, budget) &&
        jmap_email_body(object, source, want, budget))
        return object;
    json_decref(object);
    return NULL;
}

#include "jmap/email/want.h"

static const char *const email_names[JMAP_EMAIL_FIELDS] = {
    "id",
    "blobId",
    "threadId",
    "mailboxIds",
    "keywords",
    "size",
    "receivedAt",
    "messageId",
    "inReplyTo",
    "references",
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "replyTo",
    "subject",
    "sentAt",
    "hasAttachment",
    "preview",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
    "headers",
    "bodyStructure",
    "postroom:state",
    "postroom:notes",
    "postroom:todos",
};
static const char *const part_names[JMAP_PART_FIELDS] = {
    "partId",      "blobId", "size",     "name",     "type",    "charset",
    "disposition", "cid",    "language", "location", "headers", "subParts",
};

/* RFC 8621, 4.2: all up to and without "headers". */
#define DEFAULT_FIELDS (JMAP_FIELD(JMAP_EMAIL_HEADERS) - 1)
#define METADATA                                                                                   \
    (JMAP_FIELD(JMAP_EMAIL_ID) | JMAP_FIELD(JMAP_EMAIL_BLOB_ID) |                                  \
     JMAP_FIELD(JMAP_EMAIL_THREAD_ID) | JMAP_FIELD(JMAP_EMAIL_MAILBOX_IDS) |                       \
     JMAP_FIELD(JMAP_EMAIL_KEYWORDS) | JMAP_FIELD(JMAP_EMAIL_SIZE) |                               \
     JMAP_FIELD(JMAP_EMAIL_RECEIVED_AT))
#define OUR_FIELDS                                                                                 \
    (JMAP_FIELD(JMAP_EMAIL_STATE) | JMAP_FIELD(JMAP_EMAIL_NOTES) | JMAP_FIELD(JMAP_EMAIL_TODOS))
#define DEFAULT_PART_FIELDS (JMAP_FIELD(JMAP_PART_HEADERS) - 1)
#define MAIL_FIELDS                                                                                \
    (JMAP_FIELD(JMAP_EMAIL_BODY_VALUES) | JMAP_FIELD(JMAP_EMAIL_TEXT_BODY) |                       \
     JMAP_FIELD(JMAP_EMAIL_HTML_BODY) | JMAP_FIELD(JMAP_EMAIL_ATTACHMENTS) |                       \
     JMAP_FIELD(JMAP_EMAIL_HEADERS) | JMAP_FIELD(JMAP_EMAIL_BODY_STRUCTURE))

static int index_of(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int jmap_email_field_of(const char *property)
{
    return index_of(email_names, JMAP_EMAIL_FIELDS, property);
}

static bool read_list(const json_t *list, const char *const *names, int count, uint64_t *fields,
                      GPtrArray *headers)
{
    size_t i;
    json_t *item;

    *fields = 0;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        int field = index_of(names, count, name);
        struct jmap_header_property *header;

        if (field >= 0) {
            *fields |= JMAP_FIELD(field);
            continue;
        }
        header = jmap_header_property_parse(name);
        if (header == NULL)
            return false;
        g_ptr_array_add(headers, header);
    }
    return true;
}

static bool read_properties(const struct jmap_call *call, const json_t *list,
                            struct jmap_email_want *want)
{
    json_t *parts = jmap_arg(call, "bodyProperties");

    want->fields = DEFAULT_FIELDS & ~(want->is_parse ? METADATA : 0);
    want->part_fields = DEFAULT_PART_FIELDS;
    if (list != NULL &&
        !read_list(list, email_names, JMAP_EMAIL_FIELDS, &want->fields, want->headers))
        return false;
    /* A vendor's property exists only for those who opted in (RFC 8620, 1.8). */
    if ((want->fields & OUR_FIELDS) && !(call->request->using & JMAP_MANAGE))
        return false;
    return parts == NULL ||
           read_list(parts, part_names, JMAP_PART_FIELDS, &want->part_fields, want->part_headers);
}

static void init(const struct jmap_call *call, struct jmap_email_want *want)
{
    GDestroyNotify free_header = (GDestroyNotify)jmap_header_property_free;

    *want = (struct jmap_email_want){
        .headers = g_ptr_array_new_with_free_func(free_header),
        .part_headers = g_ptr_array_new_with_free_func(free_header),
        .text_values = jmap_arg_bool(call, "fetchTextBodyValues"),
        .html_values = jmap_arg_bool(call, "fetchHTMLBodyValues"),
        .all_values = jmap_arg_bool(call, "fetchAllBodyValues"),
        .max_value = (size_t)jmap_arg_int(call, "maxBodyValueBytes", 0),
    };
}

bool jmap_email_want_list(const struct jmap_call *call, const json_t *names,
                          struct jmap_email_want *want)
{
    init(call, want);
    if (read_properties(call, names, want))
        return true;
    jmap_email_want_clear(want);
    return false;
}

bool jmap_email_want_read(struct jmap_call *call, bool is_parse, struct jmap_email_want *want)
{
    init(call, want);
    want->is_parse = is_parse;
    if (read_properties(call, jmap_arg(call, "properties"), want))
        return true;
    jmap_fail(call, "invalidArguments",
              "unknown property, or a form that its header does not have");
    jmap_email_want_clear(want);
    return false;
}

void jmap_email_want_clear(struct jmap_email_want *want)
{
    g_ptr_array_unref(want->headers);
    g_ptr_array_unref(want->part_headers);
}

bool jmap_email_wants(const struct jmap_email_want *want, enum jmap_email_field field)
{
    return want->fields & JMAP_FIELD(field);
}

bool jmap_email_wants_mail(const struct jmap_email_want *want)
{
    return (want->fields & MAIL_FIELDS) || want->headers->len > 0;
}

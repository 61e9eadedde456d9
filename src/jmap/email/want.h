/* What of an email a call asks for: "properties", "bodyProperties" and their kin (RFC 8621, 4.2).
 */
#ifndef POSTROOM_JMAP_EMAIL_WANT_H
#define POSTROOM_JMAP_EMAIL_WANT_H

#include "jmap/email/header.h"
#include "jmap/engine/engine.h"

/* Properties as bits; their names are in want.c, in this order. */
enum jmap_email_field {
    JMAP_EMAIL_ID,
    JMAP_EMAIL_BLOB_ID,
    JMAP_EMAIL_THREAD_ID,
    JMAP_EMAIL_MAILBOX_IDS,
    JMAP_EMAIL_KEYWORDS,
    JMAP_EMAIL_SIZE,
    JMAP_EMAIL_RECEIVED_AT,
    JMAP_EMAIL_MESSAGE_ID,
    JMAP_EMAIL_IN_REPLY_TO,
    JMAP_EMAIL_REFERENCES,
    JMAP_EMAIL_SENDER,
    JMAP_EMAIL_FROM,
    JMAP_EMAIL_TO,
    JMAP_EMAIL_CC,
    JMAP_EMAIL_BCC,
    JMAP_EMAIL_REPLY_TO,
    JMAP_EMAIL_SUBJECT,
    JMAP_EMAIL_SENT_AT,
    JMAP_EMAIL_HAS_ATTACHMENT,
    JMAP_EMAIL_PREVIEW,
    JMAP_EMAIL_BODY_VALUES,
    JMAP_EMAIL_TEXT_BODY,
    JMAP_EMAIL_HTML_BODY,
    JMAP_EMAIL_ATTACHMENTS,
    JMAP_EMAIL_HEADERS,
    JMAP_EMAIL_BODY_STRUCTURE,
    JMAP_EMAIL_STATE, /* our own, docs/api.md */
    JMAP_EMAIL_NOTES,
    JMAP_EMAIL_TODOS,
    JMAP_EMAIL_FIELDS
};
enum jmap_part_field {
    JMAP_PART_ID,
    JMAP_PART_BLOB_ID,
    JMAP_PART_SIZE,
    JMAP_PART_NAME,
    JMAP_PART_TYPE,
    JMAP_PART_CHARSET,
    JMAP_PART_DISPOSITION,
    JMAP_PART_CID,
    JMAP_PART_LANGUAGE,
    JMAP_PART_LOCATION,
    JMAP_PART_HEADERS,
    JMAP_PART_SUB_PARTS,
    JMAP_PART_FIELDS
};
#define JMAP_FIELD(field) (UINT64_C(1) << (field))

struct jmap_email_want {
    uint64_t fields, part_fields;
    GPtrArray *headers, *part_headers; /* of struct jmap_header_property */
    bool text_values, html_values, all_values;
    size_t max_value; /* 0: whole */
    bool is_parse;    /* Email/parse: no metadata */
};

/* From the call's arguments; false: answered with invalidArguments. */
bool jmap_email_want_read(struct jmap_call *call, bool is_parse, struct jmap_email_want *want);
/* The same of a list of property names, without bodies' values. false: one is unknown. */
bool jmap_email_want_list(const struct jmap_call *call, const json_t *names,
                          struct jmap_email_want *want);
void jmap_email_want_clear(struct jmap_email_want *want);
bool jmap_email_wants(const struct jmap_email_want *want, enum jmap_email_field field);
/* One email as JSON, NULL when there is none. (transfer full) */
json_t *jmap_email_one(struct jmap_call *call, int64_t id, const struct jmap_email_want *want);
/* Something that only the whole message can tell. */
bool jmap_email_wants_mail(const struct jmap_email_want *want);
/* The field of a property's name, -1 for none. */
int jmap_email_field_of(const char *property);

#endif

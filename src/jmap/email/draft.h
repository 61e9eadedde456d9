/* From an Email object of /set create to a message (RFC 8621, 4.6). */
#ifndef POSTROOM_JMAP_EMAIL_DRAFT_H
#define POSTROOM_JMAP_EMAIL_DRAFT_H

#include "jmap/engine/engine.h"

#include "mime/mime.h"

/* A part to write: a multipart with children, or a leaf with bytes. */
struct jmap_draft_part {
    char *type;
    GPtrArray *children; /* of struct jmap_draft_part; multiparts only */
    GBytes *bytes;
    bool is_value; /* bytes are UTF-8 text of bodyValues */
    char *name, *disposition, *cid;
    char *charset;      /* of a blob's text; NULL: not told */
    GArray *headers;    /* of struct mime_header, owned strings */
    GHashTable *fields; /* that some property stands for, in lower case */
};
struct jmap_draft_part *jmap_draft_part_new(const char *type);
void jmap_draft_part_free(struct jmap_draft_part *part);

/* An object being read. What is wrong with it gathers here, so that the SetError names all. */
struct jmap_draft {
    const struct jmap_call *call;
    json_t *object; /* borrowed */
    struct mail_summary *summary;
    GArray *headers;    /* further ones, of struct mime_header, owned strings */
    GHashTable *fields; /* lower-case names of the header fields that were given */
    struct jmap_draft_part *body;
    GPtrArray *bad;  /* names of properties */
    json_t *missing; /* blob ids */
    size_t bytes;    /* of all parts */
    unsigned parts;
};

void jmap_draft_init(struct jmap_draft *draft, const struct jmap_call *call, json_t *object);
void jmap_draft_clear(struct jmap_draft *draft);
void jmap_draft_bad(struct jmap_draft *draft, const char *property);

/* Header properties of the object. */
void jmap_draft_read_header(struct jmap_draft *draft, const char *property, json_t *value);
/* A header property of a part. false: not valid there. */
bool jmap_draft_part_header(struct jmap_draft_part *part, const char *property, json_t *value);
/* A property of the part stands for this field; false: another one does. */
bool jmap_draft_part_claim(struct jmap_draft_part *part, const char *field);
/* The body from bodyStructure, or from textBody, htmlBody and attachments. */
void jmap_draft_read_body(struct jmap_draft *draft);

/* The message; NULL with a SetError in *error (both transfer full). fallback_from: an address for
 * the Message-ID when there is no From. */
GBytes *jmap_draft_message(struct jmap_draft *draft, const char *fallback_from, json_t **error);
/* The body with its Content- headers behind the fields of a message. false: *problem is the name of
 * a property (transfer full). */
bool jmap_draft_write(const struct jmap_draft_part *body, GString *out, char **problem);

/* mailboxIds and keywords of a create or an import. false: names of wrong properties go to bad; or
 * *error is a SetError. mailboxes (transfer full). */
bool jmap_email_membership(const struct jmap_call *call, json_t *object, GArray **mailboxes,
                           struct mail_flags *flags, GPtrArray *bad, json_t **error);
/* receivedAt of one, which stays as it is when not given. false: no UTCDate. */
bool jmap_email_received_at(const json_t *object, int64_t *received_at);
/* What a copy or an import has beside names (ending with NULL) goes to bad, and a wrong receivedAt.
 */
void jmap_email_check(json_t *object, const char *const *names, int64_t *received_at,
                      GPtrArray *bad);
/* invalidProperties naming those of bad. */
json_t *jmap_email_bad_properties(const GPtrArray *bad);

#endif

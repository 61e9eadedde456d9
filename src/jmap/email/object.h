/* Email objects and their parts as JSON (RFC 8621, 4.1). */
#ifndef POSTROOM_JMAP_EMAIL_OBJECT_H
#define POSTROOM_JMAP_EMAIL_OBJECT_H

#include "jmap/email/want.h"

#include "mime/mime.h"

struct jmap_email_source {
    const struct store_email *email; /* NULL for Email/parse */
    const struct mail_summary *summary;
    struct mime_mail *mail; /* NULL: not here, or not wanted */
    const char *blob;       /* id of the raw message, what part ids are built on */
    uint64_t size;
};

/* The object with the wanted properties. *budget: bytes that body values may still take; when it is
 * used up NULL is returned. (transfer full) */
json_t *jmap_email_object(const struct jmap_email_source *source,
                          const struct jmap_email_want *want, size_t *budget);
/* "ready", "pending" or "unreadable". */
const char *jmap_email_state_name(enum store_email_state state);
/* keywords as an object. */
json_t *jmap_email_keywords(const struct mail_flags *flags);

/* Of the body; for jmap_email_object only. false: over the budget. */
bool jmap_email_body(json_t *object, const struct jmap_email_source *source,
                     const struct jmap_email_want *want, size_t *budget);

#endif

/* Attachments whose contents may be read for the word index, by what they are declared to be and
 * what their first bytes are. Bodies, and the bodies of attached messages, are mime_plain_text's.
 */
#ifndef POSTROOM_MIME_READABLE_H
#define POSTROOM_MIME_READABLE_H

#include "mime/mime.h"

/* What may be read at all, decoded; attachments of one mail beyond the last number are not read. */
#define MIME_READABLE_BYTES ((size_t)32 * 1024 * 1024)
#define MIME_READABLE_PARTS 50

struct mime_readable {
    struct mime_mail *mail; /* the mail, or one attached to it */
    size_t index;           /* the part, for mime_part_bytes */
    const char *kind;       /* "text", "html", "pdf" or "office" (extract/extract.h) */
    const char *charset;    /* as declared, letters, digits and -_.: only; or NULL */
    bool too_large;         /* more than MIME_READABLE_BYTES, as far as its encoding tells */
};
/* False: enough, no more are wanted. */
typedef bool mime_readable_fn(const struct mime_readable *readable, void *arg);
/* Calls fn for each, those of attached messages too; what it is given is valid until it returns. */
void mime_each_readable(struct mime_mail *mail, mime_readable_fn *fn, void *arg);
bool mime_has_readable(struct mime_mail *mail);
/* "text", "html", "pdf" or "office" by what a file is declared to be and its first bytes; NULL:
 * none of them. name may be NULL. */
const char *mime_readable_kind(const char *type, const char *name, const void *bytes,
                               size_t length);
/* A charset that extract may be given by name: letters, digits and -_.: only. */
bool mime_readable_charset(const char *name);

#endif

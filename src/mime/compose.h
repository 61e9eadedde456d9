/* The pieces of writing mail; only compose*.c include this. */
#ifndef POSTROOM_MIME_COMPOSE_H
#define POSTROOM_MIME_COMPOSE_H

#include "mime/mime.h"

/* --- compose_header.c: fields, folded below 78 where the words allow, below 998 always. */
void write_unstructured(GString *out, const char *name, const char *text);
void write_addresses(GString *out, const char *name, const struct mail_addresses *addresses);
void write_ids(GString *out, const char *name, const char *const *ids);
void write_date(GString *out, int64_t seconds, int offset_minutes);
void write_raw(GString *out, const char *name, const char *value);
/* "; name=value", in RFC 2231's form where it must be. */
void write_param(GString *out, const char *name, const char *value);

/* --- compose_body.c: the content of one leaf with its Content-Transfer-Encoding, and the empty
 * line. */
void write_text_part(GString *out, const char *type, const char *text);
void write_attachment(GString *out, const struct mime_attachment *attachment);

/* --- compose_check.c */
bool check_draft(const struct mime_draft *draft, GError **error);

#endif

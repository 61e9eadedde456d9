/* Filters of Email/query (RFC 8621, 4.4.1). */
#ifndef POSTROOM_JMAP_EMAIL_FILTER_H
#define POSTROOM_JMAP_EMAIL_FILTER_H

#include "jmap/engine/engine.h"

/* Our own condition: words of an attachment's name, with the vendor capability in use. */
#define JMAP_FILTER_FILENAME "postroom:filename"
/* And on what people wrote to the conversation: whether there is a note; words of notes and to-dos;
 * a to-do that is so (docs/api.md, "Organising"). */
#define JMAP_FILTER_HAS_NOTE "postroom:hasNote"
#define JMAP_FILTER_NOTE "postroom:note"
#define JMAP_FILTER_TODO "postroom:todo"

/* *filter (transfer full) is NULL when everything matches. false: *error is the type of the
 * method-level error, invalidArguments or unsupportedFilter. */
bool jmap_email_filter_read(const struct jmap_request *request, json_t *json,
                            struct store_filter **filter, const char **error);

/* Terms of text conditions that are not negated, as text_snippet takes them: NULL-terminated.
 * (transfer full) */
char **jmap_email_filter_terms(const struct store_filter *filter, bool subject);

#endif

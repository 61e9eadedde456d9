/* Labels: a name and a colour for a keyword (docs/api.md, "Organising"). */
#ifndef POSTROOM_JMAP_RECORD_LABEL_H
#define POSTROOM_JMAP_RECORD_LABEL_H

#include "jmap/record/record.h"

void jmap_label_check(json_t *object, const json_t *before, json_t *bad);
/* Gives it a keyword of its own where it has none. */
void jmap_label_complete(json_t *object, const GPtrArray *others);
/* Takes the keyword off all emails. */
bool jmap_label_leave(const struct store_access *access, const json_t *object, GError **error);

/* What labels of emails mean in another account, whose people have labels of their own. */
struct jmap_label_copy;
/* Both handles outlive it; NULL with error. (transfer full) */
struct jmap_label_copy *jmap_label_copy_new(const struct store_access *from,
                                            const struct store_access *to, GError **error);
void jmap_label_copy_free(struct jmap_label_copy *copy);
/* The keyword of a label of this account that is there under its name with another keyword becomes
 * that one. */
void jmap_label_copy_translate(const struct jmap_label_copy *copy, int64_t account,
                               struct mail_flags *flags);
/* The account's labels of these keywords will be there, too, when it ends. */
void jmap_label_copy_want(struct jmap_label_copy *copy, int64_t account,
                          const struct mail_flags *flags);
/* Makes those that are not there, with name and colour; one that there is no room for is not made,
 * its keyword stays with the email. */
void jmap_label_copy_end(struct jmap_label_copy *copy);

#endif

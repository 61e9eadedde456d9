/* A mail_summary as compact bytes. No engine in it. */
#ifndef POSTROOM_STORE_SUMMARY_H
#define POSTROOM_STORE_SUMMARY_H

#include "base/mail.h"

/* (transfer full) */
GBytes *summary_pack(const struct mail_summary *summary);
/* (transfer full); damaged bytes give what could be read, never NULL. Bytes may follow. */
struct mail_summary *summary_unpack(const void *bytes, size_t length);

/* Other keywords as one text, words separated by spaces, sorted; NULL for none. And back. */
char *flags_words(const struct mail_flags *flags);
void flags_from(struct mail_flags *flags, uint32_t bits, const char *words);
bool flags_words_has(const char *words, const char *word);
/* out = those of a that are not in b. */
void flags_minus(const struct mail_flags *a, const struct mail_flags *b, struct mail_flags *out);
/* to = to + add - remove. */
void flags_apply(struct mail_flags *to, const struct mail_flags *add,
                 const struct mail_flags *remove);
bool flags_empty(const struct mail_flags *flags);

/* The three-way merge of one message's flags. base: last seen on the server; now: on the server
 * now; local: here, changed in place; pending_add, pending_remove: what is still to be carried
 * out, which wins. MAIL_DELETED never becomes local. */
void flags_merge(const struct mail_flags *base, const struct mail_flags *now,
                 const struct mail_flags *pending_add, const struct mail_flags *pending_remove,
                 struct mail_flags *local);

#endif

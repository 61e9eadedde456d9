/* What of an email stands in the word index: each word once, behind the letter of its field.
 *
 * Words of the body stand bare. Those of a header field stand behind its letter, and, where the
 * body lacks them, once more behind a common one, so that a search of everything asks for three
 * terms a word and not for eight. Words of quotes that the body has are left out, and of a body's
 * other alternative those that either has. No folded word begins with a capital (text/text.h), so
 * a letter is never taken for the beginning of one. */
#ifndef POSTROOM_STORE_SQLITE_TERMS_H
#define POSTROOM_STORE_SQLITE_TERMS_H

#include "store/mail.h"

/* Changes with what is written here; see index_version. */
#define TERMS_VERSION 2

#define TERMS_SUBJECT "S"
#define TERMS_FROM "F"
#define TERMS_TO "T"
#define TERMS_CC "C"
#define TERMS_BCC "B"
#define TERMS_FILENAMES "N"
#define TERMS_QUOTED "Q"
#define TERMS_HEADER "H" /* of any of the fields, but not of body or quotes */

/* The first word of every text and expression of an account, see tokenizer.h. */
#define TERMS_SCOPE_BYTES 12
void terms_scope(int64_t account, char scope[TERMS_SCOPE_BYTES]);

struct terms {
    char *text;   /* the scope and the terms, a space between */
    int64_t hash; /* of the set of terms, in 31 bits, never 0 */
};
void terms_make(int64_t account, const struct store_index *index, struct terms *terms);
void terms_clear(struct terms *terms);

/* The letters of the terms of a condition on words, "" for none; NULL: it is no such condition.
 * Ends with NULL. */
const char *const *terms_letters(enum store_filter_kind kind);

#endif

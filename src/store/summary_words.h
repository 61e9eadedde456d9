/* Words of an email, in their order, held against a filter. No engine in it. */
#ifndef POSTROOM_STORE_SUMMARY_WORDS_H
#define POSTROOM_STORE_SUMMARY_WORDS_H

#include "store/mail.h"

/* A tree of AND, OR and conditions on words, held against an email of which these words are known:
 * all, or only those of its summary (store_index_headers). */
bool summary_words_match(const struct store_index *index, const struct store_filter *filter);

#endif

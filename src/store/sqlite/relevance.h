/* How well emails answer a search: where the words stand in them, and how rare they are. */
#ifndef POSTROOM_STORE_SQLITE_RELEVANCE_H
#define POSTROOM_STORE_SQLITE_RELEVANCE_H

#include "store/sqlite/query.h"

/* So many of the newest matches are weighed, of all accounts together; what is older follows them
 * by its date. */
#define RELEVANCE_NEWEST 2000

struct relevance_match {
    const struct candidate *candidate;
    double worth;
};
/* Adds what each match is worth by the words of the plan (worded_by). They come newest first, as a
 * walk gives them. Each word is looked up in each field of each account that has matches, and is
 * as rare as it is in all of these; bounded in the rows that are read. */
void relevance_weigh(struct listing *listing, struct relevance_match *matches, size_t count);

#endif

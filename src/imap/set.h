/* Sets of UIDs, "1:5,9" (RFC 3501, section 9: sequence-set). Internal to imap. */
#ifndef POSTROOM_IMAP_SET_H
#define POSTROOM_IMAP_SET_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imap_range {
    uint32_t first, last; /* first <= last; "*" is UINT32_MAX */
};

/* Takes the next range off *at. False at the end, and at anything that is no set. */
bool imap_set_next(const char **at, struct imap_range *range);
/* True for a whole, non-empty set. */
bool imap_set_is_valid(const char *set);
/* Sorted, so that imap_ranges_have can look into it; (transfer full) GArray of struct imap_range.
 */
GArray *imap_set_ranges(const char *set);
bool imap_ranges_have(const GArray *ranges, uint32_t uid);
/* Every UID of a server's set, in its order; NULL when it is empty, wrong, or has more than max.
 * (transfer full) */
GArray *imap_set_expand(const char *set, size_t max);

#endif

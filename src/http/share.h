/* Memory held for people: all of it together has a budget, and of that nobody takes so much that
 * others get nothing. Thread-safe. */
#ifndef POSTROOM_HTTP_SHARE_H
#define POSTROOM_HTTP_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct share;

struct share *share_new(uint64_t budget);
void share_free(struct share *share);

/* user 0: nobody in particular, held to the whole alone. false: that would be too much. */
bool share_take(struct share *share, int64_t user, uint64_t bytes);
/* The same for what is there already, be it too much or not. */
void share_add(struct share *share, int64_t user, uint64_t bytes);
void share_give(struct share *share, int64_t user, uint64_t bytes);
/* They, or all together, hold as much as they may. */
bool share_is_full(struct share *share, int64_t user);

#endif

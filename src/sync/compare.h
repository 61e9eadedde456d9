/* What follows from a look at a folder. Only src/sync includes this. */
#ifndef POSTROOM_SYNC_COMPARE_H
#define POSTROOM_SYNC_COMPARE_H

#include "sync/look.h"
#include "sync/reconcile.h"

/* Plans what a complete look at the open mailbox asks for; last: marks of the comparison before
 * (uidnext 0: there was none to the end); wanted: the look was at all of it because somebody asked.
 * found: what should not have differed. Clear the plan after true. */
bool compare_plan(struct session *session, const struct store_remote_mailbox *mailbox,
                  const struct sync_marks *last, const struct look *look, bool wanted,
                  struct sync_plan *plan, struct sync_difference *found, GError **error);
/* What vanished and other flags, to the intake. */
void compare_add_changes(struct session *session, const struct store_remote_mailbox *mailbox,
                         const struct sync_plan *plan);
/* session_mark, unless nothing differs from the marks there are and nothing else is written.
 * newest: the newest email before the look. */
void compare_mark(struct session *session, struct store_remote_mailbox *mailbox, uint32_t in_scope,
                  int64_t newest);

#endif

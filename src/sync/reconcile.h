/* Each folder compared with the server message by message: once a day, when somebody asks for it,
 * and where the counts differ (docs/internals/sync-in.md). */
#ifndef POSTROOM_SYNC_RECONCILE_H
#define POSTROOM_SYNC_RECONCILE_H

#include "sync/plan.h"
#include "sync/session.h"

/* --- pure */

struct sync_difference {
    uint32_t missing, surplus, astray; /* there only, here only, with other flags */
};
/* What a plan from a look at all of a folder tells of damage, as far as it is no news since the
 * last comparison; last and now as in sync_way_choose. What the server's own counts can explain is
 * news, so there may be more than is said. Flags count only where mod-sequences say that none
 * changed, or with flags_too. */
void sync_difference_of(struct sync_difference *found, const struct sync_marks *last,
                        const struct sync_marks *now, const struct sync_plan *plan, bool flags_too);
/* When a mailbox that was reconciled at a time is next (seconds since 1970): within a day, spread
 * by its number. */
int64_t sync_reconcile_next(int64_t reconciled_at, int64_t mailbox);

/* --- of a session */

/* Mends what rows here contradict of each other; then every folder is queued to be looked at as a
 * whole, which finds emails again that lost their place. The folders must be loaded. */
bool session_mend(struct session *session, GError **error);
/* A full pass begins and its folders are queued: those that were never reconciled are looked at as
 * a whole, after contradictions here were mended. */
bool session_reconcile_begin(struct session *session, GError **error);
/* While the session watches: queues a few folders whose day has come, and those that differed or
 * were refused when it is time to try them again. */
bool session_reconcile_due(struct session *session, GError **error);
/* When session_reconcile_due has something to do next. */
int64_t session_reconcile_at(const struct session *session);
/* A folder of the queue is to be looked at as a whole. */
bool session_wants_whole(const struct session *session, int64_t mailbox);
/* The same; takes it off that list. */
bool session_is_wanted_whole(struct session *session, int64_t mailbox);

/* All of a pass is done: does every folder agree? *again: some do not, and were queued to be looked
 * at as a whole, once in a pass. *problem: (out, transfer full) else what still differs or was
 * refused, or NULL; *next: when it is tried again (wall clock). */
bool session_agree(struct session *session, bool *again, GError **problem, int64_t *next,
                   GError **error);

#endif

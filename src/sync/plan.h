/* What one mailbox needs: a pure function of what is known here and what the server says. */
#ifndef POSTROOM_SYNC_PLAN_H
#define POSTROOM_SYNC_PLAN_H

#include "store/sync.h"

struct sync_seen {
    uint32_t uid;
    struct mail_flags flags;
};

struct sync_plan {
    GArray *fresh;    /* uint32_t, ascending: fetch their headers */
    GArray *vanished; /* uint32_t, ascending */
    GArray *flags;    /* size_t indices into seen: the flags differ from those last seen */
};

/* local: ascending by UID, all that is known of the mailbox. uids: ascending, every UID in scope.
 * seen: ascending, flags of some or all of them (with CONDSTORE only the changed ones). Messages
 * marked as skipped stay unasked. */
void sync_plan_make(struct sync_plan *plan, const struct store_remote_message *local,
                    size_t local_count, const uint32_t *uids, size_t uid_count,
                    const struct sync_seen *seen, size_t seen_count);
void sync_plan_clear(struct sync_plan *plan);

#endif

/* Learns what the server has in one folder, in the cheapest way that it offers (sync/plan.h). Only
 * src/sync includes this. */
#ifndef POSTROOM_SYNC_LOOK_H
#define POSTROOM_SYNC_LOOK_H

#include "sync/plan.h"
#include "sync/session.h"

struct look {
    enum sync_way way;
    bool whole;     /* uids are all in scope */
    GArray *uids;   /* uint32_t, ascending: as in struct sync_remote */
    GArray *ranges; /* struct sync_range: told to be gone */
    GArray *seen;   /* struct sync_seen, ascending */
    guint most;     /* of ranges and seen: a server that talks without end fills no memory */
    GArray *known;  /* struct store_remote_message: rows here, of all of it when whole, else of what
                       uids, ranges and seen name */
};

/* Selects the folder anew, so that session->selected are marks of before the look; a renewed one is
 * reset in the store. whole: every UID in scope is wanted, whatever the marks say. */
bool look_at(struct session *session, struct store_remote_mailbox *mailbox, bool whole,
             struct look *look, GError **error);
void look_clear(struct look *look);
/* The plan's view of it; borrows. */
struct sync_remote look_remote(const struct session *session, const struct look *look);

#endif

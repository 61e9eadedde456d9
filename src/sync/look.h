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

/* Empty, for look_clear; as much may come as of this mailbox. */
void look_init(struct look *look);
void look_expect(struct look *look, const struct store_remote_mailbox *mailbox);
/* What was told goes. */
void look_forget(struct look *look);
/* Selects the folder anew, so that session->selected are marks of before the look; a renewed one is
 * reset in the store. whole: every UID in scope is wanted, whatever the marks say. */
bool look_at(struct session *session, struct store_remote_mailbox *mailbox, bool whole,
             struct look *look, GError **error);
void look_clear(struct look *look);
/* A look in pieces, of one that was compared before and has no start date (looks.c): flags of all
 * messages by windows, or what QRESYNC told. Both callbacks take the look as their arg; sure: it
 * adds up, and the look is complete, with known. */
bool look_take_flags(const struct imap_fetched *fetched, void *arg);
void look_take_vanished(uint32_t first, uint32_t last, bool earlier, void *arg);
bool look_end_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                      struct look *look, bool *sure, GError **error);
bool look_end_changes(struct session *session, const struct store_remote_mailbox *mailbox,
                      struct look *look, bool *sure, GError **error);
/* Sets of UIDs, some 5,000 known messages each, that together are all. (transfer full) */
char **look_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                    GError **error);
/* Marks of the last comparison, and of the open mailbox. */
struct sync_marks look_marks_of(const struct store_remote_mailbox *mailbox);
struct sync_marks look_marks_now(const struct session *session);
/* The plan's view of it; borrows. */
struct sync_remote look_remote(const struct session *session, const struct look *look);

#endif

/* Inside of carrying changes out (sync/apply.c): intents that are alike go as a lot. */
#ifndef POSTROOM_SYNC_LOT_H
#define POSTROOM_SYNC_LOT_H

#include "sync/session.h"
#include "sync/steps.h"

struct item {
    const struct store_intent *intent;
    struct out_state state;
    uint32_t uidvalidity, uid; /* where the message is now, in the target; 0: not told */
    bool dropped;              /* superseded, or its folder was renewed: nothing is done for it */
};

/* Of one command's UID set. */
#define SET_BYTES 7000

/* Intents that are alike; a step is taken for as many of them as need it. */
struct lot {
    struct session *session;
    const struct store_intent *head; /* stands for mailboxes, kind and flags of all */
    struct item *items;
    size_t count;
    struct out_mark mark;
};

bool lot_open_by_id(struct session *session, int64_t mailbox, GError **error);
/* Opens the folder the messages are in. When it was renewed, their UIDs mean nothing any more: they
 * are dropped, and the store plans anew. */
bool lot_open_source(struct lot *lot, GError **error);
/* The source's UIDs of as many as fit into one command; the others leave items (struct item*),
 * their turn comes. (transfer full) */
char *lot_uid_set(GPtrArray *items);
/* Where the messages of items are, in source and target, or in what is kept. apply_look.c */
bool lot_look(struct lot *lot, GPtrArray *items, GError **error);

#endif

/* What to do next for a change that goes out: pure functions of the intent, the server's
 * capabilities, the journal and what the server shows. sync/apply.c takes the steps. */
#ifndef POSTROOM_SYNC_STEPS_H
#define POSTROOM_SYNC_STEPS_H

#include "store/sync.h"

/* In the order in which a lot of intents takes them: those that are behind go first. */
enum out_step {
    OUT_LOOK,         /* what is in source and target now? Of EXPUNGE: in what is kept */
    OUT_JOURNAL,      /* write down that a step may be taken, and from which UID on to look */
    OUT_ADD_FLAGS,    /* UID STORE +FLAGS */
    OUT_REMOVE_FLAGS, /* UID STORE -FLAGS */
    OUT_APPEND,
    OUT_COPY,
    OUT_MOVE,
    OUT_FLAG,         /* \Flagged, which Exchange does not take from APPEND */
    OUT_MARK_DELETED, /* UID STORE +\Deleted in the source */
    OUT_EXPUNGE,      /* UID EXPUNGE there: never where UIDPLUS is missing */
    OUT_WAIT,         /* look again later: the server may be at work on it still */
    OUT_DONE,
    OUT_FAILED, /* the server said OK to a COPY that left nothing behind */
};

enum out_presence { OUT_UNKNOWN, OUT_ABSENT, OUT_PRESENT };

/* One intent on its way. */
struct out_state {
    enum store_intent_kind kind;
    bool can_move, can_expunge; /* MOVE and UIDPLUS are offered */
    bool adds, removes;         /* FLAGS: there is something to; APPEND: adds says \Flagged */
    bool keeps;                 /* EXPUNGE: the email stays elsewhere, which is its target here */
    bool begun;                 /* an earlier run journalled it: its step may have been taken */
    bool doubtful;              /* begun, and not looked for in vain often enough: see OUT_LOOKS */
    /* What this run did and saw: */
    bool looked, journalled, acted, added, removed, flagged, deleted, expunged;
    enum out_presence source, target; /* where the message is, as far as is known */
};

enum out_step out_next(const struct out_state *state);
/* The step was carried out; for OUT_LOOK source and target are set by the caller. */
void out_took(struct out_state *state, enum out_step step);
/* What is left in the source is only marked \Deleted, since it cannot be expunged alone. */
bool out_leaves_deleted(const struct out_state *state);

/* The refusal of a step concerns nothing but the change itself: the session goes on. */
bool out_settles(const GError *refusal);

/* The journal of a step that puts a message into target: what was there before is not ours. */
struct out_mark {
    uint32_t uidvalidity, uidnext; /* of the target before the step; 0: not known */
    unsigned looks;                /* how often it was looked for in vain after an uncertain end */
};
/* A message that was not found so often, with growing pauses, is put there once more. What a server
 * does not do twice (MOVE) is not waited for. */
#define OUT_LOOKS 2

char *out_mark_write(const struct out_mark *mark); /* (transfer full) */
/* Whatever it cannot read gives a mark that excludes nothing. */
struct out_mark out_mark_read(const char *journal);
/* The first UID that may be ours in a target with this UIDVALIDITY. */
uint32_t out_mark_first(const struct out_mark *mark, uint32_t uidvalidity);

/* A message seen in the target. */
struct out_seen {
    uint32_t uid;
    char *message_id; /* or NULL */
    int64_t received_at;
    uint64_t size;
    bool taken; /* one message is the end of one intent */
};
void out_seen_clear(struct out_seen *seen);
/* The UID of the message that is this intent's, which is then taken; 0: none. Its Message-ID must
 * agree, and its date or, about, its size, for others may put a mail with the same Message-ID
 * there; both where it has none. rivals: struct store_intent of others that were begun, or NULL:
 * what is more like one of them is left to it. */
uint32_t out_match(GArray *seen, const struct store_intent *intent, const GPtrArray *rivals);

/* How many of the intents from first on go together, as indices into lot (at least max long): the
 * same change, and nothing older left to do for the same email. settled: intents that are done. */
size_t out_lot(const GPtrArray *intents, const bool *settled, size_t first, size_t max,
               size_t *lot);

/* --- folders */

enum out_folder_step {
    OUT_FOLDER_LOOK,
    OUT_FOLDER_JOURNAL,
    OUT_FOLDER_CREATE,
    OUT_FOLDER_RENAME,
    OUT_FOLDER_DELETE,
    OUT_FOLDER_SUBSCRIBE,
    OUT_FOLDER_DONE,
};
struct out_folder {
    enum store_folder_change change;
    bool on;    /* SUBSCRIBE: or else unsubscribe; CREATE: subscribe as well */
    bool begun; /* an earlier run journalled it */
    bool looked, journalled, acted, subscribed;
    bool old_there, new_there; /* once looked: the folder under its old and its new name */
};
/* The caller sets what came of the step; acted after CREATE, RENAME and DELETE. */
enum out_folder_step out_folder_next(const struct out_folder *folder);

#endif

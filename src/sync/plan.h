/* What one folder needs: a pure function of what is known here, what the server says, and what is
 * still to be carried out there. No I/O, no clock, no store: whatever decides is an argument.
 *
 * sync_way_choose says how the server's side is learnt, sync_plan_make what follows from it;
 * src/sync/compare.c does the talking and hands the plan to the store, which merges flags three
 * ways and finds out which new message is an old one (docs/internals/sync-in.md). */
#ifndef POSTROOM_SYNC_PLAN_H
#define POSTROOM_SYNC_PLAN_H

#include "store/sync.h"

/* Chosen by what the server can do, never by its name. Gmail's way (X-GM-MSGID, labels) has its
 * place here one day. */
enum sync_way {
    SYNC_WAY_NONE,      /* marks and counts say that nothing happened: not even a SELECT */
    SYNC_WAY_QRESYNC,   /* SELECT tells what changed and what vanished (RFC 7162, 3.2.5) */
    SYNC_WAY_CONDSTORE, /* CHANGEDSINCE tells flags and new messages; UIDs are listed only when
                           the counts say that some vanished (RFC 7162, 3.1.4.1) */
    SYNC_WAY_WINDOWS,   /* UID FETCH of (UID FLAGS) in windows: Exchange, plain IMAP */
    SYNC_WAY_WHOLE,     /* every UID in scope by SEARCH, flags in windows: a first comparison, a
                           renewed folder, a reconciliation */
};

/* What STATUS and SELECT tell of a folder. */
struct sync_marks {
    uint32_t uidvalidity, uidnext, exists; /* 0: not told */
    uint64_t modseq;                       /* 0: no CONDSTORE */
};

struct sync_situation {
    struct sync_marks last, now; /* when it was last compared; now */
    bool complete;               /* it was compared to the end once: last is good */
    bool qresync;                /* enabled on this connection */
    bool whole;                  /* somebody wants every UID looked at */
};
enum sync_way sync_way_choose(const struct sync_situation *situation);
/* RFC 3501, 2.3.1.1: its UIDs mean other messages than before. A UIDNEXT that went back says so
 * too, whatever the UIDVALIDITY. */
bool sync_is_renewed(const struct sync_marks *last, const struct sync_marks *now);

struct sync_seen {
    uint32_t uid;
    struct mail_flags flags;
};

struct sync_range {
    uint32_t first, last;
};

struct sync_remote {
    bool whole;           /* uids are all in scope: what is known and not among them is gone */
    const uint32_t *uids; /* ascending; not whole: only those that may be new */
    size_t uid_count;
    const struct sync_range *vanished; /* told apart, in any order; may name what is unknown here */
    size_t vanished_count;
    const struct sync_seen *seen; /* ascending: flags of some or all */
    size_t seen_count;
    bool keeps_keywords;     /* PERMANENTFLAGS has \*; else labels stay here and count as there */
    uint32_t permanent_bits; /* enum mail_flag bits that can be stored */
};

/* What a server cannot keep (Exchange: no keywords) it cannot have taken away: flags gets it from
 * those last taken to be there. known_words as in store/sync.h. */
void sync_keep_unsupported(struct mail_flags *flags, uint32_t known_bits, const char *known_words,
                           bool keeps_keywords, uint32_t permanent_bits);

struct sync_change {
    uint32_t uid;
    struct mail_flags flags; /* as the server has them, and what it cannot keep as it was here */
};

/* Each ascending by UID, none in two of them. */
struct sync_plan {
    GArray *fresh;    /* uint32_t: fetch their headers; each may be an old message (store/sync.h) */
    GArray *changed;  /* struct sync_change: differ from what was last seen there */
    GArray *vanished; /* uint32_t: gone, and may be in another folder now */
    GArray *ended; /* uint32_t: gone, just as a step of ours would have it: nobody looks for them */
};

/* local: ascending by UID, all that is known of the folder, or of the UIDs that remote names.
 * pending: ascending by UID, what is to be carried out on messages of the folder. Messages marked
 * as skipped vanish, but never change. */
void sync_plan_make(struct sync_plan *plan, const struct store_remote_message *local,
                    size_t local_count, const struct sync_remote *remote,
                    const struct store_step *pending, size_t pending_count);
void sync_plan_clear(struct sync_plan *plan);
bool sync_plan_is_empty(const struct sync_plan *plan);

#endif

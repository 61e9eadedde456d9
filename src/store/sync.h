/* The store as the sync engine sees it: remote names, UIDs, intents. Only sync, app and the store
 * itself may include this; emails are internal numbers here, which never change. No function is
 * called while a network call is under way in a transaction: there are none to hold. */
#ifndef POSTROOM_STORE_SYNC_H
#define POSTROOM_STORE_SYNC_H

#include "store/mail.h"

enum store_lane { STORE_LANE_INTERACTIVE, STORE_LANE_BULK };

/* --- accounts
 * --------------------------------------------------------------------------------------------------------
 */

/* What kind of provider an account has, where that is known. */
enum store_kind { STORE_KIND_OTHER, STORE_KIND_MICROSOFT, STORE_KIND_GOOGLE };

struct store_sync_account {
    int64_t id;
    char *address, *login, *provider; /* provider NULL: password account */
    char *imap_host, *smtp_host, *ca_file;
    uint16_t imap_port, smtp_port;
    char *imap_security, *smtp_security; /* "tls", "starttls", "plain" */
    char *imap_login, *smtp_login;       /* login names of a password account */
    int64_t since;                       /* start date; 0: everything */
    bool paused;
    char *proxy; /* with its password: the account's own, or "direct"; NULL: none of its own */
    bool operator_hosts;  /* the hosts come from a provider the administrator set up */
    bool send_refused;    /* sending did not work when it was tried last */
    int64_t quota_asked;  /* when the server told its quotas last; 0: never; 1: ask it anew */
    bool quota_tight;     /* one of them is nearly used up */
    enum store_kind kind; /* for the caller to fill in, from the provider's settings */
    char *state;
};
void store_sync_account_free(struct store_sync_account *account);
/* Ids, int64_t; those first in which something happened last. */
GArray *store_sync_accounts(struct store *store, GError **error);
struct store_sync_account *store_sync_account(struct store *store, int64_t account, GError **error);
/* The password of a password account. (transfer full) */
struct secret *store_sync_password(struct store *store, int64_t account, GError **error);

/* state as in docs/api.md; error NULL clears the problem. next_attempt 0: none. last_sync is
 * set when state is "idle". What cannot be written (a full disk) is shown all the same, until the
 * next state or a restart; the call fails then. */
bool store_sync_state(struct store *store, int64_t account, const char *state,
                      const GError *problem, int64_t next_attempt, GError **error);
/* What passes by itself, without a problem: shown until the next state or a restart, never written.
 */
void store_sync_state_passing(struct store *store, int64_t account, const char *state);
/* What the sending server takes of one message, in octets (RFC 1870); 0: it does not say. at: when
 * it was spoken to; noted once an hour while it says the same. */
bool store_sync_size_limit(struct store *store, int64_t account, uint64_t octets, int64_t at,
                           GError **error);
/* Sending works or does not (NULL clears). */
bool store_sync_send_problem(struct store *store, int64_t account, const GError *problem,
                             GError **error);
/* In memory only; listeners are told at most once a second. */
void store_sync_progress(struct store *store, int64_t account,
                         const struct store_progress *progress);

/* Bytes that came from the account's provider on a day (days since 1970, UTC): adds some and tells
 * the sum. Only the latest day is kept. */
bool store_sync_traffic(struct store *store, int64_t account, int64_t day, uint64_t add,
                        uint64_t *sum, GError **error);

/* What the mail server says of its quotas now (root, of, used and limit of each struct store_quota;
 * the first of two alike counts): others are gone. list NULL: it says nothing, and what is known
 * stays. at: quota_asked from now on. */
bool store_sync_quotas(struct store *store, int64_t account, const GPtrArray *list, int64_t at,
                       GError **error);

/* --- mailboxes
 * -------------------------------------------------------------------------------------------------------
 */

struct store_remote_mailbox {
    int64_t id;            /* 0: not known here yet */
    char *raw_name, *name; /* raw IMAP name; decoded path */
    char delimiter;
    enum mail_role role;
    bool role_chosen;                  /* by a person: it stays */
    bool selectable, subscribed, sync; /* sync: false for folders that hold no mail */
    uint32_t uidvalidity, uidnext;
    uint64_t highestmodseq;
    uint32_t server_count; /* messages in scope, skipped ones too: as last compared, and as what was
                              carried out since has changed it */
    uint32_t skipped;      /* named, unreadable items */
    int64_t checked_at;    /* when these marks were last written */
    bool headers_done;     /* the headers pass reached the start date once */
    uint32_t exists;       /* all messages there, in scope or not, when it was last compared */
    char *object_id;       /* MAILBOXID (RFC 8474), which a rename keeps; or NULL */
    int64_t seen_email;    /* the newest email number when it was last compared */
    bool gone;             /* deleted there; its emails may yet be found elsewhere */
    int64_t reconciled_at; /* last time all of it was looked at; 0: never */
};
void store_remote_mailbox_free(struct store_remote_mailbox *mailbox);
GPtrArray *store_sync_mailboxes(struct store *store, int64_t account, GError **error);
/* Creates (id 0) or updates by id: name, parent (by path), role, flags. Fills id. The change log
 * tells. A role that a person chose stays. */
bool store_sync_mailbox_put(struct store *store, int64_t account,
                            struct store_remote_mailbox *mailbox, GError **error);
/* It no longer exists there. Its emails are kept as orphans, and it is shown, until the sweep that
 * ends a round over all folders: they may have been moved before it was deleted. */
bool store_sync_mailbox_remove(struct store *store, int64_t account, int64_t mailbox,
                               GError **error);
/* UIDVALIDITY changed: forget its UIDs, keeping emails for a re-match by Message-ID, date and true
 * size until the next store_batch_sweep. */
bool store_sync_mailbox_reset(struct store *store, int64_t account, int64_t mailbox,
                              uint32_t uidvalidity, GError **error);

/* --- reconciliation (sqlite/mend.c) */

/* Mends what rows here contradict of each other: a message on the server without an email, an email
 * in no folder of the server, memberships and flags that nothing explains. *mended: how many; then
 * every mailbox must be looked at as a whole before a round is swept. */
bool store_sync_mend(struct store *store, int64_t account, unsigned *mended, GError **error);
/* Mailboxes (int64_t) whose server_count is not the number of their rows here. (transfer full) */
GArray *store_sync_differing(struct store *store, int64_t account, GError **error);
/* What a look at all of a mailbox found. */
struct store_reconciled {
    int64_t at;
    uint32_t missing, surplus, astray; /* there only, here only, with other flags */
};
bool store_sync_reconciled(struct store *store, int64_t mailbox,
                           const struct store_reconciled *found, GError **error);
/* Every mailbox of the account counts as never reconciled. */
bool store_sync_reconcile_all(struct store *store, int64_t account, GError **error);

/* What STATUS said last of a mailbox, and since when it has said that (seconds since 1970): how
 * often it is asked again follows. All 0: it was never asked. */
struct store_watch {
    int64_t mailbox;
    uint32_t uidvalidity, uidnext, messages, unseen;
    uint64_t highestmodseq;
    int64_t changed_at;
    int64_t newest; /* when its newest message was received, as the server says; 0: it has none.
                       Read only */
};
/* Of all mailboxes of the account, by mailbox. */
GArray *store_sync_watches(struct store *store, int64_t account, GError **error);
/* Keeps those of the list; their mailboxes must exist. */
bool store_sync_watch_put(struct store *store, const struct store_watch *list, size_t count,
                          GError **error);

/* What is known of a mailbox's messages, ascending by UID. */
struct store_remote_message {
    uint32_t uid;
    uint32_t flag_bits; /* last seen remote flags: the base of three-way merges */
    int64_t email;
    bool skipped;
    char *words; /* last seen keywords besides the bits, sorted, a space between; mostly NULL */
};
/* (transfer full); the array owns the words. */
GArray *store_sync_messages(struct store *store, int64_t mailbox, uint32_t first_uid,
                            uint32_t last_uid, GError **error);
/* The same of several ranges, ascending and apart. */
struct store_uid_range {
    uint32_t first, last;
};
GArray *store_sync_messages_in(struct store *store, int64_t mailbox,
                               const struct store_uid_range *ranges, size_t count, GError **error);
/* known[i] (out): an email of the account has ids[i] (without brackets) as its Message-ID, or
 * refers to it. */
bool store_sync_knows_ids(struct store *store, int64_t account, const char *const *ids,
                          size_t count, bool *known, GError **error);
/* The newest email number of all: what comes later is greater. */
int64_t store_sync_newest_email(struct store *store, GError **error);
/* The message known under this UID has this Message-ID (there is one) and INTERNALDATE. False also
 * with error. */
bool store_sync_message_is(struct store *store, int64_t mailbox, uint32_t uid,
                           const struct mail_summary *summary, int64_t received_at, GError **error);
/* UIDs of every so many-th row of it, ascending, without the first: (transfer full) GArray of
 * uint32_t. */
GArray *store_sync_uids_apart(struct store *store, int64_t mailbox, uint32_t every, GError **error);
/* Rows of it, skipped ones too. UINT32_MAX with error. */
uint32_t store_sync_message_count(struct store *store, int64_t mailbox, GError **error);

/* --- batches
 * ------------------------------------------------------------------------------------------------------------
 */

/* Changes that came from the server, gathered and written in one transaction. */
struct store_batch;
struct store_batch *store_batch_new(struct store *store, int64_t account);
void store_batch_free(struct store_batch *batch);
/* What the server can keep in a mailbox (PERMANENTFLAGS); everything, where nothing was said since
 * the batch was empty. What it cannot, it cannot have taken away: such keywords stay as they are
 * here. */
void store_batch_keeps(struct store_batch *batch, int64_t mailbox, bool keywords,
                       uint32_t permanent_bits);

struct store_batch_message {
    int64_t mailbox;
    uint32_t uidvalidity, uid;
    struct mail_flags flags; /* as the server has them, \Deleted as MAIL_DELETED */
    int64_t received_at;     /* INTERNALDATE */
    uint64_t size;           /* true size with raw, else an estimate */
    const struct mail_summary *summary;
    const char *emailid;              /* or NULL */
    GBytes *raw;                      /* NULL: pending */
    const struct store_index *index;  /* with raw */
    bool unreadable;                  /* raw kept, not parsed */
    const struct mail_report *report; /* with raw: it is a notification; or NULL */
    const char *answer_to; /* with raw: whom an automatic answer may go to; NULL: nobody */
    bool unread;           /* with raw: its attachments are still to be read */
};
/* A message of a mailbox. A known UID keeps its email: a pending one becomes ready when raw came;
 * flags merge three ways against the last seen ones, local pending intents winning. An unknown UID
 * joins an email of the account that an APPEND, COPY or MOVE of ours awaits there, or one orphaned
 * by a move elsewhere (EMAILID, else Message-ID, date and size), else a new email with a thread is
 * made. Copied into the batch. */
void store_batch_message(struct store_batch *batch, const struct store_batch_message *message);
/* The same in two halves: what costs time (compression, the words to keep) in any thread, then the
 * addition, which takes what was prepared. The first half may read the store, and write to it. */
struct batch_op;
struct batch_op *store_batch_prepare(struct store *store, int64_t account,
                                     const struct store_batch_message *message);
void store_batch_add(struct store_batch *batch, struct batch_op *prepared);
/* Flags of a known UID as the server has them now: three-way merge. */
void store_batch_flags(struct store_batch *batch, int64_t mailbox, uint32_t uid,
                       const struct mail_flags *flags);
/* The UID is gone from the mailbox. Where a message that came elsewhere meanwhile is the same, the
 * email is that one from now on; else it is kept as an orphan for the re-match until
 * store_batch_sweep. */
void store_batch_vanished(struct store_batch *batch, int64_t mailbox, uint32_t uid);
/* A UID that cannot be fetched: named, counted, not asked for again. */
void store_batch_skipped(struct store_batch *batch, int64_t mailbox, uint32_t uidvalidity,
                         uint32_t uid, const char *reason);
/* A mailbox was compared: its marks (all but names, role and flags; seen_email is found out). They
 * are durable with what was added before them, or later. Copied into the batch. */
void store_batch_mark(struct store_batch *batch, const struct store_remote_mailbox *mailbox);
/* A round over all mailboxes: it begins, every mailbox is looked at (its STATUS, and what that
 * shows to be new), it is swept. The sweep destroys what was an orphan before the round began and
 * was not matched in it, and the mailboxes that are gone. A round that could not see every mailbox
 * is not swept. The sweep follows all else that is in the batch, when that is finished, some emails
 * in a transaction: where it ends early, the next one goes on. */
void store_batch_round(struct store_batch *batch);
void store_batch_sweep(struct store_batch *batch);
/* What a round would settle: orphans, mailboxes that are gone, messages of ours that were not seen
 * yet. due: how many of them the next sweep settles or counts. */
bool store_sync_loose(struct store *store, int64_t account, unsigned *all, unsigned *due,
                      GError **error);
size_t store_batch_bytes(const struct store_batch *batch);
/* It was started, and not all of it is durable yet. */
bool store_batch_is_under_way(const struct store_batch *batch);

struct store_batch_result {
    unsigned created, matched, flags_changed, removed, completed;
};
/* Writes it: raw blobs first, each message whole or not at all; between messages it lets
 * interactive writes pass. The batch is empty afterwards. ERROR_DISK_FULL, ERROR_STORE: some of it
 * may not be written. */
bool store_batch_commit(struct store_batch *batch, enum store_lane lane,
                        struct store_batch_result *result, GError **error);
/* The same in two halves, so that the next batch is gathered while this one is written: in between
 * the batch is not touched. finish without start: true. */
void store_batch_start(struct store_batch *batch, enum store_lane lane);
bool store_batch_finish(struct store_batch *batch, struct store_batch_result *result,
                        GError **error);

/* Pending messages of the account: wanted ones first, then newest first by received_at. */
struct store_pending {
    int64_t email, mailbox;
    uint32_t uid;
    uint64_t size;
    bool wanted;
};
GArray *store_sync_pending(struct store *store, int64_t account, size_t limit, GError **error);
/* Totals for the progress: messages and (estimated) bytes that are ready and pending. */
bool store_sync_totals(struct store *store, int64_t account, uint64_t *ready, uint64_t *ready_bytes,
                       uint64_t *pending, uint64_t *pending_bytes, GError **error);

/* --- intents
 * ----------------------------------------------------------------------------------------------------------
 */

enum store_intent_kind {
    STORE_INTENT_FLAGS,   /* add/remove bits and keywords of one membership */
    STORE_INTENT_MOVE,    /* mailbox -> target */
    STORE_INTENT_COPY,    /* mailbox -> target */
    STORE_INTENT_EXPUNGE, /* remove from mailbox for good */
    STORE_INTENT_APPEND, /* put the email's raw message into target (drafts, import, Sent copies) */
};
/* What is to be carried out on messages of one mailbox, ascending by UID. */
struct store_step {
    uint32_t uid;
    enum store_intent_kind kind;
    bool begun; /* a session may have taken it */
};
GArray *store_sync_steps(struct store *store, int64_t mailbox, GError **error);

struct store_intent {
    int64_t id, email, mailbox, target; /* mailboxes by id; 0: none */
    enum store_intent_kind kind;
    uint32_t uidvalidity,
        uid; /* of the message in mailbox, as known now; uid 0: it is not there yet, wait for it */
    char *raw_mailbox, *raw_target;
    /* Of EXPUNGE: a mailbox that the email stays in, and its message there as known now; 0: none.
     * Only while that one is still there may this one go. */
    int64_t kept;
    uint32_t kept_uidvalidity, kept_uid;
    struct mail_flags add, remove; /* FLAGS; for APPEND add is the whole set */
    int64_t received_at;
    uint64_t size, estimate; /* of the raw message; as the server first told it */
    char *message_id;        /* or NULL */
    int attempts;
    char *journal; /* what store_intent_begin wrote last: how far a crashed run came; or NULL */
};
void store_intent_free(struct store_intent *intent);
/* Those that are due, oldest first, superseded flag changes already folded. A draft is expunged
 * only when no older APPEND to its mailbox is left: the new version is there before the old one
 * goes. (transfer full) with free func. */
GPtrArray *store_intents(struct store *store, int64_t account, size_t limit, GError **error);
/* Those into this mailbox whose step was begun, due or not. (transfer full) with free func. */
GPtrArray *store_intents_begun(struct store *store, int64_t account, int64_t target,
                               GError **error);
/* Some intent's message may be on its way to its target, or a folder be changed: its step was
 * begun. */
bool store_intents_in_doubt(struct store *store, int64_t account, bool *in_doubt, GError **error);
/* *next: when the first of those that wait for their time is due (wall clock, s), of messages and
 * of folders; 0: none waits. */
bool store_intents_next(struct store *store, int64_t account, int64_t *next, GError **error);
/* Journals a step of these intents before it is taken; durable when it returns. begun[i]: false
 * when it was superseded meanwhile, and must not be carried out. */
bool store_intents_begin(struct store *store, const int64_t *intents, size_t count,
                         const char *journal, bool *begun, GError **error);
/* The same for one; ERROR_NOT_FOUND when it was superseded. */
bool store_intent_begin(struct store *store, int64_t intent, const char *journal, GError **error);

/* How an intent ended. */
struct store_intent_end {
    int64_t intent;
    /* Where the message is now in target (COPYUID, APPENDUID); 0 when not told: the next message
     * seen there with its Message-ID is it. */
    uint32_t target_uidvalidity, target_uid;
    bool left_deleted; /* it stays in mailbox, marked \Deleted: hidden here from now on */
};
/* Carried out, all in one transaction. */
bool store_intents_done(struct store *store, const struct store_intent_end *ends, size_t count,
                        GError **error);
bool store_intent_done(struct store *store, int64_t intent, uint32_t target_uidvalidity,
                       uint32_t target_uid, GError **error);
/* Not before then; journal: as store_intents_begin. Until then nothing else is carried for their
 * emails that came after them. */
bool store_intents_postpone(struct store *store, const int64_t *intents, size_t count,
                            const char *journal, int64_t next_attempt, GError **error);
/* Not now. */
bool store_intent_retry(struct store *store, int64_t intent, int64_t next_attempt, GError **error);
/* Refused for good: the local change is rolled back to what the server has, with the reason in the
 * list of refused changes (store_refusals). */
bool store_intent_refused(struct store *store, int64_t intent, const GError *reason,
                          GError **error);
/* --- changes of folders */

enum store_folder_change {
    STORE_FOLDER_CREATE,
    STORE_FOLDER_RENAME, /* or moved below another parent */
    STORE_FOLDER_DELETE,
    STORE_FOLDER_SUBSCRIBE,
};
struct store_folder_intent {
    int64_t id, mailbox;
    enum store_folder_change change;
    char *raw_name;   /* on the server now; NULL: not there yet */
    char *name;       /* CREATE, RENAME: the last level it shall have */
    char *raw_parent; /* CREATE, RENAME: what it shall be below; NULL: top level */
    char delimiter;
    bool selectable;
    bool on; /* SUBSCRIBE: or else unsubscribe; CREATE: subscribe as well */
    bool begun;
    int attempts;
};
void store_folder_intent_free(struct store_folder_intent *intent);
/* The oldest of the account, when it is due: they are carried out in their order, and a folder is
 * deleted when no message waits to leave it. NULL without error: none. (transfer full) */
struct store_folder_intent *store_folder_next(struct store *store, int64_t account, GError **error);
/* Journals it before it is carried out; durable when it returns. */
bool store_folder_begin(struct store *store, int64_t intent, GError **error);
/* Carried out; raw_name: its name there now, after CREATE and RENAME. */
bool store_folder_done(struct store *store, int64_t intent, const char *raw_name, GError **error);
bool store_folder_retry(struct store *store, int64_t intent, int64_t next_attempt, GError **error);
/* Refused for good: undone here, with the reason in the list of refused changes. */
bool store_folder_refused(struct store *store, int64_t intent, const GError *reason,
                          GError **error);

/* Raw message of an internal email number (for APPEND and sending). (transfer full) */
GBytes *store_sync_raw(struct store *store, int64_t email, GError **error);

/* --- outbox
 * ------------------------------------------------------------------------------------------------------------
 */

/* The next due submission of the account, or NULL without error; *wake: when the next one is due,
 * 0: none. */
struct store_submission *store_outbox_next(struct store *store, int64_t account, int64_t now,
                                           int64_t *wake, GError **error);
/* When messages of the account were about to be handed over, since then: int64_t, seconds since
 * 1970, ascending; what became of them does not matter. (transfer full) or NULL. */
GArray *store_outbox_recent(struct store *store, int64_t account, int64_t since, GError **error);
/* Journals a change of state; durable when it returns. reply, problem, rcpt_replies may be NULL.
 * alias_id: a second Message-ID that the service gave. ERROR_CONFLICT: it was cancelled meanwhile.
 */
bool store_outbox_mark(struct store *store, int64_t submission, enum store_send_state state,
                       int64_t next_attempt, const char *reply, const char *problem,
                       const char *rcpt_replies, const char *alias_id, GError **error);
/* The internal email number of a submission, its Message-ID and raw message. */
bool store_outbox_message(struct store *store, int64_t submission, int64_t *email,
                          char **message_id, GBytes **raw, GError **error);

/* --- automatic answers
 * --------------------------------------------------------------------------------------------------
 */

/* A message that is to be answered: one that was newly delivered into the inbox while the vacation
 * response was on, from somebody who was not told of it lately (RFC 3834). */
struct store_vacation_due {
    int64_t id, account;
    char *to;                     /* the address that is answered */
    char *address, *name;         /* of the account; name may be NULL */
    struct mail_summary *summary; /* of the message */
    struct store_vacation vacation;
    const char *envelope; /* for the caller to fill in: of the submission, or NULL. Borrowed */
};
void store_vacation_due_free(struct store_vacation_due *due);
/* The oldest of the account, or NULL without error. (transfer full) */
struct store_vacation_due *store_vacation_next(struct store *store, int64_t account,
                                               GError **error);
/* Puts the answer into the outbox, and takes the message from what is to be answered; raw NULL:
 * only that. What is there no more is not answered. */
bool store_vacation_answer(struct store *store, const struct store_vacation_due *due, GBytes *raw,
                           const char *message_id, GError **error);

/* --- parsing that crashed (SECURITY.md 9)
 * -------------------------------------------------------------------------------- */

/* Notes that this message is about to be parsed; returns how many earlier runs died in it. Cheap:
 * kept in a small mapped file. */
unsigned store_parse_begin(struct store *store, int64_t mailbox, uint32_t uidvalidity,
                           uint32_t uid);
/* How many earlier runs died in it, without noting anything. */
unsigned store_parse_deaths(struct store *store, int64_t mailbox, uint32_t uidvalidity,
                            uint32_t uid);
void store_parse_end(struct store *store, int64_t mailbox, uint32_t uidvalidity, uint32_t uid);

#endif

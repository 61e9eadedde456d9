/* What a batch holds: prepared in the caller's thread, applied by the writer. */
#ifndef POSTROOM_STORE_SQLITE_BATCH_H
#define POSTROOM_STORE_SQLITE_BATCH_H

#include "store/sqlite/contacts.h"
#include "store/sqlite/emails.h"
#include "store/sqlite/terms.h"

enum batch_kind {
    BATCH_MESSAGE,
    BATCH_FLAGS,
    BATCH_VANISHED,
    BATCH_SKIPPED,
    BATCH_MARK,
    BATCH_ROUND
};
struct batch_op {
    enum batch_kind kind;
    int64_t mailbox;
    uint32_t uidvalidity, uid;
    struct mail_flags flags; /* with MAIL_DELETED */
    char *reason;
    struct store_remote_mailbox *marks;
    /* of a message: */
    int64_t received_at;
    uint64_t size;
    GBytes *summary, *packed;
    struct terms terms; /* text NULL: none */
    bool has_raw, unreadable, attachment, unread;
    char *emailid;
    struct mail_report *report;
    char *answer_to;
    GPtrArray *from, *to;             /* contacts.h */
    int64_t msgid, original, subject; /* original 0: its service kept the Message-ID */
    GArray *thread_ids;               /* int64_t */
};
struct store_batch {
    struct store *store;
    int64_t account;
    GPtrArray *ops;
    size_t bytes;
    GArray *unkept; /* struct batch_unkept: what mailboxes cannot keep */
    struct store_batch_result result;
    GHashTable *places; /* mailbox -> struct batch_place; of one run */
    guint at;           /* ops before it are written */
    GArray *words;      /* struct batch_words, to be indexed at the end of the run */
    struct job *job;    /* being written */
    bool sweeps;        /* after all else */
};
struct batch_unkept {
    int64_t mailbox;
    bool keywords;
    uint32_t bits; /* enum mail_flag */
};
struct batch_words {
    int64_t ord, email;
    const struct batch_op *op;
};
struct batch_place {
    int64_t id;
    uint32_t uidvalidity;
    enum mail_role role;
    bool headers_done;
    int64_t seen_email; /* newer emails came after the mailbox was last compared */
    bool left;          /* messages vanished from it in this batch */
};

/* Hashes of the ids that put an email into a thread, and of what tells it from others. (transfer
 * full) */
GArray *batch_thread_ids(const struct store *store, const struct mail_summary *summary);
int64_t batch_msgid(const struct store *store, const struct mail_summary *summary,
                    int64_t received_at, uint64_t size);
int64_t batch_subject(const struct store *store, const struct mail_summary *summary);

/* --- batch_apply.c */
bool batch_message(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error);
bool batch_flags(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error);
/* --- batch_leave.c */
bool batch_vanished(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error);
bool batch_skipped(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error);
bool batch_mark(struct tx *tx, struct store_batch *batch, struct batch_place *place,
                const struct batch_op *op, GError **error);
bool batch_round(struct tx *tx, struct store_batch *batch, GError **error);
/* One remote is gone; the email may become an orphan. */
bool leave_remote(struct tx *tx, int64_t mailbox, uint32_t uid, int64_t email, GError **error);
/* An email loses its place on the server, but may be found again; nothing else is known of it. */
bool leave_orphan(struct tx *tx, int64_t email, int64_t mailbox, GError **error);
/* --- sweep.c: the sweep of a round, in the caller's thread and in transactions of its own. */
bool sweep_run(struct store *store, int64_t account, GError **error);
/* --- join.c */
/* The email that an unknown message is; 0: a new one. */
int64_t join_find(struct tx *tx, int64_t account, const struct batch_op *op, GError **error);
/* What the server cannot keep in the mailbox stays as known has it. */
void batch_keep_unkept(const struct store_batch *batch, int64_t mailbox, struct mail_flags *flags,
                       const struct mail_flags *known);
/* The same message by its Message-ID: may these be one by date and size? How well, 0: no. Sizes of
 * a server are the same each time it tells them, true or not; dates help where they are not. */
struct batch_likeness {
    int64_t received_at, size, estimate;
};
unsigned batch_alike(const struct batch_likeness *a, const struct batch_likeness *b);
/* Ties them together. */
bool join_message(struct tx *tx, const struct store_batch *batch, int64_t email,
                  struct batch_op *op, GError **error);
/* Flags of an orphan that was found again with these flags: they hold, except for what was still to
 * be carried out. Ends those steps. */
bool join_orphan_flags(struct tx *tx, struct email_row *row, const struct mail_flags *found,
                       GError **error);

/* --- twins.c */
/* Orphans of a mailbox that were seen elsewhere before they vanished from it, as emails newer than
 * since: those are the orphans from now on. Adds to *matched. */
bool twins_adopt(struct tx *tx, const struct store_batch *batch, int64_t account, int64_t mailbox,
                 int64_t since, unsigned *matched, GError **error);

/* --- remote_mailboxes.c */
/* Emails that are only seen in this mailbox go; others lose the membership. */
bool mailbox_drop_members(struct tx *tx, int64_t mailbox, GError **error);
/* Nothing of it is left; the change log is the caller's. */
bool mailbox_forget(struct tx *tx, int64_t account, int64_t id, GError **error);
/* --- folders.c */
enum folder_place mailbox_place(struct tx *tx, int64_t mailbox);
/* Is it that mailbox, or somewhere below it? What people moved here and others there meanwhile
 * could end below itself: until one of the two changes is undone, the first is not hung below the
 * other. */
bool mailbox_is_below(struct tx *tx, int64_t mailbox, int64_t above);
/* A change of this kind waits to be carried out; mailbox 0: of any of the account. */
bool folder_change_waits(struct tx *tx, int64_t account, int64_t mailbox,
                         enum store_folder_change change);
/* Names and parents as they are now: the paths of the mailbox and of all below it follow. */
bool folder_place_below(struct tx *tx, int64_t account, int64_t mailbox, const char *name,
                        int64_t parent, GError **error);
/* --- folder_end.c */
/* A folder of the server that is one made here, whose CREATE a crash hid or somebody else
 * forestalled: it is there then. 0: none. */
int64_t folder_adopt(struct tx *tx, int64_t account, const char *path, const char *raw_name,
                     GError **error);
/* The folder went there: what was to come into it stays where the server has it, or is looked for
 * where a step of ours may have taken it. Its remotes were left before. */
bool folder_evict(struct tx *tx, int64_t account, int64_t mailbox, GError **error);
/* --- intent_end.c */
/* What is seen of an email here becomes what the server has. */
bool email_restore(struct tx *tx, struct email_row *row, GError **error);

bool remote_insert(struct tx *tx, int64_t mailbox, uint32_t uid, int64_t email,
                   const struct mail_flags *flags, GError **error);

#endif

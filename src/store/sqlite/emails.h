/* Emails inside a write transaction: rows, members (what is seen here), remotes (what is on the
 * server), threads, and the intents that lead from one to the other. docs/internals/store.md tells
 * the whole story. */
#ifndef POSTROOM_STORE_SQLITE_EMAILS_H
#define POSTROOM_STORE_SQLITE_EMAILS_H

#include "store/sqlite/engine.h"
#include "store/summary.h"

/* email.ord: received_at and a tie. More than 2^ORD_TIE_BITS emails of one second run over into its
 * neighbours (a mailbox that was copied may have one date for all); who asks for a time must look
 * ORD_RUN_OVER seconds further, to both sides. The index tells its rows by the distance to the one
 * before, so each bit here is paid for with every word of every message. */
#define ORD_TIE_BITS 2
#define ORD_RUN_OVER 57600
#define ORD_TIME_MAX ((INT64_C(1) << 40) - 1)
#define ORD_OF(seconds) ((int64_t)CLAMP((seconds), 0, ORD_TIME_MAX) << ORD_TIE_BITS)
/* Whoever stands before the first was received before these seconds, at or behind the last after
 * them; a row between has to be asked. */
#define ORD_FIRST_OF(seconds) ORD_OF(CLAMP((seconds), 0, ORD_TIME_MAX) - ORD_RUN_OVER)
#define ORD_BEHIND(seconds) (ORD_OF(seconds) + ((int64_t)ORD_RUN_OVER << ORD_TIE_BITS))

struct terms;

struct email_row {
    int64_t id, account, public_id, thread, ord, received_at, size, estimate, blob;
    enum store_email_state state;
    struct mail_flags flags;
    bool attachment;
    int64_t msgid, alias, subject; /* hashes; alias 0: none */
    char *emailid;
    int64_t orphan; /* the mailbox it vanished from; 0: none */
};
void email_row_clear(struct email_row *row);
/* false without error: no such email. */
bool email_load(struct tx *tx, int64_t id, struct email_row *row, GError **error);
/* Internal number of a visible email; 0: none. */
int64_t email_of_public(struct db *db, int64_t account, int64_t public_id);

/* Fills id, public_id, ord and thread, then writes row and summary. */
bool email_insert(struct tx *tx, struct email_row *row, GBytes *summary, const int64_t *thread_ids,
                  size_t thread_id_count, GError **error);
bool email_add_member(struct tx *tx, const struct email_row *row, int64_t mailbox, GError **error);
bool email_remove_member(struct tx *tx, const struct email_row *row, int64_t mailbox,
                         GError **error);
/* Mailboxes of the members. (transfer full) */
GArray *email_members(struct db *db, int64_t email, GError **error);
/* Mailboxes of the remotes. (transfer full) */
GArray *email_remotes(struct db *db, int64_t email, GError **error);
/* Makes flags the local ones; nothing happens when they are already. */
bool email_set_flags(struct tx *tx, struct email_row *row, const struct mail_flags *flags,
                     GError **error);
/* It is gone for everyone here; what is on the server is still known. */
bool email_hide(struct tx *tx, struct email_row *row, GError **error);
/* A hidden one is back, under a new public id, in these mailboxes. */
bool email_show(struct tx *tx, struct email_row *row, const GArray *mailboxes, GError **error);
/* Nothing of it is left. It must be hidden or have no members. known: see fts_remove. */
bool email_delete(struct tx *tx, struct email_row *row, const struct terms *known, GError **error);
/* After any change of members, remotes or intents: plans mailbox intents, folds flag intents, notes
 * whether a message may turn out to be it, and deletes it when nothing is left. */
bool email_settle(struct tx *tx, int64_t email, GError **error);

/* The thread of a new email (docs/internals/store.md). May merge others; *is_new: nobody else is in
 * it. */
bool thread_assign(struct tx *tx, int64_t account, int64_t email, const int64_t *ids, size_t count,
                   int64_t subject, int64_t *thread, GError **error);

/* --- attachments.c: its attachments are to be read, unless their words are here already. */
bool attachments_queue(struct tx *tx, int64_t account, int64_t email, int64_t ord, GError **error);

/* --- plan.c */
bool plan_mailboxes(struct tx *tx, const struct email_row *row, GError **error);
bool plan_flags(struct tx *tx, const struct email_row *row, GError **error);

/* --- blobs */
/* packed: what blob_pack made. A row with refs references. */
bool blob_insert(struct tx *tx, int64_t id, int64_t account, int64_t user, const char *type,
                 uint64_t size, GBytes *packed, int refs, GError **error);
bool blob_ref(struct tx *tx, int64_t blob, int delta, GError **error);
/* In the caller's thread, which holds no reader. (transfer full) */
GBytes *blob_pack(struct store *store, int64_t account, GBytes *raw);
/* (transfer full) */
GBytes *blob_load(struct store *store, struct reader *reader, int64_t blob, GError **error);
/* The same with the connections of a reader, or the writer's. */
GBytes *blob_load_from(struct store *store, struct db *main, struct db *blobs, int64_t blob,
                       GError **error);

/* Why a message is expected: what to do when it does not come differs. */
enum expect_kind { EXPECT_MOVED, EXPECT_APPENDED, EXPECT_SENT_COPY };
/* A message that is this email will be seen in this mailbox, with these flags unless others change
 * them (NULL: with nobody knows which). */
bool email_expect(struct tx *tx, int64_t email, int64_t mailbox, enum expect_kind kind,
                  const struct mail_flags *flags, GError **error);

/* --- mailboxes (remote_mailboxes.c) */
uint32_t mailbox_sort_order(enum mail_role role);
/* The role of a mailbox; none for one that is gone. */
enum mail_role mailbox_role(struct db *db, int64_t mailbox, GError **error);
/* Its role has become another: what else changes with that. */
bool mailbox_role_changed(struct tx *tx, int64_t account, int64_t mailbox, enum mail_role from,
                          enum mail_role to, GError **error);
/* A mailbox and its memberships go; emails that are seen nowhere else too. */
bool mailbox_drop(struct tx *tx, int64_t account, int64_t mailbox, GError **error);

bool ids_hold(const GArray *ids, int64_t id);

#endif

#include "store/sqlite/batch.h"

#include "store/sqlite/fts.h"

#include "base/clock.h"

/* A provider files its copy of a sent message within seconds; after this the store stops waiting
 * and has its own copy put there. */
#define SENT_COPY_WAIT 3600
/* A message of ours that a whole pass over all mailboxes did not show, is not there. The first
 * sweep may end a pass that began before. */
#define EXPECT_SWEEPS 2

static bool has_remotes(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1, "SELECT EXISTS(SELECT 1 FROM remote WHERE email = ?)",
                     I(email)) != 0;
}

/* Where it may come to. */
static bool has_hopes(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM expect WHERE email = ?1) OR EXISTS(SELECT 1 FROM"
                     " intent WHERE email = ?1 AND journal IS NOT NULL AND target <> 0)",
                     I(email)) != 0;
}

bool leave_orphan(struct tx *tx, int64_t email, int64_t mailbox, GError **error)
{
    return DB_RUN(tx->db, error, "UPDATE email SET orphan = ?, orphan_round = 0 WHERE id = ?",
                  I(mailbox), I(email));
}

static bool leave_seen(struct tx *tx, struct email_row *row, int64_t mailbox, GError **error)
{
    g_autoptr(GArray) members = email_members(tx->db, row->id, error);
    bool last = members->len == 1 && ids_hold(members, mailbox);
    if (!has_remotes(tx, row->id) && (last || !has_hopes(tx, row->id)))
        /* Still shown where it was: a move by someone else shows up as a new message elsewhere
         * before the sweep. */
        return leave_orphan(tx, row->id, mailbox, error);
    /* Flags that were to be set here only: it lives on elsewhere, where they are pending too. */
    if (!DB_RUN(tx->db, error, "DELETE FROM intent WHERE email = ? AND mailbox = ? AND kind = ?",
                I(row->id), I(mailbox), I(STORE_INTENT_FLAGS)))
        return false;
    /* The last place that a person left it in, while it goes from others: it is brought there from
     * one of them, or put there anew, rather than lost. */
    return last || !ids_hold(members, mailbox) || email_remove_member(tx, row, mailbox, error);
}

bool leave_remote(struct tx *tx, int64_t mailbox, uint32_t uid, int64_t email, GError **error)
{
    struct email_row row = {0};
    GError *cause = NULL;
    DB_RUN(tx->db, &cause, "DELETE FROM remote WHERE mailbox = ? AND uid = ?", I(mailbox), I(uid));
    /* Nothing is left to flag or to expunge there. */
    if (cause == NULL)
        DB_RUN(tx->db, &cause, "DELETE FROM intent WHERE email = ? AND mailbox = ? AND kind = ?",
               I(email), I(mailbox), I(STORE_INTENT_EXPUNGE));
    if (cause == NULL && email_load(tx, email, &row, &cause) &&
        (row.thread == 0 || leave_seen(tx, &row, mailbox, &cause)))
        email_settle(tx, email, &cause);
    email_row_clear(&row);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

bool batch_vanished(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error)
{
    GError *cause = NULL;
    int64_t email = DB_NUMBER(tx->db, &cause, -1,
                              "SELECT coalesce(email, 0) FROM remote WHERE mailbox = ? AND uid = ?",
                              I(op->mailbox), I(op->uid));
    if (cause == NULL && email >= 0) {
        batch->result.removed++;
        leave_remote(tx, op->mailbox, op->uid, email, &cause);
    }
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

/* Of a renewed mailbox, what was not found again in it. */
static bool has_lost(struct tx *tx, const struct store_batch *batch, int64_t mailbox)
{
    return DB_NUMBER(tx->db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM email WHERE account = ? AND orphan <> 0 AND"
                     " orphan = ?)",
                     I(batch->account), I(mailbox)) != 0;
}

/* What is gone from it is told from copies by the marks of before. seen_email: what others of the
 * account had until now was there when this one was looked at, since batches keep their order. */
bool batch_mark(struct tx *tx, struct store_batch *batch, struct batch_place *place,
                const struct batch_op *op, GError **error)
{
    const struct store_remote_mailbox *m = op->marks;
    bool left = place->left || (!place->headers_done && has_lost(tx, batch, place->id));
    if (left && !twins_adopt(tx, batch, batch->account, place->id, place->seen_email,
                             &batch->result.matched, error))
        return false;
    place->left = false;
    place->seen_email =
        db_number(tx->db, "SELECT coalesce(max(id), 0) FROM email", NULL, 0, 0, error);
    place->uidvalidity = m->uidvalidity;
    place->headers_done = m->headers_done;
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET uidvalidity = ?, uidnext = ?, highestmodseq = ?,"
                  " server_count = ?, checked_at = ?, headers_done = ?, exists_there = ?, "
                  "object_id ="
                  " coalesce(?, object_id), seen_email = ? WHERE id = ?",
                  I(m->uidvalidity), I(m->uidnext), I(m->highestmodseq), I(m->server_count),
                  I(m->checked_at), I(m->headers_done), I(m->exists), T(m->object_id),
                  I(place->seen_email), I(m->id));
}

bool batch_skipped(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error)
{
    GError *cause = NULL;
    (void)batch;
    int64_t email = DB_NUMBER(tx->db, &cause, 0,
                              "SELECT coalesce(email, 0) FROM remote WHERE mailbox = ? AND uid = ?",
                              I(op->mailbox), I(op->uid));
    if (cause == NULL)
        DB_RUN(tx->db, &cause,
               "INSERT INTO remote(mailbox, uid, email, bits, words, skipped) VALUES(?1, ?2, NULL,"
               " 0, NULL, ?3) ON CONFLICT DO UPDATE SET skipped = ?3",
               I(op->mailbox), I(op->uid), T(op->reason));
    /* Its headers are here, its message never will be: not asked for again. */
    if (cause == NULL && email != 0)
        DB_RUN(tx->db, &cause, "UPDATE email SET wanted = -1 WHERE id = ? AND state = 0", I(email));
    if (cause == NULL)
        DB_RUN(tx->db, &cause,
               "UPDATE mailbox SET skipped = (SELECT count(*) FROM remote WHERE mailbox = ?1 AND"
               " remote.skipped IS NOT NULL) WHERE id = ?1",
               I(op->mailbox));
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

/* Copies of sent messages that did not come: the store's own is appended instead. */
static bool give_up_sent_copies(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN submission ON submission.email ="
                   " expect.email WHERE submission.account = ? AND state = 3 AND copy = 0 AND "
                   "since "
                   "< ?",
                   I(account), I(clock_wall() - SENT_COPY_WAIT));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause, "UPDATE submission SET copy = 2 WHERE email = ?", I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ?", I(email)))
            email_settle(tx, email, &cause);
    }
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

/* What we moved went away while we did; what we appended is put there anew. */
static bool give_up_expectations(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    DB_RUN(tx->db, &cause,
           "UPDATE expect SET sweeps = sweeps + 1 WHERE kind <> 2 AND email IN (SELECT email FROM"
           " loose WHERE account = ?)",
           I(account));
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN email ON email.id = expect.email"
                   " WHERE account = ? AND sweeps >= ?",
                   I(account), I(EXPECT_SWEEPS));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause,
                   "UPDATE email SET orphan_round = 0, orphan = (SELECT mailbox FROM expect WHERE "
                   "email = ?1 AND kind"
                   " = 0 LIMIT 1) WHERE id = ?1 AND thread > 0 AND EXISTS(SELECT 1 FROM expect"
                   " WHERE email = ?1 AND kind = 0) AND NOT EXISTS(SELECT 1 FROM remote WHERE email"
                   " = ?1)",
                   I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ? AND sweeps >= ?", I(email),
                   I(EXPECT_SWEEPS)))
            email_settle(tx, email, &cause);
    }
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

/* A sent message that was destroyed here before the provider's copy of it was seen. */
static bool forget_hidden(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT DISTINCT expect.email FROM expect JOIN email ON email.id = expect.email"
                   " WHERE account = ? AND thread = 0 AND since < ?",
                   I(account), I(clock_wall() - STORE_DAY));
    for (guint i = 0; i < ids->len && cause == NULL; i++) {
        int64_t email = g_array_index(ids, int64_t, i);
        if (DB_RUN(tx->db, &cause, "DELETE FROM expect WHERE email = ?", I(email)))
            email_settle(tx, email, &cause);
    }
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

bool batch_round(struct tx *tx, struct store_batch *batch, GError **error)
{
    return DB_RUN(tx->db, error,
                  "UPDATE email SET orphan_round = 1 WHERE account = ? AND orphan <> 0 AND"
                  " orphan_round = 0",
                  I(batch->account));
}

/* Folders that were deleted there, once nothing of them may be found elsewhere any more. */
static bool drop_gone_mailboxes(struct tx *tx, int64_t account, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) ids =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT id FROM mailbox WHERE account = ?1 AND gone <> ?2 AND NOT EXISTS(SELECT "
                   "1"
                   " FROM email WHERE email.account = ?1 AND orphan <> 0 AND orphan = mailbox.id)",
                   I(account), I(0));
    for (guint i = 0; i < ids->len && cause == NULL; i++)
        mailbox_drop(tx, account, g_array_index(ids, int64_t, i), &cause);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

/* Its draft went, but it is being sent, or was and is yet to be filed: it is a mail of ours, that
 * nobody's change of the draft takes away. */
static bool is_going_out(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM email JOIN submission ON submission.email ="
                     " email.id WHERE email.id = ?1 AND email.thread > 0 AND (submission.state <"
                     " ?2 OR (submission.state = ?2 AND EXISTS(SELECT 1 FROM member JOIN mailbox ON"
                     " mailbox.id = member.mailbox WHERE member.email = ?1 AND mailbox.role = ?3 "
                     "AND"
                     " mailbox.id <> email.orphan))))",
                     I(email), I(STORE_SEND_SENT), I(MAIL_ROLE_SENT)) != 0;
}

static bool sweep_orphan(struct tx *tx, int64_t email, GError **error)
{
    struct email_row row = {0};
    GError *cause = NULL;
    if (is_going_out(tx, email)) {
        if (DB_RUN(tx->db, &cause, "UPDATE email SET orphan = 0 WHERE id = ?", I(email)) &&
            DB_RUN(tx->db, &cause, "DELETE FROM intent WHERE email = ? AND kind = ?", I(email),
                   I(STORE_INTENT_FLAGS)))
            email_settle(tx, email, &cause);
    } else if (email_load(tx, email, &row, &cause)) {
        email_delete(tx, &row, &cause);
    }
    email_row_clear(&row);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

bool batch_sweep(struct tx *tx, struct store_batch *batch, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) orphans =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT id FROM email WHERE account = ? AND orphan <> 0 AND orphan_round = ?",
                   I(batch->account), I(1));
    for (guint i = 0; i < orphans->len && cause == NULL; i++)
        sweep_orphan(tx, g_array_index(orphans, int64_t, i), &cause);
    if (cause == NULL && give_up_sent_copies(tx, batch->account, &cause) &&
        give_up_expectations(tx, batch->account, &cause))
        forget_hidden(tx, batch->account, &cause);
    if (cause == NULL)
        drop_gone_mailboxes(tx, batch->account, &cause);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

bool store_sync_loose(struct store *store, int64_t account, unsigned *all, unsigned *due,
                      GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    unsigned fresh = (unsigned)DB_NUMBER(&reader->main, &cause, 0,
                                         "SELECT count(*) FROM email WHERE account = ? AND orphan "
                                         "<> 0 AND orphan_round = 0",
                                         I(account));
    *due = (unsigned)DB_NUMBER(
        &reader->main, &cause, 0,
        "SELECT (SELECT count(*) FROM email WHERE account = ?1 AND orphan <> 0 AND orphan_round ="
        " 1) + (SELECT count(*) FROM expect JOIN mailbox ON mailbox.id = expect.mailbox WHERE"
        " account = ?1 AND (kind <> 2 OR since < ?2)) + (SELECT count(*) FROM mailbox WHERE "
        "account = ?1 AND gone"
        " <> 0)",
        I(account), I(clock_wall() - SENT_COPY_WAIT));
    *all = *due + fresh;
    reader_end(store, reader);
    if (cause == NULL)
        return true;
    g_propagate_error(error, cause);
    return false;
}

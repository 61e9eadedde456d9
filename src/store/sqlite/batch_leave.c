#include "store/sqlite/batch.h"

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
    return error_settle(error, cause);
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
    return error_settle(error, cause);
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
    return error_settle(error, cause);
}

bool batch_round(struct tx *tx, struct store_batch *batch, GError **error)
{
    return DB_RUN(tx->db, error,
                  "UPDATE email SET orphan_round = 1 WHERE account = ? AND orphan <> 0 AND"
                  " orphan_round = 0",
                  I(batch->account));
}

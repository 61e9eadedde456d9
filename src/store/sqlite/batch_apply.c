#include "store/sqlite/batch.h"

#include "store/sqlite/aliases.h"
#include "store/sqlite/fts.h"
#include "store/sqlite/submissions.h"
#include "store/sqlite/vacation.h"

struct remote_row {
    bool found, skipped;
    int64_t email;
    struct mail_flags base;
};

static bool load_remote(struct tx *tx, int64_t mailbox, uint32_t uid, struct remote_row *out,
                        GError **error)
{
    GError *cause = NULL;
    *out = (struct remote_row){0};
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT email, bits, words, skipped IS NOT NULL FROM remote WHERE "
                                 "mailbox = ? AND uid = ?",
                                 I(mailbox), I(uid));
    if (db_step(tx->db, row, &cause)) {
        out->found = true;
        out->email = db_int(row, 0);
        flags_from(&out->base, (uint32_t)db_int(row, 1), db_text(row, 2));
        out->skipped = db_int(row, 3) != 0;
        db_done(row);
    }
    return error_settle(error, cause);
}

bool remote_insert(struct tx *tx, int64_t mailbox, uint32_t uid, int64_t email,
                   const struct mail_flags *flags, GError **error)
{
    g_autofree char *words = flags_words(flags);
    return DB_RUN(tx->db, error,
                  "INSERT INTO remote(mailbox, uid, email, bits, words) VALUES(?1, ?2, ?3, ?4, ?5)"
                  " ON CONFLICT DO UPDATE SET email = ?3, bits = ?4, words = ?5, skipped = NULL",
                  I(mailbox), I(uid), I(email), I(flags->bits), T(words));
}

/* The index by email stays as it is: it takes as many pages as the rows themselves. */
static bool remote_set_flags(struct tx *tx, const struct batch_op *op, GError **error)
{
    g_autofree char *words = flags_words(&op->flags);
    return DB_RUN(tx->db, error,
                  "UPDATE remote SET bits = ?, words = ?, skipped = NULL WHERE mailbox = ? AND"
                  " uid = ?",
                  I(op->flags.bits), T(words), I(op->mailbox), I(op->uid));
}

/* What is still to be carried out for one email in one mailbox. */
static bool load_pending(struct tx *tx, int64_t email, int64_t mailbox, struct mail_flags *add,
                         struct mail_flags *remove, GError **error)
{
    GError *cause = NULL;
    *add = *remove = (struct mail_flags){0};
    const struct mail_flags none = {0};
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT add_bits, add_words, remove_bits, remove_words FROM intent"
                                 " WHERE email = ? AND mailbox = ? AND kind = 0 ORDER BY id",
                                 I(email), I(mailbox));
    while (db_step(tx->db, row, &cause)) {
        struct mail_flags one_add, one_remove;
        flags_from(&one_add, (uint32_t)db_int(row, 0), db_text(row, 1));
        flags_from(&one_remove, (uint32_t)db_int(row, 2), db_text(row, 3));
        flags_apply(add, &one_add, &none);
        flags_apply(remove, &one_remove, &none);
        mail_flags_clear(&one_add);
        mail_flags_clear(&one_remove);
    }
    return error_settle(error, cause);
}

/* Seen in one place, and nothing is to be carried out for it. */
static bool is_at_rest(struct tx *tx, int64_t email, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT NOT EXISTS(SELECT 1 FROM intent WHERE email = ?1) AND"
                     " (SELECT count(*) FROM remote WHERE email = ?1) = 1",
                     I(email)) != 0;
}

/* Of an email at rest that is here as it is there now: no intent follows (plan.c), so there is
 * nothing to settle. This is nearly every flag that changes elsewhere. */
static bool needs_no_settling(const struct email_row *row, const struct mail_flags *theirs)
{
    struct mail_flags there = *theirs;
    there.bits &= ~(uint32_t)MAIL_DELETED;
    return row->thread > 0 && row->orphan == 0 && mail_flags_equal(&row->flags, &there);
}

static bool merge(struct tx *tx, struct store_batch *batch, struct batch_op *op,
                  const struct remote_row *remote, struct email_row *row, GError **error)
{
    struct mail_flags add = {0}, remove = {0}, local = {0};
    batch_keep_unkept(batch, op->mailbox, &op->flags, &remote->base);
    if (mail_flags_equal(&remote->base, &op->flags))
        return true;
    GError *cause = NULL;
    bool at_rest = is_at_rest(tx, row->id, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    if (!at_rest && !load_pending(tx, row->id, op->mailbox, &add, &remove, error))
        return false;
    mail_flags_copy(&local, &row->flags);
    flags_merge(&remote->base, &op->flags, &add, &remove, &local);
    batch->result.flags_changed += !mail_flags_equal(&local, &row->flags);
    bool ok = email_set_flags(tx, row, &local, error) && remote_set_flags(tx, op, error) &&
              ((at_rest && needs_no_settling(row, &op->flags)) || email_settle(tx, row->id, error));
    mail_flags_clear(&add);
    mail_flags_clear(&remove);
    mail_flags_clear(&local);
    return ok;
}

static bool add_raw(struct tx *tx, struct email_row *row, const struct batch_op *op, GError **error)
{
    row->blob = tx_new_blob(tx);
    return blob_insert(tx, row->blob, row->account, 0, NULL, op->size, op->packed, 1, error) &&
           report_take(tx, row->account, op->report, row->blob, error);
}

static void add_words(struct store_batch *batch, const struct email_row *row,
                      const struct batch_op *op)
{
    struct batch_words words = {row->ord, row->id, op};
    if (op->terms.text != NULL)
        g_array_append_val(batch->words, words);
}

/* The raw message of a pending email came. */
static bool complete(struct tx *tx, struct store_batch *batch, const struct batch_op *op,
                     struct email_row *row, GError **error)
{
    if (!op->has_raw || row->state != STORE_EMAIL_PENDING)
        return true;
    batch->result.completed++;
    tx_totals(tx, row->account, 1, (int64_t)op->size, -1, -row->size);
    row->state = op->unreadable ? STORE_EMAIL_UNREADABLE : STORE_EMAIL_READY;
    row->size = (int64_t)op->size;
    row->attachment = op->attachment;
    if (row->thread > 0)
        tx_change(tx, row->account, STORE_EMAIL, row->public_id, CHANGE_UPDATED);
    add_words(batch, row, op);
    return add_raw(tx, row, op, error) &&
           DB_RUN(tx->db, error,
                  "UPDATE email SET blob = ?, state = ?, size = ?, attachment = ?, wanted = 0"
                  " WHERE id = ?",
                  I(row->blob), I(row->state), I(row->size), I(row->attachment), I(row->id)) &&
           DB_RUN(tx->db, error, "UPDATE summary SET data = ? WHERE email = ?", B(op->summary),
                  I(row->id)) &&
           vacation_completed(tx, op, row, error);
}

/* Who writes to us and whom we write to; not of drafts, and not of what is unwanted. */
static bool learn_people(struct tx *tx, const struct store_batch *batch, enum mail_role role,
                         const struct batch_op *op, GError **error)
{
    bool wrote = role == MAIL_ROLE_SENT;
    if (role == MAIL_ROLE_DRAFTS || role == MAIL_ROLE_JUNK || role == MAIL_ROLE_TRASH ||
        (op->flags.bits & (MAIL_DRAFT | MAIL_JUNK)) != 0)
        return true;
    return contacts_learn(tx, batch->account, wrote ? op->to : op->from, wrote, op->received_at,
                          error);
}

static bool create(struct tx *tx, struct store_batch *batch, const struct batch_op *op,
                   GError **error)
{
    const struct batch_place *place = g_hash_table_lookup(batch->places, &op->mailbox);
    struct email_row row = {.account = batch->account,
                            .received_at = op->received_at,
                            .size = (int64_t)op->size,
                            .estimate = (int64_t)op->size,
                            .attachment = op->attachment,
                            .msgid = op->msgid,
                            .subject = op->subject,
                            .emailid = op->emailid};
    row.flags = op->flags;
    row.flags.bits &= ~(uint32_t)MAIL_DELETED;
    row.state = !op->has_raw     ? STORE_EMAIL_PENDING
                : op->unreadable ? STORE_EMAIL_UNREADABLE
                                 : STORE_EMAIL_READY;
    batch->result.created++;
    if (op->has_raw && !add_raw(tx, &row, op, error))
        return false;
    if (!email_insert(tx, &row, op->summary, (const int64_t *)(const void *)op->thread_ids->data,
                      op->thread_ids->len, error) ||
        !email_add_member(tx, &row, op->mailbox, error) ||
        !remote_insert(tx, op->mailbox, op->uid, row.id, &op->flags, error) ||
        !learn_people(tx, batch, place->role, op, error))
        return false;
    if (op->has_raw)
        add_words(batch, &row, op);
    if (!place->headers_done)
        return true;
    tx_change(tx, batch->account, STORE_EMAIL_DELIVERY, row.public_id, CHANGE_CREATED);
    return place->role != MAIL_ROLE_INBOX || vacation_delivered(tx, op, &row, error);
}

/* A message whose UID is known. */
static bool update(struct tx *tx, struct store_batch *batch, struct batch_op *op,
                   const struct remote_row *remote, int64_t email, GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    if (email_load(tx, email, &row, &cause) && complete(tx, batch, op, &row, &cause) &&
        remote != NULL)
        merge(tx, batch, op, remote, &row, &cause);
    email_row_clear(&row);
    return error_settle(error, cause);
}

bool batch_message(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error)
{
    struct remote_row remote;
    GError *cause = NULL;
    const struct batch_place *place = g_hash_table_lookup(batch->places, &op->mailbox);
    if (!load_remote(tx, op->mailbox, op->uid, &remote, error) ||
        !alias_arrived(tx, batch->account, place->role, op->msgid, op->original, error))
        return false;
    if (remote.found && remote.email != 0) {
        update(tx, batch, op, &remote, remote.email, &cause);
    } else {
        int64_t email = join_find(tx, batch->account, op, &cause);
        if (cause == NULL && email != 0) {
            batch->result.matched++;
            if (join_message(tx, batch, email, op, &cause))
                update(tx, batch, op, NULL, email, &cause);
        } else if (cause == NULL) {
            create(tx, batch, op, &cause);
        }
    }
    mail_flags_clear(&remote.base);
    return error_settle(error, cause);
}

bool batch_flags(struct tx *tx, struct store_batch *batch, struct batch_op *op, GError **error)
{
    struct remote_row remote;
    GError *cause = NULL;
    if (!load_remote(tx, op->mailbox, op->uid, &remote, error))
        return false;
    bool hidden = remote.found && remote.email == 0 && !remote.skipped;
    if (remote.email != 0 && !mail_flags_equal(&remote.base, &op->flags))
        update(tx, batch, op, &remote, remote.email, &cause);
    else if (hidden && (op->flags.bits & MAIL_DELETED) == 0)
        /* Marked \Deleted by us and wanted back by somebody: the next comparison finds it. */
        DB_RUN(tx->db, &cause, "DELETE FROM remote WHERE mailbox = ? AND uid = ?", I(op->mailbox),
               I(op->uid));
    mail_flags_clear(&remote.base);
    return error_settle(error, cause);
}

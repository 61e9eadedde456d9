/* Which email an unknown message is. docs/internals/store.md lists the joins. */
#include "store/sqlite/batch.h"

struct candidate {
    int64_t id, orphan;
    struct batch_likeness is;
    bool hidden; /* what comes of it is to go: only what is awaited is taken for it */
};

/* In this mailbox one message is one email. */
static bool is_here(struct tx *tx, int64_t email, int64_t mailbox)
{
    return DB_NUMBER(tx->db, NULL, 1,
                     "SELECT EXISTS(SELECT 1 FROM remote WHERE email = ? AND mailbox = ?)",
                     I(email), I(mailbox)) != 0;
}

/* A message of ours is to appear there. */
static bool is_awaited(struct tx *tx, int64_t email, int64_t mailbox)
{
    return DB_NUMBER(tx->db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM expect WHERE email = ?1 AND mailbox = ?2) OR"
                     " EXISTS(SELECT 1 FROM intent WHERE email = ?1 AND target = ?2 AND journal IS"
                     " NOT NULL) OR EXISTS(SELECT 1 FROM member WHERE email = ?1 AND mailbox = ?2)",
                     I(email), I(mailbox)) != 0;
}

unsigned batch_alike(const struct batch_likeness *a, const struct batch_likeness *b)
{
    bool date = a->received_at == b->received_at;
    bool size = a->estimate == b->estimate || a->size == b->size || a->estimate == b->size ||
                a->size == b->estimate;
    if (size)
        return date ? 3 : 2;
    return date && ABS(a->size - b->size) < 1024 ? 1 : 0;
}

/* We moved it, and nobody has seen it since: someone may have moved it on. */
static bool is_adrift(struct tx *tx, int64_t email)
{
    return DB_NUMBER(tx->db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM expect WHERE email = ?1 AND kind = 0) AND NOT"
                     " EXISTS(SELECT 1 FROM remote WHERE email = ?1)",
                     I(email)) != 0;
}

static int64_t find_by_emailid(struct tx *tx, int64_t account, const struct batch_op *op,
                               GError **error)
{
    if (op->emailid == NULL)
        return 0;
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT id FROM email WHERE account = ?1 AND emailid = ?2 AND thread <> 0 AND"
                     " NOT EXISTS(SELECT 1 FROM remote WHERE remote.email = email.id AND"
                     " remote.mailbox = ?3) ORDER BY id LIMIT 1",
                     I(account), T(op->emailid), I(op->mailbox));
}

static GArray *load_candidates(struct tx *tx, int64_t account, int64_t msgid, GError **error)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(struct candidate));
    sqlite3_stmt *row = DB_QUERY(tx->db, error,
                                 "SELECT id, orphan, received_at, size, estimate, thread FROM loose"
                                 " JOIN email ON email.id = loose.email WHERE loose.account = ? AND"
                                 " loose.msgid = ? ORDER BY id",
                                 I(account), I(msgid));
    while (db_step(tx->db, row, error)) {
        struct candidate candidate = {db_int(row, 0),
                                      db_int(row, 1),
                                      {db_int(row, 2), db_int(row, 3), db_int(row, 4)},
                                      db_int(row, 5) == 0};
        g_array_append_val(candidates, candidate);
    }
    return candidates;
}

/* How well it fits, 0: not at all. What we wait for here comes first, then what left this very
 * mailbox (its UIDs are new), then what left another one. */
static unsigned fits(struct tx *tx, const struct candidate *candidate, const struct batch_op *op)
{
    const struct batch_likeness is = {op->received_at, (int64_t)op->size, (int64_t)op->size};
    if (is_here(tx, candidate->id, op->mailbox))
        return 0;
    unsigned alike = batch_alike(&candidate->is, &is);
    if (candidate->orphan == 0 && is_awaited(tx, candidate->id, op->mailbox))
        return 9 + alike;
    if (candidate->hidden || (candidate->orphan == 0 && !is_adrift(tx, candidate->id)))
        return 0;
    return alike == 0 ? 0 : alike + (candidate->orphan == op->mailbox ? 4 : 0);
}

static int64_t find_by_msgid(struct tx *tx, int64_t account, const struct batch_op *op,
                             int64_t msgid, GError **error)
{
    int64_t found = 0;
    unsigned best = 0;
    g_autoptr(GArray) candidates = load_candidates(tx, account, msgid, error);
    for (guint i = 0; i < candidates->len; i++) {
        const struct candidate *candidate = &g_array_index(candidates, struct candidate, i);
        unsigned fit = fits(tx, candidate, op);
        if (fit > best)
            found = candidate->id;
        best = MAX(best, fit);
    }
    return found;
}

int64_t join_find(struct tx *tx, int64_t account, const struct batch_op *op, GError **error)
{
    GError *cause = NULL;
    int64_t found = find_by_emailid(tx, account, op, &cause);
    if (found != 0 || cause != NULL) {
        if (cause != NULL)
            g_propagate_error(error, cause);
        return found;
    }
    found = find_by_msgid(tx, account, op, op->msgid, &cause);
    if (found == 0 && op->original != 0 && cause == NULL)
        found = find_by_msgid(tx, account, op, op->original, &cause);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return found;
}

bool join_orphan_flags(struct tx *tx, struct email_row *row, const struct mail_flags *found,
                       GError **error)
{
    GError *cause = NULL;
    struct mail_flags local = {0}, add = {0}, remove = {0};
    const struct mail_flags none = {0};
    sqlite3_stmt *s = DB_QUERY(tx->db, &cause,
                               "SELECT add_bits, add_words, remove_bits, remove_words FROM intent"
                               " WHERE email = ? AND kind = 0 ORDER BY id",
                               I(row->id));
    while (db_step(tx->db, s, &cause)) {
        struct mail_flags one;
        flags_from(&one, (uint32_t)db_int(s, 0), db_text(s, 1));
        flags_apply(&add, &one, &none);
        mail_flags_clear(&one);
        flags_from(&one, (uint32_t)db_int(s, 2), db_text(s, 3));
        flags_apply(&remove, &one, &none);
        mail_flags_clear(&one);
    }
    mail_flags_copy(&local, found);
    local.bits &= ~(uint32_t)MAIL_DELETED;
    flags_apply(&local, &add, &remove);
    if (cause == NULL && email_set_flags(tx, row, &local, &cause))
        DB_RUN(tx->db, &cause, "DELETE FROM intent WHERE email = ? AND kind = 0", I(row->id));
    mail_flags_clear(&local);
    mail_flags_clear(&add);
    mail_flags_clear(&remove);
    return error_settle(error, cause);
}

static bool adopt_orphan(struct tx *tx, struct email_row *row, const struct batch_op *op,
                         GError **error)
{
    g_autoptr(GArray) members = email_members(tx->db, row->id, error);
    int64_t old = row->orphan;
    row->orphan = 0;
    if (!DB_RUN(tx->db, error, "UPDATE email SET orphan = 0 WHERE id = ?", I(row->id)) ||
        !join_orphan_flags(tx, row, &op->flags, error))
        return false;
    if (old == op->mailbox || !ids_hold(members, old))
        return true;
    return email_add_member(tx, row, op->mailbox, error) &&
           email_remove_member(tx, row, old, error);
}

/* Another label of a message that is known (EMAILID, X-GM-MSGID). */
static bool add_place(struct tx *tx, const struct email_row *row, const struct batch_op *op,
                      GError **error)
{
    if (row->thread == 0 || is_awaited(tx, row->id, op->mailbox) || is_adrift(tx, row->id))
        return true;
    return email_add_member(tx, row, op->mailbox, error);
}

/* It came. When it came to where it was not expected, someone moved it on, and it will not come to
 * where we moved it; copies of ours are still to come. */
static bool stop_expecting(struct tx *tx, int64_t email, int64_t mailbox, GError **error)
{
    bool expected =
        DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM expect WHERE email = ? AND mailbox = ?", I(email),
                  I(mailbox)) == 1;
    return DB_RUN(tx->db, error,
                  "DELETE FROM expect WHERE email = ?1 AND (mailbox = ?2 OR (kind = 0 AND ?3))",
                  I(email), I(mailbox), I(!expected));
}

/* The service gave it another Message-ID: replies will name that one. */
static bool learn_id(struct tx *tx, const struct email_row *row, const struct batch_op *op,
                     GError **error)
{
    return op->original == 0 || op->msgid == row->msgid || row->thread <= 0 ||
           DB_RUN(tx->db, error, "INSERT OR IGNORE INTO ref VALUES(?, ?, ?, ?)", I(row->account),
                  I(op->msgid), I(row->subject), I(row->thread));
}

/* The flags that it had where it was moved or copied from: what we did says so, or the place that
 * it is still known in (others moved it, and EMAILID tells; another copy of it, as a service files
 * in Sent, has flags of its own). False: nobody knows. (clear *base) */
static bool load_moved_base(struct tx *tx, int64_t email, const struct batch_op *op,
                            struct mail_flags *base, GError **error)
{
    sqlite3_stmt *row = DB_QUERY(
        tx->db, error,
        "SELECT bits, words, 3 - (mailbox <> ?2) AS rank FROM expect WHERE email = ?1 AND bits IS"
        " NOT NULL AND (mailbox = ?2 OR kind = 0) UNION ALL"
        " SELECT remote.bits, remote.words, 1 FROM intent JOIN remote ON remote.email = ?1 AND"
        " remote.mailbox = intent.mailbox WHERE intent.email = ?1 AND target = ?2 AND journal IS"
        " NOT NULL UNION ALL"
        " SELECT remote.bits, remote.words, 0 FROM email JOIN remote ON remote.email = email.id"
        " WHERE email.id = ?1 AND emailid = ?3 AND NOT EXISTS(SELECT 1 FROM expect WHERE"
        " expect.email = ?1 AND expect.mailbox = ?2) ORDER BY rank DESC LIMIT 1",
        I(email), I(op->mailbox), T(op->emailid));
    if (!db_step(tx->db, row, error))
        return false;
    flags_from(base, (uint32_t)db_int(row, 0), db_text(row, 1));
    db_done(row);
    return true;
}

/* What others changed meanwhile is taken over, what was changed here meanwhile stays. */
static bool merge_moved_flags(struct tx *tx, struct email_row *row, const struct batch_op *op,
                              GError **error)
{
    GError *cause = NULL;
    struct mail_flags base = {0}, local = {0};
    const struct mail_flags none = {0};
    if (row->orphan != 0 || !load_moved_base(tx, row->id, op, &base, &cause)) {
        if (cause != NULL)
            g_propagate_error(error, cause);
        return cause == NULL;
    }
    mail_flags_copy(&local, &row->flags);
    flags_merge(&base, &op->flags, &none, &none, &local);
    bool ok = email_set_flags(tx, row, &local, error);
    mail_flags_clear(&base);
    mail_flags_clear(&local);
    return ok;
}

bool join_message(struct tx *tx, const struct store_batch *batch, int64_t email,
                  struct batch_op *op, GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    bool found = email_load(tx, email, &row, &cause);
    if (found)
        batch_keep_unkept(batch, op->mailbox, &op->flags, &row.flags);
    if (found && merge_moved_flags(tx, &row, op, &cause) &&
        (row.orphan != 0 ? adopt_orphan(tx, &row, op, &cause) : add_place(tx, &row, op, &cause)) &&
        remote_insert(tx, op->mailbox, op->uid, email, &op->flags, &cause) &&
        learn_id(tx, &row, op, &cause) && stop_expecting(tx, email, op->mailbox, &cause) &&
        DB_RUN(tx->db, &cause,
               "UPDATE submission SET copy = 1 WHERE email = ? AND state = 3 AND ? IN (SELECT id"
               " FROM mailbox WHERE role = ?)",
               I(email), I(op->mailbox), I(MAIL_ROLE_SENT)) &&
        DB_RUN(tx->db, &cause, "UPDATE email SET emailid = coalesce(emailid, ?) WHERE id = ?",
               T(op->emailid), I(email)) &&
        /* A step whose end a crash hid: its effect is seen here. */
        DB_RUN(tx->db, &cause,
               "DELETE FROM intent WHERE email = ? AND target = ? AND kind IN (2, 4) AND journal"
               " IS NOT NULL",
               I(email), I(op->mailbox)))
        email_settle(tx, email, &cause);
    email_row_clear(&row);
    return error_settle(error, cause);
}

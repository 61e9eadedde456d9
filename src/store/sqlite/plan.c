/* From what is seen here (members, local flags) and what is on the server (remotes, their base
 * flags, what was begun) follow the intents. Only intents that were not begun are ever replaced,
 * always by rows with new ids, so that a session never carries out something else than what it
 * read. */
#include "store/sqlite/emails.h"

#include "base/clock.h"

struct plan {
    struct tx *tx;
    const struct email_row *row;
    GArray *here;    /* wanted: mailboxes of members */
    GArray *there;   /* on the server once what was begun is done */
    GArray *wanted;  /* struct wanted, in the order to carry out */
    GArray *sources; /* of there, those with a message on the server now */
    bool kept;       /* a message of a mailbox in here is known to be on the server, or ours was
                        taken by it */
};

static void set_remove(GArray *ids, int64_t id)
{
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id) {
            g_array_remove_index(ids, i);
            return;
        }
}

static void set_add(GArray *ids, int64_t id)
{
    if (!ids_hold(ids, id))
        g_array_append_val(ids, id);
}

/* What was begun counts as done. */
static bool load_there(struct plan *plan, GError **error)
{
    struct db *db = plan->tx->db;
    GError *cause = NULL;
    plan->here = email_members(db, plan->row->id, &cause);
    plan->there = email_remotes(db, plan->row->id, &cause);
    plan->sources = g_array_copy(plan->there);
    sqlite3_stmt *s = DB_QUERY(db, &cause,
                               "SELECT kind, mailbox, target FROM intent WHERE email = ? AND"
                               " journal IS NOT NULL AND kind <> 0 ORDER BY id",
                               I(plan->row->id));
    while (db_step(db, s, &cause)) {
        int64_t kind = db_int(s, 0);
        if (kind == STORE_INTENT_MOVE || kind == STORE_INTENT_EXPUNGE) {
            set_remove(plan->there, db_int(s, 1));
            set_remove(plan->sources, db_int(s, 1));
        }
        if (kind != STORE_INTENT_EXPUNGE)
            set_add(plan->there, db_int(s, 2));
    }
    for (guint i = 0; i < plan->sources->len; i++)
        plan->kept = plan->kept || ids_hold(plan->here, g_array_index(plan->sources, int64_t, i));
    s = DB_QUERY(db, &cause, "SELECT mailbox, kind FROM expect WHERE email = ?", I(plan->row->id));
    while (db_step(db, s, &cause)) {
        set_add(plan->there, db_int(s, 0));
        plan->kept = plan->kept || db_int(s, 1) != EXPECT_MOVED;
    }
    return error_settle(error, cause);
}

struct wanted {
    enum store_intent_kind kind;
    int64_t mailbox, target;
};

static void want(struct plan *plan, enum store_intent_kind kind, int64_t mailbox, int64_t target)
{
    struct wanted wanted = {kind, mailbox, target};
    g_array_append_val(plan->wanted, wanted);
}

/* The rows there are say the same already: they keep their numbers, so that a session's list stays
 * good. */
static bool is_written(struct plan *plan, const char *words, GError **error)
{
    guint count = 0;
    bool same = true;
    sqlite3_stmt *s = DB_QUERY(plan->tx->db, error,
                               "SELECT kind, mailbox, target, add_bits, add_words FROM intent WHERE"
                               " email = ? AND kind <> 0 AND journal IS NULL ORDER BY id",
                               I(plan->row->id));
    while (db_step(plan->tx->db, s, error)) {
        same = same && count < plan->wanted->len;
        const struct wanted *wanted =
            same ? &g_array_index(plan->wanted, struct wanted, count) : NULL;
        same = same && wanted->kind == db_int(s, 0) && wanted->mailbox == db_int(s, 1) &&
               wanted->target == db_int(s, 2) &&
               (wanted->kind != STORE_INTENT_APPEND ||
                (plan->row->flags.bits == db_int(s, 3) && g_strcmp0(words, db_text(s, 4)) == 0));
        count++;
    }
    return same && count == plan->wanted->len;
}

static bool write_wanted(struct plan *plan, GError **error)
{
    struct tx *tx = plan->tx;
    const struct email_row *row = plan->row;
    g_autofree char *words = flags_words(&row->flags);
    if (is_written(plan, words, error))
        return true;
    if (!DB_RUN(tx->db, error,
                "DELETE FROM intent WHERE email = ? AND kind <> 0 AND journal IS NULL", I(row->id)))
        return false;
    for (guint i = 0; i < plan->wanted->len; i++) {
        const struct wanted *wanted = &g_array_index(plan->wanted, struct wanted, i);
        bool append = wanted->kind == STORE_INTENT_APPEND;
        tx_tell(tx, row->account, STORE_INTENT);
        if (!DB_RUN(tx->db, error,
                    "INSERT INTO intent(account, email, kind, mailbox, target, add_bits, add_words,"
                    " created) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                    I(row->account), I(row->id), I(wanted->kind), I(wanted->mailbox),
                    I(wanted->target), I(append ? row->flags.bits : 0), T(append ? words : NULL),
                    I(clock_wall())))
            return false;
    }
    return true;
}

enum sending { SENDING_NONE, SENDING_UNDER_WAY, SENDING_SENT };

/* What is a draft until its time comes (postroom:moveToSent) is not under way before. */
static enum sending sending_of(struct tx *tx, int64_t email)
{
    int64_t state = DB_NUMBER(tx->db, NULL, -1,
                              "SELECT min(state) FROM submission WHERE email = ? AND state <= ?"
                              " AND (files = 0 OR state <> ?)",
                              I(email), I(STORE_SEND_SENT), I(STORE_SEND_PENDING));
    if (state < 0)
        return SENDING_NONE;
    return state == STORE_SEND_SENT ? SENDING_SENT : SENDING_UNDER_WAY;
}

/* A provider that files its own copy of what was sent will put one into Sent: wait for that one
 * instead of making a second. */
static bool expect_sent_copy(struct plan *plan, GError **error)
{
    struct tx *tx = plan->tx;
    int64_t sent =
        DB_NUMBER(tx->db, error, 0,
                  "SELECT mailbox.id FROM member JOIN mailbox ON mailbox.id = member.mailbox"
                  " JOIN account ON account.id = mailbox.account JOIN provider ON provider.name ="
                  " account.provider WHERE email = ?1 AND role = ?2 AND provider.type IN"
                  " ('microsoft', 'google') AND NOT EXISTS(SELECT 1 FROM submission WHERE"
                  " submission.email = ?1 AND copy <> 0)",
                  I(plan->row->id), I(MAIL_ROLE_SENT));
    if (sent == 0 || ids_hold(plan->there, sent))
        return true;
    set_add(plan->there, sent);
    plan->kept = true;
    return email_expect(tx, plan->row->id, sent, EXPECT_SENT_COPY, NULL, error);
}

/* The whole folder is deleted: its messages need no intents of their own. */
static bool is_leaving(const struct plan *plan, int64_t mailbox)
{
    return DB_NUMBER(plan->tx->db, NULL, FOLDER_THERE, "SELECT place FROM mailbox WHERE id = ?",
                     I(mailbox)) == FOLDER_LEAVING;
}

/* A server says OK to moving what somebody took away meanwhile: that one may be the last there is.
 * Until another was seen, it stays; and is moved when none was. */
static bool may_expunge(const struct plan *plan)
{
    return plan->here->len == 0 || plan->kept;
}

static void make_plan(struct plan *plan)
{
    g_autoptr(GArray) add = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) drop = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < plan->here->len; i++)
        if (!ids_hold(plan->there, g_array_index(plan->here, int64_t, i)))
            g_array_append_val(add, g_array_index(plan->here, int64_t, i));
    for (guint i = 0; i < plan->there->len; i++)
        if (!ids_hold(plan->here, g_array_index(plan->there, int64_t, i)))
            g_array_append_val(drop, g_array_index(plan->there, int64_t, i));
    /* Copies first, while their source is still where it is. */
    guint moves = MIN(add->len, drop->len);
    const GArray *from = plan->sources->len > 0 ? plan->sources : plan->there;
    for (guint i = moves; i < add->len; i++) {
        int64_t target = g_array_index(add, int64_t, i);
        if (from->len > 0)
            want(plan, STORE_INTENT_COPY, g_array_index(from, int64_t, 0), target);
        else if (plan->row->blob != 0)
            want(plan, STORE_INTENT_APPEND, 0, target);
    }
    for (guint i = 0; i < drop->len; i++) {
        int64_t source = g_array_index(drop, int64_t, i);
        int64_t target = i < moves ? g_array_index(add, int64_t, i) : 0;
        if (target != 0)
            want(plan, STORE_INTENT_MOVE, source, target);
        else if (may_expunge(plan) && !is_leaving(plan, source))
            want(plan, STORE_INTENT_EXPUNGE, source, 0);
    }
}

bool plan_mailboxes(struct tx *tx, const struct email_row *row, GError **error)
{
    struct plan plan = {.tx = tx,
                        .row = row,
                        .wanted = g_array_new(FALSE, TRUE, sizeof(struct wanted))};
    /* A move whose end a crash hid: gone from here, seen there. */
    bool ok = DB_RUN(tx->db, error,
                     "DELETE FROM intent WHERE email = ?1 AND kind = 1 AND NOT EXISTS(SELECT 1 FROM"
                     " remote WHERE remote.email = ?1 AND remote.mailbox = intent.mailbox) AND"
                     " EXISTS(SELECT 1 FROM remote WHERE remote.email = ?1 AND remote.mailbox ="
                     " intent.target)",
                     I(row->id)) &&
              load_there(&plan, error);
    /* An orphan may be found again somewhere: until then nothing is known to act on. */
    if (ok && row->orphan == 0) {
        enum sending sending = sending_of(tx, row->id);
        if (sending == SENDING_SENT && row->thread > 0)
            ok = expect_sent_copy(&plan, error);
        /* While a message is being sent its draft stays where it is: it may come back. */
        if (sending != SENDING_UNDER_WAY)
            make_plan(&plan);
    }
    ok = ok && write_wanted(&plan, error);
    g_array_unref(plan.wanted);
    g_clear_pointer(&plan.here, g_array_unref);
    g_clear_pointer(&plan.there, g_array_unref);
    g_clear_pointer(&plan.sources, g_array_unref);
    return ok;
}

/* --- flags */

struct base {
    int64_t mailbox;
    struct mail_flags flags;
};

static void base_clear(gpointer pointer)
{
    mail_flags_clear(&((struct base *)pointer)->flags);
}

static GArray *load_bases(struct tx *tx, int64_t email, GError **error)
{
    GArray *bases = g_array_new(FALSE, TRUE, sizeof(struct base));
    g_array_set_clear_func(bases, base_clear);
    sqlite3_stmt *s = DB_QUERY(tx->db, error,
                               "SELECT mailbox, bits, words FROM remote WHERE email = ?", I(email));
    while (db_step(tx->db, s, error)) {
        struct base base = {.mailbox = db_int(s, 0)};
        flags_from(&base.flags, (uint32_t)db_int(s, 1) & ~(uint32_t)MAIL_DELETED, db_text(s, 2));
        g_array_append_val(bases, base);
    }
    return bases;
}

/* What was begun counts as done. */
static bool add_begun(struct tx *tx, int64_t email, struct base *base, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *s = DB_QUERY(tx->db, &cause,
                               "SELECT add_bits, add_words, remove_bits, remove_words FROM intent"
                               " WHERE email = ? AND mailbox = ? AND kind = 0 AND journal IS NOT"
                               " NULL ORDER BY id",
                               I(email), I(base->mailbox));
    while (db_step(tx->db, s, &cause)) {
        struct mail_flags add, remove;
        flags_from(&add, (uint32_t)db_int(s, 0), db_text(s, 1));
        flags_from(&remove, (uint32_t)db_int(s, 2), db_text(s, 3));
        flags_apply(&base->flags, &add, &remove);
        mail_flags_clear(&add);
        mail_flags_clear(&remove);
    }
    return error_settle(error, cause);
}

static bool flag_intent_is_written(struct tx *tx, int64_t email, const struct base *base,
                                   const struct mail_flags *add, const char *add_words,
                                   const struct mail_flags *remove, const char *remove_words,
                                   GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT 1 FROM intent WHERE email = ? AND mailbox = ? AND kind = 0 AND journal"
                     " IS NULL AND add_bits = ? AND add_words IS ? AND remove_bits = ? AND"
                     " remove_words IS ?",
                     I(email), I(base->mailbox), I(add->bits), T(add_words), I(remove->bits),
                     T(remove_words)) == 1;
}

static bool write_flag_intent(struct tx *tx, const struct email_row *row, const struct base *base,
                              const struct mail_flags *add, const struct mail_flags *remove,
                              GError **error)
{
    g_autofree char *add_words = flags_words(add);
    g_autofree char *remove_words = flags_words(remove);
    if (flag_intent_is_written(tx, row->id, base, add, add_words, remove, remove_words, error))
        return true;
    if (!DB_RUN(tx->db, error,
                "DELETE FROM intent WHERE email = ? AND mailbox = ? AND kind = 0 AND journal IS"
                " NULL",
                I(row->id), I(base->mailbox)))
        return false;
    if (flags_empty(add) && flags_empty(remove))
        return true;
    tx_tell(tx, row->account, STORE_INTENT);
    return DB_RUN(tx->db, error,
                  "INSERT INTO intent(account, email, kind, mailbox, target, add_bits, add_words,"
                  " remove_bits, remove_words, created) VALUES(?, ?, 0, ?, 0, ?, ?, ?, ?, ?)",
                  I(row->account), I(row->id), I(base->mailbox), I(add->bits), T(add_words),
                  I(remove->bits), T(remove_words), I(clock_wall()));
}

static bool plan_base(struct tx *tx, const struct email_row *row, struct base *base, GError **error)
{
    struct mail_flags add = {0}, remove = {0};
    if (!add_begun(tx, row->id, base, error))
        return false;
    if (row->thread > 0) {
        flags_minus(&row->flags, &base->flags, &add);
        flags_minus(&base->flags, &row->flags, &remove);
    }
    bool ok = write_flag_intent(tx, row, base, &add, &remove, error);
    mail_flags_clear(&add);
    mail_flags_clear(&remove);
    return ok;
}

bool plan_flags(struct tx *tx, const struct email_row *row, GError **error)
{
    GError *cause = NULL;
    /* Of an orphan they stay: they say which flags win when it is found again. */
    if (row->orphan != 0)
        return true;
    /* What was begun may have been done; of what was destroyed nobody need know. */
    DB_RUN(tx->db, &cause,
           "DELETE FROM intent WHERE email = ?1 AND kind = 0 AND (journal IS NULL OR ?2) AND"
           " mailbox NOT IN (SELECT mailbox FROM remote WHERE email = ?1)",
           I(row->id), I(row->thread == 0));
    if (cause == NULL) {
        g_autoptr(GArray) bases = load_bases(tx, row->id, &cause);
        for (guint i = 0; i < bases->len && cause == NULL; i++)
            plan_base(tx, row, &g_array_index(bases, struct base, i), &cause);
    }
    return error_settle(error, cause);
}

/* What a carried out, or refused, intent makes of remotes and members. */
#include "store/sqlite/batch.h"

#include "base/clock.h"

#include <string.h>

struct ended {
    int64_t id, email, mailbox, target;
    enum store_intent_kind kind;
    struct mail_flags add, remove;
    uint32_t target_uidvalidity, target_uid;
    const GError *reason;
    bool left_deleted;
    bool found;
};

static bool load(struct tx *tx, struct ended *ended, GError **error)
{
    GError *cause = NULL;
    sqlite3_stmt *row = DB_QUERY(tx->db, &cause,
                                 "SELECT email, kind, mailbox, target, add_bits, add_words,"
                                 " remove_bits, remove_words FROM intent WHERE id = ?",
                                 I(ended->id));
    ended->found = db_step(tx->db, row, &cause);
    if (ended->found) {
        ended->email = db_int(row, 0);
        ended->kind = (enum store_intent_kind)db_int(row, 1);
        ended->mailbox = db_int(row, 2);
        ended->target = db_int(row, 3);
        flags_from(&ended->add, (uint32_t)db_int(row, 4), db_text(row, 5));
        flags_from(&ended->remove, (uint32_t)db_int(row, 6), db_text(row, 7));
        db_done(row);
    }
    return error_settle(error, cause);
}

static void clear(struct ended *ended)
{
    mail_flags_clear(&ended->add);
    mail_flags_clear(&ended->remove);
}

/* The remote of an email in a mailbox; 0: none. */
static uint32_t load_base(struct tx *tx, int64_t email, int64_t mailbox, struct mail_flags *base)
{
    uint32_t uid = 0;
    *base = (struct mail_flags){0};
    sqlite3_stmt *row =
        DB_QUERY(tx->db, NULL,
                 "SELECT uid, bits, words FROM remote WHERE email = ? AND mailbox = ?", I(email),
                 I(mailbox));
    if (db_step(tx->db, row, NULL)) {
        uid = (uint32_t)db_int(row, 0);
        flags_from(base, (uint32_t)db_int(row, 1), db_text(row, 2));
        db_done(row);
    }
    return uid;
}

static bool flags_done(struct tx *tx, const struct ended *ended, GError **error)
{
    struct mail_flags base;
    uint32_t uid = load_base(tx, ended->email, ended->mailbox, &base);
    flags_apply(&base, &ended->add, &ended->remove);
    bool ok = uid == 0 || remote_insert(tx, ended->mailbox, uid, ended->email, &base, error);
    mail_flags_clear(&base);
    return ok;
}

/* A session saw the message before it was told its UID, and it became an email of its own. */
static bool absorb_double(struct tx *tx, const struct ended *ended, GError **error)
{
    GError *cause = NULL;
    struct email_row row;
    int64_t other = DB_NUMBER(tx->db, &cause, 0,
                              "SELECT coalesce(email, 0) FROM remote WHERE mailbox = ? AND uid = ?",
                              I(ended->target), I(ended->target_uid));
    if (cause == NULL && other != 0 && other != ended->email &&
        email_load(tx, other, &row, &cause)) {
        if (DB_RUN(tx->db, &cause, "DELETE FROM remote WHERE mailbox = ? AND uid = ?",
                   I(ended->target), I(ended->target_uid)) &&
            email_hide(tx, &row, &cause))
            email_settle(tx, other, &cause);
        email_row_clear(&row);
    }
    return error_settle(error, cause);
}

/* The server's counts follow what was carried out: nobody need ask for them. */
static bool count_arrival(struct tx *tx, const struct ended *ended, GError **error)
{
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET server_count = server_count + 1 WHERE id = ?1 AND NOT"
                  " EXISTS(SELECT 1 FROM remote WHERE mailbox = ?1 AND uid = ?2)",
                  I(ended->target), I(ended->target_uid));
}

static bool count_leaving(struct tx *tx, const struct ended *ended, GError **error)
{
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET server_count = max(0, server_count - (SELECT count(*) FROM"
                  " remote WHERE email = ?1 AND mailbox = ?2)) WHERE id = ?2",
                  I(ended->email), I(ended->mailbox));
}

/* The message is in target now, with these flags. */
static bool arrive(struct tx *tx, const struct ended *ended, const struct mail_flags *flags,
                   GError **error)
{
    struct mail_flags known;
    uint32_t there = load_base(tx, ended->email, ended->target, &known);
    mail_flags_clear(&known);
    if (there != 0)
        return true;
    int64_t uidvalidity =
        DB_NUMBER(tx->db, error, 0, "SELECT uidvalidity FROM mailbox WHERE id = ?",
                  I(ended->target));
    bool told = ended->target_uid != 0 && (ended->target_uidvalidity == 0 ||
                                           (int64_t)ended->target_uidvalidity == uidvalidity);
    if (!told)
        return email_expect(tx, ended->email, ended->target,
                            ended->kind == STORE_INTENT_APPEND ? EXPECT_APPENDED : EXPECT_MOVED,
                            flags, error);
    return count_arrival(tx, ended, error) && absorb_double(tx, ended, error) &&
           DB_RUN(tx->db, error, "DELETE FROM expect WHERE email = ? AND mailbox = ?",
                  I(ended->email), I(ended->target)) &&
           remote_insert(tx, ended->target, ended->target_uid, ended->email, flags, error);
}

/* It is in the source no more; or only marked \Deleted there, and then nobody's email. */
static bool leave_source(struct tx *tx, const struct ended *ended, GError **error)
{
    if (ended->left_deleted)
        return DB_RUN(tx->db, error,
                      "UPDATE remote SET email = NULL, bits = bits | ? WHERE email = ? AND mailbox"
                      " = ?",
                      I(MAIL_DELETED), I(ended->email), I(ended->mailbox));
    return count_leaving(tx, ended, error) &&
           DB_RUN(tx->db, error, "DELETE FROM remote WHERE email = ? AND mailbox = ?",
                  I(ended->email), I(ended->mailbox));
}

static bool move_done(struct tx *tx, const struct ended *ended, GError **error)
{
    struct mail_flags base;
    load_base(tx, ended->email, ended->mailbox, &base);
    bool ok = arrive(tx, ended, &base, error) &&
              (ended->kind == STORE_INTENT_COPY ||
               (leave_source(tx, ended, error) &&
                /* Flag changes that were begun go with the message. */
                DB_RUN(tx->db, error,
                       "UPDATE intent SET mailbox = ? WHERE email = ? AND mailbox = ? AND kind = 0",
                       I(ended->target), I(ended->email), I(ended->mailbox))));
    mail_flags_clear(&base);
    return ok;
}

static bool apply_done(struct tx *tx, const struct ended *ended, GError **error)
{
    switch (ended->kind) {
    case STORE_INTENT_FLAGS:
        return flags_done(tx, ended, error);
    case STORE_INTENT_MOVE:
    case STORE_INTENT_COPY:
        return move_done(tx, ended, error);
    case STORE_INTENT_EXPUNGE:
        return leave_source(tx, ended, error);
    case STORE_INTENT_APPEND:
        return arrive(tx, ended, &ended->add, error);
    }
    return true;
}

/* An intent that is gone was seen to be carried out by its effect: nothing is left to do. */
static bool end_one(struct tx *tx, const struct store_intent_end *end, GError **error)
{
    struct ended ended = {.id = end->intent,
                          .target_uidvalidity = end->target_uidvalidity,
                          .target_uid = end->target_uid,
                          .left_deleted = end->left_deleted};
    bool ok =
        load(tx, &ended, error) &&
        (!ended.found || (DB_RUN(tx->db, error, "DELETE FROM intent WHERE id = ?", I(ended.id)) &&
                          apply_done(tx, &ended, error) && email_settle(tx, ended.email, error)));
    clear(&ended);
    return ok;
}

struct ends {
    const struct store_intent_end *items;
    size_t count;
};

static bool end_intents(struct tx *tx, void *arg, GError **error)
{
    const struct ends *ends = arg;
    for (size_t i = 0; i < ends->count; i++)
        if (!end_one(tx, &ends->items[i], error))
            return false;
    return true;
}

bool store_intents_done(struct store *store, const struct store_intent_end *ends, size_t count,
                        GError **error)
{
    struct ends all = {ends, count};
    return store_write(store, STORE_LANE_INTERACTIVE, end_intents, &all, error);
}

bool store_intent_done(struct store *store, int64_t intent, uint32_t target_uidvalidity,
                       uint32_t target_uid, GError **error)
{
    struct store_intent_end end = {.intent = intent,
                                   .target_uidvalidity = target_uidvalidity,
                                   .target_uid = target_uid};
    return store_intents_done(store, &end, 1, error);
}

/* --- refused */

static bool restore_flags(struct tx *tx, const struct ended *ended, struct email_row *row,
                          GError **error)
{
    struct mail_flags local = {0};
    mail_flags_copy(&local, &row->flags);
    flags_apply(&local, &ended->remove, &ended->add);
    bool ok = email_set_flags(tx, row, &local, error);
    mail_flags_clear(&local);
    return ok;
}

bool email_restore(struct tx *tx, struct email_row *row, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) remotes = email_remotes(tx->db, row->id, &cause);
    g_autoptr(GArray) members = email_members(tx->db, row->id, &cause);
    if (cause == NULL && row->thread == 0 && remotes->len > 0) {
        email_show(tx, row, remotes, &cause);
    } else if (cause == NULL && remotes->len > 0) {
        for (guint i = 0; i < remotes->len && cause == NULL; i++)
            if (!ids_hold(members, g_array_index(remotes, int64_t, i)))
                email_add_member(tx, row, g_array_index(remotes, int64_t, i), &cause);
        for (guint i = 0; i < members->len && cause == NULL; i++)
            if (!ids_hold(remotes, g_array_index(members, int64_t, i)))
                email_remove_member(tx, row, g_array_index(members, int64_t, i), &cause);
    }
    return error_settle(error, cause);
}

static const char *change_word(enum store_intent_kind kind)
{
    static const char *const words[] = {"flags", "move", "copy", "delete", "append"};
    return words[kind];
}

static bool tell_reason(struct tx *tx, const struct ended *ended, int64_t account, GError **error)
{
    int64_t mailbox = ended->target != 0 ? ended->target : ended->mailbox;
    return ended->reason == NULL || refusal_add(tx, account, change_word(ended->kind), mailbox,
                                                ended->email, ended->reason, error);
}

static bool roll_back(struct tx *tx, const struct ended *ended, struct email_row *row,
                      GError **error)
{
    if (!tell_reason(tx, ended, row->account, error))
        return false;
    if (ended->kind == STORE_INTENT_APPEND)
        /* Only here: it stays, rather than being lost, and is tried again in a day. */
        return DB_RUN(tx->db, error,
                      "UPDATE intent SET journal = NULL, next_attempt = ?, attempts = attempts + 1"
                      " WHERE id = ?",
                      I(clock_wall() + STORE_DAY), I(ended->id));
    if (!DB_RUN(tx->db, error, "DELETE FROM intent WHERE id = ?", I(ended->id)))
        return false;
    bool ok = ended->kind == STORE_INTENT_FLAGS ? restore_flags(tx, ended, row, error)
                                                : email_restore(tx, row, error);
    return ok && email_settle(tx, row->id, error);
}

static bool refuse_intent(struct tx *tx, void *arg, GError **error)
{
    struct ended *ended = arg;
    struct email_row row;
    GError *cause = NULL;
    clear(ended);
    if (load(tx, ended, &cause) && ended->found && email_load(tx, ended->email, &row, &cause)) {
        roll_back(tx, ended, &row, &cause);
        email_row_clear(&row);
    }
    return error_settle(error, cause);
}

bool store_intent_refused(struct store *store, int64_t intent, const GError *reason, GError **error)
{
    struct ended ended = {.id = intent, .reason = reason};
    bool ok = store_write(store, STORE_LANE_INTERACTIVE, refuse_intent, &ended, error);
    clear(&ended);
    return ok;
}

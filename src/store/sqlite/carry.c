/* What people made of a conversation goes along when its emails are copied or moved into another
 * account (store/organise.h): how it is grouped, and its notes. The table carried has which
 * conversation there one of here has become, for what follows later. */
#include "store/sqlite/notes.h"

#include "base/clock.h"

struct item {
    size_t pair;
    int64_t original, account, thread; /* internal number, and where it is */
    int64_t copy, into;                /* the same of the copy; into: its account */
};

struct carry {
    const struct store_access *from, *to;
    struct store_carried *pairs;
    size_t count;
    bool moved;
    GArray *items; /* of struct item: those between accounts */
};

static struct item *item_at(const struct carry *carry, guint i)
{
    return &g_array_index(carry->items, struct item, i);
}

static int64_t thread_of(struct tx *tx, int64_t email, GError **error)
{
    return DB_NUMBER(tx->db, error, 0, "SELECT thread FROM email WHERE id = ?", I(email));
}

/* Some email of it is shown in the account. */
static bool is_there(struct tx *tx, int64_t thread, int64_t account, GError **error)
{
    return thread > 0 && DB_NUMBER(tx->db, error, 0,
                                   "SELECT 1 FROM email WHERE thread = ? AND account = ? LIMIT 1",
                                   I(thread), I(account)) == 1;
}

static bool find_items(struct tx *tx, struct carry *carry, GError **error)
{
    GError *cause = NULL;
    g_array_set_size(carry->items, 0);
    for (size_t i = 0; i < carry->count && cause == NULL; i++) {
        struct item item = {.pair = i};
        item.original = access_email(tx->db, carry->from, carry->pairs[i].original, &item.account);
        item.copy = access_email(tx->db, carry->to, carry->pairs[i].copy, &item.into);
        if (item.original == 0 || item.copy == 0 || item.account == item.into)
            continue;
        item.thread = thread_of(tx, item.original, &cause);
        g_array_append_val(carry->items, item);
    }
    return error_settle(error, cause);
}

/* --- how it is grouped */

/* The conversation of that account which this one has become before; 0: none. */
static int64_t known(struct tx *tx, int64_t thread, int64_t into, GError **error)
{
    int64_t there =
        DB_NUMBER(tx->db, error, 0,
                  "SELECT into_thread FROM carried WHERE thread = ? AND into_account = ?",
                  I(thread), I(into));
    return is_there(tx, there, into, error) ? there : 0;
}

/* That it came from, when it goes back. */
static int64_t origin(struct tx *tx, int64_t thread, int64_t into, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT thread FROM carried WHERE into_thread = ?1 AND account = ?2 AND EXISTS"
                     "(SELECT 1 FROM email WHERE email.thread = carried.thread AND email.account ="
                     " ?2) ORDER BY thread LIMIT 1",
                     I(thread), I(into));
}

/* What a person took apart from the thread has become, or is part of, this one there. */
static bool has_other_part(struct tx *tx, int64_t thread, int64_t there, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT 1 FROM apart JOIN carried ON (carried.thread = apart.b AND into_thread"
                     " = ?2) OR (carried.thread = ?2 AND into_thread = apart.b) WHERE apart.a = ?1"
                     " AND apart.b <> ?1 LIMIT 1",
                     I(thread), I(there)) == 1;
}

static bool are_alone(struct tx *tx, const struct carry *carry, int64_t thread, int64_t there,
                      GError **error)
{
    GError *cause = NULL;
    int64_t others =
        DB_NUMBER(tx->db, &cause, 0, "SELECT count(*) FROM email WHERE thread = ?", I(there));
    for (guint i = 0; i < carry->items->len && cause == NULL; i++)
        others -= item_at(carry, i)->thread == thread &&
                  thread_of(tx, item_at(carry, i)->copy, &cause) == there;
    return error_settle(error, cause) && others <= 0;
}

/* Where the copies of a thread belong together: a new one where all others are taken. */
static int64_t target_of(struct tx *tx, const struct carry *carry, const struct item *first,
                         GError **error)
{
    GError *cause = NULL;
    int64_t natural = thread_of(tx, first->copy, &cause);
    int64_t target = cause == NULL ? known(tx, first->thread, first->into, &cause) : 0;
    bool alone = cause == NULL && are_alone(tx, carry, first->thread, natural, &cause);
    if (target == 0 && alone && cause == NULL)
        target = origin(tx, first->thread, first->into, &cause);
    if (target == 0 && cause == NULL) {
        bool taken = !alone && has_other_part(tx, first->thread, natural, &cause);
        target = taken ? tx_new_id(tx) : natural;
        if (taken)
            tx_touch_new_thread(tx, first->into, target);
    }
    return error_settle(error, cause) ? target : 0;
}

/* Nothing but this act says why it is there. */
static bool note_act(struct tx *tx, const struct carry *carry, const struct item *item, bool split,
                     GError **error)
{
    int64_t user = store_principal_user(store_access_principal(carry->to));
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO regroup(email, account, split, user, at)"
                  " VALUES(?, ?, ?, ?, ?)",
                  I(item->copy), I(item->into), I(split), I(user), I(clock_wall()));
}

static bool place(struct tx *tx, const struct carry *carry, const struct item *item, int64_t target,
                  GError **error)
{
    GError *cause = NULL;
    int64_t now = thread_of(tx, item->copy, &cause);
    if (cause != NULL || now == target || regroup_are_apart(tx, now, target, &cause))
        return error_settle(error, cause);
    bool fresh = !is_there(tx, target, item->into, &cause);
    bool alone = !fresh && !has_other_part(tx, item->thread, now, &cause);
    if (cause == NULL && (fresh || tx_touch_thread(tx, item->into, target, true, &cause))) {
        if (alone)
            thread_merge(tx, item->into, now, target, NULL, &cause);
        else if (tx_touch_thread(tx, item->into, now, true, &cause))
            regroup_take(tx, item->into, item->copy, now, target, &cause);
    }
    if (cause == NULL)
        note_act(tx, carry, item, !alone, &cause);
    return error_settle(error, cause);
}

/* What was put together or taken apart here is so there. */
static bool keep_apart(struct tx *tx, const struct item *item, int64_t target, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) others =
        DB_NUMBERS(tx->db, &cause, "SELECT b FROM apart WHERE a = ?", I(item->thread));
    for (guint i = 0; i < others->len && cause == NULL; i++) {
        int64_t other = g_array_index(others, int64_t, i);
        int64_t there = other == item->thread ? target : known(tx, other, item->into, &cause);
        if (there != 0 && cause == NULL && (there != target || other == item->thread))
            regroup_set_apart(tx, item->into, target, there, &cause);
    }
    return error_settle(error, cause);
}

/* Who put an email where it is, and when. */
static bool keep_act(struct tx *tx, const struct item *item, GError **error)
{
    return DB_RUN(tx->db, error,
                  "INSERT OR IGNORE INTO regroup(email, account, split, user, at) SELECT ?, ?,"
                  " split, user, at FROM regroup WHERE email = ?",
                  I(item->copy), I(item->into), I(item->original));
}

/* --- notes */

/* What stays of the conversation is but what one sent, drafted or threw away. */
static bool goes_whole(struct tx *tx, const struct carry *carry, int64_t thread, GError **error)
{
    GError *cause = NULL;
    g_autoptr(GArray) staying =
        DB_NUMBERS(tx->db, &cause,
                   "SELECT id FROM email WHERE thread = ? AND EXISTS(SELECT 1 FROM member JOIN"
                   " mailbox ON mailbox.id = member.mailbox WHERE member.email = email.id AND role"
                   " NOT IN (?, ?, ?, ?))",
                   I(thread), I(MAIL_ROLE_SENT), I(MAIL_ROLE_DRAFTS), I(MAIL_ROLE_TRASH),
                   I(MAIL_ROLE_JUNK));
    for (guint i = staying->len; i > 0; i--)
        for (guint k = 0; k < carry->items->len; k++)
            if (item_at(carry, k)->original == g_array_index(staying, int64_t, i - 1)) {
                g_array_remove_index_fast(staying, i - 1);
                break;
            }
    return error_settle(error, cause) && staying->len == 0;
}

static bool notes_of(struct tx *tx, const struct item *item, int64_t email, GError **error)
{
    struct notes_way way = {item->account, item->thread, item->into, 0};
    way.into_thread = thread_of(tx, item->copy, error);
    return way.into_thread != 0 && notes_carry(tx, &way, email, item->copy, error);
}

static bool carry_notes(struct tx *tx, const struct carry *carry, const struct item *first,
                        GError **error)
{
    GError *cause = NULL;
    if ((access_rights(carry->from, first->account) & STORE_WRITE) == 0)
        return true;
    bool whole = goes_whole(tx, carry, first->thread, &cause);
    for (guint i = 0; i < carry->items->len && cause == NULL; i++) {
        const struct item *item = item_at(carry, i);
        if (item->thread == first->thread)
            notes_of(tx, item, item->original, &cause);
    }
    if (whole && cause == NULL)
        notes_of(tx, first, 0, &cause);
    return error_settle(error, cause);
}

/* --- all of it */

static bool carry_thread(struct tx *tx, struct carry *carry, const struct item *first,
                         GError **error)
{
    int64_t target = target_of(tx, carry, first, error);
    if (target == 0)
        return false;
    for (guint i = 0; i < carry->items->len; i++) {
        const struct item *item = item_at(carry, i);
        if (item->thread == first->thread &&
            (!keep_act(tx, item, error) || !place(tx, carry, item, target, error)))
            return false;
    }
    return DB_RUN(tx->db, error,
                  "INSERT OR REPLACE INTO carried(thread, account, into_account, into_thread)"
                  " VALUES(?, ?, ?, ?)",
                  I(first->thread), I(first->account), I(first->into), I(target)) &&
           keep_apart(tx, first, target, error) &&
           (!carry->moved || carry_notes(tx, carry, first, error));
}

static bool is_first(const struct carry *carry, guint at)
{
    for (guint i = 0; i < at; i++)
        if (item_at(carry, i)->thread == item_at(carry, at)->thread)
            return false;
    return true;
}

static bool run(struct tx *tx, void *arg, GError **error)
{
    struct carry *carry = arg;
    GError *cause = NULL;
    find_items(tx, carry, &cause);
    for (guint i = 0; i < carry->items->len && cause == NULL; i++)
        if (is_first(carry, i))
            carry_thread(tx, carry, item_at(carry, i), &cause);
    for (guint i = 0; i < carry->items->len && cause == NULL; i++) {
        struct store_carried *pair = &carry->pairs[item_at(carry, i)->pair];
        sqlite3_stmt *row =
            DB_QUERY(tx->db, &cause, "SELECT public, thread FROM email WHERE id = ?",
                     I(item_at(carry, i)->copy));
        if (db_step(tx->db, row, &cause)) {
            pair->copy_now = db_int(row, 0);
            pair->thread = db_int(row, 1);
        }
        db_done(row);
    }
    return error_settle(error, cause);
}

bool store_carry(const struct store_access *from, const struct store_access *to,
                 struct store_carried *pairs, size_t count, bool moved, GError **error)
{
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
    struct carry carry = {from, to, pairs, count, moved, items};
    for (size_t i = 0; i < count; i++)
        pairs[i].copy_now = pairs[i].copy;
    return access_require(to, STORE_WRITE, error) &&
           store_write(store_access_store(to), STORE_LANE_INTERACTIVE, run, &carry, error);
}

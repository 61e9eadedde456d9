/* What rows say of each other, and where they do not agree: a damaged file, or a mistake of ours.
 * What the server has is looked at afterwards (sync/reconcile.c), so nothing that follows from
 * damage is ever carried out there. */
#include "store/sqlite/batch.h"

/* In one transaction; what is left is mended the next time. */
#define AT_ONCE 5000

/* An email of which nothing is to be carried out, awaited or sent: all its places are known. */
#define SETTLED(email)                                                                             \
    " NOT EXISTS(SELECT 1 FROM intent WHERE intent.email = " email ") AND NOT EXISTS(SELECT 1 "    \
    "FROM expect WHERE expect.email = " email ") AND NOT EXISTS(SELECT 1 FROM submission WHERE "   \
    "submission.email = " email ") "

#define OF_ACCOUNT " mailbox IN (SELECT id FROM mailbox WHERE account = ?1 AND place = 0) "

/* Each gives two numbers: what, and where. */
static const char *const dangling =
    "SELECT uid, mailbox FROM remote WHERE" OF_ACCOUNT "AND email IS NOT NULL AND NOT EXISTS(SELECT"
    " 1 FROM email WHERE email.id = remote.email) LIMIT ?2";
static const char *const hollow =
    "SELECT ord, mailbox FROM member WHERE" OF_ACCOUNT
    "AND NOT EXISTS(SELECT 1 FROM email WHERE email.id = member.email) LIMIT ?2";
static const char *const lost =
    "SELECT id, coalesce((SELECT min(mailbox) FROM member WHERE member.email = email.id), (SELECT"
    " min(id) FROM mailbox WHERE account = ?1)) FROM email WHERE account = ?1 AND thread > 0 AND"
    " orphan = 0 AND NOT EXISTS(SELECT 1 FROM remote WHERE remote.email = email.id) AND NOT"
    " EXISTS(SELECT 1 FROM member JOIN mailbox ON mailbox.id = member.mailbox WHERE member.email ="
    " email.id AND place <> 0) AND" SETTLED("email.id") "LIMIT ?2";
static const char *const unshown =
    "SELECT remote.email, remote.mailbox FROM remote JOIN email ON email.id = remote.email WHERE"
    " remote.mailbox IN (SELECT id FROM mailbox WHERE account = ?1 AND place = 0) AND thread > 0"
    " AND NOT EXISTS(SELECT 1 FROM member WHERE member.email = remote.email AND member.mailbox ="
    " remote.mailbox) AND" SETTLED("remote.email") "LIMIT ?2";
static const char *const bogus =
    "SELECT member.email, member.mailbox FROM member JOIN email ON email.id = member.email WHERE"
    " member.mailbox IN (SELECT id FROM mailbox WHERE account = ?1 AND place = 0) AND orphan = 0"
    " AND NOT EXISTS(SELECT 1 FROM remote WHERE remote.email = member.email AND remote.mailbox ="
    " member.mailbox) AND EXISTS(SELECT 1 FROM remote WHERE remote.email = member.email) "
    "AND" SETTLED("member.email") "LIMIT ?2";
/* Seen, answered, flagged, draft: every server keeps these. */
#define KEPT "15"
G_STATIC_ASSERT((MAIL_SEEN | MAIL_ANSWERED | MAIL_FLAGGED | MAIL_DRAFT) == 15);
static const char *const unlike =
    "SELECT email.id, remote.mailbox FROM remote JOIN email ON email.id = remote.email WHERE"
    " remote.mailbox IN (SELECT id FROM mailbox WHERE account = ?1 AND place = 0) AND thread > 0"
    " AND orphan = 0 AND (SELECT count(*) FROM remote AS r WHERE r.email = email.id) = 1 AND"
    " ((email.bits & " KEPT ") <> (remote.bits & " KEPT ") OR EXISTS(SELECT 1 FROM member WHERE"
    " member.email = email.id AND member.bits <> email.bits)) AND" SETTLED("email.id") "LIMIT ?2";

struct place {
    int64_t what, mailbox;
};

static GArray *places(struct db *db, const char *sql, int64_t account, GError **error)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct place));
    sqlite3_stmt *row =
        db_query(db, sql, (const struct db_value[]){I(account), I(AT_ONCE)}, 2, error);
    while (db_step(db, row, error)) {
        struct place place = {db_int(row, 0), db_int(row, 1)};
        g_array_append_val(list, place);
    }
    return list;
}

/* --- mending one */

static bool drop_remote(struct tx *tx, const struct place *place, GError **error)
{
    return DB_RUN(tx->db, error, "DELETE FROM remote WHERE mailbox = ? AND uid = ?",
                  I(place->mailbox), I(place->what));
}

static bool drop_member(struct tx *tx, const struct place *place, GError **error)
{
    return DB_RUN(tx->db, error, "DELETE FROM member WHERE mailbox = ? AND ord = ?",
                  I(place->mailbox), I(place->what));
}

/* The next look at its folder finds it again, or the sweep after that lets it go. */
static bool orphan(struct tx *tx, const struct place *place, GError **error)
{
    return leave_orphan(tx, place->what, place->mailbox, error) &&
           email_settle(tx, place->what, error);
}

typedef bool change_fn(struct tx *tx, struct email_row *row, int64_t mailbox, GError **error);

static bool change(struct tx *tx, const struct place *place, change_fn *fn, GError **error)
{
    struct email_row row;
    GError *cause = NULL;
    if (email_load(tx, place->what, &row, &cause) && fn(tx, &row, place->mailbox, &cause))
        email_settle(tx, place->what, &cause);
    email_row_clear(&row);
    return error_settle(error, cause);
}

static bool add_member(struct tx *tx, struct email_row *row, int64_t mailbox, GError **error)
{
    return email_add_member(tx, row, mailbox, error);
}

static bool remove_member(struct tx *tx, struct email_row *row, int64_t mailbox, GError **error)
{
    return email_remove_member(tx, row, mailbox, error);
}

/* What the server was last seen to have counts. */
static bool take_flags(struct tx *tx, struct email_row *row, int64_t mailbox, GError **error)
{
    GError *cause = NULL;
    struct mail_flags flags = {0};
    mail_flags_copy(&flags, &row->flags);
    uint32_t there = (uint32_t)DB_NUMBER(tx->db, &cause, 0,
                                         "SELECT bits FROM remote WHERE email = ? AND mailbox = ?",
                                         I(row->id), I(mailbox));
    flags.bits = (flags.bits & ~15U) | (there & 15U);
    if (cause == NULL && email_set_flags(tx, row, &flags, &cause))
        DB_RUN(tx->db, &cause, "UPDATE member SET bits = ? WHERE email = ?", I(row->flags.bits),
               I(row->id));
    mail_flags_clear(&flags);
    return error_settle(error, cause);
}

static bool show(struct tx *tx, const struct place *place, GError **error)
{
    return change(tx, place, add_member, error);
}

static bool unplace(struct tx *tx, const struct place *place, GError **error)
{
    return change(tx, place, remove_member, error);
}

static bool restore_flags(struct tx *tx, const struct place *place, GError **error)
{
    return change(tx, place, take_flags, error);
}

/* --- all of them */

static const struct {
    const char *const *sql;
    bool (*mend)(struct tx *tx, const struct place *place, GError **error);
} kinds[] = {
    {&dangling, drop_remote}, {&hollow, drop_member}, {&lost, orphan},
    {&unshown, show},         {&bogus, unplace},      {&unlike, restore_flags},
};

struct mending {
    int64_t account;
    unsigned mended;
};

static bool mend_all(struct tx *tx, void *arg, GError **error)
{
    struct mending *mending = arg;
    GError *cause = NULL;
    mending->mended = 0;
    for (size_t k = 0; k < G_N_ELEMENTS(kinds) && cause == NULL; k++) {
        g_autoptr(GArray) list = places(tx->db, *kinds[k].sql, mending->account, &cause);
        for (guint i = 0; i < list->len && cause == NULL; i++)
            if (kinds[k].mend(tx, &g_array_index(list, struct place, i), &cause))
                mending->mended++;
    }
    if (cause == NULL && mending->mended > 0)
        counts_recount_account(tx, mending->account, &cause);
    return error_settle(error, cause);
}

static bool all_is_well(struct store *store, int64_t account, GError **error)
{
    GError *cause = NULL;
    guint found = 0;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    for (size_t k = 0; k < G_N_ELEMENTS(kinds) && cause == NULL && found == 0; k++) {
        g_autoptr(GArray) list = places(&reader->main, *kinds[k].sql, account, &cause);
        found += list->len;
    }
    reader_end(store, reader);
    if (cause != NULL)
        g_propagate_error(error, cause);
    return cause == NULL && found == 0;
}

bool store_sync_mend(struct store *store, int64_t account, unsigned *mended, GError **error)
{
    GError *cause = NULL;
    *mended = 0;
    if (all_is_well(store, account, &cause))
        return true;
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    struct mending mending = {.account = account};
    if (!store_write(store, STORE_LANE_BULK, mend_all, &mending, error))
        return false;
    *mended = mending.mended;
    return true;
}

/* --- results */

GArray *store_sync_differing(struct store *store, int64_t account, GError **error)
{
    return reader_numbers(
        store,
        "SELECT id FROM mailbox WHERE account = ? AND sync <> 0 AND place = 0 AND headers_done <> 0"
        " AND server_count <> (SELECT count(*) FROM remote WHERE remote.mailbox = mailbox.id)",
        DB_VALUES(I(account)), error);
}

struct verdict {
    int64_t mailbox;
    const struct store_reconciled *found;
};

static bool write_verdict(struct tx *tx, void *arg, GError **error)
{
    const struct verdict *verdict = arg;
    const struct store_reconciled *found = verdict->found;
    return DB_RUN(tx->db, error,
                  "UPDATE mailbox SET reconciled_at = ?, missing = ?, surplus = ?, astray = ? WHERE"
                  " id = ?",
                  I(found->at), I(found->missing), I(found->surplus), I(found->astray),
                  I(verdict->mailbox));
}

bool store_sync_reconciled(struct store *store, int64_t mailbox,
                           const struct store_reconciled *found, GError **error)
{
    struct verdict verdict = {mailbox, found};
    return store_write(store, STORE_LANE_BULK, write_verdict, &verdict, error);
}

static bool forget_reconciled(struct tx *tx, void *arg, GError **error)
{
    const int64_t *account = arg;
    return DB_RUN(tx->db, error, "UPDATE mailbox SET reconciled_at = 0 WHERE account = ?",
                  I(*account));
}

bool store_sync_reconcile_all(struct store *store, int64_t account, GError **error)
{
    return store_write(store, STORE_LANE_INTERACTIVE, forget_reconciled, &account, error);
}

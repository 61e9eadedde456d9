/* Who may see which account: private until somebody shares it. */
#include "store/sqlite/audit.h"

#include "store/people.h"

#include "base/clock.h"

void store_share_free(struct store_share *share)
{
    if (share == NULL)
        return;
    g_free(share->address);
    g_free(share->email);
    g_free(share->granted_by);
    g_free(share);
}

static void free_share(gpointer share)
{
    store_share_free(share);
}

static void load_shares(struct db *db, const struct store_principal *principal, GPtrArray *shares,
                        GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT access.account, access.user, address, email, rights, EXISTS(SELECT 1 FROM"
                 " credential WHERE credential.account = access.account AND credential.user ="
                 " access.user) OR owner = access.user, granted_by, granted_at FROM access JOIN"
                 " account ON account.id = access.account JOIN user ON user.id = access.user WHERE"
                 " removing = 0 AND (?2 = 1 OR access.user = ?1 OR access.account IN (SELECT"
                 " account FROM credential WHERE credential.user = ?1)) ORDER BY access.account,"
                 " access.user",
                 I(principal->user), I(people_is_admin(db, principal)));
    while (db_step(db, row, error)) {
        struct store_share *share = g_new0(struct store_share, 1);
        share->account = db_int(row, 0);
        share->user = db_int(row, 1);
        share->address = db_text_copy(row, 2);
        share->email = db_text_copy(row, 3);
        share->rights = (unsigned)db_int(row, 4);
        share->owner = db_int(row, 5) != 0;
        share->granted_by = db_text_copy(row, 6);
        share->granted_at = db_int(row, 7);
        g_ptr_array_add(shares, share);
    }
}

GPtrArray *store_shares(struct store *store, const struct store_principal *principal,
                        GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *shares = g_ptr_array_new_with_free_func(free_share);
    if (people_require(&reader->main, principal, &cause))
        load_shares(&reader->main, principal, shares, &cause);
    reader_end(store, reader);
    return db_settle_list(shares, cause, error);
}

struct share_write {
    const struct store_principal *principal;
    int64_t account, user;
    unsigned rights;
    char *email;
};

#define LINKED                                                                                     \
    "SELECT EXISTS(SELECT 1 FROM credential WHERE account = ?1 AND user = ?2) OR"                  \
    " EXISTS(SELECT 1 FROM account WHERE id = ?1 AND owner = ?2)"

/* Foreign and missing accounts are alike. */
static bool may_share(struct tx *tx, const struct share_write *write, GError **error)
{
    const struct store_principal *principal = write->principal;
    if (!people_require(tx->db, principal, error))
        return false;
    int64_t there =
        DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM account WHERE id = ? AND removing = 0",
                  I(write->account));
    int64_t own = DB_NUMBER(tx->db, NULL, 0, LINKED, I(write->account), I(principal->user));
    int64_t seen = DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM access WHERE account = ? AND user = ?",
                             I(write->account), I(principal->user));
    if (there == 1 && (own == 1 || people_is_admin(tx->db, principal)))
        return true;
    if (there == 1 && seen == 1 && write->user == principal->user && write->rights == 0)
        return true;
    if (there == 1 && seen == 1)
        error_set(error, ERROR_FORBIDDEN, "only who linked a mailbox shares it");
    else
        error_set(error, ERROR_NOT_FOUND, "no such account");
    return false;
}

static bool find_person(struct tx *tx, struct share_write *write, GError **error)
{
    GError *cause = NULL;
    g_clear_pointer(&write->email, g_free);
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT email FROM user WHERE id = ?", I(write->user));
    if (db_step(tx->db, row, &cause)) {
        write->email = db_text_copy(row, 0);
        db_done(row);
    }
    if (cause == NULL && write->email == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "there is nobody with this id");
    if (cause == NULL &&
        DB_NUMBER(tx->db, &cause, 0, LINKED, I(write->account), I(write->user)) == 1)
        error_set(&cause, ERROR_CONFLICT, "this person linked the mailbox themselves");
    return error_settle(error, cause);
}

static const char *rights_word(unsigned rights)
{
    return (rights & STORE_SEND) != 0    ? "work and send"
           : (rights & STORE_WRITE) != 0 ? "work"
           : rights != 0                 ? "read"
                                         : "none";
}

static bool take_away(struct tx *tx, const struct share_write *write, GError **error)
{
    tx_change(tx, LOG_USER(write->user), STORE_LINKED_ACCOUNT, write->account, CHANGE_DESTROYED);
    return tx_access_changed(tx, write->account, error) &&
           DB_RUN(tx->db, error,
                  "DELETE FROM subscription WHERE user = ? AND mailbox IN (SELECT id"
                  " FROM mailbox WHERE account = ?)",
                  I(write->user), I(write->account)) &&
           DB_RUN(tx->db, error, "DELETE FROM access WHERE account = ? AND user = ?",
                  I(write->account), I(write->user));
}

static bool give(struct tx *tx, const struct share_write *write, int64_t had, GError **error)
{
    if (!DB_RUN(tx->db, error,
                "INSERT INTO access(user, account, rights, granted_by, granted_at)"
                " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET rights = ?3, granted_by ="
                " ?4, granted_at = ?5",
                I(write->user), I(write->account), I(write->rights), T(write->principal->email),
                I(clock_wall())))
        return false;
    tx_change(tx, LOG_USER(write->user), STORE_LINKED_ACCOUNT, write->account,
              had == 0 ? CHANGE_CREATED : CHANGE_UPDATED);
    return tx_access_changed(tx, write->account, error);
}

static bool set_share(struct tx *tx, void *arg, GError **error)
{
    struct share_write *write = arg;
    if (!may_share(tx, write, error) || !find_person(tx, write, error))
        return false;
    int64_t had =
        DB_NUMBER(tx->db, NULL, 0, "SELECT rights FROM access WHERE account = ? AND user = ?",
                  I(write->account), I(write->user));
    if (had == 0 && write->rights == 0) {
        error_set(error, ERROR_NOT_FOUND, "it is not shared with this person");
        return false;
    }
    return (write->rights == 0 ? take_away(tx, write, error) : give(tx, write, had, error)) &&
           audit_act(tx, write->principal, write->rights == 0 ? "share.take" : "share.give",
                     write->account, write->email, rights_word(write->rights), error);
}

bool store_share_set(struct store *store, const struct store_principal *principal, int64_t account,
                     int64_t user, unsigned rights, GError **error)
{
    struct share_write write = {.principal = principal,
                                .account = account,
                                .user = user,
                                .rights = rights};
    if (rights != 0 && (rights & STORE_READ) == 0) {
        error_set(error, ERROR_INVALID, "who may change an account may read it");
        return false;
    }
    bool ok = store_write(store, STORE_LANE_INTERACTIVE, set_share, &write, error);
    g_free(write.email);
    return ok;
}

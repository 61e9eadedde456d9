/* Linking a mailbox. Who may reach an account's mail must have proven the mailbox: by the same
 * tid + oid at the same provider, or by the same password. An address alone proves nothing. */
#include "store/sqlite/seal.h"

#include "store/sqlite/fts.h"

#include "base/clock.h"

struct link_write {
    const struct store_link *link;
    int64_t account;
    bool relinked;
};

static char *origin_of(const struct store_link *link)
{
    if (link->provider != NULL)
        return g_strdup(link->token_origin != NULL ? link->token_origin : "");
    return seal_password_origin(link->imap_host, link->imap_port, link->imap_security,
                                link->smtp_host, link->smtp_port, link->smtp_security);
}

static int64_t find_oauth(struct tx *tx, const struct store_link *link, GError **error)
{
    return DB_NUMBER(tx->db, error, 0,
                     "SELECT id FROM account WHERE address = ? AND provider = ? AND tid IS ?"
                     " AND oid IS ? AND removing = 0",
                     T(link->address), T(link->provider), T(link->tid), T(link->oid));
}

/* Someone's stored password for the account equals the one given. */
static bool password_known(struct tx *tx, const struct store_link *link, int64_t account,
                           GError **error)
{
    bool known = false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, error, "SELECT user, password, origin FROM credential WHERE account = ?",
                 I(account));
    while (!known && db_step(tx->db, row, error)) {
        g_autoptr(GBytes) sealed = db_bytes_copy(row, 1);
        struct secret *password = unseal_credential(tx->store, sealed, account, db_int(row, 0),
                                                    "password", db_text(row, 2), NULL);
        known =
            password != NULL && link->password != NULL && secret_equal(password, link->password);
        secret_free(password);
    }
    db_done(row);
    return known;
}

static int64_t find_password(struct tx *tx, const struct store_link *link, GError **error)
{
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GError *cause = NULL;
    int64_t own = 0, shared = 0;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause,
                 "SELECT id, EXISTS(SELECT 1 FROM credential WHERE account = id AND user = ?1)"
                 " FROM account WHERE address = ?2 AND provider IS NULL AND imap_host IS ?3 AND"
                 " imap_login IS ?4 AND removing = 0 ORDER BY id",
                 I(link->user), T(link->address), T(link->imap_host), T(link->imap_login));
    while (db_step(tx->db, row, &cause)) {
        int64_t account = db_int(row, 0);
        if (db_int(row, 1) != 0)
            own = account;
        g_array_append_val(candidates, account);
    }
    for (guint i = 0; i < candidates->len && own == 0 && shared == 0 && cause == NULL; i++) {
        int64_t account = g_array_index(candidates, int64_t, i);
        if (password_known(tx, link, account, &cause))
            shared = account;
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return own != 0 ? own : shared;
}

static bool insert_account(struct tx *tx, struct link_write *write, GError **error)
{
    const struct store_link *link = write->link;
    if (!DB_RUN(tx->db, error,
                "INSERT INTO account(owner, address, display_name, provider, tid, oid, login,"
                " imap_host, imap_port, imap_security, imap_login, smtp_host, smtp_port,"
                " smtp_security, smtp_login, ca_file, operator_hosts, since, paused, setup)"
                " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                I(link->user), T(link->address), T(link->display_name), T(link->provider),
                T(link->tid), T(link->oid), T(link->login), T(link->imap_host), I(link->imap_port),
                T(link->imap_security), T(link->imap_login), T(link->smtp_host), I(link->smtp_port),
                T(link->smtp_security), T(link->smtp_login), T(link->ca_file),
                I(link->operator_hosts), I(link->since), I(link->hold),
                I(link->hold ? clock_wall() : 0)))
        return false;
    write->account = sqlite3_last_insert_rowid(tx->db->handle);
    return log_start_account(tx, write->account, error) && fts_create(tx, write->account, error) &&
           DB_RUN(tx->db, error,
                  "INSERT INTO identity(account, name, email, text_signature, html_signature,"
                  " may_delete) VALUES(?, ?, ?, '', '', 0)",
                  I(write->account), T(link->display_name != NULL ? link->display_name : ""),
                  T(link->address));
}

/* Hosts that a user names are the user's, whoever named those before (SECURITY.md 5). */
static bool refresh_account(struct tx *tx, const struct link_write *write, GError **error)
{
    const struct store_link *link = write->link;
    return DB_RUN(tx->db, error,
                  "UPDATE account SET state = 'linking', problem = NULL, detail = NULL,"
                  " problem_at = 0, send_problem = NULL, send_detail = NULL, next_attempt = 0,"
                  " display_name = coalesce(?2, display_name), login = coalesce(?3, login),"
                  " imap_port = ?4, imap_security = ?5, smtp_host = ?6, smtp_port = ?7,"
                  " smtp_security = ?8, smtp_login = ?9, ca_file = ?10,"
                  " operator_hosts = ?12, since = CASE ?11 WHEN 0 THEN since ELSE ?11 END"
                  " WHERE id = ?1",
                  I(write->account), T(link->display_name), T(link->login), I(link->imap_port),
                  T(link->imap_security), T(link->smtp_host), I(link->smtp_port),
                  T(link->smtp_security), T(link->smtp_login), T(link->ca_file),
                  I(link->hold ? 0 : link->since), I(link->operator_hosts));
}

static bool write_credential(struct tx *tx, const struct link_write *write, GError **error)
{
    const struct store_link *link = write->link;
    const struct store *store = tx->store;
    int64_t account = write->account, user = link->user;
    g_autofree char *origin = origin_of(link);
    g_autoptr(GBytes) refresh =
        seal_credential(store, link->refresh_token, account, user, "refresh", origin);
    g_autoptr(GBytes) access =
        seal_credential(store, link->access_token, account, user, "access", origin);
    g_autoptr(GBytes) password =
        seal_credential(store, link->password, account, user, "password", origin);
    return DB_RUN(tx->db, error,
                  "INSERT INTO credential(account, user, login, scopes, refresh, access,"
                  " access_expires, password, origin, linked) "
                  "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
                  " ON CONFLICT DO UPDATE SET login=?3, scopes=?4, refresh=?5, access=?6,"
                  " access_expires=?7, password=?8, origin=?9, linked=?10",
                  I(account), I(user), T(link->login), T(link->scopes), B(refresh), B(access),
                  I(link->access_expires), B(password), T(origin), I(clock_wall()));
}

static bool do_link(struct tx *tx, void *arg, GError **error)
{
    struct link_write *write = arg;
    const struct store_link *link = write->link;
    GError *cause = NULL;
    write->account =
        link->provider != NULL ? find_oauth(tx, link, &cause) : find_password(tx, link, &cause);
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    write->relinked = write->account != 0;
    if (!(write->relinked ? refresh_account(tx, write, error) : insert_account(tx, write, error)))
        return false;
    int64_t had = DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM access WHERE user = ? AND account = ?",
                            I(link->user), I(write->account));
    if (!DB_RUN(tx->db, error,
                "INSERT INTO access(user, account, rights) VALUES(?1, ?2, ?3) ON CONFLICT DO"
                " UPDATE SET rights = ?3, granted_by = NULL, granted_at = 0",
                I(link->user), I(write->account), I(STORE_READ | STORE_WRITE | STORE_SEND)) ||
        !write_credential(tx, write, error) ||
        !tx_account_changed(tx, write->account, CHANGE_UPDATED, error))
        return false;
    if (had == 0)
        tx_change(tx, LOG_USER(link->user), STORE_LINKED_ACCOUNT, write->account, CHANGE_CREATED);
    return tx_access_changed(tx, write->account, error);
}

int64_t store_link(struct store *store, const struct store_link *link, bool *relinked,
                   GError **error)
{
    struct link_write write = {.link = link};
    if (link->address == NULL || link->address[0] == '\0') {
        error_set(error, ERROR_INVALID, "a mailbox has an address");
        return 0;
    }
    if (!store_write(store, STORE_LANE_INTERACTIVE, do_link, &write, error))
        return 0;
    if (relinked != NULL)
        *relinked = write.relinked;
    return write.account;
}

bool store_link_identity(struct store *store, int64_t account, char **tid, char **oid,
                         char **address, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT tid, oid, address FROM account WHERE id = ? AND removing = 0", I(account));
    bool found = db_step(&reader->main, row, NULL);
    if (found) {
        *tid = db_text_copy(row, 0);
        *oid = db_text_copy(row, 1);
        *address = db_text_copy(row, 2);
        db_done(row);
    } else {
        error_set(error, ERROR_NOT_FOUND, "no such account");
    }
    reader_end(store, reader);
    return found;
}

/* Signing in by a provider's identity: tid and oid, never an address (SECURITY.md 15). */
#include "store/sqlite/audit.h"

#include "store/people.h"

#include "base/clock.h"

bool people_put_identity(struct tx *tx, int64_t user, const struct store_identity_of *identity,
                         GError **error)
{
    GError *cause = NULL;
    int64_t whose = DB_NUMBER(tx->db, &cause, 0,
                              "SELECT user FROM sign_in WHERE provider = ? AND tid = ? AND oid = ?",
                              T(identity->provider), T(identity->tid), T(identity->oid));
    if (cause == NULL && whose != 0 && whose != user)
        error_set(&cause, ERROR_CONFLICT, "somebody else signs in with this account");
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    return DB_RUN(tx->db, error, "DELETE FROM sign_in WHERE user = ? AND provider = ?", I(user),
                  T(identity->provider)) &&
           DB_RUN(tx->db, error,
                  "INSERT INTO sign_in(provider, tid, oid, user, login, linked)"
                  " VALUES(?, ?, ?, ?, ?, ?)",
                  T(identity->provider), T(identity->tid), T(identity->oid), I(user),
                  T(identity->login), I(clock_wall()));
}

struct identity_write {
    const struct store_principal *principal;
    const struct store_identity_of *identity;
    const char *provider;
    int64_t user;
};

static bool put_own(struct tx *tx, void *arg, GError **error)
{
    const struct identity_write *write = arg;
    return people_require(tx->db, write->principal, error) &&
           people_put_identity(tx, write->principal->user, write->identity, error) &&
           audit_act(tx, write->principal, "identity.link", 0, write->identity->login,
                     write->identity->provider, error);
}

bool store_identity_put(struct store *store, const struct store_principal *principal,
                        const struct store_identity_of *identity, GError **error)
{
    struct identity_write write = {.principal = principal, .identity = identity};
    return store_write(store, STORE_LANE_INTERACTIVE, put_own, &write, error);
}

/* Who comes from the organisation's own tenant for the first time. An address decides nothing: who
 * has it here already is another until they say otherwise. */
static bool become_member(struct tx *tx, void *arg, GError **error)
{
    struct identity_write *write = arg;
    const struct store_identity_of *identity = write->identity;
    if (!people_is_address(identity->login)) {
        error_set(error, ERROR_INVALID, "the account has no name that could be an address");
        return false;
    }
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM user WHERE email = ?", T(identity->login)) == 1) {
        error_set(error, ERROR_CONFLICT, "somebody with this address is here already");
        return false;
    }
    if (!DB_RUN(tx->db, error,
                "INSERT INTO user(email, name, password, admin, epoch, created)"
                " VALUES(?, ?, '', 0, 1, ?)",
                T(identity->login), T(identity->name != NULL ? identity->name : ""),
                I(clock_wall())))
        return false;
    write->user = sqlite3_last_insert_rowid(tx->db->handle);
    const struct audit_row row = {.user = write->user,
                                  .act = "user.join",
                                  .subject = identity->login,
                                  .detail = identity->provider};
    return log_start_account(tx, LOG_USER(write->user), error) &&
           people_put_identity(tx, write->user, identity, error) && audit_add(tx, &row, error);
}

static struct store_principal *find(struct store *store, const struct store_identity_of *identity,
                                    bool *known, GError **error)
{
    struct store_principal *principal = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT user.id, email, admin, epoch, disabled FROM sign_in JOIN user ON user.id ="
                 " sign_in.user WHERE provider = ? AND tid = ? AND oid = ?",
                 T(identity->provider), T(identity->tid), T(identity->oid));
    *known = db_step(&reader->main, row, NULL);
    if (*known && db_int(row, 4) == 0)
        principal = principal_new(db_int(row, 0), db_text(row, 1), db_int(row, 2) != 0,
                                  db_int(row, 3), DOOR_PASSWORD);
    db_done(row);
    reader_end(store, reader);
    if (principal == NULL)
        error_set(error, ERROR_NOT_FOUND, "nobody here signs in with this account");
    return principal;
}

struct store_principal *store_sign_in_identity(struct store *store,
                                               const struct store_identity_of *identity,
                                               bool member, GError **error)
{
    struct identity_write write = {.identity = identity};
    GError *cause = NULL;
    bool known = false;
    struct store_principal *principal = find(store, identity, &known, &cause);
    if (principal == NULL && !known && member && error_is(cause, ERROR_NOT_FOUND)) {
        g_clear_error(&cause);
        if (store_write(store, STORE_LANE_INTERACTIVE, become_member, &write, &cause))
            principal = find(store, identity, &known, &cause);
    }
    if (cause != NULL)
        g_propagate_error(error, cause);
    return principal;
}

/* --- one's own */

void store_own_identity_free(struct store_own_identity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->provider);
    g_free(identity->login);
    g_free(identity);
}

static void free_identity(gpointer identity)
{
    store_own_identity_free(identity);
}

GPtrArray *store_own_identities(struct store *store, const struct store_principal *principal,
                                GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_identity);
    sqlite3_stmt *row = DB_QUERY(&reader->main, &cause,
                                 "SELECT provider, login, linked FROM sign_in WHERE user = ? ORDER"
                                 " BY provider",
                                 I(principal->user));
    while (db_step(&reader->main, row, &cause)) {
        struct store_own_identity *one = g_new0(struct store_own_identity, 1);
        one->provider = db_text_copy(row, 0);
        one->login = db_text_copy(row, 1);
        one->linked = db_int(row, 2);
        g_ptr_array_add(list, one);
    }
    reader_end(store, reader);
    return db_settle_list(list, cause, error);
}

static bool remove_own(struct tx *tx, void *arg, GError **error)
{
    const struct identity_write *write = arg;
    int64_t user = write->principal->user;
    if (!people_require(tx->db, write->principal, error))
        return false;
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT password <> '' FROM user WHERE id = ?", I(user)) != 1) {
        error_set(error, ERROR_CONFLICT, "choose a password first, or you could not sign in");
        return false;
    }
    if (!DB_RUN(tx->db, error, "DELETE FROM sign_in WHERE user = ? AND provider = ?", I(user),
                T(write->provider)))
        return false;
    if (db_changes(tx->db) > 0)
        return audit_act(tx, write->principal, "identity.unlink", 0, NULL, write->provider, error);
    error_set(error, ERROR_NOT_FOUND, "no account of this provider is linked");
    return false;
}

bool store_own_identity_remove(struct store *store, const struct store_principal *principal,
                               const char *provider, GError **error)
{
    struct identity_write write = {.principal = principal, .provider = provider};
    return store_write(store, STORE_LANE_INTERACTIVE, remove_own, &write, error);
}

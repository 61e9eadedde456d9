#include "store/sqlite/people.h"

#include "base/clock.h"

struct store_access {
    struct store *store;
    struct store_principal *principal;
    int64_t account;
    unsigned rights;
};

struct store_principal *store_principal_ref(struct store_principal *principal)
{
    __atomic_add_fetch(&principal->references, 1, __ATOMIC_RELAXED);
    return principal;
}

void store_principal_unref(struct store_principal *principal)
{
    if (principal == NULL || __atomic_sub_fetch(&principal->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    g_free(principal->email);
    g_free(principal);
}

int64_t store_principal_user(const struct store_principal *principal)
{
    return principal->user;
}

const char *store_principal_email(const struct store_principal *principal)
{
    return principal->email;
}

bool store_principal_is_admin(const struct store_principal *principal)
{
    return principal->admin;
}

bool principal_valid(struct db *db, const struct store_principal *principal)
{
    int64_t now = clock_wall();
    if (principal->door == DOOR_OPERATOR)
        return true;
    if (DB_NUMBER(db, NULL, 0, "SELECT epoch FROM user WHERE id = ?", I(principal->user)) !=
            principal->epoch &&
        principal->door != DOOR_TOKEN)
        return false;
    if (principal->door == DOOR_SESSION)
        return DB_NUMBER(db, NULL, 0,
                         "SELECT 1 FROM session WHERE hash = ? AND created >= ? AND used >= ?",
                         R(principal->session, SESSION_HASH_BYTES), I(now - SESSION_LIFE),
                         I(now - SESSION_UNUSED)) == 1;
    if (principal->door == DOOR_TOKEN)
        return DB_NUMBER(db, NULL, 0, "SELECT 1 FROM token WHERE id = ? AND user = ?",
                         I(principal->token), I(principal->user)) == 1;
    return true;
}

bool store_principal_is_valid(struct store *store, const struct store_principal *principal)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return false;
    bool valid = principal_valid(&reader->main, principal);
    reader_end(store, reader);
    return valid;
}

static unsigned rights_of(struct db *db, const struct store_principal *principal, int64_t account)
{
    if (principal->door == DOOR_OPERATOR)
        return (unsigned)DB_NUMBER(db, NULL, 0,
                                   "SELECT 7 FROM account WHERE id = ? AND removing = 0",
                                   I(account));
    if (!principal_valid(db, principal))
        return 0;
    return (
        unsigned)DB_NUMBER(db, NULL, 0,
                           "SELECT rights FROM access JOIN account ON account.id = access.account"
                           " WHERE user = ? AND access.account = ? AND removing = 0",
                           I(principal->user), I(account));
}

static struct store_access *access_new(struct store *store, struct store_principal *principal,
                                       int64_t account, unsigned rights)
{
    struct store_access *access = g_new0(struct store_access, 1);
    access->store = store;
    access->principal = store_principal_ref(principal);
    access->account = account;
    access->rights = rights;
    return access;
}

struct store_access *store_authorise(struct store *store, struct store_principal *principal,
                                     int64_t account, enum store_right right, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    unsigned rights = rights_of(&reader->main, principal, account);
    reader_end(store, reader);
    if ((rights & STORE_READ) == 0) {
        error_set(error, ERROR_NOT_FOUND, "no such account");
        return NULL;
    }
    if ((rights & right) == 0) {
        error_set(error, ERROR_FORBIDDEN, "this account may be read only");
        return NULL;
    }
    /* The handle can do what was asked for, no more. */
    return access_new(store, principal, account, STORE_READ | right);
}

struct store_access *store_access_for_operator(struct store *store, int64_t account, GError **error)
{
    struct store_principal *principal = principal_new(0, "operator", true, 0, DOOR_OPERATOR);
    struct store_access *access = store_authorise(store, principal, account, STORE_READ, error);
    if (access != NULL)
        access->rights = STORE_READ | STORE_WRITE | STORE_SEND;
    store_principal_unref(principal);
    return access;
}

void store_access_free(struct store_access *access)
{
    if (access == NULL)
        return;
    store_principal_unref(access->principal);
    g_free(access);
}

int64_t store_access_account(const struct store_access *access)
{
    return access->account;
}

struct store *store_access_store(const struct store_access *access)
{
    return access->store;
}

const struct store_principal *store_access_principal(const struct store_access *access)
{
    return access->principal;
}

bool access_require(const struct store_access *access, enum store_right right, GError **error)
{
    if ((access->rights & right) != 0)
        return true;
    error_set(error, ERROR_FORBIDDEN, "the handle was not made for this");
    return false;
}

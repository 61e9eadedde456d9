#include "store/mail.h"
#include "store/sqlite/emails.h"
#include "store/sqlite/people.h"

#include "base/clock.h"

#include <stdlib.h>

struct store_access {
    struct store *store;
    struct store_principal *principal;
    int64_t account;  /* 0: all of members */
    unsigned rights;  /* that it was made for */
    GArray *accounts; /* int64_t, ascending */
    GArray *granted;  /* unsigned: what the person may do in each */
    uint64_t state;   /* of the unified account: STORE_ACCESS of the person when it was made */
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
    access->accounts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    access->granted = g_array_new(FALSE, FALSE, sizeof(unsigned));
    return access;
}

static void add_account(struct store_access *access, int64_t account, unsigned granted)
{
    g_array_append_val(access->accounts, account);
    g_array_append_val(access->granted, granted);
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
    struct store_access *access = access_new(store, principal, account, STORE_READ | right);
    add_account(access, account, rights);
    return access;
}

static bool load_all(struct db *db, struct store_access *access, GError **error)
{
    int64_t user = access->principal->user;
    GError *cause = NULL;
    if (!principal_valid(db, access->principal)) {
        error_set(error, ERROR_NOT_FOUND, "no such account");
        return false;
    }
    access->state = log_state(db, LOG_USER(user), STORE_ACCESS, &cause);
    sqlite3_stmt *row = DB_QUERY(db, &cause,
                                 "SELECT access.account, rights FROM access JOIN account ON"
                                 " account.id = access.account WHERE user = ? AND removing = 0 AND"
                                 " (rights & 1) <> 0 ORDER BY access.account",
                                 I(user));
    while (db_step(db, row, &cause))
        add_account(access, db_int(row, 0), (unsigned)db_int(row, 1));
    return error_settle(error, cause);
}

struct store_access *store_authorise_all(struct store *store, struct store_principal *principal,
                                         GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    struct store_access *access =
        access_new(store, principal, 0, STORE_READ | STORE_WRITE | STORE_SEND);
    bool ok = load_all(&reader->main, access, error);
    reader_end(store, reader);
    if (ok)
        return access;
    store_access_free(access);
    return NULL;
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
    g_array_unref(access->accounts);
    g_array_unref(access->granted);
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

const GArray *store_access_accounts(const struct store_access *access)
{
    return access->accounts;
}

static int compare_accounts(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

unsigned access_rights(const struct store_access *access, int64_t account)
{
    const int64_t *all = (const int64_t *)(const void *)access->accounts->data;
    const int64_t *found = access->accounts->len > 0 ? bsearch(&account, all, access->accounts->len,
                                                               sizeof account, compare_accounts)
                                                     : NULL;
    return found != NULL ? g_array_index(access->granted, unsigned, found - all) : 0;
}

bool access_require_in(const struct store_access *access, int64_t account, enum store_right right,
                       GError **error)
{
    unsigned granted = access_rights(access, account);
    if (granted == 0) {
        error_set(error, ERROR_NOT_FOUND, "no such account");
        return false;
    }
    if ((granted & access->rights & right) != 0)
        return true;
    error_set(error, ERROR_FORBIDDEN, "this account may be read only");
    return false;
}

/* Nothing is shared with the operator. */
bool access_is_own(struct db *db, const struct store_access *access, int64_t account)
{
    return access->principal->door == DOOR_OPERATOR ||
           DB_NUMBER(db, NULL, 0,
                     "SELECT EXISTS(SELECT 1 FROM account WHERE id = ?1 AND owner = ?2) OR"
                     " EXISTS(SELECT 1 FROM credential WHERE account = ?1 AND user = ?2)",
                     I(account), I(access->principal->user)) == 1;
}

bool access_is_unified(const struct store_access *access)
{
    return access->account == 0;
}

/* --- what the accounts behind a handle have together */

/* The accounts are those of the handle, but the snapshot is a later one: when the person has gained
 * or lost one meanwhile, a state of before that is told, from which no changes are calculated. */
static bool is_stale(struct db *db, const struct store_access *access)
{
    return access->state != log_state(db, LOG_USER(access->principal->user), STORE_ACCESS, NULL);
}

uint64_t access_state(struct db *db, const struct store_access *access, enum store_type type)
{
    uint64_t state = access->state;
    if ((type & STORE_PERSONAL) != 0)
        return log_state(db, LOG_USER(access->principal->user), type, NULL);
    if (!access_is_unified(access))
        return log_state(db, access->account, type, NULL);
    if (is_stale(db, access))
        return state;
    for (guint i = 0; i < access->accounts->len; i++) {
        uint64_t one = log_state(db, g_array_index(access->accounts, int64_t, i), type, NULL);
        state = MAX(state, one);
    }
    return state;
}

bool access_changes(struct db *db, const struct store_access *access, enum store_type type,
                    uint64_t since, size_t max, struct store_changes *changes, GError **error)
{
    if ((type & STORE_PERSONAL) != 0)
        return log_changes(db, LOG_USER(access->principal->user), type, since, max, changes, error);
    if (!access_is_unified(access))
        return log_changes(db, access->account, type, since, max, changes, error);
    /* Before that the person saw other accounts, or others' rights. */
    uint64_t floor = is_stale(db, access) ? UINT64_MAX : access->state;
    return log_changes_of(db, access->accounts, floor, type, since, max, changes, error);
}

int64_t access_email(struct db *db, const struct store_access *access, int64_t public_id,
                     int64_t *account)
{
    *account = access->account;
    if (access_is_unified(access))
        *account = DB_NUMBER(db, NULL, 0,
                             "SELECT account FROM email WHERE id = ?1 AND public = ?1 UNION ALL"
                             " SELECT account FROM email WHERE public = ?1 AND public <> id",
                             I(public_id));
    return access_rights(access, *account) != 0 ? email_of_public(db, *account, public_id) : 0;
}

uint64_t store_access_state(struct store *store, const struct store_principal *principal)
{
    struct reader *reader = reader_begin(store, NULL);
    if (reader == NULL)
        return 0;
    uint64_t state = log_state(&reader->main, LOG_USER(principal->user), STORE_ACCESS, NULL);
    reader_end(store, reader);
    return state;
}

static void add_changed(struct db *db, int64_t account, uint64_t since, GArray *list,
                        GError **error)
{
    struct store_changed changed = {.account = account};
    sqlite3_stmt *row =
        DB_QUERY(db, error, "SELECT type FROM state WHERE account = ? AND modseq > ?", I(account),
                 I((int64_t)since));
    while (db_step(db, row, error))
        changed.types |= (unsigned)db_int(row, 0);
    if (changed.types != 0)
        g_array_append_val(list, changed);
}

GArray *store_changed_since(const struct store_access *access, uint64_t since, GError **error)
{
    GError *cause = NULL;
    const struct store_changed gained = {0, STORE_ACCESS};
    struct reader *reader = reader_begin(access->store, error);
    if (reader == NULL)
        return NULL;
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct store_changed));
    for (guint i = 0; i < access->accounts->len && cause == NULL; i++)
        add_changed(&reader->main, g_array_index(access->accounts, int64_t, i), since, list,
                    &cause);
    if (access_is_unified(access) && cause == NULL)
        add_changed(&reader->main, LOG_USER(access->principal->user), since, list, &cause);
    if (access_is_unified(access) && access->state > since)
        g_array_append_val(list, gained);
    reader_end(access->store, reader);
    return db_settle_array(list, cause, error);
}

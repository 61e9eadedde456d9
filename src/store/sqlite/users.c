#include "store/sqlite/people.h"
#include "store/sqlite/removal.h"

#include "base/clock.h"

#define PASSWORD_MIN 8

void store_user_free(struct store_user *user)
{
    if (user == NULL)
        return;
    g_free(user->email);
    g_free(user);
}

static void free_user(gpointer user)
{
    store_user_free(user);
}

bool people_check_new_password(const struct secret *password, GError **error)
{
    if (password != NULL && secret_length(password) >= PASSWORD_MIN &&
        secret_length(password) <= 1024)
        return true;
    error_set(error, ERROR_INVALID, "a password has at least %d characters", PASSWORD_MIN);
    return false;
}

struct user_write {
    const char *email, *hash;
    bool admin;
    int64_t id;
    GArray *accounts;
};

int64_t people_user_of(struct db *db, const char *email, GError **error)
{
    return DB_NUMBER(db, error, 0, "SELECT id FROM user WHERE email = ?", T(email));
}

static bool add_user(struct tx *tx, void *arg, GError **error)
{
    struct user_write *write = arg;
    if (people_user_of(tx->db, write->email, error) != 0) {
        error_set(error, ERROR_CONFLICT, "a user with this address exists already");
        return false;
    }
    if (!DB_RUN(tx->db, error,
                "INSERT INTO user(email, password, admin, epoch, created) VALUES(?, ?, ?, 1, ?)",
                T(write->email), T(write->hash), I(write->admin), I(clock_wall())))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    return log_start_account(tx, LOG_USER(write->id), error);
}

int64_t store_user_add(struct store *store, const char *email, const struct secret *password,
                       bool admin, GError **error)
{
    if (!people_is_address(email)) {
        error_set(error, ERROR_INVALID, "this is not an e-mail address");
        return 0;
    }
    if (!people_check_new_password(password, error))
        return 0;
    g_autofree char *hash = people_hash_password(store, password, error);
    struct user_write write = {.email = email, .hash = hash, .admin = admin};
    if (hash == NULL || !store_write(store, STORE_LANE_INTERACTIVE, add_user, &write, error))
        return 0;
    return write.id;
}

static bool require_user(struct tx *tx, struct user_write *write, GError **error)
{
    GError *cause = NULL;
    write->id = people_user_of(tx->db, write->email, &cause);
    if (cause != NULL)
        g_propagate_error(error, cause);
    else if (write->id == 0)
        error_set(error, ERROR_NOT_FOUND, "no user has this address");
    return write->id != 0;
}

bool people_end_sessions(struct tx *tx, int64_t user, bool tokens, GError **error)
{
    return DB_RUN(tx->db, error, "UPDATE user SET epoch = epoch + 1 WHERE id = ?", I(user)) &&
           DB_RUN(tx->db, error, "DELETE FROM session WHERE user = ?", I(user)) &&
           (!tokens || DB_RUN(tx->db, error, "DELETE FROM token WHERE user = ?", I(user))) &&
           DB_RUN(tx->db, error,
                  "DELETE FROM push WHERE user = ? AND session IS NULL AND token IS NULL", I(user));
}

static bool set_password(struct tx *tx, void *arg, GError **error)
{
    struct user_write *write = arg;
    return require_user(tx, write, error) &&
           DB_RUN(tx->db, error, "UPDATE user SET password = ? WHERE id = ?", T(write->hash),
                  I(write->id)) &&
           people_end_sessions(tx, write->id, false, error);
}

bool store_user_password(struct store *store, const char *email, const struct secret *password,
                         GError **error)
{
    if (!people_check_new_password(password, error))
        return false;
    g_autofree char *hash = people_hash_password(store, password, error);
    struct user_write write = {.email = email, .hash = hash};
    return hash != NULL && store_write(store, STORE_LANE_INTERACTIVE, set_password, &write, error);
}

/* Sessions, tokens, credentials and accesses go with the row; accounts that nobody else linked are
 * marked for removal in the same transaction, whoever they are shared with: without a credential
 * they could not be kept alike with their server. */
bool people_remove(struct tx *tx, int64_t user, GArray *accounts, GError **error)
{
    GError *cause = NULL;
    g_array_set_size(accounts, 0);
    g_autoptr(GArray) seen =
        DB_NUMBERS(tx->db, &cause, "SELECT account FROM access WHERE user = ?", I(user));
    for (guint i = 0; i < seen->len && cause == NULL; i++) {
        int64_t account = g_array_index(seen, int64_t, i);
        tx_access_changed(tx, account, &cause);
        int64_t sole = DB_NUMBER(tx->db, &cause, 0,
                                 "SELECT NOT EXISTS(SELECT 1 FROM credential WHERE account = ?1 AND"
                                 " user <> ?2) AND (EXISTS(SELECT 1 FROM credential WHERE account ="
                                 " ?1) OR NOT EXISTS(SELECT 1 FROM access WHERE account = ?1 AND"
                                 " user <> ?2))",
                                 I(account), I(user));
        if (sole != 0 && removal_mark(tx, account, &cause))
            g_array_append_val(accounts, account);
    }
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    return DB_RUN(tx->db, error,
                  "UPDATE account SET owner = coalesce((SELECT user FROM credential WHERE account ="
                  " account.id AND user <> ?1 ORDER BY user LIMIT 1), (SELECT user FROM access"
                  " WHERE account = account.id AND user <> ?1 ORDER BY user LIMIT 1), 0) WHERE"
                  " owner = ?1",
                  I(user)) &&
           templates_leave(tx, user, error) &&
           DB_RUN(tx->db, error, "DELETE FROM user WHERE id = ?", I(user)) &&
           log_remove_account(tx, LOG_USER(user), error);
}

static bool remove_user(struct tx *tx, void *arg, GError **error)
{
    struct user_write *write = arg;
    return require_user(tx, write, error) && people_remove(tx, write->id, write->accounts, error);
}

bool store_user_remove(struct store *store, const char *email, GError **error)
{
    g_autoptr(GArray) accounts = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct user_write write = {.email = email, .accounts = accounts};
    if (!store_write(store, STORE_LANE_INTERACTIVE, remove_user, &write, error))
        return false;
    for (guint i = 0; i < accounts->len; i++)
        if (!removal_finish(store, g_array_index(accounts, int64_t, i), error))
            return false;
    return true;
}

GPtrArray *store_users(struct store *store, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GError *cause = NULL;
    GPtrArray *users = g_ptr_array_new_with_free_func(free_user);
    sqlite3_stmt *row =
        db_query(&reader->main, "SELECT id, created, email, admin FROM user ORDER BY id", NULL, 0,
                 &cause);
    while (db_step(&reader->main, row, &cause)) {
        struct store_user *user = g_new0(struct store_user, 1);
        user->id = db_int(row, 0);
        user->created = db_int(row, 1);
        user->email = db_text_copy(row, 2);
        user->admin = db_int(row, 3) != 0;
        g_ptr_array_add(users, user);
    }
    reader_end(store, reader);
    return db_settle_list(users, cause, error);
}

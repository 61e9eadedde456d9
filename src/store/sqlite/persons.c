/* People, as those who are signed in see and change them. */
#include "store/sqlite/audit.h"
#include "store/sqlite/removal.h"

#include "store/people.h"

#include "base/clock.h"

#include <string.h>

#define NAME_MAX_BYTES 200

bool people_require(struct db *db, const struct store_principal *principal, GError **error)
{
    if (principal_valid(db, principal))
        return true;
    error_set(error, ERROR_FORBIDDEN, "the sign-in is no longer valid");
    return false;
}

bool people_is_admin(struct db *db, const struct store_principal *principal)
{
    return principal_valid(db, principal) &&
           (principal->door == DOOR_OPERATOR ||
            DB_NUMBER(db, NULL, 0, "SELECT admin FROM user WHERE id = ? AND disabled = 0",
                      I(principal->user)) == 1);
}

bool people_require_admin(struct db *db, const struct store_principal *principal, GError **error)
{
    if (people_is_admin(db, principal))
        return true;
    error_set(error, ERROR_FORBIDDEN, "only administrators may do this");
    return false;
}

void store_person_free(struct store_person *person)
{
    if (person == NULL)
        return;
    g_free(person->email);
    g_free(person->name);
    g_clear_pointer(&person->sole, g_ptr_array_unref);
    g_free(person);
}

static void free_person(gpointer person)
{
    store_person_free(person);
}

static GPtrArray *sole_of(struct db *db, int64_t user, GError **error)
{
    GPtrArray *sole = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT address FROM account JOIN credential ON credential.account = account.id"
                 " WHERE credential.user = ?1 AND removing = 0 AND NOT EXISTS(SELECT 1 FROM"
                 " credential AS other WHERE other.account = account.id AND other.user <> ?1)"
                 " ORDER BY account.id",
                 I(user));
    while (db_step(db, row, error))
        g_ptr_array_add(sole, db_text_copy(row, 0));
    return sole;
}

static void load_people(struct db *db, bool admin, GPtrArray *people, GError **error)
{
    sqlite3_stmt *row =
        DB_QUERY(db, error,
                 "SELECT id, created, email, name, admin, disabled, password <> '',"
                 " EXISTS(SELECT 1 FROM sign_in WHERE sign_in.user = user.id),"
                 " coalesce((SELECT max(expires) FROM invitation WHERE invitation.user = user.id"
                 " AND expires > ?1), 0), max(coalesce((SELECT max(used) FROM session WHERE"
                 " session.user = user.id), 0), coalesce((SELECT max(used) FROM token WHERE"
                 " token.user = user.id), 0), coalesce((SELECT at FROM audit WHERE audit.user ="
                 " user.id AND act = 'sign-in.done' ORDER BY id DESC LIMIT 1), 0)) FROM user WHERE "
                 "?2 = 1 OR disabled = 0 ORDER BY id",
                 I(clock_wall()), I(admin));
    while (db_step(db, row, error)) {
        struct store_person *person = g_new0(struct store_person, 1);
        person->id = db_int(row, 0);
        person->email = db_text_copy(row, 2);
        person->name = db_text_copy(row, 3);
        g_ptr_array_add(people, person);
        if (!admin)
            continue;
        person->created = db_int(row, 1);
        person->admin = db_int(row, 4) != 0;
        person->disabled = db_int(row, 5) != 0;
        person->has_password = db_int(row, 6) != 0;
        person->has_identity = db_int(row, 7) != 0;
        person->invited_until = db_int(row, 8);
        person->seen = db_int(row, 9);
    }
}

GPtrArray *store_people(struct store *store, const struct store_principal *principal,
                        GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *people = g_ptr_array_new_with_free_func(free_person);
    if (people_require(&reader->main, principal, &cause)) {
        bool admin = people_is_admin(&reader->main, principal);
        load_people(&reader->main, admin, people, &cause);
        for (guint i = 0; admin && i < people->len && cause == NULL; i++) {
            struct store_person *person = people->pdata[i];
            person->sole = sole_of(&reader->main, person->id, &cause);
        }
    }
    reader_end(store, reader);
    return db_settle_list(people, cause, error);
}

/* --- changes */

struct person_write {
    const struct store_principal *principal;
    int64_t id;
    const char *email, *name;
    bool admin;
    const struct store_person_change *change;
    GArray *accounts;
    char *subject; /* the address of whom it is about */
};

static bool check_name(const char *name, GError **error)
{
    if (name == NULL || (strlen(name) <= NAME_MAX_BYTES && g_utf8_validate(name, -1, NULL)))
        return true;
    error_set(error, ERROR_INVALID, "a name has at most %d octets", NAME_MAX_BYTES);
    return false;
}

static bool add_person(struct tx *tx, void *arg, GError **error)
{
    struct person_write *write = arg;
    if (!people_require_admin(tx->db, write->principal, error))
        return false;
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT 1 FROM user WHERE email = ?", T(write->email)) == 1) {
        error_set(error, ERROR_CONFLICT, "somebody with this address is here already");
        return false;
    }
    if (!DB_RUN(tx->db, error,
                "INSERT INTO user(email, name, password, admin, epoch, created)"
                " VALUES(?, ?, '', ?, 1, ?)",
                T(write->email), T(write->name), I(write->admin), I(clock_wall())))
        return false;
    write->id = sqlite3_last_insert_rowid(tx->db->handle);
    return log_start_account(tx, LOG_USER(write->id), error) &&
           audit_act(tx, write->principal, "user.invite", 0, write->email,
                     write->admin ? "administrator" : "member", error);
}

int64_t store_person_add(struct store *store, const struct store_principal *principal,
                         const char *email, const char *name, bool admin, GError **error)
{
    struct person_write write = {.principal = principal,
                                 .email = email,
                                 .name = name != NULL ? name : "",
                                 .admin = admin};
    if (!people_is_address(email)) {
        error_set(error, ERROR_INVALID, "this is not an e-mail address");
        return 0;
    }
    if (!check_name(name, error) ||
        !store_write(store, STORE_LANE_INTERACTIVE, add_person, &write, error))
        return 0;
    return write.id;
}

/* write->subject is set; ERROR_NOT_FOUND. */
static bool require_person(struct tx *tx, struct person_write *write, GError **error)
{
    GError *cause = NULL;
    g_clear_pointer(&write->subject, g_free);
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT email FROM user WHERE id = ?", I(write->id));
    if (db_step(tx->db, row, &cause)) {
        write->subject = db_text_copy(row, 0);
        db_done(row);
    }
    if (cause == NULL && write->subject == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "there is nobody with this id");
    return error_settle(error, cause);
}

/* Somebody else can still sign in and administer. */
static bool require_other_admin(struct tx *tx, int64_t user, GError **error)
{
    if (DB_NUMBER(tx->db, error, 0,
                  "SELECT NOT EXISTS(SELECT 1 FROM user WHERE id = ?1 AND admin = 1 AND disabled ="
                  " 0) OR EXISTS(SELECT 1 FROM user WHERE id <> ?1 AND admin = 1 AND disabled = 0"
                  " AND (password <> '' OR EXISTS(SELECT 1 FROM sign_in WHERE sign_in.user ="
                  " user.id)))",
                  I(user)) == 1)
        return true;
    if (error != NULL && *error == NULL)
        error_set(error, ERROR_CONFLICT,
                  "this is the last administrator who can sign in: make somebody else one first");
    return false;
}

static bool change_role(struct tx *tx, struct person_write *write, GError **error)
{
    int admin = write->change->admin;
    if (admin < 0 ||
        DB_NUMBER(tx->db, error, 0, "SELECT admin FROM user WHERE id = ?", I(write->id)) == admin)
        return true;
    /* What is open with the role of before ends. */
    return (admin == 1 || require_other_admin(tx, write->id, error)) &&
           DB_RUN(tx->db, error, "UPDATE user SET admin = ?, epoch = epoch + 1 WHERE id = ?",
                  I(admin), I(write->id)) &&
           audit_act(tx, write->principal, "user.role", 0, write->subject,
                     admin == 1 ? "administrator" : "member", error);
}

static bool change_disabled(struct tx *tx, struct person_write *write, GError **error)
{
    int disabled = write->change->disabled;
    if (disabled < 0 || DB_NUMBER(tx->db, error, 0, "SELECT disabled FROM user WHERE id = ?",
                                  I(write->id)) == disabled)
        return true;
    return (disabled == 0 || require_other_admin(tx, write->id, error)) &&
           DB_RUN(tx->db, error, "UPDATE user SET disabled = ? WHERE id = ?", I(disabled),
                  I(write->id)) &&
           (disabled == 0 ||
            (people_end_sessions(tx, write->id, true, error) &&
             DB_RUN(tx->db, error, "DELETE FROM invitation WHERE user = ?", I(write->id)))) &&
           audit_act(tx, write->principal, disabled == 1 ? "user.disable" : "user.enable", 0,
                     write->subject, NULL, error);
}

static bool update_person(struct tx *tx, void *arg, GError **error)
{
    struct person_write *write = arg;
    const char *name = write->change->name;
    if (!people_require_admin(tx->db, write->principal, error) || !require_person(tx, write, error))
        return false;
    if (name != NULL &&
        !(DB_RUN(tx->db, error, "UPDATE user SET name = ? WHERE id = ?", T(name), I(write->id)) &&
          audit_act(tx, write->principal, "user.name", 0, write->subject, name, error)))
        return false;
    return change_role(tx, write, error) && change_disabled(tx, write, error);
}

bool store_person_update(struct store *store, const struct store_principal *principal, int64_t id,
                         const struct store_person_change *change, GError **error)
{
    struct person_write write = {.principal = principal, .id = id, .change = change};
    bool ok = check_name(change->name, error) &&
              store_write(store, STORE_LANE_INTERACTIVE, update_person, &write, error);
    g_free(write.subject);
    return ok;
}

static bool remove_person(struct tx *tx, void *arg, GError **error)
{
    struct person_write *write = arg;
    return people_require_admin(tx->db, write->principal, error) &&
           require_person(tx, write, error) && require_other_admin(tx, write->id, error) &&
           audit_act(tx, write->principal, "user.remove", 0, write->subject, NULL, error) &&
           people_remove(tx, write->id, write->accounts, error);
}

bool store_person_remove(struct store *store, const struct store_principal *principal, int64_t id,
                         GArray *gone, GError **error)
{
    GArray *accounts = gone;
    struct person_write write = {.principal = principal, .id = id, .accounts = accounts};
    bool ok = store_write(store, STORE_LANE_INTERACTIVE, remove_person, &write, error);
    g_free(write.subject);
    for (guint i = 0; i < accounts->len && ok; i++)
        ok = removal_finish(store, g_array_index(accounts, int64_t, i), error);
    return ok;
}

/* Links by which a password is chosen, and passwords that people change themselves. */
#include "store/sqlite/audit.h"

#include "store/people.h"

#include "base/clock.h"

#define TOKEN_BYTES 32

void store_invitation_clear(struct store_invitation *invitation)
{
    g_free(invitation->email);
    g_free(invitation->name);
    *invitation = (struct store_invitation){0};
}

/* A person has a way in: a password, or an identity. */
#define HAS_WAY_IN "(password <> '' OR EXISTS(SELECT 1 FROM sign_in WHERE sign_in.user = user.id))"

struct link_making {
    const struct store_principal *principal;
    int64_t user, expires;
    uint8_t hash[SESSION_HASH_BYTES];
    bool is_reset;
};

static bool make_link(struct tx *tx, void *arg, GError **error)
{
    struct link_making *making = arg;
    GError *cause = NULL;
    g_autofree char *email = NULL;
    bool disabled = false;
    if (!people_require_admin(tx->db, making->principal, error))
        return false;
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause, "SELECT email, disabled, " HAS_WAY_IN " FROM user WHERE id = ?",
                 I(making->user));
    if (db_step(tx->db, row, &cause)) {
        email = db_text_copy(row, 0);
        disabled = db_int(row, 1) != 0;
        making->is_reset = db_int(row, 2) != 0;
        db_done(row);
    }
    if (cause == NULL && email == NULL)
        error_set(&cause, ERROR_NOT_FOUND, "there is nobody with this id");
    if (cause == NULL && disabled)
        error_set(&cause, ERROR_CONFLICT, "this person is disabled: enable them first");
    if (cause != NULL) {
        g_propagate_error(error, cause);
        return false;
    }
    making->expires = clock_wall() + (making->is_reset ? STORE_RESET_LIFE : STORE_INVITATION_LIFE);
    return DB_RUN(tx->db, error, "DELETE FROM invitation WHERE user = ? OR expires < ?",
                  I(making->user), I(clock_wall())) &&
           DB_RUN(tx->db, error, "INSERT INTO invitation(hash, user, expires) VALUES(?, ?, ?)",
                  R(making->hash, SESSION_HASH_BYTES), I(making->user), I(making->expires)) &&
           audit_act(tx, making->principal, making->is_reset ? "user.reset" : "user.link", 0, email,
                     NULL, error);
}

bool store_person_link(struct store *store, const struct store_principal *principal, int64_t id,
                       char **token, int64_t *expires, bool *is_reset, GError **error)
{
    struct link_making making = {.principal = principal, .user = id};
    char *word = people_random(TOKEN_BYTES);
    people_hash(store, "invitation", word, making.hash);
    if (!store_write(store, STORE_LANE_INTERACTIVE, make_link, &making, error)) {
        secret_wipe_string(word);
        return false;
    }
    *token = word;
    *expires = making.expires;
    *is_reset = making.is_reset;
    return true;
}

static bool load_invitation(struct db *db, const uint8_t *hash, struct store_invitation *invitation,
                            GError **error)
{
    GError *cause = NULL;
    *invitation = (struct store_invitation){0};
    sqlite3_stmt *row =
        DB_QUERY(db, &cause,
                 "SELECT user.id, expires, email, name, " HAS_WAY_IN " FROM invitation JOIN user ON"
                 " user.id = invitation.user WHERE hash = ? AND expires > ? AND disabled = 0",
                 R(hash, SESSION_HASH_BYTES), I(clock_wall()));
    if (db_step(db, row, &cause)) {
        invitation->user = db_int(row, 0);
        invitation->expires = db_int(row, 1);
        invitation->email = db_text_copy(row, 2);
        invitation->name = db_text_copy(row, 3);
        invitation->is_reset = db_int(row, 4) != 0;
        db_done(row);
    }
    if (cause == NULL && invitation->user == 0)
        error_set(&cause, ERROR_NOT_FOUND, "this link was used already, or is too old");
    return error_settle(error, cause);
}

bool store_invitation(struct store *store, const char *token, struct store_invitation *invitation,
                      GError **error)
{
    uint8_t hash[SESSION_HASH_BYTES];
    people_hash(store, "invitation", token, hash);
    *invitation = (struct store_invitation){0};
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return false;
    bool found = load_invitation(&reader->main, hash, invitation, error);
    reader_end(store, reader);
    return found;
}

static struct store_principal *principal_of(struct store *store, int64_t user, GError **error)
{
    struct store_principal *principal = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, NULL,
                                 "SELECT id, email, admin, epoch FROM user WHERE id = ? AND"
                                 " disabled = 0",
                                 I(user));
    if (db_step(&reader->main, row, NULL)) {
        principal = principal_new(db_int(row, 0), db_text(row, 1), db_int(row, 2) != 0,
                                  db_int(row, 3), DOOR_PASSWORD);
        db_done(row);
    } else {
        error_set(error, ERROR_NOT_FOUND, "there is nobody with this id");
    }
    reader_end(store, reader);
    return principal;
}

struct acceptance {
    uint8_t token[SESSION_HASH_BYTES];
    const char *password; /* its hash */
    const struct store_identity_of *identity;
    int64_t user;
};

static bool accept(struct tx *tx, void *arg, GError **error)
{
    struct acceptance *acceptance = arg;
    struct store_invitation invitation;
    if (!load_invitation(tx->db, acceptance->token, &invitation, error))
        return false;
    acceptance->user = invitation.user;
    const struct audit_row row = {.user = invitation.user,
                                  .act = invitation.is_reset ? "user.password" : "user.accept",
                                  .subject = invitation.email,
                                  .detail = acceptance->identity != NULL ? "microsoft" : "link"};
    bool ok = DB_RUN(tx->db, error, "DELETE FROM invitation WHERE user = ?", I(invitation.user)) &&
              (acceptance->password == NULL ||
               DB_RUN(tx->db, error, "UPDATE user SET password = ? WHERE id = ?",
                      T(acceptance->password), I(invitation.user))) &&
              (acceptance->identity == NULL ||
               people_put_identity(tx, invitation.user, acceptance->identity, error)) &&
              people_end_sessions(tx, invitation.user, false, error) && audit_add(tx, &row, error);
    store_invitation_clear(&invitation);
    return ok;
}

struct store_principal *store_invitation_password(struct store *store, const char *token,
                                                  const struct secret *password, GError **error)
{
    struct acceptance acceptance = {0};
    struct store_invitation invitation;
    /* Nobody makes this server hash without a link. */
    if (!store_invitation(store, token, &invitation, error))
        return NULL;
    store_invitation_clear(&invitation);
    if (!people_check_new_password(password, error))
        return NULL;
    g_autofree char *hash = people_hash_password(store, password, error);
    people_hash(store, "invitation", token, acceptance.token);
    acceptance.password = hash;
    if (hash == NULL || !store_write(store, STORE_LANE_INTERACTIVE, accept, &acceptance, error))
        return NULL;
    return principal_of(store, acceptance.user, error);
}

struct store_principal *store_invitation_identity(struct store *store, const char *token,
                                                  const struct store_identity_of *identity,
                                                  GError **error)
{
    struct acceptance acceptance = {.identity = identity};
    people_hash(store, "invitation", token, acceptance.token);
    if (!store_write(store, STORE_LANE_INTERACTIVE, accept, &acceptance, error))
        return NULL;
    return principal_of(store, acceptance.user, error);
}

/* --- one's own password */

struct password_write {
    const struct store_principal *principal;
    const char *hash;
};

static bool change_password(struct tx *tx, void *arg, GError **error)
{
    const struct password_write *write = arg;
    int64_t user = write->principal->user;
    return people_require(tx->db, write->principal, error) &&
           DB_RUN(tx->db, error, "UPDATE user SET password = ? WHERE id = ?", T(write->hash),
                  I(user)) &&
           DB_RUN(tx->db, error, "DELETE FROM invitation WHERE user = ?", I(user)) &&
           people_end_sessions(tx, user, false, error) &&
           audit_act(tx, write->principal, "user.password", 0, write->principal->email, "own",
                     error);
}

static char *hash_of(struct store *store, int64_t user, GError **error)
{
    char *hash = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL, "SELECT password FROM user WHERE id = ?", I(user));
    if (db_step(&reader->main, row, NULL)) {
        hash = db_text_copy(row, 0);
        db_done(row);
    } else {
        error_set(error, ERROR_NOT_FOUND, "there is nobody with this id");
    }
    reader_end(store, reader);
    return hash;
}

struct store_principal *store_password_change(struct store *store,
                                              const struct store_principal *principal,
                                              const struct secret *old_password,
                                              const struct secret *password, GError **error)
{
    g_autofree char *stored = hash_of(store, principal->user, error);
    bool matches = false;
    if (stored == NULL || !people_check_new_password(password, error))
        return NULL;
    if (stored[0] == '\0')
        matches = true;
    else if (!people_check_password(store, stored, old_password, &matches, error))
        return NULL;
    if (!matches) {
        error_set(error, ERROR_PASSWORD_REFUSED, "this is not the password you have now");
        return NULL;
    }
    g_autofree char *hash = people_hash_password(store, password, error);
    struct password_write write = {principal, hash};
    if (hash == NULL || !store_write(store, STORE_LANE_INTERACTIVE, change_password, &write, error))
        return NULL;
    return principal_of(store, principal->user, error);
}

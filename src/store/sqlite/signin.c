#include "store/sqlite/people.h"

#include "base/clock.h"

#include <sodium.h>
#include <string.h>

/* A last-used time may be this old before it is written again. */
#define USED_GRAIN 3600

struct store_principal *principal_new(int64_t user, const char *email, bool admin, int64_t epoch,
                                      enum principal_door door)
{
    struct store_principal *principal = g_new0(struct store_principal, 1);
    principal->references = 1;
    principal->user = user;
    principal->email = g_strdup(email);
    principal->admin = admin;
    principal->epoch = epoch;
    principal->door = door;
    return principal;
}

struct store_principal *store_sign_in_password(struct store *store, const char *email,
                                               const struct secret *password, GError **error)
{
    struct store_principal *principal = NULL;
    g_autofree char *hash = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT id, email, admin, epoch, password FROM user WHERE email = ? AND"
                 " disabled = 0",
                 T(email));
    if (db_step(&reader->main, row, NULL)) {
        principal = principal_new(db_int(row, 0), db_text(row, 1), db_int(row, 2) != 0,
                                  db_int(row, 3), DOOR_PASSWORD);
        hash = db_text_copy(row, 4);
        db_done(row);
    }
    reader_end(store, reader);
    bool matches = false;
    if (people_check_password(store, hash, password, &matches, error)) {
        if (matches)
            return principal;
        error_set(error, ERROR_PASSWORD_REFUSED, "wrong e-mail address or password");
    }
    store_principal_unref(principal);
    return NULL;
}

struct used_write {
    const uint8_t *session;
    int64_t token;
};

static bool write_used(struct tx *tx, void *arg, GError **error)
{
    const struct used_write *write = arg;
    if (write->session != NULL)
        return DB_RUN(tx->db, error, "UPDATE session SET used = ? WHERE hash = ?", I(clock_wall()),
                      R(write->session, SESSION_HASH_BYTES));
    return DB_RUN(tx->db, error, "UPDATE token SET used = ? WHERE id = ?", I(clock_wall()),
                  I(write->token));
}

struct store_principal *store_sign_in_token(struct store *store, const struct secret *token,
                                            GError **error)
{
    uint8_t hash[SESSION_HASH_BYTES];
    struct store_principal *principal = NULL;
    int64_t used = 0;
    people_hash(store, "token", secret_reveal(token), hash);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row = DB_QUERY(&reader->main, NULL,
                                 "SELECT user.id, email, admin, epoch, token.id, token.used FROM "
                                 "token JOIN user ON user.id = token.user WHERE hash = ? AND"
                                 " disabled = 0",
                                 R(hash, sizeof hash));
    if (db_step(&reader->main, row, NULL)) {
        principal = principal_new(db_int(row, 0), db_text(row, 1), db_int(row, 2) != 0,
                                  db_int(row, 3), DOOR_TOKEN);
        principal->token = db_int(row, 4);
        used = db_int(row, 5);
        db_done(row);
    }
    reader_end(store, reader);
    if (principal == NULL) {
        error_set(error, ERROR_NOT_FOUND, "this API token is not valid");
        return NULL;
    }
    struct used_write write = {.token = principal->token};
    if (clock_wall() - used > USED_GRAIN)
        store_write(store, STORE_LANE_BULK, write_used, &write, NULL);
    return principal;
}

/* --- sessions */

void store_session_clear(struct store_session *session)
{
    secret_wipe_string(session->id);
    secret_wipe_string(session->csrf);
    *session = (struct store_session){0};
}

static char *csrf_of(const struct store *store, const char *id)
{
    uint8_t hash[SESSION_HASH_BYTES];
    char text[64];
    people_hash(store, "csrf", id, hash);
    sodium_bin2base64(text, sizeof text, hash, 24, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return g_strdup(text);
}

struct session_write {
    const struct store_principal *principal;
    const char *agent, *address;
    uint8_t hash[SESSION_HASH_BYTES];
};

static bool begin_session(struct tx *tx, void *arg, GError **error)
{
    const struct session_write *write = arg;
    int64_t now = clock_wall();
    if (!principal_valid(tx->db, write->principal)) {
        error_set(error, ERROR_NOT_FOUND, "the sign-in is no longer valid");
        return false;
    }
    return DB_RUN(tx->db, error, "DELETE FROM session WHERE created < ? OR used < ?",
                  I(now - SESSION_LIFE), I(now - SESSION_UNUSED)) &&
           DB_RUN(tx->db, error,
                  "INSERT INTO session(hash, user, created, used, agent, address)"
                  " VALUES(?1, ?2, ?3, ?3, ?4, ?5)",
                  R(write->hash, SESSION_HASH_BYTES), I(write->principal->user), I(now),
                  T(write->agent), T(write->address));
}

bool store_session_begin(struct store *store, struct store_principal *principal,
                         struct store_session *session, GError **error)
{
    return store_session_begin_at(store, principal, NULL, NULL, session, error);
}

bool store_session_begin_at(struct store *store, struct store_principal *principal,
                            const char *agent, const char *address, struct store_session *session,
                            GError **error)
{
    struct session_write write = {.principal = principal, .agent = agent, .address = address};
    *session = (struct store_session){.id = people_random(32)};
    session->csrf = csrf_of(store, session->id);
    people_hash(store, "session", session->id, write.hash);
    if (store_write(store, STORE_LANE_INTERACTIVE, begin_session, &write, error))
        return true;
    store_session_clear(session);
    return false;
}

struct store_principal *store_session_principal(struct store *store, const char *cookie,
                                                char **csrf, GError **error)
{
    uint8_t hash[SESSION_HASH_BYTES];
    struct store_principal *principal = NULL;
    int64_t now = clock_wall(), used = 0;
    people_hash(store, "session", cookie, hash);
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, NULL,
                 "SELECT user.id, email, admin, epoch, used FROM session"
                 " JOIN user ON user.id = session.user"
                 " WHERE hash = ? AND session.created >= ? AND used >= ? AND disabled = 0",
                 R(hash, sizeof hash), I(now - SESSION_LIFE), I(now - SESSION_UNUSED));
    if (db_step(&reader->main, row, NULL)) {
        principal = principal_new(db_int(row, 0), db_text(row, 1), db_int(row, 2) != 0,
                                  db_int(row, 3), DOOR_SESSION);
        memcpy(principal->session, hash, sizeof hash);
        used = db_int(row, 4);
        db_done(row);
    }
    reader_end(store, reader);
    if (principal == NULL) {
        error_set(error, ERROR_NOT_FOUND, "the session has ended");
        return NULL;
    }
    struct used_write write = {.session = hash};
    if (now - used > USED_GRAIN)
        store_write(store, STORE_LANE_BULK, write_used, &write, NULL);
    if (csrf != NULL)
        *csrf = csrf_of(store, cookie);
    return principal;
}

static bool end_session(struct tx *tx, void *arg, GError **error)
{
    const struct session_write *write = arg;
    return DB_RUN(tx->db, error, "DELETE FROM session WHERE hash = ?",
                  R(write->hash, SESSION_HASH_BYTES));
}

bool store_session_end(struct store *store, const char *cookie, GError **error)
{
    struct session_write write = {0};
    people_hash(store, "session", cookie, write.hash);
    return store_write(store, STORE_LANE_INTERACTIVE, end_session, &write, error);
}

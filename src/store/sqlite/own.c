/* A person's own sessions and API tokens. */
#include "store/sqlite/audit.h"

#include "store/people.h"

#include "base/clock.h"

#include <sodium.h>
#include <string.h>

#define TOKENS_MAX 50
#define TOKEN_NAME_MAX 100
/* Of a session's hash, which is no secret: the cookie cannot be derived from it. */
#define ID_BYTES 12
#define ID_TEXT (2 * ID_BYTES + 1)

void store_own_session_free(struct store_own_session *session)
{
    if (session == NULL)
        return;
    g_free(session->id);
    g_free(session->agent);
    g_free(session->address);
    g_free(session);
}

static void free_session(gpointer session)
{
    store_own_session_free(session);
}

GPtrArray *store_own_sessions(struct store *store, const struct store_principal *principal,
                              GError **error)
{
    GError *cause = NULL;
    int64_t now = clock_wall();
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_session);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT hash, created, used, agent, address FROM session WHERE user = ? AND"
                 " created >= ? AND used >= ? ORDER BY used DESC, created DESC",
                 I(principal->user), I(now - SESSION_LIFE), I(now - SESSION_UNUSED));
    while (db_step(&reader->main, row, &cause)) {
        struct store_own_session *one = g_new0(struct store_own_session, 1);
        const uint8_t *hash = sqlite3_column_blob(row, 0);
        one->id = g_malloc(ID_TEXT);
        sodium_bin2hex(one->id, ID_TEXT, hash, ID_BYTES);
        one->created = db_int(row, 1);
        one->used = db_int(row, 2);
        one->agent = db_text_copy(row, 3);
        one->address = db_text_copy(row, 4);
        one->current = principal->door == DOOR_SESSION &&
                       sodium_memcmp(hash, principal->session, SESSION_HASH_BYTES) == 0;
        g_ptr_array_add(list, one);
    }
    reader_end(store, reader);
    return db_settle_list(list, cause, error);
}

struct own_write {
    const struct store_principal *principal;
    const char *text; /* session id, or name of a token */
    uint8_t hash[SESSION_HASH_BYTES];
    int64_t id;
};

static bool end_session(struct tx *tx, void *arg, GError **error)
{
    const struct own_write *write = arg;
    if (!people_require(tx->db, write->principal, error) ||
        !DB_RUN(tx->db, error,
                "DELETE FROM session WHERE user = ? AND lower(hex(substr(hash, 1, ?))) = ?",
                I(write->principal->user), I(ID_BYTES), T(write->text)))
        return false;
    if (db_changes(tx->db) > 0)
        return audit_act(tx, write->principal, "session.end", 0, write->principal->email, NULL,
                         error);
    error_set(error, ERROR_NOT_FOUND, "there is no such session");
    return false;
}

bool store_own_session_end(struct store *store, const struct store_principal *principal,
                           const char *id, GError **error)
{
    struct own_write write = {.principal = principal, .text = id};
    return store_write(store, STORE_LANE_INTERACTIVE, end_session, &write, error);
}

/* --- tokens */

void store_own_token_free(struct store_own_token *token)
{
    if (token == NULL)
        return;
    g_free(token->name);
    g_free(token);
}

static void free_token(gpointer token)
{
    store_own_token_free(token);
}

GPtrArray *store_own_tokens(struct store *store, const struct store_principal *principal,
                            GError **error)
{
    GError *cause = NULL;
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GPtrArray *list = g_ptr_array_new_with_free_func(free_token);
    sqlite3_stmt *row =
        DB_QUERY(&reader->main, &cause,
                 "SELECT id, created, used, name FROM token WHERE user = ? ORDER BY id",
                 I(principal->user));
    while (db_step(&reader->main, row, &cause)) {
        struct store_own_token *one = g_new0(struct store_own_token, 1);
        one->id = db_int(row, 0);
        one->created = db_int(row, 1);
        one->used = db_int(row, 2);
        one->name = db_text_copy(row, 3);
        g_ptr_array_add(list, one);
    }
    reader_end(store, reader);
    return db_settle_list(list, cause, error);
}

static bool create_token(struct tx *tx, void *arg, GError **error)
{
    struct own_write *write = arg;
    int64_t user = write->principal->user;
    if (!people_require(tx->db, write->principal, error))
        return false;
    if (DB_NUMBER(tx->db, NULL, 0, "SELECT count(*) FROM token WHERE user = ?", I(user)) >=
        TOKENS_MAX) {
        error_set(error, ERROR_TOO_LARGE, "there are %d API tokens already", TOKENS_MAX);
        return false;
    }
    write->id = people_put_token(tx, user, write->text, write->hash, error);
    return write->id != 0 &&
           audit_act(tx, write->principal, "token.create", 0, write->text, NULL, error);
}

int64_t store_own_token_create(struct store *store, const struct store_principal *principal,
                               const char *name, char **token, GError **error)
{
    struct own_write write = {.principal = principal, .text = name};
    if (name == NULL || name[0] == '\0' || strlen(name) > TOKEN_NAME_MAX) {
        error_set(error, ERROR_INVALID, "a token has a name of at most %d octets", TOKEN_NAME_MAX);
        return 0;
    }
    char *text = people_new_token(store, write.hash);
    if (store_write(store, STORE_LANE_INTERACTIVE, create_token, &write, error)) {
        *token = text;
        return write.id;
    }
    secret_wipe_string(text);
    return 0;
}

static bool revoke_token(struct tx *tx, void *arg, GError **error)
{
    const struct own_write *write = arg;
    if (!people_require(tx->db, write->principal, error) ||
        !audit_act(tx, write->principal, "token.revoke", 0, write->principal->email, NULL, error) ||
        !DB_RUN(tx->db, error, "DELETE FROM token WHERE id = ? AND user = ?", I(write->id),
                I(write->principal->user)))
        return false;
    if (db_changes(tx->db) > 0)
        return true;
    error_set(error, ERROR_NOT_FOUND, "there is no such API token");
    return false;
}

bool store_own_token_revoke(struct store *store, const struct store_principal *principal,
                            int64_t id, GError **error)
{
    struct own_write write = {.principal = principal, .id = id};
    return store_write(store, STORE_LANE_INTERACTIVE, revoke_token, &write, error);
}

#include "store/sqlite/people.h"

#include "base/clock.h"

#include <string.h>

void store_token_free(struct store_token *token)
{
    if (token == NULL)
        return;
    g_free(token->user);
    g_free(token->name);
    g_free(token);
}

static void free_token(gpointer token)
{
    store_token_free(token);
}

struct token_write {
    const char *user, *name;
    uint8_t hash[SESSION_HASH_BYTES];
    int64_t id;
};

char *people_new_token(const struct store *store, uint8_t hash[SESSION_HASH_BYTES])
{
    char *random = people_random(32);
    char *text = g_strconcat("prt_", random, NULL);
    secret_wipe_string(random);
    people_hash(store, "token", text, hash);
    return text;
}

int64_t people_put_token(struct tx *tx, int64_t user, const char *name,
                         const uint8_t hash[SESSION_HASH_BYTES], GError **error)
{
    if (!DB_RUN(tx->db, error,
                "INSERT INTO token(hash, user, name, created, used) VALUES(?, ?, ?, ?, 0)",
                R(hash, SESSION_HASH_BYTES), I(user), T(name), I(clock_wall())))
        return 0;
    return sqlite3_last_insert_rowid(tx->db->handle);
}

static bool add_token(struct tx *tx, void *arg, GError **error)
{
    struct token_write *write = arg;
    GError *cause = NULL;
    int64_t user = people_user_of(tx->db, write->user, &cause);
    if (cause == NULL && user == 0)
        error_set(&cause, ERROR_NOT_FOUND, "no user has this address");
    if (cause == NULL)
        write->id = people_put_token(tx, user, write->name, write->hash, &cause);
    return error_settle(error, cause);
}

int64_t store_token_create(struct store *store, const char *user, const char *name,
                           struct secret **token, GError **error)
{
    struct token_write write = {.user = user, .name = name};
    char *text = people_new_token(store, write.hash);
    bool ok = store_write(store, STORE_LANE_INTERACTIVE, add_token, &write, error);
    if (ok)
        *token = secret_new(text, strlen(text));
    secret_wipe_string(text);
    return ok ? write.id : 0;
}

GPtrArray *store_tokens(struct store *store, GError **error)
{
    struct reader *reader = reader_begin(store, error);
    if (reader == NULL)
        return NULL;
    GError *cause = NULL;
    GPtrArray *tokens = g_ptr_array_new_with_free_func(free_token);
    sqlite3_stmt *row =
        db_query(&reader->main,
                 "SELECT token.id, token.created, used, email, token.name FROM token"
                 " JOIN user ON user.id = token.user ORDER BY token.id",
                 NULL, 0, &cause);
    while (db_step(&reader->main, row, &cause)) {
        struct store_token *token = g_new0(struct store_token, 1);
        token->id = db_int(row, 0);
        token->created = db_int(row, 1);
        token->last_used = db_int(row, 2);
        token->user = db_text_copy(row, 3);
        token->name = db_text_copy(row, 4);
        g_ptr_array_add(tokens, token);
    }
    reader_end(store, reader);
    return db_settle_list(tokens, cause, error);
}

static bool revoke_token(struct tx *tx, void *arg, GError **error)
{
    int64_t id = *(const int64_t *)arg;
    if (!DB_RUN(tx->db, error, "DELETE FROM token WHERE id = ?", I(id)))
        return false;
    if (db_changes(tx->db) > 0)
        return true;
    error_set(error, ERROR_NOT_FOUND, "no API token has this number");
    return false;
}

bool store_token_revoke(struct store *store, int64_t id, GError **error)
{
    return store_write(store, STORE_LANE_INTERACTIVE, revoke_token, &id, error);
}

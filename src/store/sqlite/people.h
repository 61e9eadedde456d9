/* Users, principals and hashing of passwords: what the sign-in files share. */
#ifndef POSTROOM_STORE_SQLITE_PEOPLE_H
#define POSTROOM_STORE_SQLITE_PEOPLE_H

#include "store/sqlite/engine.h"

enum principal_door { DOOR_PASSWORD, DOOR_SESSION, DOOR_TOKEN, DOOR_OPERATOR };

#define SESSION_HASH_BYTES 32
#define SESSION_LIFE (30 * STORE_DAY)
#define SESSION_UNUSED (7 * STORE_DAY)

struct store_principal {
    int references;
    int64_t user, epoch;
    char *email;
    bool admin;
    enum principal_door door;
    uint8_t session[SESSION_HASH_BYTES];
    int64_t token;
};
/* (transfer full). */
struct store_principal *principal_new(int64_t user, const char *email, bool admin, int64_t epoch,
                                      enum principal_door door);
/* Checks against the database as it is now. */
bool principal_valid(struct db *db, const struct store_principal *principal);

/* Hash of a session id or API token, keyed. */
void people_hash(const struct store *store, const char *purpose, const char *value,
                 uint8_t out[SESSION_HASH_BYTES]);
/* An argon2id hash; at most two at once. ERROR_THROTTLED after five seconds of waiting.
 * (transfer full) */
char *people_hash_password(struct store *store, const struct secret *password, GError **error);
/* hash NULL or "", of who has no password: a dummy run, never true. */
bool people_check_password(struct store *store, const char *hash, const struct secret *password,
                           bool *matches, GError **error);
bool people_is_address(const char *email);
/* Random bytes as base64url. (transfer full), wiped by the caller */
char *people_random(size_t bytes);

/* The person's rights as they are in this transaction; ERROR_FORBIDDEN. */
bool people_require(struct db *db, const struct store_principal *principal, GError **error);
bool people_require_admin(struct db *db, const struct store_principal *principal, GError **error);
bool people_is_admin(struct db *db, const struct store_principal *principal);
/* At least 8 characters and at most 1024 octets; ERROR_INVALID. */
bool people_check_new_password(const struct secret *password, GError **error);
/* Sessions and pushes of a person end; tokens too. */
bool people_end_sessions(struct tx *tx, int64_t user, bool tokens, GError **error);
/* The person signs in by it, and by no other of that provider. ERROR_CONFLICT. */
bool people_put_identity(struct tx *tx, int64_t user, const struct store_identity_of *identity,
                         GError **error);

/* The number of who has this address; 0: nobody. */
int64_t people_user_of(struct db *db, const char *email, GError **error);
/* A new API token, and the hash that is kept of it. (transfer full), wiped by the caller */
char *people_new_token(const struct store *store, uint8_t hash[SESSION_HASH_BYTES]);
/* Its number, 0 on failure. */
int64_t people_put_token(struct tx *tx, int64_t user, const char *name,
                         const uint8_t hash[SESSION_HASH_BYTES], GError **error);

/* --- accounts.c: the state of LinkedAccount is a modseq with a count of progress reports. */
uint64_t accounts_tick(struct store *store);
uint64_t accounts_state(int64_t modseq, uint64_t tick);
uint64_t accounts_state_modseq(uint64_t state);
/* All accounts, as struct store_fleet_account. (transfer full) */
GPtrArray *accounts_fleet(struct store *store, struct db *db, GError **error);
/* Adds all that made progress since a state. */
void accounts_progressed(struct store *store, struct db *db, uint64_t since, uint64_t tick,
                         struct store_changes *changes);

/* Takes a person and what is theirs alone: accounts (of int64_t) are marked for removal. */
bool people_remove(struct tx *tx, int64_t user, GArray *accounts, GError **error);

/* templates.c: a person is about to go, and their own templates with them. */
bool templates_leave(struct tx *tx, int64_t user, GError **error);

#endif

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
/* hash NULL: a dummy run, never true. */
bool people_check_password(struct store *store, const char *hash, const struct secret *password,
                           bool *matches, GError **error);
bool people_is_address(const char *email);
/* Random bytes as base64url. (transfer full), wiped by the caller */
char *people_random(size_t bytes);

#endif

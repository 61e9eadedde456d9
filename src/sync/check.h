/* Checks of the way to a mailbox, step by step, with what was found: signing in, capabilities and
 * folder roles, the outgoing server by login only, and how much mail there is since a day. Nothing
 * is sent, kept or changed. */
#ifndef POSTROOM_SYNC_CHECK_H
#define POSTROOM_SYNC_CHECK_H

#include "sync/sync.h"

#include <jansson.h>

enum sync_check_state {
    SYNC_CHECK_RUNNING,
    SYNC_CHECK_OK,
    SYNC_CHECK_WARN,
    SYNC_CHECK_BAD,
    SYNC_CHECK_SKIPPED
};

/* One check's row, again whenever it changes. check: "imap", "folders", "smtp", "start".
 * milliseconds: what it took. evidence: a JSON object of docs/api.md, borrowed, or NULL. */
typedef void sync_check_fn(const char *check, enum sync_check_state state, int64_t milliseconds,
                           json_t *evidence, const GError *problem, void *arg);

struct sync_check {
    const struct store_sync_account
        *config;                 /* where; as loaded by sync_check_account, or made up */
    const struct secret *secret; /* token or password */
    int64_t since;               /* 0: everything */
    bool only_start;             /* how much mail there is, and nothing else */
    struct cancel *cancel;       /* may be NULL */
    sync_check_fn *tell;
    void *arg;
};
/* Blocking, about a minute at most; any thread. True: nothing was bad. */
bool sync_check_run(struct sync_manager *manager, const struct sync_check *check);

/* A linked account as its session has it. (transfer full) or NULL. */
struct store_sync_account *sync_check_account(struct sync_manager *manager, int64_t account,
                                              GError **error);
/* What signs it in; force: a new access token is fetched. (transfer full) or NULL. */
struct secret *sync_check_secret(struct sync_manager *manager,
                                 const struct store_sync_account *account, bool force,
                                 int64_t *expires, struct cancel *cancel, GError **error);
/* What its host bears of it in a day, in bytes; 0: no limit is known. */
uint64_t sync_bytes_a_day(struct sync_manager *manager, const struct store_sync_account *account);

#endif

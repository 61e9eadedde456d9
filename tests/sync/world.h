/* One mailbox on both sides: a model of its server, and a store with the sync engine. A pass runs
 * as `postroom sync` runs it; a crash is simulated by a store that refuses all commits from one on
 * and a server that cuts the connection, followed by a new store over the same files. */
#ifndef POSTROOM_TESTS_SYNC_WORLD_H
#define POSTROOM_TESTS_SYNC_WORLD_H

#include "model_smtp.h"

#include "store/admin.h"
#include "store/mail.h"
#include "sync/sync.h"

#include <stdatomic.h>

/* What a test program starts once: workers, the servers, and a store's files to copy: one with an
 * account by password, and one with an account at a provider that files its own copies of what is
 * sent. */
struct stage {
    struct exec *exec;
    struct model_server *server;
    struct model_smtp *smtp;
    struct oauth_cache *tokens;
    char *directory, *blank[2];
};

struct world {
    struct stage *stage;
    struct model *model;
    char *directory;
    struct keyring *keyring;
    struct store *store;
    int64_t account;
    bool sends;       /* the outbox is worked at too */
    bool lenient;     /* scripts may speak of what is not there */
    int64_t doubt_ms; /* sync_tuning; 0: next to nothing */
    int64_t near_ms;  /* sync_tuning; 0: its default */
    /* The store dies at this commit, from 1; 0: never. */
    unsigned die_at_commit;
    bool die_after;
    atomic_uint commits;
    atomic_bool died;
};

#define WORLD_LOGIN "ann@mail.example"

void stage_open(struct stage *stage);
void stage_close(struct stage *stage);

/* A new mailbox on both sides, never synced. */
void world_open(struct world *world, struct stage *stage, enum model_profile profile);
/* With an account at the provider, whose server behaves like this profile. */
void world_open_provider(struct world *world, struct stage *stage, enum model_profile profile);
/* Removes its files. */
void world_close(struct world *world);
/* Closes the store and opens it again; what died lives on. */
void world_restart(struct world *world);
/* The next pass dies: in the store at this commit (0: not there), or as death says. */
void world_arm(struct world *world, unsigned commit, bool after, const struct model_death *death);
/* One pass to its end. NULL, or what ended it. (transfer full) */
char *world_pass(struct world *world);
/* What is due in the outbox now goes out, in the caller's thread. */
void world_send(struct world *world);
/* Lets time pass until the outbox has more to do, or the service files a copy; for an hour when
 * neither waits, and for least_s at least. Only the wall clock goes on, for everybody. */
void world_wait(struct world *world, int64_t least_s);

/* Both clocks go on, for a session that lives: nothing that waits for an answer should be under
 * way. */
void world_skip(int64_t seconds);
/* What a session of this world is given. */
void world_config(struct world *world, struct sync_config *config);

/* Both sides as they are, to begin from again and again. */
struct snapshot {
    char *directory;
    struct model *model;
    int64_t clock;
};
/* The store is closed and opened again. */
void world_save(struct world *world, struct snapshot *snapshot);
void world_load(struct world *world, const struct snapshot *snapshot);
void snapshot_clear(struct snapshot *snapshot);

struct store_access *world_access(struct world *world);

#endif

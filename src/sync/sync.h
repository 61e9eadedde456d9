/* The sync engine: one session per account that keeps its mailbox and the store alike, and one
 * sender per account for its outbox.
 *
 * A session is straight-line code over imap; between two mails it is parked (exec), and all it must
 * remember is in the store, so that it may be killed at any point and goes on where it was. */
#ifndef POSTROOM_SYNC_SYNC_H
#define POSTROOM_SYNC_SYNC_H

#include "exec/exec.h"
#include "net/conn.h"
#include "oauth/oauth.h"
#include "store/sync.h"
#include "sync/hosts.h"

/* Milliseconds; 0 takes the default. */
struct sync_tuning {
    int64_t poll_ms;     /* STATUS of the other folders in which things happen; default 5 min */
    int64_t calm_ms;     /* and of those in which nothing does; default 12 times that */
    int64_t compare_ms;  /* flags of a folder compared although STATUS is unchanged, where no
                            CONDSTORE tells; default 15 min, seldomer like STATUS */
    int64_t idle_ms;     /* IDLE renewed; default by provider */
    int64_t patience_ms; /* for one answer of a mail server; default 60 s */
    int64_t near_ms;  /* a server that answers within it waits for us between two folders, so that
                         their new messages come at once; default 5 ms */
    int64_t doubt_ms; /* how long a server may go on with a change after its connection ended;
                         default 5 s */
    int64_t
        backoff_ms; /* first pause after a failure, doubled each time up to 15 min; default 5 s */
};

struct sync_config {
    struct store *store;
    struct exec *exec;
    struct oauth_cache *tokens;
    const struct net_policy *policy;
    const char *spool_dir; /* for large messages on their way */
    struct sync_tuning tuning;
    unsigned workers;                         /* of exec */
    struct sync_limits limits[SYNC_PROFILES]; /* 0 in a field: the default */
    /* Fills in what a provider's settings say: hosts, ports, security, CA file. Called for each
     * account that has a provider, each time it is loaded; any thread. */
    bool (*settle)(struct store_sync_account *account, void *arg, GError **error);
    /* An entry for the sync log: details is a JSON object or NULL. Quick; any thread; NULL: nobody
     * wants to know. */
    void (*note)(int64_t account, const char *event, const char *details, void *arg);
    void *arg;
    bool live; /* false: sessions end when a pass is done, as `postroom sync` without a server wants
                  it */
};

struct sync_manager;

/* Borrows all of the config's pointers until sync_manager_free. (transfer full) */
struct sync_manager *sync_manager_new(const struct sync_config *config);
/* Stops every session and waits for them. */
void sync_manager_free(struct sync_manager *manager);

/* Starts sessions for all accounts of the store. */
bool sync_manager_start(struct sync_manager *manager, GError **error);
/* Something to do for an account: an intent, a wanted message, a submission, a pause. Starts its
 * session when there is none, ends it when the account is gone. Quick; any thread, also the store's
 * listener thread. */
void sync_manager_poke(struct sync_manager *manager, int64_t account);
/* The account is being removed: ends its session and waits for it. */
void sync_manager_drop(struct sync_manager *manager, int64_t account);

struct sync_result {
    uint64_t fetched, bytes, flags_changed, removed;
    double seconds;
    char *
        error; /* the problem that ended the pass, with its plain cause; NULL: it went to the end */
};
void sync_result_clear(struct sync_result *result);

/* Mailboxes that are connected, were brought up to date and hear of news. Any thread. */
unsigned sync_manager_live(struct sync_manager *manager);

/* One pass to the end, blocking: intents out, all folders in, all pending messages fetched. False
 * only when the account does not exist or cancel was triggered; an account's failure is in
 * result->error. */
bool sync_manager_pass(struct sync_manager *manager, int64_t account, struct cancel *cancel,
                       struct sync_result *result, GError **error);

/* What a message says, for the word index: the store's read_words (store/store.h). */
void sync_read_words(GBytes *raw, struct store_index *index);

#endif

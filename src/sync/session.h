/* Inside the sync engine: one account's session. Only src/sync includes this. */
#ifndef POSTROOM_SYNC_SESSION_H
#define POSTROOM_SYNC_SESSION_H

#include "base/clock.h"
#include "imap/client.h"
#include "store/sync.h"
#include "sync/backoff.h"
#include "sync/sync.h"

#include <pthread.h>
#include <stdatomic.h>

/* How a session goes on, in this order; each run of the task does a bounded piece. */
enum session_phase {
    SESSION_FOLDERS,  /* the list of folders */
    SESSION_COMPARE,  /* each queued folder: what is new, changed, gone; headers of the new */
    SESSION_MESSAGES, /* raw messages of the pending, wanted and newest first */
    SESSION_WATCH,    /* all done: IDLE on INBOX, STATUS of the others now and then */
};

/* What STATUS said last, by mailbox: a folder that says the same again is not compared. */
struct session_status {
    struct imap_status status;
    int64_t compared_at; /* base/clock.h */
};

struct session {
    struct sync_manager *manager;
    int64_t account;
    struct exec_task *task;
    struct cancel *cancel;

    struct store_sync_account *config;
    struct imap_client *imap;
    struct net_dial dial;
    int64_t open_mailbox; /* id of the selected one; 0: none */
    struct imap_selected selected;
    bool idling;
    int64_t idle_until, poll_at;

    enum session_phase phase;
    GPtrArray *mailboxes; /* struct store_remote_mailbox; NULL while parked */
    GArray *queue;        /* int64_t: mailboxes to compare */
    GHashTable *statuses; /* int64_t* -> struct session_status* */
    bool pass_is_full;    /* every folder is in this pass */
    bool orphans;  /* messages vanished: another folder may have them; swept after a full pass */
    bool was_idle; /* a pass was finished since the start: news are deliveries, no first sync */
    bool checked_send;
    /* Of the messages phase only: messages on their way into the store, and which come next. */
    struct intake *intake;
    GArray *todo; /* struct store_pending, from the end */
    atomic_bool poked; /* since the session runs: a long step ends early */
    bool headway; /* since todo was made */

    struct sync_backoff backoff;
    int64_t resting_until; /* 0: not resting after a failure */
    int64_t said_at;       /* when the state was written last */
    int64_t rate_started;
    uint64_t rate_bytes;

    struct sync_result working; /* of the pass under way */
    unsigned pass_serving;      /* passes_wanted when it began */

    /* Under manager->mutex: a command waits for a pass. */
    unsigned passes_wanted, passes_done;
    struct sync_result result; /* of the last pass */
};

struct intake;
struct parsers;

struct sync_manager {
    struct sync_config config;
    struct parsers *parsers;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    GHashTable *sessions; /* int64_t* -> struct session*, live ones */
    GHashTable *senders;  /* int64_t* -> struct sender* */
    GHashTable
        *results; /* int64_t* -> struct sync_result*: of sessions that ended before anybody asked */
    bool stopping;
};

exec_task_fn session_run;

/* Connects and signs in; *expires: when the token ends (wall clock; 0: never). Also used by the
 * sender to look into Sent. */
struct imap_client *session_sign_in(struct sync_manager *manager,
                                    const struct store_sync_account *account, struct cancel *cancel,
                                    GError **error);
/* The account's row, with its provider's hosts. (transfer full) or NULL. */
struct store_sync_account *session_account(struct sync_manager *manager, int64_t account,
                                           GError **error);
/* Brings the dial parameters of an account together; borrowed strings. */
void session_dial(struct net_dial *dial, struct sync_manager *manager,
                  const struct store_sync_account *account, bool smtp, struct cancel *cancel);

/* What signs the account in: an access token, refreshed first with force, or its password.
 * (transfer full) or NULL. */
struct secret *session_secret(struct sync_manager *manager,
                              const struct store_sync_account *account, bool force_refresh,
                              struct cancel *cancel, GError **error);
/* The account's submission server; borrows all strings and the secret. */
struct smtp_server;
void session_smtp(struct smtp_server *server, struct sync_manager *manager,
                  const struct store_sync_account *account, const struct secret *secret,
                  struct cancel *cancel);

/* Selects a mailbox unless it is; a changed UIDVALIDITY resets it in the store. */
bool session_open(struct session *session, struct store_remote_mailbox *mailbox, GError **error);
struct store_remote_mailbox *session_mailbox(struct session *session, int64_t id);
bool session_load_mailboxes(struct session *session, GError **error);

bool session_folders(struct session *session, GError **error); /* folders.c */
bool session_compare(struct session *session, struct store_remote_mailbox *mailbox,
                     GError **error); /* compare.c */
/* List properties of these UIDs of the open mailbox (ascending), the newest first. */
bool session_headers(struct session *session, const struct store_remote_mailbox *mailbox,
                     const GArray *fresh, GError **error); /* headers.c */
/* The next bounded step of the pending messages; *more: there may be others. They are durable
 * later: see session_messages_settle. */
bool session_messages(struct session *session, bool *more, GError **error); /* messages.c */
/* Those that somebody waits for; durable when it returns. */
bool session_wanted(struct session *session, GError **error);
/* What was fetched is durable: before anything is done that counts on it. */
bool session_messages_settle(struct session *session, GError **error);
/* The same as far as it can be, and the rest is forgotten. */
void session_messages_end(struct session *session);
bool session_carry(struct session *session, GError **error); /* apply.c: changes out */
/* apply_folders.c; adds to *carried. */
bool session_carry_folders(struct session *session, size_t *carried, GError **error);
bool session_poll(struct session *session,
                  GError **error); /* watch.c: STATUS of all, queues the changed ones */
bool session_watch(struct session *session, GError **error); /* watch.c: SELECT INBOX, IDLE */
bool session_listen(struct session *session, bool *news,
                    GError **error); /* watch.c: reads what came while parked, ends IDLE */
void session_progress(struct session *session, const char *phase); /* progress.c */
/* The scope of an open mailbox: all UIDs since the start date, ascending. (transfer full) */
GArray *session_scope(struct session *session, GError **error);
/* What the server cannot keep (\*: no keywords at Exchange) it cannot have taken away: flags gets
 * it from those last taken to be there. Of the open mailbox; known: the message's row, or NULL to
 * look it up. */
void session_keep_unsupported(struct session *session, int64_t mailbox, uint32_t uid,
                              const struct store_remote_message *known, struct mail_flags *flags);
/* Checks by login only whether sending works, and notes the answer. */
void session_check_send(struct session *session);

#endif

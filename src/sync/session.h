/* Inside the sync engine: one account's session. Only src/sync includes this. */
#ifndef POSTROOM_SYNC_SESSION_H
#define POSTROOM_SYNC_SESSION_H

#include "base/clock.h"
#include "base/log.h"
#include "imap/client.h"
#include "store/sync.h"
#include "sync/backoff.h"
#include "sync/cadence.h"
#include "sync/hosts.h"
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

/* A mailbox that was never looked at, as the list tells of it. */
struct session_unseen {
    int64_t mailbox;
    uint32_t messages, uidnext;
};

struct session {
    struct sync_manager *manager;
    int64_t account;
    struct exec_task *task;
    struct cancel *cancel;

    struct sync_waiter waiter;         /* its turn at the host */
    struct store_sync_account *config; /* NULL while parked */
    struct imap_client *imap;
    int64_t open_mailbox; /* id of the selected one; 0: none */
    struct imap_selected selected;
    bool idling, hears_inbox; /* IDLE on INBOX: it need not be asked */
    int64_t compared;         /* it was compared since it was selected: all else is news; 0: not */
    bool news;                /* something came unasked of the open one since it was selected */
    unsigned restless;        /* news came so often in a row before the session idled */
    /* notices.c */
    bool hears_all;       /* NOTIFY: the other personal folders need not be asked either */
    bool strayed;         /* a folder was selected since: it has to be said again */
    bool deaf;            /* not on this connection */
    bool notify_asked;    /* NOTIFY is under way */
    bool snapshot;        /* the notices are those of all folders, but of the open one */
    guint odd_names;      /* of a snapshot that differs from the list, and was listed for */
    bool lost_notices;    /* the server may have told more: all are asked */
    unsigned notify_ends; /* connections in a row that ended during NOTIFY */
    GHashTable *notices;  /* raw name -> struct session_notice; NULL: none */
    int64_t stirred_at;   /* when something happened last, there or here */
    int64_t idle_until, poll_at;
    int64_t polled_at;    /* wall clock: the last look at the other folders */
    int64_t refresh_at;   /* the token is renewed before its end */
    int64_t gentle_until; /* after a throttling: pauses between batches */

    enum session_phase phase;
    GPtrArray *mailboxes; /* struct store_remote_mailbox; NULL while parked */
    GArray *queue;        /* int64_t: mailboxes to compare */
    GHashTable *missing;  /* int64_t* -> enum missing (renames.c); or NULL */
    bool must_list;       /* changes wait for the list of folders */
    bool folders_changed; /* the last list had others */
    GArray *unseen;       /* struct session_unseen; or NULL */
    GHashTable *quiet;    /* int64_t*: mailboxes in which the list says that nothing happened; or
                             NULL */
    GArray *grown;        /* int64_t: those in which it tells of new messages; or NULL */
    bool unsettled;     /* the last round left something to settle: the next wake begins another */
    bool round_is_full; /* every folder was looked at since the round began (rounds.c) */
    bool round_missed;  /* a message went on while the folders were looked at */
    unsigned rounds;    /* begun in this pass */
    GHashTable *refusals; /* int64_t* -> how often in a row a folder could not be opened; or NULL */
    bool qresync;         /* enabled on this connection */
    /* reconcile.c */
    GArray *whole; /* int64_t: those of the queue that are looked at as a whole; or NULL */
    GArray *apart; /* int64_t: those of the queue that are compared each by itself; or NULL */
    int64_t reconcile_at, amend_at; /* amend_at 0: every folder agreed */
    struct sync_backoff amends;
    bool amended;          /* in this pass: folders that differed were looked at again */
    struct intake *intake; /* what was learnt in this pass, on its way into the store; or NULL */
    GArray *todo;      /* struct store_pending, from the end: which messages come next; or NULL */
    atomic_bool poked; /* by the manager, since the session runs: a long step ends early */
    bool errand;       /* it was poked, and has not made a step since */
    bool headway;      /* since todo was made */
    bool live;         /* counted in manager->live */
    bool was_idle;     /* a pass was finished since the start: news are deliveries, no first sync */
    bool check_send;   /* just linked, or sending did not work: try it */
    int64_t budget_until;  /* wall clock: the day's bytes are used up; 0: they are not */
    uint64_t charged;      /* bytes of this connection that were counted for the day */
    int64_t said_down_for; /* the host's next attempt as written last */

    struct sync_backoff backoff;
    int64_t resting_until; /* 0: not resting after a failure */
    int64_t doubt_until;   /* the server may go on until then with what another connection asked */
    int64_t carry_at;      /* a change that waits is due again; 0: none */
    bool lingers;          /* nothing else is left to do in this pass */
    int64_t said_at;       /* when the state was written last */
    int64_t rate_started;
    uint64_t rate_bytes;

    /* quota.c */
    bool quota_moved;   /* mail came or went since the server was asked for its quotas */
    bool quota_refused; /* it refused a change for want of room since */

    struct sync_result working; /* of the pass under way */
    uint64_t carried;           /* changes carried out since the sync log was told */
    bool told_connected;        /* the sync log: since the last trouble */
    const char *told_problem;   /* the same: the last one; static */
    unsigned pass_serving;      /* passes_wanted when it began */

    /* Under manager->mutex: a command waits for a pass. */
    unsigned passes_wanted, passes_done;
    struct sync_result result; /* of the last pass */
};

/* What the server told of a folder by itself. */
struct session_notice {
    bool has_status, whole; /* not whole: what is 0 was not told */
    bool asked;             /* NOTIFY was answered with it */
    struct imap_status status;
    bool listed, there, subscribed;
};

struct intake;
struct parsers;

struct sync_manager {
    struct sync_config config;
    struct parsers *parsers;
    struct sync_hosts *hosts;
    atomic_uint live; /* sessions that are connected and have watched since */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    GHashTable *sessions; /* int64_t* -> struct session*, live ones */
    GHashTable *senders;  /* int64_t* -> struct sender* */
    GHashTable *extras;   /* int64_t* -> unsigned: connections besides the session's own */
    GHashTable *sending;  /* "host:port" -> unsigned: senders at work there (sender.c) */
    GHashTable
        *results; /* int64_t* -> struct sync_result*: of sessions that ended before anybody asked */
    bool stopping;
};

exec_task_fn session_run;

/* turn.c: how a run ends. */
struct exec_verdict session_park(int fd, int64_t deadline);
struct exec_verdict session_again(enum exec_lane lane);
struct exec_verdict session_done(void);
/* Disconnects, says what is wrong and when it is tried again. Takes the problem. */
struct exec_verdict session_rest(struct session *session, GError *problem);
void session_disconnect(struct session *session);
/* Lets go of what a parked session need not hold: it is read again when it wakes. */
void session_rest_lightly(struct session *session);
void session_say(struct session *session, const char *state, const GError *problem,
                 int64_t next_attempt);
/* A command waits for a pass; it has ended so. */
bool session_is_wanted(struct session *session);
void session_answer(struct session *session, const GError *problem);
/* A worker for this run, and leave to connect where there is no connection. False: the verdict says
 * how it waits for its turn. */
bool session_may_work(struct session *session, unsigned woke, bool poked,
                      struct exec_verdict *verdict);
bool session_connect(struct session *session, GError **error); /* unless it is */
/* Renews the token before its end, so that the next connection has one at once. */
void session_refresh(struct session *session);
int64_t session_renewal(const struct session *session); /* watch.c: when IDLE is renewed */

/* Connects and signs in; *expires (may be NULL): when the token ends (wall clock; 0: never). */
struct imap_client *session_sign_in(struct sync_manager *manager,
                                    const struct store_sync_account *account, int64_t *expires,
                                    struct cancel *cancel, GError **error);
/* A connection besides the session's own, as long as the mailbox may have one more (ERROR_THROTTLED
 * else); never to a host that is known to be down. End it with session_extra_end. */
struct imap_client *session_extra_begin(struct sync_manager *manager,
                                        const struct store_sync_account *account,
                                        struct cancel *cancel, GError **error);
void session_extra_end(struct sync_manager *manager, int64_t account, struct imap_client *imap);
/* The host of an account: its gate and limits. Drop with sync_host_unref. */
struct sync_host *session_host(struct sync_manager *manager,
                               const struct store_sync_account *account);
/* The account's row, with its provider's hosts. (transfer full) or NULL. */
struct store_sync_account *session_account(struct sync_manager *manager, int64_t account,
                                           GError **error);
/* Brings the dial parameters of an account together; borrowed strings. */
void session_dial(struct net_dial *dial, struct sync_manager *manager,
                  const struct store_sync_account *account, bool smtp, struct cancel *cancel);

/* What signs the account in: an access token, refreshed first with force, or its password.
 * *expires (may be NULL) as above. (transfer full) or NULL. */
struct secret *session_secret(struct sync_manager *manager,
                              const struct store_sync_account *account, bool force_refresh,
                              int64_t *expires, struct cancel *cancel, GError **error);
/* The account's submission server; borrows all strings and the secret. */
struct smtp_server;
void session_smtp(struct smtp_server *server, struct sync_manager *manager,
                  const struct store_sync_account *account, const struct secret *secret,
                  struct cancel *cancel);

/* Selects a mailbox unless it is; a changed UIDVALIDITY resets it in the store. */
bool session_open(struct session *session, struct store_remote_mailbox *mailbox, GError **error);
/* A tour through folders (imap_fetch_tour) has come to this one. False: it was refused, or its UIDs
 * mean other messages by now; then no mailbox counts as open. */
bool session_opened(struct session *session, const struct store_remote_mailbox *mailbox,
                    const struct imap_selected *selected);
/* The same for one that was compared before; *same: it is as it was then. Where no mod-sequence
 * tells of flags, those of its newest messages are asked in the same round trip. */
bool session_reopen(struct session *session, struct store_remote_mailbox *mailbox, bool *same,
                    GError **error);
/* What the server says unasked from now on is news; of a new connection. */
void session_hear(struct session *session); /* watch.c */
struct store_remote_mailbox *session_mailbox(struct session *session, int64_t id);
bool session_load_mailboxes(struct session *session, GError **error);

/* folders.c: the raw prefix of one's own folders ("", "INBOX."), or NULL: the server does not say.
 * Borrowed from the connection. */
const char *session_own_prefix(const struct session *session);
/* folders.c: the list of folders; which of them are quiet. */
bool session_folders(struct session *session, GError **error);
bool session_compare(struct session *session, struct store_remote_mailbox *mailbox,
                     GError **error); /* compare.c */
/* The same with every UID and flag looked at, after the news were taken; what differs then is named
 * in the log and kept. */
bool session_compare_whole(struct session *session, struct store_remote_mailbox *mailbox,
                           GError **error);
/* alike.c: *same when a folder of the server has the UIDVALIDITY of a known one, and messages that
 * are known there, with their UIDs, dates and Message-IDs. Selects it. */
bool session_holds_messages_of(struct session *session, const struct store_remote_mailbox *old,
                               const char *raw_name, bool *same, GError **error);
/* Folders of this one's UIDVALIDITY in which other messages are than we know by their UIDs are
 * renewed and queued. May leave another folder open. alike.c */
bool session_renew_namesakes(struct session *session, const struct store_remote_mailbox *mailbox,
                             GError **error);
/* Its UIDs mean something else: its emails wait to be found again. look.c */
bool session_renew(struct session *session, struct store_remote_mailbox *mailbox,
                   uint32_t uidvalidity, GError **error);
/* renames.c: gives those of known that were renamed on the server their new raw name. */
bool session_find_renamed(struct session *session, GPtrArray *known, GPtrArray *listed,
                          GError **error);
/* rounds.c: a round over all folders finds out what became of messages that vanished. */
bool session_round_begin(struct session *session, GError **error);
/* All STATUS asked and the folders queued that have news. */
bool session_round_ask(struct session *session, GError **error);
/* To be compared, unless it waits for that already. */
void session_queue(struct session *session, int64_t mailbox);
/* Lists of mailboxes (int64_t, each once; NULL: none), as the queue is one. rounds.c */
bool session_list_has(const GArray *list, int64_t mailbox);
void session_list_add(GArray **list, int64_t mailbox);
/* What ended a tour concerns one folder, or nothing: the connection goes on. look.c */
bool session_goes_on(const struct session *session, const GError *failure);
/* The queue is empty: sweeps, or begins another round. *more: folders were queued. */
bool session_round_end(struct session *session, bool *more, GError **error);
/* STATUS says something else than the last comparison saw. Flags of a server without CONDSTORE do
 * not show. */
bool session_has_news(const struct store_remote_mailbox *mailbox, const struct imap_status *status);
/* One folder was, or could not be, looked at. */
void session_round_saw(struct session *session, int64_t mailbox, bool refused);
/* A message was in a folder and is not any more: it may be in one that was looked at before. This
 * round tells nothing of what is lost. */
void session_round_missed(struct session *session);
/* It was, and leaves the queue. */
void session_looked_at(struct session *session, int64_t mailbox);
/* List properties of these UIDs of the open mailbox (ascending), the newest first. *unheard: those
 * that did not come, ascending, (transfer full); NULL on failure. */
bool session_headers(struct session *session, const struct store_remote_mailbox *mailbox,
                     const GArray *fresh, GArray **unheard, GError **error); /* headers.c */
/* What to fetch for it, enum imap_fetch_what, and one message of the open mailbox into the batch
 * being gathered. False: it is no such message. */
unsigned session_header_items(const struct session *session);
bool session_take_header(struct session *session, const struct store_remote_mailbox *mailbox,
                         const struct imap_fetched *fetched);
/* First looks at the mailboxes at the head of the queue that were never looked at, in one tour:
 * those that came as they were told leave the queue. *any: (out) there were such. first.c */
bool session_first_looks(struct session *session, bool *any, GError **error);
/* The same at those of the queue that were compared before, with the headers of what is new. What
 * is not plain is left to session_compare. looks.c */
bool session_looks(struct session *session, bool *any, GError **error);
/* The way of all that is learnt in a pass into the store, in one transaction where it is little:
 * the marks of a folder are durable with what they stand for, or later. What a session read of the
 * store is as it was before, until session_settle. */
struct intake *session_intake(struct session *session); /* messages.c */
/* The same, for what needs no parsing, of the open mailbox; until anything else is given. */
struct store_batch *session_batch(struct session *session,
                                  const struct store_remote_mailbox *mailbox); /* compare.c */
/* The open mailbox was looked at to the end: marks of session->selected, behind what was gathered.
 * in_scope: messages there that are wanted here. compare.c */
void session_mark(struct session *session, struct store_remote_mailbox *mailbox, uint32_t in_scope);
/* All that was learnt is durable: before anything is done that counts on it. */
bool session_settle(struct session *session, GError **error);
/* A whole message (with body) of the open mailbox, on its way; of one that has its row, or whose
 * header is on its way before it. messages.c */
bool session_take_message(struct session *session, struct intake *intake, int64_t mailbox,
                          const struct imap_fetched *fetched, GError **error);
/* Of a GArray of uint32_t. messages.c */
int session_uid_order(gconstpointer a, gconstpointer b);
/* The next bounded step of the pending messages; *more: there may be others. They are durable
 * later. */
bool session_messages(struct session *session, bool *more, GError **error); /* messages.c */
/* Those that somebody waits for; durable when it returns. */
bool session_wanted(struct session *session, GError **error);
/* Settles as far as it can be, and the rest is forgotten. */
void session_messages_end(struct session *session);
bool session_carry(struct session *session, GError **error); /* apply.c: changes out */
/* Some of them wait until then; the session comes back for them. */
void session_carry_later(struct session *session, int64_t ms);
/* A message may be on its way to where it shall be, on a connection that has ended. Nothing is
 * asked until the server must have done with that: what is not there yet would be put there twice.
 */
void session_doubt(struct session *session); /* session.c */
/* Folders of a change that the server does not find (0: none): one of them may have another name by
 * now, so the changes of its mail wait until the folders are listed (must_list). False when they
 * were listed since: it is gone. renames.c */
bool session_hold(struct session *session, int64_t source, int64_t target);
/* The folder of this name has another UIDVALIDITY than was known: it may be another folder by now.
 * True: held, as above. INBOX keeps its name (RFC 3501, 6.3.5). */
bool session_may_be_renamed(struct session *session, const struct store_remote_mailbox *mailbox,
                            uint32_t uidvalidity);
bool session_is_held(const struct session *session, int64_t mailbox);
void session_release_held(struct session *session); /* the folders were listed */
/* apply_folders.c; adds to *carried. */
bool session_carry_folders(struct session *session, size_t *carried, GError **error);
/* watch.c: when the other folders are looked at next, after all of them were. */
bool session_plan_poll(struct session *session, GError **error);
bool session_poll(struct session *session,
                  GError **error); /* watch.c: STATUS of all, queues the changed ones */
bool session_poll_due(struct session *session,
                      GError **error); /* watch.c: the same of those whose time has come */
/* notices.c: NOTIFY where it is offered and the host bears it; else, and when the server refuses it
 * or gives it up, IDLE on INBOX and the cadence do. INBOX is open. Folders then have notices. */
bool session_notify(struct session *session, GError **error);
/* session_notify would say something. */
bool session_wants_notices(struct session *session);
bool session_has_notices(const struct session *session);
/* The connection has ended. */
void session_forget_notices(struct session *session);
/* watch.c: queues the folders that the notices show to be different. */
bool session_take_notices(struct session *session, GError **error);
bool session_watch(struct session *session, GError **error); /* watch.c: SELECT INBOX, IDLE */
bool session_listen(struct session *session, bool *news,
                    GError **error); /* watch.c: reads what came while parked, ends IDLE */
void session_progress(struct session *session, const char *phase); /* progress.c */
/* quota.c: asks the server for its quotas when it is time to. */
bool session_quota(struct session *session, GError **error);
/* The scope of an open mailbox: all UIDs since the start date, ascending. (transfer full) */
GArray *session_scope(struct session *session, GError **error);
/* notes.c: an entry for the sync log; fields of log.h. */
void sync_note_fields(struct sync_manager *manager, int64_t account, const char *event,
                      const GError *problem, const struct log_field *fields, size_t count);
#define SYNC_NOTE(manager, account, event, problem, ...)                                           \
    sync_note_fields((manager), (account), (event), (problem),                                     \
                     (const struct log_field[]){__VA_ARGS__},                                      \
                     sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
/* Connected, for the first time since something was wrong; resting after a problem (ms until the
 * next attempt, 0: none), unless that was told a moment ago. */
void session_note_connected(struct session *session);
void session_note_rest(struct session *session, const GError *problem, int64_t pause_ms);
/* A pass has ended, and did something. */
void session_note_pass(struct session *session, const GError *problem);
/* Checks by login only whether sending works, and notes the answer. */
void session_check_send(struct session *session);

#endif

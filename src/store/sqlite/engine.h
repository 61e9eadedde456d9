/* Inside of the SQLite engine: the store, its writer thread, its readers, and what a write
 * transaction gathers (change log, counts). Only src/store/sqlite includes this. */
#ifndef POSTROOM_STORE_SQLITE_ENGINE_H
#define POSTROOM_STORE_SQLITE_ENGINE_H

#include "store/admin.h"
#include "store/sqlite/db.h"
#include "store/sync.h"

#include <pthread.h>

#define STORE_DAY INT64_C(86400)
#define UPLOAD_QUOTA (INT64_C(512) * 1024 * 1024)

struct writer;
struct readers;

/* The place in the order that was given out last. */
struct place_hint {
    int64_t account, received_at, ord;
    int step; /* where to look for the next: 1 or -1 */
};

struct store {
    char *directory;
    const struct keyring *keyring;
    int64_t changes_kept;
    int64_t audit_days, audit_rows;
    bool (*may_commit)(bool durable, void *arg);
    void *may_commit_arg;
    struct writer *writer;
    struct readers *readers;
    struct db main, blobs;   /* the writer thread's */
    int64_t next_id;         /* the writer thread's */
    int64_t next_blob;       /* the writer thread's */
    struct place_hint place; /* the writer thread's */
    uint8_t hash_key[16];    /* of id_hash; written once */
    uint8_t session_key[32]; /* of session ids and API tokens */
    pthread_mutex_t listeners_lock;
    GArray *listeners; /* struct listener */
    uint64_t told;     /* the modseq that they were told of; under listeners_lock */
    pthread_mutex_t progress_lock;
    GHashTable *progress; /* int64_t account -> struct progress_entry */
    uint64_t progress_tick;
    pthread_mutex_t hashing_lock; /* password checks */
    pthread_cond_t hashing_free;
    int hashing;
    struct audit_reads *audit_reads;
    struct parse_guard *guard;
    struct emptier *emptier; /* or NULL */
    struct dictionaries *dictionaries;
    void (*read_words)(GBytes *raw, struct store_index *index); /* or NULL */
    struct reindexer *reindexer;
};

/* --- schema.c */
bool schema_migrate(struct store *store, GError **error);
/* The newest version of the main file that this program knows. */
int64_t schema_version(void);

/* --- writer.c: one write transaction */

struct tx {
    struct store *store;
    struct db *db;       /* main file */
    struct db *blobs;    /* blob file, committed before the main file */
    GHashTable *changes; /* struct change_key -> kind */
    GHashTable *threads; /* thread -> struct thread_touch */
    GHashTable *told;    /* account -> types, told without a row in the change log */
    bool written;        /* tx_finish is done already */
    bool again;          /* a part of the closure's work is done: it is to run again, in a later
                            transaction, after those that wait */
    GArray *totals;      /* struct totals_delta */
};
/* Runs in the writer thread inside a savepoint; may be run again after a failure, so its effects
 * are in the database or reset at its start. false with error: nothing happened. */
typedef bool tx_fn(struct tx *tx, void *arg, GError **error);
/* Blocks until durable. ERROR_CANCELLED while the store closes. */
bool store_write(struct store *store, enum store_lane lane, tx_fn *fn, void *arg, GError **error);
/* The two halves of store_write: every job that was started must be finished, which frees it; arg
 * lives until then. */
struct job;
struct job *store_write_start(struct store *store, enum store_lane lane, tx_fn *fn, void *arg);
bool store_write_finish(struct store *store, struct job *job, GError **error);
bool store_write_is_done(struct store *store, const struct job *job);
/* Somebody waits for an interactive write: a long bulk closure should set tx->again and return. */
bool tx_should_yield(const struct tx *tx);
bool writer_start(struct store *store, GError **error);
/* Carries out what is queued, then ends. */
void writer_stop(struct store *store);
/* Empties the write-ahead logs into the files, as far as readers allow. Blocks. */
void writer_request_checkpoint(struct store *store);

/* --- emptier.c */
/* NULL there: nothing. Before the files are closed. */
void emptier_stop(struct store *store);

/* --- tx.c */
enum change_kind { CHANGE_CREATED = 1, CHANGE_UPDATED, CHANGE_DESTROYED, CHANGE_COUNTS };
void tx_init(struct tx *tx, struct store *store);
void tx_clear(struct tx *tx);
/* A row of the change log; folded with others of the same object in this transaction. */
void tx_change(struct tx *tx, int64_t account, enum store_type type, int64_t id,
               enum change_kind kind);
/* Listeners hear of it; no row. */
void tx_tell(struct tx *tx, int64_t account, unsigned types);
/* Everyone with access to the account sees a change of it as a LinkedAccount. */
bool tx_account_changed(struct tx *tx, int64_t account, enum change_kind kind, GError **error);
/* Who may see the account, or what they may do with it, changes: to be called while those are in
 * the table who lose by it. */
bool tx_access_changed(struct tx *tx, int64_t account, GError **error);
/* Before emails of a thread are added, changed, moved or removed: remembers what the thread counts
 * in its mailboxes. membership: the thread's list of emails changes too. */
bool tx_touch_thread(struct tx *tx, int64_t account, int64_t thread, bool membership,
                     GError **error);
/* The thread is new in this transaction: nothing is read. */
void tx_touch_new_thread(struct tx *tx, int64_t account, int64_t thread);
/* Progress totals of the account. */
void tx_totals(struct tx *tx, int64_t account, int64_t ready, int64_t ready_bytes, int64_t pending,
               int64_t pending_bytes);
int64_t tx_new_id(struct tx *tx);
int64_t tx_new_blob(struct tx *tx);
/* The last step: counts, modseq, log. */
bool tx_finish(struct tx *tx, GError **error);
/* A closure that needs to know its new states calls tx_finish itself, then this: nothing may change
 * any more. */
void tx_written(struct tx *tx);
/* Types that changed, per account, for the listeners: adds to account -> types. */
void tx_collect_told(struct tx *tx, GHashTable *told);
/* Exact counts of a thread's mailboxes, see counts.c. */
bool counts_recount_account(struct tx *tx, int64_t account, GError **error);

/* --- counts.c */
struct thread_touch {
    int64_t account;
    bool membership; /* its list of emails changes */
    GArray *before;  /* struct thread_count */
    int64_t emails_before;
};
struct thread_count {
    int64_t mailbox;
    int64_t emails, unread, threads, unread_threads;
};
struct thread_touch *counts_touch(struct tx *tx, int64_t account, int64_t thread, bool is_new,
                                  GError **error);
void counts_touch_free(struct thread_touch *touch);
/* Whether an email with these flags counts as unread. No other flag is counted. */
bool counts_unread(uint32_t bits);
bool counts_finish(struct tx *tx, GError **error);

/* --- log.c */
bool log_write(struct tx *tx, GError **error);
bool log_start_account(struct tx *tx, int64_t account, GError **error);
bool log_remove_account(struct tx *tx, int64_t account, GError **error);
/* The change log's account number of a person's own changes. */
#define LOG_USER(user) (-(user))
uint64_t log_state(struct db *db, int64_t account, enum store_type type, GError **error);
bool log_changes(struct db *db, int64_t account, enum store_type type, uint64_t since, size_t max,
                 struct store_changes *changes, GError **error);
/* The same over accounts (int64_t) together, whose states go back to floor at most. */
bool log_changes_of(struct db *db, const GArray *accounts, uint64_t floor, enum store_type type,
                    uint64_t since, size_t max, struct store_changes *changes, GError **error);

struct change_key {
    int64_t account, id;
    unsigned type;
};

/* --- readers.c */
struct reader {
    struct db main, blobs;
    bool open;
};
bool readers_init(struct store *store, unsigned count, GError **error);
void readers_free(struct store *store);
/* A reader in a snapshot of its own; waits for a free one. NULL with ERROR_STORE. */
struct reader *reader_begin(struct store *store, GError **error);
void reader_end(struct store *store, struct reader *reader);
/* db_numbers in a snapshot of its own; NULL on error. (transfer full) */
GArray *reader_numbers(struct store *store, const char *sql, const struct db_value *values,
                       size_t count, GError **error);

/* --- listen.c */
void listeners_tell(struct store *store, GHashTable *told, uint64_t modseq);
void listeners_tell_one(struct store *store, int64_t account, unsigned types);

struct progress_entry {
    struct store_progress progress;
    uint64_t tick;   /* when it changed last */
    int64_t told_at; /* monotonic microseconds */
    /* The account's state that could not be written, say on a full disk: shown in place of the
     * stored one. state NULL: none. */
    struct {
        char *state, *detail;
        const char *problem;
        int64_t at, next_attempt;
    } unwritten;
};
void progress_entry_free(void *entry);
/* (transfer full) the state that could not be written, or NULL. */
char *progress_unwritten_state(struct store *store, int64_t account);

/* A first sync of the account is under way. */
bool progress_is_first_sync(struct store *store, int64_t account);

/* --- access.c: the handle was made with this right; else ERROR_FORBIDDEN. */
bool access_require(const struct store_access *access, enum store_right right, GError **error);
/* Behind the handle there is this account, with this right; ERROR_NOT_FOUND, ERROR_FORBIDDEN. */
bool access_require_in(const struct store_access *access, int64_t account, enum store_right right,
                       GError **error);
/* What the person may do in an account behind the handle; 0: it is not one. */
unsigned access_rights(const struct store_access *access, int64_t account);
bool access_is_unified(const struct store_access *access);
/* The person linked the account; else it is shared with them. */
bool access_is_own(struct db *db, const struct store_access *access, int64_t account);
/* The state of a type as the handle's account has it in this snapshot. */
uint64_t access_state(struct db *db, const struct store_access *access, enum store_type type);
/* Internal number of a visible email behind the handle, and its account; 0: none. */
int64_t access_email(struct db *db, const struct store_access *access, int64_t public_id,
                     int64_t *account);
/* log_changes of the handle's account: with several, in the order in which they came about. */
bool access_changes(struct db *db, const struct store_access *access, enum store_type type,
                    uint64_t since, size_t max, struct store_changes *changes, GError **error);

/* --- folders.c */
/* Where a mailbox row is: here and there, made here and not there yet, or deleted here and still
 * there. */
enum folder_place { FOLDER_THERE, FOLDER_NEW, FOLDER_LEAVING };

/* --- refusals.c: a change that the server refused, for people to see. email: internal number. */
bool refusal_add(struct tx *tx, int64_t account, const char *change, int64_t mailbox, int64_t email,
                 const GError *reason, GError **error);

/* --- hashing */
int64_t id_hash(const struct store *store, const char *text);

struct parse_guard *parse_guard_open(const char *directory, GError **error);
void parse_guard_close(struct parse_guard *guard);

/* --- reindex.c: emails that are here and not in the word index are indexed, in a thread of its
 * own. prepare, before anything else: an index made in another way is emptied. */
bool reindex_prepare(struct store *store, GError **error);
bool reindex_start(struct store *store, GError **error);
/* Waits for the slice under way; what is left is done after the next start. The writer may still
 * wake it, until it is freed. */
void reindex_stop(struct store *store);
void reindex_free(struct store *store);
/* In a write transaction, or at any time: there may be such emails. */
void reindex_wake(struct store *store);

/* Continues removals of accounts that a crash interrupted, and deletes expired things. */
bool housekeeping_start(struct store *store, GError **error);
/* Deletes blobs that nothing uses any more. Blocks. */
bool housekeeping_run(struct store *store, GError **error);

#endif

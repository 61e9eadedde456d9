/* The store: accounts, mail, change log, intents, search. One interface over SQLite now and
 * PostgreSQL later: no SQL, no statement and no transaction shows here.
 *
 * Three views of it: store/mail.h takes an access handle and is all that JMAP may see; store/sync.h
 * is for the sync engine; store/admin.h is for commands, sign-in and set-up. Every function may be
 * called from any thread. Writes go to one writer thread, are durable when the call returns, and
 * must never be made while the caller holds a network lock. */
#ifndef POSTROOM_STORE_STORE_H
#define POSTROOM_STORE_STORE_H

#include "base/error.h"
#include "base/keyring.h"
#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct store_index;

struct store_config {
    const char *directory;         /* the data directory; made (0700) when missing */
    const struct keyring *keyring; /* borrowed until store_close */
    unsigned readers;              /* connections for reading, more while reads take long; 0: 4 */
    int64_t changes_kept;          /* rows of the change log per account; 0: 200000 */
    int64_t audit_days;            /* how long acts are remembered; 0: 365 */
    int64_t audit_rows;            /* and how many at most; 0: 1,000,000 */
    /* What a message says, for the word index: fills an empty index, the same each time for the
     * same bytes. In any thread. NULL: phrases are looked for in summaries only, and an email that
     * goes has its account indexed anew. */
    void (*read_words)(GBytes *raw, struct store_index *index);
    /* Tests only, NULL otherwise: asked on the writer thread before each commit, and again when it
     * is durable. False: the write fails there, as if the process had died. */
    bool (*may_commit)(bool durable, void *arg);
    void *may_commit_arg;
};

/* Opens (and migrates) the data directory. The caller holds its lock. ERROR_STORE says what is
 * wrong and what to do; a database of a newer version is refused. */
struct store *store_open(const struct store_config *config, GError **error);
/* Waits for the writes under way. */
void store_close(struct store *store);
/* At most once, before store_close: what is committed from now on goes from the logs into the files
 * beside all else, so that closing takes less. For a command; a server's logs are emptied as they
 * fill. */
void store_ends_soon(struct store *store);

/* Types of the change log; as bits for listeners. */
enum store_type {
    STORE_MAILBOX = 1 << 0,
    STORE_EMAIL = 1 << 1,
    STORE_THREAD = 1 << 2,
    STORE_IDENTITY = 1 << 3,
    STORE_SUBMISSION = 1 << 4,
    STORE_EMAIL_DELIVERY = 1 << 5, /* new mail, but that of a first sync: RFC 8621, 1.5 */
    STORE_LINKED_ACCOUNT = 1 << 6, /* state, problem or progress of the account */
    STORE_INTENT = 1 << 7, /* something for the sync engine to carry out: an intent, a submission, a
                              wanted message */
    STORE_ACCESS = 1 << 8, /* who may see the account changed */
    STORE_PUSH = 1 << 9,   /* a push subscription was made, changed or destroyed; account 0 */
    STORE_VACATION = 1 << 10, /* the vacation response's settings */
    STORE_UNREAD = 1 << 11,   /* attachments are to be read (store/attachments.h) */
    STORE_QUOTA = 1 << 12,    /* what the mail server says of its limits */
    /* Records (store/records.h). */
    STORE_PREFERENCES = 1 << 13,
    STORE_LABEL = 1 << 14,
    STORE_SAVED_SEARCH = 1 << 15,
    STORE_CONTACT_GROUP = 1 << 16,
    STORE_TRUSTED_SENDER = 1 << 17,
    STORE_NOTE = 1 << 18, /* store/organise.h */
    STORE_TODO = 1 << 19,
    STORE_HIDDEN_CONTACT = 1 << 20, /* a record */
    STORE_SIGNATURE = 1 << 23,      /* a record */
    STORE_TEMPLATE = 1 << 24,       /* store/templates.h */
};
/* What belongs to a person and not to an account: listeners are told of account -user. */
#define STORE_PERSONAL                                                                             \
    ((unsigned)(STORE_PREFERENCES | STORE_SAVED_SEARCH | STORE_CONTACT_GROUP |                     \
                STORE_TRUSTED_SENDER | STORE_HIDDEN_CONTACT | STORE_SIGNATURE | STORE_TEMPLATE))

/* Called after commit, from the store's own thread: must return quickly and must not call the
 * store. account 0: all; negative: a person's own (STORE_PERSONAL). */
typedef void store_listener_fn(int64_t account, unsigned types, void *arg);
void store_listen(struct store *store, store_listener_fn *fn, void *arg);
void store_unlisten(struct store *store, store_listener_fn *fn, void *arg);
/* What listeners were told of: the states of all accounts that are at most this one are from
 * changes that each listener was called for before this returns. Not from a listener. */
uint64_t store_told(struct store *store);

/* A changes answer (RFC 8620, 5.2). ids are numbers; jmap makes strings of them. */
struct store_changes {
    uint64_t old_state, new_state;
    bool has_more;
    GArray *created, *updated, *destroyed; /* int64_t */
    bool
        counts_only; /* Mailbox: only the four counts changed in all updated ones (RFC 8621, 2.2) */
};
void store_changes_clear(struct store_changes *changes);

#endif

/* Mail as JMAP sees it (RFC 8621). Every function takes an access handle, of one account or, where
 * it does not say otherwise, of all together (store_authorise_all); ids are numbers that no two
 * accounts share: Mailbox, Email (the public number, which a thread merge renews), Thread,
 * Identity, EmailSubmission, blob. Foreign and missing ids are alike. Writing functions need a
 * handle with STORE_WRITE (STORE_SEND for submissions), else ERROR_FORBIDDEN. */
#ifndef POSTROOM_STORE_MAIL_H
#define POSTROOM_STORE_MAIL_H

#include "store/access.h"
#include "text/text.h"

/* The state of a type (JMAP's state strings are these numbers). */
uint64_t store_state(const struct store_access *access, enum store_type type);
/* What changed since a state of any account, in those behind the handle. (transfer full) of struct
 * store_changed; of a unified handle, STORE_ACCESS of account 0 among them, and what is personal of
 * account -user. */
struct store_changed {
    int64_t account;
    unsigned types; /* enum store_type bits */
};
GArray *store_changed_since(const struct store_access *access, uint64_t since, GError **error);
/* ERROR_CANNOT_CALCULATE when the log no longer reaches back or the state is not ours. max 0: no
 * limit. */
bool store_changes(const struct store_access *access, enum store_type type, uint64_t since,
                   size_t max, struct store_changes *changes, GError **error);

/* --- Mailbox
 * --------------------------------------------------------------------------------------------------
 */

struct store_mailbox {
    int64_t id, parent; /* parent 0: top level */
    int64_t account;    /* whose it is; 0: the unified account's own */
    char *name;         /* one level, UTF-8 NFC */
    enum mail_role role;
    uint32_t sort_order;
    bool subscribed, selectable; /* selectable: it may hold mail */
    bool may_have_children;      /* the server's names have levels */
    bool fixed; /* of the unified account: not to be renamed, deleted or given children there */
    unsigned rights; /* enum store_right bits: what the person may do in it */
    uint32_t total_emails, unread_emails, total_threads, unread_threads; /* exact (RFC 8621, 2) */
};
void store_mailbox_free(struct store_mailbox *mailbox);
/* All of the account. (transfer full) with free func. */
GPtrArray *store_mailboxes(const struct store_access *access, uint64_t *state, GError **error);

#define STORE_KEYWORDS_MAX 100     /* that clients give an email; a server may have given more */
#define STORE_MAILBOX_NAME_MAX 255 /* octets */
#define STORE_MAILBOX_DEPTH_MAX 20

/* What a Mailbox/set changes of one mailbox (RFC 8621, 2.5); it is seen here at once, and an intent
 * carries it to the server. The role and the order are kept here only, and win over what the server
 * or a name says. */
struct store_mailbox_patch {
    bool has_name, has_parent, has_role, has_sort_order, has_subscribed;
    const char *name; /* any form of UTF-8: kept as NFC */
    int64_t parent;   /* 0: top level */
    enum mail_role role;
    uint32_t sort_order;
    bool subscribed;
};
/* ERROR_INVALID names the property in *property; ERROR_FORBIDDEN: the inbox is neither renamed nor
 * deleted, or no folders are known yet; ERROR_OVER_QUOTA: the server takes no more folders. Returns
 * the new id, 0 on error; has_name is needed. */
int64_t store_mailbox_create(const struct store_access *access,
                             const struct store_mailbox_patch *patch, const char **property,
                             GError **error);
/* ERROR_NOT_FOUND besides. */
bool store_mailbox_update(const struct store_access *access, int64_t id,
                          const struct store_mailbox_patch *patch, const char **property,
                          GError **error);
/* Mailboxes each of which wants the name that the next one has, and the last one that of the first:
 * all are updated in one transaction, or none. */
struct store_mailbox_change {
    int64_t id;
    struct store_mailbox_patch patch;
};
bool store_mailboxes_exchange(const struct store_access *access,
                              const struct store_mailbox_change *list, size_t count,
                              GError **error);
/* Without remove_emails only an empty one. ERROR_CONFLICT names "mailboxHasChild" or
 * "mailboxHasEmail" in *property. */
bool store_mailbox_destroy(const struct store_access *access, int64_t id, bool remove_emails,
                           const char **property, GError **error);

/* --- changes that the server refused
 * ----------------------------------------------------------------------------------------------------
 */

/* It was undone here. The newest few of an account are kept until somebody has read them. */
#define STORE_REFUSALS_MAX 50
struct store_refusal {
    int64_t id;
    char *change;           /* "flags", "move", "copy", "delete", "append", "create-folder",
                               "rename-folder", "delete-folder", "subscribe" */
    int64_t mailbox, email; /* what it was about, public ids; 0: none, or gone since */
    char *name;             /* of the folder, or the email's subject; or NULL */
    char *problem, *detail; /* problem code; the server's words */
    int64_t at;
};
void store_refusal_free(struct store_refusal *refusal);
/* Newest first. (transfer full) with free func. */
GPtrArray *store_refusals(const struct store_access *access, GError **error);
/* They were read: forgets those up to this id. */
bool store_refusals_clear(const struct store_access *access, int64_t up_to, GError **error);

/* --- Email
 * ----------------------------------------------------------------------------------------------------
 */

enum store_email_state {
    STORE_EMAIL_PENDING, /* headers only; the raw message follows */
    STORE_EMAIL_READY,
    STORE_EMAIL_UNREADABLE, /* raw kept, not parsed (SECURITY.md 9) */
};

struct store_email {
    int64_t id, account, thread, blob; /* blob 0 while pending */
    enum store_email_state state;
    int64_t received_at;
    uint64_t size; /* octets of the raw message; an estimate while pending */
    struct mail_summary *summary;
    struct mail_flags flags;
    GArray *mailboxes; /* int64_t */
    /* Of its conversation: */
    unsigned notes, todos; /* to-dos that are open */
    int64_t due;           /* the first day that one of these is due, yyyymmdd; 0: none is */
};
void store_email_free(struct store_email *email);

enum store_email_part {
    STORE_EMAIL_SUMMARY = 1,
    STORE_EMAIL_FLAGS = 2,
    STORE_EMAIL_MAILBOXES = 4,
    STORE_EMAIL_NOTES = 8,
};
/* Those of the ids that exist, in their order; parts: what to load besides the fixed fields.
 * (transfer full) with free func. */
GPtrArray *store_emails(const struct store_access *access, const int64_t *ids, size_t count,
                        unsigned parts, uint64_t *state, GError **error);
/* Asks the sync engine to bring a pending email's message ahead of the queue. */
void store_email_want(const struct store_access *access, int64_t id);

/* --- Thread
 * -----------------------------------------------------------------------------------------------------
 */

/* Email ids of a thread by received_at, then id (RFC 8621, 3); empty: no such thread. (transfer
 * full) GArray of int64_t. */
GArray *store_thread_emails(const struct store_access *access, int64_t thread, GError **error);

/* --- query
 * ------------------------------------------------------------------------------------------------------
 */

enum store_filter_kind {
    STORE_AND,
    STORE_OR,
    STORE_NOT, /* with children */
    STORE_IN_MAILBOX,
    STORE_IN_MAILBOX_OTHER_THAN, /* ids */
    STORE_BEFORE,
    STORE_AFTER, /* number: received_at seconds; before is <, after is >= */
    STORE_MIN_SIZE,
    STORE_MAX_SIZE, /* number: >=, < */
    STORE_HAS_KEYWORD,
    STORE_NOT_KEYWORD,
    STORE_ALL_IN_THREAD,
    STORE_SOME_IN_THREAD,
    STORE_NONE_IN_THREAD, /* text: the keyword */
    STORE_HAS_ATTACHMENT, /* number: 0 or 1 */
    STORE_TEXT,
    STORE_FROM,
    STORE_TO,
    STORE_CC,
    STORE_BCC,
    STORE_SUBJECT,
    STORE_BODY,
    STORE_FILENAME,  /* words */
    STORE_HEADER,    /* text: name; words[0]: value or NULL */
    STORE_HAS_NOTE,  /* number: 0 or 1; of the conversation, as the next two */
    STORE_NOTE_TEXT, /* words, in one of its notes or to-dos */
    STORE_TODO_IS,   /* todo: one of its to-dos is so */
    STORE_NEVER,     /* matches nothing */
};
/* A tree, built by jmap, at most 32 deep and 512 nodes. */
struct store_filter {
    enum store_filter_kind kind;
    GPtrArray *children; /* of struct store_filter */
    GArray *ids;         /* int64_t */
    int64_t number;
    char *text;
    char **words;        /* already broken and folded by text_query_words */
    bool phrase, prefix; /* words in this order; last word is a prefix */
    /* Days as yyyymmdd, from the first to before the second, 0: any, which those without a day
     * meet too. person: user who is to do it; 0: anybody, or nobody. */
    struct {
        bool done;
        int64_t due_from, due_before, person;
    } todo;
    /* Of STORE_HEADER: how a field's value reads (RFC 2047); NULL: as it stands. (transfer full) */
    char *(*decode)(const char *value);
};
struct store_filter *store_filter_new(enum store_filter_kind kind);
void store_filter_free(struct store_filter *filter);

enum store_sort_by {
    STORE_BY_RECEIVED_AT,
    STORE_BY_SENT_AT,
    STORE_BY_SIZE,
    STORE_BY_FROM,
    STORE_BY_TO,
    STORE_BY_SUBJECT,
    STORE_BY_KEYWORD,
    STORE_BY_ALL_IN_THREAD,
    STORE_BY_SOME_IN_THREAD,
    /* By how well the words of the filter are met: where they stand (subject, from, other
     * addresses, body, names of attachments, quoted text) and how rare they are. The newest
     * RELEVANCE_NEWEST (2,000) matches are weighed, the older ones follow them, newest first. Words
     * under NOT, or under OR beside other conditions, do not count. What is asked for first is the
     * descending order. Its changes cannot be told. */
    STORE_BY_RELEVANCE,
};
struct store_sort {
    enum store_sort_by by;
    bool ascending;
    enum text_collation collation; /* of texts */
    const char *keyword;
};
struct store_query {
    const struct store_filter *filter; /* NULL: all */
    const struct store_sort *sort;
    size_t sort_count;             /* 0: newest first */
    int64_t position;              /* negative: from the end */
    int64_t anchor, anchor_offset; /* anchor 0: none */
    size_t limit;
    bool collapse_threads, calculate_total;
    size_t reads_max;   /* 0: STORE_READS_MAX */
    int64_t worked_max; /* of clock_worked(): goes on no longer; 0: as long as it takes */
};
/* Phrases and header fields are looked for in the messages themselves: so many are read for what is
 * asked for, and a fiftieth of that for the total of what follows it. */
#define STORE_READS_MAX 100000
struct store_query_result {
    uint64_t state;
    GArray *ids; /* int64_t */
    uint64_t position;
    bool has_total; /* it was asked for, and counted */
    uint64_t total;
};
void store_query_result_clear(struct store_query_result *result);
/* ERROR_NOT_FOUND: the anchor is not in the result; ERROR_INVALID: more messages would have to be
 * read than may be. Ties are broken by id, so that paging is stable. */
bool store_query(const struct store_access *access, const struct store_query *query,
                 struct store_query_result *result, GError **error);

/* What makes the list that a query had into the one that it has now. */
struct store_query_added {
    int64_t id;
    uint64_t index; /* in the list of now */
};
struct store_query_changes {
    uint64_t new_state;
    GArray *removed; /* int64_t; some may not have been in the list */
    GArray *added;   /* struct store_query_added, by index; those that stay but may have changed
                        their place are removed and added */
    bool has_total;  /* it was asked for, and counted */
    uint64_t total;
};
void store_query_changes_clear(struct store_query_changes *changes);
/* Of a query without a window since a state (RFC 8620, 5.6). up_to, 0: none: what is added after it
 * is left out, where filter and sort are of what never changes.
 * ERROR_CANNOT_CALCULATE: the log does not reach back, or too many messages would have to be read;
 * ERROR_TOO_LARGE: there are more than max. */
bool store_query_changes(const struct store_access *access, const struct store_query *query,
                         uint64_t since, int64_t up_to, size_t max,
                         struct store_query_changes *changes, GError **error);

/* --- set
 * -----------------------------------------------------------------------------------------------------------
 */

/* What an Email/set changes, all in one transaction with its intents. */
struct store_set;
/* if_in_state 0: no condition. (transfer full) */
struct store_set *store_set_new(const struct store_access *access, uint64_t if_in_state);
void store_set_free(struct store_set *set);

struct store_email_patch {
    bool replace_flags; /* flags is the whole new set; else add and remove below */
    struct mail_flags flags, add, remove;
    bool replace_mailboxes; /* mailboxes is the whole new set; else add and remove below */
    GArray *mailboxes, *mailboxes_add, *mailboxes_remove; /* int64_t, or NULL */
};
struct store_new_email {
    int64_t account; /* one behind a unified handle; 0: the handle's */
    int64_t blob;    /* the raw message, of this account */
    const struct mail_summary *summary;
    struct mail_flags flags;
    GArray *mailboxes; /* int64_t, at least one */
    int64_t received_at;
    uint64_t size;
    GBytes *message; /* the bytes of the blob, for the word index */
    bool unread;     /* there are attachments whose contents are still to be read */
};
/* Each returns the index of the item, for the results. Arguments are copied. */
size_t store_set_update(struct store_set *set, int64_t id, const struct store_email_patch *patch);
size_t store_set_create(struct store_set *set, const struct store_new_email *email);
size_t store_set_destroy(struct store_set *set, int64_t id);
/* ERROR_CONFLICT: the state differs, nothing was done. Other errors: nothing was done. */
bool store_set_commit(struct store_set *set, uint64_t *old_state, uint64_t *new_state,
                      GError **error);
/* After commit. NULL: the item was carried out. ERROR_NOT_FOUND; ERROR_INVALID with *property
 * "mailboxIds" or "keywords"; ERROR_OVER_QUOTA: as the mail server said not long ago, it has no
 * room for a new email; it is asked anew. */
const GError *store_set_error(const struct store_set *set, size_t item, const char **property);
/* The new email of a create (id, blob, thread, size filled; no parts); owned by the set. */
const struct store_email *store_set_created(const struct store_set *set, size_t item);

/* --- blobs
 * -------------------------------------------------------------------------------------------------------------
 */

/* Words for the index, broken and folded by text_index_words; each may be NULL. */
struct store_index {
    char *subject, *from, *to, *cc, *bcc, *body, *quoted, *filenames;
    char *other;    /* of the body's alternatives that body and quoted are not from */
    char *contents; /* of attachments */
    bool unread;    /* there are attachments to be read */
};
void store_index_clear(struct store_index *index);
/* Fills the words of subject and addresses, the same for every way into the index; what else it
 * holds stays. */
void store_index_headers(const struct mail_summary *summary, struct store_index *index);

/* Keeps bytes as a blob that lives for a day unless an email takes it (RFC 8620, 6.1). Over the
 * user's quota of unreferenced uploads their oldest ones go. Returns its number, 0 on error
 * (ERROR_TOO_LARGE for the whole quota, ERROR_DISK_FULL). type may be NULL. */
int64_t store_blob_put(const struct store_access *access, GBytes *bytes, const char *type,
                       GError **error);
/* The emails of the account whose raw message is one of these blobs, at most that many. Ids
 * (transfer full), or NULL on error. */
GArray *store_blob_emails(const struct store_access *access, const GArray *blobs, size_t most,
                          GError **error);
/* (transfer full) or NULL with ERROR_NOT_FOUND. Large ones are backed by a file. */
GBytes *store_blob(const struct store_access *access, int64_t blob, GError **error);

/* --- identities and submissions
 * ------------------------------------------------------------------------------------------ */

#define STORE_IDENTITIES_MAX 100

/* What the sending server of the email's account takes of one message, in octets, as it said last;
 * 0: it does not say. */
uint64_t store_size_limit(const struct store_access *access, const struct store_email *email);

struct store_identity {
    int64_t id, account;
    char *name, *email, *text_signature;
    char *html_signature; /* as some client gave it: hostile wherever it is shown */
    char *reply_to, *bcc; /* EmailAddress[] as JSON, or NULL */
    bool may_delete;      /* false: the one that came with the account */
    /* Whether mail may be sent from its address, or what its proof came to. */
    enum store_proof_state {
        STORE_PROOF_GIVEN,
        STORE_PROOF_PENDING, /* the mail with the code is under way */
        STORE_PROOF_REFUSED  /* the server did not take it */
    } proof;
    int64_t proof_sent_at; /* of one that is not given */
    char *proof_problem;   /* a problem code, or NULL */
    char *proof_reply;     /* what the server said, or NULL */
};
void store_identity_free(struct store_identity *identity);
/* All of the account, by id. (transfer full) with free func. */
GPtrArray *store_identities(const struct store_access *access, uint64_t *state, GError **error);

/* What an Identity/set says of one identity (RFC 8621, 6.3). Texts NULL: as before, or empty. */
struct store_identity_patch {
    const char *name, *text_signature, *html_signature;
    bool has_reply_to, has_bcc;
    const char *reply_to, *bcc; /* as above */
};
/* These need STORE_SEND: who writes a bcc into an identity reads what others send as it. */
/* A mail from an address to itself, that proves that it is one of the mailbox: its arrival does,
 * and so does its code. */
#define STORE_PROOFS_PER_DAY 20
#define STORE_PROOF_TRIES 5 /* of one code */
struct store_proof {
    const char *code, *message_id;
    GBytes *raw;
};
/* email: any spelling of the account's address or of one that is proven; of another one proof is
 * needed (else ERROR_FORBIDDEN), which is put into the outbox. ERROR_TOO_LARGE: there are
 * STORE_IDENTITIES_MAX. ERROR_THROTTLED: too many proofs today. Returns the new id, 0 on error. */
int64_t store_identity_create(const struct store_access *access, const char *email,
                              const struct store_identity_patch *patch,
                              const struct store_proof *proof, GError **error);
/* Sends another proof of one that has none yet. ERROR_NOT_FOUND, ERROR_CONFLICT (it is proven),
 * ERROR_THROTTLED. */
bool store_identity_prove(const struct store_access *access, int64_t id,
                          const struct store_proof *proof, GError **error);
/* With a code that a person typed. ERROR_NOT_FOUND; ERROR_CONFLICT: it is proven; ERROR_INVALID:
 * another code; ERROR_OVER_QUOTA: tried too often, a new one is to be sent. */
bool store_identity_verify(const struct store_access *access, int64_t id, const char *code,
                           GError **error);
/* ERROR_NOT_FOUND. */
bool store_identity_update(const struct store_access *access, int64_t id,
                           const struct store_identity_patch *patch, GError **error);
/* Texts of a signature. Borrowed. */
struct store_signature {
    const char *text, *html;
};
/* Gives an identity of an account that the handle's person owns a signature; instead_of (or NULL):
 * only one that has this. An identity of others is left alone. */
bool store_identity_sign(const struct store_access *access, int64_t id,
                         const struct store_signature *signature,
                         const struct store_signature *instead_of, GError **error);
/* ERROR_NOT_FOUND; ERROR_FORBIDDEN when it may not be deleted. Submissions made with it go on. */
bool store_identity_destroy(const struct store_access *access, int64_t id, GError **error);

enum store_send_state {
    STORE_SEND_PENDING,
    STORE_SEND_SENDING,
    STORE_SEND_UNCERTAIN,
    STORE_SEND_SENT,
    STORE_SEND_FAILED,
    STORE_SEND_CANCELLED
};
/* What notifications said of one recipient. */
struct store_outcome {
    char *address; /* as in rcpt_to */
    enum mail_delivered delivered;
    bool displayed;
    char *reply; /* or NULL */
};
void store_outcome_free(struct store_outcome *outcome);

struct store_submission {
    int64_t id, identity, email, thread;
    char *mail_from;
    char **rcpt_to;
    char *envelope_json; /* parameters as they came, or NULL */
    char *envid;         /* to create: the ENVID among them, or NULL */
    int64_t send_at;
    bool files; /* the draft moves to Sent, and is a draft no more, when it has gone out */
    enum store_send_state state;
    int attempts;
    int64_t next_attempt;
    int64_t handed_over_at;        /* when its final dot was about to leave; 0: never */
    char *reply;                   /* last words of the server */
    char *problem;                 /* problem code, or NULL */
    char *rcpt_replies;            /* JSON {"address": "reply"}, or NULL */
    bool reported;                 /* notifications came: the rest is filled by store_submissions */
    GPtrArray *outcomes;           /* of struct store_outcome, or NULL */
    GArray *dsn_blobs, *mdn_blobs; /* int64_t, oldest first, or NULL */
};
void store_submission_free(struct store_submission *submission);
/* ids NULL: all, newest first. */
GPtrArray *store_submissions(const struct store_access *access, const int64_t *ids, size_t count,
                             uint64_t *state, GError **error);
/* Puts a submission into the outbox: durable when it returns. The email's Message-ID is fixed in
 * its blob already. id, thread, state, attempts of the argument are filled. ERROR_NOT_FOUND names
 * "emailId" or "identityId" in *property. */
bool store_submission_create(const struct store_access *access, struct store_submission *submission,
                             const char **property, uint64_t *old_state, uint64_t *new_state,
                             GError **error);
/* Cancels one that has not begun; ERROR_CONFLICT when it has. */
bool store_submission_cancel(const struct store_access *access, int64_t id, GError **error);

/* --- quotas
 * ---------------------------------------------------------------------------------------------------------------
 */

/* What a quota counts (RFC 9425, 3.2). */
enum store_quota_of { STORE_QUOTA_OCTETS, STORE_QUOTA_EMAILS, STORE_QUOTA_MAILBOXES };
/* A limit of the mail server, as it told it last. */
struct store_quota {
    int64_t id;
    char *root;    /* the server's name for it; may be "" */
    char *address; /* of the account */
    enum store_quota_of of;
    uint64_t used, limit; /* at most INT64_MAX */
};
void store_quota_free(struct store_quota *quota);
/* All of the account, by id. (transfer full) with free func. */
GPtrArray *store_quotas(const struct store_access *access, uint64_t *state, GError **error);

/* --- vacation response
 * --------------------------------------------------------------------------------------------------
 */

/* A sender is answered once in so many days. */
#define STORE_VACATION_DAYS 7

/* RFC 8621, 8. Times in seconds since 1970, INT64_MIN: none; texts NULL: the default. */
struct store_vacation {
    bool enabled;
    int64_t from, to; /* mail received from then on, and before then */
    char *subject, *text;
    char *html; /* as some client gave it */
};
void store_vacation_clear(struct store_vacation *vacation);
/* To be cleared, also after a failure. */
bool store_vacation(const struct store_access *access, struct store_vacation *vacation,
                    uint64_t *state, GError **error);
/* The whole of it. Mail received before it was switched on is never answered. Needs STORE_SEND. */
bool store_vacation_set(const struct store_access *access, const struct store_vacation *vacation,
                        GError **error);

#endif

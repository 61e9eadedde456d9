/* Email/query. A listing is a query in each account behind the handle; their walks are merged.
 * Every email has a place in the order by received_at (email.ord), and each way to find emails
 * gives them in that order: members of a mailbox, matches of words, all. A query walks the cheapest
 * of these streams (or two in step), tests what remains, and stops when it has what was asked for.
 */
#ifndef POSTROOM_STORE_SQLITE_QUERY_H
#define POSTROOM_STORE_SQLITE_QUERY_H

#include "store/sqlite/emails.h"
#include "store/summary_words.h"

struct query;
struct listing;

/* An email under test; what is not loaded yet is read when it is needed. */
struct candidate {
    struct query *query; /* of the email's account */
    int64_t ord;
    int64_t email; /* 0: not loaded */
    int64_t thread;
    uint32_t bits;
    bool has_row;
    int64_t size, received_at, blob;
    bool attachment;
    enum store_email_state state;
    const char *words; /* owned by the query */
};

struct query {
    struct listing *listing;
    struct store *store;
    struct reader *reader;
    int64_t account;
    size_t nth; /* of the listing */
    GError *error;
    /* the plan: */
    GString *match;       /* words of the index, or NULL */
    bool beginnings;      /* some of them: the index merges all it has of those before the first */
    int64_t mailbox;      /* members of this mailbox, or 0 */
    bool unseen;          /* of these, the unseen ones only */
    bool flagged, worded; /* of all, those flagged or with keywords of their own */
    int64_t first, last;  /* bounds of ord */
    bool never;
    GPtrArray *tests;        /* const struct store_filter *, all must hold */
    GPtrArray *phrases;      /* and these, of whose words match is made: tested last */
    GPtrArray *worded_by;    /* const struct store_filter *: what match was made of */
    GHashTable *texts;       /* const struct store_filter * -> GArray of ord, sorted */
    GArray *pending;         /* struct candidate: matches of worded_by outside the index, by ord */
    GHashTable *thread_bits; /* keyword and thread -> answer */
    GHashTable *noted;       /* const struct store_filter * -> set of threads */
    GHashTable *real;        /* const struct store_filter * -> GArray of ids; NULL: as they are */
    char *candidate_words;
    /* of the candidate that a phrase was looked for in last; emails 0: none */
    int64_t headers_of, words_of;
    struct store_index headers, message;
};

struct listing {
    struct store *store;
    const struct store_access *access;
    struct reader *reader;
    struct query *queries; /* count, by account */
    size_t count;
    size_t reads_max, reads_left; /* messages that may be read, and may still */
    int64_t worked_max;           /* as asked */
    unsigned steps;               /* since the clock was looked at */
    size_t loaded;                /* matches of words that are held in memory */
    bool counting;                /* what is still walked is counted only */
    bool exhausted;               /* of reads or time: the walk has ended there, */
    bool incomplete;              /* before all that was asked for was found */
};

/* --- query.c */
/* A snapshot, and the plans for the filter; listing stays where it is. close: ok and *error are of
 * what was done with it; an error of the reading itself takes their place. */
bool listing_open(struct listing *listing, const struct store_access *access,
                  const struct store_query *asked, GError **error);
bool listing_close(struct listing *listing, bool ok, GError **error);
bool listing_failed(const struct listing *listing);
/* One more message is about to be read; false: those were enough, the walk is to end. */
bool listing_may_read(struct listing *listing);
/* One more step is about to be taken, of a walk or before it; false: the time is over. */
bool listing_may_go_on(struct listing *listing);
/* From now on matches are only counted: few messages are read for that. */
void listing_only_count(struct listing *listing);
/* The place of an email that is shown; false: it is none. */
bool listing_find(struct listing *listing, int64_t public_id, int64_t *account, int64_t *ord);
/* The mailboxes' own counts answer for a query of nothing else. */
bool listing_total(struct listing *listing, const struct store_query *asked, uint64_t *total);
/* threads: those seen, or NULL where all their emails are listed. */
bool query_first_of_thread(struct query *query, GHashTable *threads, struct candidate *candidate);

/* --- query_filter.c */
void query_plan(struct query *query, const struct store_filter *filter);
bool query_test(struct query *query, const struct store_filter *filter,
                struct candidate *candidate);
/* The mailboxes of the query's account that a condition names. */
const GArray *query_mailboxes(struct query *query, const struct store_filter *filter);
bool query_load_row(struct query *query, struct candidate *candidate);
/* Does any or all of the thread's emails have the keyword? */
bool query_thread_has(struct query *query, int64_t thread, const char *keyword, bool all);
bool query_has_keyword(struct query *query, struct candidate *candidate, const char *keyword);

/* --- query_text.c */
/* Adds the expression of a tree of words to match; false: it is not only words. */
bool query_text_expression(const struct query *query, const struct store_filter *filter,
                           GString *match);
/* Its matches are all that one walk of the index gives, or more: a phrase is looked for in each. */
void query_load_texts(struct query *query, const struct store_filter *filter);
/* Of the candidate's words, which it has all of, those of a phrase stand as they should. The index
 * does not know where words stand: the summary, and then the message, is read. */
bool query_phrase_holds(struct query *query, const struct store_filter *filter,
                        struct candidate *candidate);
/* There is a phrase in this tree of words; a beginning of words. */
bool query_has_phrase(const struct store_filter *filter);
bool query_has_beginning(const struct store_filter *filter);
bool query_header(struct query *query, const struct store_filter *filter,
                  struct candidate *candidate);

/* --- query_pending.c: emails whose message is not here or not indexed yet are not in the index;
 * what is known of them is read. They are few but during a first sync. */
/* Fills pending, and adds to texts. */
void query_load_pending(struct query *query);

/* --- query_stream.c */
typedef bool query_visit_fn(struct query *query, struct candidate *candidate, void *arg);
/* Calls visit with every email that matches, in order, until it returns false; query is that of the
 * candidate. */
void listing_walk(struct listing *listing, bool ascending, query_visit_fn *visit, void *arg);
/* Which of two comes first where times rise. */
int candidate_compare(const struct candidate *a, const struct candidate *b);

/* --- query_sort.c */
/* The first `most` matches in the order asked for: GArray of struct candidate (query, ord, email,
 * thread); *matches: how many there are in all. */
GArray *listing_sorted(struct listing *listing, const struct store_query *asked, size_t most,
                       uint64_t *matches);
/* The order is that of received_at alone. */
bool query_is_direct(const struct store_query *asked, bool *ascending);

#endif

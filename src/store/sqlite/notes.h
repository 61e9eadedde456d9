/* Notes and to-dos inside a write transaction: they follow their emails. */
#ifndef POSTROOM_STORE_SQLITE_NOTES_H
#define POSTROOM_STORE_SQLITE_NOTES_H

#include "store/organise.h"
#include "store/sqlite/emails.h"

/* An email is about to be seen no more: what stands at it goes to another of its thread, if there
 * is one. */
bool notes_leave(struct tx *tx, const struct email_row *row, GError **error);
/* It is in this thread now. */
bool notes_follow(struct tx *tx, int64_t account, int64_t email, int64_t thread, GError **error);
/* All of a thread, those too whose email is gone. */
bool notes_merge(struct tx *tx, int64_t account, int64_t from, int64_t into, GError **error);

/* From a thread of one account to a thread of another. */
struct notes_way {
    int64_t account, thread, into_account, into_thread;
};
/* What stands at an email (0: all of the thread) goes to that one of the other account, with author
 * and times; who does not see that account has nothing to do there. */
bool notes_carry(struct tx *tx, const struct notes_way *way, int64_t email, int64_t into,
                 GError **error);

/* --- regroup.c */
bool regroup_are_apart(struct tx *tx, int64_t a, int64_t b, GError **error);
bool regroup_set_apart(struct tx *tx, int64_t account, int64_t a, int64_t b, GError **error);
/* One email alone comes into another thread, with its notes and what replies to it later; both are
 * touched already. Returns its new public id, 0 on error. */
int64_t regroup_take(struct tx *tx, int64_t account, int64_t email, int64_t from, int64_t into,
                     GError **error);
/* Of threads (int64_t, the nearest first) those stay that no person took apart from one that
 * stays. */
bool regroup_respect(struct tx *tx, GArray *threads, GError **error);
/* One thread has become another. */
bool regroup_merged(struct tx *tx, int64_t from, int64_t into, GError **error);

/* --- threads.c */
/* The email comes into another thread, under a new public id, which is returned; 0 on error. Both
 * threads are touched already. */
int64_t thread_take(struct tx *tx, int64_t account, int64_t email, int64_t public_id,
                    int64_t thread, GError **error);
/* All of one thread comes into another; ids (may be NULL) gets the new public ids, by received_at.
 */
bool thread_merge(struct tx *tx, int64_t account, int64_t from, int64_t into, GArray *ids,
                  GError **error);

/* --- query_notes.c: threads of the query's account by what people wrote to them */
struct query;
struct candidate;
bool query_notes_test(struct query *query, const struct store_filter *filter,
                      struct candidate *candidate);
/* Where a condition that all matches meet leaves the walk. */
void query_notes_plan(struct query *query, const struct store_filter *filter);

#endif

/* How linked mailboxes do, apart from their mail: health, checks, the sync log, set-ups that were
 * begun. For sync and app; what a person may see of it is asked with store_may_oversee. */
#ifndef POSTROOM_STORE_OVERSIGHT_H
#define POSTROOM_STORE_OVERSIGHT_H

#include "store/admin.h"

/* How an account does is the business of everyone who may see it, and of administrators; its mail
 * is not. change: to do something about it too, which needs the right to write, or administrators.
 * ERROR_NOT_FOUND, alike for an account that is missing and one that is foreign; ERROR_FORBIDDEN.
 * Any thread. */
bool store_may_oversee(struct store *store, const struct store_principal *principal,
                       int64_t account, bool change, GError **error);

/* --- the sync log */

#define STORE_SYNC_LOG_MAX 1000          /* entries of an account */
#define STORE_SYNC_LOG_LIFE (30 * 86400) /* seconds */

struct store_sync_note {
    int64_t id, account, at;
    char *event;   /* one of docs/api.md, "Sync log" */
    char *details; /* a JSON object of numbers and codes, never of what mail says; or NULL */
};
void store_sync_note_free(struct store_sync_note *note);
/* Writes them in one transaction, and forgets what is too old or too much; ids are given here.
 * Those of accounts that are gone are left out. */
bool store_sync_notes_add(struct store *store, const GPtrArray *notes, GError **error);
/* Newest first, from position on. *total: how many there are. (transfer full) with free func. */
GPtrArray *store_sync_notes(struct store *store, int64_t account, uint64_t position, size_t limit,
                            uint64_t *total, GError **error);

/* --- checks */

/* The result of the last whole check, a JSON text; *at: when it ended, 0 and NULL: none was made.
 * (transfer full) */
bool store_account_checked(struct store *store, int64_t account, const char *result, int64_t at,
                           GError **error);
char *store_account_check(struct store *store, int64_t account, int64_t *at, GError **error);
/* Accounts, set up and not paused, whose last check ended before then (int64_t), the oldest first.
 */
GArray *store_accounts_unchecked(struct store *store, int64_t before, size_t limit, GError **error);

/* --- set-ups */

/* The person agreed to the start date: mail is fetched from now on. Does nothing to an account that
 * was set up before. */
bool store_account_set_up(struct store *store, int64_t account, int64_t since, GError **error);
/* Accounts linked before then whose set-up was never ended. */
GArray *store_accounts_left(struct store *store, int64_t before, GError **error);

/* --- resync */

/* Forgets what is known of the server's messages, so that every folder is compared from scratch and
 * what could not be read is asked for again. Emails, their numbers, labels and what hangs on them
 * stay: each is found again by Message-ID, date and size; what is not found goes after a whole
 * round. No session may be at work (sync_manager_drop). */
bool store_account_resync(struct store *store, int64_t account, GError **error);

/* --- more about one account */

struct store_account_facts {
    uint64_t unsent;     /* submissions that are still to go out */
    int64_t traffic_day; /* days since 1970, UTC */
    uint64_t traffic;    /* bytes that came on that day */
    bool is_own;         /* the person asked for linked it */
    GPtrArray *linkers;  /* of char *: who else linked it, by e-mail address */
    GPtrArray *sharers;  /* of char *: who else may see it */
};
void store_account_facts_clear(struct store_account_facts *facts);
/* To be cleared, also after a failure. user: who asks, and is not told of among the others. */
bool store_account_facts(struct store *store, int64_t account, int64_t user,
                         struct store_account_facts *facts, GError **error);

#endif

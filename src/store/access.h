/* Who may do what (SECURITY.md 1): the only place where an access handle is made. */
#ifndef POSTROOM_STORE_ACCESS_H
#define POSTROOM_STORE_ACCESS_H

#include "store/store.h"

/* A signed-in person: made by the sign-in functions of store/admin.h only. Immutable,
 * reference-counted. */
struct store_principal;
struct store_principal *store_principal_ref(struct store_principal *principal);
void store_principal_unref(struct store_principal *principal);
int64_t store_principal_user(const struct store_principal *principal);
const char *store_principal_email(const struct store_principal *principal);
bool store_principal_is_admin(const struct store_principal *principal);
/* Still valid: the session was not ended, the token not revoked, the user not removed. For streams
 * that live long. */
bool store_principal_is_valid(struct store *store, const struct store_principal *principal);

enum store_right { STORE_READ = 1, STORE_WRITE = 2, STORE_SEND = 4 };

/* One person's right to one account, checked when it was made: keep it for one call only. */
struct store_access;
/* (transfer full) or NULL with ERROR_NOT_FOUND, alike for an account that is missing and one that
 * is foreign; ERROR_FORBIDDEN when the account may be read, but not this. */
struct store_access *store_authorise(struct store *store, struct store_principal *principal,
                                     int64_t account, enum store_right right, GError **error);
/* All accounts that the person may see now, as one (docs/internals/store.md, "The unified
 * account"). What it may do in each of them is that person's right there: a right is asked for
 * where one of them is changed. ERROR_NOT_FOUND: the person is gone. */
struct store_access *store_authorise_all(struct store *store, struct store_principal *principal,
                                         GError **error);
void store_access_free(struct store_access *access);
/* 0: the unified account. */
int64_t store_access_account(const struct store_access *access);
/* The accounts behind the handle, by id. Borrowed, of int64_t. */
const GArray *store_access_accounts(const struct store_access *access);
struct store *store_access_store(const struct store_access *access);
const struct store_principal *store_access_principal(const struct store_access *access);

/* An account as its user sees it (LinkedAccount of docs/api.md, and the session's accounts).
 */
struct store_progress {
    const char *phase; /* "folders", "headers", "messages"; NULL: none under way. Static string */
    uint64_t messages_done, messages_total, bytes_done, bytes_total, bytes_per_second, seconds_left,
        pending;
};
struct store_account_view {
    int64_t id;
    char *address, *display_name, *provider, *provider_type; /* provider NULL: plain IMAP/SMTP */
    unsigned rights;                                         /* enum store_right bits */
    bool is_own;       /* store_accounts_of only: linked by this person, not shared with them */
    char *owner;       /* likewise: the address of who linked it first */
    char *state;       /* linking, syncing, idle, retrying, paused, needs-relink, error */
    bool awaits_start; /* linked, and nothing is fetched before a person agreed to the start date */
    char *problem, *detail;                             /* problem code and raw text, or NULL */
    int64_t problem_at, since, last_sync, next_attempt; /* 0: none */
    char *send_problem, *send_detail;
    uint64_t size_limit;   /* what its server takes of one message, in octets; 0: it does not say */
    int64_t size_limit_at; /* when it was asked last; 0: never */
    uint64_t unread_attachments;     /* emails whose attachments are still to be read */
    uint64_t unreadable_attachments; /* that were tried, and cannot be read: none of their words */
    struct store_progress progress;
};
void store_account_view_free(struct store_account_view *view);
/* Those the person may see, by id. (transfer full) with free func. *state (may be NULL):
 * changes whenever any of it does. */
GPtrArray *store_accounts_of(struct store *store, const struct store_principal *principal,
                             uint64_t *state, GError **error);
bool store_accounts_state(struct store *store, const struct store_principal *principal,
                          uint64_t *state, GError **error); /* only *state */
/* Changes whenever the person gains or loses an account or a right to one, and with nothing else.
 */
uint64_t store_access_state(struct store *store, const struct store_principal *principal);
/* Changes of them since a state. */
bool store_accounts_changes(struct store *store, const struct store_principal *principal,
                            uint64_t since, struct store_changes *changes, GError **error);

#endif

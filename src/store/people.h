/* Who works here, as a signed-in person sees and changes it: people and their roles, invitations,
 * one's own sessions and API tokens, who may see which account, the log of what was done, and the
 * state of every account. Each call holds against the person's rights as they are now
 * (ERROR_FORBIDDEN), in the same transaction as the change, which is logged there too. */
#ifndef POSTROOM_STORE_PEOPLE_H
#define POSTROOM_STORE_PEOPLE_H

#include "store/access.h"

/* --- people */

#define STORE_INVITATION_LIFE (7 * INT64_C(86400)) /* seconds; of a first password */
#define STORE_RESET_LIFE INT64_C(86400)            /* of a new one */

struct store_person {
    int64_t id, created, seen; /* seen: signed in, or a session or token used; 0: never */
    char *email, *name;
    bool admin, disabled, has_password, has_identity;
    int64_t invited_until; /* an unused link's end; 0: there is none */
    GPtrArray *sole;       /* char *: addresses of mailboxes that only they linked: these go with
                              the person. Only told to administrators */
};
void store_person_free(struct store_person *person);
/* Everybody, by id. Whoever is no administrator is told of those who work here, by name and address
 * only. (transfer full) */
GPtrArray *store_people(struct store *store, const struct store_principal *principal,
                        GError **error);
/* A person without a password, who comes in by store_person_link. The id, 0 with ERROR_CONFLICT:
 * the address is taken; ERROR_INVALID: it is none. */
int64_t store_person_add(struct store *store, const struct store_principal *principal,
                         const char *email, const char *name, bool admin, GError **error);
struct store_person_change {
    const char *name;    /* NULL: as it is */
    int admin, disabled; /* -1: as it is */
};
/* Disabled: sessions, API tokens and pushes end; mail sync of their mailboxes goes on, for those
 * with whom they are shared, and for the day they are enabled again. ERROR_CONFLICT: it would leave
 * no administrator who can sign in. */
bool store_person_update(struct store *store, const struct store_principal *principal, int64_t id,
                         const struct store_person_change *change, GError **error);
/* With the mailboxes that nobody else linked, whose numbers (int64_t) are added to gone.
 * ERROR_CONFLICT as above. Blocks until their mail is gone. */
bool store_person_remove(struct store *store, const struct store_principal *principal, int64_t id,
                         GArray *gone, GError **error);
/* A link's word, shown once: a person without password chooses one by it, others a new one. Each
 * ends those before it. *token (transfer full): secret_wipe_string. */
bool store_person_link(struct store *store, const struct store_principal *principal, int64_t id,
                       char **token, int64_t *expires, bool *is_reset, GError **error);

/* --- one's own ways in */

struct store_own_session {
    char *id; /* no secret */
    int64_t created, used;
    char *agent, *address; /* what the browser said of itself, and where it was; or NULL */
    bool current;
};
void store_own_session_free(struct store_own_session *session);
GPtrArray *store_own_sessions(struct store *store, const struct store_principal *principal,
                              GError **error);
/* ERROR_NOT_FOUND. */
bool store_own_session_end(struct store *store, const struct store_principal *principal,
                           const char *id, GError **error);

struct store_own_token {
    int64_t id, created, used;
    char *name;
};
void store_own_token_free(struct store_own_token *token);
GPtrArray *store_own_tokens(struct store *store, const struct store_principal *principal,
                            GError **error);
/* *token (transfer full) is shown once: secret_wipe_string. 0 with ERROR_TOO_LARGE: there are 50.
 */
int64_t store_own_token_create(struct store *store, const struct store_principal *principal,
                               const char *name, char **token, GError **error);
bool store_own_token_revoke(struct store *store, const struct store_principal *principal,
                            int64_t id, GError **error);

/* Identities of a provider that one signs in with. */
struct store_own_identity {
    char *provider, *login; /* the name it had when it was linked: for display only */
    int64_t linked;
};
void store_own_identity_free(struct store_own_identity *identity);
GPtrArray *store_own_identities(struct store *store, const struct store_principal *principal,
                                GError **error);
/* ERROR_CONFLICT: there is no password, so nobody could sign in any more. */
bool store_own_identity_remove(struct store *store, const struct store_principal *principal,
                               const char *provider, GError **error);

/* --- shares */

struct store_share {
    int64_t account, user;
    char *address, *email; /* of the account, of the person */
    unsigned rights;
    bool owner;       /* linked it: not given by anybody, not to be taken here */
    char *granted_by; /* who gave it; or NULL */
    int64_t granted_at;
};
void store_share_free(struct store_share *share);
/* Who may see the accounts that the person linked, and what others share with them; an
 * administrator is told of all. (transfer full) */
GPtrArray *store_shares(struct store *store, const struct store_principal *principal,
                        GError **error);
/* rights 0 takes it away. By who linked the account, by whom it is given to (taking away only), or
 * by an administrator. ERROR_NOT_FOUND, ERROR_CONFLICT: that person linked it. */
bool store_share_set(struct store *store, const struct store_principal *principal, int64_t account,
                     int64_t user, unsigned rights, GError **error);

/* --- what was done */

struct store_audit_entry {
    int64_t id, at, user, account;                  /* 0: none; the person or account may be gone */
    char *actor, *act, *address, *subject, *detail; /* any but act may be NULL */
};
void store_audit_entry_free(struct store_audit_entry *entry);
struct store_audit_filter {
    int64_t user, account, after, before; /* 0: any; seconds */
    const char *act;                      /* this one, or all that begin so when it ends with "." */
};
/* Newest first. Whoever is no administrator is told of their own acts, and of those on accounts
 * that they linked. ids: int64_t (transfer full). *total may be NULL. */
GArray *store_audit_query(struct store *store, const struct store_principal *principal,
                          const struct store_audit_filter *filter, size_t position, size_t limit,
                          uint64_t *total, GError **error);
/* Those of ids that the person may see. (transfer full) */
GPtrArray *store_audit_get(struct store *store, const struct store_principal *principal,
                           const GArray *ids, GError **error);
/* Notes an act of a person. Texts never hold a secret or anything of a mail. account 0: none. */
void store_audit_note(struct store *store, const struct store_principal *principal, const char *act,
                      int64_t account, const char *subject, const char *detail);
/* Somebody reads in an account: noted once an hour when it is another's. Cheap. */
void store_audit_read(const struct store_access *access, int64_t account);

/* --- all accounts */

struct store_fleet_account {
    struct store_account_view *view;
    char *owner;
    uint64_t emails, bytes;
    unsigned shared; /* with how many who did not link it */
};
void store_fleet_account_free(struct store_fleet_account *account);
/* For administrators; no mail. state as of LinkedAccount. (transfer full) */
GPtrArray *store_fleet(struct store *store, const struct store_principal *principal,
                       uint64_t *state, GError **error);
/* ERROR_CANNOT_CALCULATE: ask for all. */
bool store_fleet_changes(struct store *store, const struct store_principal *principal,
                         uint64_t since, struct store_changes *changes, GError **error);

#endif

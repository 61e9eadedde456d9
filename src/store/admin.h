/* Users, sessions, API tokens, providers, accounts and credentials: for commands, sign-in and
 * set-up. Secrets are sealed with the key file and bound to record, kind and destination origin
 * (SECURITY.md 3); passwords are argon2id; session ids and tokens are stored hashed. */
#ifndef POSTROOM_STORE_ADMIN_H
#define POSTROOM_STORE_ADMIN_H

#include "base/secret.h"
#include "store/access.h"

/* --- users
 * ------------------------------------------------------------------------------------------------------------
 */

struct store_user {
    int64_t id, created;
    char *email;
    bool admin;
};
void store_user_free(struct store_user *user);
/* ERROR_CONFLICT: the address is taken; ERROR_INVALID: not an address, or a password under 8
 * characters. Returns the id, 0 on error. */
int64_t store_user_add(struct store *store, const char *email, const struct secret *password,
                       bool admin, GError **error);
bool store_user_password(
    struct store *store, const char *email, const struct secret *password,
    GError **error); /* ends their sessions, and pushes made with the old one */
/* Also their sessions, tokens, credentials and accesses; accounts nobody else can reach go too. */
bool store_user_remove(struct store *store, const char *email, GError **error);
GPtrArray *store_users(struct store *store, GError **error);

/* --- signing in
 * ---------------------------------------------------------------------------------------------------------
 */

/* Checks a password in the time of one argon2 run whether the user exists or not; at most two runs
 * at once, others wait at most 5 s (ERROR_THROTTLED). (transfer full) or NULL with
 * ERROR_PASSWORD_REFUSED. */
struct store_principal *store_sign_in_password(struct store *store, const char *email,
                                               const struct secret *password, GError **error);
/* (transfer full) or NULL with ERROR_NOT_FOUND. */
struct store_principal *store_sign_in_token(struct store *store, const struct secret *token,
                                            GError **error);

struct store_session {
    char *id; /* the cookie's value: 256 random bits, base64url; known only when it was just made */
    char *csrf; /* derived from the id */
};
void store_session_clear(struct store_session *session);
/* Makes a session of a signed-in principal; lives 30 days, 7 unused. */
bool store_session_begin(struct store *store, struct store_principal *principal,
                         struct store_session *session, GError **error);
/* The same, with what the person's browser says of itself and where it is, for them to see. */
bool store_session_begin_at(struct store *store, struct store_principal *principal,
                            const char *agent, const char *address, struct store_session *session,
                            GError **error);
/* (transfer full) or NULL with ERROR_NOT_FOUND; *csrf (transfer full). */
struct store_principal *store_session_principal(struct store *store, const char *cookie,
                                                char **csrf, GError **error);
bool store_session_end(struct store *store, const char *cookie, GError **error);

/* What the word of store_person_link is for. */
struct store_invitation {
    int64_t user, expires;
    char *email, *name;
    bool is_reset; /* the person has a way in already */
};
void store_invitation_clear(struct store_invitation *invitation);
/* ERROR_NOT_FOUND: unknown, used or too old. */
bool store_invitation(struct store *store, const char *token, struct store_invitation *invitation,
                      GError **error);
/* Uses it up: the password is the person's from now on, and what they were signed in to ends.
 * (transfer full) or NULL with ERROR_NOT_FOUND, ERROR_INVALID. */
struct store_principal *store_invitation_password(struct store *store, const char *token,
                                                  const struct secret *password, GError **error);
/* One's own password, with the one before, which who has none leaves out; ends all sessions. NULL
 * with ERROR_PASSWORD_REFUSED, ERROR_INVALID. (transfer full) */
struct store_principal *store_password_change(struct store *store,
                                              const struct store_principal *principal,
                                              const struct secret *old_password,
                                              const struct secret *password, GError **error);

/* Who somebody is to a provider: tid and oid, never an address (SECURITY.md 15). */
struct store_identity_of {
    const char *provider, *tid, *oid;
    const char *login; /* for display, and for who becomes a member by it */
    const char *name;
};
/* (transfer full) or NULL with ERROR_NOT_FOUND. member: who is not known becomes a member, with the
 * login as address; ERROR_CONFLICT: somebody has it. */
struct store_principal *store_sign_in_identity(struct store *store,
                                               const struct store_identity_of *identity,
                                               bool member, GError **error);
/* The person signs in by it from now on. ERROR_CONFLICT: it is another's. */
bool store_identity_put(struct store *store, const struct store_principal *principal,
                        const struct store_identity_of *identity, GError **error);
/* An invited person comes in by it instead of a password. (transfer full) or NULL with
 * ERROR_NOT_FOUND, ERROR_CONFLICT. */
struct store_principal *store_invitation_identity(struct store *store, const char *token,
                                                  const struct store_identity_of *identity,
                                                  GError **error);

/* Notes what no signed-in person does: a command of the operator, or a sign-in that was refused.
 * email: of who tried; only a known one is noted, since people mistype passwords there. */
void store_audit_operator(struct store *store, const char *act, const char *subject,
                          const char *detail);
void store_audit_refused(struct store *store, const char *email, const char *act,
                         const char *detail);

struct store_token {
    int64_t id, created, last_used;
    char *user, *name;
};
void store_token_free(struct store_token *token);
/* The token is shown once: (transfer full) in *token. Returns its id, 0 on error. */
int64_t store_token_create(struct store *store, const char *user, const char *name,
                           struct secret **token, GError **error);
GPtrArray *store_tokens(struct store *store, GError **error);
bool store_token_revoke(struct store *store, int64_t id, GError **error);

/* --- providers
 * ------------------------------------------------------------------------------------------------------------
 */

struct store_provider {
    char *name, *type; /* "microsoft", "google" */
    char *client_id, *tenant, *cloud;
    char *authority, *graph, *imap, *smtp, *scope_prefix,
        *ca_file; /* explicit values, or NULL for the preset's */
    char *proxy;  /* its own outbound proxy without the password (base/proxy.h), or "direct"; NULL:
                     as configured for all */
    struct secret *proxy_password; /* for put: NULL keeps the stored one while proxy is the same */
    struct secret *client_secret;  /* NULL on put: keep the stored one */
    bool has_secret;
    int64_t secret_expires; /* 0: not told */
    /* For a roll-over: taken when the first is refused or expired. On put NULL keeps the stored
     * one, unless drop_second. */
    struct secret *second_secret;
    bool has_second, drop_second;
    bool promote_second;            /* for app_provider_put: the second becomes the first */
    int64_t second_expires;         /* 0: not told */
    int64_t second_taken;           /* when it was taken first; 0: never */
    char *sign_in;                  /* who may sign in with it: "off", "linked", "tenant" */
    char *problem, *problem_detail; /* app broken: problem code, or NULL */
};
void store_provider_free(struct store_provider *provider);
/* The secret is bound to the token endpoint's origin: given as secret_origin; when it changed and
 * no secret is given: ERROR_INVALID "enter the client secret again". */
bool store_provider_put(struct store *store, const struct store_provider *provider,
                        const char *secret_origin, GError **error);
/* secret_origin NULL: the secret is not opened. (transfer full) or NULL with ERROR_NOT_FOUND,
 * ERROR_CRYPTO. */
struct store_provider *store_provider(struct store *store, const char *name,
                                      const char *secret_origin, GError **error);
GPtrArray *store_providers(struct store *store, GError **error); /* without secrets */
bool store_provider_problem(struct store *store, const char *name, const GError *problem,
                            GError **error);
/* The second secret was taken. True: for the first time. */
bool store_provider_second_taken(struct store *store, const char *name);
/* ERROR_CONFLICT while accounts use it. */
bool store_provider_remove(struct store *store, const char *name, GError **error);
uint64_t store_providers_state(struct store *store);

/* --- own proxies of a provider ("provider/NAME") or an account ("account/ID")
 * -------------------------------------------------------------------------------------------- */

/* address: base/proxy.h without a password, or "direct"; NULL removes it: the wider setting counts
 * again. password NULL: the stored one is kept while the address is the same. ERROR_INVALID. */
bool store_proxy_put(struct store *store, const char *owner, const char *address,
                     const struct secret *password, GError **error);
/* Without its password; NULL: none of its own. (transfer full) */
char *store_proxy_address(struct store *store, const char *owner);
/* With its password, to dial with; *url NULL: none of its own. False with ERROR_CRYPTO,
 * ERROR_STORE. (transfer full): secret_wipe_string. */
bool store_proxy_url(struct store *store, const char *owner, char **url, GError **error);

/* --- accounts and credentials
 * ------------------------------------------------------------------------------------------------
 */

struct store_link {
    const char *address, *display_name;
    int64_t user;         /* who linked it */
    const char *provider; /* NULL: a password account */
    const char *tid, *oid,
        *login; /* OAuth: the key of the credential (SECURITY.md 15), and the login name */
    const char *scopes;
    const struct secret *refresh_token, *access_token;
    int64_t access_expires;
    const char *token_origin; /* what the tokens are bound to */
    /* password account: */
    const char *imap_host, *imap_security, *imap_login, *smtp_host, *smtp_security, *smtp_login,
        *ca_file;
    uint16_t imap_port, smtp_port;
    const struct secret *password;
    bool operator_hosts; /* the administrator's command named the hosts: any address may be dialled
                          */
    int64_t since;       /* start date; 0: everything. On a re-link: only when not 0 */
    bool hold; /* a new account waits for store_account_set_up; one that is there keeps its date */
};
/* Links a mailbox. The same tid+oid+address (password: address+host+login) again is a re-link in
 * place: mail stays, problem is cleared, state "linking". A second user gains access to the same
 * account with a credential of their own. Returns the account, 0 on error. */
int64_t store_link(struct store *store, const struct store_link *link, bool *relinked,
                   GError **error);
/* What an existing account's credential is keyed on, to compare before a re-link in place.
 * ERROR_NOT_FOUND. */
bool store_link_identity(struct store *store, int64_t account, char **tid, char **oid,
                         char **address, GError **error);

/* Removes everything of it: mail, blobs, index, credentials, accesses, log (nothing of it is left
 * in the files). */
bool store_account_remove(struct store *store, int64_t account, GError **error);
/* One person unlinks it: their access and credential go, and with the last person the account
 * itself (*removed). */
bool store_unlink(struct store *store, int64_t account, int64_t user, bool *removed,
                  GError **error);
bool store_account_pause(struct store *store, int64_t account, bool paused, GError **error);
bool store_account_since(struct store *store, int64_t account, int64_t since, GError **error);
/* 0 with ERROR_NOT_FOUND. */
int64_t store_account_of_address(struct store *store, const char *address, GError **error);

/* For `account status --json`. */
struct store_mailbox_status {
    int64_t id;
    char *name;
    enum mail_role role;
    bool synced;           /* false: it holds no mail, or only other folders */
    uint32_t server_count; /* in scope as last compared, and as changed by us since; less skipped */
    uint32_t local_count, pending;
    uint32_t skipped;                  /* named items that the server lists and does not give */
    int64_t reconciled_at;             /* when all of it was last looked at; 0: never */
    uint32_t missing, surplus, astray; /* what differed then (store/sync.h); healed since */
};
struct store_account_status {
    struct store_account_view *view;
    char *owner;
    uint64_t emails, bytes;
    GPtrArray *mailboxes; /* of struct store_mailbox_status */
    GPtrArray *quotas;    /* of struct store_quota */
};
void store_account_status_free(struct store_account_status *status);
struct store_account_status *store_account_status(struct store *store, int64_t account,
                                                  GError **error);
GPtrArray *store_account_statuses(struct store *store, GError **error);
/* The state of each account, and how many emails and bytes it has, without its folders: cheap with
 * thousands of accounts. */
typedef void store_state_fn(const char *state, uint64_t emails, uint64_t bytes, void *arg);
bool store_account_states(struct store *store, store_state_fn *tell, void *arg, GError **error);

/* OAuth credential, for the token cache. token_origin must be what it was sealed with
 * (ERROR_CRYPTO: link anew). */
struct store_credential {
    char *provider, *login, *scopes;
    struct secret *refresh_token, *access_token;
    int64_t access_expires;
};
void store_credential_clear(struct store_credential *credential);
char *store_credential_provider(struct store *store, int64_t account, GError **error);
bool store_credential_load(struct store *store, int64_t account, const char *token_origin,
                           struct store_credential *credential, GError **error);
/* refresh_token NULL: keep the old one. */
bool store_credential_keep(struct store *store, int64_t account, const char *token_origin,
                           const struct secret *refresh_token, const struct secret *access_token,
                           int64_t access_expires, const char *scopes, GError **error);

/* --- mails that Postroom itself writes
 * ------------------------------------------------------------------------------------------------
 */

/* What is told once: about a secret that ends on a day, so many days before. */
struct store_reminder {
    const char *provider, *about;
    int64_t day, days;
};
struct store_notice {
    int64_t account; /* that sends it */
    const char *from, *to, *envelope, *message_id;
    GBytes *raw;
    const struct store_reminder *once; /* nothing is sent when it was told; or NULL */
};
bool store_notice_queue(struct store *store, const struct store_notice *notice, GError **error);
/* It was told, or a later one was. */
bool store_reminder_is_sent(struct store *store, const struct store_reminder *reminder);
struct store_notice_sender {
    int64_t account;
    char *address; /* (transfer full) */
};
/* A mailbox that the person linked, or any administrator (user 0), and that can send. */
bool store_notice_sender(struct store *store, int64_t user, struct store_notice_sender *sender,
                         GError **error);
struct store_notice_reader {
    char *address, *language; /* language: as chosen, or NULL */
};
/* (transfer full) struct store_notice_reader, never NULL */
GPtrArray *store_notice_administrators(struct store *store);
/* (transfer full) or NULL. */
char *store_user_address(struct store *store, int64_t user);

/* Re-seals everything with the current key (after a rotation). Returns how many, -1 on error. */
int64_t store_reseal(struct store *store, GError **error);

/* A view as a person's own, for `postroom search` and `sync`: the operator at the machine acts for
 * the owner. (transfer full) */
struct store_access *store_access_for_operator(struct store *store, int64_t account,
                                               GError **error);

/* Quick checks of the data files for `postroom doctor`: NULL, or a sentence. (transfer full) */
char *store_check(struct store *store);
/* Counts an account's mail anew and compares with the counts that are kept. Slow; for tests and the
 * doctor. NULL, or what differs. (transfer full) */
char *store_check_counts(struct store *store, int64_t account);

#endif

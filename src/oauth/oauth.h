/* Linking and tokens: the authorization code flow with PKCE (RFC 6749, 7636, OpenID Connect) at
 * Microsoft Entra, Google, or whatever the administrator's explicit authority is: no code path
 * knows which of them it talks to. */
#ifndef POSTROOM_OAUTH_OAUTH_H
#define POSTROOM_OAUTH_OAUTH_H

#include "base/error.h"
#include "base/secret.h"
#include "net/conn.h"

#include <glib.h>

enum oauth_type { OAUTH_MICROSOFT, OAUTH_GOOGLE };

/* A provider as set up, presets already filled in. Strings owned. */
struct oauth_provider {
    char *name;
    enum oauth_type type;
    char *client_id;
    struct secret *client_secret;
    struct secret *second_secret; /* tried when the first is refused or expired; or NULL */
    /* Told when it was taken. May be NULL; any thread. */
    void (*second_taken)(const char *provider, void *arg);
    void *second_taken_arg;
    char *tenant;
    char *authority;    /* "https://login.microsoftonline.com", no slash at the end */
    char *graph;        /* "https://graph.microsoft.com" */
    char *scope_prefix; /* "https://outlook.office.com/" */
    char *imap_host, *smtp_host;
    uint16_t imap_port, smtp_port;
    char *ca_file;
    char *redirect_uri;
    char *proxy; /* base/proxy.h, with its password: the provider's own, or that of the account the
                    tokens are for; NULL: the policy's */
};
void oauth_provider_free(struct oauth_provider *provider);

/* Presets of a cloud ("global", "usgov", "dod", "china", "custom") put into the fields that are
 * NULL or 0. False: unknown cloud. */
bool oauth_provider_fill(struct oauth_provider *provider, const char *cloud);
/* Names the field that cannot be right ("tenant", "clientId", "clientSecret" for a pasted Secret
 * ID…) with ERROR_INVALID. A NULL client_secret passes: the stored one stays. */
bool oauth_provider_check(const struct oauth_provider *provider, const char **field,
                          GError **error);
/* Where tokens may be sent: what a sealed token is bound to (SECURITY.md 3): the origin of the
 * token endpoint. (transfer full) */
char *oauth_token_origin(const struct oauth_provider *provider);

/* Asks the token endpoint whether it knows the application and takes its secret; nobody signs in.
 * Errors as oauth_refresh. Blocking. */
bool oauth_client_check(const struct oauth_provider *provider, const struct net_policy *policy,
                        struct cancel *cancel, GError **error);

/* --- linking
 * ---------------------------------------------------------------------------------------------- */

struct oauth_flows; /* pending authorizations, in memory: single use, 10 minutes, bounded in number.
                       Thread-safe. */
struct oauth_flows *oauth_flows_new(void);
void oauth_flows_free(struct oauth_flows *flows);

/* What an authorization is for. Only a link asks for mail; the others say who somebody is, and no
 * token of theirs is kept. */
enum oauth_purpose { OAUTH_LINK, OAUTH_SIGN_IN, OAUTH_IDENTITY };

struct oauth_begin {
    const struct oauth_provider *provider;
    enum oauth_purpose purpose;
    const char *note;    /* the caller's own, given back at the end; or NULL */
    const char *session; /* id of the signed-in session, or a word only this browser has: state is
                            bound to it */
    const char *login_hint; /* the typed address, or NULL */
    int64_t since;          /* start date, seconds; 0: none given */
    int64_t account;        /* re-link this account; 0: a new link */
    bool hold;              /* the caller's own; comes back with what was linked */
};
/* The address to send the browser to. A session has ten pending authorizations at most; one more
 * drops its oldest. (transfer full) or NULL: ERROR_TOO_LARGE when too many are pending altogether.
 */
char *oauth_flow_begin(struct oauth_flows *flows, const struct oauth_begin *begin, GError **error);
/* What a pending authorization is for; OAUTH_LINK when there is none of that state. */
enum oauth_purpose oauth_flow_purpose(struct oauth_flows *flows, const char *state);
/* 256 random bits as base64url, to bind a browser by. (transfer full) */
char *oauth_binding_new(void);
/* Admin consent address of the provider: at its tenant, or organizations, never common. The answer
 * comes to the redirect URI as admin_consent=True&tenant=…&state=…, without a code; the state is
 * the caller's own. state may be NULL. (transfer full) */
char *oauth_admin_consent_url(const struct oauth_provider *provider, const char *state);

struct oauth_linked {
    char *provider;
    char *tid, *oid;    /* who signed in; Google: issuer and sub */
    char *login;        /* UPN: the name to log in with */
    char *address;      /* the mailbox address: Graph mail, else the UPN */
    char *display_name; /* or NULL */
    char *login_hint;   /* the typed address, or NULL */
    int64_t since, account;
    bool hold;
    struct secret *refresh_token, *access_token; /* access token for IMAP/SMTP */
    int64_t expires_at;                          /* wall clock */
    char *scopes;                                /* granted, space-separated */
};
void oauth_linked_free(struct oauth_linked *linked);

/* More words for the page about a failed link. */
struct oauth_failure {
    int aadsts;           /* 0: none */
    char correlation[40]; /* GUID or "" */
    char *expected, *got; /* addresses, for ERROR_WRONG_ACCOUNT; or NULL */
    int64_t account;
};
void oauth_failure_clear(struct oauth_failure *failure);

/* The provider set-up as it is now, by name; (transfer full) or NULL with ERROR_NOT_FOUND. */
typedef struct oauth_provider *oauth_provider_fn(const char *name, void *arg, GError **error);

/* What the browser brought back to the callback. Takes the flow of the state (single use, same
 * session, same provider and settings), exchanges the code over the back channel, checks the
 * id_token (aud, iss, exp, nonce, tid, oid), asks Graph who it is, compares address and scopes.
 * failure (may be NULL) is filled in any case and cleared by the caller. The caller compares tid
 * and oid with the stored ones before a re-link. Blocking, about four requests. (transfer full) or
 * NULL with an OAuth error of base/error.h, ERROR_THROTTLED, ERROR_TLS or ERROR_CANCELLED. */
struct oauth_linked *oauth_flow_finish(struct oauth_flows *flows,
                                       const struct oauth_provider *provider, const char *session,
                                       const char *state, const char *code, const char *error_word,
                                       const char *error_description,
                                       const struct net_policy *policy, struct cancel *cancel,
                                       struct oauth_failure *failure, GError **error);

/* Who came back from OAUTH_SIGN_IN or OAUTH_IDENTITY. */
struct oauth_person {
    enum oauth_purpose purpose;
    char *tid, *oid; /* Google: issuer and sub */
    char *login;     /* for display; or NULL */
    char *name;      /* or NULL */
    char *note;      /* of the begin */
};
void oauth_person_free(struct oauth_person *person);
/* As oauth_flow_finish, without Graph and without tokens. note: also told when it fails, (transfer
 * full) in *note when not NULL. */
struct oauth_person *oauth_sign_in_finish(struct oauth_flows *flows,
                                          const struct oauth_provider *provider,
                                          const char *session, const char *state, const char *code,
                                          const char *error_word, const char *error_description,
                                          const struct net_policy *policy, struct cancel *cancel,
                                          char **note, GError **error);

/* --- tokens
 * ----------------------------------------------------------------------------------------------------
 */

struct oauth_tokens {
    struct secret *access_token, *refresh_token; /* refresh_token NULL: keep the old one */
    int64_t expires_at;                          /* wall clock */
    char *scopes;
};
void oauth_tokens_clear(struct oauth_tokens *tokens);

/* One refresh for the mail scopes, 30 seconds at most. Errors by the table in classify.c,
 * with retry-after where told; ERROR_SCOPES_MISSING when fewer scopes came back. Blocking. */
bool oauth_refresh(const struct oauth_provider *provider, const struct secret *refresh_token,
                   const struct net_policy *policy, struct cancel *cancel,
                   struct oauth_tokens *tokens, GError **error);

/* The error of a token endpoint's JSON or a redirect's error words, by the table in classify.c.
 * retry_after_ms: from the header. */
void oauth_classify(int status, const char *json, size_t length, int64_t retry_after_ms,
                    int *aadsts, char correlation[40], GError **error);

/* Where the cache below reads and keeps credentials: the store, behind functions. All may be called
 * from any thread. */
struct oauth_vault {
    /* Refresh token, provider and cached access token of an account's credential. False with an
     * error. */
    bool (*load)(int64_t account, struct oauth_provider **provider, struct oauth_tokens *tokens,
                 void *arg, GError **error);
    /* Keeps what came; must be durable when it returns. */
    bool (*keep)(int64_t account, const struct oauth_tokens *tokens, void *arg, GError **error);
    void *arg;
};
struct oauth_cache;
struct oauth_cache *oauth_cache_new(const struct oauth_vault *vault,
                                    const struct net_policy *policy);
/* Nobody may be inside a call. NULL is allowed. */
void oauth_cache_free(struct oauth_cache *cache);
/* A token that is good for at least five minutes (a quarter of its life when it lives shorter than
 * 20 minutes), refreshed when it is not: one refresh at a time per account, others wait for it and
 * share its outcome. After a failure the provider is left alone for two seconds, or as long as it
 * asked. While it is down, a token that still lives goes on being given. force: the server refused
 * the cached one although it has not expired: refresh once now; within ten seconds of a refresh it
 * changes nothing. Blocking; any thread. (transfer full) or NULL. */
struct secret *oauth_token_get(struct oauth_cache *cache, int64_t account, bool force,
                               struct cancel *cancel, int64_t *expires_at, GError **error);
/* Forgets the cached token of an account. Waits for a refresh that is under way. Call it before and
 * after a new credential is stored, so that an older refresh does not overwrite it, and after an
 * unlink. */
void oauth_token_forget(struct oauth_cache *cache, int64_t account);

#endif

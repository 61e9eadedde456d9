/* JMAP (RFC 8620, RFC 8621, docs/api.md): one table of methods, one file per method. No HTTP
 * here. */
#ifndef POSTROOM_JMAP_JMAP_H
#define POSTROOM_JMAP_JMAP_H

#include "base/error.h"
#include "store/access.h"
#include "store/mail.h"

#include <glib.h>
#include <jansson.h>

struct jmap;

/* What the vendor types need of modules that jmap may not see; wired in app. Any may be NULL: the
 * method then answers serverFail. Any thread. */
struct jmap_hooks {
    void *arg;
    /* Redirect URI really used for a provider, and a warning word or NULL ("not-https"). (transfer
     * full) */
    char *(*redirect_uri)(const char *provider, const char **warning, void *arg);
    /* Provider/set of one provider: patch as in docs/api.md; null: destroy. *property names
     * the wrong one. */
    bool (*provider_set)(const char *name, bool create, const json_t *patch, const char **property,
                         void *arg, GError **error);
    /* Provider as JSON, without secrets; (transfer full). NULL name in *list form: array of all. */
    json_t *(*providers)(bool admin, void *arg, GError **error);
    /* LinkedAccount/set: create of a plain IMAP/SMTP mailbox. Returns the account, 0 on error. */
    int64_t (*account_create)(const struct store_principal *principal, const json_t *object,
                              const char **property, void *arg, GError **error);
    bool (*account_update)(const struct store_access *access, const json_t *patch,
                           const char **property, void *arg, GError **error);
    bool (*account_destroy)(const struct store_access *access, void *arg, GError **error);
    /* How an account does (AccountHealth), for who may see it or is an administrator; (transfer
     * full) or NULL with ERROR_NOT_FOUND. */
    json_t *(*account_health)(const struct store_principal *principal, int64_t account, void *arg,
                              GError **error);
    /* AccountCheck/run: the id of the check (transfer full) or NULL; /get: it as it is now. */
    char *(*account_check_run)(const struct store_principal *principal, const json_t *args,
                               const char **property, void *arg, GError **error);
    json_t *(*account_check_get)(const struct store_principal *principal, const char *id, void *arg,
                                 GError **error);
    /* Autoconfig/find: what is known so far of an address's servers. (transfer full) */
    json_t *(*autoconfig)(const struct store_principal *principal, const char *address, void *arg,
                          GError **error);
    /* Entries of an account's sync log, newest first. (transfer full) */
    json_t *(*sync_log)(const struct store_principal *principal, int64_t account, uint64_t position,
                        size_t limit, uint64_t *total, void *arg, GError **error);
    /* ProviderTest: begins one (its number, 0 on error), and all there are, as an array. */
    int64_t (*provider_test)(const char *provider, void *arg, GError **error);
    json_t *(*provider_tests)(void *arg);
    /* User/invite: mails a link from a mailbox of the inviter's that can send. language: the
     * page's. False: there is none. */
    bool (*invite)(const struct store_principal *principal, int64_t user, const char *url,
                   bool is_reset, const char *language, void *arg);
    /* A person was removed, and these accounts (int64_t) with them. */
    void (*accounts_gone)(const GArray *accounts, void *arg);
    /* PushSubscription/set: the address is https, and the keys (NULL both: none) are of RFC 8291.
     * ERROR_INVALID with *property. */
    bool (*push_check)(const char *url, const char *p256dh, const char *auth, const char **property,
                       void *arg, GError **error);
};

struct jmap_config {
    struct store *store;
    const struct keyring *keyring; /* signs mail-image addresses */
    const char *public_url;        /* absolute, without a slash at the end */
    struct jmap_hooks hooks;
    size_t max_size_upload; /* 0: 50 MB */
    int64_t max_work;       /* microseconds of a processor for one request; 0: 30 s */
};

struct jmap *jmap_new(const struct jmap_config *config);
void jmap_free(struct jmap *jmap);

/* RFC 8620, 2: the session object. (transfer full) */
json_t *jmap_session(struct jmap *jmap, struct store_principal *principal, GError **error);

/* One API request (RFC 8620, 3). body is hostile. *status is the HTTP status (200, or 400 with
 * problem details). (transfer full), never NULL: JSON text. Blocking; on an exec worker. */
GBytes *jmap_handle(struct jmap *jmap, struct store_principal *principal, const void *body,
                    size_t length, int *status);

/* What a client said over a WebSocket (RFC 8887, 4.3). */
struct jmap_message {
    GBytes *answer;   /* a Response or RequestError to send; NULL: it is about notifications */
    bool push;        /* they are wanted from now on; else no longer */
    char **types;     /* of these types; NULL: of all */
    char *push_state; /* of the last one that the client saw (jmap_push_id), or NULL */
};
/* One message, hostile, of at most maxSizeRequest. As jmap_handle. Clear the message. */
void jmap_handle_message(struct jmap *jmap, struct store_principal *principal, const char *text,
                         size_t length, struct jmap_message *message);
void jmap_message_clear(struct jmap_message *message);

/* RFC 8620, 6.1. account as in the URL. *status; (transfer full) JSON. */
GBytes *jmap_upload(struct jmap *jmap, struct store_principal *principal, const char *account,
                    const char *type, GBytes *body, int *status);
/* RFC 8620, 6.2. (transfer full) or NULL with ERROR_NOT_FOUND. Blob ids: "b<n>" a raw blob,
 * "b<n>-<partId>" a decoded part of one, with "_" for "." in the part id, since an id has
 * no "." (RFC 8620, 1.2). */
GBytes *jmap_download(struct jmap *jmap, struct store_principal *principal, const char *account,
                      const char *blob, GError **error);

/* The attached files of a message in one zip file, blob being that of the whole message: names are
 * made different, pictures that stand in its text are left out. At most 256 MiB. (transfer full) or
 * NULL with ERROR_NOT_FOUND, also when there are none. */
GBytes *jmap_download_attachments(struct jmap *jmap, struct store_principal *principal,
                                  const char *account, const char *blob, GError **error);

/* What changed in one account: bits of enum store_type. */
struct jmap_changed {
    int64_t account;
    unsigned bits;
};
/* A StateChange object (RFC 8620, 7.1) of what changed in some accounts for this person, and so in
 * the unified one; those they may not see are left out, and account 0 stands for what concerns
 * none. types NULL: all. NULL: there is nothing to tell. (transfer full) */
json_t *jmap_state_changes(struct jmap *jmap, struct store_principal *principal,
                           const struct jmap_changed *list, size_t count, const char *const *types);
/* What changed since a state (of any account) in all that the person may see. (transfer full)
 * struct jmap_changed */
GArray *jmap_changed_since(struct jmap *jmap, struct store_principal *principal, uint64_t since);
/* The id of an event (RFC 8620, 7.3): it names the state of all that the person sees, told being
 * the store's (store_told) when what it follows was gathered. (transfer full) */
char *jmap_push_id(struct jmap *jmap, const struct store_principal *principal, uint64_t told);
/* A StateChange of all that is not as it was at the event of that id, of everything when it is none
 * of ours or lies beyond told (store_told now); NULL when nothing is. (transfer full) */
json_t *jmap_push_missed(struct jmap *jmap, struct store_principal *principal, const char *id,
                         uint64_t told, const char *const *types);
/* The store's types (enum store_type) that concern who asked for these. */
unsigned jmap_state_bits(const char *const *types);

/* What is wrong with a person's search, and where. */
struct jmap_search_problem {
    const char *code;        /* "unknown-field"; NULL: no problem */
    size_t position, length; /* in characters of the text */
    char *word;              /* what stands there */
    char *advice;            /* what to do, in English */
};
void jmap_search_problem_clear(struct jmap_search_problem *problem);
/* A person's search (docs/search.md) as a filter (transfer full); NULL matches everything. false:
 * *problem, or *error. Dates are days of this machine. */
bool jmap_search_filter(const struct store_access *access, const char *text,
                        struct store_filter **filter, struct jmap_search_problem *problem,
                        GError **error);

/* Signed image addresses of mails: what a token of EmailView names. */
struct jmap_image {
    char *remote_url; /* fetch this (USER class), or NULL */
    GBytes *bytes;    /* the inline part, or NULL */
    char *type;       /* of the inline part: a raster image type */
};
void jmap_image_clear(struct jmap_image *image);
/* ERROR_NOT_FOUND: not signed by us, expired, another person's, or gone. */
bool jmap_image_resolve(struct jmap *jmap, struct store_principal *principal, const char *token,
                        struct jmap_image *image, GError **error);

#endif

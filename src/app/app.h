/* The program put together: the only place that knows all modules. */
#ifndef POSTROOM_APP_APP_H
#define POSTROOM_APP_APP_H

#include "app/config.h"
#include "attach/attach.h"
#include "exec/exec.h"
#include "oauth/oauth.h"
#include "store/admin.h"
#include "store/store.h"
#include "sync/sync.h"

/* What an open data directory needs; a command without a server has one too, for its own time. */
struct app {
    struct config *config;
    struct keyring *keyring;
    struct store *store;
    struct net_policy policy;
    struct oauth_cache *tokens;
    struct exec *exec;         /* NULL until app_start_sync */
    struct sync_manager *sync; /* NULL until app_start_sync */
    struct attach *attach;     /* NULL until app_start_attach */
    struct provider_tests *tests;
    char *extract;    /* the program that reads attachments; NULL: there is none */
    char *public_url; /* as served, no slash at the end; for redirect URIs */
    char *spool;
    struct checks *checks;         /* NULL until app_start_checks */
    struct autoconfig *autoconfig; /* the same */
    GMutex notes_lock;
    GPtrArray *notes;     /* struct store_sync_note: on their way into the store */
    bool notes_scheduled; /* under notes_lock */
    int lock_fd;
};

/* Opens key file and store of the configuration. The lock is held by lock_fd, which is taken.
 * (transfer full) or NULL. */
struct app *app_open(struct config *config, int lock_fd, GError **error);
/* Starts workers and the sync engine. live: sessions stay; else they end after a pass. */
void app_start_sync(struct app *app, bool live);
/* Checks mailboxes when asked to, and by itself, from now on. After app_start_sync. */
void app_start_checks(struct app *app);
/* notes.c: an entry for the sync log (details is JSON or NULL); arg is the app. Any thread. */
void app_note(int64_t account, const char *event, const char *details, void *arg);
void app_notes_open(struct app *app);
void app_notes_close(struct app *app);
/* Reads attachments in the background from now on. */
void app_start_attach(struct app *app);
void app_close(struct app *app);

/* A provider as set up, presets filled in, with its secret; (transfer full) or NULL with
 * ERROR_NOT_FOUND, ERROR_CRYPTO. Any thread. */
struct oauth_provider *app_provider(struct app *app, const char *name, GError **error);
/* The same from settings that are not stored yet; the secret may be missing. */
struct oauth_provider *app_provider_of(struct app *app, const struct store_provider *settings,
                                       GError **error);
/* Where an account's tokens may be sent: token endpoint and mail hosts. Tokens are sealed for it
 * and open for no other. (transfer full) */
char *app_credential_origin(const struct oauth_provider *provider);
/* Checks and stores settings; *property names the wrong one. Tells the sync engine. */
bool app_provider_put(struct app *app, struct store_provider *settings, const char **property,
                      GError **error);
/* The redirect URI used for a provider. (transfer full) */
char *app_redirect_uri(const struct app *app, const char *provider);

struct app_password_account {
    const char *address, *imap_url, *smtp_url, *ca_file, *display_name;
    const struct secret *password;
    const char *proxy; /* its own (base/proxy.h), without the password, or "direct"; or NULL */
    const struct secret *proxy_password;
    int64_t user, since;
    bool by_operator; /* a command of the machine's administrator: any host, plain connections to
                         loopback */
};
/* Checks the URLs, signs in to IMAP to see that it works, and links. Returns the account, 0 on
 * error with *property ("imapUrl", …). Blocking. */
int64_t app_account_add(struct app *app, const struct app_password_account *account,
                        const char **property, GError **error);

/* What an account's own proxy is kept under (store_proxy_put). (transfer full) */
char *app_proxy_owner(int64_t account);
/* An account's own proxy; address NULL: the wider setting again. Its session starts anew. */
bool app_account_proxy(struct app *app, int64_t account, const char *address,
                       const struct secret *password, GError **error);

/* Ends the account's session and begins a new one: how it is reached has changed. */
void app_restart_account(struct app *app, int64_t account);

/* "2026-01-31" or an RFC 3339 date to seconds; false: neither. */
bool app_parse_date(const char *text, int64_t *seconds);

#endif

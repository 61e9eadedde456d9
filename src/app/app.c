#include "app/app.h"

#include "app/autoconfig.h"
#include "app/checks.h"
#include "app/mailurl.h"
#include "app/provider_test.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/proxy.h"
#include "imap/client.h"
#include "mime/mime.h"
#include "net/dns.h"

#include <string.h>
#include <unistd.h>

#define STACK_BYTES (1024 * 1024)
#define SIGN_IN_MS 20000

/* --- tokens: the oauth cache's vault is the store
 * --------------------------------------------------------------- */

/* The account's own proxy is nearer than its provider's. */
static bool take_account_proxy(struct app *app, int64_t account, struct oauth_provider *provider,
                               GError **error)
{
    g_autofree char *owner = app_proxy_owner(account);
    char *own = NULL;
    if (!store_proxy_url(app->store, owner, &own, error))
        return false;
    if (own != NULL) {
        secret_wipe_string(provider->proxy);
        provider->proxy = own;
    }
    return true;
}

static bool vault_load(int64_t account, struct oauth_provider **provider,
                       struct oauth_tokens *tokens, void *arg, GError **error)
{
    struct app *app = arg;
    g_autofree char *name = store_credential_provider(app->store, account, error);
    struct oauth_provider *found = name != NULL ? app_provider(app, name, error) : NULL;
    if (found == NULL)
        return false;
    g_autofree char *origin = app_credential_origin(found);
    struct store_credential credential = {0};
    if (!take_account_proxy(app, account, found, error) ||
        !store_credential_load(app->store, account, origin, &credential, error)) {
        oauth_provider_free(found);
        return false;
    }
    *provider = found;
    *tokens = (struct oauth_tokens){
        .access_token = g_steal_pointer(&credential.access_token),
        .refresh_token = g_steal_pointer(&credential.refresh_token),
        .expires_at = credential.access_expires,
        .scopes = g_steal_pointer(&credential.scopes),
    };
    store_credential_clear(&credential);
    return true;
}

static bool vault_keep(int64_t account, const struct oauth_tokens *tokens, void *arg,
                       GError **error)
{
    struct app *app = arg;
    g_autofree char *name = store_credential_provider(app->store, account, error);
    struct oauth_provider *provider = name != NULL ? app_provider(app, name, error) : NULL;
    if (provider == NULL)
        return false;
    g_autofree char *origin = app_credential_origin(provider);
    oauth_provider_free(provider);
    return store_credential_keep(app->store, account, origin, tokens->refresh_token,
                                 tokens->access_token, tokens->expires_at, tokens->scopes, error);
}

/* --- opening and closing
 * ------------------------------------------------------------------------------------------ */

struct app *app_open(struct config *config, int lock_fd, GError **error)
{
    struct app *app = g_new0(struct app, 1);
    app->config = config;
    app->lock_fd = lock_fd;
    app->policy.allowed_networks = config->allowed_networks;
    mime_read_charsets_as_named(!config->guess_charsets);
    app->public_url =
        g_strdup(config->public_url != NULL ? config->public_url : "http://localhost");
    bool ok = net_dns_servers((const char *const *)config->dns_servers, error) &&
              config_proxy(config, &app->policy.proxy_url, error);
    app->keyring = ok ? keyring_load(config->key_file, true, error) : NULL;
    if (app->keyring != NULL) {
        struct store_config store = {.directory = config->data,
                                     .keyring = app->keyring,
                                     .audit_days = config->audit_days,
                                     .read_words = sync_read_words};
        app->store = store_open(&store, error);
    }
    if (app->store == NULL) {
        app_close(app);
        return NULL;
    }
    app_notes_open(app);
    struct oauth_vault vault = {vault_load, vault_keep, app};
    app->tokens = oauth_cache_new(&vault, &app->policy);
    app->tests = provider_tests_new(app);
    return app;
}

static void tell_sync(int64_t account, unsigned types, void *arg)
{
    struct app *app = arg;
    if ((types & STORE_INTENT) != 0 && account != 0)
        sync_manager_poke(app->sync, account);
}

/* Tokens are for the hosts they were granted for: after a change of the provider's they do not
 * open, whatever the cache of tokens still has (SECURITY.md 3). */
static bool opens_for(struct app *app, int64_t account, const struct oauth_provider *provider,
                      GError **error)
{
    g_autofree char *origin = app_credential_origin(provider);
    struct store_credential credential = {0};
    bool opens = store_credential_load(app->store, account, origin, &credential, error);
    store_credential_clear(&credential);
    return opens;
}

/* What the administrator set up is what counts, also after a change of it. */
static bool settle_hosts(struct store_sync_account *account, void *arg, GError **error)
{
    struct oauth_provider *provider = app_provider(arg, account->provider, error);
    if (provider == NULL || !opens_for(arg, account->id, provider, error)) {
        oauth_provider_free(provider);
        return false;
    }
    const struct {
        char **field;
        const char *value;
    } texts[] = {
        {&account->imap_host, provider->imap_host},
        {&account->smtp_host, provider->smtp_host},
        {&account->ca_file, provider->ca_file},
        {&account->imap_security, "tls"},
        {&account->smtp_security, provider->smtp_port == 465 ? "tls" : "starttls"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i].field);
        *texts[i].field = g_strdup(texts[i].value);
    }
    if (account->proxy == NULL)
        account->proxy = g_steal_pointer(&provider->proxy);
    account->kind = provider->type == OAUTH_GOOGLE ? STORE_KIND_GOOGLE : STORE_KIND_MICROSOFT;
    account->imap_port = provider->imap_port;
    account->smtp_port = provider->smtp_port;
    oauth_provider_free(provider);
    return true;
}

void app_start_sync(struct app *app, bool live)
{
    struct exec_config workers = {.workers = (unsigned)app->config->workers,
                                  .reserved = 1,
                                  .stack_bytes = STACK_BYTES};
    app->exec = exec_new(&workers);
    app->spool = g_build_filename(app->config->data, "spool", NULL);
    g_mkdir_with_parents(app->spool, 0700);
    struct sync_config sync = {
        .store = app->store,
        .exec = app->exec,
        .tokens = app->tokens,
        .policy = &app->policy,
        .spool_dir = app->spool,
        .workers = (unsigned)app->config->workers,
        .tuning = {.poll_ms = app->config->poll_s * 1000,
                   .calm_ms = app->config->calm_s * 1000,
                   .compare_ms = app->config->compare_s * 1000,
                   .idle_ms = app->config->idle_s * 1000,
                   .patience_ms = app->config->patience_s * 1000,
                   .doubt_ms = app->config->doubt_s * 1000},
        .settle = settle_hosts,
        .note = app_note,
        .arg = app,
        .live = live,
    };
    memcpy(sync.limits, app->config->limits, sizeof sync.limits);
    app->sync = sync_manager_new(&sync);
    if (live)
        store_listen(app->store, tell_sync, app);
    else
        store_ends_soon(app->store);
}

void app_start_checks(struct app *app)
{
    app->checks = checks_new(app, true);
    app->autoconfig = autoconfig_new(app);
}

void app_start_attach(struct app *app)
{
    app->extract = attach_program();
    if (app->extract == NULL) {
        LOG_WARN("attachments.off", LOG_STR("missing", "postroom-extract"));
        return;
    }
    const struct attach_config config = {.store = app->store, .program = app->extract};
    app->attach = attach_new(&config);
}

void app_close(struct app *app)
{
    if (app == NULL)
        return;
    if (app->store != NULL && app->sync != NULL)
        store_unlisten(app->store, tell_sync, app);
    provider_tests_free(app->tests);
    attach_free(app->attach);
    checks_free(app->checks);
    autoconfig_free(app->autoconfig);
    sync_manager_free(app->sync);
    if (app->exec != NULL)
        exec_free(app->exec);
    app_notes_close(app);
    if (app->tokens != NULL)
        oauth_cache_free(app->tokens);
    if (app->store != NULL)
        store_close(app->store);
    keyring_free(app->keyring);
    secret_wipe_string(app->policy.proxy_url);
    g_free(app->public_url);
    g_free(app->spool);
    g_free(app->extract);
    config_free(app->config);
    if (app->lock_fd >= 0)
        close(app->lock_fd);
    g_free(app);
}

/* --- accounts with a password
 * ----------------------------------------------------------------------------------------- */

static bool try_sign_in(struct app *app, const struct app_password_account *account,
                        const struct mail_url *imap, GError **error)
{
    char *proxy = proxy_with_password(account->proxy, account->proxy_password);
    struct net_dial dial = {
        .host = imap->host,
        .port = imap->port,
        .ca_file = account->ca_file,
        .class = account->by_operator ? NET_OPERATOR : NET_USER,
        .policy = &app->policy,
        .proxy = proxy,
        .deadline = clock_in_ms(SIGN_IN_MS),
    };
    struct imap_client *client = imap_client_open(&dial, imap->security, error);
    bool ok = client != NULL &&
              imap_login_password(client, imap->login != NULL ? imap->login : account->address,
                                  account->password, error);
    if (ok)
        imap_client_logout(client);
    else
        imap_client_free(client);
    secret_wipe_string(proxy);
    return ok;
}

static int64_t link_password(struct app *app, const struct app_password_account *account,
                             const struct mail_url *imap, const struct mail_url *smtp,
                             GError **error)
{
    struct store_link link = {
        .address = account->address,
        .display_name = account->display_name,
        .user = account->user,
        .imap_host = imap->host,
        .imap_port = imap->port,
        .imap_security = mail_url_security_word(imap),
        .imap_login = imap->login != NULL ? imap->login : account->address,
        .smtp_host = smtp->host,
        .smtp_port = smtp->port,
        .smtp_security = mail_url_security_word(smtp),
        .smtp_login = smtp->login != NULL ? smtp->login : account->address,
        .ca_file = account->ca_file,
        .password = account->password,
        .operator_hosts = account->by_operator,
        .since = account->since,
    };
    bool relinked = false;
    int64_t id = store_link(app->store, &link, &relinked, error);
    if (id == 0 || account->proxy == NULL)
        return id;
    g_autofree char *owner = app_proxy_owner(id);
    return store_proxy_put(app->store, owner, account->proxy, account->proxy_password, error) ? id
                                                                                              : 0;
}

char *app_proxy_owner(int64_t account)
{
    return g_strdup_printf("account/%" G_GINT64_FORMAT, account);
}

static int64_t add_checked(struct app *app, const struct app_password_account *account,
                           const char **property, GError **error)
{
    struct mail_url imap = {0}, smtp = {0};
    int64_t id = 0;
    if (*property = "imapUrl",
        mail_url_parse(account->imap_url, "imap", account->by_operator, &imap, error))
        if (*property = "smtpUrl",
            mail_url_parse(account->smtp_url, "smtp", account->by_operator, &smtp, error))
            if (*property = "password", try_sign_in(app, account, &imap, error))
                id = link_password(app, account, &imap, &smtp, error);
    mail_url_clear(&imap);
    mail_url_clear(&smtp);
    return id;
}

int64_t app_account_add(struct app *app, const struct app_password_account *account,
                        const char **property, GError **error)
{
    int64_t id = 0;
    *property = "address";
    if (account->address == NULL || strchr(account->address, '@') == NULL)
        error_set(error, ERROR_INVALID, "\"%s\" is not an e-mail address",
                  account->address != NULL ? account->address : "");
    else if (*property = "proxy",
             account->proxy == NULL || proxy_setting_check(account->proxy, error))
        id = add_checked(app, account, property, error);
    if (id != 0 && app->sync != NULL)
        sync_manager_poke(app->sync, id);
    return id;
}

bool app_account_proxy(struct app *app, int64_t account, const char *address,
                       const struct secret *password, GError **error)
{
    g_autofree char *owner = app_proxy_owner(account);
    if (!store_proxy_put(app->store, owner, address, password, error))
        return false;
    app_restart_account(app, account);
    return true;
}

void app_restart_account(struct app *app, int64_t account)
{
    oauth_token_forget(app->tokens, account);
    if (app->sync == NULL)
        return;
    sync_manager_drop(app->sync, account);
    sync_manager_poke(app->sync, account);
}

bool app_parse_date(const char *text, int64_t *seconds)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *whole =
        strlen(text) == 10 ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(whole, utc);
    if (date == NULL)
        return false;
    *seconds = g_date_time_to_unix(date);
    return true;
}

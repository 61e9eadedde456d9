#include "sync/session.h"

#include "base/log.h"
#include "smtp/smtp.h"

#include <string.h>

#define DIAL_MS 30000
#define BODY_MAX (UINT64_C(150) * 1024 * 1024)
#define SPOOL_OVER (UINT64_C(1024) * 1024)

void session_dial(struct net_dial *dial, struct sync_manager *manager,
                  const struct store_sync_account *account, bool smtp, struct cancel *cancel)
{
    *dial = (struct net_dial){
        .host = smtp ? account->smtp_host : account->imap_host,
        .port = smtp ? account->smtp_port : account->imap_port,
        .ca_file = account->ca_file,
        .class = account->operator_hosts ? NET_OPERATOR : NET_USER,
        .policy = manager->config.policy,
        .proxy = account->proxy,
        .deadline = clock_in_ms(MIN(DIAL_MS, manager->config.tuning.patience_ms)),
        .cancel = cancel,
    };
}

struct store_sync_account *session_account(struct sync_manager *manager, int64_t account,
                                           GError **error)
{
    struct store_sync_account *loaded = store_sync_account(manager->config.store, account, error);
    if (loaded == NULL || loaded->provider == NULL ||
        manager->config.settle(loaded, manager->config.arg, error))
        return loaded;
    store_sync_account_free(loaded);
    return NULL;
}

static enum imap_security imap_security_of(const char *word)
{
    if (g_strcmp0(word, "starttls") == 0)
        return IMAP_STARTTLS;
    return g_strcmp0(word, "plain") == 0 ? IMAP_PLAIN : IMAP_TLS;
}

static enum smtp_security smtp_security_of(const char *word)
{
    if (g_strcmp0(word, "tls") == 0)
        return SMTP_TLS;
    return g_strcmp0(word, "plain") == 0 ? SMTP_PLAIN : SMTP_STARTTLS;
}

struct secret *session_secret(struct sync_manager *manager,
                              const struct store_sync_account *account, bool force_refresh,
                              int64_t *expires, struct cancel *cancel, GError **error)
{
    if (expires != NULL)
        *expires = 0;
    if (account->provider == NULL)
        return store_sync_password(manager->config.store, account->id, error);
    return oauth_token_get(manager->config.tokens, account->id, force_refresh, cancel, expires,
                           error);
}

void session_smtp(struct smtp_server *server, struct sync_manager *manager,
                  const struct store_sync_account *account, const struct secret *secret,
                  struct cancel *cancel)
{
    *server = (struct smtp_server){
        .security = smtp_security_of(account->smtp_security),
        .auth = account->provider != NULL ? SMTP_AUTH_XOAUTH2 : SMTP_AUTH_PASSWORD,
        .login = account->provider != NULL ? account->login : account->smtp_login,
        .secret = secret,
    };
    session_dial(&server->dial, manager, account, true, cancel);
}

static struct imap_client *sign_in_once(struct sync_manager *manager,
                                        const struct store_sync_account *account,
                                        bool force_refresh, int64_t *expires, struct cancel *cancel,
                                        GError **error)
{
    struct secret *secret = session_secret(manager, account, force_refresh, expires, cancel, error);
    if (secret == NULL)
        return NULL;
    struct net_dial dial;
    session_dial(&dial, manager, account, false, cancel);
    struct imap_client *imap =
        imap_client_open(&dial, imap_security_of(account->imap_security), error);
    if (imap != NULL) {
        imap_client_set_patience(imap, manager->config.tuning.patience_ms);
        imap_client_introduce(imap, "Postroom", "0.1", IMAP_CAP_QRESYNC);
    }
    bool ok = imap != NULL && (account->provider != NULL
                                   ? imap_login_oauth(imap, account->login, secret, error)
                                   : imap_login_password(imap, account->imap_login, secret, error));
    secret_free(secret);
    if (ok)
        return imap;
    imap_client_free(imap);
    return NULL;
}

struct imap_client *session_sign_in(struct sync_manager *manager,
                                    const struct store_sync_account *account, int64_t *expires,
                                    struct cancel *cancel, GError **error)
{
    GError *first = NULL;
    struct imap_client *imap = sign_in_once(manager, account, false, expires, cancel, &first);
    /* A refused login with a token that has not expired: one refresh, then patience. */
    if (imap == NULL && account->provider != NULL &&
        (error_is(first, ERROR_LOGIN_REFUSED) || error_is(first, ERROR_TOKEN_EXPIRED))) {
        g_clear_error(&first);
        imap = sign_in_once(manager, account, true, expires, cancel, &first);
    }
    if (imap == NULL)
        g_propagate_error(error, first);
    else
        imap_client_set_limits(imap, BODY_MAX, SPOOL_OVER, manager->config.spool_dir);
    return imap;
}

struct sync_host *session_host(struct sync_manager *manager,
                               const struct store_sync_account *account)
{
    enum sync_profile profile = SYNC_PLAIN;
    if (account->kind == STORE_KIND_MICROSOFT)
        profile = SYNC_EXCHANGE;
    if (account->kind == STORE_KIND_GOOGLE)
        profile = SYNC_GMAIL;
    return sync_hosts_get(manager->hosts, account->imap_host, account->imap_port, profile);
}

/* Counts a connection besides the session's own in or out. */
static bool count_extra(struct sync_manager *manager, int64_t account, int by, unsigned most)
{
    pthread_mutex_lock(&manager->mutex);
    unsigned now = GPOINTER_TO_UINT(g_hash_table_lookup(manager->extras, &account));
    bool ok = by < 0 || now + 1 < most;
    now += ok ? by : 0;
    if (now == 0)
        g_hash_table_remove(manager->extras, &account);
    else if (ok)
        g_hash_table_replace(manager->extras, g_memdup2(&account, sizeof account),
                             GUINT_TO_POINTER(now));
    pthread_mutex_unlock(&manager->mutex);
    return ok;
}

struct imap_client *session_extra_begin(struct sync_manager *manager,
                                        const struct store_sync_account *account,
                                        struct cancel *cancel, GError **error)
{
    struct sync_host *host = session_host(manager, account);
    unsigned most = sync_host_limits(host)->connections;
    int64_t next = 0;
    bool down = sync_host_is_down(host, error, &next);
    if (down && error != NULL && *error == NULL)
        error_set(error, ERROR_UNREACHABLE, "the mail server does not answer now");
    sync_host_unref(host);
    if (down)
        return NULL;
    if (!count_extra(manager, account->id, 1, most)) {
        error_set(error, ERROR_THROTTLED, "the mailbox has its %u connections", most);
        return NULL;
    }
    struct imap_client *imap = session_sign_in(manager, account, NULL, cancel, error);
    if (imap == NULL)
        count_extra(manager, account->id, -1, most);
    return imap;
}

void session_extra_end(struct sync_manager *manager, int64_t account, struct imap_client *imap)
{
    if (imap == NULL)
        return;
    imap_client_logout(imap);
    count_extra(manager, account, -1, 0);
}

static bool smtp_login(struct sync_manager *manager, const struct store_sync_account *account,
                       struct cancel *cancel, GError **error)
{
    struct secret *secret = session_secret(manager, account, false, NULL, cancel, error);
    if (secret == NULL)
        return false;
    struct smtp_server server;
    session_smtp(&server, manager, account, secret, cancel);
    struct smtp_result result = {0};
    bool ok = smtp_verify(&server, &result, error);
    if (ok)
        store_sync_size_limit(manager->config.store, account->id, result.size_limit, clock_wall(),
                              NULL);
    smtp_result_clear(&result);
    secret_free(secret);
    return ok;
}

void session_check_send(struct session *session)
{
    struct store *store = session->manager->config.store;
    g_autoptr(GError) problem = NULL;
    if (!session->check_send || session->config->smtp_host == NULL)
        return;
    bool ok = smtp_login(session->manager, session->config, session->cancel, &problem);
    /* A server that is away for a moment says nothing about sending; try again at the next pass. */
    if (!ok && (error_scope(problem) == ERROR_SCOPE_SERVER || error_is(problem, ERROR_CANCELLED) ||
                error_is(problem, ERROR_THROTTLED)))
        return;
    session->check_send = false;
    store_sync_send_problem(store, session->account, ok ? NULL : problem, NULL);
    if (ok)
        return;
    LOG_INFO("sync.send-refused", LOG_INT("account", session->account), LOG_ERR(problem));
    sync_note_fields(session->manager, session->account, "send-refused", problem, NULL, 0);
}

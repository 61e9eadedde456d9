#include "sync/parsers.h"
#include "sync/sender.h"

#include "base/log.h"

#define POLL_MS 300000
#define CALM_TIMES 12
#define COMPARE_MS 900000
#define PATIENCE_MS 60000
#define BACKOFF_MS 5000
#define NEAR_MS 5
#define DOUBT_MS 5000
#define PARSING_BYTES ((size_t)12 * 1024 * 1024)

static void forget_session(void *arg)
{
    struct session *session = arg;
    struct sync_manager *manager = session->manager;
    session_messages_end(session); /* not with the lock: the writer's listeners take it */
    pthread_mutex_lock(&manager->mutex);
    if (session->passes_wanted > 0) {
        struct sync_result *result = g_memdup2(&session->result, sizeof session->result);
        session->result = (struct sync_result){0};
        int64_t *key = g_memdup2(&session->account, sizeof session->account);
        g_hash_table_replace(manager->results, key, result);
    }
    g_hash_table_remove(manager->sessions, &session->account);
    pthread_cond_broadcast(&manager->changed);
    pthread_mutex_unlock(&manager->mutex);
}

static void forget_sender(void *arg)
{
    struct sender *sender = arg;
    struct sync_manager *manager = sender->manager;
    pthread_mutex_lock(&manager->mutex);
    g_hash_table_remove(manager->senders, &sender->account);
    pthread_cond_broadcast(&manager->changed);
    pthread_mutex_unlock(&manager->mutex);
}

static void session_free(gpointer data)
{
    struct session *session = data;
    sync_host_leave(&session->waiter);
    sync_host_unref(session->waiter.host);
    exec_task_unref(session->task);
    imap_client_free(session->imap);
    cancel_unref(session->cancel);
    g_clear_pointer(&session->config, store_sync_account_free);
    g_clear_pointer(&session->mailboxes, g_ptr_array_unref);
    g_array_unref(session->queue);
    g_clear_pointer(&session->refusals, g_hash_table_unref);
    g_clear_pointer(&session->notices, g_hash_table_unref);
    g_clear_pointer(&session->missing, g_hash_table_unref);
    g_clear_pointer(&session->quiet, g_hash_table_unref);
    g_clear_pointer(&session->grown, g_array_unref);
    g_clear_pointer(&session->unseen, g_array_unref);
    g_clear_pointer(&session->whole, g_array_unref);
    g_clear_pointer(&session->apart, g_array_unref);
    sync_result_clear(&session->result);
    g_free(session);
}

static void sender_free(gpointer data)
{
    struct sender *sender = data;
    exec_task_unref(sender->task);
    cancel_unref(sender->cancel);
    g_free(sender->sent_at);
    g_free(sender);
}

static void result_free(gpointer data)
{
    sync_result_clear(data);
    g_free(data);
}

void sync_result_clear(struct sync_result *result)
{
    g_clear_pointer(&result->error, g_free);
}

struct sync_manager *sync_manager_new(const struct sync_config *config)
{
    struct sync_manager *manager = g_new0(struct sync_manager, 1);
    manager->config = *config;
    struct sync_tuning *tuning = &manager->config.tuning;
    tuning->poll_ms = tuning->poll_ms > 0 ? tuning->poll_ms : POLL_MS;
    tuning->compare_ms = tuning->compare_ms > 0 ? tuning->compare_ms : COMPARE_MS;
    tuning->patience_ms = tuning->patience_ms > 0 ? tuning->patience_ms : PATIENCE_MS;
    tuning->calm_ms = tuning->calm_ms > 0 ? tuning->calm_ms : tuning->poll_ms * CALM_TIMES;
    tuning->near_ms = tuning->near_ms > 0 ? tuning->near_ms : NEAR_MS;
    tuning->doubt_ms = tuning->doubt_ms > 0 ? tuning->doubt_ms : DOUBT_MS;
    tuning->backoff_ms = tuning->backoff_ms > 0 ? tuning->backoff_ms : BACKOFF_MS;
    manager->parsers = parsers_new(g_get_num_processors(), PARSING_BYTES);
    pthread_mutex_init(&manager->mutex, NULL);
    pthread_cond_init(&manager->changed, NULL);
    manager->sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, session_free);
    manager->senders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, sender_free);
    manager->extras = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    manager->sending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    manager->hosts = sync_hosts_new(config->exec, config->workers, config->limits);
    manager->results = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, result_free);
    return manager;
}

/* Called with the mutex held. */
static struct session *session_of(struct sync_manager *manager, int64_t account)
{
    struct session *session = g_hash_table_lookup(manager->sessions, &account);
    if (session != NULL || manager->stopping)
        return session;
    session = g_new0(struct session, 1);
    session->manager = manager;
    session->account = account;
    session->cancel = cancel_new();
    session->stirred_at = clock_now();
    session->queue = g_array_new(FALSE, FALSE, sizeof(int64_t));
    session->backoff.first_ms = manager->config.tuning.backoff_ms;
    g_hash_table_insert(manager->sessions, &session->account, session);
    session->task =
        exec_task_start(manager->config.exec, EXEC_BULK, session_run, session, forget_session);
    return session;
}

static void sender_of(struct sync_manager *manager, int64_t account)
{
    struct sender *sender = g_hash_table_lookup(manager->senders, &account);
    if (sender != NULL) {
        exec_task_poke(sender->task, EXEC_NOTIFY);
        return;
    }
    if (manager->stopping)
        return;
    sender = g_new0(struct sender, 1);
    sender->manager = manager;
    sender->account = account;
    sender->cancel = cancel_new();
    g_hash_table_insert(manager->senders, &sender->account, sender);
    sender->task =
        exec_task_start(manager->config.exec, EXEC_NOTIFY, sender_run, sender, forget_sender);
}

void sync_manager_poke(struct sync_manager *manager, int64_t account)
{
    pthread_mutex_lock(&manager->mutex);
    bool known = g_hash_table_contains(manager->sessions, &account);
    struct session *session = session_of(manager, account);
    if (known && session != NULL) {
        atomic_store(&session->poked, true);
        exec_task_poke(session->task, EXEC_INTERACTIVE);
    }
    sender_of(manager, account);
    pthread_mutex_unlock(&manager->mutex);
}

bool sync_manager_start(struct sync_manager *manager, GError **error)
{
    g_autoptr(GArray) accounts = store_sync_accounts(manager->config.store, error);
    if (accounts == NULL)
        return false;
    for (guint i = 0; i < accounts->len; i++)
        sync_manager_poke(manager, g_array_index(accounts, int64_t, i));
    return true;
}

unsigned sync_manager_live(struct sync_manager *manager)
{
    return atomic_load(&manager->live);
}

/* Called with the mutex held. */
static void stop_account(struct session *session, struct sender *sender)
{
    if (session != NULL) {
        cancel_trigger(session->cancel);
        exec_task_stop(session->task);
    }
    if (sender != NULL) {
        cancel_trigger(sender->cancel);
        exec_task_stop(sender->task);
    }
}

void sync_manager_drop(struct sync_manager *manager, int64_t account)
{
    pthread_mutex_lock(&manager->mutex);
    for (;;) {
        struct session *session = g_hash_table_lookup(manager->sessions, &account);
        struct sender *sender = g_hash_table_lookup(manager->senders, &account);
        if (session == NULL && sender == NULL)
            break;
        stop_account(session, sender);
        pthread_cond_wait(&manager->changed, &manager->mutex);
    }
    pthread_mutex_unlock(&manager->mutex);
}

void sync_manager_free(struct sync_manager *manager)
{
    if (manager == NULL)
        return;
    pthread_mutex_lock(&manager->mutex);
    manager->stopping = true;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, manager->sessions);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        stop_account(value, NULL);
    g_hash_table_iter_init(&iter, manager->senders);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        stop_account(NULL, value);
    while (g_hash_table_size(manager->sessions) > 0 || g_hash_table_size(manager->senders) > 0)
        pthread_cond_wait(&manager->changed, &manager->mutex);
    pthread_mutex_unlock(&manager->mutex);
    g_hash_table_unref(manager->sessions);
    g_hash_table_unref(manager->senders);
    g_hash_table_unref(manager->results);
    parsers_free(manager->parsers);
    g_hash_table_unref(manager->extras);
    g_hash_table_unref(manager->sending);
    sync_hosts_free(manager->hosts);
    pthread_cond_destroy(&manager->changed);
    pthread_mutex_destroy(&manager->mutex);
    g_free(manager);
}

/* Waits under the mutex until the pass is served, waking now and then to look at the cancel token.
 */
static bool wait_for_pass(struct sync_manager *manager, int64_t account, unsigned pass,
                          struct cancel *cancel, struct sync_result *result)
{
    for (;;) {
        struct session *session = g_hash_table_lookup(manager->sessions, &account);
        if (session == NULL) {
            struct sync_result *ended = g_hash_table_lookup(manager->results, &account);
            if (ended != NULL) {
                *result = *ended;
                *ended = (struct sync_result){0};
            }
            return true;
        }
        if (session->passes_done >= pass) {
            *result = session->result;
            session->result = (struct sync_result){0};
            return true;
        }
        if (cancel_is_triggered(cancel))
            return false;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100 * 1000 * 1000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&manager->changed, &manager->mutex, &until);
    }
}

bool sync_manager_pass(struct sync_manager *manager, int64_t account, struct cancel *cancel,
                       struct sync_result *result, GError **error)
{
    *result = (struct sync_result){0};
    struct store_sync_account *config = store_sync_account(manager->config.store, account, error);
    if (config == NULL)
        return false;
    store_sync_account_free(config);
    int64_t started = clock_now();
    pthread_mutex_lock(&manager->mutex);
    g_hash_table_remove(manager->results, &account);
    struct session *session = session_of(manager, account);
    bool ok = session != NULL;
    if (ok) {
        unsigned pass = ++session->passes_wanted;
        exec_task_poke(session->task, EXEC_BULK);
        ok = wait_for_pass(manager, account, pass, cancel, result);
    }
    pthread_mutex_unlock(&manager->mutex);
    if (!ok)
        error_set(error, ERROR_CANCELLED, "stopped before the pass was done");
    result->seconds = (double)(clock_now() - started) / (double)CLOCK_SECOND;
    return ok;
}

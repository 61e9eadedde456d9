#include "sync/session.h"

#include "base/log.h"

#include <string.h>

/* "idle" is written again now and then: it says when the last sync was. */
#define SAID_AGAIN (30 * CLOCK_SECOND)

static struct exec_verdict park(int fd, int64_t deadline)
{
    return (struct exec_verdict){.next = EXEC_PARK,
                                 .lane = EXEC_NOTIFY,
                                 .fd = fd,
                                 .deadline = deadline};
}

static struct exec_verdict again(enum exec_lane lane)
{
    return (
        struct exec_verdict){.next = EXEC_AGAIN, .lane = lane, .fd = -1, .deadline = CLOCK_NEVER};
}

static struct exec_verdict done(void)
{
    return (struct exec_verdict){.next = EXEC_DONE,
                                 .lane = EXEC_NOTIFY,
                                 .fd = -1,
                                 .deadline = CLOCK_NEVER};
}

static void say(struct session *session, const char *state, const GError *problem,
                int64_t next_attempt)
{
    bool same = session->config != NULL && g_strcmp0(session->config->state, state) == 0;
    if (problem == NULL && same && clock_now() - session->said_at < SAID_AGAIN)
        return;
    session->said_at = clock_now();
    store_sync_state(session->manager->config.store, session->account, state, problem, next_attempt,
                     NULL);
    if (session->config != NULL) {
        g_free(session->config->state);
        session->config->state = g_strdup(state);
    }
}

static void disconnect(struct session *session)
{
    session_messages_end(session); /* what came is kept */
    g_clear_pointer(&session->imap, imap_client_free);
    session->open_mailbox = 0;
    session->idling = false;
}

static void wake_waiters(struct session *session, const GError *problem)
{
    struct sync_manager *manager = session->manager;
    pthread_mutex_lock(&manager->mutex);
    sync_result_clear(&session->result);
    session->result = session->working;
    session->working = (struct sync_result){0};
    if (problem != NULL)
        session->result.error = g_strdup_printf("%s (%s)", error_cause(problem), problem->message);
    session->passes_done = problem != NULL ? session->passes_wanted : session->pass_serving;
    pthread_cond_broadcast(&manager->changed);
    pthread_mutex_unlock(&manager->mutex);
}

static void begin_pass(struct session *session)
{
    struct sync_manager *manager = session->manager;
    pthread_mutex_lock(&manager->mutex);
    session->pass_serving = session->passes_wanted;
    session->working = (struct sync_result){0};
    pthread_mutex_unlock(&manager->mutex);
}

static bool pass_is_wanted(struct session *session)
{
    struct sync_manager *manager = session->manager;
    pthread_mutex_lock(&manager->mutex);
    bool wanted = session->passes_done != session->passes_wanted;
    pthread_mutex_unlock(&manager->mutex);
    return wanted;
}

static const char *state_after(const GError *problem)
{
    switch (error_retry(problem)) {
    case ERROR_RETRY_RELINK:
        return "needs-relink";
    case ERROR_RETRY_ADMIN:
    case ERROR_RETRY_NEVER:
        return "error";
    default:
        return "retrying";
    }
}

/* Mail stays, the state says what is wrong, and the next attempt comes by itself wherever one can
 * help. */
static struct exec_verdict rest(struct session *session, GError *problem)
{
    disconnect(session);
    session->phase = SESSION_FOLDERS;
    if (error_is(problem, ERROR_CANCELLED) || cancel_is_triggered(session->cancel)) {
        wake_waiters(session, problem);
        g_error_free(problem);
        return session->manager->config.live ? again(EXEC_NOTIFY) : done();
    }
    bool hopeless = error_retry(problem) == ERROR_RETRY_RELINK;
    int64_t pause = sync_backoff_next(&session->backoff, error_retry_after_ms(problem));
    /* A session that ended with its token or was dropped comes back at once, the first time. */
    bool at_once = error_retry(problem) == ERROR_RETRY_NOW && session->backoff.failures == 1;
    if (!at_once) {
        say(session, state_after(problem), problem,
            hopeless ? 0 : clock_wall() + (pause + 999) / 1000);
        LOG_WARN("sync.resting", LOG_INT("account", session->account), LOG_INT("ms", pause),
                 LOG_ERR(problem));
        store_sync_progress(session->manager->config.store, session->account,
                            &(struct store_progress){0});
    }
    if (!at_once || !session->manager->config.live)
        wake_waiters(session, problem);
    g_error_free(problem);
    if (!session->manager->config.live)
        return at_once ? again(EXEC_BULK) : done();
    session->resting_until = at_once ? 0 : hopeless ? CLOCK_NEVER : clock_in_ms(pause);
    return at_once ? again(EXEC_NOTIFY) : park(-1, session->resting_until);
}

static bool connect_if_needed(struct session *session, GError **error)
{
    if (session->imap != NULL)
        return true;
    bool linking = strcmp(session->config->state, "linking") == 0;
    /* A command's single pass is not the time to ask again whether sending works. */
    if (!session->manager->config.live && !linking)
        session->checked_send = true;
    if (!linking && !session->was_idle)
        say(session, "syncing", NULL, 0);
    session->imap = session_sign_in(session->manager, session->config, session->cancel, error);
    if (session->imap == NULL)
        return false;
    if (!session->was_idle)
        say(session, "syncing", NULL, 0);
    session->phase = SESSION_FOLDERS;
    session->rate_started = clock_now();
    session->rate_bytes = 0;
    return true;
}

static int by_importance(gconstpointer a, gconstpointer b)
{
    const struct store_remote_mailbox *x = *(struct store_remote_mailbox *const *)a;
    const struct store_remote_mailbox *y = *(struct store_remote_mailbox *const *)b;
    int order_x = x->role == MAIL_ROLE_NONE ? MAIL_ROLES : (int)x->role;
    int order_y = y->role == MAIL_ROLE_NONE ? MAIL_ROLES : (int)y->role;
    return order_x != order_y ? order_x - order_y : strcmp(x->name, y->name);
}

static void queue_all(struct session *session)
{
    g_ptr_array_sort(session->mailboxes, by_importance);
    g_array_set_size(session->queue, 0);
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync)
            g_array_append_val(session->queue, mailbox->id);
    }
    session->pass_is_full = true;
}

static bool sweep(struct session *session, GError **error)
{
    struct store_batch *batch = store_batch_new(session->manager->config.store, session->account);
    struct store_batch_result result = {0};
    store_batch_sweep(batch);
    bool ok = store_batch_commit(batch, STORE_LANE_BULK, &result, error);
    session->working.removed += result.removed;
    session->orphans = !ok;
    store_batch_free(batch);
    return ok;
}

/* One folder of the queue; when the queue is done, on to the messages. A message that vanished may
 * have been moved: every folder is asked before it is let go. */
static bool step_compare(struct session *session, GError **error)
{
    if (session->queue->len == 0) {
        if (session->orphans && !session->pass_is_full)
            return session_poll(session, error);
        if (session->orphans && !sweep(session, error))
            return false;
        session->phase = SESSION_MESSAGES;
        return true;
    }
    int64_t id = g_array_index(session->queue, int64_t, 0);
    g_array_remove_index(session->queue, 0);
    struct store_remote_mailbox *mailbox = session_mailbox(session, id);
    if (mailbox == NULL)
        return true;
    g_autoptr(GError) refusal = NULL;
    if (session_compare(session, mailbox, &refusal))
        return true;
    if (error_scope(refusal) != ERROR_SCOPE_MAILBOX &&
        error_scope(refusal) != ERROR_SCOPE_MESSAGE) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return false;
    }
    /* One folder that cannot be opened does not stop the others. */
    LOG_WARN("sync.folder-refused", LOG_INT("account", session->account), LOG_INT("mailbox", id),
             LOG_ERR(refusal));
    session->open_mailbox = 0;
    session->pass_is_full = false;
    session->orphans = false;
    return true;
}

static bool finish_pass(struct session *session, GError **error)
{
    session->was_idle = true;
    session->rate_started = 0;
    session_progress(session, NULL);
    sync_backoff_reset(&session->backoff);
    say(session, "idle", NULL, 0);
    wake_waiters(session, NULL);
    session->phase = SESSION_WATCH;
    if (!session->manager->config.live)
        return true;
    if (session->poll_at == 0)
        session->poll_at = clock_in_ms(session->manager->config.tuning.poll_ms);
    return session_watch(session, error);
}

/* Ends IDLE when there is something to do, and says what: a folder queued, a pass wanted, the poll
 * due. */
static bool leave_watch(struct session *session, unsigned woke, bool *stay, GError **error)
{
    bool news = false;
    *stay = false;
    if (!session_listen(session, &news, error))
        return false;
    bool poll = clock_now() >= session->poll_at;
    bool wanted = pass_is_wanted(session);
    *stay = !news && !poll && !wanted && (woke & EXEC_WOKE_POKE) == 0 &&
            clock_now() < session->idle_until && session->queue->len == 0;
    if (*stay)
        return true;
    if (session->idling && !imap_idle_end(session->imap, error))
        return false;
    session->idling = false;
    if (wanted) {
        session->phase = SESSION_FOLDERS;
        return true;
    }
    session->pass_is_full = false;
    if (news && session->open_mailbox != 0)
        g_array_append_val(session->queue, session->open_mailbox);
    if (poll && !session_poll(session, error))
        return false;
    session->phase = SESSION_COMPARE;
    return session_load_mailboxes(session, error);
}

static bool step(struct session *session, unsigned woke, bool *parked, GError **error)
{
    bool more = false;
    switch (session->phase) {
    case SESSION_FOLDERS:
        begin_pass(session);
        if (!session_carry(session, error) || !session_folders(session, error))
            return false;
        queue_all(session);
        session->phase = SESSION_COMPARE;
        return true;
    case SESSION_COMPARE:
        return session_carry(session, error) && step_compare(session, error);
    case SESSION_MESSAGES:
        session_check_send(session); /* the lists are there; nobody waits for the answer */
        if (!session_carry(session, error) || !session_messages(session, &more, error))
            return false;
        return more || finish_pass(session, error);
    case SESSION_WATCH:
        if (!leave_watch(session, woke, parked, error))
            return false;
        return true;
    }
    return true;
}

static bool load_config(struct session *session, GError **error)
{
    g_clear_pointer(&session->config, store_sync_account_free);
    session->config = session_account(session->manager, session->account, error);
    return session->config != NULL;
}

static struct exec_verdict park_watching(struct session *session)
{
    int fd = session->idling ? conn_fd(imap_client_conn(session->imap)) : -1;
    int64_t deadline = MIN(session->idle_until, session->poll_at);
    g_clear_pointer(&session->mailboxes, g_ptr_array_unref);
    if ((session->idling && !imap_client_may_park(session->imap)) || pass_is_wanted(session))
        return again(EXEC_NOTIFY);
    conn_shrink(imap_client_conn(session->imap));
    return park(fd, deadline);
}

static bool may_run(struct session *session, struct exec_verdict *verdict)
{
    if (session->config->paused) {
        disconnect(session);
        say(session, "paused", NULL, 0);
        wake_waiters(session, NULL);
        *verdict = session->manager->config.live ? park(-1, CLOCK_NEVER) : done();
        return false;
    }
    bool relinked = g_strcmp0(session->config->state, "linking") == 0;
    bool rested = clock_now() >= session->resting_until;
    if (session->resting_until != 0 && !rested && !relinked && !pass_is_wanted(session)) {
        *verdict = park(-1, session->resting_until);
        return false;
    }
    if (relinked && session->resting_until != 0) {
        sync_backoff_reset(&session->backoff);
        session->checked_send = false;
    }
    session->resting_until = 0;
    return true;
}

struct exec_verdict session_run(void *arg, unsigned woke)
{
    struct session *session = arg;
    struct exec_verdict verdict;
    GError *error = NULL;
    atomic_store(&session->poked, false);
    if ((woke & EXEC_WOKE_STOP) != 0 || cancel_is_triggered(session->cancel)) {
        disconnect(session);
        return done();
    }
    /* A poke may mean that the account was paused, re-linked or removed. */
    if ((session->config == NULL || (woke & ~(unsigned)EXEC_WOKE_READABLE) != 0) &&
        !load_config(session, &error)) {
        if (!error_is(error, ERROR_NOT_FOUND))
            return rest(session, error);
        disconnect(session);
        wake_waiters(session, error);
        g_clear_error(&error);
        return done();
    }
    if (!may_run(session, &verdict))
        return verdict;
    bool parked = false;
    if (!connect_if_needed(session, &error))
        return rest(session, error);
    if ((woke & EXEC_WOKE_POKE) != 0 && !session->idling && session->phase != SESSION_WATCH &&
        session->mailboxes != NULL && !session_wanted(session, &error))
        return rest(session, error);
    if (!step(session, woke, &parked, &error))
        return rest(session, error);
    if (session->phase == SESSION_WATCH && !session->manager->config.live)
        return done();
    if (parked || (session->phase == SESSION_WATCH && session->queue->len == 0))
        return park_watching(session);
    return again(session->was_idle ? EXEC_NOTIFY : EXEC_BULK);
}

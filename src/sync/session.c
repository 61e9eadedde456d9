#include "sync/reconcile.h"
#include "sync/steps.h"

#include "base/log.h"

#include <string.h>

/* After a throttling, batches have pauses between them for a while. */
#define GENTLE_PAUSE_MS 1000
/* A server that does not answer the end of an IDLE within it is gone. */
#define DONE_MS 15000
#define DAY_S 86400

static void begin_pass(struct session *session)
{
    struct sync_manager *manager = session->manager;
    pthread_mutex_lock(&manager->mutex);
    session->pass_serving = session->passes_wanted;
    session->amended = false;
    if (session->whole != NULL)
        g_array_set_size(session->whole, 0);
    session->working = (struct sync_result){0};
    pthread_mutex_unlock(&manager->mutex);
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
        if (mailbox->sync && !g_hash_table_contains(session->quiet, &mailbox->id))
            g_array_append_val(session->queue, mailbox->id);
    }
    g_clear_pointer(&session->quiet, g_hash_table_unref);
}

/* Where no mod-sequence tells of flags INBOX comes last: what happens to it after its SELECT is
 * told as it happens, and the session idles on that very SELECT. Its first comparison comes first.
 */
static struct store_remote_mailbox *next_of_queue(struct session *session)
{
    guint at = 0;
    struct store_remote_mailbox *mailbox =
        session_mailbox(session, g_array_index(session->queue, int64_t, 0));
    if (mailbox != NULL && mailbox->role == MAIL_ROLE_INBOX && mailbox->headers_done &&
        mailbox->highestmodseq == 0 && session->queue->len > 1)
        mailbox = session_mailbox(session, g_array_index(session->queue, int64_t, ++at));
    g_array_remove_index(session->queue, at);
    return mailbox;
}

static void forget_apart(struct session *session, int64_t mailbox)
{
    for (guint i = session->apart != NULL ? session->apart->len : 0; i > 0; i--)
        if (g_array_index(session->apart, int64_t, i - 1) == mailbox)
            g_array_remove_index(session->apart, i - 1);
}

/* One folder of the queue; when the queue is done, on to the messages. A message that vanished may
 * have been moved: every folder is asked before it is let go. */
static bool step_compare(struct session *session, GError **error)
{
    if (session->queue->len == 0) {
        bool more = false;
        if (!session_round_end(session, &more, error))
            return false;
        if (!more)
            session->phase = SESSION_MESSAGES;
        return true;
    }
    bool toured = false;
    if (!session_first_looks(session, &toured, error) ||
        (!toured && !session_looks(session, &toured, error)))
        return false;
    if (toured)
        return true;
    struct store_remote_mailbox *mailbox = next_of_queue(session);
    if (mailbox == NULL)
        return true;
    int64_t id = mailbox->id;
    g_autoptr(GError) refusal = NULL;
    forget_apart(session, id);
    bool whole = session_is_wanted_whole(session, id);
    if (whole ? session_compare_whole(session, mailbox, &refusal)
              : session_compare(session, mailbox, &refusal)) {
        session_round_saw(session, id, false);
        return true;
    }
    if (error_scope(refusal) != ERROR_SCOPE_MAILBOX &&
        error_scope(refusal) != ERROR_SCOPE_MESSAGE) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return false;
    }
    if (session_is_held(session, id)) /* the folders are listed next */
        return true;
    /* One folder that cannot be opened does not stop the others. */
    LOG_WARN("sync.folder-refused", LOG_INT("account", session->account), LOG_INT("mailbox", id),
             LOG_ERR(refusal));
    session->open_mailbox = 0;
    session_round_saw(session, id, true);
    return true;
}

/* Counts what came for the day; when that is as much as the provider gives, older mail waits.
 * Without a limit it is only told, at the end of a pass. */
static bool charge(struct session *session, bool at_end, GError **error)
{
    uint64_t most = sync_host_limits(session->waiter.host)->bytes_a_day, sum = 0;
    uint64_t now = conn_bytes_in(imap_client_conn(session->imap));
    int64_t day = clock_wall() / DAY_S;
    bool told = at_end && session->manager->config.note != NULL && now != session->charged;
    if (most == 0 ? !told : at_end)
        return true;
    if (!store_sync_traffic(session->manager->config.store, session->account, day,
                            now - session->charged, &sum, error))
        return false;
    session->charged = now;
    session->budget_until = most != 0 && sum >= most ? (day + 1) * DAY_S : 0;
    if (session->budget_until != 0)
        SYNC_NOTE(session->manager, session->account, "daily-limit", NULL, LOG_INT("bytes", sum));
    return true;
}

static bool step_messages(struct session *session, bool *more, GError **error)
{
    session_check_send(session); /* the lists are there; nobody waits for the answer */
    if (session->budget_until > clock_wall())
        return session_wanted(session, error);
    return session_messages(session, more, error) && charge(session, false, error);
}

static void say_idle(struct session *session)
{
    uint64_t ready = 0, bytes = 0, pending = 0;
    g_autoptr(GError) spent = NULL;
    if (session->budget_until > clock_wall() &&
        store_sync_totals(session->manager->config.store, session->account, &ready, &bytes,
                          &pending, &bytes, NULL) &&
        pending > 0)
        error_set(&spent, ERROR_DAILY_LIMIT, "%" G_GUINT64_FORMAT " messages wait for tomorrow",
                  pending);
    session_say(session, "idle", spent, spent != NULL ? session->budget_until : 0);
}

/* "idle" only when every folder is here as it is there. */
static void say_end(struct session *session, const GError *problem, int64_t next)
{
    if (problem == NULL)
        say_idle(session);
    else
        session_say(session, error_is(problem, ERROR_FOLDER_REFUSED) ? "retrying" : "syncing",
                    problem, next);
}

static bool finish_pass(struct session *session, GError **error)
{
    g_autoptr(GError) problem = NULL;
    bool again = false;
    int64_t next = 0;
    if (session->carry_at != 0 && !session->manager->config.live) {
        session->phase = SESSION_COMPARE; /* a command's pass waits for it */
        session->lingers = true;
        return true;
    }
    if (!session_agree(session, &again, &problem, &next, error))
        return false;
    if (again) {
        session->phase = SESSION_COMPARE;
        return true;
    }
    session_messages_end(session);
    if (!session_quota(session, error))
        return false;
    if (!charge(session, true, error))
        return false;
    session_note_pass(session, problem);
    session->was_idle = true;
    session->rate_started = 0;
    session_progress(session, NULL);
    sync_backoff_reset(&session->backoff);
    say_end(session, problem, next);
    session_answer(session, problem);
    session->phase = SESSION_WATCH;
    g_clear_pointer(&session->missing, g_hash_table_unref);
    if (!session->manager->config.live)
        return true;
    return session_watch(session, error) &&
           (session->polled_at != 0 || session_plan_poll(session, error));
}

/* --- between passes
 * ------------------------------------------------------------------------------- */

static bool end_idle(struct session *session, GError **error)
{
    if (!session->idling)
        return true;
    int64_t patience = session->manager->config.tuning.patience_ms;
    imap_client_set_patience(session->imap, MIN(DONE_MS, patience));
    bool ok = imap_idle_end(session->imap, error);
    imap_client_set_patience(session->imap, patience);
    session->idling = false;
    return ok;
}

/* Looks at the folders whose time has come, without leaving INBOX. */
static bool look_around(struct session *session, GError **error)
{
    bool ok = true;
    if (clock_now() >= session->refresh_at)
        session_refresh(session);
    if (clock_now() >= session->poll_at || session->lost_notices)
        ok = session_poll_due(session, error);
    ok = ok && session_take_notices(session, error);
    ok = ok && session_reconcile_due(session, error);
    if (ok && session->quota_moved && !session->news) /* news come first */
        ok = session_quota(session, error);
    /* The list of folders is compared in a full pass. */
    if (ok && session->folders_changed) {
        session->folders_changed = false;
        session->polled_at = 0;
        session->phase = SESSION_FOLDERS;
    }
    return ok;
}

static bool go_on_idling(struct session *session, GError **error)
{
    if (session->open_mailbox == 0 || !session->hears_inbox || session_wants_notices(session))
        return session_watch(session, error);
    session->idle_until = session_renewal(session);
    session->idling = imap_idle_begin(session->imap, error);
    return session->idling;
}

static bool is_carry_due(const struct session *session)
{
    return session->carry_at != 0 && clock_now() >= session->carry_at;
}

static bool something_is_due(const struct session *session)
{
    int64_t now = clock_now();
    bool budget = session->budget_until != 0 && clock_wall() >= session->budget_until;
    return is_carry_due(session) || now >= session->poll_at || now >= session->idle_until ||
           now >= session->refresh_at || now >= session_reconcile_at(session) || budget;
}

/* Ends IDLE when there is something to do, and says what: a folder queued, a pass wanted. Where it
 * was only time to look around, it stays. */
static bool leave_watch(struct session *session, bool poked, bool *stay, GError **error)
{
    bool heard = false;
    if (!session_listen(session, &heard, error))
        return false;
    session->news = session->news || heard;
    bool wanted = session_is_wanted(session);
    bool told = session->news || session_has_notices(session);
    *stay = !told && !wanted && !poked && !something_is_due(session) && session->queue->len == 0;
    if (*stay)
        return true;
    if (told || poked)
        session->stirred_at = clock_now();
    bool budget = session->budget_until != 0 && clock_wall() >= session->budget_until;
    session->budget_until = budget ? 0 : session->budget_until;
    if (!end_idle(session, error) || !(wanted || look_around(session, error)))
        return false;
    if (wanted) {
        session->polled_at = 0; /* a full pass */
        session->phase = SESSION_FOLDERS;
    }
    if (session->phase == SESSION_FOLDERS)
        return true;
    session->rounds = 0;
    session->round_is_full = false;
    session->amended = session->whole != NULL && session->whole->len > 0;
    if (session->news && session->open_mailbox != 0)
        session_queue(session, session->open_mailbox);
    session->news = false;
    if (session->queue->len == 0 && !poked && !budget && !session->unsettled &&
        !is_carry_due(session)) {
        bool ok = go_on_idling(session, error);
        /* What comes before the server idles is news as well. */
        *stay = session->queue->len == 0 && !session->news && !session_has_notices(session);
        return ok;
    }
    session->phase = SESSION_COMPARE;
    return session_load_mailboxes(session, error);
}

/* A session that comes back compares only what changed since it left. */
static bool step_folders(struct session *session, GError **error)
{
    begin_pass(session);
    if (!session_carry(session, error))
        return false;
    session->phase = SESSION_COMPARE;
    session->rounds = 0;
    if (!session_round_begin(session, error))
        return false;
    bool full = !session->was_idle || session->must_list || session->polled_at == 0 ||
                session_is_wanted(session);
    if (!full)
        return session_load_mailboxes(session, error) && session_poll(session, error) &&
               (!session->folders_changed || session_folders(session, error));
    if (!session_folders(session, error))
        return false;
    queue_all(session);
    return session_reconcile_begin(session, error);
}

/* True: the folders must be listed first. */
static bool carry_first(struct session *session, bool *ok, GError **error)
{
    *ok = session_carry(session, error);
    if (!*ok || !session->must_list)
        return !*ok;
    session->polled_at = 0;
    session->phase = SESSION_FOLDERS;
    return true;
}

static bool step(struct session *session, bool poked, bool *parked, GError **error)
{
    bool more = false, ok = true;
    switch (session->phase) {
    case SESSION_FOLDERS:
        return step_folders(session, error);
    case SESSION_COMPARE:
        return carry_first(session, &ok, error) ? ok : step_compare(session, error);
    case SESSION_MESSAGES:
        if (carry_first(session, &ok, error))
            return ok;
        if (!step_messages(session, &more, error))
            return false;
        return more || finish_pass(session, error);
    case SESSION_WATCH:
        return leave_watch(session, poked, parked, error);
    }
    return true;
}

static bool load_config(struct session *session, GError **error)
{
    g_clear_pointer(&session->config, store_sync_account_free);
    session->config = session_account(session->manager, session->account, error);
    if (session->config == NULL)
        return false;
    /* A command's single pass is not the time to ask again whether sending works. */
    if ((session->config->send_refused && session->manager->config.live) ||
        g_strcmp0(session->config->state, "linking") == 0)
        session->check_send = true;
    return true;
}

static struct exec_verdict park_watching(struct session *session)
{
    int fd = session->idling ? conn_fd(imap_client_conn(session->imap)) : -1;
    int64_t deadline = MIN(MIN(session->idle_until, session->poll_at), session->refresh_at);
    deadline = MIN(deadline, session_reconcile_at(session));
    if (session->budget_until != 0)
        deadline = MIN(deadline, clock_in_ms((session->budget_until - clock_wall()) * 1000));
    if (session->carry_at != 0)
        deadline = MIN(deadline, session->carry_at);
    if ((session->idling && !imap_client_may_park(session->imap)) || session->news ||
        session_has_notices(session) || session_is_wanted(session))
        return session_again(EXEC_NOTIFY);
    conn_shrink(imap_client_conn(session->imap));
    session_rest_lightly(session);
    if (!session->live)
        atomic_fetch_add(&session->manager->live, 1);
    session->live = true;
    return session_park(fd, deadline);
}

void session_doubt(struct session *session)
{
    session->doubt_until = clock_in_ms(session->manager->config.tuning.doubt_ms);
}

/* What was begun before this session may have been asked a moment ago, by a process that was
 * killed. */
static void doubt_begun(struct session *session)
{
    bool in_doubt = true;
    g_autoptr(GError) error = NULL;
    if (!store_intents_in_doubt(session->manager->config.store, session->account, &in_doubt,
                                &error))
        LOG_WARN("sync.in-doubt", LOG_INT("account", session->account), LOG_ERR(error));
    if (!in_doubt)
        return;
    session_doubt(session);
    session_carry_later(session, session->manager->config.tuning.doubt_ms << OUT_LOOKS);
}

static bool may_run(struct session *session, struct exec_verdict *verdict)
{
    if (session->config->paused) {
        if (session->imap != NULL) {
            sync_note_fields(session->manager, session->account, "paused", NULL, NULL, 0);
            session->told_connected = false;
        }
        session_disconnect(session);
        sync_host_leave(&session->waiter);
        session_say(session, "paused", NULL, 0);
        session_answer(session, NULL);
        *verdict = session->manager->config.live ? session_park(-1, CLOCK_NEVER) : session_done();
        session_rest_lightly(session);
        return false;
    }
    bool relinked = g_strcmp0(session->config->state, "linking") == 0;
    bool rested = clock_now() >= session->resting_until;
    if (session->resting_until != 0 && !rested && !relinked && !session_is_wanted(session)) {
        *verdict = session_park(-1, session->resting_until);
        session_rest_lightly(session);
        return false;
    }
    if (session->imap == NULL && clock_now() < session->doubt_until) {
        *verdict = session_park(-1, session->doubt_until);
        session_rest_lightly(session);
        return false;
    }
    if (relinked && session->resting_until != 0)
        sync_backoff_reset(&session->backoff);
    session->resting_until = 0;
    return true;
}

/* A bounded piece of work, with a worker that the host may hold. */
static struct exec_verdict run_piece(struct session *session)
{
    bool parked = false, poked = session->errand;
    GError *error = NULL;
    if (!session_connect(session, &error))
        return session_rest(session, error);
    session->errand = false;
    if (poked && !session->idling && session->phase != SESSION_WATCH &&
        session->mailboxes != NULL && !session_wanted(session, &error))
        return session_rest(session, error);
    if (!step(session, poked, &parked, &error)) {
        sync_host_failed(session->waiter.host, error);
        return session_rest(session, error);
    }
    if (session->phase == SESSION_WATCH && !session->manager->config.live)
        return session_done();
    if (parked || (session->phase == SESSION_WATCH && session->queue->len == 0))
        return park_watching(session);
    if (session->lingers) {
        session->lingers = false;
        return session_park(-1, session->carry_at);
    }
    if (session->phase == SESSION_MESSAGES && clock_now() < session->gentle_until)
        return session_park(-1, clock_in_ms(GENTLE_PAUSE_MS));
    return session_again(session->was_idle ? EXEC_NOTIFY : EXEC_BULK);
}

/* A server that only says that it is still there needs no look at the store. */
static bool only_alive(struct session *session, unsigned woke, GError **error)
{
    bool heard = false;
    if (!session->idling || session->news || (woke & ~(unsigned)EXEC_WOKE_READABLE) != 0 ||
        something_is_due(session) || !session_listen(session, &heard, error))
        return false;
    session->news = session->news || heard;
    return !session->news && !session_has_notices(session) && session->idling &&
           imap_client_may_park(session->imap);
}

static void learn_own_task(struct session *session)
{
    pthread_mutex_lock(&session->manager->mutex);
    session->waiter.task = session->task;
    pthread_mutex_unlock(&session->manager->mutex);
}

struct exec_verdict session_run(void *arg, unsigned woke)
{
    struct session *session = arg;
    struct exec_verdict verdict;
    GError *error = NULL;
    bool poked = atomic_exchange(&session->poked, false);
    session->errand = session->errand || poked;
    if (session->waiter.task == NULL) {
        learn_own_task(session);
        doubt_begun(session);
    }
    if ((woke & EXEC_WOKE_STOP) != 0 || cancel_is_triggered(session->cancel)) {
        session_disconnect(session);
        sync_host_leave(&session->waiter);
        return session_done();
    }
    bool alive = only_alive(session, woke, &error);
    if (error == NULL && alive)
        return park_watching(session);
    /* A poke may mean that the account was paused, re-linked or removed. */
    if ((session->config == NULL || (woke & ~(unsigned)EXEC_WOKE_READABLE) != 0)) {
        GError *failure = NULL;
        if (!load_config(session, &failure)) {
            g_clear_error(&error);
            if (!error_is(failure, ERROR_NOT_FOUND))
                return session_rest(session, failure);
            session_disconnect(session);
            sync_host_leave(&session->waiter);
            session_answer(session, failure);
            g_clear_error(&failure);
            return session_done();
        }
    }
    if (error != NULL)
        return session_rest(session, error);
    if (!may_run(session, &verdict) || !session_may_work(session, woke, poked, &verdict))
        return verdict;
    verdict = run_piece(session);
    sync_host_rest(&session->waiter);
    return verdict;
}

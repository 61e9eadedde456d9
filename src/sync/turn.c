/* A session's comings and goings: its turn at the host, connecting, and what it does about a
 * failure.
 */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

/* "idle" is written again now and then: it says when the last sync was. */
#define SAID_AGAIN (30 * CLOCK_SECOND)
/* Refusals of a mailbox that was open, until it counts as closed to us. */
#define LOST_ACCESS_AFTER 3
#define CROWDED_MS 60000
/* After a throttling, batches have pauses between them for a while. */
#define GENTLE_MS (INT64_C(10) * 60 * 1000)
#define GENTLE_PAUSE_MS 1000
/* How often the next attempt of a host that is down is written anew. */
#define SAY_DOWN_MS 60000
/* A token is renewed so long before its end, and asked for again after a failure. */
#define REFRESH_S 300
#define REFRESH_AGAIN_MS 30000

struct exec_verdict session_park(int fd, int64_t deadline)
{
    return (struct exec_verdict){.next = EXEC_PARK,
                                 .lane = EXEC_NOTIFY,
                                 .fd = fd,
                                 .deadline = deadline};
}

struct exec_verdict session_again(enum exec_lane lane)
{
    return (
        struct exec_verdict){.next = EXEC_AGAIN, .lane = lane, .fd = -1, .deadline = CLOCK_NEVER};
}

struct exec_verdict session_done(void)
{
    return (struct exec_verdict){.next = EXEC_DONE,
                                 .lane = EXEC_NOTIFY,
                                 .fd = -1,
                                 .deadline = CLOCK_NEVER};
}

void session_say(struct session *session, const char *state, const GError *problem,
                 int64_t next_attempt)
{
    bool same = session->config != NULL && g_strcmp0(session->config->state, state) == 0;
    if (problem == NULL && same && clock_now() - session->said_at < SAID_AGAIN)
        return;
    session->said_at = clock_now();
    /* Work on a mailbox that is well ends in a moment; to connect need not wait for a disk. */
    if (session->config != NULL && problem == NULL && strcmp(state, "syncing") == 0 &&
        strcmp(session->config->state, "idle") == 0)
        store_sync_state_passing(session->manager->config.store, session->account, state);
    else
        store_sync_state(session->manager->config.store, session->account, state, problem,
                         next_attempt, NULL);
    if (session->config != NULL) {
        g_free(session->config->state);
        session->config->state = g_strdup(state);
    }
}

void session_disconnect(struct session *session)
{
    session_messages_end(session); /* what came is kept */
    if (session->live)
        atomic_fetch_sub(&session->manager->live, 1);
    session->live = false;
    g_clear_pointer(&session->imap, imap_client_free);
    session->open_mailbox = 0;
    g_clear_pointer(&session->missing, g_hash_table_unref);
    session->must_list = false;
    session->compared = 0;
    session->idling = session->hears_inbox = session->news = false;
    session->charged = 0;
    session_forget_notices(session);
}

/* What a parked session need not hold: it is read again when it wakes. */
void session_rest_lightly(struct session *session)
{
    g_clear_pointer(&session->config, store_sync_account_free);
    g_clear_pointer(&session->mailboxes, g_ptr_array_unref);
    cancel_rest(session->cancel);
}

void session_answer(struct session *session, const GError *problem)
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

bool session_is_wanted(struct session *session)
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

/* Where a problem speaks of many sessions more than of the mailbox. */
static GError *seen_in_context(struct session *session, GError *problem)
{
    /* A mailbox that was open a moment ago is not closed to us: there are too many sessions. */
    if (!session->was_idle || !error_is(problem, ERROR_NOT_CONNECTED) ||
        session->backoff.failures >= LOST_ACCESS_AFTER)
        return problem;
    GError *crowded = NULL;
    error_set(&crowded, ERROR_THROTTLED, "too many sessions of this mailbox: %s", problem->message);
    error_set_retry_after_ms(crowded, CROWDED_MS);
    g_error_free(problem);
    return crowded;
}

static void say_resting(struct session *session, const GError *problem, int64_t next_attempt)
{
    session_say(session, state_after(problem), problem, next_attempt);
    store_sync_progress(session->manager->config.store, session->account,
                        &(struct store_progress){0});
}

static struct exec_verdict rest_after(struct session *session, const GError *problem)
{
    bool live = session->manager->config.live;
    bool hopeless = error_retry(problem) == ERROR_RETRY_RELINK;
    int64_t next = 0, pause = sync_backoff_next(&session->backoff, error_retry_after_ms(problem));
    /* A session that ended with its token or was dropped comes back at once, the first time. */
    bool at_once = error_retry(problem) == ERROR_RETRY_NOW && session->backoff.failures == 1;
    /* The host is down for everybody: it is tried by one, and the others wait for that. */
    bool shared = live && session->waiter.host != NULL &&
                  error_scope(problem) == ERROR_SCOPE_SERVER &&
                  sync_host_is_down(session->waiter.host, NULL, &next);
    if (error_is(problem, ERROR_THROTTLED))
        session->gentle_until = clock_in_ms(GENTLE_MS);
    if (!at_once || !live)
        session_answer(session, problem);
    if (!at_once && !shared) {
        say_resting(session, problem, hopeless ? 0 : clock_wall() + (pause + 999) / 1000);
        LOG_WARN("sync.resting", LOG_INT("account", session->account), LOG_INT("ms", pause),
                 LOG_ERR(problem));
        session_note_rest(session, problem, hopeless ? 0 : pause);
    }
    if (!live)
        return at_once ? session_again(EXEC_BULK) : session_done();
    bool now = at_once || shared;
    session->resting_until = now ? 0 : hopeless ? CLOCK_NEVER : clock_in_ms(pause);
    if (now)
        return session_again(EXEC_NOTIFY);
    session_rest_lightly(session);
    return session_park(-1, session->resting_until);
}

/* Mail stays, the state says what is wrong, and the next attempt comes by itself wherever one can
 * help. */
struct exec_verdict session_rest(struct session *session, GError *problem)
{
    struct exec_verdict verdict = session_again(EXEC_NOTIFY);
    session_disconnect(session);
    sync_host_rest(&session->waiter);
    session->phase = SESSION_FOLDERS;
    if (error_is(problem, ERROR_CANCELLED) || cancel_is_triggered(session->cancel)) {
        session_answer(session, problem);
        if (!session->manager->config.live)
            verdict = session_done();
    } else {
        problem = seen_in_context(session, problem);
        verdict = rest_after(session, problem);
    }
    g_error_free(problem);
    return verdict;
}

/* --- connecting
 * ----------------------------------------------------------------------------------- */

/* The host that the configuration names now. */
static void settle_host(struct session *session)
{
    struct sync_host *host = session_host(session->manager, session->config);
    if (host == session->waiter.host) {
        sync_host_unref(host);
        return;
    }
    sync_host_leave(&session->waiter);
    sync_host_unref(session->waiter.host);
    session->waiter.host = host;
}

/* Queued at a host that is down: the state says so, now and when its next attempt has moved on. */
static struct exec_verdict wait_for_host(struct session *session)
{
    g_autoptr(GError) why = NULL;
    int64_t next = CLOCK_NEVER;
    bool down = sync_host_is_down(session->waiter.host, &why, &next);
    bool live = session->manager->config.live;
    sync_host_rest(&session->waiter); /* whose turn to connect it is needs the worker */
    if (down && why != NULL) {
        int64_t ahead = next == CLOCK_NEVER ? 0 : MAX(next - clock_now(), 0) / CLOCK_SECOND;
        if (next != session->said_down_for)
            say_resting(session, why, clock_wall() + ahead + 1);
        session->said_down_for = next;
        session_answer(session, why);
    } else if (!session->was_idle && strcmp(session->config->state, "linking") != 0) {
        session_say(session, "syncing", NULL, 0);
    }
    if (down && !live) {
        sync_host_leave(&session->waiter);
        return session_done();
    }
    session_rest_lightly(session);
    return session_park(-1, down ? clock_in_ms(SAY_DOWN_MS / 2 + clock_jitter(SAY_DOWN_MS))
                                 : CLOCK_NEVER);
}

/* A worker for this run, and leave to connect where there is no connection. poked: just now, not
 * before it began to wait. */
bool session_may_work(struct session *session, unsigned woke, bool poked,
                      struct exec_verdict *verdict)
{
    int64_t next = 0;
    settle_host(session);
    bool urgent =
        session_is_wanted(session) || poked || strcmp(session->config->state, "linking") == 0;
    /* The line to a silent host is not worth a worker that waits for it. */
    if (session->idling && (woke & EXEC_WOKE_READABLE) == 0 &&
        sync_host_is_down(session->waiter.host, NULL, &next))
        session_disconnect(session);
    if (session->imap == NULL) {
        session->phase = SESSION_FOLDERS;
        if (!sync_host_sign_in(&session->waiter, urgent)) {
            *verdict = wait_for_host(session);
            return false;
        }
    }
    session->said_down_for = 0;
    if (sync_host_work(&session->waiter, urgent))
        return true;
    *verdict = session_park(-1, CLOCK_NEVER);
    return false;
}

/* When the token ends, the session ends: a new one is there by then. */
static void plan_refresh(struct session *session, int64_t expires)
{
    int64_t life = expires - clock_wall(), margin = MIN(REFRESH_S, life / 4);
    session->refresh_at = CLOCK_NEVER;
    if (expires > 0)
        session->refresh_at = clock_in_ms((life - margin) * 1000 + clock_jitter(margin * 500 + 1));
}

void session_refresh(struct session *session)
{
    int64_t expires = 0;
    g_autoptr(GError) problem = NULL;
    struct secret *token = session_secret(session->manager, session->config, false, &expires,
                                          session->cancel, &problem);
    /* The old one still lives; what is wrong shows when it has ended. */
    if (token == NULL)
        LOG_INFO("sync.refresh", LOG_INT("account", session->account), LOG_ERR(problem));
    plan_refresh(session, expires);
    if (session->refresh_at < clock_in_ms(REFRESH_AGAIN_MS))
        session->refresh_at = clock_in_ms(REFRESH_AGAIN_MS);
    secret_free(token);
}

bool session_connect(struct session *session, GError **error)
{
    int64_t expires = 0;
    GError *problem = NULL;
    if (session->imap != NULL)
        return true;
    if (strcmp(session->config->state, "linking") != 0 && !session->was_idle)
        session_say(session, "syncing", NULL, 0);
    session->imap =
        session_sign_in(session->manager, session->config, &expires, session->cancel, &problem);
    sync_host_signed_in(&session->waiter, problem);
    if (session->imap == NULL) {
        g_propagate_error(error, problem);
        return false;
    }
    session_hear(session);
    uint32_t enabled = 0; /* signing in asked for it already */
    if (!imap_enable(session->imap, IMAP_CAP_QRESYNC, &enabled, error))
        return false;
    session->qresync = enabled != 0;
    plan_refresh(session, expires);
    session_note_connected(session);
    if (!session->was_idle)
        session_say(session, "syncing", NULL, 0);
    session->phase = SESSION_FOLDERS;
    session->rate_started = clock_now();
    session->rate_bytes = 0;
    return true;
}

#include "sync/hosts.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>

#define MINUTES 60
/* Dovecot keeps a process of 1.2 MB for a session with NOTIFY, which else could hibernate, and has
 * 1024 of them by default. */
#define NOTIFIED 200
/* Whoever found no place may come again within this. */
#define CROWDED_MS (INT64_C(60) * 60 * 1000)

/* What the providers bear, well below what they allow; docs/internals/exchange.md has the limits.
 * Microsoft's are not published any more: 20 connections of a mailbox once, and IDLE is renewed
 * every 10 minutes by those who live well with it. Gmail allows 15 connections and 2500 MB a day.
 * A server of one's own has no such limits: what it can take shows in how soon a sign-in ends, so
 * their number at once is what paces it, and the rate only keeps a server that refuses each at once
 * from a storm. */
static const struct sync_limits profiles[SYNC_PROFILES] = {
    [SYNC_EXCHANGE] = {.sign_ins = 8,
                       .per_minute = 600,
                       .connections = 4,
                       .idle_s = 10 * MINUTES,
                       .notified = NOTIFIED},
    [SYNC_GMAIL] = {.sign_ins = 8,
                    .per_minute = 600,
                    .connections = 4,
                    .idle_s = 25 * MINUTES,
                    .notified = NOTIFIED,
                    .bytes_a_day = UINT64_C(2250) * 1000 * 1000},
    [SYNC_PLAIN] = {.sign_ins = 16,
                    .per_minute = 12000,
                    .connections = 4,
                    .idle_s = 28 * MINUTES,
                    .notified = NOTIFIED},
};

struct queue {
    struct sync_waiter *first, **last;
};

struct sync_host {
    struct sync_hosts *hosts;
    char *key; /* "name:port" */
    unsigned refs;
    struct sync_limits limits;
    struct sync_gate gate;
    GError *problem;        /* why it is down */
    unsigned working;       /* sessions that hold one of its workers */
    unsigned listening;     /* sessions that are told of every folder */
    int64_t turned_away_at; /* when one found no place for that; 0: never */
    unsigned waiting;       /* sessions that are connected and wait for one */
    int64_t extra_at;       /* when one may connect although many wait */
    struct queue sign_in, work;
};

struct sync_hosts {
    pthread_mutex_t mutex; /* guards everything here and in the waiters */
    pthread_cond_t done;
    GHashTable *by_key; /* key -> struct sync_host*, borrowed */
    struct sync_limits limits[SYNC_PROFILES];
    unsigned workers;
    struct exec_task *doorman; /* lets in whom time lets in */
    int64_t opens_at;          /* when the doorman looks next */
    bool at_door;              /* the doorman runs, and looks at opens_at at its end */
    bool ended;
};

static void queue_put(struct queue *queue, struct sync_waiter *waiter, bool first)
{
    waiter->next = first ? queue->first : NULL;
    waiter->link = first ? &queue->first : queue->last;
    *waiter->link = waiter;
    if (waiter->next != NULL)
        waiter->next->link = &waiter->next;
    else
        queue->last = &waiter->next;
}

static void queue_take(struct queue *queue, struct sync_waiter *waiter)
{
    *waiter->link = waiter->next;
    if (waiter->next != NULL)
        waiter->next->link = waiter->link;
    else
        queue->last = waiter->link;
}

/* --- letting in: all with the mutex held
 * ------------------------------------------------------- */

/* The doorman looks again at that time at the latest. */
static void wake_at(struct sync_hosts *hosts, int64_t when)
{
    if (when >= hosts->opens_at)
        return;
    hosts->opens_at = when;
    if (!hosts->at_door)
        exec_task_poke(hosts->doorman, EXEC_NOTIFY);
}

/* How many workers one host may hold: half of them; less where there are many hosts. */
static unsigned share_of(const struct sync_hosts *hosts)
{
    guint parts = CLAMP(g_hash_table_size(hosts->by_key), 2, 4);
    return MAX(hosts->workers / parts, 1);
}

static void work_put(struct sync_host *host, struct sync_waiter *waiter, bool first)
{
    queue_put(&host->work, waiter, first);
    waiter->seat = WAITER_QUEUED;
    waiter->connected = waiter->sign_in == WAITER_AWAY;
    host->waiting += waiter->connected;
}

static void work_take(struct sync_host *host, struct sync_waiter *waiter)
{
    queue_take(&host->work, waiter);
    host->waiting -= waiter->connected;
    waiter->connected = false;
}

/* What is begun comes first: where many connections wait to go on, others begin one a second. Else
 * thousands of mailboxes would all be connected and none of them done. */
static bool may_enter(struct sync_host *host, bool urgent, int64_t now, int64_t *when)
{
    *when = host->extra_at;
    if (host->waiting >= 2 * share_of(host->hosts) && now < host->extra_at)
        return false;
    if (!sync_gate_enter(&host->gate, urgent, now, when))
        return false;
    host->extra_at = now + CLOCK_SECOND;
    return true;
}

static void let_sign_in(struct sync_host *host, int64_t now)
{
    int64_t when = CLOCK_NEVER;
    struct sync_waiter *waiter;
    while ((waiter = host->sign_in.first) != NULL && may_enter(host, false, now, &when)) {
        queue_take(&host->sign_in, waiter);
        waiter->sign_in = WAITER_INSIDE;
        exec_task_poke(waiter->task, EXEC_NOTIFY);
    }
    if (host->sign_in.first != NULL)
        wake_at(host->hosts, when);
}

static void let_work(struct sync_host *host)
{
    struct sync_waiter *waiter;
    while ((waiter = host->work.first) != NULL && host->working < share_of(host->hosts)) {
        work_take(host, waiter);
        waiter->seat = WAITER_INSIDE;
        host->working++;
        exec_task_poke(waiter->task, EXEC_NOTIFY);
    }
}

static struct exec_verdict keep_door(void *arg, unsigned woke)
{
    struct sync_hosts *hosts = arg;
    struct exec_verdict verdict = {EXEC_PARK, EXEC_NOTIFY, -1, CLOCK_NEVER};
    pthread_mutex_lock(&hosts->mutex);
    int64_t now = clock_now();
    hosts->at_door = true;
    hosts->opens_at = (woke & EXEC_WOKE_STOP) != 0 ? INT64_MIN : CLOCK_NEVER;
    GHashTableIter at;
    void *host;
    g_hash_table_iter_init(&at, hosts->by_key);
    while ((woke & EXEC_WOKE_STOP) == 0 && g_hash_table_iter_next(&at, NULL, &host))
        let_sign_in(host, now);
    hosts->at_door = false;
    verdict.deadline = hosts->opens_at;
    pthread_mutex_unlock(&hosts->mutex);
    if ((woke & EXEC_WOKE_STOP) != 0)
        verdict.next = EXEC_DONE;
    return verdict;
}

static void doorman_ended(void *arg)
{
    struct sync_hosts *hosts = arg;
    pthread_mutex_lock(&hosts->mutex);
    hosts->ended = true;
    pthread_cond_broadcast(&hosts->done);
    pthread_mutex_unlock(&hosts->mutex);
}

/* --- the table
 * ------------------------------------------------------------------------------------ */

struct sync_hosts *sync_hosts_new(struct exec *exec, unsigned workers,
                                  const struct sync_limits overrides[SYNC_PROFILES])
{
    struct sync_hosts *hosts = g_new0(struct sync_hosts, 1);
    pthread_mutex_init(&hosts->mutex, NULL);
    pthread_cond_init(&hosts->done, NULL);
    hosts->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    hosts->workers = workers;
    hosts->opens_at = CLOCK_NEVER;
    for (int i = 0; i < SYNC_PROFILES; i++) {
        struct sync_limits *limits = &hosts->limits[i];
        const struct sync_limits *given = &overrides[i];
        *limits = profiles[i];
        limits->sign_ins = given->sign_ins > 0 ? given->sign_ins : limits->sign_ins;
        limits->per_minute = given->per_minute > 0 ? given->per_minute : limits->per_minute;
        limits->connections = given->connections > 0 ? given->connections : limits->connections;
        limits->idle_s = given->idle_s > 0 ? given->idle_s : limits->idle_s;
        limits->notified = given->notified > 0 ? given->notified : limits->notified;
        limits->bytes_a_day = given->bytes_a_day > 0 ? given->bytes_a_day : limits->bytes_a_day;
    }
    pthread_mutex_lock(&hosts->mutex); /* the doorman waits until it is known */
    hosts->doorman = exec_task_start(exec, EXEC_NOTIFY, keep_door, hosts, doorman_ended);
    hosts->ended = hosts->doorman == NULL;
    pthread_mutex_unlock(&hosts->mutex);
    return hosts;
}

void sync_hosts_free(struct sync_hosts *hosts)
{
    if (hosts == NULL)
        return;
    if (hosts->doorman != NULL)
        exec_task_stop(hosts->doorman);
    pthread_mutex_lock(&hosts->mutex);
    while (!hosts->ended)
        pthread_cond_wait(&hosts->done, &hosts->mutex);
    pthread_mutex_unlock(&hosts->mutex);
    exec_task_unref(hosts->doorman);
    g_hash_table_unref(hosts->by_key);
    pthread_cond_destroy(&hosts->done);
    pthread_mutex_destroy(&hosts->mutex);
    g_free(hosts);
}

static struct sync_host *host_new(struct sync_hosts *hosts, char *key, enum sync_profile profile)
{
    struct sync_host *host = g_new0(struct sync_host, 1);
    host->hosts = hosts;
    host->key = key;
    host->limits = hosts->limits[profile];
    host->sign_in.last = &host->sign_in.first;
    host->work.last = &host->work.first;
    sync_gate_init(&host->gate, host->limits.sign_ins, host->limits.per_minute);
    g_hash_table_insert(hosts->by_key, host->key, host);
    return host;
}

struct sync_host *sync_hosts_get(struct sync_hosts *hosts, const char *name, uint16_t port,
                                 enum sync_profile profile)
{
    char *key = g_strdup_printf("%s:%u", name, port);
    pthread_mutex_lock(&hosts->mutex);
    struct sync_host *host = g_hash_table_lookup(hosts->by_key, key);
    if (host == NULL)
        host = host_new(hosts, g_steal_pointer(&key), profile);
    host->refs++;
    pthread_mutex_unlock(&hosts->mutex);
    g_free(key);
    return host;
}

void sync_host_unref(struct sync_host *host)
{
    if (host == NULL)
        return;
    struct sync_hosts *hosts = host->hosts;
    pthread_mutex_lock(&hosts->mutex);
    bool last = --host->refs == 0;
    if (last)
        g_hash_table_remove(hosts->by_key, host->key);
    pthread_mutex_unlock(&hosts->mutex);
    if (!last)
        return;
    g_clear_error(&host->problem);
    g_free(host->key);
    g_free(host);
}

const struct sync_limits *sync_host_limits(const struct sync_host *host)
{
    return &host->limits;
}

/* --- signing in
 * ----------------------------------------------------------------------------------- */

bool sync_host_sign_in(struct sync_waiter *waiter, bool urgent)
{
    struct sync_host *host = waiter->host;
    int64_t now = clock_now(), when = CLOCK_NEVER;
    pthread_mutex_lock(&host->hosts->mutex);
    bool queued = waiter->sign_in == WAITER_QUEUED;
    if (waiter->sign_in != WAITER_INSIDE && (urgent || host->sign_in.first == NULL) &&
        may_enter(host, urgent, now, &when)) {
        if (queued)
            queue_take(&host->sign_in, waiter);
        waiter->sign_in = WAITER_INSIDE;
    } else if (waiter->sign_in == WAITER_AWAY) {
        queue_put(&host->sign_in, waiter, urgent);
        waiter->sign_in = WAITER_QUEUED;
        let_sign_in(host, now);
    }
    bool inside = waiter->sign_in == WAITER_INSIDE;
    pthread_mutex_unlock(&host->hosts->mutex);
    return inside;
}

/* The host is hurt, not one account on it. */
static bool is_of_host(const GError *problem)
{
    return problem != NULL && error_scope(problem) == ERROR_SCOPE_SERVER;
}

/* What only a server that was reached says; else there was no token, say. */
static bool came_from_server(const GError *problem)
{
    static const enum error_code codes[] = {ERROR_THROTTLED,     ERROR_SERVER_NO,
                                            ERROR_SERVER_BAD,    ERROR_LOGIN_REFUSED,
                                            ERROR_TOKEN_EXPIRED, ERROR_NOT_CONNECTED,
                                            ERROR_IMAP_OFF,      ERROR_PASSWORD_REFUSED};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (error_is(problem, codes[i]))
            return true;
    return false;
}

/* Who queued before the host was down learns it now, to say so; it stays where it is in the queue.
 * With the mutex held. */
static void tell_queue(struct sync_host *host)
{
    for (struct sync_waiter *waiter = host->sign_in.first; waiter != NULL; waiter = waiter->next)
        exec_task_poke(waiter->task, EXEC_BULK);
}

/* With the mutex held, after the gate was told. */
static void note_problem(struct sync_host *host, const GError *problem, bool was_down)
{
    if (!host->gate.down) {
        g_clear_error(&host->problem);
        if (was_down)
            LOG_INFO("sync.host-back", LOG_STR("host", host->key));
        return;
    }
    if (problem == NULL)
        return;
    g_clear_error(&host->problem);
    host->problem = g_error_copy(problem);
    if (!was_down)
        tell_queue(host);
    LOG_WARN("sync.host-down", LOG_STR("host", host->key),
             LOG_INT("ms", (host->gate.probe_at - clock_now()) / 1000), LOG_ERR(problem));
}

void sync_host_signed_in(struct sync_waiter *waiter, const GError *problem)
{
    struct sync_host *host = waiter->host;
    pthread_mutex_lock(&host->hosts->mutex);
    if (waiter->sign_in == WAITER_INSIDE) {
        bool was_down = host->gate.down;
        int64_t now = clock_now();
        /* Who did not come so far says nothing about the host, but is not there any more. */
        if (problem != NULL && !is_of_host(problem) && !came_from_server(problem))
            host->gate.under_way--;
        else
            sync_gate_leave(&host->gate, !is_of_host(problem), now);
        waiter->sign_in = WAITER_AWAY;
        note_problem(host, problem, was_down);
        let_sign_in(host, now);
    }
    pthread_mutex_unlock(&host->hosts->mutex);
}

void sync_host_failed(struct sync_host *host, const GError *problem)
{
    /* Only silence speaks of the host: it may well close one connection of many. */
    if (!error_is(problem, ERROR_TIMEOUT))
        return;
    pthread_mutex_lock(&host->hosts->mutex);
    bool was_down = host->gate.down;
    sync_gate_stalled(&host->gate, clock_now());
    if (!was_down)
        note_problem(host, problem, false);
    pthread_mutex_unlock(&host->hosts->mutex);
}

bool sync_host_is_down(struct sync_host *host, GError **why, int64_t *next)
{
    pthread_mutex_lock(&host->hosts->mutex);
    bool down = host->gate.down;
    *next = down && host->gate.under_way == 0 ? host->gate.probe_at : CLOCK_NEVER;
    if (down && why != NULL && host->problem != NULL)
        *why = g_error_copy(host->problem);
    pthread_mutex_unlock(&host->hosts->mutex);
    return down;
}

/* --- workers
 * -------------------------------------------------------------------------------------- */

bool sync_host_work(struct sync_waiter *waiter, bool urgent)
{
    struct sync_host *host = waiter->host;
    pthread_mutex_lock(&host->hosts->mutex);
    if (waiter->seat == WAITER_AWAY && host->working < share_of(host->hosts)) {
        waiter->seat = WAITER_INSIDE;
        host->working++;
    } else if (waiter->seat == WAITER_AWAY && waiter->sign_in != WAITER_QUEUED) {
        work_put(host, waiter, urgent);
    }
    bool inside = waiter->seat == WAITER_INSIDE;
    pthread_mutex_unlock(&host->hosts->mutex);
    return inside;
}

/* With the mutex held. */
static void give_back(struct sync_waiter *waiter)
{
    if (waiter->seat != WAITER_INSIDE)
        return;
    waiter->seat = WAITER_AWAY;
    waiter->host->working--;
    let_work(waiter->host);
    if (waiter->host->sign_in.first != NULL)
        let_sign_in(waiter->host, clock_now());
}

void sync_host_rest(struct sync_waiter *waiter)
{
    if (waiter->host == NULL)
        return;
    pthread_mutex_lock(&waiter->host->hosts->mutex);
    give_back(waiter);
    pthread_mutex_unlock(&waiter->host->hosts->mutex);
}

bool sync_host_listen(struct sync_waiter *waiter, bool quiet)
{
    struct sync_host *host = waiter->host;
    pthread_mutex_lock(&host->hosts->mutex);
    bool crowded = host->turned_away_at != 0 &&
                   clock_now() - host->turned_away_at < CROWDED_MS * (CLOCK_SECOND / 1000);
    bool may =
        !(quiet && crowded) && (waiter->listening || host->listening < host->limits.notified);
    if (may && !waiter->listening)
        host->listening++;
    else if (!may && !waiter->listening && !quiet)
        host->turned_away_at = clock_now();
    waiter->listening = waiter->listening || may;
    pthread_mutex_unlock(&host->hosts->mutex);
    return may;
}

void sync_host_unlisten(struct sync_waiter *waiter)
{
    struct sync_host *host = waiter->host;
    pthread_mutex_lock(&host->hosts->mutex);
    host->listening -= waiter->listening;
    waiter->listening = false;
    pthread_mutex_unlock(&host->hosts->mutex);
}

void sync_host_leave(struct sync_waiter *waiter)
{
    struct sync_host *host = waiter->host;
    if (host == NULL)
        return;
    pthread_mutex_lock(&host->hosts->mutex);
    if (waiter->sign_in == WAITER_QUEUED)
        queue_take(&host->sign_in, waiter);
    if (waiter->seat == WAITER_QUEUED)
        work_take(host, waiter);
    if (waiter->sign_in == WAITER_INSIDE) {
        host->gate.under_way--;
        let_sign_in(host, clock_now());
    }
    waiter->sign_in = WAITER_AWAY;
    give_back(waiter);
    waiter->seat = WAITER_AWAY;
    host->listening -= waiter->listening;
    waiter->listening = false;
    pthread_mutex_unlock(&host->hosts->mutex);
}

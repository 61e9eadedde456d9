#include "http/events.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What changes again and again in one account is told so often; the first change is told at once,
 * whatever other accounts do. */
#define GATHER (CLOCK_SECOND / 4)
#define GATHER_LINKED CLOCK_SECOND
#define SWEEP (30 * CLOCK_SECOND)
#define PING_MIN 5u
#define PING_MAX 300u
#define LISTENERS_PER_USER 32u

struct pending {
    unsigned bits;      /* of enum store_type; 0: told, and remembered for not_before */
    int64_t not_before; /* base/clock.h: it was told lately */
};

struct subscriber {
    struct event_sink sink;
    struct store_principal *principal;
    char **types;        /* NULL: all */
    unsigned wanted;     /* of enum store_type: what can become one of them */
    bool once;           /* closeafter=state */
    bool fresh;          /* has not been told its first event id */
    char *last_id;       /* Last-Event-ID that it came with, or NULL; until it was answered */
    GHashTable *pending; /* account -> struct pending */
    int64_t last_linked;
};

struct events {
    struct jmap *jmap;
    struct store *store;
    struct exec_task *task;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t done;
    GPtrArray *subscribers;
    bool stopped, ended;
    bool sweep; /* somebody left: look for who, now */
    int64_t last_flush;
};

static void subscriber_free(void *data)
{
    struct subscriber *subscriber = data;
    subscriber->sink.end(subscriber->sink.arg);
    subscriber->sink.release(subscriber->sink.arg);
    store_principal_unref(subscriber->principal);
    g_strfreev(subscriber->types);
    g_free(subscriber->last_id);
    g_hash_table_unref(subscriber->pending);
    g_free(subscriber);
}

/* The store's own thread: note it and go. */
static void on_change(int64_t account, unsigned types, void *arg)
{
    struct events *events = arg;
    pthread_mutex_lock(&events->mutex);
    for (guint i = 0; i < events->subscribers->len; i++) {
        struct subscriber *subscriber = events->subscribers->pdata[i];
        if ((types & subscriber->wanted) == 0)
            continue;
        struct pending *pending = g_hash_table_lookup(subscriber->pending, &account);
        if (pending == NULL) {
            pending = g_new0(struct pending, 1);
            g_hash_table_insert(subscriber->pending, g_memdup2(&account, sizeof(account)), pending);
        }
        pending->bits |= types & subscriber->wanted;
    }
    bool wake = events->subscribers->len > 0 && !events->stopped;
    pthread_mutex_unlock(&events->mutex);
    if (wake)
        exec_task_poke(events->task, EXEC_NOTIFY);
}

/* What is due of one subscriber, taken out of its table. */
struct telling {
    struct subscriber *subscriber;
    GArray *due;   /* struct jmap_changed */
    bool complete; /* nothing is held back: the event id may pass over it */
};

static void telling_free(void *data)
{
    struct telling *telling = data;
    g_array_unref(telling->due);
    g_free(telling);
}

/* With the mutex held. */
static struct telling *take_due(struct subscriber *subscriber, int64_t now)
{
    GArray *due = g_array_new(FALSE, FALSE, sizeof(struct jmap_changed));
    struct telling *telling = g_new0(struct telling, 1);
    *telling = (struct telling){subscriber, due, true};
    bool linked = now - subscriber->last_linked >= GATHER_LINKED;
    unsigned held = linked ? 0 : (unsigned)STORE_LINKED_ACCOUNT;
    GHashTableIter at;
    void *key, *value;
    g_hash_table_iter_init(&at, subscriber->pending);
    while (g_hash_table_iter_next(&at, &key, &value)) {
        struct pending *pending = value;
        if (now < pending->not_before) {
            telling->complete = telling->complete && pending->bits == 0;
            continue;
        }
        struct jmap_changed entry = {*(int64_t *)key, pending->bits & ~held};
        pending->bits &= held;
        telling->complete = telling->complete && pending->bits == 0;
        if (entry.bits != 0)
            g_array_append_val(due, entry);
        /* What a sync says of itself does not hold up the mail that it brings. */
        if ((entry.bits & ~(unsigned)STORE_LINKED_ACCOUNT) != 0)
            pending->not_before = now + GATHER;
        if ((entry.bits & STORE_LINKED_ACCOUNT) != 0)
            subscriber->last_linked = now;
        if (pending->bits == 0 && entry.bits == 0)
            g_hash_table_iter_remove(&at);
    }
    return telling;
}

static void merge(json_t *changed, json_t *change)
{
    const char *account;
    json_t *states;
    json_t *one = json_object_get(change, "changed");
    json_object_foreach(one, account, states)
    {
        json_t *old = json_object_get(changed, account);
        if (old != NULL)
            json_object_update(old, states);
        else
            json_object_set(changed, account, states);
    }
    json_decref(change);
}

/* What it missed since the event that it saw last, and what is due. (transfer full) */
static json_t *gather(struct events *events, const struct telling *telling, uint64_t told)
{
    struct subscriber *subscriber = telling->subscriber;
    const char *const *types = (const char *const *)subscriber->types;
    json_t *changed = json_object();
    if (subscriber->fresh && subscriber->last_id != NULL)
        merge(changed, jmap_push_missed(events->jmap, subscriber->principal, subscriber->last_id,
                                        told, types));
    merge(changed, jmap_state_changes(events->jmap, subscriber->principal,
                                      (const struct jmap_changed *)(void *)telling->due->data,
                                      telling->due->len, types));
    return changed;
}

/* One StateChange; the connection is closed to who may no longer listen. */
static void tell(struct events *events, const struct telling *telling, uint64_t told)
{
    struct subscriber *subscriber = telling->subscriber;
    if (!store_principal_is_valid(events->store, subscriber->principal)) {
        subscriber->sink.end(subscriber->sink.arg);
        return;
    }
    json_t *changed = gather(events, telling, told);
    bool any = json_object_size(changed) > 0;
    json_t *change = json_pack("{s:s, s:o}", "@type", "StateChange", "changed", changed);
    bool names_state = telling->complete && (any || subscriber->fresh);
    g_autofree char *id =
        names_state ? jmap_push_id(events->jmap, subscriber->principal, told) : NULL;
    if (any || id != NULL)
        subscriber->sink.tell(subscriber->sink.arg, any ? change : NULL, id);
    if (any && subscriber->once)
        subscriber->sink.end(subscriber->sink.arg);
    json_decref(change);
}

/* Takes the subscribers out for the time of the flush, since telling them reads the store. */
static void flush(struct events *events, int64_t now)
{
    g_autoptr(GPtrArray) tellings = g_ptr_array_new_with_free_func(telling_free);
    /* First: what it covers is then due, held back, or was told before. */
    uint64_t told = store_told(events->store);
    pthread_mutex_lock(&events->mutex);
    events->last_flush = now;
    events->sweep = false;
    for (guint i = 0; i < events->subscribers->len; i++)
        g_ptr_array_add(tellings, take_due(events->subscribers->pdata[i], now));
    pthread_mutex_unlock(&events->mutex);
    for (guint i = 0; i < tellings->len; i++) /* only this task removes subscribers */
        tell(events, tellings->pdata[i], told);
    pthread_mutex_lock(&events->mutex);
    for (guint i = 0; i < tellings->len; i++)
        ((struct telling *)tellings->pdata[i])->subscriber->fresh = false;
    for (guint i = events->subscribers->len; i > 0; i--) {
        struct subscriber *subscriber = events->subscribers->pdata[i - 1];
        if (!subscriber->sink.is_open(subscriber->sink.arg))
            g_ptr_array_remove_index_fast(events->subscribers, i - 1);
    }
    pthread_mutex_unlock(&events->mutex);
}

/* When the next flush is due: soon with something pending, else for the sweep of ended sessions. */
static int64_t next_due(struct events *events)
{
    int64_t due = CLOCK_NEVER;
    pthread_mutex_lock(&events->mutex);
    if (events->subscribers->len > 0)
        due = events->sweep ? 0 : events->last_flush + SWEEP;
    for (guint i = 0; i < events->subscribers->len; i++) {
        const struct subscriber *subscriber = events->subscribers->pdata[i];
        GHashTableIter at;
        void *value;
        if (subscriber->fresh)
            due = 0;
        g_hash_table_iter_init(&at, subscriber->pending);
        while (g_hash_table_iter_next(&at, NULL, &value)) {
            const struct pending *pending = value;
            bool only_linked = pending->bits == STORE_LINKED_ACCOUNT;
            int64_t at_least = only_linked ? subscriber->last_linked + GATHER_LINKED : 0;
            if (pending->bits != 0)
                due = MIN(due, MAX(pending->not_before, at_least));
        }
    }
    pthread_mutex_unlock(&events->mutex);
    return due;
}

static struct exec_verdict run(void *arg, unsigned woke)
{
    struct events *events = arg;
    int64_t now = clock_now();
    if ((woke & EXEC_WOKE_STOP) != 0)
        return (struct exec_verdict){EXEC_DONE, EXEC_NOTIFY, -1, CLOCK_NEVER};
    if (next_due(events) <= now)
        flush(events, now);
    return (struct exec_verdict){EXEC_PARK, EXEC_NOTIFY, -1, next_due(events)};
}

static void on_done(void *arg)
{
    struct events *events = arg;
    pthread_mutex_lock(&events->mutex);
    events->ended = true;
    pthread_cond_broadcast(&events->done);
    pthread_mutex_unlock(&events->mutex);
}

struct events *events_new(struct exec *exec, struct jmap *jmap, struct store *store)
{
    struct events *events = g_new0(struct events, 1);
    events->jmap = jmap;
    events->store = store;
    events->subscribers = g_ptr_array_new_with_free_func(subscriber_free);
    events->last_flush = clock_now();
    pthread_mutex_init(&events->mutex, NULL);
    pthread_cond_init(&events->done, NULL);
    events->task = exec_task_start(exec, EXEC_NOTIFY, run, events, on_done);
    events->ended = events->task == NULL;
    store_listen(store, on_change, events);
    return events;
}

void events_stop(struct events *events)
{
    store_unlisten(events->store, on_change, events);
    pthread_mutex_lock(&events->mutex);
    bool first = !events->stopped;
    events->stopped = true;
    pthread_mutex_unlock(&events->mutex);
    if (!first || events->task == NULL)
        return;
    exec_task_stop(events->task);
    pthread_mutex_lock(&events->mutex);
    while (!events->ended)
        pthread_cond_wait(&events->done, &events->mutex);
    g_ptr_array_set_size(events->subscribers, 0);
    pthread_mutex_unlock(&events->mutex);
}

void events_free(struct events *events)
{
    exec_task_unref(events->task);
    g_ptr_array_unref(events->subscribers);
    pthread_cond_destroy(&events->done);
    pthread_mutex_destroy(&events->mutex);
    g_free(events);
}

/* With the mutex held. Those that have left are not counted, though they are forgotten later. */
static guint listeners_of(const struct events *events, const struct store_principal *principal)
{
    guint count = 0;
    for (guint i = 0; i < events->subscribers->len; i++) {
        const struct subscriber *subscriber = events->subscribers->pdata[i];
        count += store_principal_user(subscriber->principal) == store_principal_user(principal) &&
                 subscriber->sink.is_open(subscriber->sink.arg);
    }
    return count;
}

/* With the mutex held: nobody has one too many. */
static bool has_room(const struct events *events, const struct store_principal *principal)
{
    return !events->stopped && listeners_of(events, principal) < LISTENERS_PER_USER;
}

/* With the mutex held; takes types. */
static struct subscriber *subscribe(struct events *events, struct store_principal *principal,
                                    char **types, const char *last_id,
                                    const struct event_sink *sink)
{
    struct subscriber *subscriber = g_new0(struct subscriber, 1);
    subscriber->sink = *sink;
    subscriber->principal = store_principal_ref(principal);
    subscriber->types = types;
    subscriber->wanted = jmap_state_bits((const char *const *)types);
    subscriber->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    subscriber->fresh = true;
    subscriber->last_id = g_strdup(last_id);
    g_ptr_array_add(events->subscribers, subscriber);
    return subscriber;
}

bool events_listen(struct events *events, struct store_principal *principal,
                   const char *const *types, const char *last_id, const struct event_sink *sink)
{
    pthread_mutex_lock(&events->mutex);
    bool room = has_room(events, principal);
    if (room)
        (void)subscribe(events, principal, g_strdupv((char **)(uintptr_t)types), last_id, sink);
    pthread_mutex_unlock(&events->mutex);
    if (room)
        exec_task_poke(events->task, EXEC_NOTIFY); /* for what it missed */
    else
        sink->release(sink->arg);
    return room;
}

void events_sweep(struct events *events)
{
    pthread_mutex_lock(&events->mutex);
    events->sweep = true;
    bool wake = !events->stopped;
    pthread_mutex_unlock(&events->mutex);
    if (wake)
        exec_task_poke(events->task, EXEC_NOTIFY);
}

/* --- event streams -----------------------------------------------------------------------------
 */

static void stream_tell(void *arg, const json_t *change, const char *id)
{
    char *text = change != NULL ? json_dumps(change, JSON_COMPACT) : NULL;
    (void)http_stream_send(arg, text != NULL ? "state" : NULL, text, id);
    free(text);
}

static bool stream_is_open(void *arg)
{
    return http_stream_is_open(arg);
}

static void stream_end(void *arg)
{
    http_stream_close(arg);
}

static void stream_release(void *arg)
{
    http_stream_unref(arg);
}

/* "*" or "Email,Mailbox"; NULL for all. */
static char **parse_types(const char *text)
{
    if (text == NULL || text[0] == '\0' || strcmp(text, "*") == 0)
        return NULL;
    return g_strsplit(text, ",", 64);
}

static unsigned parse_ping(const char *text)
{
    long seconds = text == NULL ? 0 : strtol(text, NULL, 10);
    return seconds <= 0 ? 0 : (unsigned)CLAMP(seconds, (long)PING_MIN, (long)PING_MAX);
}

/* Subscribed before the client hears that the stream is open: no change after that is missed. */
static bool open_stream(struct events *events, struct http_request *request)
{
    struct store_principal *principal = http_request_principal(request);
    pthread_mutex_lock(&events->mutex);
    bool room = has_room(events, principal);
    if (room) {
        struct event_sink sink = {stream_tell, stream_is_open, stream_end, stream_release,
                                  http_respond_stream(request)};
        struct subscriber *subscriber =
            subscribe(events, principal, parse_types(http_request_query(request, "types")),
                      http_request_header(request, "last-event-id"), &sink);
        subscriber->once = g_strcmp0(http_request_query(request, "closeafter"), "state") == 0;
        http_stream_ping(sink.arg, parse_ping(http_request_query(request, "ping")));
    }
    pthread_mutex_unlock(&events->mutex);
    return room;
}

void events_serve(struct events *events, struct http_request *request)
{
    if (open_stream(events, request)) {
        exec_task_poke(events->task, EXEC_NOTIFY); /* for its first event id */
        return;
    }
    http_set_header(request, "Retry-After", "30");
    http_respond_problem(request, 503, "Too many event streams are open.",
                         "Close some of the pages that are open.");
}

#include "http/push.h"

#include "base/clock.h"
#include "exec/exec.h"
#include "http/push_post.h"

#include <pthread.h>

/* Workers in all, and those that only serve receivers that answer well. */
#define WORKERS 6
#define RESERVED 2
#define STACK (512u * 1024)
/* The first change is told at once; after a message the next one waits: for new mail, for other
 * changes, and for what a sync says of itself. */
#define GAP_MAIL CLOCK_SECOND
#define GAP_OTHER (5 * CLOCK_SECOND)
#define GAP_LINKED (60 * CLOCK_SECOND)
/* When the store could not be read. */
#define GAP_STORE (60 * CLOCK_SECOND)
/* Between messages to a receiver that said 429: at first, and at most. */
#define GAP_SLOW (10 * CLOCK_SECOND)
#define GAP_SLOWEST (3600 * CLOCK_SECOND)
/* Waiting after failures: doubled from the first on. */
#define RETRY_FIRST_MS INT64_C(4000)
#define RETRY_LAST_MS INT64_C(3600000)
#define RETRY_AFTER_MAX_MS INT64_C(86400000)
/* The code is tried so often: who never answers is not asked for ever. */
#define VERIFY_TRIES 5
/* How often a parked subscription is looked at, for its end and that of its credentials. */
#define LOOK (3600 * CLOCK_SECOND)
/* A message has so many accounts, which fit in WEBPUSH_PLAIN_MAX beside the unified one; others
 * follow in the next. */
#define ACCOUNTS_MAX 11

struct push {
    struct push_config config;
    struct exec *exec;
    struct cancel *cancel;
    struct exec_task *keeper;
    pthread_mutex_t mutex; /* guards what follows */
    GHashTable *targets;   /* id -> struct target */
};

struct target {
    struct push *push;
    int64_t id;
    struct exec_task *task;
    /* guarded by the mutex: */
    GHashTable *accounts; /* those the person may see; NULL: not verified yet, nothing is noted */
    GHashTable *pending;  /* account -> unsigned bits of enum store_type */
    unsigned wanted;      /* such bits: what can become a message */
    /* the task's own: */
    unsigned failures, tries;
    int64_t last;       /* base/clock.h: when a message went out */
    int64_t not_before; /* after a failure */
    int64_t slow;       /* least gap, after 429; 0: none */
};

static void target_free(gpointer data)
{
    struct target *target = data;
    exec_task_unref(target->task);
    g_clear_pointer(&target->accounts, g_hash_table_unref);
    g_hash_table_unref(target->pending);
    g_free(target);
}

static GHashTable *numbers(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

/* With the mutex held. */
static void note(struct target *target, int64_t account, unsigned bits)
{
    unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(target->pending, &account));
    g_hash_table_insert(target->pending, g_memdup2(&account, sizeof account),
                        GUINT_TO_POINTER(before | bits));
}

/* The store's own thread: note it and go. */
static void on_change(int64_t account, unsigned types, void *arg)
{
    struct push *push = arg;
    GHashTableIter at;
    void *value;
    pthread_mutex_lock(&push->mutex);
    if ((types & STORE_PUSH) != 0)
        exec_task_poke(push->keeper, EXEC_INTERACTIVE);
    g_hash_table_iter_init(&at, push->targets);
    while (g_hash_table_iter_next(&at, NULL, &value)) {
        struct target *target = value;
        if (target->accounts == NULL || (types & target->wanted) == 0)
            continue;
        bool theirs = account == 0 || g_hash_table_contains(target->accounts, &account);
        if (!theirs && (types & STORE_ACCESS) == 0)
            continue;
        note(target, account, types & (target->wanted | STORE_EMAIL_DELIVERY));
        exec_task_poke(target->task, EXEC_INTERACTIVE);
    }
    pthread_mutex_unlock(&push->mutex);
}

/* --- after a request --- */

static int64_t backoff_ms(unsigned failures)
{
    int64_t whole = RETRY_FIRST_MS << MIN(failures - 1, 10u);
    whole = MIN(whole, RETRY_LAST_MS);
    return whole / 2 + clock_jitter(whole / 2);
}

static void on_success(struct target *target)
{
    target->failures = 0;
    target->last = clock_now();
    target->not_before = 0;
    target->slow = target->slow > GAP_SLOW ? target->slow / 2 : 0;
}

static void on_failure(struct target *target, const struct push_outcome *outcome)
{
    target->failures++;
    target->last = clock_now();
    if (outcome->too_many) {
        int64_t twice = MAX(target->slow * 2, GAP_SLOW);
        target->slow = MIN(twice, GAP_SLOWEST);
    }
    int64_t wait =
        MAX(backoff_ms(target->failures), MIN(outcome->retry_after_ms, RETRY_AFTER_MAX_MS));
    target->not_before = MAX(clock_in_ms(wait), target->last + target->slow);
}

static enum push_result post(struct target *target, const struct store_delivery *delivery,
                             json_t *message, bool urgent)
{
    struct push *push = target->push;
    struct push_outcome outcome;
    const struct push_post request = {.delivery = delivery,
                                      .message = message,
                                      .urgent = urgent,
                                      .policy = push->config.policy,
                                      .ca_file = push->config.ca_file,
                                      .cancel = push->cancel};
    push_post(&request, &outcome);
    if (outcome.result == PUSH_DONE)
        on_success(target);
    else if (outcome.result == PUSH_FAILED)
        on_failure(target, &outcome);
    else
        store_delivery_drop(push->config.store, target->id, NULL);
    return outcome.result;
}

/* --- the verification code --- */

static enum push_result verify(struct target *target, const struct store_delivery *delivery)
{
    if (delivery->sent || target->tries >= VERIFY_TRIES)
        return PUSH_DONE;
    g_autofree char *id = g_strdup_printf("p%" G_GINT64_FORMAT, target->id);
    json_t *message = json_pack("{s:s, s:s, s:s}", "@type", "PushVerification",
                                "pushSubscriptionId", id, "verificationCode", delivery->code);
    target->tries++;
    enum push_result result = post(target, delivery, message, true);
    json_decref(message);
    if (result == PUSH_DONE) {
        store_delivery_sent(target->push->config.store, target->id, NULL);
        target->last = 0; /* what comes next is news */
    }
    return result;
}

/* --- changes --- */

/* From now on changes of these accounts are noted; those since the receiver last heard are noted
 * here. */
static void listen_in(struct target *target, const struct store_delivery *delivery, bool first)
{
    struct push *push = target->push;
    GHashTable *accounts = numbers();
    g_autoptr(GPtrArray) views =
        store_accounts_of(push->config.store, delivery->principal, NULL, NULL);
    for (guint i = 0; views != NULL && i < views->len; i++) {
        const struct store_account_view *view = views->pdata[i];
        g_hash_table_add(accounts, g_memdup2(&view->id, sizeof view->id));
    }
    int64_t own = -store_principal_user(delivery->principal);
    g_hash_table_add(accounts, g_memdup2(&own, sizeof own));
    pthread_mutex_lock(&push->mutex);
    g_clear_pointer(&target->accounts, g_hash_table_unref);
    target->accounts = accounts;
    pthread_mutex_unlock(&push->mutex);
    if (!first)
        return;
    g_autoptr(GArray) changed =
        jmap_changed_since(push->config.jmap, delivery->principal, delivery->told);
    pthread_mutex_lock(&push->mutex);
    for (guint i = 0; i < changed->len; i++) {
        const struct jmap_changed *one = &g_array_index(changed, struct jmap_changed, i);
        note(target, one->account, one->bits & target->wanted);
    }
    pthread_mutex_unlock(&push->mutex);
}

/* With the mutex held: whether an account was gained or lost. */
static bool access_changed(const struct target *target)
{
    GHashTableIter at;
    void *bits;
    g_hash_table_iter_init(&at, target->pending);
    while (g_hash_table_iter_next(&at, NULL, &bits))
        if ((GPOINTER_TO_UINT(bits) & STORE_ACCESS) != 0)
            return true;
    return false;
}

static void refresh(struct target *target, const struct store_delivery *delivery)
{
    struct push *push = target->push;
    pthread_mutex_lock(&push->mutex);
    target->wanted = jmap_state_bits((const char *const *)delivery->types);
    bool first = target->accounts == NULL;
    bool anew = first || access_changed(target);
    pthread_mutex_unlock(&push->mutex);
    if (anew)
        listen_in(target, delivery, first);
}

/* When what is pending may go out: CLOCK_NEVER with nothing to say. */
static int64_t due_at(struct target *target)
{
    int64_t gap = CLOCK_NEVER;
    GHashTableIter at;
    void *bits;
    pthread_mutex_lock(&target->push->mutex);
    g_hash_table_iter_init(&at, target->pending);
    while (g_hash_table_iter_next(&at, NULL, &bits)) {
        unsigned one = GPOINTER_TO_UINT(bits);
        gap = MIN(gap, (one & STORE_EMAIL_DELIVERY) != 0 ? GAP_MAIL
                       : one != STORE_LINKED_ACCOUNT     ? GAP_OTHER
                                                         : GAP_LINKED);
    }
    pthread_mutex_unlock(&target->push->mutex);
    if (gap == CLOCK_NEVER)
        return CLOCK_NEVER;
    int64_t due = target->last == 0 ? 0 : target->last + MAX(gap, target->slow);
    return MAX(due, target->not_before);
}

/* Takes what one message holds out of the table; *all when nothing stays. */
static GArray *take(struct target *target, bool *all)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct jmap_changed));
    GHashTableIter at;
    void *account, *bits;
    pthread_mutex_lock(&target->push->mutex);
    g_hash_table_iter_init(&at, target->pending);
    while (list->len < ACCOUNTS_MAX && g_hash_table_iter_next(&at, &account, &bits)) {
        struct jmap_changed one = {*(const int64_t *)account, GPOINTER_TO_UINT(bits)};
        if ((one.bits & STORE_ACCESS) != 0) /* all of it is new to them */
            one.bits |= target->wanted;
        g_array_append_val(list, one);
        g_hash_table_iter_remove(&at);
    }
    *all = g_hash_table_size(target->pending) == 0;
    pthread_mutex_unlock(&target->push->mutex);
    return list;
}

static void give_back(struct target *target, const GArray *list)
{
    pthread_mutex_lock(&target->push->mutex);
    for (guint i = 0; i < list->len; i++) {
        const struct jmap_changed *one = &g_array_index(list, struct jmap_changed, i);
        note(target, one->account, one->bits);
    }
    pthread_mutex_unlock(&target->push->mutex);
}

static bool is_urgent(const GArray *list)
{
    for (guint i = 0; i < list->len; i++)
        if ((g_array_index(list, struct jmap_changed, i).bits & STORE_EMAIL_DELIVERY) != 0)
            return true;
    return false;
}

static enum push_result tell(struct target *target, const struct store_delivery *delivery)
{
    struct push *push = target->push;
    bool all = false;
    refresh(target, delivery);
    if (due_at(target) > clock_now())
        return PUSH_DONE;
    uint64_t state = store_delivery_state(push->config.store);
    g_autoptr(GArray) list = take(target, &all);
    json_t *message = jmap_state_changes(push->config.jmap, delivery->principal,
                                         (const struct jmap_changed *)(void *)list->data, list->len,
                                         (const char *const *)delivery->types);
    if (message == NULL)
        return PUSH_DONE;
    enum push_result result = post(target, delivery, message, is_urgent(list));
    json_decref(message);
    if (result == PUSH_FAILED)
        give_back(target, list);
    else if (result == PUSH_DONE && all)
        store_delivery_told(push->config.store, target->id, state, NULL);
    return result;
}

/* --- tasks --- */

static const struct exec_verdict done = {EXEC_DONE, EXEC_BULK, -1, CLOCK_NEVER};

/* When the task looks again. ends: wall clock, 0: never. */
static int64_t next_look(struct target *target, bool verified, bool waits, int64_t ends)
{
    int64_t now = clock_now();
    int64_t next = now + LOOK;
    if (ends != 0)
        next = MIN(next, now + MAX(ends - clock_wall(), 1) * CLOCK_SECOND);
    if (verified)
        return MIN(next, due_at(target));
    return waits ? MIN(next, target->not_before) : next;
}

static struct exec_verdict run_target(void *arg, unsigned woke)
{
    struct target *target = arg;
    g_autoptr(GError) error = NULL;
    if ((woke & EXEC_WOKE_STOP) != 0)
        return done;
    if (clock_now() < target->not_before)
        return (struct exec_verdict){EXEC_PARK, EXEC_BULK, -1, target->not_before};
    struct store_delivery *delivery =
        store_delivery(target->push->config.store, target->id, &error);
    if (delivery == NULL && error_is(error, ERROR_NOT_FOUND))
        return done;
    if (delivery == NULL)
        return (struct exec_verdict){EXEC_PARK, EXEC_BULK, -1, clock_now() + GAP_STORE};
    enum push_result result =
        delivery->verified ? tell(target, delivery) : verify(target, delivery);
    bool waits = result == PUSH_FAILED && target->tries < VERIFY_TRIES;
    int64_t next = next_look(target, delivery->verified, waits, delivery->ends);
    bool well = delivery->verified && target->failures == 0;
    store_delivery_free(delivery);
    if (result == PUSH_GONE)
        return done;
    return (struct exec_verdict){EXEC_PARK, well ? EXEC_INTERACTIVE : EXEC_BULK, -1, next};
}

static void on_target_done(void *arg)
{
    struct target *target = arg;
    struct push *push = target->push;
    pthread_mutex_lock(&push->mutex);
    g_hash_table_remove(push->targets, &target->id);
    pthread_mutex_unlock(&push->mutex);
}

/* With the mutex held, so that the task finds itself in the table. */
static void start_target(struct push *push, int64_t id)
{
    struct target *target = g_new0(struct target, 1);
    target->push = push;
    target->id = id;
    target->pending = numbers();
    target->task =
        exec_task_start(push->exec, EXEC_INTERACTIVE, run_target, target, on_target_done);
    if (target->task != NULL)
        g_hash_table_insert(push->targets, &target->id, target);
    else
        target_free(target);
}

/* Starts tasks of new subscriptions; the others look at what changed of them, or end. */
static struct exec_verdict run_keeper(void *arg, unsigned woke)
{
    struct push *push = arg;
    if ((woke & EXEC_WOKE_STOP) != 0)
        return done;
    g_autoptr(GArray) ids = store_deliveries(push->config.store, NULL);
    int64_t again = ids != NULL ? CLOCK_NEVER : clock_now() + GAP_STORE;
    GHashTableIter at;
    void *value;
    pthread_mutex_lock(&push->mutex);
    g_hash_table_iter_init(&at, push->targets);
    while (g_hash_table_iter_next(&at, NULL, &value))
        exec_task_poke(((struct target *)value)->task, EXEC_INTERACTIVE);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        int64_t id = g_array_index(ids, int64_t, i);
        if (!g_hash_table_contains(push->targets, &id))
            start_target(push, id);
    }
    pthread_mutex_unlock(&push->mutex);
    return (struct exec_verdict){EXEC_PARK, EXEC_INTERACTIVE, -1, again};
}

struct push *push_new(const struct push_config *config)
{
    const struct exec_config pool = {.workers = WORKERS,
                                     .reserved = RESERVED,
                                     .stack_bytes = STACK};
    struct push *push = g_new0(struct push, 1);
    push->config = *config;
    push->cancel = cancel_new();
    push->exec = exec_new(&pool);
    push->targets = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, target_free);
    pthread_mutex_init(&push->mutex, NULL);
    push->keeper = exec_task_start(push->exec, EXEC_INTERACTIVE, run_keeper, push, NULL);
    store_listen(config->store, on_change, push);
    exec_task_poke(push->keeper, EXEC_INTERACTIVE); /* what came before we listened */
    return push;
}

void push_free(struct push *push)
{
    if (push == NULL)
        return;
    store_unlisten(push->config.store, on_change, push);
    cancel_trigger(push->cancel);
    exec_free(push->exec);
    exec_task_unref(push->keeper);
    g_hash_table_unref(push->targets);
    cancel_unref(push->cancel);
    pthread_mutex_destroy(&push->mutex);
    g_free(push);
}

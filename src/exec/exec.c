#include "exec/exec.h"

#include "exec/internal.h"

#include <glib.h>

/* A lower lane is passed over at most so often before it has its turn. */
#define PATIENCE 15

static void lane_append(struct exec *exec, struct exec_task *task)
{
    struct lane *lane = &exec->lanes[task->lane];
    task->next = NULL;
    task->link = lane->last;
    *lane->last = task;
    lane->last = &task->next;
    lane->length++;
    /* Both kinds, since a reserved worker that was signalled before may be on its way already. */
    if (task->lane == EXEC_INTERACTIVE)
        pthread_cond_signal(&exec->reserved);
    pthread_cond_signal(&exec->any);
}

static void lane_remove(struct exec *exec, struct exec_task *task)
{
    struct lane *lane = &exec->lanes[task->lane];
    *task->link = task->next;
    if (task->next != NULL)
        task->next->link = task->link;
    else
        lane->last = task->link;
    lane->length--;
}

void exec_enqueue(struct exec *exec, struct exec_task *task)
{
    task->state = TASK_QUEUED;
    lane_append(exec, task);
}

bool exec_submit(struct exec *exec, enum exec_lane lane, void (*fn)(void *arg), void *arg)
{
    struct exec_task *call = g_new0(struct exec_task, 1);
    call->call = fn;
    call->arg = arg;
    call->lane = lane;
    pthread_mutex_lock(&exec->mutex);
    bool accepted = !exec->stopping;
    if (accepted)
        exec_enqueue(exec, call);
    pthread_mutex_unlock(&exec->mutex);
    if (!accepted)
        g_free(call);
    return accepted;
}

/* The lane to serve next, EXEC_LANES when there is no work for this kind of worker. */
static enum exec_lane choose_lane(struct exec *exec, bool reserved)
{
    if (reserved)
        return exec->lanes[EXEC_INTERACTIVE].length > 0 ? EXEC_INTERACTIVE : EXEC_LANES;
    int chosen = EXEC_LANES;
    for (int i = EXEC_LANES - 1; i >= 0; i--)
        if (exec->lanes[i].length > 0 &&
            (chosen == EXEC_LANES || exec->lanes[chosen].passed_over < PATIENCE))
            chosen = i;
    for (int i = chosen + 1; i < EXEC_LANES; i++)
        if (exec->lanes[i].length > 0)
            exec->lanes[i].passed_over++;
    if (chosen < EXEC_LANES)
        exec->lanes[chosen].passed_over = 0;
    return (enum exec_lane)chosen;
}

static void run_call(struct exec *exec, struct exec_task *call)
{
    pthread_mutex_unlock(&exec->mutex);
    call->call(call->arg);
    g_free(call);
    pthread_mutex_lock(&exec->mutex);
}

static void finish_task(struct exec *exec, struct exec_task *task)
{
    task->state = TASK_CLOSED;
    pthread_mutex_unlock(&exec->mutex);
    if (task->on_done != NULL)
        task->on_done(task->arg);
    pthread_mutex_lock(&exec->mutex);
    lot_remove(exec, task);
    exec->tasks--;
    exec_task_unref(task);
}

/* Posted work was put into task->woke while it ran: then it must not park. */
static void park_or_requeue(struct exec *exec, struct exec_task *task, struct exec_verdict verdict)
{
    task->fd = verdict.fd;
    task->deadline = verdict.deadline;
    if (task->woke == 0 && !task->stop && !exec->stopping) {
        task->lane = verdict.lane;
        if (lot_park(exec, task))
            return;
        task->woke |= EXEC_WOKE_READABLE;
    }
    task->fd = -1;
    exec_enqueue(exec, task);
}

static void run_task(struct exec *exec, struct exec_task *task)
{
    unsigned woke = task->woke | (task->stop || exec->stopping ? (unsigned)EXEC_WOKE_STOP : 0u);
    task->woke = 0;
    task->state = TASK_RUNNING;
    task->lane = EXEC_BULK; /* a poke meanwhile may raise it */
    exec->runs++;
    pthread_mutex_unlock(&exec->mutex);
    struct exec_verdict verdict = task->fn(task->arg, woke);
    pthread_mutex_lock(&exec->mutex);
    if (verdict.next == EXEC_DONE) {
        finish_task(exec, task);
        return;
    }
    task->lane = MIN(task->lane, verdict.lane);
    if (verdict.next == EXEC_PARK) {
        park_or_requeue(exec, task, verdict);
        return;
    }
    task->woke |= EXEC_WOKE_START;
    exec_enqueue(exec, task);
}

static void work(struct exec *exec, bool reserved)
{
    pthread_mutex_lock(&exec->mutex);
    while (!exec->quit) {
        enum exec_lane lane = choose_lane(exec, reserved);
        if (lane == EXEC_LANES) {
            pthread_cond_wait(reserved ? &exec->reserved : &exec->any, &exec->mutex);
            continue;
        }
        struct exec_task *task = exec->lanes[lane].first;
        lane_remove(exec, task);
        exec->running++;
        if (task->call != NULL)
            run_call(exec, task);
        else
            run_task(exec, task);
        exec->running--;
        if (exec->stopping)
            pthread_cond_broadcast(&exec->idle);
    }
    pthread_mutex_unlock(&exec->mutex);
}

static void *worker_main(void *arg)
{
    work(arg, false);
    return NULL;
}

static void *reserved_main(void *arg)
{
    work(arg, true);
    return NULL;
}

static void start_workers(struct exec *exec, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (stack_bytes > 0 && pthread_attr_setstacksize(&attributes, stack_bytes) != 0)
        g_error("a worker cannot have a stack of %zu bytes", stack_bytes);
    exec->workers = g_new0(pthread_t, exec->worker_count);
    for (unsigned i = 0; i < exec->worker_count; i++)
        if (pthread_create(&exec->workers[i], &attributes,
                           i < exec->reserved_count ? reserved_main : worker_main, exec) != 0)
            g_error("no threads left for workers");
    pthread_attr_destroy(&attributes);
}

struct exec *exec_new(const struct exec_config *config)
{
    struct exec *exec = g_new0(struct exec, 1);
    exec->worker_count = MAX(config->workers, 2);
    exec->reserved_count = CLAMP(config->reserved, 1, exec->worker_count - 1);
    pthread_mutex_init(&exec->mutex, NULL);
    pthread_cond_init(&exec->any, NULL);
    pthread_cond_init(&exec->reserved, NULL);
    pthread_cond_init(&exec->idle, NULL);
    for (int i = 0; i < EXEC_LANES; i++)
        exec->lanes[i].last = &exec->lanes[i].first;
    lot_start(exec);
    start_workers(exec, config->stack_bytes);
    return exec;
}

static bool all_quiet(const struct exec *exec)
{
    bool quiet = exec->tasks == 0 && exec->running == 0;
    for (int i = 0; i < EXEC_LANES; i++)
        quiet = quiet && exec->lanes[i].length == 0;
    return quiet;
}

void exec_free(struct exec *exec)
{
    if (exec == NULL)
        return;
    pthread_mutex_lock(&exec->mutex);
    exec->stopping = true;
    for (uint32_t i = 0; i < exec->lot.slot_count; i++) {
        struct exec_task *task = exec->lot.slots[i].task;
        if (task != NULL && task->state == TASK_PARKED)
            lot_unpark(exec, task, EXEC_WOKE_STOP);
    }
    while (!all_quiet(exec))
        pthread_cond_wait(&exec->idle, &exec->mutex);
    exec->quit = true;
    pthread_cond_broadcast(&exec->any);
    pthread_cond_broadcast(&exec->reserved);
    pthread_mutex_unlock(&exec->mutex);
    for (unsigned i = 0; i < exec->worker_count; i++)
        pthread_join(exec->workers[i], NULL);
    lot_end(exec);
    pthread_cond_destroy(&exec->idle);
    pthread_cond_destroy(&exec->reserved);
    pthread_cond_destroy(&exec->any);
    pthread_mutex_destroy(&exec->mutex);
    g_free(exec->workers);
    g_free(exec);
}

struct exec_task *exec_task_start(struct exec *exec, enum exec_lane lane, exec_task_fn *fn,
                                  void *arg, void (*on_done)(void *arg))
{
    struct exec_task *task = g_new0(struct exec_task, 1);
    *task = (struct exec_task){.exec = exec,
                               .fn = fn,
                               .on_done = on_done,
                               .arg = arg,
                               .lane = lane,
                               .woke = EXEC_WOKE_START,
                               .fd = -1};
    atomic_init(&task->refs, 2);
    pthread_mutex_lock(&exec->mutex);
    bool accepted = !exec->stopping;
    if (accepted) {
        exec->tasks++;
        task->slot = lot_add(exec, task);
        exec_enqueue(exec, task);
    }
    pthread_mutex_unlock(&exec->mutex);
    if (accepted)
        return task;
    g_free(task);
    return NULL;
}

static void post(struct exec_task *task, enum exec_lane lane, unsigned woke)
{
    struct exec *exec = task->exec;
    pthread_mutex_lock(&exec->mutex);
    if (task->state != TASK_CLOSED) {
        task->woke |= woke;
        task->stop = task->stop || (woke & EXEC_WOKE_STOP) != 0;
    }
    if (task->state == TASK_PARKED) {
        task->lane = MIN(task->lane, lane);
        lot_unpark(exec, task, woke);
    } else if (task->state == TASK_RUNNING) {
        task->lane = MIN(task->lane, lane);
    } else if (task->state == TASK_QUEUED && lane < task->lane) {
        lane_remove(exec, task);
        task->lane = lane;
        lane_append(exec, task);
    }
    pthread_mutex_unlock(&exec->mutex);
}

void exec_task_poke(struct exec_task *task, enum exec_lane lane)
{
    post(task, lane, EXEC_WOKE_POKE);
}

void exec_task_stop(struct exec_task *task)
{
    post(task, EXEC_NOTIFY, EXEC_WOKE_STOP);
}

void exec_task_unref(struct exec_task *task)
{
    if (task != NULL && atomic_fetch_sub(&task->refs, 1) == 1)
        g_free(task);
}

void exec_stats(struct exec *exec, struct exec_stats *stats)
{
    pthread_mutex_lock(&exec->mutex);
    *stats = (struct exec_stats){.tasks = exec->tasks,
                                 .parked = exec->parked,
                                 .running = exec->running,
                                 .runs = exec->runs};
    for (int i = 0; i < EXEC_LANES; i++)
        stats->queued[i] = exec->lanes[i].length;
    pthread_mutex_unlock(&exec->mutex);
}

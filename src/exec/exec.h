/* Workers with lanes, a parking lot for idle connections, and timers (docs/architecture.md).
 *
 * A task is something that runs on a worker, then says how it wishes to go on. It is never run by
 * two workers at once. An idle mailbox is a parked task: a descriptor in one epoll set and a
 * deadline, no thread. */
#ifndef POSTROOM_EXEC_EXEC_H
#define POSTROOM_EXEC_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exec_lane { EXEC_INTERACTIVE, EXEC_NOTIFY, EXEC_BULK, EXEC_LANES };

struct exec_config {
    unsigned workers;   /* at least 2 */
    unsigned reserved;  /* workers that only take EXEC_INTERACTIVE; at least 1 */
    size_t stack_bytes; /* of each worker, e.g. 1 MiB */
};

struct exec;

/* Starts the threads. Never NULL (aborts when threads cannot be made). */
struct exec *exec_new(const struct exec_config *config);
/* Refuses new work, wakes all parked tasks with EXEC_WOKE_STOP so that they end, waits until every
 * task and submitted call is done, joins. Not from a worker. Handles of tasks may still be unreffed
 * afterwards, but not poked. */
void exec_free(struct exec *exec);

/* Runs fn(arg) once on a worker. False when exec is stopping (fn is then not called). Any thread.
 */
bool exec_submit(struct exec *exec, enum exec_lane lane, void (*fn)(void *arg), void *arg);

enum exec_woke {
    EXEC_WOKE_START = 1 << 0,    /* first run, or EXEC_AGAIN */
    EXEC_WOKE_READABLE = 1 << 1, /* the parked descriptor */
    EXEC_WOKE_DEADLINE = 1 << 2,
    EXEC_WOKE_POKE = 1 << 3, /* exec_task_poke was called since the last run began */
    EXEC_WOKE_STOP = 1 << 4, /* end as soon as possible: return EXEC_DONE; set in every later run */
};

enum exec_next { EXEC_DONE, EXEC_AGAIN, EXEC_PARK };

/* How a task goes on. For EXEC_PARK: fd to wait on (-1: none), which stays open while parked, and a
 * deadline (base/clock.h; CLOCK_NEVER: none). An fd that cannot be waited on counts as readable.
 * lane: where its next run is queued. Ordinary workers take the highest lane first, but a lower one
 * at least every 16th time. */
struct exec_verdict {
    enum exec_next next;
    enum exec_lane lane;
    int fd;
    int64_t deadline;
};

struct exec_task;
typedef struct exec_verdict exec_task_fn(void *arg, unsigned woke);

/* Starts a task in a lane; on_done(arg) is called once, on a worker, after it returned EXEC_DONE
 * (may be NULL). The handle has one reference for the caller: drop it with exec_task_unref. NULL
 * when exec is stopping. */
struct exec_task *exec_task_start(struct exec *exec, enum exec_lane lane, exec_task_fn *fn,
                                  void *arg, void (*on_done)(void *arg));
/* Posted work: a parked task is queued at once, a running one runs again (or its park returns at
 * once with EXEC_WOKE_POKE); never lost. Any thread. */
void exec_task_poke(struct exec_task *task, enum exec_lane lane);
/* As poke, with EXEC_WOKE_STOP. */
void exec_task_stop(struct exec_task *task);
void exec_task_unref(struct exec_task *task);

struct exec_stats {
    unsigned tasks, parked, queued[EXEC_LANES], running;
    uint64_t runs;
};
void exec_stats(struct exec *exec, struct exec_stats *stats);

#endif

/* What the sources of exec share; nobody else includes it.
 *
 * One mutex guards everything here. A task is PARKED, QUEUED, RUNNING or CLOSED; whoever moves it
 * on holds the mutex, so that a wake by descriptor, deadline and poke at once queues it once. */
#ifndef POSTROOM_EXEC_INTERNAL_H
#define POSTROOM_EXEC_INTERNAL_H

#include "exec/exec.h"

#include <pthread.h>
#include <stdatomic.h>

enum task_state { TASK_PARKED, TASK_QUEUED, TASK_RUNNING, TASK_CLOSED };

#define NOT_IN_HEAP SIZE_MAX

/* Also a submitted call, which has only call and arg, and no slot. */
struct exec_task {
    struct exec *exec;
    void (*call)(void *arg); /* NULL: a task proper */
    exec_task_fn *fn;
    void (*on_done)(void *arg);
    void *arg;
    atomic_uint refs; /* the caller's, and the pool's until it is done */
    enum task_state state;
    enum exec_lane lane; /* of the queued or the next run */
    unsigned woke;       /* for the next run */
    bool stop;
    struct exec_task *next, **link; /* in a queue; link is what points here */
    uint32_t slot;                  /* in the parking lot's table, for its whole life */
    int fd;                         /* parked on, -1: none */
    int64_t deadline;
    size_t heap_index;
};

struct lane {
    struct exec_task *first, **last;
    unsigned length;
    unsigned passed_over; /* times a higher lane went first */
};

struct slot {
    struct exec_task *task; /* NULL: free */
    uint32_t generation;    /* raised at each park and unpark: an older event is stale */
    uint32_t next_free;
};

struct lot {
    int epoll, wake; /* wake: an eventfd */
    pthread_t thread;
    struct slot *slots;
    uint32_t slot_count, first_free;
    struct exec_task **heap;
    size_t heap_length, heap_room;
    int64_t wakes_at; /* when the thread looks at the deadlines next */
};

struct exec {
    pthread_mutex_t mutex;
    pthread_cond_t any, reserved, idle;
    struct lane lanes[EXEC_LANES];
    struct lot lot;
    pthread_t *workers;
    unsigned worker_count, reserved_count;
    unsigned tasks, parked, running;
    uint64_t runs;
    bool stopping, quit;
};

/* All of these with the mutex held. */
void exec_enqueue(struct exec *exec, struct exec_task *task);
void lot_start(struct exec *exec);
/* Joins the thread: without the mutex, after exec->quit was set. */
void lot_end(struct exec *exec);
uint32_t lot_add(struct exec *exec, struct exec_task *task);
void lot_remove(struct exec *exec, struct exec_task *task);
/* False when the descriptor cannot be waited on; the task is then not parked. */
bool lot_park(struct exec *exec, struct exec_task *task);
/* PARKED to QUEUED, for this reason. */
void lot_unpark(struct exec *exec, struct exec_task *task, unsigned woke);
void lot_wake(struct exec *exec);

#endif

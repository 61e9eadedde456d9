/* The worker pool: lanes, parking, posted work that is never lost, and stopping. */
#include "exec/exec.h"

#include "base/clock.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct exec *new_pool(unsigned workers)
{
    struct exec_config config = {.workers = workers, .reserved = 1, .stack_bytes = 1 << 20};
    return exec_new(&config);
}

/* A gate that a test thread waits at. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned count;
};
#define GATE_INIT                                                                                  \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                                     \
    }

static void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->count++;
    pthread_cond_broadcast(&gate->cond);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_wait(struct gate *gate, unsigned count)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->count < count)
        pthread_cond_wait(&gate->cond, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void pass(void *arg)
{
    gate_pass(arg);
}

static void submitted_calls_all_run(void)
{
    struct gate gate = GATE_INIT;
    struct exec *exec = new_pool(3);
    for (int i = 0; i < 300; i++)
        g_assert_true(exec_submit(exec, (enum exec_lane)(i % EXEC_LANES), pass, &gate));
    gate_wait(&gate, 300);
    exec_free(exec);
}

struct blocker {
    struct gate started, release;
};

static void block(void *arg)
{
    struct blocker *blocker = arg;
    gate_pass(&blocker->started);
    gate_wait(&blocker->release, 1);
}

static void an_interactive_call_passes_a_full_house(void)
{
    struct blocker blocker = {GATE_INIT, GATE_INIT};
    struct gate gate = GATE_INIT;
    struct exec *exec = new_pool(3);
    for (int i = 0; i < 50; i++)
        exec_submit(exec, EXEC_BULK, block, &blocker);
    gate_wait(&blocker.started, 2); /* all but the reserved worker */
    exec_submit(exec, EXEC_INTERACTIVE, pass, &gate);
    gate_wait(&gate, 1);
    struct exec_stats stats;
    exec_stats(exec, &stats);
    g_assert_cmpuint(stats.queued[EXEC_BULK], ==, 48);
    gate_pass(&blocker.release);
    exec_free(exec);
}

/* Two interactive calls at once must not both wait for the reserved worker. */
static void idle_ordinary_workers_take_interactive_calls_too(void)
{
    for (int round = 0; round < 200; round++) {
        struct blocker blocker = {GATE_INIT, GATE_INIT};
        struct exec *exec = new_pool(2);
        exec_submit(exec, EXEC_INTERACTIVE, block, &blocker);
        exec_submit(exec, EXEC_INTERACTIVE, block, &blocker);
        gate_wait(&blocker.started, 2);
        gate_pass(&blocker.release);
        exec_free(exec);
    }
}

struct recorder {
    struct gate ran;
    struct blocker blocker;
    char order[64];
    unsigned length;
};

static void record_notify(void *arg)
{
    struct recorder *recorder = arg;
    recorder->order[recorder->length++] = 'n';
    gate_pass(&recorder->ran);
}

static void record_bulk(void *arg)
{
    struct recorder *recorder = arg;
    recorder->order[recorder->length++] = 'b';
    gate_pass(&recorder->ran);
}

static void bulk_waits_for_notify_but_not_for_ever(void)
{
    struct recorder recorder = {GATE_INIT, {GATE_INIT, GATE_INIT}, "", 0};
    struct exec *exec = new_pool(2);
    exec_submit(exec, EXEC_NOTIFY, block, &recorder.blocker);
    gate_wait(&recorder.blocker.started, 1);
    exec_submit(exec, EXEC_BULK, record_bulk, &recorder);
    for (int i = 0; i < 40; i++)
        exec_submit(exec, EXEC_NOTIFY, record_notify, &recorder);
    gate_pass(&recorder.blocker.release);
    gate_wait(&recorder.ran, 41);
    exec_free(exec);
    const char *bulk = strchr(recorder.order, 'b');
    g_assert_cmpint(bulk - recorder.order, >, 5);
    g_assert_cmpint(bulk - recorder.order, <, 30);
}

/* A task that reads bytes from a socket pair until it has seen enough, parked in between. */
struct reader {
    int fds[2];
    unsigned bytes, wanted, deadlines, pokes, runs, stops;
    int64_t deadline_ms;
    atomic_bool running;
    struct gate progress, done;
};

static struct exec_verdict reader_run(void *arg, unsigned woke)
{
    struct reader *reader = arg;
    g_assert_false(atomic_exchange(&reader->running, true));
    char buffer[16];
    ssize_t n = recv(reader->fds[0], buffer, sizeof(buffer), MSG_DONTWAIT);
    reader->runs++;
    reader->bytes += n > 0 ? (unsigned)n : 0;
    reader->deadlines += (woke & EXEC_WOKE_DEADLINE) != 0;
    reader->pokes += (woke & EXEC_WOKE_POKE) != 0;
    reader->stops += (woke & EXEC_WOKE_STOP) != 0;
    bool ends = reader->bytes >= reader->wanted || (woke & EXEC_WOKE_STOP) != 0;
    int64_t deadline = reader->deadline_ms > 0 ? clock_in_ms(reader->deadline_ms) : CLOCK_NEVER;
    gate_pass(&reader->progress);
    atomic_store(&reader->running, false);
    return (struct exec_verdict){ends ? EXEC_DONE : EXEC_PARK, EXEC_NOTIFY, reader->fds[0],
                                 deadline};
}

static void reader_done(void *arg)
{
    struct reader *reader = arg;
    close(reader->fds[0]);
    gate_pass(&reader->done);
}

static void reader_init(struct reader *reader, unsigned wanted)
{
    *reader = (struct reader){.wanted = wanted, .progress = GATE_INIT, .done = GATE_INIT};
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, reader->fds), ==, 0);
}

static void a_parked_task_wakes_when_readable(void)
{
    struct reader reader;
    struct exec *exec = new_pool(2);
    reader_init(&reader, 3);
    struct exec_task *task = exec_task_start(exec, EXEC_NOTIFY, reader_run, &reader, reader_done);
    for (unsigned i = 1; i <= 3; i++) {
        gate_wait(&reader.progress, i);
        g_assert_cmpint(write(reader.fds[1], "x", 1), ==, 1);
    }
    gate_wait(&reader.done, 1);
    g_assert_cmpuint(reader.bytes, ==, 3);
    exec_task_poke(task, EXEC_INTERACTIVE); /* nothing happens any more */
    exec_task_unref(task);
    close(reader.fds[1]);
    exec_free(exec);
}

static void a_parked_task_wakes_at_its_deadline(void)
{
    struct reader readers[50];
    struct exec *exec = new_pool(2);
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        reader_init(&readers[i], 1);
        readers[i].deadline_ms = 5 + (int64_t)((i * 37) % 50);
        exec_task_unref(exec_task_start(exec, EXEC_NOTIFY, reader_run, &readers[i], reader_done));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        gate_wait(&readers[i].progress, 3);
        g_assert_cmpint(write(readers[i].fds[1], "x", 1), ==, 1);
        gate_wait(&readers[i].done, 1);
        g_assert_cmpuint(readers[i].deadlines, >=, 2);
        close(readers[i].fds[1]);
    }
    exec_free(exec);
}

/* Runs until it was poked often enough; every poke happens after the last one was seen. */
struct poked {
    struct gate seen, done;
    unsigned wanted;
};

static struct exec_verdict poked_run(void *arg, unsigned woke)
{
    struct poked *poked = arg;
    bool ends = false;
    if ((woke & EXEC_WOKE_POKE) != 0) {
        gate_pass(&poked->seen);
        ends = poked->seen.count >= poked->wanted;
    }
    return (struct exec_verdict){ends ? EXEC_DONE : EXEC_PARK, EXEC_BULK, -1, CLOCK_NEVER};
}

static void poked_done(void *arg)
{
    struct poked *poked = arg;
    gate_pass(&poked->done);
}

static void no_poke_is_lost(void)
{
    struct poked poked = {GATE_INIT, GATE_INIT, 5000};
    struct exec *exec = new_pool(3);
    struct exec_task *task = exec_task_start(exec, EXEC_BULK, poked_run, &poked, poked_done);
    for (unsigned i = 1; i <= poked.wanted; i++) {
        exec_task_poke(task, (enum exec_lane)(i % EXEC_LANES));
        gate_wait(&poked.seen, i);
    }
    gate_wait(&poked.done, 1);
    exec_task_unref(task);
    exec_free(exec);
}

static void stopping_ends_parked_tasks_and_refuses_new_ones(void)
{
    struct reader reader;
    struct exec *exec = new_pool(2);
    reader_init(&reader, 10);
    struct exec_task *task = exec_task_start(exec, EXEC_NOTIFY, reader_run, &reader, reader_done);
    gate_wait(&reader.progress, 1);
    exec_task_stop(task);
    gate_wait(&reader.done, 1);
    close(reader.fds[1]);
    reader_init(&reader, 10);
    exec_task_unref(exec_task_start(exec, EXEC_NOTIFY, reader_run, &reader, reader_done));
    exec_free(exec);
    g_assert_cmpuint(reader.done.count, ==, 1);
    g_assert_cmpuint(reader.stops, ==, 1);
    close(reader.fds[1]);
    exec_task_unref(task);
}

static struct exec_verdict bad_fd_run(void *arg, unsigned woke)
{
    struct gate *gate = arg;
    bool readable = (woke & EXEC_WOKE_READABLE) != 0;
    if (readable)
        gate_pass(gate);
    return (struct exec_verdict){readable ? EXEC_DONE : EXEC_PARK, EXEC_NOTIFY, 1 << 20,
                                 CLOCK_NEVER};
}

static void a_descriptor_that_cannot_be_watched_counts_as_readable(void)
{
    struct gate gate = GATE_INIT;
    struct exec *exec = new_pool(2);
    exec_task_unref(exec_task_start(exec, EXEC_NOTIFY, bad_fd_run, &gate, NULL));
    gate_wait(&gate, 1);
    exec_free(exec);
}

/* Many tasks, writers and pokers at once: a race by descriptor, deadline and poke for each task. */
#define STRESS_TASKS 64
#define STRESS_BYTES 60

struct stress {
    struct reader readers[STRESS_TASKS];
    struct exec_task *tasks[STRESS_TASKS];
    atomic_int next;
};

static void *stress_write(void *arg)
{
    struct stress *stress = arg;
    for (int i; (i = atomic_fetch_add(&stress->next, 1)) < STRESS_TASKS * STRESS_BYTES;)
        if (write(stress->readers[i % STRESS_TASKS].fds[1], "x", 1) != 1)
            g_error("write");
    return NULL;
}

static void *stress_poke(void *arg)
{
    struct stress *stress = arg;
    for (int i = 0; i < STRESS_TASKS * STRESS_BYTES; i++)
        exec_task_poke(stress->tasks[(i * 7) % STRESS_TASKS], (enum exec_lane)(i % EXEC_LANES));
    return NULL;
}

static void wakes_from_all_sides_run_each_task_on_one_worker(void)
{
    struct stress *stress = g_new0(struct stress, 1);
    struct exec *exec = new_pool(4);
    pthread_t threads[4];
    for (int i = 0; i < STRESS_TASKS; i++) {
        reader_init(&stress->readers[i], STRESS_BYTES);
        stress->readers[i].deadline_ms = 1;
        stress->tasks[i] =
            exec_task_start(exec, EXEC_NOTIFY, reader_run, &stress->readers[i], reader_done);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_create(&threads[i], NULL, i % 2 == 0 ? stress_write : stress_poke, stress);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < STRESS_TASKS; i++) {
        gate_wait(&stress->readers[i].done, 1);
        g_assert_cmpuint(stress->readers[i].bytes, ==, STRESS_BYTES);
        exec_task_unref(stress->tasks[i]);
        close(stress->readers[i].fds[1]);
    }
    struct exec_stats stats;
    exec_stats(exec, &stats);
    g_assert_cmpuint(stats.parked, ==, 0);
    exec_free(exec);
    g_free(stress);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec/submit", submitted_calls_all_run);
    g_test_add_func("/exec/reserved", an_interactive_call_passes_a_full_house);
    g_test_add_func("/exec/idle-workers", idle_ordinary_workers_take_interactive_calls_too);
    g_test_add_func("/exec/fairness", bulk_waits_for_notify_but_not_for_ever);
    g_test_add_func("/exec/readable", a_parked_task_wakes_when_readable);
    g_test_add_func("/exec/deadline", a_parked_task_wakes_at_its_deadline);
    g_test_add_func("/exec/poke", no_poke_is_lost);
    g_test_add_func("/exec/stop", stopping_ends_parked_tasks_and_refuses_new_ones);
    g_test_add_func("/exec/bad-fd", a_descriptor_that_cannot_be_watched_counts_as_readable);
    g_test_add_func("/exec/stress", wakes_from_all_sides_run_each_task_on_one_worker);
    return g_test_run();
}

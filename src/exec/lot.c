#include "exec/internal.h"

#include "base/clock.h"

#include <glib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NO_SLOT UINT32_MAX
#define WAKE_TICKET UINT64_MAX
#define EVENTS_AT_ONCE 128
#define LOT_STACK (256 * 1024)

static bool sooner(const struct exec_task *a, const struct exec_task *b)
{
    return a->deadline < b->deadline;
}

static void heap_put(struct lot *lot, size_t at, struct exec_task *task)
{
    lot->heap[at] = task;
    task->heap_index = at;
}

static void heap_sift_up(struct lot *lot, size_t at, struct exec_task *task)
{
    while (at > 0 && sooner(task, lot->heap[(at - 1) / 2])) {
        heap_put(lot, at, lot->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(lot, at, task);
}

static void heap_sift_down(struct lot *lot, size_t at, struct exec_task *task)
{
    for (size_t child; (child = 2 * at + 1) < lot->heap_length; at = child) {
        if (child + 1 < lot->heap_length && sooner(lot->heap[child + 1], lot->heap[child]))
            child++;
        if (!sooner(lot->heap[child], task))
            break;
        heap_put(lot, at, lot->heap[child]);
    }
    heap_put(lot, at, task);
}

static void heap_insert(struct lot *lot, struct exec_task *task)
{
    if (lot->heap_length == lot->heap_room) {
        lot->heap_room = lot->heap_room == 0 ? 64 : lot->heap_room * 2;
        lot->heap = g_renew(struct exec_task *, lot->heap, lot->heap_room);
    }
    heap_sift_up(lot, lot->heap_length++, task);
}

static void heap_remove(struct lot *lot, struct exec_task *task)
{
    size_t at = task->heap_index;
    if (at == NOT_IN_HEAP)
        return;
    task->heap_index = NOT_IN_HEAP;
    struct exec_task *last = lot->heap[--lot->heap_length];
    if (last == task)
        return;
    if (at > 0 && sooner(last, lot->heap[(at - 1) / 2]))
        heap_sift_up(lot, at, last);
    else
        heap_sift_down(lot, at, last);
}

static uint64_t ticket_of(const struct lot *lot, uint32_t slot)
{
    return (uint64_t)lot->slots[slot].generation << 32 | slot;
}

uint32_t lot_add(struct exec *exec, struct exec_task *task)
{
    struct lot *lot = &exec->lot;
    if (lot->first_free == NO_SLOT) {
        uint32_t old = lot->slot_count;
        lot->slot_count = old == 0 ? 64 : old * 2;
        lot->slots = g_renew(struct slot, lot->slots, lot->slot_count);
        for (uint32_t i = old; i < lot->slot_count; i++)
            lot->slots[i] = (struct slot){NULL, 0, i + 1 < lot->slot_count ? i + 1 : NO_SLOT};
        lot->first_free = old;
    }
    uint32_t slot = lot->first_free;
    lot->first_free = lot->slots[slot].next_free;
    lot->slots[slot].task = task;
    task->heap_index = NOT_IN_HEAP;
    return slot;
}

void lot_remove(struct exec *exec, struct exec_task *task)
{
    struct slot *slot = &exec->lot.slots[task->slot];
    slot->task = NULL;
    slot->generation++;
    slot->next_free = exec->lot.first_free;
    exec->lot.first_free = task->slot;
}

bool lot_park(struct exec *exec, struct exec_task *task)
{
    struct lot *lot = &exec->lot;
    lot->slots[task->slot].generation++;
    if (task->fd >= 0) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
                                    .data.u64 = ticket_of(lot, task->slot)};
        if (epoll_ctl(lot->epoll, EPOLL_CTL_ADD, task->fd, &event) != 0)
            return false;
    }
    task->state = TASK_PARKED;
    exec->parked++;
    if (task->deadline != CLOCK_NEVER) {
        heap_insert(lot, task);
        if (task->deadline < lot->wakes_at) {
            lot->wakes_at = task->deadline;
            lot_wake(exec);
        }
    }
    return true;
}

void lot_unpark(struct exec *exec, struct exec_task *task, unsigned woke)
{
    struct lot *lot = &exec->lot;
    lot->slots[task->slot].generation++;
    if (task->fd >= 0)
        (void)epoll_ctl(lot->epoll, EPOLL_CTL_DEL, task->fd, NULL);
    heap_remove(lot, task);
    task->fd = -1;
    exec->parked--;
    task->woke |= woke;
    exec_enqueue(exec, task);
}

void lot_wake(struct exec *exec)
{
    (void)eventfd_write(exec->lot.wake, 1);
}

static void lot_event(struct exec *exec, uint64_t ticket)
{
    struct lot *lot = &exec->lot;
    if (ticket == WAKE_TICKET) {
        eventfd_t value;
        (void)eventfd_read(lot->wake, &value);
        return;
    }
    uint32_t slot = (uint32_t)(ticket & UINT32_MAX);
    struct exec_task *task = lot->slots[slot].task;
    if (task != NULL && ticket_of(lot, slot) == ticket && task->state == TASK_PARKED)
        lot_unpark(exec, task, EXEC_WOKE_READABLE);
}

static void lot_deadlines(struct exec *exec)
{
    struct lot *lot = &exec->lot;
    int64_t now = clock_now();
    while (lot->heap_length > 0 && lot->heap[0]->deadline <= now)
        lot_unpark(exec, lot->heap[0], EXEC_WOKE_DEADLINE);
}

static void *lot_main(void *arg)
{
    struct exec *exec = arg;
    struct lot *lot = &exec->lot;
    struct epoll_event events[EVENTS_AT_ONCE];
    pthread_mutex_lock(&exec->mutex);
    while (!exec->quit) {
        lot->wakes_at = lot->heap_length > 0 ? lot->heap[0]->deadline : CLOCK_NEVER;
        int timeout = clock_poll_ms(lot->wakes_at);
        pthread_mutex_unlock(&exec->mutex);
        int n = epoll_wait(lot->epoll, events, EVENTS_AT_ONCE, timeout);
        pthread_mutex_lock(&exec->mutex);
        for (int i = 0; i < n; i++)
            lot_event(exec, events[i].data.u64);
        lot_deadlines(exec);
    }
    pthread_mutex_unlock(&exec->mutex);
    return NULL;
}

void lot_start(struct exec *exec)
{
    struct lot *lot = &exec->lot;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_TICKET};
    pthread_attr_t attributes;
    lot->first_free = NO_SLOT;
    lot->wakes_at = CLOCK_NEVER;
    lot->epoll = epoll_create1(EPOLL_CLOEXEC);
    lot->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, LOT_STACK);
    if (lot->epoll < 0 || lot->wake < 0 ||
        epoll_ctl(lot->epoll, EPOLL_CTL_ADD, lot->wake, &event) != 0 ||
        pthread_create(&lot->thread, &attributes, lot_main, exec) != 0)
        g_error("the parking lot cannot start: no descriptors or threads left");
    pthread_attr_destroy(&attributes);
}

void lot_end(struct exec *exec)
{
    lot_wake(exec);
    pthread_join(exec->lot.thread, NULL);
    close(exec->lot.epoll);
    close(exec->lot.wake);
    g_free(exec->lot.slots);
    g_free(exec->lot.heap);
}

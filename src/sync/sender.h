/* Inside the sync engine: one account's outbox. Only src/sync includes this. */
#ifndef POSTROOM_SYNC_SENDER_H
#define POSTROOM_SYNC_SENDER_H

#include "sync/session.h"

/* Microsoft takes 30 messages a minute (docs/internals/exchange.md); nobody sane needs more from
 * one mailbox elsewhere. */
#define SENDER_PER_MINUTE 30

struct sender {
    struct sync_manager *manager;
    int64_t account;
    struct exec_task *task;
    struct cancel *cancel;
    int64_t sent_at[SENDER_PER_MINUTE]; /* monotonic, a ring */
    unsigned next_slot;
};

exec_task_fn sender_run;

#endif

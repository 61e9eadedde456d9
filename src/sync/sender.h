/* Inside the sync engine: one account's outbox. Only src/sync includes this. */
#ifndef POSTROOM_SYNC_SENDER_H
#define POSTROOM_SYNC_SENDER_H

#include "sync/outbox.h"
#include "sync/session.h"

struct sender {
    struct sync_manager *manager;
    int64_t account;
    struct exec_task *task;
    struct cancel *cancel;
    /* Of the task's own thread: */
    int64_t *sent_at; /* OUTBOX_MINUTE_MAX, monotonic, a ring; NULL: the store was not asked yet */
    unsigned sent_count;
    int64_t slow_until; /* monotonic: the provider asked to go slower */
};

exec_task_fn sender_run;

/* --- sender_attempt.c: one message */

/* A connection that serves the messages of one run. */
struct sender_line {
    struct store_sync_account *account;
    struct secret *secret;
    struct smtp_client *client; /* NULL: none open */
    struct smtp_server *server;
    unsigned served;
    char *place; /* counted in manager->sending; NULL: not */
};
void sender_line_close(struct sender_line *line);
/* Tries to send a submission, or looks for it in Sent after an uncertain end; what came of it is in
 * the store. False with *error when the store or the account fails. */
bool sender_attempt(struct sender *sender, struct sender_line *line,
                    struct store_submission *submission, GError **error);
/* It is to be looked for, not to be sent. */
bool sender_is_uncertain(const struct store_submission *submission);

#endif

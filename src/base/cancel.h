/* A cancel token: one side cancels, blocking calls on the other side end with ERROR_CANCELLED.
 * While it is waited for it holds an eventfd, so that a poll(2) can wait for it beside a socket. */
#ifndef POSTROOM_BASE_CANCEL_H
#define POSTROOM_BASE_CANCEL_H

#include <stdbool.h>

struct cancel;

/* A new token with one reference. Never NULL. */
struct cancel *cancel_new(void);
struct cancel *cancel_ref(struct cancel *cancel);
/* Drops a reference; NULL is allowed. */
void cancel_unref(struct cancel *cancel);

/* From any thread, any number of times. */
void cancel_trigger(struct cancel *cancel);
/* NULL is never cancelled. */
bool cancel_is_triggered(const struct cancel *cancel);
/* Readable once triggered; -1 for NULL. Owned by the token, made at the first call (aborts without
 * descriptors), open until cancel_rest. */
int cancel_fd(struct cancel *cancel);
/* Gives the descriptor back: thousands of idle connections need none. Nobody may be waiting on it;
 * the token itself goes on as before. NULL is allowed. */
void cancel_rest(struct cancel *cancel);

#endif

/* The rules of sending: how fast a provider takes messages, and when a refused one is tried again.
 * Pure. */
#ifndef POSTROOM_SYNC_OUTBOX_H
#define POSTROOM_SYNC_OUTBOX_H

#include "smtp/smtp.h"
#include "store/sync.h"

#define OUTBOX_MINUTE_MAX 60

struct outbox_pace {
    unsigned per_minute;     /* messages of one mailbox; at most OUTBOX_MINUTE_MAX */
    unsigned per_connection; /* messages before a new one is opened */
    bool files_copy;         /* the service files the Sent copy: it can be looked for there */
};
struct outbox_pace outbox_pace_of(enum store_kind kind);
/* The pace while the provider asks to go slower. */
unsigned outbox_slow_pace(const struct outbox_pace *pace);
/* How long it stays slow after it asked, in seconds. */
#define OUTBOX_SLOW_S 600

/* When to try again after this problem, in seconds since 1970; 0: never, it is final. attempts:
 * those before this one; due_at: when it was first to be sent. share of the pause, 0 to 1: jitter.
 */
int64_t outbox_retry_at(const GError *problem, int attempts, int64_t due_at, int64_t now,
                        double share);
/* When to look into Sent after an uncertain end at handed_over_at; 0: no more, it is not there. */
int64_t outbox_look_at(int64_t handed_over_at, int64_t now);
/* How long a failing look is tried again before the end stays uncertain, in seconds. */
#define OUTBOX_LOOK_MAX_S (5 * 86400)

/* A reply as EmailSubmission tells it (RFC 8621, 7): "550 5.1.1 nobody"; code 0: the words alone,
 * which are none of a server's. (transfer full), NULL without words. */
char *outbox_reply(int code, const char *words);
/* What became of each recipient that was asked about, as JSON {"address": reply}: the reply to
 * RCPT, unless that was fine and the message as a whole was refused. (transfer full) */
char *outbox_recipient_replies(const struct smtp_message *message,
                               const struct smtp_result *result);

#endif

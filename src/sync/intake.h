/* What a session learnt of the server, on its way into the store: gathered into a batch, which is
 * written while the next one is gathered. Raw messages are parsed by several threads before
 * (sync/parsers.h) and may be written in another order than they came; all else is written in the
 * order in which it was given. One session's thread calls all of this. */
#ifndef POSTROOM_SYNC_INTAKE_H
#define POSTROOM_SYNC_INTAKE_H

#include "store/sync.h"

struct imap_fetched;
struct imap_selected;
struct parsers;

struct intake;

typedef void intake_written_fn(const struct store_batch_result *result, void *arg);
/* Borrows store and parsers. written, may be NULL: a batch is durable. (transfer full) */
struct intake *intake_new(struct store *store, struct parsers *parsers, int64_t account,
                          enum store_lane lane, intake_written_fn *written, void *arg);
/* Waits until nothing is on its way; what was not drained is written, unless an earlier batch
 * could not be. NULL is allowed. */
void intake_free(struct intake *intake);
/* A raw message (with body) of a mailbox as it was selected. False: an earlier batch could not be
 * written; this message is not taken then. */
bool intake_message(struct intake *intake, int64_t mailbox, const struct imap_selected *selected,
                    const struct imap_fetched *fetched, GError **error);
/* The batch that is being gathered, for what needs no parsing; until the next call. */
struct store_batch *intake_batch(struct intake *intake);
/* Writes what was gathered while more comes; waits for the batch before it. */
bool intake_hand_over(struct intake *intake, GError **error);
/* The same, if there is so much of it; or if it is worth a commit and none is under way. */
bool intake_offer(struct intake *intake, GError **error);
/* Nothing is gathered, parsed or being written: the store has all of it. */
bool intake_is_empty(const struct intake *intake);
/* Blocks until everything given so far is durable. Nothing is written after a batch that could not
 * be: marks are never durable before what they stand for. What it held is forgotten then. */
bool intake_drain(struct intake *intake, GError **error);

/* Turns a raw message into words for the index and a summary. */
struct sync_parsed {
    struct mail_summary *summary;
    struct store_index index;
    struct mail_report *report; /* or NULL */
    char *answer_to;            /* or NULL */
    bool unread;                /* there are attachments to be read */
};
void sync_parse(GBytes *raw, struct sync_parsed *parsed);
void sync_parsed_clear(struct sync_parsed *parsed);

#endif

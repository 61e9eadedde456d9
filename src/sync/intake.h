/* What a session fetched, on its way into the store: parsed by several threads (sync/parsers.h),
 * gathered into a batch, and written while the next batch is gathered. Messages may be written in
 * another order than they came. One session's thread calls all of this. */
#ifndef POSTROOM_SYNC_INTAKE_H
#define POSTROOM_SYNC_INTAKE_H

#include "store/sync.h"

struct imap_fetched;
struct parsers;

struct intake;

/* Borrows store and parsers. written(arg), may be NULL: a batch was handed to the writer.
 * (transfer full) */
struct intake *intake_new(struct store *store, struct parsers *parsers, int64_t account,
                          enum store_lane lane, void (*written)(void *arg), void *arg);
/* Waits until nothing is on its way; what was not drained is written as far as it can be. NULL is
 * allowed. */
void intake_free(struct intake *intake);
/* A raw message of a mailbox (with body); flags: as they are to be kept. False: an earlier batch
 * could not be written; this message is not taken then. */
bool intake_message(struct intake *intake, int64_t mailbox, uint32_t uidvalidity,
                    const struct imap_fetched *fetched, const struct mail_flags *flags,
                    GError **error);
/* The batch that is being gathered, for what needs no parsing; until the next call. */
struct store_batch *intake_batch(struct intake *intake);
/* Blocks until everything given so far is durable. What can be written is, also when another batch
 * failed before. */
bool intake_drain(struct intake *intake, GError **error);

/* Turns a raw message into words for the index and a summary. */
struct sync_parsed {
    struct mail_summary *summary;
    struct store_index index;
};
void sync_parse(GBytes *raw, struct sync_parsed *parsed);
void sync_parsed_clear(struct sync_parsed *parsed);

#endif

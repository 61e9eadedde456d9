/* Answers of the vacation response (RFC 8621, 8; RFC 3834): composed here, sent by the outbox. */
#ifndef POSTROOM_SYNC_VACATION_H
#define POSTROOM_SYNC_VACATION_H

#include "store/sync.h"

/* Puts an answer into the outbox for each message of the account that is to have one; a few, then
 * others get the worker. *more: there may be others. */
bool vacation_answer(struct store *store, int64_t account, bool *more, GError **error);

/* The answer as it goes out, written at that time, with this Message-ID. ERROR_INVALID: the
 * settings cannot be written as a message. (transfer full) */
GBytes *vacation_compose(const struct store_vacation_due *due, int64_t now, const char *message_id,
                         GError **error);

#endif

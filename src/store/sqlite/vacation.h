/* Automatic answers: which of the mail that comes gets one (docs/internals/sync-out.md). */
#ifndef POSTROOM_STORE_SQLITE_VACATION_H
#define POSTROOM_STORE_SQLITE_VACATION_H

#include "store/sqlite/batch.h"

/* A message was newly delivered into the inbox as this email, whole or not. */
bool vacation_delivered(struct tx *tx, const struct batch_op *op, const struct email_row *row,
                        GError **error);
/* The whole message of an email came. */
bool vacation_completed(struct tx *tx, const struct batch_op *op, const struct email_row *row,
                        GError **error);

#endif

/* Addresses besides the account's own, and their proof (store/mail.h). */
#ifndef POSTROOM_STORE_SQLITE_ALIASES_H
#define POSTROOM_STORE_SQLITE_ALIASES_H

#include "store/sqlite/emails.h"

/* A proof as it is written: its message packed. */
struct alias_proof {
    const struct store_proof *proof;
    GBytes *packed;
};
/* The identity is to be proven, and the mail that does is put into the outbox. ERROR_THROTTLED. */
bool alias_begin(struct tx *tx, int64_t account, int64_t identity, const char *email,
                 const struct alias_proof *proof, GError **error);
/* A submission without an email ended; problem NULL: it was sent. */
bool alias_sending_ended(struct tx *tx, int64_t account, int64_t submission, const char *problem,
                         const char *reply, GError **error);
/* A message is in a mailbox of this role; ids: hashes of its Message-IDs, or 0. */
bool alias_arrived(struct tx *tx, int64_t account, enum mail_role role, int64_t msgid,
                   int64_t original, GError **error);

#endif

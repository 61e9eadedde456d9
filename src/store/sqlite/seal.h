/* What secrets of accounts are sealed with: record, kind and destination (SECURITY.md 3). */
#ifndef POSTROOM_STORE_SQLITE_SEAL_H
#define POSTROOM_STORE_SQLITE_SEAL_H

#include "store/sqlite/engine.h"

/* NULL secret: NULL. (transfer full) */
GBytes *seal_credential(const struct store *store, const struct secret *secret, int64_t account,
                        int64_t user, const char *kind, const char *origin);
/* NULL sealed: NULL without error. */
struct secret *unseal_credential(const struct store *store, GBytes *sealed, int64_t account,
                                 int64_t user, const char *kind, const char *origin,
                                 GError **error);
/* Where a password goes: both servers. (transfer full) */
char *seal_password_origin(const char *imap_host, int imap_port, const char *imap_security,
                           const char *smtp_host, int smtp_port, const char *smtp_security);

#endif

/* What the unified account has besides its members' mail (docs/internals/store.md): a mailbox for
 * each role, which stands for the members' mailboxes of that role, and one above the mailboxes of
 * each member. Neither is a row: their numbers are negative. */
#ifndef POSTROOM_STORE_SQLITE_UNIFIED_H
#define POSTROOM_STORE_SQLITE_UNIFIED_H

#include "store/sqlite/emails.h"

/* Does the role have a mailbox there? */
bool unified_has_role(enum mail_role role);
/* Mailboxes of an account, in the account's own order; of a unified handle all of them. */
bool unified_list(struct db *db, const struct store_access *access, GPtrArray *mailboxes,
                  GError **error);
/* The mailboxes of an account that ids mean: themselves, or those of the role. (transfer full) */
GArray *unified_real(struct db *db, int64_t account, const GArray *ids, GError **error);
/* Adds the mailboxes of the roles that these have. */
void unified_add_roles(struct db *db, GArray *mailboxes, GError **error);
/* The same for a change of Mailboxes: what changed in a member may have changed the mailbox of its
 * role. At most as many more as there are roles: UNIFIED_ROLES. */
#define UNIFIED_ROLES 6
void unified_add_changes(struct db *db, struct store_changes *changes, GError **error);

#endif

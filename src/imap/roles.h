/* Roles by name: imap_role_of_name and imap_is_non_mail_name are declared in imap/client.h; the
 * table of names is here for tests. */
#ifndef POSTROOM_IMAP_ROLES_H
#define POSTROOM_IMAP_ROLES_H

#include "base/mail.h"

struct imap_role_name {
    enum mail_role role;
    const char *name; /* UTF-8, NFC */
};

extern const struct imap_role_name imap_role_names[];
extern const size_t imap_role_name_count;

#endif

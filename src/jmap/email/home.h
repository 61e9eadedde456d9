/* Where a new email goes. */
#ifndef POSTROOM_JMAP_EMAIL_HOME_H
#define POSTROOM_JMAP_EMAIL_HOME_H

#include "jmap/engine/engine.h"

/* The account in which an email is made: the call's; in the unified account that of the mailboxes
 * that it is to be in, or, where those are roles only, the one that has its first From address as
 * an identity. 0: that says nothing. */
int64_t jmap_email_home(const struct jmap_call *call, const GArray *mailboxes,
                        const struct mail_addresses *from);

#endif

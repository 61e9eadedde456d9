/* What JMAP's vendor types of linked accounts need: health, checks, the sync log (docs/api.md,
 * "Accounts"). */
#ifndef POSTROOM_APP_HOOKS_ACCOUNTS_H
#define POSTROOM_APP_HOOKS_ACCOUNTS_H

#include "app/app.h"
#include "jmap/jmap.h"

/* Fills in the hooks that concern accounts; hooks->arg is the app, which must outlive their use. */
void hooks_fill_accounts(struct jmap_hooks *hooks);

#endif

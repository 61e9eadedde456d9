/* What JMAP's vendor types need of modules that jmap may not see (docs/api.md). */
#ifndef POSTROOM_APP_HOOKS_H
#define POSTROOM_APP_HOOKS_H

#include "app/app.h"
#include "jmap/jmap.h"

/* The app must outlive the hooks' use. */
void hooks_fill(struct jmap_hooks *hooks, struct app *app);

#endif

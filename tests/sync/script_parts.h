/* What both halves of the scripts use. Only script*.c include this. */
#ifndef POSTROOM_TESTS_SYNC_SCRIPT_PARTS_H
#define POSTROOM_TESTS_SYNC_SCRIPT_PARTS_H

#include "script.h"

/* What the server can keep of them. */
void script_only_kept(const struct world *world, struct mail_flags *flags);
/* In what a random script speaks of, much is missing; else aborts. True. */
bool script_is_missing(const struct world *world, const char *what);
void script_each(struct world *world, const char *ops, void (*fn)(struct world *world, char *op));

#endif

/* Makes the contents of attachments searchable, shortly after the mail (docs/internals/
 * attachments.md): one thread of low priority that works through the store's queue, and a confined
 * process (extract/) for each attachment. */
#ifndef POSTROOM_ATTACH_ATTACH_H
#define POSTROOM_ATTACH_ATTACH_H

#include "base/cancel.h"
#include "store/store.h"

struct attach_config {
    struct store *store;
    const char *program; /* postroom-extract; its path */
    int64_t patience_ms; /* for one attachment; 0: two minutes */
};

struct attach;

/* Starts the thread. Borrows the config's pointers until attach_free. (transfer full), never NULL
 */
struct attach *attach_new(const struct attach_config *config);
/* Ends what is being read, which is read again after the next start. NULL is allowed. */
void attach_free(struct attach *attach);

/* Reads what waits, in the caller's thread, until nothing does; for a pass without a server. False
 * with error: the store failed, or nothing can be read here (ERROR_STORE). cancel may be NULL. */
bool attach_run(const struct attach_config *config, struct cancel *cancel, GError **error);

/* Where the program is that belongs to this one: beside it, or where it was installed. (transfer
 * full) or NULL. */
char *attach_program(void);

#endif

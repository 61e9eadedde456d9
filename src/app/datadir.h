/* One owner per data directory: a lock, and a socket through which a running server serves the
 * commands (docs/configuration.md). */
#ifndef POSTROOM_APP_DATADIR_H
#define POSTROOM_APP_DATADIR_H

#include "base/error.h"

#include <stdbool.h>

/* Makes the directory (0700) and takes its lock. Returns the descriptor, -1 with *held when a
 * running server has it, or -1 with an error. */
int datadir_lock(const char *directory, bool *held, GError **error);
/* Path of the control socket; short enough for a Unix address, or NULL with ERROR_INVALID.
 * (transfer full) */
char *datadir_socket_path(const char *directory, GError **error);

/* --- restoring a backup: it grows in a directory of its own, whose renaming is what decides */

/* Where a restore puts aside what was there. */
#define DATADIR_ASIDE "before-restore"

/* There is something that a restore would replace. */
bool datadir_has_data(const char *directory);
/* An empty directory (0700) to build the restored data in. (transfer full) or NULL. */
char *datadir_restoring(const char *directory, GError **error);
void datadir_drop_restoring(const char *directory);
/* What was built becomes the data, and the data before goes to DATADIR_ASIDE. After a crash in the
 * middle datadir_settle goes on. */
bool datadir_take_restored(const char *directory, GError **error);
/* Before the data is opened, with the lock held: ends a restore that was decided, forgets one that
 * was not. */
bool datadir_settle(const char *directory, GError **error);

#endif

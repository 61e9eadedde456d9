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

#endif

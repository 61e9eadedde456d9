/* The control socket: commands of other processes run inside the server that holds the data
 * directory. A caller passes its working directory, its words and its three standard descriptors;
 * the answer is the exit status. Only the same user and root may connect. */
#ifndef POSTROOM_APP_CONTROL_H
#define POSTROOM_APP_CONTROL_H

#include "app/app.h"

struct control;

/* Listens at the data directory's socket (0600) and serves callers, each on a thread of its own, at
 * most eight at once. */
struct control *control_start(struct app *app, GError **error);
void control_stop(struct control *control);

/* The lock of the data directory, for a server or a command. While another command has it, waits
 * (at most ten seconds, ERROR_CONFLICT then): commands are short, and a server that starts answers
 * soon. Returns the descriptor; -1 with *served when a server that answers has it, or -1 with an
 * error. */
int control_take(const char *directory, bool *served, GError **error);
/* As the caller. Returns the exit status; -1 with ERROR_UNREACHABLE when nobody answers. */
int control_call(const char *directory, int argc, char **argv, GError **error);

#endif

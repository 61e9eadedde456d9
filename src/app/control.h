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

/* As the caller. Returns the exit status; -1 with ERROR_UNREACHABLE when nobody answers. */
int control_call(const char *directory, int argc, char **argv, GError **error);

#endif

/* postroom serve: everything wired together. */
#ifndef POSTROOM_APP_SERVE_H
#define POSTROOM_APP_SERVE_H

/* Runs until SIGTERM or SIGINT. Returns the exit status. */
int serve_main(int argc, char **argv);

#endif

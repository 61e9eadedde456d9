/* Commands: one table; each runs in the caller's process with the lock, or inside a running server
 * on behalf of a caller. */
#ifndef POSTROOM_APP_COMMAND_H
#define POSTROOM_APP_COMMAND_H

#include "app/app.h"

#include <jansson.h>
#include <stdio.h>

/* Where a command reads and writes, and what it was called with. */
struct command_call {
    struct app *app;             /* NULL for a command that runs before the data is opened */
    const struct config *config; /* never NULL */
    char **args;                 /* words after the command's name and options, NULL-terminated */
    const char *directory; /* the caller's working directory: relative file names belong to it */
    FILE *in, *out, *err;
    struct cancel *cancel; /* triggered when the caller hangs up */
    bool in_server;
};

/* What the options of all commands can be; each command names those it takes. */
struct command_options {
    gboolean admin, json, replace, full;
    char *password_file, *type, *client_id, *client_secret_file, *tenant, *authority, *graph, *imap,
        *smtp, *ca_file, *owner, *since, *name, *maildir, *cloud, *scope_prefix, *secret_expires,
        *proxy, *proxy_password_file;
    int limit;
};

struct command {
    const char *name;       /* "user add" */
    const char *usage;      /* "EMAIL [--admin] [--password-file F]" */
    const char *summary;    /* one line for --help */
    const char *options;    /* names of the options it takes, separated by spaces */
    int args_min, args_max; /* -1: any number */
    bool no_server;         /* refuses while a server runs */
    bool unopened;          /* runs with the lock of the data, which it opens itself */
    int (*run)(struct command_call *call, const struct command_options *options);
};
extern const struct command command_table[];

/* Finds the command of argv and runs it with the app. Returns the exit status: 0, 1 with one line
 * on err, 2 for wrong usage. */
int command_run(struct command_call *call, int argc, char **argv);
/* Usage mistakes and --help, without an app. Returns -1 when the command may run. */
int command_check(int argc, char **argv, FILE *out, FILE *err);
/* The command of argv runs before the data is opened. */
bool command_is_unopened(int argc, char **argv);
void command_print_help(FILE *out);

/* Text for people; what a mail server or a mail says in it cannot command the terminal. */
void command_print(FILE *to, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What a problem of a mailbox is, what to do, and its detail if there is one. (transfer full) */
char *command_problem(const char *problem, const char *detail);
/* For the commands: one clear line. Returns 1. */
int command_fail(struct command_call *call, const GError *error);
/* JSON for scripts, indented, in ASCII, with a line end. (transfer full) value */
void command_print_json(struct command_call *call, json_t *value);
/* A file name of the caller as an absolute one. (transfer full) */
char *command_path(const struct command_call *call, const char *name);
/* First line of a file, or without a file asked for on the terminal or read from standard input. */
struct secret *command_secret(struct command_call *call, const char *file, const char *prompt,
                              GError **error);
/* --proxy and --proxy-password-file: *address gets the new setting, NULL for "default". False with
 * an error when they cannot be. */
bool command_proxy(struct command_call *call, const struct command_options *options,
                   const char **address, struct secret **password, GError **error);

int command_user_add(struct command_call *call, const struct command_options *options);
int command_user_list(struct command_call *call, const struct command_options *options);
int command_user_passwd(struct command_call *call, const struct command_options *options);
int command_user_remove(struct command_call *call, const struct command_options *options);
int command_provider_set(struct command_call *call, const struct command_options *options);
int command_provider_list(struct command_call *call, const struct command_options *options);
int command_provider_remove(struct command_call *call, const struct command_options *options);
int command_account_add(struct command_call *call, const struct command_options *options);
int command_account_set(struct command_call *call, const struct command_options *options);
int command_account_list(struct command_call *call, const struct command_options *options);
int command_account_status(struct command_call *call, const struct command_options *options);
int command_account_remove(struct command_call *call, const struct command_options *options);
int command_sync(struct command_call *call, const struct command_options *options);
int command_search(struct command_call *call, const struct command_options *options);
int command_token_create(struct command_call *call, const struct command_options *options);
int command_token_list(struct command_call *call, const struct command_options *options);
int command_token_revoke(struct command_call *call, const struct command_options *options);
int command_doctor(struct command_call *call, const struct command_options *options);
int command_key_rotate(struct command_call *call, const struct command_options *options);
int command_backup(struct command_call *call, const struct command_options *options);
int command_restore(struct command_call *call, const struct command_options *options);
int command_export(struct command_call *call, const struct command_options *options);
int command_provider_test(struct command_call *call, const struct command_options *options);

#endif

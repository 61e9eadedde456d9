/* Checks of mailboxes (docs/api.md, "Accounts"): of linked ones, asked for or nightly, and of
 * settings that are only tried. They run on workers of their own; who asks is told at once what is
 * known so far. */
#ifndef POSTROOM_APP_CHECKS_H
#define POSTROOM_APP_CHECKS_H

#include "app/app.h"

#include <jansson.h>

struct checks;
/* After app_start_sync; the app must outlive it. live: linked accounts are checked by themselves,
 * and set-ups that were left are taken away. (transfer full) */
struct checks *checks_new(struct app *app, bool live);
/* Cancels what runs and waits for it. NULL is allowed. */
void checks_free(struct checks *checks);

/* Starts a check of args (AccountCheck/run) and gives its id, or that of the same one under way.
 * *property names a wrong argument. (transfer full) or NULL with ERROR_INVALID, ERROR_NOT_FOUND,
 * ERROR_FORBIDDEN, ERROR_THROTTLED. Any thread. */
char *checks_run(struct checks *checks, const struct store_principal *principal, const json_t *args,
                 const char **property, GError **error);
/* An AccountCheck as it is now: "a<n>" the last whole check of a linked account, "k<n>" another of
 * this person's. (transfer full) or NULL with ERROR_NOT_FOUND. */
json_t *checks_get(struct checks *checks, const struct store_principal *principal, const char *id,
                   GError **error);
/* Runs something once on these workers. */
bool checks_submit(struct checks *checks, void (*fn)(void *arg), void *arg);

#endif

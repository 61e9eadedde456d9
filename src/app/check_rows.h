/* One check of a mailbox: where it looks, and the rows that the program itself answers (address,
 * authorisation, token); the mail servers' rows are of sync/check.h. */
#ifndef POSTROOM_APP_CHECK_ROWS_H
#define POSTROOM_APP_CHECK_ROWS_H

#include "app/app.h"
#include "sync/check.h"

struct check_job;
/* From the arguments of AccountCheck/run, for a person who may. (transfer full) or NULL, as
 * checks_run. */
struct check_job *check_job_new(struct app *app, const struct store_principal *principal,
                                const json_t *args, const char **property, GError **error);
/* A whole check of a linked account. */
struct check_job *check_job_of_account(int64_t account);
void check_job_free(struct check_job *job);
int64_t check_job_account(const struct check_job *job);
/* It looks at less than everything. */
bool check_job_is_partial(const struct check_job *job);
/* Blocking, about a minute at most. */
void check_job_run(struct check_job *job, struct app *app, struct cancel *cancel,
                   sync_check_fn *tell, void *arg);

#endif

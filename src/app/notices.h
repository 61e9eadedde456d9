/* Mails that Postroom itself writes: reminders to administrators that a secret ends, and links for
 * the people they invite. They go out by a linked mailbox that can send, in the reader's language.
 */
#ifndef POSTROOM_APP_NOTICES_H
#define POSTROOM_APP_NOTICES_H

#include "app/app.h"

struct notices;
/* Begins to look for what is due, in a thread of its own. */
struct notices *notices_start(struct app *app);
/* NULL is allowed. */
void notices_stop(struct notices *notices);

/* What is due now; each is sent once, also over restarts. */
void notices_run(struct app *app);
/* Mails a link to a person from a mailbox that the inviter linked. False: none can send. */
bool notices_invite(struct app *app, const struct store_principal *inviter, int64_t user,
                    const char *url, bool is_reset, const char *language);

#endif

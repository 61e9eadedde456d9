/* A model of a mail submission service, for tests, beside the model of the IMAP server: what it
 * takes is counted in the mailbox's model, and a provider's service files a copy of it in Sent. It
 * can die just before or just after the effect of any command.
 *
 * One thread serves one connection after the other. */
#ifndef POSTROOM_TESTS_SYNC_MODEL_SMTP_H
#define POSTROOM_TESTS_SYNC_MODEL_SMTP_H

#include "model.h"

struct model_smtp;

/* Dies together with the server of the mailboxes, whose `refuse` rules count for it as "SMTP MAIL",
 * "SMTP DATA", "SMTP ." for the end of the data …: a reply instead of the effect; "!" cuts the
 * connection before the effect, "!!" after it. */
struct model_smtp *model_smtp_start(struct model_server *server);
void model_smtp_stop(struct model_smtp *smtp);
uint16_t model_smtp_port(const struct model_smtp *smtp);
/* Whose messages it takes (NULL: nobody's), and when it dies; died is called on its thread. A
 * connection that is still there is cut first: its model may be gone next. */
void model_smtp_arm(struct model_smtp *smtp, struct model *model, const struct model_death *death,
                    model_died_fn *died, void *arg);
/* Commands since it was armed. */
unsigned model_smtp_commands(struct model_smtp *smtp);

/* Files the copies that are due by now (clock_wall). Takes the mutex. */
void model_post_file(struct model *model);
/* When the next copy is filed; 0: none waits. */
int64_t model_post_due(struct model *model);

/* --- for model.c; with the mutex held */

void model_post_init(struct model_post *post);
void model_post_assign(struct model_post *post, const struct model_post *from);
void model_post_clear(struct model_post *post);

#endif

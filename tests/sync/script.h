/* Mailboxes and changes in words.
 *
 *   "INBOX: a b(SF) c($work); Work: d"      what is where: Message-IDs, flags S A F D (X: \Deleted)
 *                                           and keywords; Drafts, Sent and Trash by role
 *   "flag INBOX a +SF -A; move INBOX a Work"
 *
 * Folders made with a name that begins with "Same" have one UIDVALIDITY, as those made within a
 * second have at some servers.
 *
 * There (on the server): deliver ID FOLDER [FLAGS], flag FOLDER ID ±FLAGS…, expunge FOLDER ID, move
 * FOLDER ID FOLDER, copy FOLDER ID FOLDER, create F, rename F F, delete F, subscribe F, unsubscribe
 * F, renew F (another UIDVALIDITY), refuse COMMAND|REPLY|TIMES, copyuid none|empty, nodata FOLDER
 * ID, substitute FOLDER ID; smtp COMMAND|REPLY|TIMES (model_smtp.h).
 *
 * Here: flag ID ±FLAGS…, move ID FOLDER FOLDER, put ID FOLDER…, add ID FOLDER, drop ID FOLDER,
 * destroy ID, draft ID, redraft ID ID, import ID FOLDER [FLAGS], send ID [SECONDS] (a draft goes
 * into the outbox, for later, and is put into Sent as mail programs do), cancel ID, and for folders
 * create, rename, delete, subscribe and unsubscribe as there. An ID may be ID@FOLDER; _ is a mail
 * without Message-ID. FLAGS: S, SF, $work … */
#ifndef POSTROOM_TESTS_SYNC_SCRIPT_H
#define POSTROOM_TESTS_SYNC_SCRIPT_H

#include "world.h"

/* A word of a script that makes no sense aborts; what it speaks of must be there, unless the world
 * is lenient. The folder "?" is whichever has the mail. */
void script_start(struct world *world, const char *state);
void script_there(struct world *world, const char *ops);
void script_here(struct world *world, const char *ops);

/* Folders and mails in one order; (transfer full). Keywords are left out where the server keeps
 * none, and what only awaits an EXPUNGE where it has no UID EXPUNGE. */
char *script_of_server(struct world *world);
char *script_of_jmap(struct world *world);
/* The same order for a state of a scenario. */
char *script_normal(struct world *world, const char *state, bool server);
/* Message-IDs of the folder that is shown here by this name. (transfer full), NULL-terminated */
char **script_mails_here(struct world *world, const char *folder);
/* "Message-ID id" of each, a line each, sorted: what must stay. */
char *script_ids(struct world *world);
/* The same with the ids of the mailboxes that each is in. */
char *script_places(struct world *world);

/* "ID=STATE*N" of each submission, as people see it, and how many times it arrived: sent, failed,
 * cancelled, pending …; "uncertain": nobody knows. (transfer full) */
char *script_of_outbox(struct world *world);

/* Passes until all is settled: until one goes to its end, and the store waits for nothing any more
 * (what was expected of the server and does not come is given up after two passes), and everything
 * in the outbox has ended, for which time passes. NULL, or what ends them all. (transfer full) */
char *script_settle(struct world *world);

/* Server and store say the same, UID by UID, flag by flag, and nothing is left to do. NULL, or what
 * differs. (transfer full) */
char *script_disagreement(struct world *world);
/* A mailbox here whose parents come back to it; NULL: none. (transfer full) */
char *script_circle(struct world *world);

#endif

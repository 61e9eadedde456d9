/* Texts of attachments that were read lately: the same file goes to and fro in a conversation, and
 * is read once. Of one account: what people sent to somebody else is not asked about. One thread.
 */
#ifndef POSTROOM_ATTACH_KNOWN_H
#define POSTROOM_ATTACH_KNOWN_H

#include <glib.h>
#include <stdbool.h>

struct known;
struct known *known_new(void);
void known_free(struct known *known);
/* Forgets all unless it is this account's. */
void known_of_account(struct known *known, int64_t account);
/* The text of these bytes read as this kind; *text NULL: they are unreadable. False: not known. */
bool known_find(struct known *known, const char *kind, GBytes *bytes, const char **text);
/* text may be NULL. Copied. */
void known_add(struct known *known, const char *kind, GBytes *bytes, const char *text);

#endif

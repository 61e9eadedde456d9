/* The session object (RFC 8620, 2). */
#ifndef POSTROOM_JMAP_SESSION_H
#define POSTROOM_JMAP_SESSION_H

#include "jmap/jmap.h"

/* The state of the session object: a hash of all else in it. (transfer full), never NULL. */
char *jmap_session_state(struct jmap *jmap, struct store_principal *principal);

/* What it says to everybody, as text. (transfer full) */
char *jmap_session_terms(const struct jmap *jmap);

#endif

/* Correspondents of an account, kept as mail comes and goes. */
#ifndef POSTROOM_STORE_SQLITE_CONTACTS_H
#define POSTROOM_STORE_SQLITE_CONTACTS_H

#include "store/sqlite/engine.h"

/* Those that an account has at most: the ones that it wrote to and heard from last stay. */
#define CONTACTS_MAX 10000

/* Who stands in a message, ready to be written. */
struct contact_person {
    char *address; /* as they are compared */
    char *email, *name, *words;
};
/* What a message says of the people in it: who wrote it, or to whom it went. (transfer full), of
 * struct contact_person with free func. Bounded. In the caller's thread. */
GPtrArray *contacts_of(const struct mail_addresses *const *lists, size_t count);
/* A message to them (wrote) or from them, of that time. */
bool contacts_learn(struct tx *tx, int64_t account, const GPtrArray *people, bool wrote, int64_t at,
                    GError **error);

#endif

/* Whom one may want to write to: everybody who wrote, or was written to, in an account. Kept by
 * sync and by sending; belongs to the account, and goes with it. */
#ifndef POSTROOM_STORE_CONTACTS_H
#define POSTROOM_STORE_CONTACTS_H

#include "store/access.h"

#define STORE_SUGGEST_MAX 50

struct store_contact {
    char *email, *name; /* name NULL: none is known */
    bool wrote;         /* mail went to them from here */
    bool automatic;     /* an address that nobody reads, by its looks */
    int64_t last;       /* when mail last went or came, seconds */
    double score;
};
void store_contact_free(struct store_contact *contact);

/* Those of the accounts behind the handle in whose name or address each word of text begins a part,
 * whatever its accents; best first: written to before heard from, often and lately before seldom
 * and long ago, automatic ones last. What the person has hidden (STORE_HIDDEN_CONTACT) is left out.
 * text "": all. At most limit, STORE_SUGGEST_MAX at most. (transfer full) with free func. */
GPtrArray *store_contacts(const struct store_access *access, const char *text, size_t limit,
                          GError **error);

#endif

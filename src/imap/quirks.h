/* How servers differ beyond their capabilities (docs/internals/exchange.md): chosen by
 * greeting and capabilities, never by host name, so that a server which stands in for another is
 * treated like it. */
#ifndef POSTROOM_IMAP_QUIRKS_H
#define POSTROOM_IMAP_QUIRKS_H

#include <stdbool.h>

struct imap_client;

struct imap_quirks {
    const char *name;          /* "plain", "exchange", "gmail" */
    bool exact_sizes;          /* RFC822.SIZE is true, not an estimate */
    bool append_keywords;      /* APPEND takes keywords; Exchange answers BAD */
    bool append_keeps_flagged; /* else \Flagged is set again with STORE after APPEND */
    bool named_folders;        /* roles by name; non-mail folders lie beside mail */
    bool labels;               /* mailboxes are labels: one message is in several */
};

/* Static; changes only with sign-in, when capabilities are asked anew. */
const struct imap_quirks *imap_client_quirks(const struct imap_client *client);

#endif

/* What an email says, read again from what is kept of it: its message, or where that cannot be read
 * its summary. The same words each time, as long as neither reading nor breaking words changes. */
#ifndef POSTROOM_STORE_SQLITE_READING_H
#define POSTROOM_STORE_SQLITE_READING_H

#include "store/sqlite/engine.h"
#include "store/sqlite/terms.h"

struct reading {
    int64_t email, blob;
    enum store_email_state state;
};
/* main, blobs: connections of one snapshot, or of the writer. Fill what the caller clears. false:
 * the program died in the message twice, so only the summary was read (SECURITY.md 9), and so it
 * stays. */
bool reading_words(struct store *store, struct db *main, struct db *blobs,
                   const struct reading *reading, struct store_index *index);
void reading_headers(struct db *main, int64_t email, struct store_index *index);
bool reading_terms(struct store *store, struct db *main, struct db *blobs, int64_t account,
                   const struct reading *reading, struct terms *terms);
/* It is written that the email cannot be read: nobody has to remember it any more. */
void reading_settled(struct store *store, int64_t email);

#endif

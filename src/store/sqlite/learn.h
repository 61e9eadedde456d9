/* What samples have in common, as a dictionary for zstd. Pure, any thread. */
#ifndef POSTROOM_STORE_SQLITE_LEARN_H
#define POSTROOM_STORE_SQLITE_LEARN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Of one message: its beginning has what it shares with others, what follows is mostly its own. */
#define LEARN_SAMPLE ((size_t)8 * 1024)

struct learn_samples {
    GByteArray *bytes;
    GArray *sizes; /* size_t */
};

void learn_samples_init(struct learn_samples *samples);
void learn_samples_clear(struct learn_samples *samples);
/* The first LEARN_SAMPLE bytes. */
void learn_add(struct learn_samples *samples, const void *bytes, size_t length);
/* The same of a message, without attachments. */
void learn_add_message(struct learn_samples *samples, const void *bytes, size_t length);

/* The dictionary, without a number yet: it stands in the fifth to eighth byte, little-endian
 * (RFC 8878, 5). (transfer full); NULL: there is too little to learn from. */
GBytes *learn_dictionary(const struct learn_samples *samples);

#endif

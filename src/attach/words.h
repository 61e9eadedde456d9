/* One email of the queue: its attachments read, their words made for the index. */
#ifndef POSTROOM_ATTACH_WORDS_H
#define POSTROOM_ATTACH_WORDS_H

#include "attach/attach.h"
#include "base/cancel.h"
#include "store/attachments.h"

struct known;

struct words_reader {
    const struct attach_config *config;
    struct cancel *cancel;
    struct known *known;
    bool failed; /* no attachment can be read here at present */
};

enum words_end {
    WORDS_NEW,  /* *words is filled */
    WORDS_NONE, /* nothing was found in the attachments */
    WORDS_STOP, /* cancelled, or nothing can be read now: the email waits on */
};
/* words: (transfer full), as store_attached wants them; NULL but for WORDS_NEW. *unreadable: so
 * many attachments cannot be read. */
enum words_end words_read(struct words_reader *reader, int64_t account, int64_t email, char **words,
                          unsigned *unreadable);

#endif

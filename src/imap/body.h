/* Where the message data of one FETCH response is put: memory, or an unlinked file when it is big.
 * Internal to imap. */
#ifndef POSTROOM_IMAP_BODY_H
#define POSTROOM_IMAP_BODY_H

#include "imap/parser.h"

struct imap_body {
    char *memory;
    size_t length;  /* bytes kept so far */
    size_t room;    /* of memory */
    size_t keep;    /* bytes behind this are dropped */
    int fd;         /* of the spool file; -1: none */
    bool too_large; /* announced over the limit: nothing is kept */
};

struct imap_bodies {
    uint64_t body_max, spool_over;
    char *spool_dir;
    bool wanted; /* data is dropped while false */
    struct imap_body header, body;
    GError *error; /* the spool file's first failure */
};

void imap_bodies_init(struct imap_bodies *bodies);
void imap_bodies_clear(struct imap_bodies *bodies);
/* Forgets the data of the last response. */
void imap_bodies_reset(struct imap_bodies *bodies);
/* The callbacks of struct imap_sink; arg is the struct imap_bodies. */
bool imap_bodies_begin(enum imap_section section, uint64_t length, void *bodies);
void imap_bodies_data(enum imap_section section, const char *bytes, size_t length, void *bodies);
/* The bytes of a section that was streamed, and forgets them. (transfer full); NULL when the spool
 * failed, with bodies->error set. */
GBytes *imap_bodies_take(struct imap_bodies *bodies, struct imap_body *body);

#endif

/* Declarative scenarios of the sync engine; sync_matrix.c runs each of them straight, and again
 * interrupted at every step. */
#ifndef POSTROOM_TESTS_SYNC_MATRIX_H
#define POSTROOM_TESTS_SYNC_MATRIX_H

#include <glib.h>

enum {
    ON_EXCHANGE = 1 << 0,
    ON_QRESYNC = 1 << 1,
    ON_OBJECTID = 1 << 2,
    ON_PLAIN = 1 << 3,
    ON_ALL = 15,
    ON_UIDPLUS = 7,
    ON_KEYWORDS = 14,
};

enum {
    NEW_IDS = 1 << 0,      /* emails may get other ids */
    REFETCHES = 1 << 1,    /* what was here may be fetched again */
    PROVIDER = 1 << 2,     /* the service files a copy of what is sent in Sent */
    PERSONAL = 1 << 3,     /* and so, with another Message-ID */
    LATE = 1 << 4,         /* and so, after 20 seconds */
    SENDS = 1 << 5,        /* what is sent is sent through a service that files none */
    SAME_FOLDERS = 1 << 6, /* folders keep their ids: each mail is in the one it was in */
    POSTS = PROVIDER | PERSONAL | LATE | SENDS,
};

/* start is synced first; then there and here change, and a pass must lead to end. "! COMMAND ! …"
 * at the end of there: changes just before the first command that begins so. With POSTS the outbox
 * is emptied too, and end goes on with " | " and what became of it (script_of_outbox). An
 * interruption may lead to other ends, after " || ". */
struct scenario {
    const char *name;
    unsigned profiles;
    const char *start, *there, *here, *end;
    unsigned flags;
};

extern const struct scenario scenarios_in[], scenarios_out[], scenarios_folders[],
    scenarios_sending[];

/* Those of a text file, for trying some out: a line each,
 * "name~profiles~start~there~here~end~flags" with profiles of the letters e q o p and flags of N
 * (NEW_IDS), R (REFETCHES), P (PROVIDER), I (PERSONAL), L (LATE), S (SENDS) and F (SAME_FOLDERS).
 * They end with one without a name. Lives on. */
const struct scenario *scenarios_of_file(const char *path);

#endif

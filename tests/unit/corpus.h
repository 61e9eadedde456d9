/* The mail corpus of $POSTROOM_CORPUS, for tests that run over real mail when it is there. */
#ifndef POSTROOM_TEST_CORPUS_H
#define POSTROOM_TEST_CORPUS_H

#include <glib.h>

struct corpus_mail {
    char *name; /* "topic/collection/file", with "#n" for the members of an mbox */
    GBytes *bytes;
};

/* The corpus's folder, or NULL when there is none: then the test was marked as skipped. */
const char *corpus_folder(void);
/* Every message as struct corpus_mail, mboxes split. (transfer full) */
GPtrArray *corpus_mails(const char *folder);
/* The bytes of one file; NULL when it is absent. (transfer full) */
GBytes *corpus_file(const char *folder, const char *path);

#endif

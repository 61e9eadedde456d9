/* What is in which folder, in words and in one order. */
#ifndef POSTROOM_TESTS_SYNC_STATE_H
#define POSTROOM_TESTS_SYNC_STATE_H

#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>

struct state_mail {
    char *id;
    struct mail_flags flags;
};

struct state_folder {
    char *name;
    GPtrArray *mails; /* struct state_mail */
};

GPtrArray *state_new(void); /* struct state_folder, with free func */
struct state_folder *state_folder(GPtrArray *state, const char *name);
void state_add(struct state_folder *folder, const char *id, const struct mail_flags *flags);
GPtrArray *state_parse(const char *text);
/* Folders and mails sorted. (transfer full) */
char *state_text(GPtrArray *state);

/* "SF$work", "" … */
void state_take_flags(const char *text, struct mail_flags *flags);
void state_put_flags(GString *out, const struct mail_flags *flags);

#endif

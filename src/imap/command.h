/* The one encoder of IMAP commands (RFC 3501, section 9): every argument a client sends goes
 * through it, so that none can break out of its place. Internal to imap.
 *
 * Each function adds a space and one argument. What cannot be said makes the command invalid, and
 * it is then not sent. */
#ifndef POSTROOM_IMAP_COMMAND_H
#define POSTROOM_IMAP_COMMAND_H

#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imap_command {
    GString *text;         /* with its tag, without the last CRLF */
    GArray *waits;         /* size_t: offsets before which the server must say "+" */
    uint32_t capabilities; /* decides which literals may be sent without waiting */
    char tag[16];
    const char *name;    /* "UID FETCH", for errors */
    const char *invalid; /* why it cannot be sent, or NULL */
    GBytes *tail;        /* message data behind the text, or NULL; borrowed */
};

void imap_command_init(struct imap_command *command, unsigned tag, uint32_t capabilities,
                       const char *name);
/* Wipes the text, which may hold a password or token. */
void imap_command_clear(struct imap_command *command);

/* Makes room before a secret is added: growing would leave copies of it in freed memory. */
void imap_command_reserve(struct imap_command *command, size_t bytes);

/* A word of the protocol itself ("(UID", "+FLAGS.SILENT"), never a value from outside. */
void imap_command_word(struct imap_command *command, const char *word);
void imap_command_number(struct imap_command *command, uint64_t number);
/* A string of any bytes but NUL, quoted or as a literal. */
void imap_command_string(struct imap_command *command, const char *text);
/* "1:5,9". */
void imap_command_set(struct imap_command *command, const char *set);
/* "(\Seen word)". */
void imap_command_flags(struct imap_command *command, const struct mail_flags *flags);
/* "17-Jul-1996 02:44:25 +0000". */
void imap_command_date_time(struct imap_command *command, int64_t seconds);
/* 17-Jul-1996, of UTC. */
void imap_command_date(struct imap_command *command, int64_t seconds);
/* Search keys written by a programmer: printable ASCII. */
void imap_command_criteria(struct imap_command *command, const char *criteria);
/* base64 of a secret; "=" for an empty one (RFC 4959). */
void imap_command_initial_response(struct imap_command *command, const char *base64);
/* The literal that ends the command: message is written behind the text. */
void imap_command_message(struct imap_command *command, GBytes *message);

#endif

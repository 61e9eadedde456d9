/* A message as it stands on the wire: every line ends in CRLF whatever it ended in before, and a
 * line that begins with a dot has one more (RFC 5321, 4.5.2). No input makes a bare CR, a bare LF
 * or the end of the data inside the message (SECURITY.md 10). */
#ifndef POSTROOM_SMTP_WIRE_H
#define POSTROOM_SMTP_WIRE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Takes a piece of the wire form; false stops. */
typedef bool smtp_wire_sink(void *arg, const char *data, size_t length);

/* Hands the wire form over piece by piece, without the final dot. False when the sink stopped. */
bool smtp_wire_write(GBytes *message, smtp_wire_sink *sink, void *arg);
/* Its length without the dots added, as the SIZE parameter counts (RFC 1870, 3). */
uint64_t smtp_wire_size(GBytes *message);

/* A parameter value in xtext (RFC 3461, 4). (transfer full) */
char *smtp_xtext(const char *value);
/* An address that can stand between < > in MAIL and RCPT: no control characters, no brackets or
 * spaces outside quotes, a local part and a domain. "" is the null return path. */
bool smtp_address_is_valid(const char *address, bool may_be_empty);
/* The form for a server with or without SMTPUTF8: an international domain becomes A-labels for one
 * without; NULL when it needs SMTPUTF8. (transfer full) */
char *smtp_address_form(const char *address, bool smtputf8);

#endif

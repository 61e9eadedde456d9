/* A scanner over one whole IMAP response (RFC 3501, section 9), lenient where servers are known to
 * be wrong. No I/O, no allocation, no recursion.
 *
 * It works in place: a word or string that it returns is unescaped and NUL-terminated inside the
 * line, by overwriting the byte behind it; the scanner remembers that byte. The line needs one
 * writable byte behind its end. Internal to imap. */
#ifndef POSTROOM_IMAP_SCAN_H
#define POSTROOM_IMAP_SCAN_H

#include "imap/parser.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a literal stands in the line: its "{n}" begins at marker, its bytes at data. The bytes of
 * a streamed one went to the sink and are not in the line. */
struct imap_literal {
    size_t marker, data, length;
    bool streamed;
    enum imap_section section;
};

struct imap_scan {
    char *line, *at, *end;
    int held; /* the byte that a NUL was written over at `at`; -1: none */
    const struct imap_literal *literals;
    size_t literal_count, literal_next;
    unsigned tokens_left, depth_max;
    const char *too_much; /* the limit that was passed, or NULL */
};

enum imap_value_kind { IMAP_VALUE_NONE, IMAP_VALUE_TEXT, IMAP_VALUE_NIL, IMAP_VALUE_STREAMED };

/* A string of the response. quoted: it was a quoted string or a literal, so never NIL or a number
 * in disguise. */
struct imap_value {
    enum imap_value_kind kind;
    bool quoted;
    char *text;
    size_t length;
    const struct imap_literal *literal; /* of IMAP_VALUE_STREAMED */
};

/* The next byte, or -1 at the end. */
int imap_scan_peek(const struct imap_scan *scan);
void imap_scan_advance(struct imap_scan *scan);
void imap_scan_spaces(struct imap_scan *scan);
/* Takes the byte when it comes next, after spaces. */
bool imap_scan_take(struct imap_scan *scan, char wanted);
bool imap_scan_at_end(struct imap_scan *scan);
/* Goes back to a place in the line, to read it otherwise; what was terminated since becomes spaces.
 */
void imap_scan_restart(struct imap_scan *scan, char *at);
/* The bytes from here to the end, NUL-terminated. */
char *imap_scan_rest(struct imap_scan *scan);

/* A run of bytes up to a space, a parenthesis, one of `stops`, or the end. False when it is empty.
 */
bool imap_scan_word(struct imap_scan *scan, const char *stops, struct imap_value *value);
/* Quoted string, literal, NIL or bare word. */
bool imap_scan_string(struct imap_scan *scan, struct imap_value *value);
/* Digits; false when there are none or they do not fit. */
bool imap_scan_number(struct imap_scan *scan, uint64_t *number);
/* Passes over one value of any kind, lists with all that is in them. */
bool imap_scan_skip(struct imap_scan *scan);

#endif

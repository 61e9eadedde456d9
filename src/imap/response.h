/* From one whole line to one struct imap_response. Internal to imap. */
#ifndef POSTROOM_IMAP_RESPONSE_H
#define POSTROOM_IMAP_RESPONSE_H

#include "imap/scan.h"

/* What parsing a response works on: the scanner, and room that is used again for each. */
struct imap_line {
    struct imap_scan scan;
    struct imap_response *response;
    GPtrArray *words; /* keywords: pointers into the line */
    GArray *numbers;  /* uint32_t */
};

/* Fills line->response. False when a limit was passed: line->scan.too_much says which. Anything
 * else that is wrong gives IMAP_OTHER or IMAP_GARBAGE. */
bool imap_response_parse(struct imap_line *line);

/* "[CODE …] text" from here to the end. */
void imap_response_parse_text(struct imap_line *line);
/* "(item value …)" of a FETCH response. */
bool imap_response_parse_fetch(struct imap_line *line);
/* "(\Seen word …)"; any (may be NULL) says whether \* was there. The keywords are those of
 * line->words: a later list takes their place. */
bool imap_response_parse_flags(struct imap_line *line, struct mail_flags *flags, bool *any);

/* What follows NAMESPACE: namespaces. */
bool imap_response_parse_namespace(struct imap_line *line);
/* What follows QUOTA and QUOTAROOT: quota. */
bool imap_response_parse_quota(struct imap_line *line);
bool imap_response_parse_quotaroot(struct imap_line *line);
/* "(id)" (RFC 8474, 7); NULL when it is none. */
const char *imap_response_parse_objectid(struct imap_line *line);

/* Seconds since 1970 of "17-Jul-1996 02:44:25 -0700"; INT64_MIN when it makes no sense. */
int64_t imap_date_parse(const char *text);

#endif

/* The IMAP response parser (RFC 3501, section 9, with the extensions named in imap/client.h): bytes
 * in, responses out. No I/O; fed any split of the bytes, it gives the same responses.
 *
 * Memory is bounded by the limits: a response is collected whole, except that message data (the
 * literals behind BODY[…], BINARY[…] and RFC822) is streamed to a sink as it comes. One thread at a
 * time. */
#ifndef POSTROOM_IMAP_PARSER_H
#define POSTROOM_IMAP_PARSER_H

#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum imap_parse {
    IMAP_PARSE_OK,   /* one response */
    IMAP_PARSE_MORE, /* all bytes were taken, and more are needed */
    IMAP_PARSE_BAD,  /* a limit was passed: nothing more can be read from this stream */
};

struct imap_limits {
    size_t line_max;     /* bytes of one response, streamed literals not counted */
    size_t numbers_max;  /* the same for SEARCH, ESEARCH, VANISHED and tagged replies: sets */
    uint64_t stream_max; /* announced size of a streamed literal */
    unsigned depth_max;  /* nested lists */
    unsigned tokens_max; /* words in one response; numbers of SEARCH are not counted */
};
/* 64 KiB, 16 MiB, 4 GiB - 1 (RFC 3501: number is 32 bits), 32, 8192. */
extern const struct imap_limits imap_limits_default;

enum imap_section { IMAP_SECTION_OTHER, IMAP_SECTION_HEADER, IMAP_SECTION_BODY };

/* Where message data goes. Called inside imap_parser_feed. */
struct imap_sink {
    /* A streamed literal begins; false: its bytes are dropped without further calls. */
    bool (*begin)(enum imap_section section, uint64_t length, void *arg);
    void (*data)(enum imap_section section, const char *bytes, size_t length, void *arg);
    void *arg;
};

enum imap_kind {
    IMAP_TAGGED,   /* tag, status, code, text */
    IMAP_UNTAGGED, /* "* OK": status, code, text */
    IMAP_CONTINUE, /* "+": text */
    IMAP_CAPABILITY,
    IMAP_ENABLED,
    IMAP_LIST, /* also LSUB, XLIST */
    IMAP_NAMESPACE,
    IMAP_STATUS,
    IMAP_SEARCH,
    IMAP_ESEARCH, /* tag: of the command it answers, or NULL; set: the value of ALL, or "" */
    IMAP_FLAGS,
    IMAP_EXISTS,
    IMAP_EXPUNGE,
    IMAP_VANISHED,
    IMAP_FETCH,
    IMAP_QUOTA,     /* quota: its root, and what of it is limited */
    IMAP_QUOTAROOT, /* quota: the roots of a mailbox */
    IMAP_OTHER,     /* an untagged response that is not needed here, or that makes no sense */
    IMAP_GARBAGE,   /* a line that is no response at all: text */
};

enum imap_condition { IMAP_NONE, IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

enum imap_code_kind {
    IMAP_CODE_NONE,
    IMAP_CODE_OTHER, /* one that is not named here */
    IMAP_CODE_ALERT,
    IMAP_CODE_APPENDUID,
    IMAP_CODE_AUTHENTICATIONFAILED,
    IMAP_CODE_AUTHORIZATIONFAILED,
    IMAP_CODE_BADCHARSET,
    IMAP_CODE_CAPABILITY,
    IMAP_CODE_CLOSED,
    IMAP_CODE_COPYUID,
    IMAP_CODE_EXPIRED,
    IMAP_CODE_HIGHESTMODSEQ,
    IMAP_CODE_INUSE,
    IMAP_CODE_LIMIT,
    IMAP_CODE_MODIFIED,
    IMAP_CODE_NOMODSEQ,
    IMAP_CODE_NONEXISTENT,
    IMAP_CODE_OVERQUOTA,
    IMAP_CODE_PARSE,
    IMAP_CODE_PERMANENTFLAGS,
    IMAP_CODE_READ_ONLY,
    IMAP_CODE_READ_WRITE,
    IMAP_CODE_TOOBIG,
    IMAP_CODE_TRYCREATE,
    IMAP_CODE_UIDNEXT,
    IMAP_CODE_UIDVALIDITY,
    IMAP_CODE_UNAVAILABLE,
    IMAP_CODE_UNSEEN,
    IMAP_CODE_ALREADYEXISTS,
    IMAP_CODE_MAILBOXID,
    IMAP_CODE_NOTIFICATIONOVERFLOW,
};

struct imap_code {
    enum imap_code_kind kind;
    uint64_t number;         /* HIGHESTMODSEQ, UIDNEXT, UIDVALIDITY, UNSEEN; the UIDVALIDITY of
                                APPENDUID and COPYUID */
    const char *set;         /* APPENDUID, MODIFIED; the source of COPYUID; "" when it was empty */
    const char *objectid;    /* MAILBOXID, or NULL */
    const char *target;      /* COPYUID */
    uint32_t capabilities;   /* CAPABILITY */
    bool any_keyword;        /* PERMANENTFLAGS with \* */
    struct mail_flags flags; /* PERMANENTFLAGS */
};

enum imap_list_attribute {
    IMAP_LIST_NOSELECT = 1 << 0,
    IMAP_LIST_NONEXISTENT = 1 << 1,
    IMAP_LIST_HASCHILDREN = 1 << 2,
    IMAP_LIST_HASNOCHILDREN = 1 << 3,
    IMAP_LIST_SUBSCRIBED = 1 << 4,
};

struct imap_list_data {
    bool lsub;
    uint32_t attributes;
    enum mail_role role;
    char delimiter;
    const char *name;
    size_t name_length;
};

/* More namespaces than these are not looked at. */
#define IMAP_NAMESPACES_MAX 12

struct imap_namespace_data {
    const char *prefix;
    char delimiter;
    unsigned char space; /* enum imap_space */
};

/* More quota roots, and resources of one, than these are not looked at. */
#define IMAP_QUOTA_ROOTS_MAX 4
#define IMAP_QUOTA_RESOURCES_MAX 6

struct imap_quota_data {
    const char *roots[IMAP_QUOTA_ROOTS_MAX];
    size_t root_count;
    struct {
        const char *name;
        uint64_t used, limit; /* at most INT64_MAX: what is no such number was left out */
    } resources[IMAP_QUOTA_RESOURCES_MAX];
    size_t resource_count;
};

enum imap_status_item {
    IMAP_STATUS_MESSAGES = 1 << 0,
    IMAP_STATUS_UIDNEXT = 1 << 1,
    IMAP_STATUS_UIDVALIDITY = 1 << 2,
    IMAP_STATUS_UNSEEN = 1 << 3,
    IMAP_STATUS_HIGHESTMODSEQ = 1 << 4,
};

struct imap_status_data {
    const char *name; /* not always NUL-terminated */
    size_t name_length;
    unsigned given; /* enum imap_status_item */
    uint32_t messages, uidnext, uidvalidity, unseen;
    uint64_t highestmodseq;
    const char *mailboxid; /* or NULL */
};

struct imap_fetch_section {
    bool given;    /* the item came */
    bool nil;      /* as NIL */
    bool streamed; /* as a literal: its bytes went to the sink */
    const char *text;
    uint64_t length;
};

struct imap_fetch_data {
    uint32_t uid; /* 0: not given */
    bool has_flags;
    struct mail_flags flags;
    int64_t internal_date; /* INT64_MIN: not given or absurd */
    uint32_t size;
    uint64_t modseq;
    const char *emailid; /* EMAILID, else X-GM-MSGID */
    struct imap_fetch_section header, body;
};

/* One response. Everything it points to belongs to the parser and is valid until the next call;
 * keywords in flags too: never clear them. */
struct imap_response {
    enum imap_kind kind;
    enum imap_condition condition;
    const char *tag, *text;
    struct imap_code code;
    uint32_t number; /* EXISTS, EXPUNGE, FETCH */
    uint32_t capabilities;
    bool exchange; /* CAPABILITY names extensions that only Exchange has */
    bool earlier;  /* VANISHED (EARLIER) */
    const char *set;
    struct mail_flags flags;
    struct imap_list_data list;
    struct imap_status_data status;
    const uint32_t *numbers; /* SEARCH, in the server's order */
    size_t number_count;
    struct imap_fetch_data fetch;
    struct imap_namespace_data namespaces[IMAP_NAMESPACES_MAX];
    size_t namespace_count;
    struct imap_quota_data quota;
};

struct imap_parser;

/* limits and sink are copied; sink may be NULL. */
struct imap_parser *imap_parser_new(const struct imap_limits *limits, const struct imap_sink *sink);
void imap_parser_free(struct imap_parser *parser);

/* Takes bytes of data, *used says how many. With IMAP_PARSE_OK *response is set, and the bytes
 * behind *used belong to the next call. */
enum imap_parse imap_parser_feed(struct imap_parser *parser, const char *data, size_t length,
                                 size_t *used, const struct imap_response **response);
/* Which limit was passed, after IMAP_PARSE_BAD. */
const char *imap_parser_why(const struct imap_parser *parser);
/* Between two responses. */
bool imap_parser_is_empty(const struct imap_parser *parser);
/* Gives its buffers back, when it is empty. */
void imap_parser_shrink(struct imap_parser *parser);

/* Bits of enum imap_capability for one word ("IDLE"); 0 when unknown. */
uint32_t imap_capability_of_word(const char *word);

#endif

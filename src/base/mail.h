/* The words that mime makes of a message, and that store keeps and JMAP shows: value types only. */
#ifndef POSTROOM_BASE_MAIL_H
#define POSTROOM_BASE_MAIL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One address (RFC 8621, 4.1.2.3); UTF-8, name NULL when there is none. */
struct mail_address {
    char *name;
    char *email;
};

struct mail_addresses {
    size_t count;
    struct mail_address *items;
};

/* What lists and threads need of a message: everything that the headers give. Strings are UTF-8 and
 * owned. */
/* Fields that are there and say nothing by the letter: RFC 8621, 4.1.3 tells them from none. */
enum mail_hollow {
    MAIL_HOLLOW_FROM = 1,
    MAIL_HOLLOW_SENDER = 2,
    MAIL_HOLLOW_REPLY_TO = 4,
    MAIL_HOLLOW_TO = 8,
    MAIL_HOLLOW_CC = 16,
    MAIL_HOLLOW_BCC = 32,
    MAIL_HOLLOW_MESSAGE_ID = 64 /* one without brackets, which message_id is nevertheless */
};

struct mail_summary {
    char *message_id;   /* without < >; NULL when there is none */
    char *original_id;  /* what it was before the service replaced it; NULL: it did not. Of headers
                           only: what the store gives back has none */
    char **in_reply_to; /* NULL-terminated, or NULL; ids without < > */
    char **references;
    char *subject; /* decoded; NULL when there is none */
    char
        *base_subject; /* RFC 5256, 2.1, case-folded: what threads compare; "" when there is none */
    struct mail_addresses from, sender, reply_to, to, cc, bcc;
    unsigned hollow; /* enum mail_hollow */
    int64_t sent_at; /* Date header, seconds since 1970; INT64_MIN when missing or absurd */
    int sent_offset; /* its zone, in minutes east of UTC */
    /* Known only when the whole message was parsed: */
    char *preview; /* at most 256 characters (RFC 8621, 4.1.4); NULL before */
    bool has_attachment;
};

/* System keywords, as bits; others are words. JMAP name beside each. */
enum mail_flag {
    MAIL_SEEN = 1 << 0,      /* $seen, \Seen */
    MAIL_ANSWERED = 1 << 1,  /* $answered, \Answered */
    MAIL_FLAGGED = 1 << 2,   /* $flagged, \Flagged */
    MAIL_DRAFT = 1 << 3,     /* $draft, \Draft */
    MAIL_FORWARDED = 1 << 4, /* $forwarded, $Forwarded */
    MAIL_MDN_SENT = 1 << 5,  /* $mdnsent, $MDNSent */
    MAIL_JUNK = 1 << 6,      /* $junk, $Junk */
    MAIL_NOT_JUNK = 1 << 7,  /* $notjunk, $NotJunk */
    MAIL_DELETED = 1 << 15,  /* \Deleted: remote only, never a JMAP keyword (RFC 8621, 4.1.1) */
};

/* Flags of a message: bits, and other keywords in lower case, sorted, without doubles; NULL when
 * there are none. */
struct mail_flags {
    uint32_t bits;
    char **keywords;
};

/* What a notification about a sent message says (RFC 3464, RFC 8098). */
enum mail_delivered { MAIL_DELIVERY_UNKNOWN, MAIL_DELIVERED, MAIL_NOT_DELIVERED };
struct mail_report_recipient {
    char *original, *final; /* addresses as the sender gave it and as it was in the end; or NULL */
    enum mail_delivered delivered;
    bool displayed;
    char *reply; /* "550 5.1.1 …" when delivered is known, else NULL */
};
struct mail_report {
    bool is_disposition; /* an MDN, else a DSN */
    /* What it is about: of the message, and the ENVID that it was sent with (RFC 3461); one of them
     * may be NULL. */
    char *message_id, *envelope_id;
    size_t count;
    struct mail_report_recipient *items;
};

enum mail_role {
    MAIL_ROLE_NONE,
    MAIL_ROLE_INBOX,
    MAIL_ROLE_DRAFTS,
    MAIL_ROLE_SENT,
    MAIL_ROLE_TRASH,
    MAIL_ROLE_JUNK,
    MAIL_ROLE_ARCHIVE,
    MAIL_ROLE_ALL,
    MAIL_ROLE_FLAGGED,
    MAIL_ROLE_IMPORTANT,
    MAIL_ROLES
};

void mail_addresses_clear(struct mail_addresses *addresses);
void mail_addresses_add(struct mail_addresses *addresses, const char *name, const char *email);
struct mail_summary *mail_summary_new(void);
void mail_summary_free(struct mail_summary *summary);
/* NULL is allowed. copy: (transfer full). */
struct mail_report *mail_report_copy(const struct mail_report *report);
void mail_report_free(struct mail_report *report);

void mail_flags_clear(struct mail_flags *flags);
void mail_flags_copy(struct mail_flags *to, const struct mail_flags *from);
bool mail_flags_equal(const struct mail_flags *a, const struct mail_flags *b);
/* Adds or removes one JMAP keyword ("$seen", "project-x"); folds case. */
void mail_flags_set(struct mail_flags *flags, const char *keyword, bool on);
bool mail_flags_has(const struct mail_flags *flags, const char *keyword);
/* A JMAP keyword's bit; 0 when it is not one of ours. And back: NULL for no such single bit. */
uint32_t mail_flag_of_keyword(const char *keyword);
const char *mail_flag_keyword(uint32_t bit);
/* RFC 8621, 4.1.1: 1-255 characters of ASCII 0x21-0x7e without ( ) { ] % * " \ */
bool mail_keyword_is_valid(const char *keyword);

/* "inbox", "drafts", …; NULL for MAIL_ROLE_NONE. And back; MAIL_ROLE_NONE for an unknown word. */
const char *mail_role_name(enum mail_role role);
enum mail_role mail_role_of_name(const char *name);

#endif

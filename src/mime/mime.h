/* Bytes to structured mail, and back. The only place that sees GMime (and gumbo); none of their
 * types show, so that this can move into a sandboxed process (SECURITY.md 8). One parsed mail
 * belongs to one thread at a time.
 *
 * Limits hold before GMime and gumbo see anything: nested address groups, 64 KiB of one header, 256
 * levels of MIME and of HTML, MIME_PARTS_MAX parts. Beyond a limit the rest is one opaque part;
 * nothing is refused, nothing recurses. */
#ifndef POSTROOM_MIME_MIME_H
#define POSTROOM_MIME_MIME_H

#include "base/error.h"
#include "base/mail.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MIME_PARTS_MAX 1000
#define MIME_DEPTH_MAX 256
#define MIME_HEADER_MAX 65536

struct mime_mail;

/* Turns bytes of a charset that the C library does not know into UTF-8; charset NULL: guess it.
 * *replaced is set when something was unreadable; NULL: unknown. (transfer full). text_to_utf8 is
 * one. Called from any thread; set once, before the first mail. */
typedef char *mime_converter(const char *charset, const char *bytes, size_t length, bool *replaced);
void mime_set_converter(mime_converter *convert);
/* Charsets are read exactly as they are named (without a name: US-ASCII), UTF-7 not at all; the
 * heuristics are off (RFC 8621, 9.1). As mime_set_converter. */
void mime_read_charsets_as_named(bool only);

/* Raw form (RFC 8621, 4.1.2.1), not unfolded, at most MIME_HEADER_MAX bytes: always valid UTF-8
 * without NUL. Eight-bit bytes of an older charset are read by the message's own charset, or
 * guessed. */
struct mime_header {
    const char *name;
    const char *value;
};

/* A node of the body structure (RFC 8621, 4.1.4). All strings owned by the mail. */
struct mime_part {
    int parent;              /* index of the multipart, -1 for the root */
    const char *part_id;     /* "1", "2.1", NULL for multiparts: as RFC 8621's partId */
    const char *type;        /* "text/plain", lower case */
    const char *charset;     /* for text, or NULL */
    const char *disposition; /* "attachment", "inline" or NULL */
    const char *name;     /* file name, decoded (RFC 2047 and 2231), without control characters and
                             path; or NULL */
    const char *cid;      /* without < >, or NULL */
    const char *location; /* or NULL */
    const char *const *language; /* or NULL */
    size_t size;                 /* decoded octets; 0 for multiparts */
    bool is_multipart;
    bool encoding_problem; /* malformed transfer encoding */
};

/* Parses a whole message. Any bytes give a mail; never NULL. The bytes are referenced, not copied.
 * (transfer full) */
struct mime_mail *mime_parse(GBytes *message);
void mime_mail_free(struct mime_mail *mail);

/* Summary with preview and has_attachment. (transfer full) */
struct mail_summary *mime_summary(struct mime_mail *mail);
/* From header bytes only (as a headers pass brings): everything but preview and has_attachment.
 * (transfer full), never NULL. */
struct mail_summary *mime_summary_of_header(GBytes *header);

/* What a multipart/report says of a sent message; NULL: it is none, or does not say of which and to
 * whom. (transfer full) */
struct mail_report *mime_report(struct mime_mail *mail);

/* Whom an automatic answer to the message may go to (RFC 3834): the address of its Return-Path.
 * NULL: nobody, since a program, a list or a report wrote it, it is spam, or no Return-Path says
 * whose it is. (transfer full) */
char *mime_answer_to(const struct mime_mail *mail);

size_t mime_part_count(const struct mime_mail *mail);
const struct mime_part *mime_part(const struct mime_mail *mail, size_t index);
/* Index of the part with this partId; -1: none. */
int mime_find_part(const struct mime_mail *mail, const char *part_id);
/* RFC 8621, 4.1.4's algorithm: indices into the parts; owned by the mail. */
const int *mime_text_body(const struct mime_mail *mail, size_t *count);
const int *mime_html_body(const struct mime_mail *mail, size_t *count);
const int *mime_attachments(const struct mime_mail *mail, size_t *count);

/* Headers of the message (index -1) or of a part, in order. Owned by the mail. */
const struct mime_header *mime_headers(const struct mime_mail *mail, int part, size_t *count);

/* Decoded content. (transfer full), never NULL; at most max bytes when max > 0. */
GBytes *mime_part_bytes(struct mime_mail *mail, size_t index, size_t max);
/* Text content as UTF-8 with LF line ends; *problem when charset or encoding was bad. (transfer
 * full) */
char *mime_part_text(struct mime_mail *mail, size_t index, size_t max, bool *problem);

/* Everything readable as plain text, for index and preview: text parts, HTML parts as text
 * (alternatives once), attached messages' texts; at most max bytes. quoted (may be NULL): lines
 * that quote earlier mail go there instead. (transfer full) */
char *mime_plain_text(struct mime_mail *mail, size_t max, char **quoted);
/* What mime_plain_text leaves out: of alternatives the others, which a reader may be shown and
 * which do not always say the same. (transfer full), "" mostly */
char *mime_passed_over_text(struct mime_mail *mail, size_t max);
/* What the files in it are called, pictures that stand in the body and the files of attached
 * messages too, joined by newlines. (transfer full) */
char *mime_file_names(struct mime_mail *mail);

/* Forms of one header value (RFC 8621, 4.1.2). (transfer full) */
char *mime_form_text(const char *raw);
void mime_form_addresses(const char *raw, struct mail_addresses *out);
struct mime_group {
    char *name; /* NULL: addresses outside a group */
    struct mail_addresses addresses;
};
GPtrArray *mime_form_grouped(const char *raw); /* of struct mime_group, with free func */
char **mime_form_message_ids(const char *raw); /* NULL when none parses */
bool mime_form_date(const char *raw, int64_t *seconds, int *offset_minutes);
char **mime_form_urls(const char *raw); /* List-Unsubscribe and kin (RFC 2369) */
/* RFC 5256, 2.1, over the case-folded subject; besides "Re:" and "Fwd:" it takes away what Outlook
 * and others write in their place in other languages ("AW:", "回复：", "YNT:", "Відп:", "השב:"),
 * since a thread would break at each of them. subject may be NULL. (transfer full) */
char *mime_base_subject(const char *subject);

/* HTML to text: paragraphs, lists, links' targets left out, quotes marked by "> ". (transfer full)
 */
char *mime_html_to_text(const char *html, gssize length, size_t max);

/* Which lines of a text (with LF line ends) quote earlier mail, in order; empty when all would be.
 * first counts from 0. (transfer full), of struct mime_lines */
struct mime_lines {
    unsigned first, count;
};
GArray *mime_quoted_lines(const char *text);

/* --- showing HTML
 * -------------------------------------------------------------------------------------------- */

struct mime_sanitise {
    /* Address to put for an image. Either cid is given: the id (without <>) of an inline image, or
     * a relative address that may be some part's Content-Location; or remote: an https or http URL.
     * What is returned is trusted as it is; NULL drops the image. (transfer full) */
    char *(*image_url)(const char *cid, const char *remote, void *arg);
    void *arg;
    bool remote_images; /* consent was given: ask image_url for remote ones too; else they are
                           removed and counted */
};
/* Who would have learned that the mail was read. */
struct mime_tracker {
    char *host;
    const char *name; /* of the service, NULL: not known; static */
    unsigned count;
};
#define MIME_TRACKERS_MAX 50 /* hosts that are told apart */
struct mime_sanitised {
    char *html; /* one <div class="postroom-mail">, with the mail's style sheets scoped to it, by an
                   allow-list: no script, no style with url() or @import, no forms, no same-origin
                   or relative URL, links absolute with target=_blank rel="noopener noreferrer",
                   quotes wrapped in <div class="postroom-quote"> */
    unsigned blocked_remote, trackers;
    GArray *tracked; /* of struct mime_tracker, by host; at most MIME_TRACKERS_MAX; NULL: none */
};
/* Always succeeds: what is too deep is flattened, what cannot be tamed is shown as text. Ids and
 * classes of the mail get the prefix "m-". At most 4 MiB are read. blocked_remote counts remote
 * images and backgrounds left out for want of consent; trackers, one-pixel or hidden remote images
 * and those by which a known service counts readers, are left out always. Reading the result again
 * gives the result. */
void mime_sanitise(const char *html, gssize length, const struct mime_sanitise *options,
                   struct mime_sanitised *out);
void mime_sanitised_clear(struct mime_sanitised *out);

/* --- writing
 * ----------------------------------------------------------------------------------------------------
 */

struct mime_attachment {
    const char *type;        /* "image/png" */
    const char *name;        /* UTF-8, or NULL */
    const char *disposition; /* "attachment" or "inline" */
    const char *cid;         /* or NULL */
    GBytes *bytes;
};
struct mime_draft {
    const struct mail_summary *summary; /* addresses, subject, ids, references, date; message_id
                                           NULL, sent_at INT64_MIN: none is written */
    const struct mime_header *extra;    /* further headers, already valid raw values */
    size_t extra_count;
    const char *text, *html; /* either or both; UTF-8 */
    const struct mime_attachment *attachments;
    size_t attachment_count;
    bool keep_bcc; /* drafts keep Bcc; what is sent does not */
};
/* A message with CRLF lines, 7-bit (but for addresses that are not ASCII: RFC 6532), encoded-words
 * and RFC 2231 names, lines under 78 where possible. ERROR_INVALID names the property with CR, LF
 * or NUL in a header value, address or file name. */
GBytes *mime_compose(const struct mime_draft *draft, GError **error);
/* The same message without Bcc headers, for the wire. (transfer full) */
GBytes *mime_without_bcc(GBytes *message);
/* "<random@domain>" without the brackets, domain from the address. (transfer full) */
char *mime_new_message_id(const char *address);

#endif

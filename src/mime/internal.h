/* What the files of src/mime share; nobody else includes this. */
#ifndef POSTROOM_MIME_INTERNAL_H
#define POSTROOM_MIME_INTERNAL_H

#include "mime/mime.h"

/* One header field as it stands in the bytes; value without the line end that closes it. */
struct field {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
};

enum encoding { ENCODING_NONE, ENCODING_BASE64, ENCODING_QP, ENCODING_UU, ENCODING_UNKNOWN };

struct part {
    struct mime_part shown;
    size_t header_start, header_end; /* offsets into the message's bytes */
    size_t body_start, body_end;
    size_t next; /* index after the last part below this one */
    enum encoding encoding;
    bool measured, opaque, has_content_type;
    struct mime_header *headers; /* made when first asked for */
    size_t header_count;
};

struct list {
    int *items;
    size_t count;
};

struct mime_mail {
    GBytes *bytes;
    const char *data;
    size_t size;
    GStringChunk *strings;
    GPtrArray *owned; /* arrays to free with the mail */
    struct part *parts;
    size_t part_count, part_room;
    struct list text, html, attachments;
    char *page; /* the HTML part read last, as UTF-8; or NULL */
    size_t page_index;
    char *charset; /* what 8-bit headers without a word about it are taken for; or NULL */
};

/* --- fields.c: splitting headers. Reads the field at *at and moves *at behind it; false at the end
 * of the block, with *at on the first byte of the body. */
bool field_next(const char *data, size_t end, size_t *at, struct field *out);
bool field_is(const struct field *field, const char *name);
/* The value as valid UTF-8 without NUL, at most MIME_HEADER_MAX bytes; 8-bit bytes that are not
 * UTF-8 are taken for charset (NULL: guessed). (transfer full) */
char *field_value(const struct field *field, const char *charset);

/* --- charset.c. Never NULL. charset NULL: guessed. */
char *charset_to_utf8(const char *charset, const char *bytes, size_t length, bool *problem);
bool charset_is_known(const char *charset);
bool charsets_are_as_named(void);

/* --- decode.c: transfer encodings. */
enum encoding encoding_of_name(const char *value, size_t length);
/* Decoded bytes, at most max when max > 0; out NULL: only measured. */
size_t decode_bytes(enum encoding encoding, const char *in, size_t length, size_t max,
                    GByteArray *out, bool *problem);

/* --- words.c: RFC 2047 in one string without folding; control characters in decoded words go. */
char *words_decode(const char *text);
char *text_unfold(const char *raw); /* CR, LF, TAB to spaces; trimmed at the front */

/* --- params.c */
struct content_type {
    char *type; /* lower case, never NULL */
    char *charset, *boundary, *name;
    bool digest;
};
void content_type_parse(const char *value, struct content_type *out);
void content_type_clear(struct content_type *type);
/* *name is set when there is a filename. (transfer full) */
char *disposition_parse(const char *value, char **name);
char *
name_sanitise(const char *name); /* a file name without path and control characters, or NULL */

/* --- structure.c, lists.c */
void structure_scan(struct mime_mail *mail);
void lists_make(struct mime_mail *mail);
bool lists_has_attachment(struct mime_mail *mail);

/* --- mime.c: the charset that a page names itself, <meta charset=…>; NULL: none. (transfer full)
 */
char *charset_of_html(const char *bytes, size_t length);

/* --- quote.c: splits text with LF line ends; own and quoted may be NULL. */
void quote_split(const char *text, GString *own, GString *quoted);
/* All of the text in pieces of whole lines, each quoted or not. */
typedef void quote_sink(bool quoted, const char *from, const char *to, void *arg);
void quote_each(const char *text, quote_sink *sink, void *arg);
/* The text begins with what stands over an older mail: a block of fields, "--- Original ---". */
bool quote_starts(const char *text);
/* The text is an attribution: "On … wrote:". */
bool quote_attributes(const char *text);
bool quote_names_sender(const char *text); /* "From:" in one of the languages */

/* --- plain.c */
char *preview_of(struct mime_mail *mail);

/* --- html_text.c: as mime_html_to_text; titles: what attributes of that name say as well. */
char *html_to_words(const char *html, gssize length, size_t max, bool titles);

/* --- summary.c */
void library_init(void); /* GMime, once */

/* g_utf8_next_char without its cast that drops const. */
static inline const char *utf8_next(const char *p)
{
    return p + g_utf8_skip[(unsigned char)*p];
}

/* Appends one Unicode character, U+FFFD for what is none. */
void utf8_append(GString *out, gunichar c);

#endif

/* HTML as a stream of tokens, by the tokenizer rules of the HTML standard (13.2.5): what the text
 * extractor reads, and what stands guard before gumbo. No tree, no recursion, no allocation. */
#ifndef POSTROOM_MIME_HTML_H
#define POSTROOM_MIME_HTML_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define HTML_ATTRIBUTES_MAX 48
#define HTML_NAME_MAX 24

enum html_kind {
    HTML_TEXT,  /* entities undecoded */
    HTML_START, /* a start tag */
    HTML_END,   /* an end tag */
    HTML_RAW,   /* the content of script, style, title, textarea and their like */
};

struct html_attribute {
    const char *name, *value; /* as written; entities undecoded */
    size_t name_length, value_length;
};

struct html_token {
    enum html_kind kind;
    const char *text; /* of TEXT and RAW */
    size_t length;
    char name[HTML_NAME_MAX]; /* of tags, lower case; of RAW: its element. "" when too long */
    size_t attribute_count;   /* the first of a name wins; more than the maximum are dropped */
    struct html_attribute attributes[HTML_ATTRIBUTES_MAX];
};

struct html_reader {
    const char *at, *end;
    char raw[HTML_NAME_MAX];
};

void html_reader_init(struct html_reader *reader, const char *html, size_t length);
/* The next token, pointing into the input; false at the end. */
bool html_next(struct html_reader *reader, struct html_token *token);
/* The attribute, or NULL. */
const struct html_attribute *html_attribute(const struct html_token *token, const char *name);
/* Reads the character reference at `at` ("&amp;"): its length, 0 when it is none. */
size_t html_entity(const char *at, size_t length, gunichar *out);
/* True when the sorted table of count names has the name. */
bool html_name_in(const char *name, const char *const *sorted, size_t count);
/* The attribute's value with references decoded. (transfer full) */
char *html_attribute_value(const struct html_attribute *attribute);

#endif

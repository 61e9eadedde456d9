/* The pieces of the sanitiser; only sanitise*.c and css.c include this. */
#ifndef POSTROOM_MIME_SANITISE_H
#define POSTROOM_MIME_SANITISE_H

#include "mime/html.h"
#include "mime/mime.h"

#include <gumbo.h>

#define SANITISE_DEPTH 256
#define SANITISE_INPUT_MAX ((size_t)4 << 20)

/* --- sanitise_guard.c: what gumbo may see. Only allowed elements and attributes, at most
 * SANITISE_DEPTH deep, quoted and closed in one way; style sheets apart. */
struct guarded {
    GString *html, *css;
    char *body_style, *body_color, *body_background, *body_dir; /* of <body>; or NULL */
    unsigned remote;                                            /* backgrounds left out */
};
void guard_read(const char *html, size_t length, struct guarded *out);
void guard_clear(struct guarded *guarded);
bool guard_element_is_allowed(const char *name);
bool guard_is_void(const char *name);

/* --- sanitise_tree.c: gumbo in an arena with a budget, so that neither its recursive free nor a
 * blow-up can hurt. NULL: over budget. */
struct tree;
struct tree *tree_parse(const char *html, size_t length);
void tree_free(struct tree *tree);
const GumboNode *tree_body(const struct tree *tree);
/* Serialises what stands in the body without changing it, but for what is no allowed element. */
void tree_write(const struct tree *tree, GString *out);
void escape_text(GString *out, const char *text);
void escape_attribute(GString *out, const char *name, const char *value);

/* --- sanitise_url.c. (transfer full) */
char *url_clean_link(const char *url);   /* http, https, mailto, tel; NULL: dropped */
char *url_clean_remote(const char *url); /* http, https; NULL: another kind */
char *url_clean_data_image(const char *url);
char *url_cid(const char *url); /* cid of "cid:…", or a relative Content-Location; NULL */

/* --- css.c. *remote counts url() of other hosts that were left out. (transfer full) */
char *css_inline(const char *declarations, unsigned *remote);
char *css_sheet(const char *css, unsigned *remote);

/* --- sanitise_quote.c: where quotations start. */
enum quote_kind {
    QUOTE_NONE,
    QUOTE_SELF,  /* this element is one */
    QUOTE_REST,  /* this element and all behind it under its parent */
    QUOTE_UNTIL, /* this element and the next blockquote */
};
enum quote_kind quote_kind_of(const GumboNode *node);

#endif

#include "mime/sanitise.h"
#include "mime/internal.h"
#include "mime/trackers.h"

#include <string.h>

#define FRAMES_MAX 2000

/* An element whose children are being written. */
struct frame {
    const GumboNode *node;
    unsigned at;
    unsigned char close;   /* the element's own end tag is owed */
    unsigned char quotes;  /* wrappers to close behind the element */
    unsigned char rest;    /* wrappers to close behind its last child */
    unsigned char pending; /* a wrapper to close behind its next blockquote */
};

struct writer {
    const struct mime_sanitise *options;
    struct mime_sanitised *result;
    GString *out;
    GArray *frames;
    unsigned quotes;
    bool seen_text;
};

static const char quote_open[] = "<div class=\"postroom-quote\">";

static const char *attribute_of(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found != NULL ? found->value : NULL;
}

/* --- images */

static bool is_tiny(const char *size)
{
    return size != NULL && g_ascii_isdigit(*size) && g_ascii_strtoull(size, NULL, 10) <= 1 &&
           strchr(size, '%') == NULL && strchr(size, '.') == NULL;
}

static bool is_unseen(const GumboNode *node)
{
    if (is_tiny(attribute_of(node, "width")) && is_tiny(attribute_of(node, "height")))
        return true;
    const char *style = attribute_of(node, "style");
    if (style == NULL || strlen(style) > 2000)
        return false;
    g_autofree char *flat = g_ascii_strdown(style, -1);
    size_t used = 0;
    for (const char *p = flat; *p != '\0'; p++)
        if (!g_ascii_isspace(*p))
            flat[used++] = *p;
    flat[used] = '\0';
    bool narrow = strstr(flat, "width:1px") == flat || strstr(flat, ";width:1px") != NULL ||
                  strstr(flat, "width:0") != NULL;
    bool low = strstr(flat, "height:1px") != NULL || strstr(flat, "height:0") != NULL;
    return strstr(flat, "display:none") != NULL || (narrow && low);
}

static void tracker_clear(gpointer pointer)
{
    g_free(((struct mime_tracker *)pointer)->host);
}

static void count_tracker(struct mime_sanitised *result, const char *host, const char *name)
{
    result->trackers++;
    if (result->tracked == NULL) {
        result->tracked = g_array_new(FALSE, FALSE, sizeof(struct mime_tracker));
        g_array_set_clear_func(result->tracked, tracker_clear);
    }
    for (guint i = 0; i < result->tracked->len; i++) {
        struct mime_tracker *known = &g_array_index(result->tracked, struct mime_tracker, i);
        if (strcmp(known->host, host) == 0) {
            known->count++;
            return;
        }
    }
    struct mime_tracker fresh = {g_strdup(host), name, 1};
    if (result->tracked->len < MIME_TRACKERS_MAX)
        g_array_append_val(result->tracked, fresh);
    else
        tracker_clear(&fresh);
}

static bool took_tracker(struct writer *w, const GumboNode *node, const char *url)
{
    g_autofree char *host = tracker_host(url);
    bool is_certain;
    const char *name = tracker_service(url, host, &is_certain);
    if (!is_certain && !is_unseen(node))
        return false;
    count_tracker(w->result, host, name);
    return true;
}

static char *remote_image(struct writer *w, const GumboNode *node, const char *url)
{
    if (took_tracker(w, node, url))
        return NULL;
    if (!w->options->remote_images) {
        w->result->blocked_remote++;
        return NULL;
    }
    return w->options->image_url != NULL ? w->options->image_url(NULL, url, w->options->arg) : NULL;
}

/* The address to write for an image; NULL: none. */
static char *image_source(struct writer *w, const GumboNode *node)
{
    const char *source = attribute_of(node, "src");
    if (source == NULL)
        return NULL;
    char *data = url_clean_data_image(source);
    if (data != NULL)
        return data;
    g_autofree char *remote = url_clean_remote(source);
    if (remote != NULL)
        return remote_image(w, node, remote);
    g_autofree char *cid = url_cid(source);
    if (cid == NULL || w->options->image_url == NULL)
        return NULL;
    return w->options->image_url(cid, NULL, w->options->arg);
}

/* --- attributes */

static bool is_short_word(const char *value, const char *extra)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(value[i]) && strchr(extra, value[i]) == NULL)
            return false;
    return length > 0 && length <= 100;
}

/* Names that a mail gives are moved aside, so that they meet neither ours nor the document's own.
 */
static void write_names(GString *out, const char *attribute, const char *value)
{
    g_auto(GStrv) names = g_strsplit_set(value, " \t\r\n", 32);
    GString *clean = g_string_new(NULL);
    for (char **name = names; *name != NULL; name++) {
        if (!is_short_word(*name, "-_"))
            continue;
        bool ours = g_str_has_prefix(*name, "m-") || strcmp(*name, "postroom-quote") == 0 ||
                    strcmp(*name, "postroom-mail") == 0;
        g_string_append_printf(clean, "%s%s%s", clean->len > 0 ? " " : "", ours ? "" : "m-", *name);
    }
    if (clean->len > 0)
        escape_attribute(out, attribute, clean->str);
    g_string_free(clean, TRUE);
}

static void write_style(struct writer *w, const char *value)
{
    g_autofree char *style = css_inline(value, &w->result->blocked_remote);
    if (*style != '\0')
        escape_attribute(w->out, "style", style);
}

static void write_link(struct writer *w, const char *value)
{
    g_autofree char *url = url_clean_link(value);
    if (url == NULL)
        return;
    escape_attribute(w->out, "href", url);
    g_string_append(w->out, " target=\"_blank\" rel=\"noopener noreferrer\"");
}

static bool is_free_text(const char *name)
{
    return strcmp(name, "alt") == 0 || strcmp(name, "title") == 0 ||
           strcmp(name, "aria-label") == 0;
}

static void write_attribute(struct writer *w, const GumboNode *node, const char *name,
                            const char *value)
{
    bool link = node->v.element.tag == GUMBO_TAG_A;
    if (strcmp(name, "style") == 0)
        write_style(w, value);
    else if (strcmp(name, "class") == 0 || strcmp(name, "id") == 0)
        write_names(w->out, name, value);
    else if (strcmp(name, "href") == 0 && link)
        write_link(w, value);
    else if (is_free_text(name) && strlen(value) <= 1000)
        escape_attribute(w->out, name, value);
    else if (strcmp(name, "href") != 0 && strcmp(name, "src") != 0 && !is_free_text(name) &&
             is_short_word(value, " #%.,-_+"))
        escape_attribute(w->out, name, value);
}

static void write_attributes(struct writer *w, const GumboNode *node)
{
    for (unsigned i = 0; i < node->v.element.attributes.length; i++) {
        const GumboAttribute *attribute = node->v.element.attributes.data[i];
        write_attribute(w, node, attribute->name, attribute->value);
    }
}

/* --- elements */

static void write_image(struct writer *w, const GumboNode *node)
{
    unsigned trackers = w->result->trackers;
    g_autofree char *source = image_source(w, node);
    if (w->result->trackers > trackers)
        return;
    g_string_append(w->out, "<img");
    if (source != NULL)
        escape_attribute(w->out, "src", source);
    write_attributes(w, node);
    g_string_append_c(w->out, '>');
    w->seen_text |= source != NULL;
}

static struct frame *top(struct writer *w)
{
    return &g_array_index(w->frames, struct frame, w->frames->len - 1);
}

/* Opens the wrapper of a quotation where one starts; returns how many to close behind the element.
 */
static unsigned char open_quote(struct writer *w, const GumboNode *node)
{
    enum quote_kind kind = w->quotes > 0 ? QUOTE_NONE : quote_kind_of(node);
    if (kind == QUOTE_NONE || (kind == QUOTE_REST && !w->seen_text))
        return 0;
    const char *classes = attribute_of(node, "class");
    if (classes != NULL && strcmp(classes, "postroom-quote") == 0) {
        w->quotes++;
        return 2; /* it is one of ours: counted, not wrapped again */
    }
    g_string_append(w->out, quote_open);
    w->quotes++;
    if (kind == QUOTE_REST)
        top(w)->rest++;
    else if (kind == QUOTE_UNTIL)
        top(w)->pending = 1;
    return kind == QUOTE_SELF ? 1 : 0;
}

static void close_quote(struct writer *w)
{
    g_string_append(w->out, "</div>");
    w->quotes--;
}

static void enter(struct writer *w, const GumboNode *node)
{
    const char *name = gumbo_normalized_tagname(node->v.element.tag);
    bool written = node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML &&
                   guard_element_is_allowed(name) && w->frames->len < FRAMES_MAX;
    struct frame frame = {.node = node};
    if (written && node->v.element.tag == GUMBO_TAG_IMG) {
        write_image(w, node);
        return;
    }
    if (written) {
        frame.quotes = open_quote(w, node);
        g_string_append_printf(w->out, "<%s", name);
        write_attributes(w, node);
        g_string_append_c(w->out, '>');
        frame.close = !guard_is_void(name);
    }
    g_array_append_val(w->frames, frame);
}

static void leave(struct writer *w)
{
    struct frame frame = *top(w);
    for (; frame.rest > 0; frame.rest--)
        close_quote(w);
    if (frame.pending)
        close_quote(w);
    if (frame.close)
        g_string_append_printf(w->out, "</%s>",
                               gumbo_normalized_tagname(frame.node->v.element.tag));
    if (frame.quotes == 1)
        close_quote(w);
    else if (frame.quotes == 2)
        w->quotes--;
    g_array_set_size(w->frames, w->frames->len - 1);
    if (w->frames->len > 0 && top(w)->pending &&
        frame.node->v.element.tag == GUMBO_TAG_BLOCKQUOTE) {
        top(w)->pending = 0;
        close_quote(w);
    }
}

static void write_text(struct writer *w, const GumboNode *node)
{
    const char *text = node->v.text.text;
    bool pre = node->parent->v.element.tag == GUMBO_TAG_PRE && node->index_within_parent == 0;
    if (pre && *text == '\n')
        g_string_append_c(w->out, '\n');
    escape_text(w->out, text);
    w->seen_text |= node->type == GUMBO_NODE_TEXT;
}

static void write_tree(struct writer *w, const GumboNode *body)
{
    struct frame frame = {.node = body};
    g_array_append_val(w->frames, frame);
    while (w->frames->len > 0) {
        struct frame *current = top(w);
        const GumboVector *children = &current->node->v.element.children;
        if (current->at >= children->length) {
            leave(w);
            continue;
        }
        const GumboNode *child = children->data[current->at++];
        if (child->type == GUMBO_NODE_ELEMENT)
            enter(w, child);
        else if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE)
            write_text(w, child);
    }
}

/* --- the whole */

/* The frame around everything carries what <body> said, and the style sheet below it. */
static void write_head(struct writer *w, const struct guarded *guarded)
{
    GString *style = g_string_new(guarded->body_style);
    if (guarded->body_background != NULL)
        g_string_append_printf(style, ";background-color:%s", guarded->body_background);
    if (guarded->body_color != NULL)
        g_string_append_printf(style, ";color:%s", guarded->body_color);
    g_string_append(w->out, "<div class=\"postroom-mail\"");
    if (guarded->body_dir != NULL && is_short_word(guarded->body_dir, ""))
        escape_attribute(w->out, "dir", guarded->body_dir);
    write_style(w, style->str);
    g_string_append_c(w->out, '>');
    g_string_free(style, TRUE);
    g_autofree char *sheet = css_sheet(guarded->css->str, &w->result->blocked_remote);
    if (*sheet != '\0' && strchr(sheet, '<') == NULL)
        g_string_append_printf(w->out, "<style>%s</style>", sheet);
}

static GString *write_all(const struct guarded *guarded, const struct mime_sanitise *options,
                          struct mime_sanitised *result)
{
    struct tree *tree = tree_parse(guarded->html->str, guarded->html->len);
    if (tree == NULL)
        return NULL;
    struct writer w = {options,
                       result,
                       g_string_sized_new(guarded->html->len + 256),
                       g_array_new(FALSE, FALSE, sizeof(struct frame)),
                       0,
                       false};
    result->blocked_remote += options->remote_images ? 0 : guarded->remote;
    write_head(&w, guarded);
    const GumboNode *body = tree_body(tree);
    if (body != NULL)
        write_tree(&w, body);
    g_string_append(w.out, "</div>");
    g_array_free(w.frames, TRUE);
    tree_free(tree);
    return w.out;
}

/* What a browser reads must be what was written: read it again until nothing changes. NULL: it
 * never settles, which only happens to pages built to that end. */
static GString *settle(GString *html)
{
    for (int round = 0; html != NULL && round < 5; round++) {
        g_autofree char *page = g_strconcat("<!DOCTYPE html>", html->str, NULL);
        struct tree *tree = tree_parse(page, strlen(page));
        GString *again = g_string_sized_new(html->len + 64);
        if (tree != NULL)
            tree_write(tree, again);
        bool same = tree != NULL && g_string_equal(html, again);
        bool failed = tree == NULL;
        tree_free(tree);
        g_string_free(html, TRUE);
        html = again;
        if (same)
            return html;
        if (failed)
            break;
    }
    if (html != NULL)
        g_string_free(html, TRUE);
    return NULL;
}

static char *as_text(const char *html, size_t length)
{
    g_autofree char *text = mime_html_to_text(html, (gssize)length, SANITISE_INPUT_MAX);
    GString *out = g_string_new("<div class=\"postroom-mail\"><pre>");
    if (*text == '\n')
        g_string_append_c(out, '\n');
    escape_text(out, text);
    g_string_append(out, "</pre></div>");
    return g_string_free(out, FALSE);
}

void mime_sanitise(const char *html, gssize length, const struct mime_sanitise *options,
                   struct mime_sanitised *out)
{
    size_t size = MIN(length >= 0 ? (size_t)length : strlen(html), SANITISE_INPUT_MAX);
    struct guarded guarded;
    g_autofree char *valid = charset_to_utf8("utf-8", html, size, NULL);
    *out = (struct mime_sanitised){0};
    guard_read(valid, strlen(valid), &guarded);
    GString *clean = settle(write_all(&guarded, options, out));
    out->html = clean != NULL ? g_string_free(clean, FALSE) : as_text(valid, strlen(valid));
    if (options->remote_images)
        out->blocked_remote = 0;
    guard_clear(&guarded);
}

void mime_sanitised_clear(struct mime_sanitised *out)
{
    g_clear_pointer(&out->html, g_free);
    g_clear_pointer(&out->tracked, g_array_unref);
    out->blocked_remote = out->trackers = 0;
}

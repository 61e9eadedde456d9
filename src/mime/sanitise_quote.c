#include "mime/internal.h"
#include "mime/sanitise.h"

#include <string.h>

static const char *attribute(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found != NULL ? found->value : "";
}

static bool has_class(const GumboNode *node, const char *name)
{
    const char *classes = attribute(node, "class");
    size_t length = strlen(name);
    for (const char *at = strstr(classes, name); at != NULL; at = strstr(at + 1, name))
        if ((at == classes || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' '))
            return true;
    return false;
}

static bool is_quote_class(const GumboNode *node)
{
    static const char *const classes[] = {"gmail_quote",    "yahoo_quoted",
                                          "moz-cite",       "protonmail_quote",
                                          "zmail_extra",    "tutanota_quote",
                                          "postroom-quote", "gmail_quote_container"};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (has_class(node, classes[i]))
            return true;
    return false;
}

/* Web mailers put "x_" before ids of what they quote. */
static bool has_id(const GumboNode *node, const char *wanted)
{
    const char *id = attribute(node, "id");
    while (strncmp(id, "x_", 2) == 0)
        id += 2;
    return strcmp(id, wanted) == 0;
}

static const GumboNode *first_child(const GumboNode *node)
{
    for (unsigned i = 0; i < node->v.element.children.length; i++) {
        const GumboNode *child = node->v.element.children.data[i];
        if (child->type != GUMBO_NODE_WHITESPACE && child->type != GUMBO_NODE_COMMENT)
            return child;
    }
    return NULL;
}

static const char *first_text(const GumboNode *node)
{
    for (int i = 0; node != NULL && i < 12; i++) {
        if (node->type == GUMBO_NODE_TEXT)
            return node->v.text.text;
        node = node->type == GUMBO_NODE_ELEMENT ? first_child(node) : NULL;
    }
    return "";
}

/* Desktop Outlook draws a line and names sender and date below it. */
static bool is_outlook_rule(const GumboNode *node)
{
    for (int i = 0; node != NULL && node->type == GUMBO_NODE_ELEMENT && i < 4; i++) {
        const char *style = attribute(node, "style");
        if (node->v.element.tag == GUMBO_TAG_DIV &&
            (strstr(style, "border-top:solid") != NULL || strstr(style, "BORDER-TOP: ") != NULL))
            return quote_names_sender(first_text(node));
        node = first_child(node);
    }
    return false;
}

enum quote_kind quote_kind_of(const GumboNode *node)
{
    GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_BLOCKQUOTE)
        return QUOTE_SELF;
    if (tag != GUMBO_TAG_DIV)
        return QUOTE_NONE;
    if (has_class(node, "moz-cite-prefix"))
        return QUOTE_UNTIL;
    if (is_quote_class(node) || has_id(node, "OLK_SRC_BODY_SECTION"))
        return QUOTE_SELF;
    if (has_id(node, "divRplyFwdMsg") || has_id(node, "appendonsend") ||
        has_id(node, "mail-editor-reference-message-container") || is_outlook_rule(node))
        return QUOTE_REST;
    return QUOTE_NONE;
}

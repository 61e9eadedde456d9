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

/* --- by what it says, where no mark of a mail program helps */

#define SAID_MAX 600
#define SAID_NODES 80
#define SAID_DEPTH 12

struct said {
    GString *text;
    unsigned nodes;
    bool whole; /* nothing was left out */
};

static bool is_block(GumboTag tag)
{
    return tag == GUMBO_TAG_DIV || tag == GUMBO_TAG_P || tag == GUMBO_TAG_TR ||
           tag == GUMBO_TAG_LI || tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_BR;
}

static void end_line(struct said *said)
{
    if (said->text->len > 0 && said->text->str[said->text->len - 1] != '\n')
        g_string_append_c(said->text, '\n');
}

static void say_text(struct said *said, const char *text)
{
    for (; *text != '\0' && said->text->len < SAID_MAX; text++) {
        bool blank = g_ascii_isspace(*text);
        bool after_blank =
            said->text->len == 0 || g_ascii_isspace(said->text->str[said->text->len - 1]);
        if (!blank || !after_blank)
            g_string_append_c(said->text, blank ? ' ' : *text);
    }
    said->whole = said->whole && *text == '\0';
}

static void say(struct said *said, const GumboNode *node, unsigned depth)
{
    if (++said->nodes > SAID_NODES || depth > SAID_DEPTH || said->text->len >= SAID_MAX) {
        said->whole = false;
        return;
    }
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE)
        say_text(said, node->v.text.text);
    if (node->type != GUMBO_NODE_ELEMENT)
        return;
    for (unsigned i = 0; i < node->v.element.children.length; i++)
        say(said, node->v.element.children.data[i], depth + 1);
    if (is_block(node->v.element.tag))
        end_line(said);
}

/* The next element, when nothing but blanks and line breaks stand before it. */
static const GumboNode *next_element(const GumboNode *node)
{
    const GumboVector *siblings = &node->parent->v.element.children;
    for (unsigned i = (unsigned)node->index_within_parent + 1; i < siblings->length; i++) {
        const GumboNode *next = siblings->data[i];
        if (next->type == GUMBO_NODE_WHITESPACE || next->type == GUMBO_NODE_COMMENT)
            continue;
        if (next->type != GUMBO_NODE_ELEMENT)
            return NULL;
        if (next->v.element.tag != GUMBO_TAG_BR)
            return next;
    }
    return NULL;
}

/* A rule in front of the fields of an older mail. */
static bool rule_before_fields(const GumboNode *rule)
{
    const GumboVector *siblings = &rule->parent->v.element.children;
    struct said said = {g_string_new(NULL), 0, true};
    for (unsigned i = (unsigned)rule->index_within_parent + 1;
         i < siblings->length && said.whole && said.text->len < SAID_MAX / 2; i++)
        say(&said, siblings->data[i], 0);
    bool starts = quote_starts(said.text->str + strspn(said.text->str, " \n"));
    g_string_free(said.text, TRUE);
    return starts;
}

static enum quote_kind kind_by_words(const GumboNode *node)
{
    if (node->parent == NULL || node->parent->type != GUMBO_NODE_ELEMENT)
        return QUOTE_NONE;
    struct said said = {g_string_new(NULL), 0, true};
    enum quote_kind kind = QUOTE_NONE;
    say(&said, node, 0);
    const GumboNode *next = NULL;
    if (quote_starts(said.text->str))
        kind = QUOTE_REST;
    else if (said.whole && quote_attributes(said.text->str))
        next = next_element(node);
    if (next != NULL && next->v.element.tag == GUMBO_TAG_BLOCKQUOTE)
        kind = QUOTE_UNTIL;
    g_string_free(said.text, TRUE);
    return kind;
}

static enum quote_kind kind_by_marks(const GumboNode *node)
{
    if (has_class(node, "moz-cite-prefix"))
        return QUOTE_UNTIL;
    if (is_quote_class(node) || has_id(node, "OLK_SRC_BODY_SECTION"))
        return QUOTE_SELF;
    if (has_id(node, "divRplyFwdMsg") || has_id(node, "appendonsend") ||
        has_id(node, "mail-editor-reference-message-container") || is_outlook_rule(node))
        return QUOTE_REST;
    return QUOTE_NONE;
}

enum quote_kind quote_kind_of(const GumboNode *node)
{
    GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_BLOCKQUOTE)
        return QUOTE_SELF;
    if (tag == GUMBO_TAG_HR)
        return rule_before_fields(node) ? QUOTE_REST : QUOTE_NONE;
    if (tag != GUMBO_TAG_DIV && tag != GUMBO_TAG_P)
        return QUOTE_NONE;
    enum quote_kind kind = tag == GUMBO_TAG_DIV ? kind_by_marks(node) : QUOTE_NONE;
    return kind != QUOTE_NONE ? kind : kind_by_words(node);
}

#include "mime/sanitise.h"

#include <setjmp.h>
#include <string.h>

/* gumbo 0.10 frees its tree by recursion and aborts when memory runs out. It gets an arena instead:
 * all memory goes at once, and a page that needs too much of it ends the parse by a jump. */
#define BLOCK ((size_t)256 << 10)
#define BUDGET_BASE ((size_t)8 << 20)
#define BUDGET_PER_BYTE 64

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

struct tree {
    struct block *blocks;
    size_t total, budget;
    jmp_buf over_budget;
    GumboOutput *output;
};

static void *arena_allocate(void *userdata, size_t size)
{
    struct tree *tree = userdata;
    size = (size + 15) & ~(size_t)15;
    if (tree->blocks == NULL || tree->blocks->size - tree->blocks->used < size) {
        size_t room = MAX(size, BLOCK);
        if (tree->total + room > tree->budget)
            longjmp(tree->over_budget, 1);
        struct block *block = g_malloc(sizeof *block + room);
        block->next = tree->blocks;
        block->used = 0;
        block->size = room;
        tree->blocks = block;
        tree->total += room;
    }
    void *memory = tree->blocks->bytes + tree->blocks->used;
    tree->blocks->used += size;
    return memory;
}

static void arena_deallocate(void *userdata, void *memory)
{
    (void)userdata;
    (void)memory;
}

struct tree *tree_parse(const char *html, size_t length)
{
    struct tree *tree = g_new0(struct tree, 1);
    GumboOptions options = kGumboDefaultOptions;
    tree->budget = BUDGET_BASE + length * BUDGET_PER_BYTE;
    options.allocator = arena_allocate;
    options.deallocator = arena_deallocate;
    options.userdata = tree;
    options.max_errors = 0;
    if (setjmp(tree->over_budget) == 0) {
        tree->output = gumbo_parse_with_options(&options, html, length);
        return tree;
    }
    tree_free(tree);
    return NULL;
}

void tree_free(struct tree *tree)
{
    if (tree == NULL)
        return;
    for (struct block *block = tree->blocks, *next; block != NULL; block = next) {
        next = block->next;
        g_free(block);
    }
    g_free(tree);
}

const GumboNode *tree_body(const struct tree *tree)
{
    const GumboNode *root = tree->output->root;
    for (unsigned i = 0; i < root->v.element.children.length; i++) {
        const GumboNode *child = root->v.element.children.data[i];
        if (child->type == GUMBO_NODE_ELEMENT && child->v.element.tag == GUMBO_TAG_BODY)
            return child;
    }
    return NULL;
}

static void escape(GString *out, const char *text, const char *special)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, special);
        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text == '\0')
            break;
        if (*text == '&')
            g_string_append(out, "&amp;");
        else if (*text == '<')
            g_string_append(out, "&lt;");
        else if (*text == '>')
            g_string_append(out, "&gt;");
        else
            g_string_append(out, "&quot;");
        text++;
    }
}

void escape_text(GString *out, const char *text)
{
    escape(out, text, "&<>");
}

void escape_attribute(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, " %s=\"", name);
    escape(out, value, "&<>\"");
    g_string_append_c(out, '"');
}

static bool is_written(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT &&
           node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML &&
           guard_element_is_allowed(gumbo_normalized_tagname(node->v.element.tag));
}

static bool is_style(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == GUMBO_TAG_STYLE;
}

static void write_open(const GumboNode *node, GString *out)
{
    g_string_append_printf(out, "<%s", gumbo_normalized_tagname(node->v.element.tag));
    for (unsigned i = 0; i < node->v.element.attributes.length; i++) {
        const GumboAttribute *attribute = node->v.element.attributes.data[i];
        escape_attribute(out, attribute->name, attribute->value);
    }
    g_string_append_c(out, '>');
}

static void write_leaf(const GumboNode *node, GString *out)
{
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE) {
        if (node->parent->v.element.tag == GUMBO_TAG_PRE && node->index_within_parent == 0 &&
            node->v.text.text[0] == '\n')
            g_string_append_c(out, '\n');
        escape_text(out, node->v.text.text);
    } else if (is_style(node) && node->v.element.children.length > 0) {
        const GumboNode *text = node->v.element.children.data[0];
        bool tame = strchr(text->v.text.text, '<') == NULL;
        g_string_append_printf(out, "<style>%s</style>", tame ? text->v.text.text : "");
    }
}

static void write_close(const GumboNode *node, GString *out)
{
    const char *name = gumbo_normalized_tagname(node->v.element.tag);
    if (is_written(node) && !guard_is_void(name))
        g_string_append_printf(out, "</%s>", name);
}

void tree_write(const struct tree *tree, GString *out)
{
    const GumboNode *body = tree_body(tree), *parent = body;
    size_t at = 0;
    while (parent != NULL) {
        if (at < parent->v.element.children.length) {
            const GumboNode *child = parent->v.element.children.data[at++];
            if (child->type != GUMBO_NODE_ELEMENT || is_style(child)) {
                write_leaf(child, out);
                continue;
            }
            if (is_written(child))
                write_open(child, out);
            parent = child;
            at = 0;
        } else if (parent == body) {
            return;
        } else {
            write_close(parent, out);
            at = parent->index_within_parent + 1;
            parent = parent->parent;
        }
    }
}

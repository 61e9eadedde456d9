#include "html_check.h"

#include "mime/mime.h"

#include <gumbo.h>
#include <string.h>

static char *image_url(const char *cid, const char *remote, void *arg)
{
    (void)arg;
    g_autofree char *escaped = g_uri_escape_string(cid != NULL ? cid : remote, NULL, FALSE);
    return g_strdup_printf("https://img.test/%s", escaped);
}

static bool is_one_of(const char *name, const char *words)
{
    g_autofree char *spaced = g_strdup_printf(" %s ", name);
    return strstr(words, spaced) != NULL;
}

static void check_css(const char *css)
{
    g_autofree char *lower = g_ascii_strdown(css, -1);
    static const char *const never[] = {"url(",     "@import",   "expression(", "javascript:",
                                        ":fixed",   ":absolute", ":sticky",     "behavior:",
                                        "binding:", "image-set", "\\",          "<",
                                        "image("};
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
        if (strstr(lower, never[i]) != NULL)
            g_error("style sheet with %s: %s", never[i], css);
}

static void check_url(const char *name, const char *value)
{
    bool good = strcmp(name, "href") == 0
                    ? g_str_has_prefix(value, "mailto:") || g_str_has_prefix(value, "tel:")
                    : g_str_has_prefix(value, "data:image/png;base64,") ||
                          g_str_has_prefix(value, "data:image/gif;base64,") ||
                          g_str_has_prefix(value, "data:image/jp") ||
                          g_str_has_prefix(value, "data:image/webp;base64,") ||
                          g_str_has_prefix(value, "data:image/bmp;base64,");
    good |= g_ascii_strncasecmp(value, "http://", 7) == 0 ||
            g_ascii_strncasecmp(value, "https://", 8) == 0;
    g_autofree char *scheme = g_ascii_strdown(value, 12);
    good |= g_str_has_prefix(scheme, "mailto:") || g_str_has_prefix(scheme, "tel:") ||
            g_str_has_prefix(scheme, "data:image/");
    if (!good)
        g_error("address in %s: %s", name, value);
}

static void check_attribute(const GumboElement *element, const GumboAttribute *attribute)
{
    static const char plain[] =
        " align alt aria-hidden aria-label bgcolor border cellpadding cellspacing clear color "
        "colspan "
        "dir face height hspace lang nowrap role rowspan scope size span start title type valign "
        "value vspace width style class id href src target rel ";
    const char *name = attribute->name;
    if (!is_one_of(name, plain))
        g_error("attribute %s=%s", name, attribute->value);
    if (strcmp(name, "style") == 0)
        check_css(attribute->value);
    if (strcmp(name, "href") == 0 || strcmp(name, "src") == 0)
        check_url(name, attribute->value);
    if (strcmp(name, "href") == 0) {
        const GumboAttribute *target = gumbo_get_attribute(&element->attributes, "target");
        const GumboAttribute *rel = gumbo_get_attribute(&element->attributes, "rel");
        g_assert_nonnull(target);
        g_assert_cmpstr(target->value, ==, "_blank");
        g_assert_nonnull(rel);
        g_assert_cmpstr(rel->value, ==, "noopener noreferrer");
    }
    if (strcmp(name, "id") == 0)
        g_assert_true(g_str_has_prefix(attribute->value, "m-"));
}

static void check_element(const GumboNode *node)
{
    static const char allowed[] = " a abbr acronym address article aside b bdi bdo big blockquote "
                                  "br caption center cite code col "
                                  "colgroup dd del dfn dir div dl dt em figcaption figure font "
                                  "footer h1 h2 h3 h4 h5 h6 header hr i "
                                  "img ins kbd li main mark nav ol p pre q s samp section small "
                                  "span strike strong style sub sup "
                                  "table tbody td tfoot th thead time tr tt u ul var wbr ";
    const GumboElement *element = &node->v.element;
    const char *name = gumbo_normalized_tagname(element->tag);
    if (element->tag_namespace != GUMBO_NAMESPACE_HTML || !is_one_of(name, allowed))
        g_error("element <%s>", name);
    for (unsigned i = 0; i < element->attributes.length; i++)
        check_attribute(element, element->attributes.data[i]);
    if (element->tag == GUMBO_TAG_STYLE && element->children.length > 0)
        check_css(((const GumboNode *)element->children.data[0])->v.text.text);
}

static void write_node(const GumboNode *node, GString *out);

static void write_children(const GumboNode *node, GString *out)
{
    for (unsigned i = 0; i < node->v.element.children.length; i++)
        write_node(node->v.element.children.data[i], out);
}

static void write_escaped(GString *out, const char *text, bool attribute)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            g_string_append(out, "&amp;");
        else if (*text == '<')
            g_string_append(out, "&lt;");
        else if (*text == '>')
            g_string_append(out, "&gt;");
        else if (*text == '"' && attribute)
            g_string_append(out, "&quot;");
        else
            g_string_append_c(out, *text);
    }
}

static void write_element(const GumboNode *node, GString *out)
{
    const char *name = gumbo_normalized_tagname(node->v.element.tag);
    check_element(node);
    g_string_append_printf(out, "<%s", name);
    for (unsigned i = 0; i < node->v.element.attributes.length; i++) {
        const GumboAttribute *attribute = node->v.element.attributes.data[i];
        g_string_append_printf(out, " %s=\"", attribute->name);
        write_escaped(out, attribute->value, true);
        g_string_append_c(out, '"');
    }
    g_string_append_c(out, '>');
    if (is_one_of(name, " br col hr img wbr "))
        return;
    if (node->v.element.tag == GUMBO_TAG_STYLE && node->v.element.children.length > 0)
        g_string_append(out, ((const GumboNode *)node->v.element.children.data[0])->v.text.text);
    else
        write_children(node, out);
    g_string_append_printf(out, "</%s>", name);
}

static void write_node(const GumboNode *node, GString *out)
{
    switch (node->type) {
    case GUMBO_NODE_ELEMENT:
        write_element(node, out);
        break;
    case GUMBO_NODE_TEXT:
    case GUMBO_NODE_WHITESPACE:
        if (node->parent->v.element.tag == GUMBO_TAG_PRE && node->index_within_parent == 0 &&
            node->v.text.text[0] == '\n')
            g_string_append_c(out, '\n');
        write_escaped(out, node->v.text.text, false);
        break;
    default:
        g_error("a node that is neither element nor text: %s", node->v.text.text);
    }
}

/* The HTML is what its own tree writes: no browser reads another thing than was checked. */
static void check_clean(const char *html)
{
    g_autofree char *page = g_strconcat("<!DOCTYPE html>", html, NULL);
    GumboOutput *output = gumbo_parse(page);
    g_autoptr(GString) again = g_string_new(NULL);
    const GumboNode *root = output->root;
    for (unsigned i = 0; i < root->v.element.children.length; i++) {
        const GumboNode *child = root->v.element.children.data[i];
        if (child->type == GUMBO_NODE_ELEMENT)
            write_children(child, again);
    }
    g_assert_cmpstr(html, ==, again->str);
    gumbo_destroy_output(&kGumboDefaultOptions, output);
}

char *html_check_clean(const char *html)
{
    struct mime_sanitise options = {.image_url = image_url, .remote_images = true};
    struct mime_sanitised result;
    mime_sanitise(html, -1, &options, &result);
    check_clean(result.html);
    g_assert_cmpuint(result.blocked_remote, ==, 0);
    char *clean = g_steal_pointer(&result.html);
    mime_sanitised_clear(&result);
    return clean;
}

static void check_blocked(const char *html)
{
    struct mime_sanitise options = {.image_url = image_url};
    struct mime_sanitised result;
    mime_sanitise(html, -1, &options, &result);
    check_clean(result.html);
    if (strstr(result.html, "https://img.test/http") != NULL)
        g_error("a remote image without consent");
    mime_sanitised_clear(&result);
}

void html_check_sanitised(const char *html)
{
    g_free(html_check_clean(html));
    check_blocked(html);
}

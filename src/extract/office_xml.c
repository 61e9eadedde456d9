#include "extract/extract.h"

#include <expat.h>
#include <string.h>

struct office_xml {
    XML_Parser parser;
    enum office_format format;
    struct extract_out *out;
    unsigned depth;
    unsigned text;    /* depth of the outermost element whose characters are text; 0: none */
    unsigned skipped; /* depth of the outermost element that is left out; 0: none */
    bool is_number;   /* the sheet's cell holds its own value */
    bool failed;
};

/* Names without their prefix: writers choose prefixes freely, and no two of the formats' elements
 * that matter differ by namespace alone. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

static bool is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

static bool holds_text(const struct office_xml *xml, const char *name)
{
    if (xml->format == OFFICE_ODF)
        return strcmp(name, "p") == 0 || strcmp(name, "h") == 0;
    return strcmp(name, "t") == 0 || strcmp(name, "text") == 0 ||
           (xml->format == OFFICE_SHEET && xml->is_number && strcmp(name, "v") == 0);
}

/* Deleted text, how Japanese words are read aloud, and the second picture of what was drawn. */
static bool is_skipped(const char *name)
{
    static const char *const names[] = {"tracked-changes", "rPh", "Fallback", NULL};
    return is_one_of(name, names);
}

static bool ends_word(const char *name)
{
    static const char *const names[] = {"tab",        "br", "cr",         "s",
                                        "line-break", "c",  "table-cell", NULL};
    return is_one_of(name, names);
}

static bool ends_line(const char *name)
{
    static const char *const names[] = {"p",  "h",         "si",      "is", "row",
                                        "tr", "table-row", "comment", NULL};
    return is_one_of(name, names);
}

static const char *attribute(const char **attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(local_name(attributes[0]), name) == 0)
            return attributes[1];
    return NULL;
}

static void put(struct office_xml *xml, const char *text)
{
    extract_put(xml->out, text, strlen(text));
}

/* Names of sheets are text too. */
static void put_sheet_name(struct office_xml *xml, const char **attributes)
{
    const char *sheet = attribute(attributes, "name");
    if (sheet != NULL) {
        put(xml, sheet);
        put(xml, "\n");
    }
}

static void stop(struct office_xml *xml)
{
    xml->failed = true;
    XML_StopParser(xml->parser, XML_FALSE);
}

static void XMLCALL on_start(void *arg, const char *full_name, const char **attributes)
{
    struct office_xml *xml = arg;
    const char *name = local_name(full_name);
    if (++xml->depth > EXTRACT_DEPTH_MAX) {
        stop(xml);
        return;
    }
    if (xml->format == OFFICE_SHEET && strcmp(name, "c") == 0) {
        const char *type = attribute(attributes, "t");
        xml->is_number = type == NULL || strcmp(type, "n") == 0 || strcmp(type, "str") == 0 ||
                         strcmp(type, "d") == 0;
    }
    if (xml->skipped == 0 && is_skipped(name))
        xml->skipped = xml->depth;
    if (xml->text == 0 && holds_text(xml, name))
        xml->text = xml->depth;
    if (xml->format == OFFICE_BOOK && strcmp(name, "sheet") == 0)
        put_sheet_name(xml, attributes);
}

static void XMLCALL on_end(void *arg, const char *full_name)
{
    struct office_xml *xml = arg;
    const char *name = local_name(full_name);
    if (xml->skipped == 0 && ends_line(name))
        put(xml, "\n");
    else if (xml->skipped == 0 && ends_word(name))
        put(xml, " ");
    if (xml->skipped == xml->depth)
        xml->skipped = 0;
    if (xml->text == xml->depth)
        xml->text = 0;
    xml->depth--;
}

static void XMLCALL on_text(void *arg, const char *text, int length)
{
    struct office_xml *xml = arg;
    if (xml->text > 0 && xml->skipped == 0 && length > 0)
        extract_put(xml->out, text, (size_t)length);
}

/* Where there is no document type there are no entities. */
static void XMLCALL on_doctype(void *arg, const char *name, const char *system, const char *public,
                               int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(arg);
}

struct office_xml *office_xml_new(enum office_format format, struct extract_out *out)
{
    struct office_xml *xml = g_new0(struct office_xml, 1);
    xml->parser = XML_ParserCreate(NULL);
    xml->format = format;
    xml->out = out;
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return xml;
}

bool office_xml_feed(struct office_xml *xml, const char *bytes, size_t length, bool last)
{
    return XML_Parse(xml->parser, bytes, (int)length, last) == XML_STATUS_OK && !xml->failed;
}

void office_xml_free(struct office_xml *xml)
{
    XML_ParserFree(xml->parser);
    g_free(xml);
}

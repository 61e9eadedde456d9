#include "jmap/email/object.h"

/* RFC 8621, 4.1.4. */

static bool wants_part(const struct jmap_email_want *want, enum jmap_part_field field)
{
    return want->part_fields & JMAP_FIELD(field);
}

static json_t *languages(const char *const *language)
{
    json_t *list;

    if (language == NULL)
        return json_null();
    list = json_array();
    for (size_t i = 0; language[i] != NULL; i++)
        json_array_append_new(list, jmap_json_text(language[i]));
    return list;
}

static json_t *part_field(const struct jmap_email_source *source, const struct mime_part *part,
                          enum jmap_part_field field)
{
    g_autofree char *blob = NULL;

    switch (field) {
    case JMAP_PART_ID:
        return jmap_json_text(part->part_id);
    case JMAP_PART_BLOB_ID:
        if (part->part_id != NULL)
            blob = jmap_blob_part_id(source->blob, part->part_id);
        return jmap_json_text(blob);
    case JMAP_PART_SIZE:
        return json_integer((json_int_t)part->size);
    case JMAP_PART_NAME:
        return jmap_json_text(part->name);
    case JMAP_PART_TYPE:
        return jmap_json_text(part->type);
    case JMAP_PART_CHARSET:
        return jmap_json_text(part->charset);
    case JMAP_PART_DISPOSITION:
        return jmap_json_text(part->disposition);
    case JMAP_PART_CID:
        return jmap_json_text(part->cid);
    case JMAP_PART_LANGUAGE:
        return languages(part->language);
    case JMAP_PART_LOCATION:
        return jmap_json_text(part->location);
    default:
        return json_null();
    }
}

static bool add_part_headers(json_t *object, const struct jmap_email_source *source, size_t index,
                             const struct jmap_email_want *want, size_t *budget)
{
    size_t count;
    const struct mime_header *headers;

    if (!wants_part(want, JMAP_PART_HEADERS) && want->part_headers->len == 0)
        return true;
    headers = mime_headers(source->mail, (int)index, &count);
    if (wants_part(want, JMAP_PART_HEADERS) &&
        !jmap_put(object, "headers", jmap_header_list(headers, count), budget))
        return false;
    return jmap_header_put(object, want->part_headers, headers, count, budget);
}

/* NULL: over the budget. */
static json_t *part_object(const struct jmap_email_source *source, size_t index,
                           const struct jmap_email_want *want, size_t *budget)
{
    static const char *const names[] = {"partId",  "blobId",      "size", "name",     "type",
                                        "charset", "disposition", "cid",  "language", "location"};
    const struct mime_part *part = mime_part(source->mail, index);
    json_t *object = json_object();
    bool fits = true;

    for (unsigned field = 0; field < G_N_ELEMENTS(names); field++)
        if (fits && wants_part(want, field))
            fits = jmap_put(object, names[field], part_field(source, part, field), budget);
    if (!fits || !add_part_headers(object, source, index, want, budget)) {
        json_decref(object);
        return NULL;
    }
    /* The default properties do not name subParts, yet a structure without them is none. */
    if (part->is_multipart)
        json_object_set_new(object, "subParts", json_array());
    else if (wants_part(want, JMAP_PART_SUB_PARTS))
        json_object_set_new(object, "subParts", json_null());
    return object;
}

/* Parents come before their children, so one pass hangs each part where it belongs. */
static bool add_structure(json_t *object, const struct jmap_email_source *source,
                          const struct jmap_email_want *want, size_t *budget)
{
    size_t count = source->mail != NULL ? mime_part_count(source->mail) : 0;
    g_autofree json_t **objects = g_new0(json_t *, count + 1);

    if (count == 0)
        json_object_set_new(object, "bodyStructure", json_null());
    for (size_t i = 0; i < count; i++) {
        int parent = mime_part(source->mail, i)->parent;

        objects[i] = part_object(source, i, want, budget);
        if (objects[i] == NULL)
            return false;
        if (i == 0)
            json_object_set_new(object, "bodyStructure", objects[i]);
        else if (parent >= 0 && (size_t)parent < i)
            json_array_append_new(json_object_get(objects[parent], "subParts"), objects[i]);
    }
    return true;
}

static bool fill_list(json_t *list, const struct jmap_email_source *source, const int *indices,
                      size_t count, const struct jmap_email_want *want, size_t *budget)
{
    for (size_t i = 0; i < count; i++) {
        json_t *part = part_object(source, (size_t)indices[i], want, budget);

        if (part == NULL)
            return false;
        json_array_append_new(list, part);
    }
    return true;
}

/* The tag that html ends in, if only with its "<"; or NULL. A ">" between quotes ends none. */
static char *open_tag(char *html)
{
    char *open = NULL, quote = '\0';

    for (char *c = html; *c != '\0'; c++) {
        if (open == NULL)
            open = *c == '<' && (g_ascii_isalpha(c[1]) || strchr("/!?", c[1]) != NULL) ? c : NULL;
        else if (quote != '\0')
            quote = *c == quote ? '\0' : quote;
        else if (*c == '>')
            open = NULL;
        else if ((*c == '"' || *c == '\'') && c[-1] == '=')
            quote = *c;
    }
    return open;
}

/* Cuts text at max bytes, not inside a character, and not inside a tag of HTML. */
static bool truncate_value(char *text, size_t max, bool is_html)
{
    size_t length = strlen(text);
    char *open;

    if (max == 0 || length <= max)
        return false;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    text[max] = '\0';
    open = is_html ? open_tag(text) : NULL;
    if (open != NULL)
        *open = '\0';
    return true;
}

static bool add_value(json_t *values, const struct jmap_email_source *source, size_t index,
                      const struct jmap_email_want *want, size_t *budget)
{
    const struct mime_part *part = mime_part(source->mail, index);
    g_autofree char *text = NULL;
    bool problem = false, truncated;
    size_t length;

    if (part->is_multipart || !g_str_has_prefix(part->type, "text/") ||
        json_object_get(values, part->part_id) != NULL)
        return true;
    text = mime_part_text(source->mail, index, 0, &problem);
    truncated = truncate_value(text, want->max_value, strcmp(part->type, "text/html") == 0);
    length = strlen(text);
    if (length > *budget)
        return false;
    *budget -= length;
    json_object_set_new(values, part->part_id,
                        json_pack("{s: o, s: b, s: b}", "value", jmap_json_text(text),
                                  "isEncodingProblem", problem, "isTruncated", truncated));
    return true;
}

static bool add_values(json_t *values, const struct jmap_email_source *source, const int *indices,
                       size_t count, const struct jmap_email_want *want, size_t *budget)
{
    for (size_t i = 0; i < count; i++)
        if (!add_value(values, source, (size_t)indices[i], want, budget))
            return false;
    return true;
}

static bool body_values(json_t *values, const struct jmap_email_source *source,
                        const struct jmap_email_want *want, size_t *budget)
{
    size_t count;
    const int *indices;

    if (want->all_values)
        for (size_t i = 0; i < mime_part_count(source->mail); i++)
            if (!add_value(values, source, i, want, budget))
                return false;
    indices = mime_text_body(source->mail, &count);
    if (want->text_values && !add_values(values, source, indices, count, want, budget))
        return false;
    indices = mime_html_body(source->mail, &count);
    return !want->html_values || add_values(values, source, indices, count, want, budget);
}

static bool add_lists(json_t *object, const struct jmap_email_source *source,
                      const struct jmap_email_want *want, size_t *budget)
{
    static const struct {
        enum jmap_email_field field;
        const char *name;
        const int *(*indices)(const struct mime_mail *, size_t *);
    } lists[] = {
        {JMAP_EMAIL_TEXT_BODY, "textBody", mime_text_body},
        {JMAP_EMAIL_HTML_BODY, "htmlBody", mime_html_body},
        {JMAP_EMAIL_ATTACHMENTS, "attachments", mime_attachments},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        size_t count = 0;
        const int *indices = NULL;
        json_t *list;

        if (!jmap_email_wants(want, lists[i].field))
            continue;
        if (source->mail != NULL)
            indices = lists[i].indices(source->mail, &count);
        list = json_array();
        json_object_set_new(object, lists[i].name, list);
        if (!fill_list(list, source, indices, count, want, budget))
            return false;
    }
    return true;
}

bool jmap_email_body(json_t *object, const struct jmap_email_source *source,
                     const struct jmap_email_want *want, size_t *budget)
{
    json_t *values;

    if (!add_lists(object, source, want, budget) ||
        (jmap_email_wants(want, JMAP_EMAIL_BODY_STRUCTURE) &&
         !add_structure(object, source, want, budget)))
        return false;
    if (!jmap_email_wants(want, JMAP_EMAIL_BODY_VALUES))
        return true;
    values = json_object();
    json_object_set_new(object, "bodyValues", values);
    return source->mail == NULL || body_values(values, source, want, budget);
}

#include "jmap/email/draft.h"

#define PARTS_MAX 500

struct jmap_draft_part *jmap_draft_part_new(const char *type)
{
    struct jmap_draft_part *part = g_new0(struct jmap_draft_part, 1);

    part->type = g_ascii_strdown(type, -1);
    part->headers = g_array_new(FALSE, FALSE, sizeof(struct mime_header));
    part->fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_str_has_prefix(part->type, "multipart/"))
        part->children = g_ptr_array_new_with_free_func((GDestroyNotify)jmap_draft_part_free);
    return part;
}

void jmap_draft_part_free(struct jmap_draft_part *part)
{
    if (part == NULL)
        return;
    for (size_t i = 0; i < part->headers->len; i++) {
        const struct mime_header *header = &g_array_index(part->headers, struct mime_header, i);

        g_free((char *)(uintptr_t)header->name);
        g_free((char *)(uintptr_t)header->value);
    }
    g_array_unref(part->headers);
    g_hash_table_unref(part->fields);
    if (part->children != NULL)
        g_ptr_array_unref(part->children);
    if (part->bytes != NULL)
        g_bytes_unref(part->bytes);
    g_free(part->type);
    g_free(part->name);
    g_free(part->disposition);
    g_free(part->cid);
    g_free(part->charset);
    g_free(part);
}

/* --- reading an EmailBodyPart --- */

static const char *plain_string(const json_t *value)
{
    const char *text = json_string_value(value);

    if (text == NULL || strlen(text) != json_string_length(value) || strpbrk(text, "\r\n") != NULL)
        return NULL;
    return text;
}

/* A property that is a string or null. */
static bool read_string(json_t *value, char **slot)
{
    if (json_is_null(value))
        return true;
    *slot = g_strdup(plain_string(value));
    return *slot != NULL;
}

bool jmap_draft_part_claim(struct jmap_draft_part *part, const char *field)
{
    return g_hash_table_add(part->fields, g_ascii_strdown(field, -1));
}

/* false: a header property stood for the field already. */
static bool add_part_header(struct jmap_draft_part *part, const char *field, const char *value)
{
    struct mime_header header = {g_strdup(field), g_strdup(value)};

    g_array_append_val(part->headers, header);
    return jmap_draft_part_claim(part, field);
}

static bool read_language(struct jmap_draft_part *part, json_t *value)
{
    GString *list = g_string_new(NULL);
    json_t *item;
    size_t i;
    bool ok = json_is_array(value);

    json_array_foreach(value, i, item)
    {
        if (plain_string(item) == NULL)
            ok = false;
        else
            g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    }
    if (ok && list->len > 0)
        ok = add_part_header(part, "Content-Language", list->str);
    g_string_free(list, TRUE);
    return ok || json_is_null(value);
}

static bool read_location(struct jmap_draft_part *part, json_t *value)
{
    if (json_is_null(value))
        return true;
    return plain_string(value) != NULL &&
           add_part_header(part, "Content-Location", json_string_value(value));
}

static bool value_is_whole(const json_t *value)
{
    json_t *problem = json_object_get(value, "isEncodingProblem");
    json_t *truncated = json_object_get(value, "isTruncated");

    return (problem == NULL || json_is_false(problem)) &&
           (truncated == NULL || json_is_false(truncated));
}

/* The content from bodyValues. */
static bool read_value(struct jmap_draft *draft, struct jmap_draft_part *part, json_t *json)
{
    const char *id = plain_string(json_object_get(json, "partId"));
    json_t *values = json_object_get(draft->object, "bodyValues");
    json_t *value = id != NULL ? json_object_get(values, id) : NULL;
    json_t *text = json_object_get(value, "value");

    if (!json_is_string(text) || !g_str_has_prefix(part->type, "text/") ||
        json_object_get(json, "charset") != NULL || json_object_get(json, "size") != NULL ||
        strlen(json_string_value(text)) != json_string_length(text))
        return false;
    part->bytes = g_bytes_new(json_string_value(text), json_string_length(text));
    part->is_value = true;
    return true;
}

/* A word that can stand in Content-Type. */
static bool read_charset(struct jmap_draft_part *part, const json_t *value)
{
    const char *text = json_string_value(value);

    if (value == NULL || json_is_null(value))
        return true;
    if (text == NULL || text[0] == '\0' || json_string_length(value) > 60)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("-._:+", *c) == NULL)
            return false;
    part->charset = g_strdup(text);
    return strlen(text) == json_string_length(value);
}

static bool read_blob(struct jmap_draft *draft, struct jmap_draft_part *part, json_t *json)
{
    json_t *value = json_object_get(json, "blobId");
    const char *id = jmap_id_resolve(draft->call->request, plain_string(value));

    if (!json_is_string(value) || !read_charset(part, json_object_get(json, "charset")))
        return false;
    part->bytes = jmap_blob_load(draft->call->request->jmap, draft->call->access, id, NULL);
    if (part->bytes == NULL) {
        part->bytes = g_bytes_new_static("", 0);
        json_array_append(draft->missing, value);
    }
    return true;
}

static bool is_set(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);

    return value != NULL && !json_is_null(value);
}

static struct jmap_draft_part *read_part(struct jmap_draft *draft, json_t *json,
                                         const char *fallback);

static bool read_children(struct jmap_draft *draft, struct jmap_draft_part *part, json_t *json)
{
    json_t *list = json_object_get(json, "subParts"), *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0 || is_set(json, "partId") ||
        is_set(json, "blobId"))
        return false;
    json_array_foreach(list, i, item)
    {
        struct jmap_draft_part *child = read_part(draft, item, "text/plain");

        if (child == NULL)
            return false;
        g_ptr_array_add(part->children, child);
    }
    return true;
}

static bool read_content(struct jmap_draft *draft, struct jmap_draft_part *part, json_t *json)
{
    bool ok;

    if (part->children != NULL)
        return read_children(draft, part, json);
    if (is_set(json, "subParts") || is_set(json, "partId") == is_set(json, "blobId"))
        return false;
    ok = is_set(json, "partId") ? read_value(draft, part, json) : read_blob(draft, part, json);
    if (ok)
        draft->bytes += g_bytes_get_size(part->bytes);
    return ok && draft->bytes <= JMAP_MAX_MESSAGE;
}

static bool read_part_property(struct jmap_draft_part *part, const char *name, json_t *value)
{
    static const char *const elsewhere[] = {"partId", "blobId",  "type", "subParts",
                                            "size",   "charset", NULL};

    if (g_strv_contains(elsewhere, name))
        return true;
    if (strcmp(name, "name") == 0)
        return read_string(value, &part->name);
    if (strcmp(name, "disposition") == 0)
        return read_string(value, &part->disposition);
    if (strcmp(name, "cid") == 0)
        return read_string(value, &part->cid);
    if (strcmp(name, "language") == 0)
        return read_language(part, value);
    if (strcmp(name, "location") == 0)
        return read_location(part, value);
    return jmap_draft_part_header(part, name, value);
}

/* A header field that says the same as a property, or that the content decides. */
static bool headers_conflict(const struct jmap_draft_part *part, json_t *json)
{
    for (size_t i = 0; i < part->headers->len; i++) {
        const char *field = g_array_index(part->headers, struct mime_header, i).name;

        if (g_ascii_strcasecmp(field, "Content-Type") == 0 &&
            (is_set(json, "type") || is_set(json, "partId") || part->children != NULL))
            return true;
        if (g_ascii_strcasecmp(field, "Content-Disposition") == 0 &&
            (part->disposition != NULL || part->name != NULL))
            return true;
        if (g_ascii_strcasecmp(field, "Content-ID") == 0 && part->cid != NULL)
            return true;
    }
    return false;
}

/* NULL when it is not valid. Recursion is bounded by the depth of JSON. */
static struct jmap_draft_part *read_part(struct jmap_draft *draft, json_t *json,
                                         const char *fallback)
{
    json_t *type = json_object_get(json, "type"), *value;
    struct jmap_draft_part *part;
    const char *key;
    bool ok = true;

    if (!json_is_object(json) || ++draft->parts > PARTS_MAX ||
        (type != NULL && !json_is_null(type) && plain_string(type) == NULL))
        return NULL;
    part = jmap_draft_part_new(json_is_string(type) ? json_string_value(type) : fallback);
    json_object_foreach(json, key, value) ok = ok && read_part_property(part, key, value);
    if (!ok || headers_conflict(part, json) || !read_content(draft, part, json)) {
        jmap_draft_part_free(part);
        return NULL;
    }
    return part;
}

/* --- the three lists --- */

/* textBody or htmlBody: exactly one part, of that type. */
static struct jmap_draft_part *read_single(struct jmap_draft *draft, const char *property,
                                           const char *type)
{
    json_t *list = json_object_get(draft->object, property);
    struct jmap_draft_part *part = NULL;

    if (list == NULL || json_is_null(list))
        return NULL;
    if (json_is_array(list) && json_array_size(list) == 1)
        part = read_part(draft, json_array_get(list, 0), type);
    if (part != NULL && strcmp(part->type, type) == 0)
        return part;
    jmap_draft_part_free(part);
    jmap_draft_bad(draft, property);
    return NULL;
}

static struct jmap_draft_part *wrap(const char *type, struct jmap_draft_part *first,
                                    struct jmap_draft_part *second)
{
    struct jmap_draft_part *part;

    if (first == NULL || second == NULL)
        return first != NULL ? first : second;
    part = jmap_draft_part_new(type);
    g_ptr_array_add(part->children, first);
    g_ptr_array_add(part->children, second);
    return part;
}

static struct jmap_draft_part *add_to(const char *type, struct jmap_draft_part *whole,
                                      struct jmap_draft_part *part)
{
    if (whole == NULL || strcmp(whole->type, type) != 0) {
        struct jmap_draft_part *outer = jmap_draft_part_new(type);

        if (whole != NULL)
            g_ptr_array_add(outer->children, whole);
        whole = outer;
    }
    g_ptr_array_add(whole->children, part);
    return whole;
}

/* Attached parts; images that the HTML shows by their cid stay with it (RFC 2387). */
static void read_attachments(struct jmap_draft *draft, struct jmap_draft_part **html,
                             GPtrArray *others)
{
    json_t *list = json_object_get(draft->object, "attachments"), *item;
    size_t i;

    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        jmap_draft_bad(draft, "attachments");
    json_array_foreach(list, i, item)
    {
        struct jmap_draft_part *part = read_part(draft, item, "application/octet-stream");

        if (part == NULL || part->children != NULL) {
            jmap_draft_part_free(part);
            jmap_draft_bad(draft, "attachments");
            return;
        }
        if (*html != NULL && part->cid != NULL && g_strcmp0(part->disposition, "inline") == 0) {
            *html = add_to("multipart/related", *html, part);
            continue;
        }
        if (part->disposition == NULL)
            part->disposition = g_strdup("attachment");
        g_ptr_array_add(others, part);
    }
}

static struct jmap_draft_part *empty_text(void)
{
    struct jmap_draft_part *part = jmap_draft_part_new("text/plain");

    part->bytes = g_bytes_new_static("", 0);
    part->is_value = true;
    return part;
}

static void read_lists(struct jmap_draft *draft)
{
    struct jmap_draft_part *text = read_single(draft, "textBody", "text/plain");
    struct jmap_draft_part *html = read_single(draft, "htmlBody", "text/html"), *body;
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    read_attachments(draft, &html, others);
    body = wrap("multipart/alternative", text, html);
    for (size_t i = 0; i < others->len; i++)
        body = add_to("multipart/mixed", body, g_ptr_array_index(others, i));
    draft->body = body != NULL ? body : empty_text();
}

static bool values_are_whole(json_t *values)
{
    const char *id;
    json_t *value;
    bool ok = values == NULL || json_is_object(values);

    json_object_foreach(values, id, value) ok = ok && value_is_whole(value);
    return ok;
}

/* The outermost part's header is the message's too. */
static bool repeats_a_field(const struct jmap_draft *draft)
{
    for (size_t i = 0; draft->body != NULL && i < draft->body->headers->len; i++) {
        const char *name = g_array_index(draft->body->headers, struct mime_header, i).name;
        g_autofree char *field = g_ascii_strdown(name, -1);

        if (g_hash_table_contains(draft->fields, field))
            return true;
    }
    return false;
}

static void read_structure(struct jmap_draft *draft, json_t *structure)
{
    if (is_set(draft->object, "textBody") || is_set(draft->object, "htmlBody") ||
        is_set(draft->object, "attachments"))
        jmap_draft_bad(draft, "bodyStructure");
    draft->body = read_part(draft, structure, "text/plain");
    if (draft->body == NULL)
        jmap_draft_bad(draft, "bodyStructure");
}

void jmap_draft_read_body(struct jmap_draft *draft)
{
    json_t *structure = json_object_get(draft->object, "bodyStructure");

    if (!values_are_whole(json_object_get(draft->object, "bodyValues")))
        jmap_draft_bad(draft, "bodyValues");
    if (structure != NULL)
        read_structure(draft, structure);
    else
        read_lists(draft);
    if (repeats_a_field(draft))
        jmap_draft_bad(draft, structure != NULL                   ? "bodyStructure"
                              : is_set(draft->object, "textBody") ? "textBody"
                                                                  : "htmlBody");
}

#include "jmap/email/draft.h"

/* Leaves are written by mime, which knows encodings, charsets and file names; what stands around
 * them, a structure as the client wants it, is written here. */

#define VERSION "MIME-Version: 1.0\r\n"

/* One leaf: its header as text of our own, its body a slice of what mime wrote. */
struct entity {
    GBytes *message;
    GString *header; /* without the empty line */
    const char *body;
    size_t body_length;
};

static void entity_clear(struct entity *entity)
{
    if (entity->message != NULL)
        g_bytes_unref(entity->message);
    if (entity->header != NULL)
        g_string_free(entity->header, TRUE);
    *entity = (struct entity){0};
}

/* mime names a property by its path: "attachments/0/name: …". (transfer full) */
static char *property_of(const GError *error)
{
    g_auto(GStrv) halves = g_strsplit(error->message, ":", 2);
    const char *last = strrchr(halves[0], '/');

    return g_strdup(last != NULL ? last + 1 : halves[0]);
}

/* NULL with the property that mime refused. */
static GBytes *compose(const struct mime_draft *options, char **problem)
{
    struct mail_summary *summary = mail_summary_new();
    struct mime_draft draft = *options;
    g_autoptr(GError) error = NULL;
    GBytes *message;

    summary->sent_at = INT64_MIN;
    draft.summary = summary;
    draft.keep_bcc = true;
    message = mime_compose(&draft, &error);
    mail_summary_free(summary);
    if (message == NULL)
        *problem = property_of(error);
    return message;
}

/* Where the entity starts and ends: behind mime's own fields, or as the only part of a multipart.
 */
static void entity_cut(struct entity *entity, bool is_inner)
{
    gsize size;
    const char *data = g_bytes_get_data(entity->message, &size), *end = data + size;
    const char *start = g_strstr_len(data, (gssize)size, VERSION) + strlen(VERSION), *blank;

    if (is_inner) {
        const char *line = g_strstr_len(start, end - start, "\r\n\r\n--") + 4;
        const char *line_end = g_strstr_len(line, end - line, "\r\n");

        start = line_end + 2;
        end -= (line_end - line) + strlen("--\r\n");
    }
    blank = g_strstr_len(start, end - start, "\r\n\r\n");
    entity->header = g_string_new_len(start, blank + 2 - start);
    entity->body = blank + 4;
    entity->body_length = (size_t)(end - entity->body);
}

static bool text_entity(const struct jmap_draft_part *part, struct entity *entity, char **problem)
{
    gsize size;
    const char *data = g_bytes_get_data(part->bytes, &size);
    g_autofree char *text = g_strndup(data != NULL ? data : "", size);
    struct mime_draft draft = {0};

    if (strcmp(part->type, "text/html") == 0)
        draft.html = text;
    else
        draft.text = text;
    entity->message = compose(&draft, problem);
    if (entity->message == NULL)
        return false;
    entity_cut(entity, false);
    return true;
}

static bool file_entity(const struct jmap_draft_part *part, GBytes *bytes, struct entity *entity,
                        char **problem)
{
    const struct mime_attachment attachment = {
        .type = part->type,
        .name = part->name,
        .disposition = part->disposition != NULL ? part->disposition : "attachment",
        .cid = part->cid,
        .bytes = bytes,
    };
    const struct mime_draft draft = {.attachments = &attachment, .attachment_count = 1};

    entity->message = compose(&draft, problem);
    if (entity->message == NULL)
        return false;
    entity_cut(entity, true);
    return true;
}

/* Takes a field with its folded lines out of a header. */
static void drop_field(GString *header, const char *field)
{
    size_t at = 0, length = strlen(field);

    while (at < header->len) {
        const char *end = strstr(header->str + at, "\r\n");

        while (end != NULL && (end[2] == ' ' || end[2] == '\t'))
            end = strstr(end + 2, "\r\n");
        if (end == NULL)
            return;
        if (g_ascii_strncasecmp(header->str + at, field, length) == 0 &&
            header->str[at + length] == ':')
            g_string_erase(header, (gssize)at, end + 2 - (header->str + at));
        else
            at = (size_t)(end + 2 - header->str);
    }
}

/* Fields of the client's own, written by mime into a message that has nothing else. */
static bool write_headers(const struct jmap_draft_part *part, GString *out, char **problem)
{
    const struct mime_draft draft = {
        .extra = (const struct mime_header *)(void *)part->headers->data,
        .extra_count = part->headers->len,
        .text = "",
    };
    g_autoptr(GBytes) message = NULL;
    const char *data;
    gsize size;

    if (part->headers->len == 0)
        return true;
    message = compose(&draft, problem);
    if (message == NULL)
        return false;
    data = g_bytes_get_data(message, &size);
    g_string_append_len(out, data, g_strstr_len(data, (gssize)size, VERSION) - data);
    return true;
}

static bool is_text(const struct jmap_draft_part *part)
{
    return part->is_value &&
           (strcmp(part->type, "text/plain") == 0 || strcmp(part->type, "text/html") == 0);
}

/* Name, disposition and cid of a text that is shown: the fields that mime writes for a file. */
static bool add_file_fields(const struct jmap_draft_part *part, GString *header, char **problem)
{
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    struct entity file = {0};

    if (part->name == NULL && part->disposition == NULL && part->cid == NULL)
        return true;
    if (!file_entity(part, nothing, &file, problem))
        return false;
    drop_field(file.header, "Content-Type");
    drop_field(file.header, "Content-Transfer-Encoding");
    g_string_prepend_len(header, file.header->str, (gssize)file.header->len);
    entity_clear(&file);
    return true;
}

/* What goes as a file does, but its charset is known. */
static void add_charset(GString *header, const char *type, const char *charset)
{
    g_autofree char *field = g_strdup_printf("Content-Type: %s; charset=%s\r\n", type, charset);

    drop_field(header, "Content-Type");
    g_string_prepend(header, field);
}

static bool leaf_entity(const struct jmap_draft_part *part, struct entity *entity, char **problem)
{
    bool ok = is_text(part) ? text_entity(part, entity, problem)
                            : file_entity(part, part->bytes, entity, problem);

    if (ok && is_text(part))
        ok = add_file_fields(part, entity->header, problem);
    else if (ok && (part->is_value || part->charset != NULL))
        add_charset(entity->header, part->type, part->is_value ? "utf-8" : part->charset);
    return ok;
}

static bool write_leaf(const struct jmap_draft_part *part, GString *out, char **problem)
{
    struct entity entity = {0};
    bool ok = leaf_entity(part, &entity, problem) && write_headers(part, out, problem);

    if (ok) {
        if (part->disposition == NULL && part->name == NULL)
            drop_field(entity.header, "Content-Disposition");
        for (size_t i = 0; i < part->headers->len; i++)
            drop_field(entity.header, g_array_index(part->headers, struct mime_header, i).name);
        g_string_append_len(out, entity.header->str, (gssize)entity.header->len);
        g_string_append(out, "\r\n");
        g_string_append_len(out, entity.body, (gssize)entity.body_length);
    }
    entity_clear(&entity);
    return ok;
}

static bool multipart_type_is_sound(const char *type)
{
    const char *c = type + strlen("multipart/");

    for (; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("-.+_", *c) == NULL)
            return false;
    return c[-1] != '/' && strlen(type) <= 127;
}

static void open_multipart(const struct jmap_draft_part *part, const char *boundary, GString *out)
{
    const struct jmap_draft_part *first = g_ptr_array_index(part->children, 0);

    g_string_append_printf(out, "Content-Type: %s; boundary=\"%s\"", part->type, boundary);
    if (strcmp(part->type, "multipart/related") == 0)
        g_string_append_printf(out, "; type=\"%s\"", first->type);
    g_string_append(out, "\r\n\r\n");
}

bool jmap_draft_write(const struct jmap_draft_part *part, GString *out, char **problem)
{
    g_autofree char *boundary = NULL, *uuid = NULL;

    if (part->children == NULL)
        return write_leaf(part, out, problem);
    if (!multipart_type_is_sound(part->type)) {
        *problem = g_strdup("type");
        return false;
    }
    if (!write_headers(part, out, problem))
        return false;
    uuid = g_uuid_string_random();
    boundary = g_strdup_printf("=_%s", uuid);
    open_multipart(part, boundary, out);
    for (size_t i = 0; i < part->children->len; i++) {
        g_string_append_printf(out, "--%s\r\n", boundary);
        if (!jmap_draft_write(g_ptr_array_index(part->children, i), out, problem))
            return false;
        if (!g_str_has_suffix(out->str, "\r\n"))
            g_string_append(out, "\r\n");
    }
    g_string_append_printf(out, "--%s--\r\n", boundary);
    return true;
}

#include "mime/internal.h"

#include <string.h>

/* One pass over the bytes. Open multiparts are frames of an explicit stack, so depth costs no C
 * stack; the limits hold here, before anything else looks at the message. */
struct frame {
    char *boundary;
    size_t length;
    int part;
    unsigned children;
};

struct scan {
    struct mime_mail *mail;
    GArray *frames;
    size_t at;
    int leaf;        /* part whose body is being read; -1 between parts */
    bool full, done; /* the part limit is reached */
};

static const char *keep(struct mime_mail *mail, const char *text)
{
    return text != NULL ? g_string_chunk_insert(mail->strings, text) : NULL;
}

static struct part *part_add(struct mime_mail *mail, int parent)
{
    if (mail->part_count == mail->part_room) {
        mail->part_room = mail->part_room > 0 ? mail->part_room * 2 : 4;
        mail->parts = g_renew(struct part, mail->parts, mail->part_room);
    }
    struct part *part = &mail->parts[mail->part_count++];
    memset(part, 0, sizeof *part);
    part->shown.parent = parent;
    part->next = mail->part_count;
    return part;
}

static void set_id(struct mime_mail *mail, struct part *part, const struct field *field)
{
    g_autofree char *value = field_value(field, mail->charset);
    char *start = g_strstrip(value);
    char *open = strchr(start, '<');
    if (open != NULL) {
        start = open + 1;
        start[strcspn(start, ">")] = '\0';
    }
    part->shown.cid = *start != '\0' ? keep(mail, start) : NULL;
}

static void set_language(struct mime_mail *mail, struct part *part, const char *value)
{
    g_auto(GStrv) words = g_strsplit_set(value, ", \t\r\n", 32);
    GPtrArray *tags = g_ptr_array_new();
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            g_ptr_array_add(tags, g_string_chunk_insert(mail->strings, *word));
    g_ptr_array_add(tags, NULL);
    if (tags->len > 1)
        part->shown.language = (const char *const *)tags->pdata;
    g_ptr_array_add(mail->owned, tags);
}

static void set_location(struct mime_mail *mail, struct part *part, const char *value)
{
    g_autofree char *clean = g_strdup(value);
    size_t used = 0;
    for (const char *p = value; *p != '\0'; p++)
        if (!g_ascii_isspace(*p))
            clean[used++] = *p;
    clean[used] = '\0';
    part->shown.location = used > 0 ? keep(mail, clean) : NULL;
}

struct seen {
    struct content_type type;
    char *file_name;
};

static void read_field(struct mime_mail *mail, struct part *part, const struct field *field,
                       struct seen *seen)
{
    if (field->name_length < 10 || g_ascii_strncasecmp(field->name, "content-", 8) != 0)
        return;
    if (field_is(field, "content-id")) {
        set_id(mail, part, field);
        return;
    }
    if (field_is(field, "content-transfer-encoding")) {
        part->encoding = encoding_of_name(field->value, field->value_length);
        return;
    }
    g_autofree char *value = field_value(field, mail->charset);
    if (field_is(field, "content-type") && seen->type.type == NULL) {
        content_type_parse(value, &seen->type);
    } else if (field_is(field, "content-disposition")) {
        g_free(seen->file_name);
        g_autofree char *disposition = disposition_parse(value, &seen->file_name);
        part->shown.disposition = keep(mail, disposition);
    } else if (field_is(field, "content-language")) {
        set_language(mail, part, value);
    } else if (field_is(field, "content-location")) {
        set_location(mail, part, value);
    }
}

static bool in_digest(const struct mime_mail *mail, int parent)
{
    return parent >= 0 && strcmp(mail->parts[parent].shown.type, "multipart/digest") == 0;
}

static void set_type(struct mime_mail *mail, struct part *part, struct seen *seen)
{
    part->has_content_type = seen->type.type != NULL;
    const char *implicit = in_digest(mail, part->shown.parent) ? "message/rfc822" : "text/plain";
    const char *type = part->has_content_type ? seen->type.type : implicit;
    part->shown.type = keep(mail, type);
    part->shown.is_multipart = g_str_has_prefix(type, "multipart/");
    bool text = g_str_has_prefix(type, "text/");
    if (seen->type.charset != NULL && seen->type.charset[0] != '\0')
        part->shown.charset = keep(mail, seen->type.charset);
    else if (text)
        part->shown.charset = "us-ascii";
    part->shown.name = keep(mail, seen->file_name != NULL ? seen->file_name : seen->type.name);
}

/* Reads a part's header; returns the boundary when it is a multipart that may be opened. */
static char *read_header(struct scan *scan, int index)
{
    struct mime_mail *mail = scan->mail;
    struct part *part = &mail->parts[index];
    struct seen seen = {0};
    struct field field;
    part->header_start = scan->at;
    size_t at = scan->at;
    size_t end = part->body_end; /* the header ends at the latest where the next boundary stands */
    while (field_next(mail->data, end, &at, &field))
        read_field(mail, part, &field, &seen);
    part->header_end = part->body_start = scan->at = at;
    set_type(mail, part, &seen);
    char *boundary = g_steal_pointer(&seen.type.boundary);
    content_type_clear(&seen.type);
    g_free(seen.file_name);
    if (!part->shown.is_multipart || boundary == NULL || boundary[0] == '\0' ||
        strlen(boundary) > 1000)
        g_clear_pointer(&boundary, g_free);
    return boundary;
}

static void make_opaque(struct part *part)
{
    part->opaque = true;
    part->shown.type = "application/octet-stream";
    part->shown.is_multipart = false;
    part->shown.charset = NULL;
}

static void frame_push(struct scan *scan, char *boundary, int part)
{
    g_strchomp(boundary);
    struct frame frame = {boundary, strlen(boundary), part, 0};
    g_array_append_val(scan->frames, frame);
}

/* The start of the next line that may be a delimiter, from `at` on; the size when there is none. */
static size_t next_dashes(const struct mime_mail *mail, size_t at)
{
    if (at + 1 < mail->size && mail->data[at] == '-' && mail->data[at + 1] == '-' &&
        (at == 0 || mail->data[at - 1] == '\n'))
        return at;
    while (at < mail->size) {
        const char *lf = memchr(mail->data + at, '\n', mail->size - at);
        if (lf == NULL)
            break;
        at = (size_t)(lf - mail->data) + 1;
        if (at + 1 < mail->size && mail->data[at] == '-' && mail->data[at + 1] == '-')
            return at;
    }
    return mail->size;
}

static bool blank_until_line_end(const char *data, size_t at, size_t end)
{
    while (at < end && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r'))
        at++;
    return at == end || data[at] == '\n';
}

/* The innermost frame whose delimiter stands at `at`; -1: none. */
static int frame_at(const struct scan *scan, size_t at, bool *closing)
{
    const char *data = scan->mail->data;
    size_t end = scan->mail->size;
    for (int i = (int)scan->frames->len - 1; i >= 0; i--) {
        struct frame *frame = &g_array_index(scan->frames, struct frame, i);
        size_t tail = at + 2 + frame->length;
        if (tail > end || memcmp(data + at + 2, frame->boundary, frame->length) != 0)
            continue;
        *closing = tail + 2 <= end && data[tail] == '-' && data[tail + 1] == '-' &&
                   blank_until_line_end(data, tail + 2, end);
        if (*closing || blank_until_line_end(data, tail, end))
            return i;
    }
    return -1;
}

/* The line end before a delimiter belongs to it (RFC 2046, 5.1.1). */
static size_t before_delimiter(const struct mime_mail *mail, size_t at, size_t floor)
{
    if (at > floor && mail->data[at - 1] == '\n')
        at--;
    if (at > floor && mail->data[at - 1] == '\r')
        at--;
    return at;
}

static void frames_close(struct scan *scan, size_t keep_count, size_t at)
{
    while (scan->frames->len > keep_count) {
        struct frame *frame = &g_array_index(scan->frames, struct frame, scan->frames->len - 1);
        struct part *part = &scan->mail->parts[frame->part];
        part->next = scan->mail->part_count;
        part->body_end = at;
        if (frame->children == 0) { /* no delimiter ever came: what is there is shown as text */
            part->shown.is_multipart = false;
            part->shown.type = "text/plain";
            part->shown.charset = "us-ascii";
        }
        g_free(frame->boundary);
        g_array_set_size(scan->frames, scan->frames->len - 1);
    }
}

/* A header without an empty line must not swallow a delimiter: where the one at scan->at ends at
 * the latest. */
static size_t header_limit(const struct scan *scan)
{
    const struct mime_mail *mail = scan->mail;
    bool closing = false;
    for (size_t at = scan->at; scan->frames->len > 0 && at < mail->size;) {
        if (mail->data[at] == '\n' || mail->data[at] == '\r')
            break;
        if (mail->data[at] == '-' && at + 1 < mail->size && mail->data[at + 1] == '-' &&
            frame_at(scan, at, &closing) >= 0)
            return at;
        const char *lf = memchr(mail->data + at, '\n', mail->size - at);
        at = lf != NULL ? (size_t)(lf - mail->data) + 1 : mail->size;
    }
    return mail->size;
}

static void open_part(struct scan *scan, int parent)
{
    struct mime_mail *mail = scan->mail;
    bool last = mail->part_count + 1 == MIME_PARTS_MAX;
    int index = (int)mail->part_count;
    struct part *part = part_add(mail, parent);
    if (last) {
        part->header_start = part->header_end = part->body_start = scan->at;
        part->body_end = mail->size;
        make_opaque(part);
        scan->full = true;
        scan->leaf = index;
        return;
    }
    part->body_end = header_limit(scan);
    char *boundary = read_header(scan, index);
    part = &mail->parts[index];
    part->body_end = mail->size;
    scan->leaf = index;
    if (boundary != NULL && scan->frames->len >= MIME_DEPTH_MAX - 1) {
        make_opaque(part);
        g_free(boundary);
    } else if (boundary != NULL) {
        frame_push(scan, boundary, index);
        scan->leaf = -1;
    } else if (part->shown.is_multipart) {
        part->shown.is_multipart = false;
        part->shown.type = "text/plain";
        part->shown.charset = "us-ascii";
    }
}

static void close_leaf(struct scan *scan, size_t at)
{
    if (scan->leaf >= 0) {
        struct part *part = &scan->mail->parts[scan->leaf];
        part->body_end = before_delimiter(scan->mail, at, part->body_start);
    }
    scan->leaf = -1;
}

static void at_delimiter(struct scan *scan, size_t at, size_t index, bool closing)
{
    struct mime_mail *mail = scan->mail;
    close_leaf(scan, at);
    frames_close(scan, index + 1, at);
    const char *lf = memchr(mail->data + at, '\n', mail->size - at);
    scan->at = lf != NULL ? (size_t)(lf - mail->data) + 1 : mail->size;
    struct frame *frame = &g_array_index(scan->frames, struct frame, index);
    if (!closing && (lf != NULL || frame->children == 0)) {
        frame->children++;
        open_part(scan, frame->part);
    } else if (closing) {
        frames_close(scan, frame->children > 0 ? index : index + 1, at);
    }
}

/* partId: "1" for a message of one part, else the way from the root, "2.1". */
static void number_parts(struct mime_mail *mail)
{
    g_autofree unsigned *children = g_new0(unsigned, mail->part_count);
    g_autofree char **paths = g_new0(char *, mail->part_count);
    for (size_t i = 0; i < mail->part_count; i++) {
        struct part *part = &mail->parts[i];
        int parent = part->shown.parent;
        if (parent < 0) {
            paths[i] = g_strdup(part->shown.is_multipart ? "" : "1");
        } else {
            unsigned number = ++children[parent];
            paths[i] = paths[parent][0] != '\0' ? g_strdup_printf("%s.%u", paths[parent], number)
                                                : g_strdup_printf("%u", number);
        }
        if (!part->shown.is_multipart)
            part->shown.part_id = g_string_chunk_insert(mail->strings, paths[i]);
    }
    for (size_t i = 0; i < mail->part_count; i++)
        g_free(paths[i]);
}

void structure_scan(struct mime_mail *mail)
{
    struct scan scan = {.mail = mail, .leaf = -1};
    scan.frames = g_array_new(FALSE, FALSE, sizeof(struct frame));
    open_part(&scan, -1);
    while (scan.frames->len > 0 && !scan.full) {
        size_t at = next_dashes(mail, scan.at);
        if (at >= mail->size)
            break;
        bool closing = false;
        int frame = frame_at(&scan, at, &closing);
        if (frame >= 0)
            at_delimiter(&scan, at, (size_t)frame, closing);
        else
            scan.at = at + 2;
    }
    frames_close(&scan, 0, mail->size);
    g_array_free(scan.frames, TRUE);
    number_parts(mail);
}

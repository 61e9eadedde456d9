#include "mime/mime.h"
#include "mime/internal.h"

#include <string.h>

/* Messages whose lines end in a bare CR, as old Macs wrote them, are read with LF instead. */
static GBytes *with_line_feeds(GBytes *message)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(message, &size);
    if (size == 0 || memchr(data, '\n', size) != NULL || memchr(data, '\r', size) == NULL)
        return g_bytes_ref(message);
    char *copy = g_memdup2(data, size);
    for (gsize i = 0; i < size; i++)
        if (copy[i] == '\r')
            copy[i] = '\n';
    return g_bytes_new_take(copy, size);
}

/* The first charset that a part names and that is wider than ASCII: what its 8-bit headers are in.
 */
static void find_charset(struct mime_mail *mail)
{
    for (size_t i = 0; i < mail->part_count && mail->charset == NULL; i++) {
        const char *charset = mail->parts[i].shown.charset;
        if (charset != NULL && g_ascii_strcasecmp(charset, "us-ascii") != 0)
            mail->charset = g_strdup(charset);
    }
}

static void free_tags(gpointer tags)
{
    g_ptr_array_free(tags, TRUE);
}

struct mime_mail *mime_parse(GBytes *message)
{
    struct mime_mail *mail = g_new0(struct mime_mail, 1);
    gsize size = 0;
    mail->bytes = with_line_feeds(message);
    mail->data = g_bytes_get_data(mail->bytes, &size);
    mail->size = size;
    if (mail->data == NULL)
        mail->data = "";
    mail->strings = g_string_chunk_new(512);
    mail->owned = g_ptr_array_new_with_free_func(free_tags);
    structure_scan(mail);
    find_charset(mail);
    lists_make(mail);
    return mail;
}

void mime_mail_free(struct mime_mail *mail)
{
    if (mail == NULL)
        return;
    for (size_t i = 0; i < mail->part_count; i++)
        g_free(mail->parts[i].headers);
    g_free(mail->parts);
    g_free(mail->text.items);
    g_free(mail->html.items);
    g_free(mail->attachments.items);
    g_free(mail->charset);
    g_free(mail->page);
    g_ptr_array_unref(mail->owned);
    g_string_chunk_free(mail->strings);
    g_bytes_unref(mail->bytes);
    g_free(mail);
}

size_t mime_part_count(const struct mime_mail *mail)
{
    return mail->part_count;
}

const struct mime_part *mime_part(const struct mime_mail *mail, size_t index)
{
    if (index >= mail->part_count)
        return NULL;
    struct part *part = &mail->parts[index];
    if (!part->measured && !part->shown.is_multipart) {
        part->shown.size =
            decode_bytes(part->encoding, mail->data + part->body_start,
                         part->body_end - part->body_start, 0, NULL, &part->shown.encoding_problem);
        part->measured = true;
    }
    return &part->shown;
}

int mime_find_part(const struct mime_mail *mail, const char *part_id)
{
    for (size_t i = 0; i < mail->part_count; i++)
        if (g_strcmp0(mail->parts[i].shown.part_id, part_id) == 0 && part_id != NULL)
            return (int)i;
    return -1;
}

const int *mime_text_body(const struct mime_mail *mail, size_t *count)
{
    *count = mail->text.count;
    return mail->text.items;
}

const int *mime_html_body(const struct mime_mail *mail, size_t *count)
{
    *count = mail->html.count;
    return mail->html.items;
}

const int *mime_attachments(const struct mime_mail *mail, size_t *count)
{
    *count = mail->attachments.count;
    return mail->attachments.items;
}

/* At most this many fields of one header are kept; no mail has a tenth of it. */
#define FIELDS_MAX 2000

static void load_headers(const struct mime_mail *mail, struct part *part)
{
    GArray *headers = g_array_new(TRUE, TRUE, sizeof(struct mime_header));
    struct field field;
    size_t at = part->header_start;
    while (headers->len < FIELDS_MAX && field_next(mail->data, part->header_end, &at, &field)) {
        g_autofree char *value = field_value(&field, mail->charset);
        struct mime_header header = {g_string_chunk_insert_len(mail->strings, field.name,
                                                               (gssize)field.name_length),
                                     g_string_chunk_insert(mail->strings, value)};
        g_array_append_val(headers, header);
    }
    part->header_count = headers->len;
    part->headers = (struct mime_header *)(void *)g_array_free(headers, FALSE);
}

const struct mime_header *mime_headers(const struct mime_mail *mail, int index, size_t *count)
{
    *count = 0;
    if (index >= (int)mail->part_count)
        return NULL;
    struct part *part = &mail->parts[MAX(index, 0)];
    if (part->headers == NULL)
        load_headers(mail, part);
    *count = part->header_count;
    return part->headers;
}

GBytes *mime_part_bytes(struct mime_mail *mail, size_t index, size_t max)
{
    if (index >= mail->part_count || mail->parts[index].shown.is_multipart)
        return g_bytes_new(NULL, 0);
    const struct part *part = &mail->parts[index];
    size_t length = part->body_end - part->body_start;
    if (part->encoding == ENCODING_NONE || part->encoding == ENCODING_UNKNOWN) {
        size_t take = max > 0 ? MIN(length, max) : length;
        return g_bytes_new_from_bytes(mail->bytes, part->body_start, take);
    }
    GByteArray *out = g_byte_array_new();
    decode_bytes(part->encoding, mail->data + part->body_start, length, max, out, NULL);
    return g_byte_array_free_to_bytes(out);
}

/* CRLF and lone CR to LF, in place. */
static void use_line_feeds(char *text)
{
    char *to = strchr(text, '\r');
    if (to == NULL)
        return;
    for (const char *from = to; *from != '\0'; from++) {
        if (*from != '\r')
            *to++ = *from;
        else if (from[1] != '\n')
            *to++ = '\n';
    }
    *to = '\0';
}

char *charset_of_html(const char *bytes, size_t length)
{
    size_t head = MIN(length, (size_t)2048);
    for (size_t i = 0; i + 9 < head; i++) {
        if (g_ascii_strncasecmp(bytes + i, "charset=", 8) != 0)
            continue;
        size_t start = i + 8, stop;
        start += bytes[start] == '"' || bytes[start] == '\'' ? 1 : 0;
        for (stop = start; stop < head &&
                           (g_ascii_isalnum(bytes[stop]) || strchr("-_.:", bytes[stop]) != NULL) &&
                           bytes[stop] != '\0';)
            stop++;
        g_autofree char *named = g_strndup(bytes + start, stop - start);
        /* a page cannot be in UTF-16 when its charset could be read byte by byte */
        bool usable = stop > start && g_ascii_strncasecmp(named, "utf-16", 6) != 0;
        return usable ? g_steal_pointer(&named) : NULL;
    }
    return NULL;
}

static char *part_charset(const struct part *part, const char *bytes, size_t length)
{
    const char *named = part->shown.charset;
    if (charsets_are_as_named())
        return g_strdup(named);
    bool vague = named == NULL || g_ascii_strcasecmp(named, "us-ascii") == 0;
    char *found = NULL;
    if (vague && strcmp(part->shown.type, "text/html") == 0)
        found = charset_of_html(bytes, length);
    return found != NULL ? found : g_strdup(vague ? NULL : named);
}

/* Length without a UTF-8 character that the limit cut in two: that is no fault of the mail. */
static size_t whole_characters(const char *bytes, size_t length)
{
    size_t back = 1;
    while (back < 4 && back < length && ((uint8_t)bytes[length - back] & 0xc0) == 0x80)
        back++;
    size_t wanted = (uint8_t)g_utf8_skip[(uint8_t)bytes[length - back]];
    return (uint8_t)bytes[length - back] >= 0xc2 && wanted > back ? length - back : length;
}

char *mime_part_text(struct mime_mail *mail, size_t index, size_t max, bool *problem)
{
    bool ignored = false;
    problem = problem != NULL ? problem : &ignored;
    *problem = false;
    g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, max);
    gsize size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    if (size == 0)
        return g_strdup("");
    if (max > 0 && size == max)
        size = whole_characters(data, size);
    const struct part *part = &mail->parts[index];
    *problem = part->encoding == ENCODING_UNKNOWN;
    if (part->encoding != ENCODING_NONE)
        *problem |= mime_part(mail, index)->encoding_problem;
    g_autofree char *charset = part_charset(part, data, size);
    char *text = charset_to_utf8(charset, data, size, problem);
    use_line_feeds(text);
    return text;
}

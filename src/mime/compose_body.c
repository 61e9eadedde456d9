#include "mime/compose.h"
#include "mime/internal.h"

#include <string.h>

/* Every line end to CRLF. */
static GString *with_crlf(const char *text)
{
    GString *out = g_string_sized_new(strlen(text) + strlen(text) / 32 + 8);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\r') {
            p += *p == '\r' && p[1] == '\n' ? 1 : 0;
            g_string_append(out, "\r\n");
        } else {
            g_string_append_c(out, *p);
        }
    }
    return out;
}

struct shape {
    size_t longest, high, length;
    bool blank_ends, nul, bare;
};

static struct shape shape_of(const char *bytes, size_t length)
{
    struct shape shape = {.length = length};
    size_t line = 0;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        bool crlf = c == '\r' && i + 1 < length && bytes[i + 1] == '\n';
        if (crlf || c == '\n') {
            shape.blank_ends |= line > 0 && (bytes[i - 1] == ' ' || bytes[i - 1] == '\t');
            shape.bare |= !crlf;
            i += crlf ? 1 : 0;
            line = 0;
            continue;
        }
        shape.bare |= c == '\r';
        shape.nul |= c == '\0';
        shape.high += c < 0 ? 1 : 0;
        line++;
        shape.longest = MAX(shape.longest, line);
    }
    return shape;
}

/* Our own lines of base64, since GMime ends them by LF. */
static void write_base64(GString *out, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length; at += 57) {
        g_autofree char *line = g_base64_encode((const guchar *)bytes + at, MIN(length - at, 57));
        g_string_append_printf(out, "%s\r\n", line);
    }
}

static void write_qp(GString *out, const char *text, size_t length)
{
    size_t line = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\r' && i + 1 < length && text[i + 1] == '\n') {
            g_string_append(out, "\r\n");
            line = 0;
            i++;
            continue;
        }
        bool at_end = i + 1 == length || text[i + 1] == '\r';
        bool plain = c > ' ' && c < 0x7f && c != '=';
        plain |= (c == ' ' || c == '\t') && !at_end;
        plain &= !(line == 0 && (c == '.' || c == 'F')); /* "." and "From " of older mailers */
        if (line + (plain ? 1 : 3) > 75) {
            g_string_append(out, "=\r\n");
            line = 0;
        }
        if (plain)
            g_string_append_c(out, c);
        else
            g_string_append_printf(out, "=%02X", (unsigned char)c);
        line += plain ? 1 : 3;
    }
}

void write_text_part(GString *out, const char *type, const char *text)
{
    GString *body = with_crlf(text);
    struct shape shape = shape_of(body->str, body->len);
    bool ascii = shape.high == 0;
    g_string_append_printf(out, "Content-Type: %s; charset=%s\r\n", type,
                           ascii ? "us-ascii" : "utf-8");
    if (ascii && shape.longest <= 78 && !shape.blank_ends) {
        g_string_append(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
        g_string_append_len(out, body->str, (gssize)body->len);
    } else if (shape.high * 4 < shape.length) {
        g_string_append(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        write_qp(out, body->str, body->len);
    } else {
        g_string_append(out, "Content-Transfer-Encoding: base64\r\n\r\n");
        write_base64(out, body->str, body->len);
    }
    g_string_free(body, TRUE);
}

void write_attachment(GString *out, const struct mime_attachment *attachment)
{
    gsize size = 0;
    const char *bytes = g_bytes_get_data(attachment->bytes, &size);
    const char *type = attachment->type != NULL ? attachment->type : "application/octet-stream";
    bool message = g_ascii_strcasecmp(type, "message/rfc822") == 0;
    struct shape shape = message ? shape_of(bytes, size) : (struct shape){0};
    g_string_append_printf(out, "Content-Type: %s\r\n", type);
    bool inlined = g_strcmp0(attachment->disposition, "inline") == 0;
    g_string_append_printf(out, "Content-Disposition: %s", inlined ? "inline" : "attachment");
    if (attachment->name != NULL && attachment->name[0] != '\0')
        write_param(out, "filename", attachment->name);
    g_string_append(out, "\r\n");
    if (attachment->cid != NULL)
        g_string_append_printf(out, "Content-ID: <%s>\r\n", attachment->cid);
    /* RFC 2046, 5.2.1 wants a message as it is; one that no 7-bit line carries goes as base64,
     * which every reader of today opens, rather than as a broken message. */
    if (message && shape.high == 0 && !shape.nul && !shape.bare && shape.longest <= 990) {
        g_string_append(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
        g_string_append_len(out, bytes, (gssize)size);
        return;
    }
    g_string_append(out, "Content-Transfer-Encoding: base64\r\n\r\n");
    write_base64(out, bytes, size);
}

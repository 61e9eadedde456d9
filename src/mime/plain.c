#include "mime/internal.h"

#include <string.h>

#define NESTED_MAX 8
#define PAGE_MAX ((size_t)4 << 20)
#define PREVIEW_CHARACTERS 256

static bool is_text(const char *type)
{
    return strcmp(type, "text/plain") == 0 || strcmp(type, "text/html") == 0;
}

/* A page as UTF-8, kept for the next question: preview and index ask one after the other. */
static const char *page_of(struct mime_mail *mail, size_t index)
{
    if (mail->page == NULL || mail->page_index != index) {
        g_free(mail->page);
        mail->page = mime_part_text(mail, index, PAGE_MAX, NULL);
        mail->page_index = index;
    }
    return mail->page;
}

/* Text of one part, HTML as text, at most max bytes. */
static char *readable(struct mime_mail *mail, size_t index, size_t max)
{
    if (strcmp(mail->parts[index].shown.type, "text/html") == 0)
        return mime_html_to_text(page_of(mail, index), -1, max);
    return mime_part_text(mail, index, max, NULL);
}

static bool is_blank_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (!g_ascii_isspace(*text))
            return false;
    return true;
}

/* An alternative that says nothing in plain text is read in HTML. */
static const struct list *best_list(struct mime_mail *mail)
{
    if (mail->text.count == mail->html.count &&
        (mail->text.count == 0 ||
         memcmp(mail->text.items, mail->html.items, mail->text.count * sizeof(int)) == 0))
        return &mail->text;
    for (size_t i = 0; i < mail->text.count; i++) {
        size_t index = (size_t)mail->text.items[i];
        if (!is_text(mail->parts[index].shown.type))
            continue;
        g_autofree char *start = readable(mail, index, 512);
        if (!is_blank_text(start))
            return &mail->text;
    }
    return &mail->html;
}

static void append_body(struct mime_mail *mail, size_t max, GString *own, GString *quoted)
{
    const struct list *list = best_list(mail);
    for (size_t i = 0; i < list->count; i++) {
        size_t index = (size_t)list->items[i];
        size_t used = own->len + (quoted != NULL ? quoted->len : 0);
        if (!is_text(mail->parts[index].shown.type) || used >= max)
            continue;
        g_autofree char *text = readable(mail, index, max - used);
        quote_split(text, own, quoted != NULL ? quoted : own);
    }
}

static void append_attached(struct mime_mail *mail, size_t max, GString *own, unsigned depth);

static void append_message(GBytes *bytes, size_t max, GString *own, unsigned depth)
{
    struct mime_mail *inner = mime_parse(bytes);
    struct field field;
    size_t at = 0;
    while (field_next(inner->data, inner->parts[0].header_end, &at, &field)) {
        if (!field_is(&field, "subject") && !field_is(&field, "from"))
            continue;
        g_autofree char *value = field_value(&field, inner->charset);
        g_autofree char *text = mime_form_text(value);
        g_string_append_printf(own, "%s\n", text);
    }
    append_body(inner, max, own, NULL);
    append_attached(inner, max, own, depth + 1);
    mime_mail_free(inner);
}

static void append_attached(struct mime_mail *mail, size_t max, GString *own, unsigned depth)
{
    for (size_t i = 0; depth < NESTED_MAX && i < mail->attachments.count && own->len < max; i++) {
        size_t index = (size_t)mail->attachments.items[i];
        const char *type = mail->parts[index].shown.type;
        if (strcmp(type, "message/rfc822") != 0 && strcmp(type, "message/global") != 0)
            continue;
        g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, 0);
        append_message(bytes, max, own, depth);
    }
}

static void cut(GString *text, size_t max)
{
    if (text->len <= max)
        return;
    const char *end = g_utf8_find_prev_char(text->str, text->str + max + 1);
    g_string_truncate(text, end != NULL ? (gsize)(end - text->str) : 0);
}

static char *plain(struct mime_mail *mail, size_t max, char **quoted, bool attached)
{
    size_t limit = max > 0 ? max : (size_t)64 << 20;
    GString *own = g_string_new(NULL);
    GString *rest = quoted != NULL ? g_string_new(NULL) : NULL;
    append_body(mail, limit, own, rest);
    if (attached)
        append_attached(mail, limit, own, 0);
    cut(own, limit);
    if (quoted != NULL)
        *quoted = g_string_free(rest, FALSE);
    return g_string_free(own, FALSE);
}

char *mime_plain_text(struct mime_mail *mail, size_t max, char **quoted)
{
    return plain(mail, max, quoted, true);
}

/* What senders fill previews with so that nothing else shows there. */
static bool is_filler(gunichar c)
{
    return c == 0x34f || c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff || c == 0x180e;
}

static bool is_joiner(gunichar c)
{
    return c == 0x200c || c == 0x200d;
}

/* White space collapsed, rules of dashes and filler left out. */
static char *condense(const char *text)
{
    GString *out = g_string_new(NULL);
    size_t count = 0;
    bool space = false;
    for (const char *p = text; *p != '\0' && count < PREVIEW_CHARACTERS; p = utf8_next(p)) {
        gunichar c = g_utf8_get_char(p);
        if (is_filler(c) || (c < 0x20 && !g_ascii_isspace((char)c)) || (is_joiner(c) && space))
            continue;
        if (g_unichar_isspace(c)) {
            space = true;
            continue;
        }
        if ((c == '-' || c == '_' || c == '=' || c == '*') && g_utf8_get_char(p + 1) == c &&
            g_utf8_get_char(p + 2) == c) {
            while (p[1] == *p)
                p++;
            space = true;
            continue;
        }
        if (space && out->len > 0) {
            g_string_append_c(out, ' ');
            if (++count >= PREVIEW_CHARACTERS)
                break;
        }
        space = false;
        g_string_append_unichar(out, c);
        count++;
    }
    return g_string_free(out, FALSE);
}

char *preview_of(struct mime_mail *mail)
{
    char *quoted = NULL;
    g_autofree char *own = plain(mail, 4096, &quoted, false);
    char *preview = condense(own);
    if (preview[0] == '\0') {
        g_free(preview);
        preview = condense(quoted);
    }
    g_free(quoted);
    return preview;
}

char *mime_attachment_names(struct mime_mail *mail)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < mail->attachments.count; i++) {
        const char *name = mail->parts[mail->attachments.items[i]].shown.name;
        if (name != NULL)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", name);
    }
    return g_string_free(out, FALSE);
}

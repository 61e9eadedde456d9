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
static char *readable(struct mime_mail *mail, size_t index, size_t max, bool titles)
{
    if (strcmp(mail->parts[index].shown.type, "text/html") == 0)
        return html_to_words(page_of(mail, index), -1, max, titles);
    return mime_part_text(mail, index, max, NULL);
}

static bool list_has(const struct list *list, int part)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == part)
            return true;
    return false;
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
        g_autofree char *start = readable(mail, index, 512, false);
        if (!is_blank_text(start))
            return &mail->text;
    }
    return &mail->html;
}

/* What is gathered of a mail and of the messages attached to it. */
struct gathering {
    GString *own, *quoted; /* quoted may be NULL */
    size_t max;
    bool passed_over; /* the alternatives that are not read otherwise */
    bool titles;      /* what pages say in attributes of that name */
};

/* The last word of one text is not the beginning of the next's. */
static void end_line(GString *text)
{
    if (text != NULL && text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
}

static void append_list(struct gathering *to, struct mime_mail *mail, const struct list *list,
                        const struct list *except)
{
    for (size_t i = 0; i < list->count; i++) {
        int part = list->items[i];
        size_t index = (size_t)part,
               used = to->own->len + (to->quoted != NULL ? to->quoted->len : 0);
        if (!is_text(mail->parts[index].shown.type) || used >= to->max ||
            (except != NULL && list_has(except, part)))
            continue;
        g_autofree char *text = readable(mail, index, to->max - used, to->titles);
        end_line(to->own);
        end_line(to->quoted);
        quote_split(text, to->own, to->quoted != NULL ? to->quoted : to->own);
    }
}

static void append_body(struct gathering *to, struct mime_mail *mail)
{
    const struct list *best = best_list(mail);
    if (!to->passed_over)
        append_list(to, mail, best, NULL);
    else
        append_list(to, mail, best == &mail->text ? &mail->html : &mail->text, best);
}

static bool is_message(const struct mime_mail *mail, size_t index)
{
    const char *type = mail->parts[index].shown.type;
    return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0;
}

static void append_attached(struct gathering *to, struct mime_mail *mail, unsigned depth);

static void append_fields(struct gathering *to, struct mime_mail *mail)
{
    struct field field;
    size_t at = 0;
    end_line(to->own);
    while (field_next(mail->data, mail->parts[0].header_end, &at, &field)) {
        if (!field_is(&field, "subject") && !field_is(&field, "from"))
            continue;
        g_autofree char *value = field_value(&field, mail->charset);
        g_autofree char *text = mime_form_text(value);
        g_string_append_printf(to->own, "%s\n", text);
    }
}

static void append_message(struct gathering *to, GBytes *bytes, unsigned depth)
{
    struct mime_mail *inner = mime_parse(bytes);
    GString *quoted = g_steal_pointer(&to->quoted);
    if (!to->passed_over)
        append_fields(to, inner);
    append_body(to, inner);
    append_attached(to, inner, depth + 1);
    to->quoted = quoted;
    mime_mail_free(inner);
}

static void append_attached(struct gathering *to, struct mime_mail *mail, unsigned depth)
{
    for (size_t i = 0; depth < NESTED_MAX && i < mail->attachments.count && to->own->len < to->max;
         i++) {
        size_t index = (size_t)mail->attachments.items[i];
        if (!is_message(mail, index))
            continue;
        g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, 0);
        append_message(to, bytes, depth);
    }
}

static void cut(GString *text, size_t max)
{
    if (text->len <= max)
        return;
    const char *end = g_utf8_find_prev_char(text->str, text->str + max + 1);
    g_string_truncate(text, end != NULL ? (gsize)(end - text->str) : 0);
}

static struct gathering gather(struct mime_mail *mail, size_t max, bool quoted, bool passed_over,
                               bool titles)
{
    struct gathering to = {g_string_new(NULL), quoted ? g_string_new(NULL) : NULL,
                           max > 0 ? max : (size_t)64 << 20, passed_over, titles};
    append_body(&to, mail);
    return to;
}

static char *end_of_gathering(struct gathering *to, char **quoted)
{
    cut(to->own, to->max);
    if (quoted != NULL)
        *quoted = g_string_free(to->quoted, FALSE);
    return g_string_free(to->own, FALSE);
}

char *mime_plain_text(struct mime_mail *mail, size_t max, char **quoted)
{
    struct gathering to = gather(mail, max, quoted != NULL, false, true);
    append_attached(&to, mail, 0);
    return end_of_gathering(&to, quoted);
}

char *mime_passed_over_text(struct mime_mail *mail, size_t max)
{
    struct gathering to = gather(mail, max, false, true, true);
    append_attached(&to, mail, 0);
    return end_of_gathering(&to, NULL);
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
    struct gathering to = gather(mail, 4096, true, false, false);
    g_autofree char *own = end_of_gathering(&to, &quoted);
    char *preview = condense(own);
    if (preview[0] == '\0') {
        g_free(preview);
        preview = condense(quoted);
    }
    g_free(quoted);
    return preview;
}

static void append_names(GString *out, struct mime_mail *mail, unsigned depth)
{
    for (size_t i = 0; i < mail->part_count; i++) {
        const char *name = mail->parts[i].shown.name;
        if (name != NULL)
            g_string_append_printf(out, "%s%s", out->len > 0 ? "\n" : "", name);
        if (depth >= NESTED_MAX || !is_message(mail, i))
            continue;
        g_autoptr(GBytes) bytes = mime_part_bytes(mail, i, 0);
        struct mime_mail *inner = mime_parse(bytes);
        append_names(out, inner, depth + 1);
        mime_mail_free(inner);
    }
}

char *mime_file_names(struct mime_mail *mail)
{
    GString *out = g_string_new(NULL);
    append_names(out, mail, 0);
    return g_string_free(out, FALSE);
}

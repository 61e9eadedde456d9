#include "mime/internal.h"

#include <string.h>

/* RFC 8621, 4.1.4's suggested algorithm. A NULL list is the RFC's null. */
struct lists {
    struct mime_mail *mail;
    GArray *attachments;
};

static bool is_media(const char *type)
{
    return g_str_has_prefix(type, "image/") || g_str_has_prefix(type, "audio/") ||
           g_str_has_prefix(type, "video/");
}

static bool is_body(const struct mime_part *part, bool first, const char *multipart)
{
    if (part->disposition != NULL && strcmp(part->disposition, "attachment") == 0)
        return false;
    bool media = is_media(part->type);
    if (!media && strcmp(part->type, "text/plain") != 0 && strcmp(part->type, "text/html") != 0)
        return false;
    return first || (strcmp(multipart, "related") != 0 && (media || part->name == NULL));
}

static void push(GArray *list, int index)
{
    if (list != NULL)
        g_array_append_val(list, index);
}

static void copy_tail(GArray *to, const GArray *from, guint start)
{
    for (guint i = start; i < from->len; i++)
        push(to, g_array_index(from, int, i));
}

static void body_part(struct lists *lists, int index, GArray **html, GArray **text,
                      const char *multipart, bool in_alternative)
{
    const char *type = lists->mail->parts[index].shown.type;
    bool plain = strcmp(type, "text/plain") == 0, is_html = strcmp(type, "text/html") == 0;
    if (strcmp(multipart, "alternative") == 0) {
        if (plain)
            push(*text, index);
        else if (is_html)
            push(*html, index);
        else
            push(lists->attachments, index);
        return;
    }
    if (in_alternative && plain)
        *html = NULL;
    if (in_alternative && is_html)
        *text = NULL;
    push(*text, index);
    push(*html, index);
    if ((*text == NULL || *html == NULL) && is_media(type))
        push(lists->attachments, index);
}

static void walk(struct lists *lists, size_t from, size_t to, const char *multipart,
                 bool in_alternative, GArray *html, GArray *text)
{
    guint text_start = text != NULL ? text->len : 0, html_start = html != NULL ? html->len : 0;
    bool had_text = text != NULL, had_html = html != NULL;
    bool alternative = strcmp(multipart, "alternative") == 0;
    for (size_t i = from; i < to; i = lists->mail->parts[i].next) {
        const struct part *part = &lists->mail->parts[i];
        if (part->shown.is_multipart) {
            const char *sub = part->shown.type + strlen("multipart/");
            walk(lists, i + 1, part->next, sub, in_alternative || strcmp(sub, "alternative") == 0,
                 html, text);
        } else if (is_body(&part->shown, i == from, multipart)) {
            body_part(lists, (int)i, &html, &text, multipart, in_alternative);
        } else {
            push(lists->attachments, (int)i);
        }
    }
    if (!alternative || text == NULL || html == NULL || !had_text || !had_html)
        return;
    guint text_end = text->len, html_end = html->len;
    if (text_start == text_end && html_start != html_end)
        copy_tail(text, html, html_start);
    if (html_start == html_end && text_start != text_end)
        copy_tail(html, text, text_start);
}

static void take(struct list *to, GArray *from)
{
    to->count = from->len;
    to->items = (int *)(void *)g_array_free(from, FALSE);
}

void lists_make(struct mime_mail *mail)
{
    GArray *html = g_array_new(FALSE, FALSE, sizeof(int));
    GArray *text = g_array_new(FALSE, FALSE, sizeof(int));
    struct lists lists = {mail, g_array_new(FALSE, FALSE, sizeof(int))};
    walk(&lists, 0, mail->part_count, "mixed", false, html, text);
    take(&mail->html, html);
    take(&mail->text, text);
    take(&mail->attachments, lists.attachments);
}

/* Signatures, receipts and the like are shown in other ways than as a paper clip. */
static bool is_machinery(const struct mime_mail *mail, const struct mime_part *part)
{
    static const char *const types[] = {"application/pkcs7-signature",
                                        "application/x-pkcs7-signature",
                                        "application/pgp-signature",
                                        "message/delivery-status",
                                        "message/global-delivery-status",
                                        "message/disposition-notification",
                                        "text/rfc822-headers",
                                        "application/pgp-encrypted"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(part->type, types[i]) == 0)
            return true;
    return strcmp(part->type, "text/calendar") == 0 && part->parent >= 0 &&
           strcmp(mail->parts[part->parent].shown.type, "multipart/alternative") == 0;
}

static bool html_mentions(struct mime_mail *mail, const char *cid)
{
    for (size_t i = 0; i < mail->html.count; i++) {
        size_t index = (size_t)mail->html.items[i];
        if (strcmp(mail->parts[index].shown.type, "text/html") != 0)
            continue;
        g_autoptr(GBytes) bytes = mime_part_bytes(mail, index, 1 << 20);
        gsize size = 0;
        const char *html = g_bytes_get_data(bytes, &size);
        if (html != NULL && memmem(html, size, cid, strlen(cid)) != NULL)
            return true;
    }
    return false;
}

bool lists_has_attachment(struct mime_mail *mail)
{
    for (size_t i = 0; i < mail->attachments.count; i++) {
        const struct mime_part *part = &mail->parts[mail->attachments.items[i]].shown;
        bool inlined = part->disposition != NULL && strcmp(part->disposition, "inline") == 0;
        if (inlined || is_machinery(mail, part))
            continue;
        if (is_media(part->type) && part->cid != NULL && html_mentions(mail, part->cid))
            continue;
        return true;
    }
    return false;
}

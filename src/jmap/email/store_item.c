#include "jmap/email/store_item.h"

#include "mime/mime.h"
#include "mime/readable.h"

#include <string.h>

size_t jmap_email_store(struct store_set *set, int64_t account, int64_t blob, GBytes *message,
                        GArray *mailboxes, const struct mail_flags *flags, int64_t received_at)
{
    struct mime_mail *mail = mime_parse(message);
    struct mail_summary *summary = mime_summary(mail);
    const struct store_new_email email = {
        .account = account,
        .blob = blob,
        .summary = summary,
        .flags = *flags,
        .mailboxes = mailboxes,
        .received_at = received_at,
        .size = g_bytes_get_size(message),
        .message = message,
        .unread = mime_has_readable(mail),
    };
    size_t item;

    item = store_set_create(set, &email);
    mail_summary_free(summary);
    mime_mail_free(mail);
    return item;
}

json_t *jmap_email_created(const struct store_email *email)
{
    return json_pack("{s: o, s: o, s: o, s: I}", "id", jmap_id('e', email->id), "blobId",
                     jmap_id('b', email->blob), "threadId", jmap_id('t', email->thread), "size",
                     (json_int_t)email->size);
}

/* Where the line behind this one begins, a folded header field taken as one line. */
static const char *after_field(const char *at, const char *end)
{
    do {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL ? newline + 1 : end;
    } while (at < end && (*at == ' ' || *at == '\t'));
    return at;
}

GBytes *jmap_email_without_receipts(GBytes *message, bool *changed)
{
    static const char *const names[] = {"Disposition-Notification-To:", "Return-Receipt-To:",
                                        "X-Confirm-Reading-To:"};
    size_t size = 0;
    const char *start = g_bytes_get_data(message, &size), *end = start + size, *at = start;
    g_autoptr(GByteArray) kept = g_byte_array_new();

    *changed = false;
    while (at < end && *at != '\r' && *at != '\n') {
        const char *next = after_field(at, end);
        bool asks = false;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
            asks = asks || ((size_t)(next - at) > strlen(names[i]) &&
                            g_ascii_strncasecmp(at, names[i], strlen(names[i])) == 0);
        if (!asks)
            g_byte_array_append(kept, (const uint8_t *)at, (guint)(next - at));
        *changed = *changed || asks;
        at = next;
    }
    if (!*changed)
        return message;
    g_byte_array_append(kept, (const uint8_t *)at, (guint)(end - at));
    g_bytes_unref(message);
    return g_byte_array_free_to_bytes(g_steal_pointer(&kept));
}

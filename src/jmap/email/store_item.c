#include "jmap/email/store_item.h"

#include "jmap/email/draft.h"

size_t jmap_email_store(struct store_set *set, int64_t blob, GBytes *message, GArray *mailboxes,
                        const struct mail_flags *flags, int64_t received_at)
{
    struct mime_mail *mail = mime_parse(message);
    struct mail_summary *summary = mime_summary(mail);
    struct store_index index;
    const struct store_new_email email = {
        .blob = blob,
        .summary = summary,
        .flags = *flags,
        .mailboxes = mailboxes,
        .received_at = received_at,
        .size = g_bytes_get_size(message),
        .index = &index,
    };
    size_t item;

    jmap_email_index(mail, summary, &index);
    item = store_set_create(set, &email);
    store_index_clear(&index);
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

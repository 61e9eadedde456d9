#include "jmap/email/draft.h"

#include "text/text.h"

#define INDEX_TEXT_MAX (1024 * 1024)
#define INDEX_WORDS_MAX 100000

static char *words_of_addresses(const struct mail_addresses *addresses)
{
    GString *text = g_string_new(NULL);
    char *words;

    for (size_t i = 0; i < addresses->count; i++) {
        const struct mail_address *address = &addresses->items[i];

        if (address->name != NULL)
            g_string_append_printf(text, "%s ", address->name);
        g_string_append_printf(text, "%s\n", address->email != NULL ? address->email : "");
    }
    words = text_index_words(text->str, (gssize)text->len, INDEX_WORDS_MAX);
    g_string_free(text, TRUE);
    return words;
}

static char *words_of(const char *text)
{
    return text != NULL ? text_index_words(text, -1, INDEX_WORDS_MAX) : NULL;
}

void jmap_email_index(struct mime_mail *mail, const struct mail_summary *summary,
                      struct store_index *index)
{
    g_autofree char *quoted = NULL, *names = mime_attachment_names(mail);
    g_autofree char *body = mime_plain_text(mail, INDEX_TEXT_MAX, &quoted);

    *index = (struct store_index){
        .subject = words_of(summary->subject),
        .from = words_of_addresses(&summary->from),
        .to = words_of_addresses(&summary->to),
        .cc = words_of_addresses(&summary->cc),
        .bcc = words_of_addresses(&summary->bcc),
        .body = words_of(body),
        .quoted = words_of(quoted),
        .filenames = words_of(names),
    };
}

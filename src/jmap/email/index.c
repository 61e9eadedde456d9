#include "jmap/email/draft.h"

#include "text/text.h"

#define INDEX_TEXT_MAX (1024 * 1024)
#define INDEX_WORDS_MAX 100000

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
        .body = words_of(body),
        .quoted = words_of(quoted),
        .filenames = words_of(names),
    };
    store_index_headers(summary, index);
}

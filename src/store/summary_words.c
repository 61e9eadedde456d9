#include "store/summary_words.h"

#include "text/text.h"

#include <string.h>

#define WORDS_MAX 200000
#define COLUMNS 10

static char *address_words(const struct mail_addresses *addresses)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < addresses->count; i++)
        g_string_append_printf(text, "%s %s\n",
                               addresses->items[i].name != NULL ? addresses->items[i].name : "",
                               addresses->items[i].email != NULL ? addresses->items[i].email : "");
    return text->len > 0 ? text_index_words(text->str, (gssize)text->len, WORDS_MAX) : NULL;
}

void store_index_headers(const struct mail_summary *summary, struct store_index *index)
{
    index->subject =
        summary->subject != NULL ? text_index_words(summary->subject, -1, WORDS_MAX) : NULL;
    index->from = address_words(&summary->from);
    index->to = address_words(&summary->to);
    index->cc = address_words(&summary->cc);
    index->bcc = address_words(&summary->bcc);
}

static bool is_searched(enum store_filter_kind kind, size_t column)
{
    static const enum store_filter_kind kinds[COLUMNS] = {STORE_SUBJECT, STORE_FROM,     STORE_TO,
                                                          STORE_CC,      STORE_BCC,      STORE_BODY,
                                                          STORE_BODY,    STORE_FILENAME, STORE_BODY,
                                                          STORE_BODY};
    return kind == STORE_TEXT || kind == kinds[column];
}

/* The word stands at `at`, or one that begins so. Returns its end there, or NULL. */
static const char *word_at(const char *at, const char *word, bool prefix)
{
    size_t length = strlen(word);
    if (strncmp(at, word, length) != 0)
        return NULL;
    at += length;
    if (prefix)
        at = strchrnul(at, ' ');
    return *at == ' ' || *at == '\0' ? at : NULL;
}

/* Words one after the other, the last one a prefix where asked for. */
static bool run_at(const char *at, char **words, size_t count, bool prefix)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && *at++ != ' ')
            return false;
        at = word_at(at, words[i], prefix && i + 1 == count);
        if (at == NULL)
            return false;
    }
    return true;
}

static bool column_has(const char *column, char **words, size_t count, bool prefix)
{
    for (const char *at = column; at != NULL && *at != '\0';) {
        if (run_at(at, words, count, prefix))
            return true;
        at = strchr(at, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    return false;
}

static bool any_column_has(const struct store_index *index, enum store_filter_kind kind,
                           char **words, size_t count, bool prefix)
{
    const char *const columns[COLUMNS] = {index->subject, index->from,      index->to,
                                          index->cc,      index->bcc,       index->body,
                                          index->quoted,  index->filenames, index->contents,
                                          index->other};
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_searched(kind, i) && column_has(columns[i], words, count, prefix))
            return true;
    return false;
}

static bool words_match(const struct store_index *index, const struct store_filter *filter)
{
    size_t count = filter->words != NULL ? g_strv_length(filter->words) : 0;
    if (filter->phrase)
        return count > 0 &&
               any_column_has(index, filter->kind, filter->words, count, filter->prefix);
    for (size_t i = 0; i < count; i++)
        if (!any_column_has(index, filter->kind, filter->words + i, 1,
                            filter->prefix && i + 1 == count))
            return false;
    return count > 0;
}

bool summary_words_match(const struct store_index *index, const struct store_filter *filter)
{
    if (filter->kind != STORE_AND && filter->kind != STORE_OR)
        return words_match(index, filter);
    bool all = filter->kind == STORE_AND;
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        if (summary_words_match(index, filter->children->pdata[i]) != all)
            return !all;
    return all;
}

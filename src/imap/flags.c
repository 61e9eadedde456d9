#include "imap/response.h"

#include <string.h>

#define KEYWORD_MAX 255

static uint32_t system_flag(const char *word)
{
    static const struct {
        const char *word;
        uint32_t bit;
    } flags[] = {
        {"\\Seen", MAIL_SEEN},       {"\\Answered", MAIL_ANSWERED}, {"\\Flagged", MAIL_FLAGGED},
        {"\\Deleted", MAIL_DELETED}, {"\\Draft", MAIL_DRAFT},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (g_ascii_strcasecmp(word, flags[i].word) == 0)
            return flags[i].bit;
    return 0;
}

static gint compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_keyword(GPtrArray *words, struct mail_flags *flags, struct imap_value *word)
{
    uint32_t bit = mail_flag_of_keyword(word->text);
    flags->bits |= bit;
    if (bit != 0 || word->length > KEYWORD_MAX || !mail_keyword_is_valid(word->text))
        return;
    for (char *p = word->text; *p != '\0'; p++)
        *p = g_ascii_tolower(*p);
    g_ptr_array_add(words, word->text);
}

static void finish_keywords(GPtrArray *words, struct mail_flags *flags)
{
    flags->keywords = NULL;
    if (words->len == 0)
        return;
    g_ptr_array_sort(words, compare_words);
    guint kept = 1;
    for (guint i = 1; i < words->len; i++)
        if (strcmp(words->pdata[i], words->pdata[kept - 1]) != 0)
            words->pdata[kept++] = words->pdata[i];
    g_ptr_array_set_size(words, (gint)kept);
    g_ptr_array_add(words, NULL);
    flags->keywords = (char **)words->pdata;
}

bool imap_response_parse_flags(struct imap_line *line, struct mail_flags *flags, bool *any)
{
    *flags = (struct mail_flags){0};
    g_ptr_array_set_size(line->words, 0);
    if (!imap_scan_take(&line->scan, '('))
        return false;
    struct imap_value word;
    while (imap_scan_word(&line->scan, "", &word)) {
        if (word.text[0] != '\\')
            add_keyword(line->words, flags, &word);
        else if (word.text[1] != '*')
            flags->bits |= system_flag(word.text);
        else if (any != NULL)
            *any = true;
    }
    finish_keywords(line->words, flags);
    return imap_scan_take(&line->scan, ')');
}

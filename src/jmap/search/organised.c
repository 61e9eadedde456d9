/* Labels, and to-dos by their day and their person. */
#include "jmap/search/search.h"

#include "base/mail.h"
#include "jmap/email/filter.h"
#include "jmap/engine/engine.h"
#include "store/organise.h"
#include "text/text.h"

#include <string.h>

/* --- label: */

static bool folds_alike(const char *a, const char *b)
{
    g_autofree char *left = text_fold(a), *right = text_fold(b);
    return strcmp(left, right) == 0;
}

/* Keywords of the labels that are called so, each once. */
static json_t *keywords_of(const struct search *search, const char *name)
{
    const GPtrArray *labels = search->scope->labels;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *list = json_array();
    for (guint i = 0; labels != NULL && i < labels->len; i++) {
        const struct search_label *label = labels->pdata[i];
        if (folds_alike(label->name, name) && g_hash_table_add(seen, label->keyword) &&
            json_array_size(list) < SEARCH_MAILBOXES_MAX)
            json_array_append_new(list, json_pack("{s:s}", "hasKeyword", label->keyword));
    }
    return list;
}

json_t *search_read_label(struct search *search, const struct search_token *token,
                          const struct search_field *field)
{
    json_t *list = token->prefix ? json_array() : keywords_of(search, token->text);
    if (json_array_size(list) == 1) {
        json_t *only = json_incref(json_array_get(list, 0));
        json_decref(list);
        return only;
    }
    if (json_array_size(list) > 1)
        return json_pack("{s:s, s:o}", "operator", "OR", "conditions", list);
    json_decref(list);
    if (token->prefix || !mail_keyword_is_valid(token->text))
        return search_fail_value(search, token, "bad-label",
                                 "is no label here: see its name in the settings, or write the "
                                 "keyword that the mail has");
    g_autofree char *keyword = g_ascii_strdown(token->text, -1);
    return json_pack("{s:s}", field->condition, keyword);
}

/* --- due: */

/* The day of a second, some days on, as conditions on to-dos have it. */
static char *day_of(const struct search *search, int64_t second, int on)
{
    int year, month, day;
    text_day_of(search->scope->zone, second, &year, &month, &day);
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    if (on > 0)
        g_date_add_days(&date, (guint)on);
    return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&date), (int)g_date_get_month(&date),
                           g_date_get_day(&date));
}

static json_t *due_between(char *from, char *before)
{
    json_t *todo = json_object();
    if (from != NULL)
        json_object_set_new(todo, "dueFrom", json_string(from));
    if (before != NULL)
        json_object_set_new(todo, "dueBefore", json_string(before));
    g_free(from);
    g_free(before);
    return json_pack("{s:o}", JMAP_FILTER_TODO, todo);
}

static bool is_word(const struct search_token *token, const char *word)
{
    return g_ascii_strcasecmp(token->text, word) == 0;
}

json_t *search_read_due(struct search *search, const struct search_token *token,
                        const struct search_field *field)
{
    int64_t now = search->scope->now, first, end;
    (void)field;
    if (!token->prefix && is_word(token, "overdue"))
        return due_between(NULL, day_of(search, now, 0));
    if (!token->prefix && is_word(token, "tomorrow"))
        return due_between(day_of(search, now, 1), day_of(search, now, 2));
    if (!token->prefix && is_word(token, "week"))
        return due_between(day_of(search, now, 0), day_of(search, now, 7));
    if (!token->prefix && search_date_span(search, token->text, &first, &end) &&
        first > INT64_C(-62000000000) && end < INT64_C(253402300799))
        return due_between(day_of(search, first, 0), day_of(search, end, 0));
    return search_fail_value(search, token, "bad-due",
                             "is no day: write 2026-11-22, 2026-11, today, tomorrow, week or "
                             "overdue");
}

/* --- for: */

/* Their address, or what stands before its @. */
static bool is_called(const struct store_viewer *person, const char *name)
{
    const char *at = strchr(person->name, '@');
    g_autofree char *local =
        g_strndup(person->name, at != NULL ? (size_t)(at - person->name) : strlen(person->name));
    return folds_alike(person->name, name) || folds_alike(local, name);
}

static json_t *todo_for(int64_t user)
{
    return json_pack("{s:{s:o}}", JMAP_FILTER_TODO, "personId", jmap_id('u', user));
}

json_t *search_read_for(struct search *search, const struct search_token *token,
                        const struct search_field *field)
{
    const GPtrArray *people = search->scope->people;
    (void)field;
    if (!token->prefix && is_word(token, "me") && search->scope->self != 0)
        return todo_for(search->scope->self);
    for (guint i = 0; !token->prefix && people != NULL && i < people->len; i++) {
        const struct store_viewer *person = people->pdata[i];
        if (is_called(person, token->text))
            return todo_for(person->user);
    }
    return search_fail_value(search, token, "unknown-person",
                             "sees none of these accounts: write for:me, or an address of "
                             "somebody who does");
}

/* Filters of store_query, built one within the other; the outermost owns what it is made of. */
#ifndef POSTROOM_TESTS_UNIT_STORE_FILTERS_H
#define POSTROOM_TESTS_UNIT_STORE_FILTERS_H

#include "store/mail.h"

/* Words apart by a space, of STORE_TEXT and its kind. */
static inline struct store_filter *filter_words(enum store_filter_kind kind, const char *text)
{
    struct store_filter *filter = store_filter_new(kind);
    filter->words = g_strsplit(text, " ", -1);
    return filter;
}

/* The same in this order, one after the other. */
static inline struct store_filter *filter_phrase(enum store_filter_kind kind, const char *text)
{
    struct store_filter *filter = filter_words(kind, text);
    filter->phrase = true;
    return filter;
}

/* A keyword, or the name of a header. */
static inline struct store_filter *filter_text(enum store_filter_kind kind, const char *text)
{
    struct store_filter *filter = store_filter_new(kind);
    filter->text = g_strdup(text);
    return filter;
}

static inline struct store_filter *filter_number(enum store_filter_kind kind, int64_t number)
{
    struct store_filter *filter = store_filter_new(kind);
    filter->number = number;
    return filter;
}

static inline struct store_filter *filter_mailbox(enum store_filter_kind kind, int64_t mailbox)
{
    struct store_filter *filter = store_filter_new(kind);
    filter->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(filter->ids, mailbox);
    return filter;
}

static inline struct store_filter *filter_in(int64_t mailbox)
{
    return filter_mailbox(STORE_IN_MAILBOX, mailbox);
}

/* One or two of them, joined; more can be added to its children. */
static inline struct store_filter *filter_join(enum store_filter_kind kind, struct store_filter *a,
                                               struct store_filter *b)
{
    struct store_filter *filter = store_filter_new(kind);
    filter->children = g_ptr_array_new();
    g_ptr_array_add(filter->children, a);
    if (b != NULL)
        g_ptr_array_add(filter->children, b);
    return filter;
}

#endif

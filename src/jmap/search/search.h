/* The search language for people (docs/search.md), compiled to a JMAP filter (RFC 8621, 4.4.1).
 * Pure: no store in it. */
#ifndef POSTROOM_JMAP_SEARCH_SEARCH_H
#define POSTROOM_JMAP_SEARCH_SEARCH_H

#include "jmap/jmap.h"

#define SEARCH_BYTES_MAX 4000
#define SEARCH_TERMS_MAX 64
#define SEARCH_MAILBOXES_MAX 20 /* that one name may mean */
#define SEARCH_DEPTH_MAX 5      /* of parentheses: each may be three levels of a filter */

/* A label of an account behind the search. */
struct search_label {
    char *name, *keyword;
};
/* What a search may mean by its words. */
struct search_scope {
    const GPtrArray *mailboxes; /* const struct store_mailbox *, for in: */
    const GPtrArray *labels;    /* struct search_label, for label:; or NULL */
    const GPtrArray *people;    /* const struct store_viewer *, for for:; or NULL */
    int64_t self;               /* user who searches, for for:me; 0: nobody */
    const char *zone;           /* whose days dates are, see text_day_start; NULL: the machine's */
    int64_t now;                /* seconds */
    int64_t inside;             /* mailbox to stay in unless in: names one; 0: none */
};
/* The filter (transfer full), {} for a blank text; NULL: *problem, which the caller clears. */
json_t *search_compile(const struct search_scope *scope, const char *text,
                       struct jmap_search_problem *problem);

/* --- within the language --- */

struct search;
struct search_field;

enum search_token_kind {
    SEARCH_END,
    SEARCH_OPEN,
    SEARCH_CLOSE,
    SEARCH_OR,
    SEARCH_AND,
    SEARCH_NOT,
    SEARCH_TERM
};
struct search_token {
    enum search_token_kind kind;
    size_t start, end;                /* bytes of the text */
    const struct search_field *field; /* of a term: what stands before its colon, or NULL */
    size_t value;                     /* where what follows the colon starts */
    char *text;                       /* of a term, without quotes and star */
    bool quoted, prefix;
    bool group; /* a term whose value is what follows in parentheses */
};

struct search {
    const struct search_scope *scope;
    struct jmap_search_problem *problem; /* code NULL: none yet */
    const char *text;
    size_t at;
    struct search_token token; /* the one to be read next */
    unsigned terms;
    bool in_used;
};

/* A condition of a term, from its text. (transfer full); NULL: failed. */
typedef json_t *search_reader(struct search *search, const struct search_token *token,
                              const struct search_field *field);
struct search_field {
    const char *name;
    search_reader *read;
    const char *condition; /* of the filter */
};
const struct search_field *search_field_of(const char *name, size_t length);
search_reader search_read_text, search_read_has, search_read_is, search_read_date, search_read_size,
    search_read_in, search_read_label, search_read_due, search_read_for;

/* What stands behind a date field: its first day and the day behind its last, at midnight in the
 * search's zone; false: it is no date. */
bool search_date_span(const struct search *search, const char *text, int64_t *first, int64_t *end);
/* The problem of a value; NULL. */
json_t *search_fail_value(struct search *search, const struct search_token *token, const char *code,
                          const char *advice);

/* Reads the next token into search->token; false: failed. */
bool search_advance(struct search *search);
/* Notes the first problem: what is wrong from start to end, and what to do. NULL. */
json_t *search_fail(struct search *search, const char *code, size_t start, size_t end,
                    const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif

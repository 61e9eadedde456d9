#include "jmap/search/search.h"

#include "jmap/email/filter.h"
#include "jmap/engine/engine.h"

#include <string.h>

static const struct search_field fields[] = {
    {"from", search_read_text, "from"},
    {"to", search_read_text, "to"},
    {"cc", search_read_text, "cc"},
    {"bcc", search_read_text, "bcc"},
    {"subject", search_read_text, "subject"},
    {"body", search_read_text, "body"},
    {"filename", search_read_text, JMAP_FILTER_FILENAME},
    {"has", search_read_has, NULL},
    {"is", search_read_is, NULL},
    {"before", search_read_date, "before"},
    {"after", search_read_date, "after"},
    {"on", search_read_date, NULL},
    {"larger", search_read_size, "minSize"},
    {"smaller", search_read_size, "maxSize"},
    {"in", search_read_in, "inMailbox"},
    {"label", search_read_label, "hasKeyword"},
    {"note", search_read_text, JMAP_FILTER_NOTE},
    {"due", search_read_due, NULL},
    {"for", search_read_for, NULL},
};
static const struct search_field any_text = {"", search_read_text, "text"};

const struct search_field *search_field_of(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strlen(fields[i].name) == length &&
            g_ascii_strncasecmp(fields[i].name, name, length) == 0)
            return &fields[i];
    return NULL;
}

json_t *search_fail(struct search *search, const char *code, size_t start, size_t end,
                    const char *format, ...)
{
    struct jmap_search_problem *problem = search->problem;
    va_list args;
    if (problem->code != NULL)
        return NULL;
    problem->code = code;
    problem->position = (size_t)g_utf8_strlen(search->text, (gssize)start);
    problem->length = (size_t)g_utf8_strlen(search->text + start, (gssize)(end - start));
    problem->word = g_strndup(search->text + start, end - start);
    va_start(args, format);
    problem->advice = g_strdup_vprintf(format, args);
    va_end(args);
    return NULL;
}

static bool is_and(json_t *filter)
{
    return g_strcmp0(json_string_value(json_object_get(filter, "operator")), "AND") == 0;
}

/* Conditions under an operator; one alone needs none, and AND within AND is one. Takes list. */
static json_t *combine(const char *name, json_t *list)
{
    json_t *flat = json_array(), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (strcmp(name, "AND") == 0 && is_and(item))
            json_array_extend(flat, json_object_get(item, "conditions"));
        else
            json_array_append(flat, item);
    }
    json_decref(list);
    if (json_array_size(flat) == 1 && strcmp(name, "NOT") != 0) {
        json_t *only = json_incref(json_array_get(flat, 0));
        json_decref(flat);
        return only;
    }
    return json_pack("{s:s, s:o}", "operator", name, "conditions", flat);
}

static json_t *read_or(struct search *search, const struct search_field *field, unsigned depth);

static json_t *read_group(struct search *search, const struct search_field *field, unsigned depth)
{
    size_t start = search->token.start, end = search->token.end;
    if (depth >= SEARCH_DEPTH_MAX)
        return search_fail(search, "too-deep", start, end,
                           "parentheses go %d deep at most: take some away", SEARCH_DEPTH_MAX);
    if (!search_advance(search))
        return NULL;
    if (search->token.kind == SEARCH_CLOSE)
        return search_fail(search, "empty-group", start, search->token.end,
                           "nothing stands in these parentheses");
    json_t *filter = search->token.kind != SEARCH_END ? read_or(search, field, depth + 1) : NULL;
    if (search->token.kind == SEARCH_CLOSE && filter != NULL && search_advance(search))
        return filter;
    if (search->token.kind == SEARCH_END)
        search_fail(search, "unclosed-group", start, end,
                    "this parenthesis has no end: put ) where the group ends");
    json_decref(filter);
    return NULL;
}

static json_t *read_term(struct search *search, const struct search_field *field, unsigned depth)
{
    struct search_token *token = &search->token;
    const struct search_field *own = token->field != NULL ? token->field : field;
    if (++search->terms > SEARCH_TERMS_MAX)
        return search_fail(search, "too-many", token->start, token->end,
                           "a search has %d words at most: take some away", SEARCH_TERMS_MAX);
    if (token->group)
        return search_advance(search) ? read_group(search, own, depth) : NULL;
    json_t *condition = own->read(search, token, own);
    if (condition == NULL || search_advance(search))
        return condition;
    json_decref(condition);
    return NULL;
}

static json_t *read_operand(struct search *search, const struct search_field *field,
                            const struct search_token *before, unsigned depth)
{
    if (search->token.kind == SEARCH_TERM)
        return read_term(search, field, depth);
    if (search->token.kind == SEARCH_OPEN)
        return read_group(search, field, depth);
    if (before != NULL)
        return search_fail(search, "nothing-after", before->start, before->end,
                           "something to search for must follow here; to find the word itself, "
                           "put it in quotes");
    return search_fail(search,
                       search->token.kind == SEARCH_CLOSE ? "unexpected-close" : "nothing-before",
                       search->token.start, search->token.end,
                       search->token.kind == SEARCH_CLOSE
                           ? "no parenthesis was opened that this could close"
                           : "something to search for must stand before it; to find the word "
                             "itself, put it in quotes");
}

/* Two negations are none, so that a row of them costs no depth. */
static json_t *read_not(struct search *search, const struct search_field *field,
                        const struct search_token *before, unsigned depth)
{
    bool negated = false;
    struct search_token sign = {0};
    while (search->token.kind == SEARCH_NOT) {
        negated = !negated;
        sign = (struct search_token){.start = search->token.start, .end = search->token.end};
        if (!search_advance(search))
            return NULL;
    }
    json_t *filter = read_operand(search, field, sign.end > 0 ? &sign : before, depth);
    return filter != NULL && negated ? combine("NOT", json_pack("[o]", filter)) : filter;
}

static json_t *read_and(struct search *search, const struct search_field *field,
                        const struct search_token *before, unsigned depth)
{
    json_t *list = json_array();
    struct search_token sign;
    for (;;) {
        json_t *filter = read_not(search, field, before, depth);
        if (filter == NULL)
            break;
        json_array_append_new(list, filter);
        before = NULL;
        enum search_token_kind kind = search->token.kind;
        if (kind == SEARCH_END || kind == SEARCH_CLOSE || kind == SEARCH_OR)
            return combine("AND", list);
        if (kind == SEARCH_AND) {
            sign = (struct search_token){.start = search->token.start, .end = search->token.end};
            before = &sign;
            if (!search_advance(search))
                break;
        }
    }
    json_decref(list);
    return NULL;
}

static json_t *read_or(struct search *search, const struct search_field *field, unsigned depth)
{
    json_t *list = json_array();
    struct search_token sign, *before = NULL;
    for (;;) {
        json_t *filter = read_and(search, field, before, depth);
        if (filter == NULL)
            break;
        json_array_append_new(list, filter);
        if (search->token.kind != SEARCH_OR)
            return combine("OR", list);
        sign = (struct search_token){.start = search->token.start, .end = search->token.end};
        before = &sign;
        if (!search_advance(search))
            break;
    }
    json_decref(list);
    return NULL;
}

/* All of the text; NULL: failed. */
static json_t *read_all(struct search *search)
{
    if (!search_advance(search))
        return NULL;
    if (search->token.kind == SEARCH_END) {
        g_autofree char *blank = g_strstrip(g_strdup(search->text));
        return *blank == '\0' ? json_object() : json_pack("{s:s}", "text", blank);
    }
    json_t *filter = read_or(search, &any_text, 0);
    if (filter == NULL || search->token.kind == SEARCH_END)
        return filter;
    json_decref(filter);
    return search_fail(search, "unexpected-close", search->token.start, search->token.end,
                       "no parenthesis was opened that this could close");
}

static json_t *stay_inside(int64_t mailbox, json_t *filter)
{
    json_t *condition = json_pack("{s:o}", "inMailbox", jmap_id('m', mailbox));
    if (json_object_size(filter) > 0)
        return combine("AND", json_pack("[o, o]", condition, filter));
    json_decref(filter);
    return condition;
}

json_t *search_compile(const struct search_scope *scope, const char *text,
                       struct jmap_search_problem *problem)
{
    struct search search = {.scope = scope, .problem = problem, .text = text};
    *problem = (struct jmap_search_problem){0};
    if (strlen(text) > SEARCH_BYTES_MAX)
        return search_fail(&search, "too-long", 0, 0, "a search has %d bytes at most: shorten it",
                           SEARCH_BYTES_MAX);
    json_t *filter = read_all(&search);
    g_free(search.token.text);
    return filter != NULL && scope->inside != 0 && !search.in_used
               ? stay_inside(scope->inside, filter)
               : filter;
}

void jmap_search_problem_clear(struct jmap_search_problem *problem)
{
    g_free(problem->word);
    g_free(problem->advice);
    *problem = (struct jmap_search_problem){0};
}

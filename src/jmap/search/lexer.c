#include "jmap/search/search.h"

#include "text/text.h"

#include <string.h>

static gunichar char_at(const struct search *search, size_t at)
{
    return g_utf8_get_char(search->text + at);
}

static size_t behind(const struct search *search, size_t at)
{
    return at + (size_t)g_utf8_skip[(unsigned char)search->text[at]];
}

/* What a keyboard for Chinese puts in place of the ASCII signs means the same. */
static bool is_open(gunichar c)
{
    return c == '(' || c == 0xff08;
}

static bool is_close(gunichar c)
{
    return c == ')' || c == 0xff09;
}

static bool is_colon(gunichar c)
{
    return c == ':' || c == 0xff1a;
}

/* " and what word processors and languages put in its place. */
static bool is_quote(gunichar c)
{
    return c == '"' || (c >= 0x201c && c <= 0x201f) || c == 0xab || c == 0xbb ||
           (c >= 0x300c && c <= 0x300f) || c == 0xff02;
}

static bool is_star(gunichar c)
{
    return c == '*' || c == 0xff0a;
}

static bool ends_word(gunichar c)
{
    return c == 0 || g_unichar_isspace(c) || is_open(c) || is_close(c);
}

static bool is_hebrew(gunichar c)
{
    return c >= 0x5d0 && c <= 0x5f2;
}

/* The sign within צה"ל is no quote. */
static bool is_within_hebrew(const struct search *search, size_t at)
{
    const char *before = g_utf8_find_prev_char(search->text, search->text + at);
    return before != NULL && is_hebrew(g_utf8_get_char(before)) &&
           is_hebrew(char_at(search, behind(search, at)));
}

static void skip_spaces(struct search *search)
{
    while (g_unichar_isspace(char_at(search, search->at)))
        search->at = behind(search, search->at);
}

static bool take_phrase(struct search *search)
{
    struct search_token *token = &search->token;
    size_t from = behind(search, search->at), to = from;
    while (search->text[to] != '\0' &&
           !(is_quote(char_at(search, to)) && !is_within_hebrew(search, to)))
        to = behind(search, to);
    if (search->text[to] == '\0') {
        search_fail(search, "unclosed-quote", search->at, to,
                    "this quote has no end: put \" after the last word of the phrase");
        return false;
    }
    search->at = behind(search, to);
    token->quoted = true;
    token->text = g_strndup(search->text + from, to - from);
    if (to > from && is_star(g_utf8_get_char(g_utf8_prev_char(search->text + to)))) {
        token->prefix = true;
        *g_utf8_prev_char(token->text + (to - from)) = '\0';
    }
    if (is_star(char_at(search, search->at))) {
        token->prefix = true;
        search->at = behind(search, search->at);
    }
    return true;
}

static void take_word(struct search *search)
{
    struct search_token *token = &search->token;
    size_t from = search->at, last = from;
    while (!ends_word(char_at(search, search->at))) {
        last = search->at;
        search->at = behind(search, last);
    }
    size_t length = search->at - from;
    if (length > 0 && is_star(char_at(search, last))) {
        token->prefix = true;
        length = last - from;
    }
    token->text = g_strndup(search->text + from, length);
}

static bool is_scheme(const char *name, size_t length)
{
    static const char *const schemes[] = {"http", "https", "ftp", "mailto", "tel", "cid", "urn"};
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (strlen(schemes[i]) == length && g_ascii_strncasecmp(schemes[i], name, length) == 0)
            return true;
    return false;
}

/* A name and a colon; what looks like one and is none is a mistake, since it would be searched as
 * words that no mail has. */
static bool take_field(struct search *search)
{
    const char *name = search->text + search->at;
    size_t length = 0;
    while (g_ascii_isalpha(name[length]))
        length++;
    size_t colon = search->at + length;
    if (length == 0 || !is_colon(char_at(search, colon)))
        return true;
    size_t value = behind(search, colon);
    search->token.field = search_field_of(name, length);
    if (search->token.field != NULL) {
        search->at = search->token.value = value;
        return true;
    }
    if (length < 2 || ends_word(char_at(search, value)) || is_scheme(name, length))
        return true;
    search_fail(search, "unknown-field", search->at, value,
                "there is no \"%.*s:\" to search by; put the word in quotes to find it in mails",
                (int)length, name);
    return false;
}

static bool take_term(struct search *search)
{
    struct search_token *token = &search->token;
    token->kind = SEARCH_TERM;
    token->value = search->at;
    if (!take_field(search))
        return false;
    if (token->field != NULL)
        skip_spaces(search);
    gunichar c = char_at(search, search->at);
    if (token->field != NULL && is_open(c)) {
        token->group = true;
        return true;
    }
    if (token->field != NULL && ends_word(c)) {
        search_fail(search, "empty-field", token->start, token->value, "say what \"%s:\" is to be",
                    token->field->name);
        return false;
    }
    if (is_quote(c))
        return take_phrase(search);
    take_word(search);
    return true;
}

static void name_operator(struct search_token *token)
{
    if (token->field != NULL || token->quoted || token->prefix || token->group)
        return;
    if (strcmp(token->text, "OR") == 0)
        token->kind = SEARCH_OR;
    else if (strcmp(token->text, "AND") == 0)
        token->kind = SEARCH_AND;
    else if (strcmp(token->text, "NOT") == 0)
        token->kind = SEARCH_NOT;
}

/* "&" or "–" between words: nothing to search for. */
static bool is_noise(const struct search_token *token)
{
    if (token->kind != SEARCH_TERM || token->field != NULL || token->group)
        return false;
    g_auto(GStrv) words = text_query_words(token->text);
    return words[0] == NULL;
}

static bool read_token(struct search *search)
{
    struct search_token *token = &search->token;
    g_free(token->text);
    *token = (struct search_token){0};
    skip_spaces(search);
    token->start = search->at;
    gunichar c = char_at(search, search->at);
    if (c == 0)
        return true;
    gunichar next = char_at(search, behind(search, search->at));
    token->kind = is_open(c)                                                       ? SEARCH_OPEN
                  : is_close(c)                                                    ? SEARCH_CLOSE
                  : c == '-' && (!ends_word(next) || is_open(next)) && next != '-' ? SEARCH_NOT
                                                                                   : SEARCH_TERM;
    if (token->kind != SEARCH_TERM) {
        search->at = behind(search, search->at);
        return true;
    }
    if (!take_term(search))
        return false;
    name_operator(token);
    return true;
}

bool search_advance(struct search *search)
{
    do {
        if (!read_token(search))
            return false;
        search->token.end = search->at;
    } while (is_noise(&search->token));
    return true;
}

#include "store/sqlite/query.h"

#include "store/sqlite/fts.h"
#include "store/sqlite/reading.h"

#include <string.h>

#define LOADED_MAX 10000000u /* of eight bytes */

static void append_quoted(GString *match, const char *word)
{
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '"')
            g_string_append_c(match, '"');
        g_string_append_c(match, *p);
    }
}

/* One term in each of the fields. Each quoted string begins with the account's scope. */
static void append_word(GString *match, const char *scope, const char *const *letters,
                        const char *word, bool prefix)
{
    for (const char *const *letter = letters; *letter != NULL; letter++) {
        g_string_append_printf(match, "%s\"%s %s", letter != letters ? " OR " : "(", scope,
                               *letter);
        append_quoted(match, word);
        g_string_append(match, prefix ? "\" *" : "\"");
    }
    g_string_append_c(match, ')');
}

static bool words_expression(const struct query *query, const struct store_filter *filter,
                             GString *match)
{
    char scope[TERMS_SCOPE_BYTES];
    const char *const *letters = terms_letters(filter->kind);
    if (letters == NULL || filter->words == NULL || filter->words[0] == NULL)
        return false;
    terms_scope(query->account, scope);
    for (char **word = filter->words; *word != NULL; word++) {
        if (word != filter->words)
            g_string_append(match, " AND ");
        append_word(match, scope, letters, *word, filter->prefix && word[1] == NULL);
    }
    return true;
}

bool query_text_expression(const struct query *query, const struct store_filter *filter,
                           GString *match)
{
    if (filter->kind != STORE_AND && filter->kind != STORE_OR)
        return words_expression(query, filter, match);
    if (filter->children == NULL || filter->children->len == 0)
        return false;
    for (guint i = 0; i < filter->children->len; i++) {
        g_autoptr(GString) child = g_string_new(NULL);
        if (!query_text_expression(query, filter->children->pdata[i], child))
            return false;
        if (i > 0)
            g_string_append(match, filter->kind == STORE_AND ? " AND " : " OR ");
        g_string_append_printf(match, "(%s)", child->str);
    }
    return true;
}

/* What is not loaded would be missing in all that follows. */
static bool may_load(struct listing *listing)
{
    bool may = listing_may_go_on(listing) && ++listing->loaded <= LOADED_MAX;
    if (!may)
        listing->exhausted = listing->incomplete = true;
    return may;
}

/* Matches of words that stand below OR or NOT with other conditions: looked up whole, before the
 * walk begins. */
void query_load_texts(struct query *query, const struct store_filter *filter)
{
    g_autoptr(GString) match = g_string_new(NULL);
    if (query->listing->exhausted)
        return;
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        query_load_texts(query, filter->children->pdata[i]);
    if (filter->kind == STORE_AND || filter->kind == STORE_OR ||
        !words_expression(query, filter, match))
        return;
    GArray *ords = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct db *db = &query->reader->main;
    sqlite3_stmt *row = fts_query(db, query->account, match->str, 0, true, -1, &query->error);
    while (db_step(db, row, &query->error)) {
        int64_t ord = db_int(row, 0);
        if (!may_load(query->listing))
            break;
        g_array_append_val(ords, ord);
    }
    db_done(row);
    g_hash_table_insert(query->texts, (void *)(uintptr_t)filter, ords);
}

/* --- words in their order */

bool query_has_phrase(const struct store_filter *filter)
{
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        if (query_has_phrase(filter->children->pdata[i]))
            return true;
    return filter->phrase && filter->words != NULL && filter->words[0] != NULL &&
           filter->words[1] != NULL;
}

bool query_has_beginning(const struct store_filter *filter)
{
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        if (query_has_beginning(filter->children->pdata[i]))
            return true;
    return filter->prefix;
}

static bool is_in_summary(enum store_filter_kind kind)
{
    return kind != STORE_TEXT && kind != STORE_BODY && kind != STORE_FILENAME;
}

static const struct store_index *headers_of(struct query *query, const struct candidate *candidate)
{
    if (query->headers_of != candidate->email) {
        store_index_clear(&query->headers);
        reading_headers(&query->reader->main, candidate->email, &query->headers);
        query->headers_of = candidate->email;
    }
    return &query->headers;
}

/* As far as messages may be read. */
static const struct store_index *words_of(struct query *query, const struct candidate *candidate)
{
    if (query->words_of != candidate->email && listing_may_read(query->listing)) {
        const struct reading reading = {candidate->email, candidate->blob, candidate->state};
        store_index_clear(&query->message);
        reading_words(query->store, &query->reader->main, &query->reader->blobs, &reading,
                      &query->message);
        query->message.contents = fts_kept(&query->reader->main, candidate->email, NULL);
        query->words_of = candidate->email;
    }
    return &query->message;
}

bool query_phrase_holds(struct query *query, const struct store_filter *filter,
                        struct candidate *candidate)
{
    if (!query_load_row(query, candidate))
        return false;
    if (summary_words_match(headers_of(query, candidate), filter))
        return true;
    return !is_in_summary(filter->kind) && summary_words_match(words_of(query, candidate), filter);
}

/* --- any header field: read from the raw message */

static char *folded(const char *text, gsize length)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    return g_utf8_casefold(valid, -1);
}

/* The value of a field that begins at line: unfolded, with its length. */
static GString *unfold(const char *value, const char *end)
{
    GString *out = g_string_new(NULL);
    for (const char *p = value; p < end; p++) {
        if (*p == '\n' && (p + 1 == end || (p[1] != ' ' && p[1] != '\t')))
            break;
        if (*p != '\r' && *p != '\n')
            g_string_append_c(out, *p);
    }
    return out;
}

static bool value_matches(const char *value, const char *end, const struct store_filter *filter)
{
    const char *wanted = filter->words != NULL ? filter->words[0] : NULL;
    if (wanted == NULL)
        return true;
    g_autoptr(GString) text = unfold(value, end);
    g_autofree char *plain = filter->decode != NULL ? filter->decode(text->str) : NULL;
    g_autofree char *have =
        plain != NULL ? folded(plain, strlen(plain)) : folded(text->str, text->len);
    g_autofree char *want = folded(wanted, strlen(wanted));
    return strstr(have, want) != NULL;
}

static bool header_matches(const char *raw, gsize length, const struct store_filter *filter)
{
    const char *end = raw + length, *name = filter->text;
    size_t name_length = strlen(name);
    for (const char *line = raw; line < end && *line != '\r' && *line != '\n';) {
        size_t left = (size_t)(end - line);
        if (left > name_length && line[name_length] == ':' &&
            g_ascii_strncasecmp(line, name, name_length) == 0 &&
            value_matches(line + name_length + 1, end, filter))
            return true;
        const char *next = memchr(line, '\n', left);
        if (next == NULL)
            break;
        line = next + 1;
    }
    return false;
}

bool query_header(struct query *query, const struct store_filter *filter,
                  struct candidate *candidate)
{
    if (candidate->blob == 0 || filter->text == NULL || !listing_may_read(query->listing))
        return false;
    g_autoptr(GBytes) raw = blob_load(query->store, query->reader, candidate->blob, NULL);
    if (raw == NULL)
        return false;
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    return header_matches(bytes, length, filter);
}

#include "store/sqlite/query.h"

#include "store/sqlite/fts.h"

#include <string.h>

static const char *columns_of(enum store_filter_kind kind)
{
    switch (kind) {
    case STORE_TEXT:
        return "";
    case STORE_FROM:
        return "{\"from\"} : ";
    case STORE_TO:
        return "{\"to\"} : ";
    case STORE_CC:
        return "{cc} : ";
    case STORE_BCC:
        return "{bcc} : ";
    case STORE_SUBJECT:
        return "{subject} : ";
    case STORE_BODY:
        return "{body quoted} : ";
    case STORE_FILENAME:
        return "{filenames} : ";
    default:
        return NULL;
    }
}

static void append_quoted(GString *match, const char *word)
{
    for (const char *p = word; *p != '\0'; p++) {
        if (*p == '"')
            g_string_append_c(match, '"');
        g_string_append_c(match, *p);
    }
}

/* Each quoted string begins with the account's scope. */
static bool words_expression(const struct query *query, const struct store_filter *filter,
                             GString *match)
{
    char scope[FTS_SCOPE_BYTES];
    const char *columns = columns_of(filter->kind);
    if (columns == NULL || filter->words == NULL || filter->words[0] == NULL)
        return false;
    fts_scope(query->account, scope);
    g_string_append_printf(match, "%s(\"%s ", columns, scope);
    for (char **word = filter->words; *word != NULL; word++) {
        if (word != filter->words)
            g_string_append_printf(match, filter->phrase ? " " : "\" AND \"%s ", scope);
        append_quoted(match, *word);
    }
    g_string_append(match, filter->prefix ? "\" *)" : "\")");
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

/* Matches of words that stand below OR or NOT with other conditions: looked up whole, before the
 * walk begins. */
void query_load_texts(struct query *query, const struct store_filter *filter)
{
    g_autoptr(GString) match = g_string_new(NULL);
    for (guint i = 0; filter->children != NULL && i < filter->children->len; i++)
        query_load_texts(query, filter->children->pdata[i]);
    if (filter->kind == STORE_AND || filter->kind == STORE_OR ||
        !words_expression(query, filter, match))
        return;
    GArray *ords = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct db *db = &query->reader->main;
    sqlite3_stmt *row = fts_query(db, query->account, match->str, 0, true, &query->error);
    while (db_step(db, row, &query->error)) {
        int64_t ord = db_int(row, 0);
        g_array_append_val(ords, ord);
    }
    g_hash_table_insert(query->texts, (void *)(uintptr_t)filter, ords);
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
    if (candidate->blob == 0 || filter->text == NULL)
        return false;
    g_autoptr(GBytes) raw = blob_load(query->store, query->reader, candidate->blob, NULL);
    if (raw == NULL)
        return false;
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    return header_matches(bytes, length, filter);
}

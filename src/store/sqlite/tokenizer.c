#include "store/sqlite/tokenizer.h"

#include <string.h>

/* Words are shorter: text/text.h. */
#define TOKEN_MAX 512
#define SCOPE_MAX 64

static int create(void *context, const char **args, int count, Fts5Tokenizer **out)
{
    (void)context;
    (void)args;
    (void)count;
    /* No state: any address that is not NULL will do. */
    static char nothing;
    *out = (Fts5Tokenizer *)&nothing;
    return SQLITE_OK;
}

static void destroy(Fts5Tokenizer *tokenizer)
{
    (void)tokenizer;
}

static int tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text,
                    int length, int (*token)(void *, int, const char *, int, int, int))
{
    char word[TOKEN_MAX];
    (void)tokenizer;
    (void)flags;
    int scope = 0, start;
    while (scope < length && scope < SCOPE_MAX && text[scope] != ' ')
        scope++;
    memcpy(word, text, (size_t)scope);
    start = scope + 1;
    for (int i = start; i <= length; i++) {
        if (i < length && text[i] != ' ')
            continue;
        if (i > start) {
            int bytes = MIN(i - start, TOKEN_MAX - scope);
            memcpy(word + scope, text + start, (size_t)bytes);
            int code = token(context, 0, word, scope + bytes, start, i);
            if (code != SQLITE_OK)
                return code;
        }
        start = i + 1;
    }
    return SQLITE_OK;
}

static fts5_api *api_of(sqlite3 *handle)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

bool tokenizer_register(sqlite3 *handle, GError **error)
{
    fts5_tokenizer functions = {create, destroy, tokenize};
    fts5_api *api = api_of(handle);
    if (api != NULL && api->xCreateTokenizer(api, "scoped", NULL, &functions, NULL) == SQLITE_OK)
        return true;
    error_set(error, ERROR_STORE, "this SQLite has no FTS5");
    return false;
}

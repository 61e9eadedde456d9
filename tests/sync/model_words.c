/* Commands as they come in: literals, words, lists. */
#include "model.h"

#include <string.h>

static void word_free(gpointer pointer)
{
    struct model_word *word = pointer;
    g_free(word->text);
    g_free(word);
}

void model_command_clear(struct model_command *command)
{
    g_free(command->tag);
    g_free(command->name);
    g_ptr_array_unref(command->args);
}

gsize model_command_end(struct model_connection *c)
{
    gsize at = 0;
    for (;;) {
        const char *line = c->in->str + at;
        const char *end = memchr(line, '\n', c->in->len - at);
        if (end == NULL)
            return 0;
        gsize after = (gsize)(end - c->in->str) + 1;
        const char *tail = end > line && end[-1] == '\r' ? end - 1 : end;
        if (tail == line || tail[-1] != '}')
            return after;
        const char *open = g_strrstr_len(line, tail - line, "{");
        if (open == NULL)
            return after;
        gsize size = g_ascii_strtoull(open + 1, NULL, 10);
        if (tail[-2] != '+' && c->continued < after) {
            g_string_append(c->out, "+ go on\r\n");
            c->continued = after;
        }
        if (c->in->len < after + size)
            return 0;
        at = after + size;
    }
}

static void add_word(struct model_command *command, int kind, const char *text, gsize length)
{
    struct model_word *word = g_new0(struct model_word, 1);
    word->kind = kind;
    word->text = g_strndup(text, length);
    word->length = length;
    g_ptr_array_add(command->args, word);
}

static const char *quoted(struct model_command *command, const char *at, const char *end)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\')
            at++;
        g_string_append_c(text, *at);
    }
    add_word(command, MODEL_STRING, text->str, text->len);
    return at + 1;
}

static const char *literal(struct model_command *command, const char *at, const char *end)
{
    gsize size = g_ascii_strtoull(at + 1, NULL, 10);
    const char *start = memchr(at, '\n', (gsize)(end - at));
    add_word(command, MODEL_STRING, start + 1, size);
    return start + 1 + size;
}

static const char *atom(struct model_command *command, const char *at, const char *end)
{
    const char *start = at;
    int depth = 0;
    for (; at < end && *at != '\r' && *at != '\n'; at++) {
        if (*at == '[')
            depth++;
        else if (*at == ']')
            depth--;
        else if (depth == 0 && strchr(" ()\"", *at) != NULL)
            break;
    }
    add_word(command, MODEL_ATOM, start, (gsize)(at - start));
    return at;
}

static void tokenise(struct model_command *command, const char *at, const char *end)
{
    while (at < end) {
        if (*at == ' ' || *at == '\r' || *at == '\n')
            at++;
        else if (*at == '(' || *at == ')') {
            add_word(command, *at == '(' ? MODEL_OPEN : MODEL_CLOSE, at, 1);
            at++;
        } else if (*at == '"')
            at = quoted(command, at, end);
        else if (*at == '{')
            at = literal(command, at, end);
        else
            at = atom(command, at, end);
    }
}

void model_command_read(struct model_connection *c, gsize length, struct model_command *command)
{
    *command = (struct model_command){.args = g_ptr_array_new_with_free_func(word_free)};
    tokenise(command, c->in->str, c->in->str + length);
    command->tag = g_strdup(model_next(command));
    const char *name = model_next(command);
    command->name = g_ascii_strup(name != NULL ? name : "", -1);
    if (strcmp(command->name, "UID") != 0 && strcmp(command->name, "AUTHENTICATE") != 0)
        return;
    name = model_next(command);
    g_autofree char *verb = g_ascii_strup(name != NULL ? name : "", -1);
    char *both = g_strconcat(command->name, " ", verb, NULL);
    g_free(command->name);
    command->name = both;
}

const struct model_word *model_peek(const struct model_command *command)
{
    return command->at < command->args->len ? command->args->pdata[command->at] : NULL;
}

const char *model_next(struct model_command *command)
{
    const struct model_word *word = model_peek(command);
    command->at += word != NULL;
    return word != NULL ? word->text : NULL;
}

bool model_skip(struct model_command *command, int kind)
{
    const struct model_word *word = model_peek(command);
    bool is = word != NULL && (int)word->kind == kind;
    command->at += is;
    return is;
}

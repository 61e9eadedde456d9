#include "jmap/engine/engine.h"

#define TOKENS_MAX 32
#define STEP_COST 64

bool jmap_pointer_unescape(char *token)
{
    char *to = token;

    for (const char *from = token; *from != '\0'; from++) {
        if (*from != '~')
            *to++ = *from;
        else if (*++from == '0' || *from == '1')
            *to++ = *from == '0' ? '~' : '/';
        else
            return false;
    }
    *to = '\0';
    return true;
}

static json_t *array_item(const json_t *array, const char *token)
{
    char *end;
    unsigned long index;

    if (!g_ascii_isdigit(token[0]) || (token[0] == '0' && token[1] != '\0') || strlen(token) > 9)
        return NULL;
    index = strtoul(token, &end, 10);
    return *end == '\0' ? json_array_get(array, index) : NULL;
}

static json_t *evaluate(json_t *value, char **tokens, size_t *budget);

/* Each item costs, whatever is found in it: many references may walk the same long list. */
static json_t *map_items(json_t *array, char **rest, size_t *budget)
{
    json_t *result = json_array(), *item;
    size_t i;

    json_array_foreach(array, i, item)
    {
        json_t *found = *budget >= STEP_COST ? evaluate(item, rest, budget) : NULL;

        *budget -= MIN(*budget, STEP_COST);
        if (found == NULL) {
            json_decref(result);
            return NULL;
        }
        if (json_is_array(found))
            json_array_extend(result, found);
        else
            json_array_append(result, found);
        json_decref(found);
    }
    return result;
}

/* (transfer full) or NULL. Recursion is bounded by TOKENS_MAX. */
static json_t *evaluate(json_t *value, char **tokens, size_t *budget)
{
    for (; *tokens != NULL; tokens++) {
        if (json_is_array(value) && strcmp(*tokens, "*") == 0)
            return map_items(value, tokens + 1, budget);
        value = json_is_object(value)  ? json_object_get(value, *tokens)
                : json_is_array(value) ? array_item(value, *tokens)
                                       : NULL;
        if (value == NULL)
            return NULL;
    }
    return json_incref(value);
}

static json_t *evaluate_path(json_t *arguments, const char *path, size_t *budget)
{
    g_auto(GStrv) tokens = NULL;

    if (path[0] == '\0')
        return json_incref(arguments);
    if (path[0] != '/')
        return NULL;
    tokens = g_strsplit(path + 1, "/", TOKENS_MAX + 1);
    if (g_strv_length(tokens) > TOKENS_MAX)
        return NULL;
    for (size_t i = 0; tokens[i] != NULL; i++)
        if (!jmap_pointer_unescape(tokens[i]))
            return NULL;
    return evaluate(arguments, tokens, budget);
}

/* References can name one large answer many times over, and an answer that holds two of the one
 * before it doubles with every call: what they would come to when written out is bounded here, and
 * so is the depth. */
static json_t *resolve(struct jmap_request *request, json_t *reference)
{
    const char *result_of = json_string_value(json_object_get(reference, "resultOf"));
    const char *name = json_string_value(json_object_get(reference, "name"));
    const char *path = json_string_value(json_object_get(reference, "path"));
    json_t *response, *value;
    size_t i;

    if (result_of == NULL || name == NULL || path == NULL)
        return NULL;
    json_array_foreach(request->responses, i, response)
    {
        if (strcmp(json_string_value(json_array_get(response, 2)), result_of) != 0)
            continue;
        if (strcmp(json_string_value(json_array_get(response, 0)), name) != 0)
            return NULL;
        value = evaluate_path(json_array_get(response, 1), path, &request->budget);
        if (value != NULL && !jmap_weigh(value, JMAP_MAX_DEPTH, &request->budget)) {
            json_decref(value);
            value = NULL;
        }
        return value;
    }
    return NULL;
}

json_t *jmap_refs_resolve(struct jmap_request *request, json_t *args, const char **error)
{
    json_t *result = json_object(), *value;
    const char *key;

    *error = NULL;
    json_object_foreach(args, key, value)
    {
        json_t *found = NULL;

        if (key[0] != '#') {
            json_object_set(result, key, value);
            continue;
        }
        if (json_object_get(args, key + 1) != NULL)
            *error = "invalidArguments";
        else if (!json_is_object(value))
            *error = "invalidArguments";
        else if ((found = resolve(request, value)) == NULL)
            *error = "invalidResultReference";
        if (*error != NULL)
            break;
        json_object_set_new(result, key + 1, found);
    }
    if (*error != NULL) {
        json_decref(result);
        return NULL;
    }
    return result;
}

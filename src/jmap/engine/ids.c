#include "jmap/engine/engine.h"

/* A positive decimal number without sign, leading zero or anything behind it. */
static bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(*text - '0');

        if (*text < '0' || *text > '9' || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

int64_t jmap_id_parse(char prefix, const char *text)
{
    uint64_t number;
    bool negative = prefix == 'm' && text != NULL && text[0] == prefix && text[1] == '-';

    if (text == NULL || text[0] != prefix || !parse_number(text + 1 + negative, INT64_MAX, &number))
        return 0;
    return negative ? -(int64_t)number : (int64_t)number;
}

json_t *jmap_id(char prefix, int64_t number)
{
    return json_sprintf("%c%" G_GINT64_FORMAT, prefix, number);
}

const char *jmap_id_resolve(const struct jmap_request *request, const char *text)
{
    if (text == NULL || text[0] != '#')
        return text;
    return json_string_value(json_object_get(request->created, text + 1));
}

int64_t jmap_id_find(const struct jmap_request *request, char prefix, const char *text)
{
    return jmap_id_parse(prefix, jmap_id_resolve(request, text));
}

void jmap_id_created(struct jmap_request *request, const char *creation, json_t *id)
{
    json_object_set(request->created, creation, id);
}

bool jmap_state_parse(const char *text, uint64_t *state)
{
    return text != NULL && parse_number(text, UINT64_MAX, state);
}

json_t *jmap_state(uint64_t state)
{
    return json_sprintf("%" G_GUINT64_FORMAT, state);
}

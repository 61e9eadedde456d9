#include "jmap/record/record.h"

#include "jmap/submission/object.h"

#include <string.h>

#define LINE_OF_LIST_MAX 1000 /* octets */

static bool is_text(const json_t *value, int64_t least, int64_t most)
{
    return json_is_string(value) && !jmap_json_has_nul(value) &&
           (int64_t)json_string_length(value) >= least &&
           (most == 0 || (int64_t)json_string_length(value) <= most);
}

static bool is_line(const json_t *value, int64_t least, int64_t most)
{
    if (!is_text(value, least, most))
        return false;
    for (const char *c = json_string_value(value); *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return true;
}

static bool is_lines(const json_t *value, int64_t most)
{
    json_t *item;
    size_t i;

    if (!json_is_array(value) || (int64_t)json_array_size(value) > most)
        return false;
    json_array_foreach(value, i, item)
    {
        if (!is_line(item, 0, LINE_OF_LIST_MAX))
            return false;
    }
    return true;
}

static bool is_address(const json_t *value)
{
    const json_t *name = json_object_get(value, "name"), *email = json_object_get(value, "email");

    return json_object_size(value) == (name != NULL ? 1U : 0U) + (email != NULL ? 1U : 0U) &&
           is_line(email, 1, LINE_OF_LIST_MAX) && jmap_address_is_valid(json_string_value(email)) &&
           (name == NULL || json_is_null(name) || is_line(name, 0, LINE_OF_LIST_MAX));
}

static bool is_addresses(const json_t *value, int64_t most)
{
    json_t *item;
    size_t i;

    if (!json_is_array(value) || (int64_t)json_array_size(value) > most)
        return false;
    json_array_foreach(value, i, item)
    {
        if (!is_address(item))
            return false;
    }
    return true;
}

static bool is_word(const json_t *value, const char *const *words)
{
    return is_line(value, 0, 0) && g_strv_contains(words, json_string_value(value));
}

static bool is_id(const json_t *value)
{
    const char *text = json_string_value(value);

    return is_line(value, 1, 255) &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               json_string_length(value);
}

bool jmap_field_takes(const struct jmap_field *field, const json_t *value)
{
    int64_t seconds;

    if (json_is_null(value))
        return (field->flags & JMAP_FIELD_NULLABLE) != 0;
    switch (field->kind) {
    case JMAP_FIELD_LINE:
        return is_line(value, field->least, field->most);
    case JMAP_FIELD_TEXT:
        return is_text(value, field->least, field->most);
    case JMAP_FIELD_BOOLEAN:
        return json_is_boolean(value);
    case JMAP_FIELD_INT:
        return json_is_integer(value) && json_integer_value(value) >= field->least &&
               json_integer_value(value) <= field->most;
    case JMAP_FIELD_WORD:
        return is_word(value, field->words);
    case JMAP_FIELD_DATE:
        return is_line(value, 0, 0) &&
               jmap_date_parse(json_string_value(value), true, &seconds, NULL);
    case JMAP_FIELD_ID:
        return is_id(value);
    case JMAP_FIELD_LINES:
        return is_lines(value, field->most);
    case JMAP_FIELD_ADDRESSES:
        return is_addresses(value, field->most);
    case JMAP_FIELD_OBJECT:
        return json_is_object(value) && !jmap_json_has_nul(value);
    }
    return false;
}

/* Takes kept. */
static json_t *value_of(const struct jmap_field *field, const json_t *kept)
{
    json_t *value = json_object_get(kept, field->name);

    if (value != NULL)
        return json_incref(value);
    return field->fallback != NULL ? json_loads(field->fallback, JSON_DECODE_ANY, NULL)
                                   : json_null();
}

json_t *jmap_record_object(const struct jmap_record_type *type, const char *data, int64_t id,
                           int64_t account)
{
    json_t *kept = data != NULL ? json_loads(data, 0, NULL) : NULL, *object = json_object();

    json_object_set_new(object, "id",
                        type->is_singleton ? json_string("singleton") : jmap_id('r', id));
    if (account != 0)
        json_object_set_new(object, "accountId", jmap_id('a', account));
    for (const struct jmap_field *field = type->fields; field->name != NULL; field++)
        json_object_set_new(object, field->name, value_of(field, kept));
    json_decref(kept);
    return object;
}

static char *key_of(const char *text)
{
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);

    return g_utf8_casefold(normal != NULL ? normal : text, -1);
}

char *jmap_record_data(const struct jmap_record_type *type, const json_t *object, char **key)
{
    json_t *kept = json_object();
    char *text, *data;

    *key = NULL;
    for (const struct jmap_field *field = type->fields; field->name != NULL; field++) {
        json_t *value = json_object_get(object, field->name);

        json_object_set(kept, field->name, value);
        if ((field->flags & JMAP_FIELD_KEY) != 0)
            *key = key_of(json_string_value(value));
    }
    text = json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS);
    data = g_strdup(text);
    free(text);
    json_decref(kept);
    return data;
}

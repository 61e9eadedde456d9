#include "oauth/json.h"

#include "base/json_text.h"

#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 64

json_t *oauth_json_object(const char *text, size_t length)
{
    if (text == NULL || length > OAUTH_JSON_MAX ||
        json_text_measure(text, length).depth > DEPTH_MAX)
        return NULL;
    json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

const char *oauth_json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

void oauth_json_wipe(json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (json_is_string(value))
        explicit_bzero((void *)(uintptr_t)json_string_value(value), json_string_length(value));
}

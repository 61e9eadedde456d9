#include "jmap/record/record.h"

#include <string.h>

static const char *text_of(const json_t *signature, const char *name)
{
    const char *text = json_string_value(json_object_get(signature, name));

    return text != NULL ? text : "";
}

static bool is_default_for(const json_t *signature, const char *identity)
{
    json_t *list = json_object_get(signature, "defaultFor"), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), identity) == 0)
            return true;
    }
    return false;
}

/* Those that it is the default of no more, unless they have another text by now. */
static void take_back(const struct jmap_call *call, const json_t *before, const json_t *object)
{
    const struct store_signature none = {"", ""};
    const struct store_signature had = {text_of(before, "text"), text_of(before, "html")};
    json_t *list = json_object_get(before, "defaultFor"), *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        int64_t id = jmap_id_parse('i', json_string_value(item));

        if (id != 0 && !is_default_for(object, json_string_value(item)))
            store_identity_sign(call->access, id, &none, &had, NULL);
    }
}

void jmap_signature_kept(const struct jmap_call *call, const json_t *before, const json_t *object)
{
    const struct store_signature has = {text_of(object, "text"), text_of(object, "html")};
    json_t *list = json_object_get(object, "defaultFor"), *item;
    size_t i;

    take_back(call, before, object);
    json_array_foreach(list, i, item)
    {
        int64_t id = jmap_id_parse('i', json_string_value(item));

        if (id != 0)
            store_identity_sign(call->access, id, &has, NULL, NULL);
    }
}

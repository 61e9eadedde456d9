#include "jmap/engine/engine.h"

#define SAFE_INTEGER ((INT64_C(1) << 53) - 1)

static bool is_integer(const json_t *value, int64_t least)
{
    return json_is_integer(value) && json_integer_value(value) >= least &&
           json_integer_value(value) <= SAFE_INTEGER;
}

static bool items_are(const json_t *array, json_type type)
{
    size_t i;
    json_t *item;

    json_array_foreach(array, i, item)
    {
        if (json_typeof(item) != type)
            return false;
    }
    return true;
}

static bool members_are_objects(json_t *object)
{
    const char *key;
    json_t *item;

    json_object_foreach(object, key, item)
    {
        if (!json_is_object(item))
            return false;
    }
    return true;
}

static bool kind_fits(json_t *value, enum jmap_arg_kind kind)
{
    switch (kind) {
    case JMAP_ARG_STRING:
        return json_is_string(value);
    case JMAP_ARG_BOOLEAN:
        return json_is_boolean(value);
    case JMAP_ARG_INT:
        return is_integer(value, -SAFE_INTEGER);
    case JMAP_ARG_UNSIGNED:
        return is_integer(value, 0);
    case JMAP_ARG_STRINGS:
        return json_is_array(value) && items_are(value, JSON_STRING);
    case JMAP_ARG_OBJECT:
        return json_is_object(value);
    case JMAP_ARG_OBJECTS:
        return json_is_array(value) && items_are(value, JSON_OBJECT);
    case JMAP_ARG_OBJECT_MAP:
        return json_is_object(value) && members_are_objects(value);
    }
    return false;
}

static const struct jmap_arg *find(const struct jmap_arg *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

bool jmap_args_check(const json_t *args, const struct jmap_arg *table, char **problem)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)args); /* jansson iterates non-const objects */
    const char *key;
    json_t *value;
    bool ok = true;

    json_object_foreach(copy, key, value)
    {
        const struct jmap_arg *arg = find(table, key);

        if (arg == NULL)
            *problem = g_strdup_printf("unknown argument: %.100s", key);
        else if (json_is_null(value) ? !(arg->flags & JMAP_ARG_NULLABLE)
                                     : !kind_fits(value, arg->kind))
            *problem = g_strdup_printf("wrong type or value: %s", key);
        else
            continue;
        ok = false;
        break;
    }
    for (; ok && table->name != NULL; table++) {
        if ((table->flags & JMAP_ARG_OPTIONAL) || json_object_get(args, table->name) != NULL)
            continue;
        *problem = g_strdup_printf("missing argument: %s", table->name);
        ok = false;
    }
    json_decref(copy);
    return ok;
}

json_t *jmap_arg(const struct jmap_call *call, const char *name)
{
    json_t *value = json_object_get(call->args, name);

    return json_is_null(value) ? NULL : value;
}

const char *jmap_arg_string(const struct jmap_call *call, const char *name)
{
    return json_string_value(json_object_get(call->args, name));
}

bool jmap_arg_bool(const struct jmap_call *call, const char *name)
{
    return json_is_true(json_object_get(call->args, name));
}

int64_t jmap_arg_int(const struct jmap_call *call, const char *name, int64_t missing)
{
    const json_t *value = json_object_get(call->args, name);

    return json_is_integer(value) ? json_integer_value(value) : missing;
}

bool jmap_json_has_nul(const json_t *value)
{
    json_t *item;
    size_t i;
    const char *key;

    if (json_is_string(value))
        return strlen(json_string_value(value)) != json_string_length(value);
    json_array_foreach(value, i, item)
    {
        if (jmap_json_has_nul(item))
            return true;
    }
    if (!json_is_object(value))
        return false;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        if (jmap_json_has_nul(item))
            return true;
    }
    return false;
}

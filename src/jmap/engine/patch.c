#include "jmap/engine/engine.h"

/* RFC 8620, 5.3: PatchObject. */

#define TOKENS_MAX 8

/* Another patch reaches into what this one sets, or the other way round. */
static bool overlaps(const json_t *patch, const char *pointer)
{
    unsigned levels = 0;

    for (const char *slash = strchr(pointer, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        g_autofree char *outer = g_strndup(pointer, (size_t)(slash - pointer));

        if (++levels == TOKENS_MAX || json_object_get(patch, outer) != NULL)
            return true;
    }
    return false;
}

/* false: not a pointer that may be in a patch of object. */
static bool apply(json_t *object, char **tokens, json_t *value)
{
    for (; tokens[1] != NULL; tokens++) {
        object = json_object_get(object, tokens[0]); /* NULL in an array too */
        if (!json_is_object(object))
            return false;
    }
    if (json_is_null(value))
        json_object_del(object, tokens[0]);
    else
        json_object_set(object, tokens[0], value);
    return true;
}

/* The property that the pointer leads into (transfer full); NULL: not a valid patch. */
static char *apply_pointer(json_t *object, const char *pointer, json_t *value)
{
    g_auto(GStrv) tokens = g_strsplit(pointer, "/", TOKENS_MAX + 1);
    unsigned count = g_strv_length(tokens);

    for (unsigned i = 0; i < count; i++)
        if (!jmap_pointer_unescape(tokens[i]))
            return NULL;
    if (count == 0) /* what is called "" */
        return g_strdup("");
    return count <= TOKENS_MAX && apply(object, tokens, value) ? g_strdup(tokens[0]) : NULL;
}

json_t *jmap_patch_changes(json_t *current, json_t *patch, const char *const *settable, json_t *bad)
{
    json_t *object = json_deep_copy(current), *changes = json_object(), *value;
    const char *pointer;
    bool valid = json_object_size(patch) <= JMAP_MAX_PATHS;

    json_object_foreach(valid ? patch : NULL, pointer, value)
    {
        g_autofree char *property =
            overlaps(patch, pointer) ? NULL : apply_pointer(object, pointer, value);
        const json_t *before;
        json_t *now;

        valid = property != NULL;
        if (!valid)
            break;
        before = json_object_get(current, property);
        now = json_object_get(object, property);
        if (now == NULL)
            now = json_null();
        if (g_strv_contains(settable, property))
            json_object_set(changes, property, now);
        else if (before == NULL || !json_equal(now, before))
            json_array_append_new(bad, json_string(property));
    }
    json_decref(object);
    if (valid)
        return changes;
    json_decref(changes);
    return NULL;
}

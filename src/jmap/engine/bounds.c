#include "jmap/engine/engine.h"

/* What jansson takes for a value besides its text, roughly. */
#define VALUE_COST 16
#define OBJECT_COST 64

static bool pay(size_t cost, size_t *budget)
{
    bool fits = cost <= *budget;

    *budget -= MIN(cost, *budget);
    return fits;
}

bool jmap_weigh(json_t *value, unsigned depth, size_t *budget)
{
    size_t cost = VALUE_COST + (json_is_object(value) ? OBJECT_COST : json_string_length(value)), i;
    const char *key;
    json_t *item;

    if (!pay(cost, budget) || depth == 0)
        return false;
    json_array_foreach(value, i, item)
    {
        if (!jmap_weigh(item, depth - 1, budget))
            return false;
    }
    if (!json_is_object(value))
        return true;
    json_object_foreach(value, key, item)
    {
        if (!pay(strlen(key), budget) || !jmap_weigh(item, depth - 1, budget))
            return false;
    }
    return true;
}

bool jmap_put(json_t *object, const char *name, json_t *value, size_t *budget)
{
    json_object_set_new(object, name, value);
    return pay(strlen(name), budget) && jmap_weigh(value, JMAP_MAX_DEPTH, budget);
}

bool jmap_is_spent(const struct jmap_request *request)
{
    return request->answerable == 0 || clock_worked() > request->worked_max;
}

bool jmap_may_go_on(struct jmap_call *call)
{
    if (!jmap_is_spent(call->request))
        return true;
    jmap_fail(call, "requestTooLarge", "this takes too long: ask for less at once");
    return false;
}

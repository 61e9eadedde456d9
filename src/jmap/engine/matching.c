#include "jmap/engine/matching.h"

#define NEEDLE_MAX 4096 /* octets; no name holds more, however it is folded */

/* --- filters --- */

struct judging {
    const struct jmap_condition *known;
    unsigned nodes;
};

static const char *judge(struct judging *judging, json_t *filter, unsigned depth);

static const char *judge_operator(struct judging *judging, json_t *filter, unsigned depth)
{
    static const char *const operators[] = {"AND", "OR", "NOT", NULL};
    const char *name = json_string_value(json_object_get(filter, "operator")), *problem = NULL;
    json_t *list = json_object_get(filter, "conditions"), *item;
    size_t i;

    if (name == NULL || !g_strv_contains(operators, name) || !json_is_array(list) ||
        json_object_size(filter) != 2)
        return "invalidArguments";
    json_array_foreach(list, i, item)
    {
        problem = judge(judging, item, depth + 1);
        if (problem != NULL)
            break;
    }
    return problem;
}

static bool are_texts(const json_t *list)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item))
            return false;
    }
    return json_is_array(list);
}

static bool fits(enum jmap_condition_kind kind, const json_t *value)
{
    int64_t seconds;

    switch (kind) {
    case JMAP_CONDITION_TEXT:
        return json_is_string(value);
    case JMAP_CONDITION_TEXT_OR_NULL:
        return json_is_string(value) || json_is_null(value);
    case JMAP_CONDITION_BOOLEAN:
        return json_is_boolean(value);
    case JMAP_CONDITION_TEXTS:
        return are_texts(value);
    default:
        return jmap_date_parse(json_string_value(value), true, &seconds, NULL);
    }
}

static const char *judge_condition(struct judging *judging, const char *name, const json_t *value)
{
    const struct jmap_condition *known = judging->known;

    judging->nodes += 1 + (unsigned)MIN(json_array_size(value), JMAP_MAX_FILTER_NODES);
    while (known->name != NULL && strcmp(known->name, name) != 0)
        known++;
    if (known->name == NULL || judging->nodes > JMAP_MAX_FILTER_NODES)
        return "unsupportedFilter";
    return fits(known->kind, value) ? NULL : "invalidArguments";
}

static const char *judge(struct judging *judging, json_t *filter, unsigned depth)
{
    const char *name, *problem = NULL;
    json_t *value;

    if (!json_is_object(filter))
        return "invalidArguments";
    if (depth > JMAP_MAX_FILTER_DEPTH || ++judging->nodes > JMAP_MAX_FILTER_NODES)
        return "unsupportedFilter";
    if (json_object_get(filter, "operator") != NULL)
        return judge_operator(judging, filter, depth);
    json_object_foreach(filter, name, value)
    {
        problem = judge_condition(judging, name, value);
        if (problem != NULL)
            break;
    }
    return problem;
}

static const char *check_filter(json_t *filter, const struct jmap_condition *known)
{
    struct judging judging = {.known = known};

    return filter != NULL ? judge(&judging, filter, 0) : NULL;
}

/* The recursion is bounded by JMAP_MAX_FILTER_DEPTH. */
bool jmap_filter_holds(json_t *filter, jmap_condition_fn *holds, const void *object)
{
    const char *joined = json_string_value(json_object_get(filter, "operator")), *name;
    json_t *item;
    bool all = true, any = false;
    size_t i;

    if (joined == NULL) {
        json_object_foreach(filter, name, item) all = all && holds(object, name, item);
        return all;
    }
    json_array_foreach(json_object_get(filter, "conditions"), i, item)
    {
        bool one = jmap_filter_holds(item, holds, object);

        all = all && one;
        any = any || one;
    }
    if (strcmp(joined, "AND") == 0)
        return all;
    return strcmp(joined, "OR") == 0 ? any : !any;
}

bool jmap_text_contains(const char *folded, const json_t *value)
{
    g_autofree char *needle = NULL;

    if (json_string_length(value) > NEEDLE_MAX)
        return false;
    needle = text_fold(json_string_value(value));
    return strstr(folded, needle) != NULL;
}

/* --- sorts --- */

const char *jmap_comparator_read(const json_t *json, struct jmap_comparator *out)
{
    json_t *ascending = json_object_get(json, "isAscending");
    json_t *collation = json_object_get(json, "collation");

    *out =
        (struct jmap_comparator){.property = json_string_value(json_object_get(json, "property")),
                                 .ascending = ascending == NULL || json_is_true(ascending),
                                 .collates = true};
    if (out->property == NULL || (ascending != NULL && !json_is_boolean(ascending)) ||
        (collation != NULL && !json_is_string(collation)))
        return "invalidArguments";
    if (collation != NULL)
        out->collates = text_collation_of(json_string_value(collation), &out->collation);
    return NULL;
}

static const char *read_one(const json_t *json, const struct jmap_sortable *known,
                            struct jmap_comparator *out)
{
    const char *problem = jmap_comparator_read(json, out);

    if (problem != NULL)
        return problem;
    while (known->name != NULL && strcmp(known->name, out->property) != 0)
        known++;
    return known->name == NULL || (known->is_text && !out->collates) ? "unsupportedSort" : NULL;
}

static const char *read_sort(const struct jmap_call *call, const struct jmap_sortable *known,
                             struct jmap_sort *out)
{
    json_t *list = jmap_arg(call, "sort"), *item;
    const char *problem = json_array_size(list) > JMAP_SORTS_MAX ? "unsupportedSort" : NULL;
    size_t i;

    out->count = 0;
    json_array_foreach(list, i, item)
    {
        if (problem == NULL)
            problem = read_one(item, known, &out->by[out->count++]);
        if (problem != NULL)
            break;
    }
    return problem;
}

bool jmap_list_judge(struct jmap_call *call, const struct jmap_condition *conditions,
                     const struct jmap_sortable *sortable, struct jmap_sort *sort)
{
    const char *problem = check_filter(jmap_arg(call, "filter"), conditions);

    if (problem == NULL)
        problem = read_sort(call, sortable, sort);
    if (problem != NULL)
        jmap_fail(call, problem, NULL);
    return problem == NULL;
}

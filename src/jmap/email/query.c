#include "jmap/email/query.h"

#include "jmap/email/filter.h"
#include "jmap/engine/matching.h"
#include "jmap/methods.h"

/* RFC 8621, 4.4. */

static const struct {
    const char *name;
    enum store_sort_by by;
    bool takes_keyword, is_text;
} sorts[] = {
    {"receivedAt", STORE_BY_RECEIVED_AT, false, false},
    {"sentAt", STORE_BY_SENT_AT, false, false},
    {"size", STORE_BY_SIZE, false, false},
    {"from", STORE_BY_FROM, false, true},
    {"to", STORE_BY_TO, false, true},
    {"subject", STORE_BY_SUBJECT, false, true},
    {"hasKeyword", STORE_BY_KEYWORD, true, false},
    {"allInThreadHaveKeyword", STORE_BY_ALL_IN_THREAD, true, false},
    {"someInThreadHaveKeyword", STORE_BY_SOME_IN_THREAD, true, false},
    {"postroom:relevance", STORE_BY_RELEVANCE, false, false},
};

/* The error type of one comparator, or NULL. */
static const char *read_comparator(const struct jmap_request *request, json_t *json,
                                   struct store_sort *sort)
{
    struct jmap_comparator comparator;
    const char *problem = jmap_comparator_read(json, &comparator);
    const char *keyword = json_string_value(json_object_get(json, "keyword"));

    if (problem != NULL)
        return problem;
    for (size_t i = 0; i < G_N_ELEMENTS(sorts); i++) {
        if (strcmp(sorts[i].name, comparator.property) != 0)
            continue;
        if ((sorts[i].by == STORE_BY_RELEVANCE && (request->using & JMAP_MANAGE) == 0) ||
            (sorts[i].is_text && !comparator.collates))
            break;
        if (sorts[i].takes_keyword && (keyword == NULL || !mail_keyword_is_valid(keyword)))
            return "invalidArguments";
        *sort = (struct store_sort){.by = sorts[i].by,
                                    .ascending = comparator.ascending,
                                    .collation = comparator.collation,
                                    .keyword = sorts[i].takes_keyword ? keyword : NULL};
        return NULL;
    }
    return "unsupportedSort";
}

static bool read_sort(struct jmap_call *call, struct store_sort *list, size_t *count)
{
    json_t *json = jmap_arg(call, "sort"), *item;
    const char *error = json_array_size(json) > JMAP_EMAIL_SORTS_MAX ? "unsupportedSort" : NULL;
    size_t i;

    json_array_foreach(json, i, item)
    {
        if (error == NULL)
            error = read_comparator(call->request, item, &list[i]);
        if (error != NULL)
            break;
    }
    *count = json_array_size(json);
    if (error != NULL)
        jmap_fail(call, error, NULL);
    return error == NULL;
}

bool jmap_email_query_is_by_relevance(const struct store_query *query)
{
    bool found = false;

    for (size_t i = 0; i < query->sort_count; i++)
        found = found || query->sort[i].by == STORE_BY_RELEVANCE;
    return found;
}

static void answer(struct jmap_call *call, const struct store_query *query,
                   const struct store_query_result *result, bool clamped)
{
    json_t *object = jmap_answer(call), *ids = json_array();

    for (size_t i = 0; i < result->ids->len; i++)
        json_array_append_new(ids, jmap_id('e', g_array_index(result->ids, int64_t, i)));
    json_object_set_new(object, "queryState", jmap_state(result->state));
    json_object_set_new(object, "canCalculateChanges",
                        json_boolean(!jmap_email_query_is_by_relevance(query)));
    json_object_set_new(object, "position", json_integer((json_int_t)result->position));
    json_object_set_new(object, "ids", ids);
    if (result->has_total)
        json_object_set_new(object, "total", json_integer((json_int_t)result->total));
    if (clamped)
        json_object_set_new(object, "limit", json_integer(JMAP_MAX_QUERY));
    jmap_respond(call, object);
}

static void run(struct jmap_call *call, struct store_query *query)
{
    struct store_query_result result = {0};
    const char *anchor = jmap_arg_string(call, "anchor");
    GError *error = NULL;
    bool clamped;

    query->limit = jmap_query_limit(call, &clamped);
    query->position = jmap_arg_int(call, "position", 0);
    query->anchor_offset = jmap_arg_int(call, "anchorOffset", 0);
    query->anchor = anchor != NULL ? jmap_id_find(call->request, 'e', anchor) : 0;
    if (anchor != NULL && query->anchor == 0) {
        jmap_fail(call, "anchorNotFound", NULL);
        return;
    }
    if (store_query(call->access, query, &result, &error)) {
        answer(call, query, &result, clamped);
    } else if (error_is(error, ERROR_NOT_FOUND)) {
        jmap_fail(call, "anchorNotFound", NULL);
        g_error_free(error);
    } else if (error_is(error, ERROR_INVALID)) {
        jmap_fail(call, "unsupportedFilter", NULL);
        g_error_free(error);
    } else {
        jmap_fail_error(call, error);
    }
    store_query_result_clear(&result);
}

bool jmap_email_query_read(struct jmap_call *call, struct jmap_email_query *out)
{
    const char *error;

    *out = (struct jmap_email_query){
        .query = {.worked_max = call->request->worked_max,
                  .collapse_threads = jmap_arg_bool(call, "collapseThreads"),
                  .calculate_total = jmap_arg_bool(call, "calculateTotal")}};
    if (!read_sort(call, out->sort, &out->query.sort_count))
        return false;
    if (!jmap_email_filter_read(call->request, jmap_arg(call, "filter"), &out->filter, &error)) {
        jmap_fail(call, error, NULL);
        return false;
    }
    out->query.sort = out->sort;
    out->query.filter = out->filter;
    return true;
}

void jmap_email_query_clear(struct jmap_email_query *query)
{
    g_clear_pointer(&query->filter, store_filter_free);
}

void jmap_email_query(struct jmap_call *call)
{
    struct jmap_email_query asked;

    if (!jmap_email_query_read(call, &asked))
        return;
    run(call, &asked.query);
    jmap_email_query_clear(&asked);
}

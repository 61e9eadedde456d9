#include "jmap/submission/query.h"

#include "jmap/methods.h"
#include "jmap/submission/object.h"

/* RFC 8621, 7.3. */

#define SORTS_MAX 4

struct sort {
    char by; /* 'e'mailId, 't'hreadId, 's'entAt */
    bool ascending;
};
struct search {
    struct sort sorts[SORTS_MAX];
    size_t count;
    const char *error;
};

static bool id_in(struct search *search, json_t *list, char prefix, int64_t id)
{
    json_t *item;
    size_t i;
    bool found = false;

    if (!json_is_array(list))
        search->error = "invalidArguments";
    json_array_foreach(list, i, item) found =
        found || jmap_id_parse(prefix, json_string_value(item)) == id;
    return found;
}

static bool date_holds(struct search *search, const json_t *value, int64_t at, bool before)
{
    int64_t seconds;

    if (!jmap_date_parse(json_string_value(value), true, &seconds, NULL)) {
        search->error = "invalidArguments";
        return false;
    }
    return before ? at < seconds : at >= seconds;
}

static bool condition_holds(struct search *search, const struct store_submission *submission,
                            const char *name, json_t *value)
{
    if (strcmp(name, "identityIds") == 0)
        return id_in(search, value, 'i', submission->identity);
    if (strcmp(name, "emailIds") == 0)
        return id_in(search, value, 'e', submission->email);
    if (strcmp(name, "threadIds") == 0)
        return id_in(search, value, 't', submission->thread);
    if (strcmp(name, "undoStatus") == 0)
        return g_strcmp0(json_string_value(value), jmap_submission_undo_status(submission)) == 0;
    if (strcmp(name, "before") == 0 || strcmp(name, "after") == 0)
        return date_holds(search, value, submission->send_at, name[0] == 'b');
    search->error = "unsupportedFilter";
    return false;
}

/* The filter's form was judged; its recursion is bounded by JMAP_MAX_FILTER_DEPTH. */
static bool filter_holds(struct search *search, const struct store_submission *submission,
                         json_t *filter)
{
    const char *joined = json_string_value(json_object_get(filter, "operator")), *key;
    json_t *item;
    bool all = true, any = false;
    size_t i;

    if (joined == NULL) {
        json_object_foreach(filter, key, item) all =
            condition_holds(search, submission, key, item) && all;
        return all;
    }
    json_array_foreach(json_object_get(filter, "conditions"), i, item)
    {
        bool holds = filter_holds(search, submission, item);

        all = all && holds;
        any = any || holds;
    }
    if (strcmp(joined, "AND") == 0)
        return all;
    if (strcmp(joined, "OR") == 0)
        return any;
    return !any;
}

static int64_t key_of(const struct store_submission *submission, char by)
{
    return by == 'e' ? submission->email : by == 't' ? submission->thread : submission->send_at;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct search *search = data;
    const struct store_submission *left = *(const struct store_submission *const *)a;
    const struct store_submission *right = *(const struct store_submission *const *)b;

    for (size_t i = 0; i < search->count; i++) {
        int64_t x = key_of(left, search->sorts[i].by), y = key_of(right, search->sorts[i].by);

        if (x != y)
            return (x < y) == search->sorts[i].ascending ? -1 : 1;
    }
    return (left->id < right->id) - (left->id > right->id);
}

static void read_sorts(struct search *search, json_t *list)
{
    json_t *item;
    size_t i;

    if (json_array_size(list) > SORTS_MAX)
        search->error = "unsupportedSort";
    json_array_foreach(list, i, item)
    {
        const char *property = json_string_value(json_object_get(item, "property"));

        if (search->error != NULL)
            return;
        if (property == NULL)
            search->error = "invalidArguments";
        else if (strcmp(property, "emailId") != 0 && strcmp(property, "threadId") != 0 &&
                 strcmp(property, "sentAt") != 0)
            search->error = "unsupportedSort";
        else
            search->sorts[search->count++] =
                (struct sort){property[0], !json_is_false(json_object_get(item, "isAscending"))};
    }
}

GArray *jmap_submission_list(struct jmap_call *call, uint64_t *state)
{
    static const char *const known[] = {"identityIds", "emailIds", "threadIds", "undoStatus",
                                        "before",      "after",    NULL};
    struct search search = {0};
    GError *error = NULL;
    g_autoptr(GPtrArray) all = store_submissions(call->access, NULL, 0, state, &error);
    json_t *filter = jmap_arg(call, "filter");
    const char *problem = jmap_filter_problem(filter, known);
    GArray *ids;

    if (all == NULL) {
        jmap_fail_error(call, error);
        return NULL;
    }
    if (problem != NULL) {
        jmap_fail(call, problem, NULL);
        return NULL;
    }
    read_sorts(&search, jmap_arg(call, "sort"));
    g_ptr_array_sort_with_data(all, compare, &search);
    ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < all->len; i++) {
        const struct store_submission *submission = g_ptr_array_index(all, i);

        if (filter == NULL || filter_holds(&search, submission, filter))
            g_array_append_val(ids, submission->id);
    }
    if (search.error == NULL)
        return ids;
    jmap_fail(call, search.error, NULL);
    g_array_unref(ids);
    return NULL;
}

void jmap_submission_query(struct jmap_call *call)
{
    uint64_t state = 0;
    GArray *ids = jmap_submission_list(call, &state);

    if (ids != NULL)
        jmap_query_answer_list(call, state, ids, 's');
}

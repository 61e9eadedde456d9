#include "jmap/submission/query.h"

#include "jmap/engine/matching.h"
#include "jmap/methods.h"
#include "jmap/submission/object.h"

/* RFC 8621, 7.3. */

static const struct jmap_condition conditions[] = {
    {"identityIds", JMAP_CONDITION_TEXTS}, {"emailIds", JMAP_CONDITION_TEXTS},
    {"threadIds", JMAP_CONDITION_TEXTS},   {"undoStatus", JMAP_CONDITION_TEXT},
    {"before", JMAP_CONDITION_DATE},       {"after", JMAP_CONDITION_DATE},
    {NULL, JMAP_CONDITION_TEXT},
};
/* Ids stand in the order in which they were given out, whatever the collation. */
static const struct jmap_sortable sortable[] = {{"emailId", false},
                                                {"threadId", false},
                                                {"sentAt", false},
                                                {NULL, false}};

static bool id_in(const json_t *list, char prefix, int64_t id)
{
    json_t *item;
    size_t i;
    bool found = false;

    json_array_foreach(list, i, item) found =
        found || jmap_id_parse(prefix, json_string_value(item)) == id;
    return found;
}

static bool date_holds(const json_t *value, int64_t at, bool before)
{
    int64_t seconds = 0;

    (void)jmap_date_bound(json_string_value(value), &seconds);
    return before ? at < seconds : at >= seconds;
}

static bool condition_holds(const void *object, const char *name, const json_t *value)
{
    const struct store_submission *submission = object;

    if (strcmp(name, "identityIds") == 0)
        return id_in(value, 'i', submission->identity);
    if (strcmp(name, "emailIds") == 0)
        return id_in(value, 'e', submission->email);
    if (strcmp(name, "threadIds") == 0)
        return id_in(value, 't', submission->thread);
    if (strcmp(name, "undoStatus") == 0)
        return strcmp(json_string_value(value), jmap_submission_undo_status(submission)) == 0;
    return date_holds(value, submission->send_at, name[0] == 'b');
}

static int64_t key_of(const struct store_submission *submission, const char *property)
{
    return property[0] == 'e'   ? submission->email
           : property[0] == 't' ? submission->thread
                                : submission->send_at;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct jmap_sort *sort = data;
    const struct store_submission *left = *(const struct store_submission *const *)a;
    const struct store_submission *right = *(const struct store_submission *const *)b;

    for (size_t i = 0; i < sort->count; i++) {
        int64_t x = key_of(left, sort->by[i].property), y = key_of(right, sort->by[i].property);

        if (x != y)
            return (x < y) == sort->by[i].ascending ? -1 : 1;
    }
    return (left->id < right->id) - (left->id > right->id);
}

GArray *jmap_submission_list(struct jmap_call *call, uint64_t *state)
{
    json_t *filter = jmap_arg(call, "filter");
    struct jmap_sort sort;
    GError *error = NULL;
    g_autoptr(GPtrArray) all = NULL;
    GArray *ids;

    if (!jmap_list_judge(call, conditions, sortable, &sort))
        return NULL;
    all = store_submissions(call->access, NULL, 0, state, &error);
    if (all == NULL) {
        jmap_fail_error(call, error);
        return NULL;
    }
    g_ptr_array_sort_with_data(all, compare, &sort);
    ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < all->len; i++) {
        const struct store_submission *submission = g_ptr_array_index(all, i);

        if (jmap_filter_holds(filter, condition_holds, submission))
            g_array_append_val(ids, submission->id);
    }
    return ids;
}

void jmap_submission_query(struct jmap_call *call)
{
    uint64_t state = 0;
    GArray *ids = jmap_submission_list(call, &state);

    if (ids != NULL)
        jmap_query_answer_list(call, state, ids, 's');
}

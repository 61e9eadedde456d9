#include "jmap/mailbox/query.h"

#include "jmap/methods.h"

#include "text/text.h"

/* RFC 8621, 2.3: all mailboxes of an account fit in memory many times over. */

#define SORTS_MAX 8
#define NEEDLE_MAX 4096 /* octets; no name holds more, however it is folded */

struct sort {
    bool by_name, ascending;
};
struct row {
    const struct store_mailbox *mailbox;
    const struct row *parent;
    char *folded;
    unsigned depth;
    bool matches;
};
struct search {
    struct row *rows;
    size_t count;
    struct sort sorts[SORTS_MAX];
    size_t sort_count;
    bool as_tree;
    const char *error;
};

/* --- filter --- */

static bool text_is(const json_t *value, const char *text)
{
    return json_is_null(value) ? text == NULL : g_strcmp0(json_string_value(value), text) == 0;
}

static bool name_contains(const struct row *row, const json_t *value)
{
    g_autofree char *folded = NULL;

    if (json_string_length(value) > NEEDLE_MAX)
        return false;
    folded = text_fold(json_string_value(value));
    return strstr(row->folded, folded) != NULL;
}

static bool condition_holds(struct search *search, const struct row *row, const char *name,
                            const json_t *value)
{
    const struct store_mailbox *mailbox = row->mailbox;
    const char *role = mail_role_name(mailbox->role);

    if (strcmp(name, "parentId") == 0 && (json_is_null(value) || json_is_string(value)))
        return mailbox->parent ==
                   (json_is_null(value) ? 0 : jmap_id_parse('m', json_string_value(value))) &&
               (json_is_null(value) || mailbox->parent != 0);
    if (strcmp(name, "name") == 0 && json_is_string(value))
        return name_contains(row, value);
    if (strcmp(name, "role") == 0 && (json_is_null(value) || json_is_string(value)))
        return text_is(value, role);
    if (strcmp(name, "hasAnyRole") == 0 && json_is_boolean(value))
        return json_is_true(value) == (role != NULL);
    if (strcmp(name, "isSubscribed") == 0 && json_is_boolean(value))
        return json_is_true(value) == mailbox->subscribed;
    search->error = "unsupportedFilter";
    return false;
}

/* The filter's form was judged; its recursion is bounded by JMAP_MAX_FILTER_DEPTH. */
static bool filter_holds(struct search *search, const struct row *row, json_t *filter)
{
    const char *joined = json_string_value(json_object_get(filter, "operator")), *key;
    json_t *list = json_object_get(filter, "conditions"), *item;
    bool all = true, any = false;
    size_t i;

    if (joined == NULL) {
        json_object_foreach(filter, key, item) all = condition_holds(search, row, key, item) && all;
        return all;
    }
    json_array_foreach(list, i, item)
    {
        bool holds = filter_holds(search, row, item);

        all = all && holds;
        any = any || holds;
    }
    if (strcmp(joined, "AND") == 0)
        return all;
    if (strcmp(joined, "OR") == 0)
        return any;
    return !any;
}

/* --- order --- */

static int compare_own(const struct search *search, const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < search->sort_count; i++) {
        uint32_t left = a->mailbox->sort_order, right = b->mailbox->sort_order;
        int order = search->sorts[i].by_name ? strcmp(a->folded, b->folded)
                                             : (left > right) - (left < right);

        if (order != 0)
            return search->sorts[i].ascending ? order : -order;
    }
    return (a->mailbox->id > b->mailbox->id) - (a->mailbox->id < b->mailbox->id);
}

static int compare_in_tree(const struct search *search, const struct row *a, const struct row *b)
{
    const struct row *left = a, *right = b;

    while (left->depth > right->depth)
        left = left->parent;
    while (right->depth > left->depth)
        right = right->parent;
    if (left == right)
        return (a->depth > b->depth) - (a->depth < b->depth);
    while (left->parent != right->parent) {
        left = left->parent;
        right = right->parent;
    }
    return compare_own(search, left, right);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct search *search = data;
    const struct row *left = *(const struct row *const *)a;
    const struct row *right = *(const struct row *const *)b;

    return search->as_tree ? compare_in_tree(search, left, right)
                           : compare_own(search, left, right);
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

        if (property == NULL)
            search->error = "invalidArguments";
        else if (strcmp(property, "name") != 0 && strcmp(property, "sortOrder") != 0)
            search->error = "unsupportedSort";
        if (search->error != NULL)
            return;
        search->sorts[i].by_name = strcmp(property, "name") == 0;
        search->sorts[i].ascending = !json_is_false(json_object_get(item, "isAscending"));
        search->sort_count = i + 1;
    }
}

/* --- rows --- */

static void link_rows(struct search *search, const GPtrArray *mailboxes)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);

    search->count = mailboxes->len;
    search->rows = g_new0(struct row, mailboxes->len + 1);
    for (size_t i = 0; i < search->count; i++) {
        search->rows[i].mailbox = g_ptr_array_index(mailboxes, i);
        search->rows[i].folded = text_fold(search->rows[i].mailbox->name);
        g_hash_table_insert(by_id, (void *)(uintptr_t)&search->rows[i].mailbox->id,
                            &search->rows[i]);
    }
    for (size_t i = 0; i < search->count; i++)
        search->rows[i].parent = g_hash_table_lookup(by_id, &search->rows[i].mailbox->parent);
    for (size_t i = 0; i < search->count; i++)
        for (const struct row *up = search->rows[i].parent;
             up != NULL && search->rows[i].depth < search->count; up = up->parent)
            search->rows[i].depth++;
}

static bool is_in(const struct row *row, bool as_tree)
{
    if (!as_tree)
        return row->matches;
    for (; row != NULL; row = row->parent)
        if (!row->matches)
            return false;
    return true;
}

static GArray *select_ids(struct search *search, json_t *filter, bool filter_as_tree)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (size_t i = 0; i < search->count; i++)
        search->rows[i].matches = filter == NULL || filter_holds(search, &search->rows[i], filter);
    for (size_t i = 0; i < search->count; i++)
        if (is_in(&search->rows[i], filter_as_tree))
            g_ptr_array_add(chosen, &search->rows[i]);
    g_ptr_array_sort_with_data(chosen, compare, search);
    for (size_t i = 0; i < chosen->len; i++) {
        const struct row *row = g_ptr_array_index(chosen, i);

        g_array_append_val(ids, row->mailbox->id);
    }
    return ids;
}

GArray *jmap_mailbox_list(struct jmap_call *call, uint64_t *state, GPtrArray **all)
{
    static const char *const known[] = {"parentId",   "name",         "role",
                                        "hasAnyRole", "isSubscribed", NULL};
    const char *problem = jmap_filter_problem(jmap_arg(call, "filter"), known);
    struct search search = {.as_tree = jmap_arg_bool(call, "sortAsTree")};
    GError *error = NULL;
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(call->access, state, &error);
    GArray *ids;

    if (mailboxes == NULL) {
        jmap_fail_error(call, error);
        return NULL;
    }
    if (problem != NULL) {
        jmap_fail(call, problem, NULL);
        return NULL;
    }
    link_rows(&search, mailboxes);
    read_sorts(&search, jmap_arg(call, "sort"));
    ids = select_ids(&search, jmap_arg(call, "filter"), jmap_arg_bool(call, "filterAsTree"));
    for (size_t i = 0; i < search.count; i++)
        g_free(search.rows[i].folded);
    g_free(search.rows);
    if (all != NULL)
        *all = g_steal_pointer(&mailboxes);
    if (search.error == NULL)
        return ids;
    jmap_fail(call, search.error, NULL);
    g_array_unref(ids);
    return NULL;
}

void jmap_mailbox_query(struct jmap_call *call)
{
    uint64_t state = 0;
    GArray *ids = jmap_mailbox_list(call, &state, NULL);

    if (ids != NULL)
        jmap_query_answer_list(call, state, ids, 'm');
}

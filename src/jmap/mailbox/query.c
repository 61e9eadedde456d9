#include "jmap/mailbox/query.h"

#include "jmap/engine/matching.h"
#include "jmap/methods.h"

/* RFC 8621, 2.3: all mailboxes of an account fit in memory many times over. */

struct row {
    const struct store_mailbox *mailbox;
    const struct row *parent;
    char *folded;
    char *keys[JMAP_SORTS_MAX]; /* of the sorts by name */
    unsigned depth;
    bool matches;
};
struct search {
    struct row *rows;
    size_t count;
    struct jmap_sort sort;
    bool as_tree;
};

/* --- filter --- */

static const struct jmap_condition conditions[] = {
    {"parentId", JMAP_CONDITION_TEXT_OR_NULL}, {"name", JMAP_CONDITION_TEXT},
    {"role", JMAP_CONDITION_TEXT_OR_NULL},     {"hasAnyRole", JMAP_CONDITION_BOOLEAN},
    {"isSubscribed", JMAP_CONDITION_BOOLEAN},  {NULL, JMAP_CONDITION_TEXT},
};

static bool is_below(const struct store_mailbox *mailbox, const json_t *parent)
{
    if (json_is_null(parent))
        return mailbox->parent == 0;
    return mailbox->parent != 0 && mailbox->parent == jmap_id_parse('m', json_string_value(parent));
}

static bool condition_holds(const void *object, const char *name, const json_t *value)
{
    const struct row *row = object;
    const char *role = mail_role_name(row->mailbox->role);

    if (strcmp(name, "parentId") == 0)
        return is_below(row->mailbox, value);
    if (strcmp(name, "name") == 0)
        return jmap_text_contains(row->folded, value);
    if (strcmp(name, "role") == 0) /* null: none */
        return g_strcmp0(json_string_value(value), role) == 0;
    if (strcmp(name, "hasAnyRole") == 0)
        return json_is_true(value) == (role != NULL);
    return json_is_true(value) == row->mailbox->subscribed;
}

/* --- order --- */

static int compare_own(const struct search *search, const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < search->sort.count; i++) {
        uint32_t left = a->mailbox->sort_order, right = b->mailbox->sort_order;
        int order =
            a->keys[i] != NULL ? strcmp(a->keys[i], b->keys[i]) : (left > right) - (left < right);

        if (order != 0)
            return search->sort.by[i].ascending ? order : -order;
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

/* --- rows --- */

static void fill_texts(const struct search *search, struct row *row)
{
    row->folded = text_fold(row->mailbox->name);
    for (size_t i = 0; i < search->sort.count; i++)
        if (strcmp(search->sort.by[i].property, "name") == 0)
            row->keys[i] = text_collation_key(search->sort.by[i].collation, row->mailbox->name);
}

static void clear_rows(struct search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        g_free(search->rows[i].folded);
        for (size_t k = 0; k < JMAP_SORTS_MAX; k++)
            g_free(search->rows[i].keys[k]);
    }
    g_free(search->rows);
}

static void link_rows(struct search *search, const GPtrArray *mailboxes)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);

    search->count = mailboxes->len;
    search->rows = g_new0(struct row, mailboxes->len + 1);
    for (size_t i = 0; i < search->count; i++) {
        search->rows[i].mailbox = g_ptr_array_index(mailboxes, i);
        fill_texts(search, &search->rows[i]);
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
        search->rows[i].matches = jmap_filter_holds(filter, condition_holds, &search->rows[i]);
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
    static const struct jmap_sortable sortable[] = {{"name", true},
                                                    {"sortOrder", false},
                                                    {NULL, false}};
    struct search search = {.as_tree = jmap_arg_bool(call, "sortAsTree")};
    GError *error = NULL;
    g_autoptr(GPtrArray) mailboxes = NULL;
    GArray *ids;

    if (!jmap_list_judge(call, conditions, sortable, &search.sort))
        return NULL;
    mailboxes = store_mailboxes(call->access, state, &error);
    if (mailboxes == NULL) {
        jmap_fail_error(call, error);
        return NULL;
    }
    link_rows(&search, mailboxes);
    ids = select_ids(&search, jmap_arg(call, "filter"), jmap_arg_bool(call, "filterAsTree"));
    clear_rows(&search);
    if (all != NULL)
        *all = g_steal_pointer(&mailboxes);
    return ids;
}

void jmap_mailbox_query(struct jmap_call *call)
{
    uint64_t state = 0;
    GArray *ids = jmap_mailbox_list(call, &state, NULL);

    if (ids != NULL)
        jmap_query_answer_list(call, state, ids, 'm');
}

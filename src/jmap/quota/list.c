#include "jmap/quota/list.h"

#include "jmap/engine/matching.h"

/* RFC 9425, 4.4: an account has a handful of quotas. */

static const struct jmap_condition conditions[] = {
    {"name", JMAP_CONDITION_TEXT}, {"scope", JMAP_CONDITION_TEXT},
    {"type", JMAP_CONDITION_TEXT}, {"resourceType", JMAP_CONDITION_TEXT},
    {NULL, JMAP_CONDITION_TEXT},
};
static const struct jmap_sortable sortable[] = {{"name", true}, {"used", false}, {NULL, false}};

bool jmap_quota_is_visible(const struct jmap_call *call)
{
    return call->request->using & JMAP_MAIL;
}

GPtrArray *jmap_quota_all(struct jmap_call *call, uint64_t *state)
{
    GError *error = NULL;
    GPtrArray *quotas = store_quotas(call->access, state, &error);

    if (quotas == NULL)
        jmap_fail_error(call, error);
    else if (!jmap_quota_is_visible(call))
        g_ptr_array_set_size(quotas, 0);
    return quotas;
}

/* --- what one is --- */

const char *jmap_quota_name(const struct store_quota *quota)
{
    return quota->root[0] != '\0' ? quota->root : quota->address;
}

const char *jmap_quota_resource_type(const struct store_quota *quota)
{
    return quota->of == STORE_QUOTA_OCTETS ? "octets" : "count";
}

const char *jmap_quota_type(const struct store_quota *quota)
{
    return quota->of == STORE_QUOTA_MAILBOXES ? "Mailbox" : "Email";
}

/* --- filter --- */

static bool name_contains(const struct store_quota *quota, const json_t *value)
{
    g_autofree char *folded = text_fold(jmap_quota_name(quota));

    return jmap_text_contains(folded, value);
}

static bool condition_holds(const void *object, const char *name, const json_t *value)
{
    const struct store_quota *quota = object;
    const char *wanted = json_string_value(value);

    if (strcmp(name, "name") == 0)
        return name_contains(quota, value);
    if (strcmp(name, "scope") == 0)
        return strcmp(wanted, JMAP_QUOTA_SCOPE) == 0;
    if (strcmp(name, "resourceType") == 0)
        return strcmp(wanted, jmap_quota_resource_type(quota)) == 0;
    return strcmp(wanted, jmap_quota_type(quota)) == 0;
}

/* --- order --- */

static int compare_names(const struct store_quota *a, const struct store_quota *b,
                         enum text_collation collation)
{
    g_autofree char *left = text_collation_key(collation, jmap_quota_name(a));
    g_autofree char *right = text_collation_key(collation, jmap_quota_name(b));

    return strcmp(left, right);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct jmap_sort *sort = data;
    const struct store_quota *left = *(const struct store_quota *const *)a;
    const struct store_quota *right = *(const struct store_quota *const *)b;

    for (size_t i = 0; i < sort->count; i++) {
        const struct jmap_comparator *by = &sort->by[i];
        int order = strcmp(by->property, "name") == 0
                        ? compare_names(left, right, by->collation)
                        : (left->used > right->used) - (left->used < right->used);

        if (order != 0)
            return by->ascending ? order : -order;
    }
    return (left->id > right->id) - (left->id < right->id);
}

GArray *jmap_quota_ids(struct jmap_call *call, uint64_t *state)
{
    json_t *filter = jmap_arg(call, "filter");
    struct jmap_sort sort;
    g_autoptr(GPtrArray) all = NULL;
    GArray *ids;

    if (!jmap_list_judge(call, conditions, sortable, &sort))
        return NULL;
    all = jmap_quota_all(call, state);
    if (all == NULL)
        return NULL;
    g_ptr_array_sort_with_data(all, compare, &sort);
    ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < all->len; i++) {
        const struct store_quota *quota = g_ptr_array_index(all, i);

        if (jmap_filter_holds(filter, condition_holds, quota))
            g_array_append_val(ids, quota->id);
    }
    return ids;
}

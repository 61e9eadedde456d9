#include "jmap/mailbox/query.h"
#include "jmap/methods.h"

/* RFC 8621, 2.4. */

static GHashTable *set_of(const GArray *ids)
{
    GHashTable *set = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (size_t i = 0; i < ids->len; i++)
        g_hash_table_add(set, &g_array_index(ids, int64_t, i));
    return set;
}

/* In a tree a mailbox moves, comes and goes with those above it. */
static bool moves_with(GHashTable *by_id, const struct store_mailbox *mailbox, GHashTable *changed)
{
    for (guint depth = g_hash_table_size(by_id); depth > 0; depth--) {
        mailbox = g_hash_table_lookup(by_id, &mailbox->parent);
        if (mailbox == NULL)
            return false;
        if (g_hash_table_contains(changed, &mailbox->id))
            return true;
    }
    return false;
}

static void add_descendants(const GPtrArray *all, struct store_changes *log)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autoptr(GHashTable) updated = set_of(log->updated), created = set_of(log->created);
    g_autoptr(GArray) below = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (size_t i = 0; i < all->len; i++) {
        struct store_mailbox *mailbox = g_ptr_array_index(all, i);

        g_hash_table_insert(by_id, &mailbox->id, mailbox);
    }
    for (size_t i = 0; i < all->len; i++) {
        const struct store_mailbox *mailbox = g_ptr_array_index(all, i);

        if (!g_hash_table_contains(updated, &mailbox->id) &&
            !g_hash_table_contains(created, &mailbox->id) && moves_with(by_id, mailbox, updated))
            g_array_append_val(below, mailbox->id);
    }
    g_array_append_vals(log->updated, below->data, below->len);
}

void jmap_mailbox_query_changes(struct jmap_call *call)
{
    bool as_tree = jmap_arg_bool(call, "sortAsTree") || jmap_arg_bool(call, "filterAsTree");
    struct store_changes log = {0};
    g_autoptr(GPtrArray) all = NULL;
    uint64_t state = 0;
    g_autoptr(GArray) ids = jmap_mailbox_list(call, &state, &all);

    if (ids == NULL || !jmap_query_changes_log(call, STORE_MAILBOX, &log))
        return;
    if (log.counts_only)
        g_array_set_size(log.updated, 0); /* no filter and no sort asks for counts */
    if (as_tree)
        add_descendants(all, &log);
    jmap_query_changes_answer_list(call, state, ids, 'm', &log);
    store_changes_clear(&log);
}

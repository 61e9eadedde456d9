#include "jmap/mailbox/exchange.h"

#include <string.h>

/* The mailbox that stands where a change wants to be; NULL: none. */
static const struct store_mailbox *in_the_way(const GPtrArray *mailboxes,
                                              const struct store_mailbox_change *change)
{
    const struct store_mailbox *own = NULL;
    g_autofree char *name = NULL;
    int64_t parent;

    for (guint i = 0; i < mailboxes->len && own == NULL; i++)
        if (((const struct store_mailbox *)mailboxes->pdata[i])->id == change->id)
            own = mailboxes->pdata[i];
    if (own == NULL)
        return NULL;
    parent = change->patch.has_parent ? change->patch.parent : own->parent;
    name = g_utf8_normalize(change->patch.has_name ? change->patch.name : own->name, -1,
                            G_NORMALIZE_NFC);
    for (guint i = 0; i < mailboxes->len; i++) {
        const struct store_mailbox *other = mailboxes->pdata[i];

        if (other != own && other->parent == parent && g_strcmp0(other->name, name) == 0)
            return other;
    }
    return NULL;
}

/* Who of the list each one waits for; -1: none of it. (transfer full) */
static int *waiting_for(const GPtrArray *mailboxes, const GArray *list)
{
    int *next = g_new(int, list->len);

    for (guint i = 0; i < list->len; i++) {
        const struct store_mailbox *other =
            in_the_way(mailboxes, &g_array_index(list, struct store_mailbox_change, i));

        next[i] = -1;
        for (guint k = 0; other != NULL && k < list->len; k++)
            if (g_array_index(list, struct store_mailbox_change, k).id == other->id)
                next[i] = (int)k;
    }
    return next;
}

/* The members of the circle that start is in, in their order; empty: it is in none. */
static GArray *circle_of(const int *next, guint count, int start)
{
    GArray *circle = g_array_new(FALSE, FALSE, sizeof(int));
    int at = start;

    do {
        g_array_append_val(circle, at);
        at = next[at];
    } while (at >= 0 && at != start && circle->len <= count);
    if (at != start)
        g_array_set_size(circle, 0);
    return circle;
}

static void make(const struct store_access *access, const GArray *list, const GArray *circle,
                 bool *done)
{
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(struct store_mailbox_change));

    for (guint i = 0; i < circle->len; i++)
        g_array_append_val(changes, g_array_index(list, struct store_mailbox_change,
                                                  g_array_index(circle, int, i)));
    if (!store_mailboxes_exchange(access,
                                  (const struct store_mailbox_change *)(const void *)changes->data,
                                  changes->len, NULL))
        return;
    for (guint i = 0; i < circle->len; i++)
        done[g_array_index(circle, int, i)] = true;
}

void jmap_mailbox_exchange(const struct store_access *access, const GArray *list, bool *done)
{
    g_autoptr(GPtrArray) mailboxes = store_mailboxes(access, NULL, NULL);
    g_autofree int *next = mailboxes != NULL ? waiting_for(mailboxes, list) : NULL;

    for (guint i = 0; next != NULL && i < list->len; i++) {
        g_autoptr(GArray) circle = circle_of(next, list->len, (int)i);

        if (circle->len > 1 && !done[i])
            make(access, list, circle, done);
    }
}

/* Whether a step was taken already: what is in source and target of a lot of intents. */
#include "sync/lot.h"

#include "mime/mime.h"

struct looking {
    GArray *seen; /* struct out_seen */
    uint32_t first;
};

static bool take_seen(const struct imap_fetched *fetched, void *arg)
{
    struct looking *looking = arg;
    /* "n:*" names the last message even when its UID is lower. */
    if (fetched->uid < looking->first || fetched->header == NULL)
        return true;
    struct mail_summary *summary = mime_summary_of_header(fetched->header);
    struct out_seen seen = {.uid = fetched->uid,
                            .message_id = g_strdup(summary->message_id),
                            .received_at = fetched->internal_date,
                            .size = fetched->size};
    mail_summary_free(summary);
    g_array_append_val(looking->seen, seen);
    return true;
}

static void clear_seen(gpointer seen)
{
    out_seen_clear(seen);
}

static int by_seen_uid(gconstpointer a, gconstpointer b)
{
    uint32_t x = ((const struct out_seen *)a)->uid, y = ((const struct out_seen *)b)->uid;
    return x < y ? -1 : x > y;
}

/* What came into the target since the journal was written. (transfer full) */
static GArray *look_into_target(struct lot *lot, GError **error)
{
    struct session *session = lot->session;
    session->open_mailbox = 0; /* SELECT anew: what a step just put there counts */
    if (!lot_open_by_id(session, lot->head->target, error))
        return NULL;
    struct looking looking = {.seen = g_array_new(FALSE, TRUE, sizeof(struct out_seen))};
    g_array_set_clear_func(looking.seen, clear_seen);
    looking.first = out_mark_first(&lot->mark, session->selected.uidvalidity);
    bool nothing = session->selected.exists == 0 ||
                   (session->selected.uidnext != 0 && session->selected.uidnext <= looking.first);
    g_autofree char *set = g_strdup_printf("%u:*", looking.first);
    if (!nothing && !imap_fetch(session->imap, set,
                                IMAP_FETCH_HEADER | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_SIZE, 0,
                                take_seen, &looking, error)) {
        g_array_unref(looking.seen);
        return NULL;
    }
    g_array_sort(looking.seen, by_seen_uid);
    return looking.seen;
}

static bool look_into_source(struct lot *lot, GPtrArray *items, GError **error)
{
    g_autoptr(GHashTable) there = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) asked = g_ptr_array_new();
    for (guint i = 0; i < items->len; i++)
        if (((const struct item *)items->pdata[i])->intent->uid != 0)
            g_ptr_array_add(asked, items->pdata[i]);
    if (asked->len > 0) {
        g_autofree char *set = lot_uid_set(asked);
        g_autofree char *criteria = g_strconcat("UID ", set, NULL);
        if (!lot_open_source(lot, error))
            return false;
        g_autoptr(GArray) found = imap_search(lot->session->imap, criteria, error);
        if (found == NULL)
            return false;
        for (guint i = 0; i < found->len; i++)
            g_hash_table_add(there, GUINT_TO_POINTER(g_array_index(found, uint32_t, i)));
    }
    for (guint i = 0; i < items->len; i++) {
        struct item *item = items->pdata[i];
        uint32_t uid = item->intent->uid;
        bool present = uid != 0 && g_hash_table_contains(there, GUINT_TO_POINTER(uid));
        item->state.source = present ? OUT_PRESENT : OUT_ABSENT;
    }
    return true;
}

static int by_kept_uid(gconstpointer a, gconstpointer b)
{
    uint32_t x = (*(struct item *const *)a)->intent->kept_uid;
    uint32_t y = (*(struct item *const *)b)->intent->kept_uid;
    return x < y ? -1 : x > y;
}

/* Whether what is to stay of each is still there. When that folder was renewed, the store plans
 * anew. */
static bool look_at_kept(struct lot *lot, GPtrArray *items, GError **error)
{
    struct session *session = lot->session;
    g_autoptr(GHashTable) there = g_hash_table_new(NULL, NULL);
    g_autofree uint32_t *uids = g_new(uint32_t, items->len);
    size_t used = 0;
    g_ptr_array_sort(items, by_kept_uid);
    for (guint i = 0; i < items->len; i++)
        uids[i] = ((const struct item *)items->pdata[i])->intent->kept_uid;
    g_autofree char *set = imap_uid_set(uids, items->len, SET_BYTES, &used);
    g_autofree char *criteria = g_strconcat("UID ", set, NULL);
    g_ptr_array_set_size(items, (gint)used);
    session->open_mailbox = 0; /* SELECT anew: what is not told is not known */
    if (!lot_open_by_id(session, lot->head->kept, error))
        return false;
    bool renewed = session->selected.uidvalidity != lot->head->kept_uidvalidity;
    g_autoptr(GArray) found = renewed ? g_array_new(FALSE, FALSE, sizeof(uint32_t))
                                      : imap_search(session->imap, criteria, error);
    if (found == NULL)
        return false;
    for (guint i = 0; i < found->len; i++)
        g_hash_table_add(there, GUINT_TO_POINTER(g_array_index(found, uint32_t, i)));
    for (guint i = 0; i < items->len; i++) {
        struct item *item = items->pdata[i];
        bool present = g_hash_table_contains(there, GUINT_TO_POINTER(item->intent->kept_uid));
        item->dropped = item->dropped || renewed;
        item->state.target = present ? OUT_PRESENT : OUT_ABSENT;
    }
    return true;
}

bool lot_look(struct lot *lot, GPtrArray *items, GError **error)
{
    struct session *session = lot->session;
    if (lot->head->kind == STORE_INTENT_EXPUNGE)
        return look_at_kept(lot, items, error);
    /* More than one command can ask for is looked for in the next turn. */
    if (lot->head->uid != 0)
        g_free(lot_uid_set(items));
    if (lot->head->kind != STORE_INTENT_APPEND && !look_into_source(lot, items, error))
        return false;
    if (lot->head->kind == STORE_INTENT_FLAGS)
        return true;
    g_autoptr(GArray) seen = look_into_target(lot, error);
    if (seen == NULL)
        return false;
    g_autoptr(GPtrArray) rivals = store_intents_begun(session->manager->config.store,
                                                      session->account, lot->head->target, error);
    if (rivals == NULL)
        return false;
    /* Those that left the source have the better claim to what is in the target. */
    for (int absent = 1; absent >= 0; absent--)
        for (guint i = 0; i < items->len; i++) {
            struct item *item = items->pdata[i];
            if ((item->state.source == OUT_ABSENT) != (absent != 0))
                continue;
            item->uid = out_match(seen, item->intent, rivals);
            item->uidvalidity = item->uid != 0 ? session->selected.uidvalidity : 0;
            item->state.target = item->uid != 0 ? OUT_PRESENT : OUT_ABSENT;
        }
    return true;
}

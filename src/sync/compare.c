/* One folder: what is new, changed or gone there. */
#include "sync/plan.h"
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

#define FLAGS_AT_ONCE 5000

bool session_load_mailboxes(struct session *session, GError **error)
{
    g_clear_pointer(&session->mailboxes, g_ptr_array_unref);
    session->mailboxes =
        store_sync_mailboxes(session->manager->config.store, session->account, error);
    return session->mailboxes != NULL;
}

struct store_remote_mailbox *session_mailbox(struct session *session, int64_t id)
{
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->id == id)
            return mailbox;
    }
    return NULL;
}

bool session_open(struct session *session, struct store_remote_mailbox *mailbox, GError **error)
{
    if (session->open_mailbox == mailbox->id)
        return true;
    session->open_mailbox = 0;
    if (!imap_select(session->imap, mailbox->raw_name, false, 0, 0, &session->selected, error))
        return false;
    session->open_mailbox = mailbox->id;
    if (mailbox->uidvalidity == session->selected.uidvalidity)
        return true;
    if (mailbox->uidvalidity != 0)
        LOG_INFO("sync.uidvalidity", LOG_INT("account", session->account),
                 LOG_INT("mailbox", mailbox->id));
    if (!store_sync_mailbox_reset(session->manager->config.store, session->account, mailbox->id,
                                  session->selected.uidvalidity, error))
        return false;
    mailbox->uidvalidity = session->selected.uidvalidity;
    mailbox->highestmodseq = 0;
    mailbox->uidnext = 0;
    session->orphans = true;
    return true;
}

GArray *session_scope(struct session *session, GError **error)
{
    if (session->config->since > 0)
        return imap_search_since(session->imap, session->config->since, error);
    return imap_search(session->imap, "ALL", error);
}

void session_keep_unsupported(struct session *session, int64_t mailbox, uint32_t uid,
                              const struct store_remote_message *known, struct mail_flags *flags)
{
    struct store *store = session->manager->config.store;
    const uint32_t keepable =
        MAIL_ANSWERED | MAIL_FORWARDED | MAIL_MDN_SENT | MAIL_JUNK | MAIL_NOT_JUNK;
    uint32_t unsupported =
        session->selected.permanent_keywords ? 0 : keepable & ~session->selected.permanent_bits;
    if (session->selected.permanent_keywords)
        return;
    g_autoptr(GArray) row =
        known == NULL ? store_sync_messages(store, mailbox, uid, uid, NULL) : NULL;
    if (row != NULL && row->len > 0)
        known = &g_array_index(row, struct store_remote_message, 0);
    if (known == NULL)
        return;
    flags->bits |= known->flag_bits & unsupported;
    g_auto(GStrv) words =
        known->has_keywords ? store_sync_remote_keywords(store, mailbox, uid) : NULL;
    for (char **word = words; word != NULL && *word != NULL; word++)
        mail_flags_set(flags, *word, true);
}

static void keep_unsupported(struct session *session, int64_t mailbox, const GArray *known,
                             GArray *seen)
{
    guint k = 0;
    for (guint s = 0; s < seen->len; s++) {
        struct sync_seen *item = &g_array_index(seen, struct sync_seen, s);
        while (k < known->len &&
               g_array_index(known, struct store_remote_message, k).uid < item->uid)
            k++;
        if (k == known->len)
            return;
        const struct store_remote_message *row =
            &g_array_index(known, struct store_remote_message, k);
        if (row->uid == item->uid)
            session_keep_unsupported(session, mailbox, item->uid, row, &item->flags);
    }
}

struct looking {
    GArray *seen;
    guint most; /* a server that sends flags without end fills no memory */
};

static bool take_seen(const struct imap_fetched *fetched, void *arg)
{
    struct looking *looking = arg;
    if (fetched->uid == 0 || !fetched->has_flags || looking->seen->len >= looking->most)
        return true;
    struct sync_seen item = {.uid = fetched->uid};
    mail_flags_copy(&item.flags, &fetched->flags);
    g_array_append_val(looking->seen, item);
    return true;
}

static void clear_seen(gpointer item)
{
    mail_flags_clear(&((struct sync_seen *)item)->flags);
}

static int by_uid(gconstpointer a, gconstpointer b)
{
    uint32_t x = ((const struct sync_seen *)a)->uid, y = ((const struct sync_seen *)b)->uid;
    return x < y ? -1 : x > y;
}

/* With CONDSTORE only what changed since the last comparison; else windows over all of the scope
 * that is known here. */
static GArray *fetch_flags(struct session *session, const struct store_remote_mailbox *mailbox,
                           GArray *known, GError **error)
{
    GArray *seen = g_array_new(FALSE, FALSE, sizeof(struct sync_seen));
    struct looking looking = {.seen = seen, .most = 2 * known->len + 1000};
    g_array_set_clear_func(seen, clear_seen);
    bool condstore = session->selected.highestmodseq != 0 && mailbox->highestmodseq != 0;
    bool ok = true;
    if (known->len == 0 || (condstore && session->selected.highestmodseq == mailbox->highestmodseq))
        return seen;
    if (condstore)
        ok = imap_fetch(session->imap, "1:*", IMAP_FETCH_FLAGS, mailbox->highestmodseq, take_seen,
                        &looking, error);
    for (guint i = 0; ok && !condstore && i < known->len; i += FLAGS_AT_ONCE) {
        const struct store_remote_message *items = (const struct store_remote_message *)known->data;
        guint last = MIN(i + FLAGS_AT_ONCE, known->len) - 1;
        g_autofree char *window = g_strdup_printf("%u:%u", items[i].uid, items[last].uid);
        ok = imap_fetch(session->imap, window, IMAP_FETCH_FLAGS, 0, take_seen, &looking, error);
    }
    if (!ok) {
        g_array_unref(seen);
        return NULL;
    }
    g_array_sort(seen, by_uid);
    return seen;
}

static bool commit(struct session *session, struct store_batch *batch, GError **error)
{
    struct store_batch_result result = {0};
    if (!store_batch_commit(batch, STORE_LANE_BULK, &result, error))
        return false;
    session->working.flags_changed += result.flags_changed;
    session->working.removed += result.removed;
    return true;
}

static bool apply_plan(struct session *session, struct store_remote_mailbox *mailbox,
                       const struct sync_plan *plan, GArray *seen, GError **error)
{
    struct store_batch *batch = store_batch_new(session->manager->config.store, session->account);
    for (guint i = 0; i < plan->vanished->len; i++)
        store_batch_vanished(batch, mailbox->id, g_array_index(plan->vanished, uint32_t, i));
    for (guint i = 0; i < plan->flags->len; i++) {
        size_t at = g_array_index(plan->flags, size_t, i);
        const struct sync_seen *item = &g_array_index(seen, struct sync_seen, at);
        store_batch_flags(batch, mailbox->id, item->uid, &item->flags);
    }
    session->orphans = session->orphans || plan->vanished->len > 0;
    bool ok =
        commit(session, batch, error) && session_headers(session, mailbox, plan->fresh, error);
    store_batch_free(batch);
    return ok;
}

/* Marks are taken from before the comparison: what changes meanwhile is compared again next time.
 */
static bool mark(struct session *session, struct store_remote_mailbox *mailbox, uint32_t in_scope,
                 GError **error)
{
    mailbox->uidvalidity = session->selected.uidvalidity;
    mailbox->uidnext = session->selected.uidnext;
    mailbox->highestmodseq = session->selected.highestmodseq;
    mailbox->server_count = in_scope;
    mailbox->checked_at = clock_wall();
    mailbox->headers_done = true;
    return store_sync_mailbox_mark(session->manager->config.store, session->account, mailbox,
                                   error);
}

bool session_compare(struct session *session, struct store_remote_mailbox *mailbox, GError **error)
{
    struct store *store = session->manager->config.store;
    session->open_mailbox = 0; /* SELECT anew: its counts and mod-sequence are the marks */
    if (!session_open(session, mailbox, error))
        return false;
    g_autoptr(GArray) uids = session_scope(session, error);
    if (uids == NULL)
        return false;
    g_autoptr(GArray) known = store_sync_messages(store, mailbox->id, 1, UINT32_MAX, error);
    if (known == NULL)
        return false;
    g_autoptr(GArray) seen = fetch_flags(session, mailbox, known, error);
    if (seen == NULL)
        return false;
    keep_unsupported(session, mailbox->id, known, seen);
    struct sync_plan plan;
    sync_plan_make(&plan, (const struct store_remote_message *)known->data, known->len,
                   (const uint32_t *)uids->data, uids->len, (const struct sync_seen *)seen->data,
                   seen->len);
    bool ok = apply_plan(session, mailbox, &plan, seen, error) &&
              mark(session, mailbox, uids->len, error);
    if (ok)
        LOG_DEBUG("sync.compared", LOG_INT("account", session->account),
                  LOG_INT("mailbox", mailbox->id), LOG_INT("fresh", plan.fresh->len),
                  LOG_INT("flags", plan.flags->len), LOG_INT("vanished", plan.vanished->len));
    sync_plan_clear(&plan);
    return ok;
}

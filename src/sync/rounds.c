/* Rounds: what vanished from one folder may be in another, so it is let go only when every folder
 * was looked at after it vanished. A round marks what is lost so far, looks at every folder (its
 * STATUS, and a comparison of those that have news), and is swept. */
#include "sync/plan.h"
#include "sync/session.h"

#include "base/log.h"

/* In one pass; what still vanishes meanwhile waits for the next. */
#define ROUNDS_MAX 3
/* A folder that could not be opened so often in a row holds nothing up any more. */
#define REFUSALS_MAX 3

static bool commit(struct session *session, bool sweep, GError **error)
{
    struct store_batch *batch = store_batch_new(session->manager->config.store, session->account);
    struct store_batch_result result = {0};
    if (sweep)
        store_batch_sweep(batch);
    else
        store_batch_round(batch);
    bool ok = store_batch_commit(batch, STORE_LANE_BULK, &result, error);
    session->working.removed += result.removed;
    store_batch_free(batch);
    return ok;
}

bool session_round_begin(struct session *session, GError **error)
{
    unsigned all = 0, due = 0;
    session->round_is_full = true;
    session->round_missed = false;
    session->rounds++;
    if (!store_sync_loose(session->manager->config.store, session->account, &all, &due, error))
        return false;
    return all == 0 || commit(session, false, error);
}

void session_round_saw(struct session *session, int64_t mailbox, bool refused)
{
    if (!refused && session->refusals == NULL)
        return;
    if (session->refusals == NULL)
        session->refusals = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (!refused) {
        g_hash_table_remove(session->refusals, &mailbox);
        return;
    }
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(session->refusals, &mailbox)) + 1;
    g_hash_table_insert(session->refusals, g_memdup2(&mailbox, sizeof mailbox),
                        GUINT_TO_POINTER(count));
    if (count < REFUSALS_MAX)
        session->round_is_full = false;
}

void session_round_missed(struct session *session)
{
    session->round_missed = true;
}

void session_looked_at(struct session *session, int64_t mailbox)
{
    for (guint i = session->queue->len; i > 0; i--)
        if (g_array_index(session->queue, int64_t, i - 1) == mailbox)
            g_array_remove_index(session->queue, i - 1);
    session_round_saw(session, mailbox, false);
}

bool session_has_news(const struct store_remote_mailbox *mailbox, const struct imap_status *status)
{
    return !mailbox->headers_done || status->uidvalidity != mailbox->uidvalidity ||
           status->uidnext != mailbox->uidnext || status->messages != mailbox->exists ||
           (mailbox->highestmodseq != 0 && status->highestmodseq != mailbox->highestmodseq);
}

bool session_list_has(const GArray *list, int64_t mailbox)
{
    for (guint i = 0; list != NULL && i < list->len; i++)
        if (g_array_index(list, int64_t, i) == mailbox)
            return true;
    return false;
}

void session_list_add(GArray **list, int64_t mailbox)
{
    if (*list == NULL)
        *list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!session_list_has(*list, mailbox))
        g_array_append_val(*list, mailbox);
}

void session_queue(struct session *session, int64_t mailbox)
{
    session_list_add(&session->queue, mailbox);
}

bool session_round_ask(struct session *session, GError **error)
{
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    guint count = session->mailboxes->len;
    g_autofree struct imap_status_of *asked = g_new0(struct imap_status_of, count);
    g_autofree struct store_remote_mailbox **of = g_new0(struct store_remote_mailbox *, count);
    size_t used = 0;
    for (guint i = 0; i < count; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (!mailbox->sync)
            continue;
        of[used] = mailbox;
        asked[used++].raw_name = mailbox->raw_name;
    }
    if (!imap_statuses(session->imap, asked, used, error))
        return false;
    for (size_t i = 0; i < used; i++) {
        if (!asked[i].known)
            session_round_saw(session, of[i]->id, true);
        else if (session_has_news(of[i], &asked[i].status))
            session_queue(session, of[i]->id);
    }
    return true;
}

bool session_round_end(struct session *session, bool *more, GError **error)
{
    unsigned all = 0, due = 0;
    struct store *store = session->manager->config.store;
    *more = false;
    if (!session_settle(session, error) ||
        !store_sync_loose(store, session->account, &all, &due, error))
        return false;
    bool tells = session->round_is_full && !session->round_missed;
    if (due > 0 && tells && !commit(session, true, error))
        return false;
    session->unsettled = all > 0; /* what is due may want a second sweep */
    bool lost = all > due || (all > 0 && (session->rounds == 0 || session->round_missed));
    session->round_is_full = false;
    if (!lost || session->rounds >= ROUNDS_MAX)
        return true;
    *more = true;
    return session_round_begin(session, error) && session_round_ask(session, error);
}

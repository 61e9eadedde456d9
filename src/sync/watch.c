/* Between two passes: IDLE on INBOX, and STATUS of the other folders on a cadence that follows what
 * happens in them (sync/cadence.h). */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

/* More folders than these are asked with one command for all, which lists new ones too. */
#define STATUS_APART_MAX 3
/* A server that always has news of INBOX is listened to all the same. */
#define RESTLESS_MAX 5

static struct store_remote_mailbox *inbox(struct session *session)
{
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->role == MAIL_ROLE_INBOX && mailbox->sync)
            return mailbox;
    }
    return NULL;
}

static struct sync_cadence cadence_of(const struct session *session)
{
    const struct sync_tuning *tuning = &session->manager->config.tuning;
    return (struct sync_cadence){tuning->poll_ms / 1000, tuning->calm_ms / 1000};
}

/* The same for the flags of a folder whose STATUS tells nothing of them. */
static struct sync_cadence flags_cadence_of(const struct session *session)
{
    const struct sync_tuning *tuning = &session->manager->config.tuning;
    return (struct sync_cadence){tuning->compare_ms / 1000,
                                 MAX(tuning->compare_ms * 12, tuning->calm_ms) / 1000};
}

static bool is_due(const struct session *session, const struct sync_cadence *cadence,
                   const struct store_watch *watch)
{
    int64_t quiet = clock_wall() - watch->changed_at;
    int64_t interval = sync_cadence_interval(cadence, quiet);
    return sync_cadence_next(interval, session->account, session->polled_at) <= clock_wall();
}

/* --- what is known
 * ---------------------------------------------------------------------------------- */

/* A folder under watch, and what STATUS says now. */
struct watched {
    const struct store_remote_mailbox *mailbox;
    struct store_watch watch; /* changed_at 0 and no UIDVALIDITY: never asked before */
    bool by_idle;             /* what happens there is told by IDLE */
    bool due, told;
    struct imap_status status;
};

static struct store_watch watch_of(const GArray *watches, int64_t mailbox)
{
    for (guint i = 0; i < watches->len; i++)
        if (g_array_index(watches, struct store_watch, i).mailbox == mailbox)
            return g_array_index(watches, struct store_watch, i);
    return (struct store_watch){.mailbox = mailbox};
}

/* (transfer full) struct watched of every folder that is kept alike; due ones marked. */
static GArray *watched_folders(struct session *session, bool all, GError **error)
{
    g_autoptr(GArray) watches =
        store_sync_watches(session->manager->config.store, session->account, error);
    if (watches == NULL)
        return NULL;
    const struct sync_cadence cadence = cadence_of(session);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(struct watched));
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        struct watched item = {.mailbox = mailbox, .watch = watch_of(watches, mailbox->id)};
        item.by_idle = session->hears_inbox && mailbox->role == MAIL_ROLE_INBOX;
        item.due = all || (!item.by_idle && is_due(session, &cadence, &item.watch));
        if (mailbox->sync)
            g_array_append_val(list, item);
    }
    return list;
}

/* --- asking
 * ----------------------------------------------------------------------------------------- */

static bool ask_apart(struct session *session, GArray *list, GError **error)
{
    g_autofree struct imap_status_of *asked = g_new0(struct imap_status_of, MAX(list->len, 1));
    size_t count = 0;
    for (guint i = 0; i < list->len; i++)
        if (g_array_index(list, struct watched, i).due)
            asked[count++].raw_name = g_array_index(list, struct watched, i).mailbox->raw_name;
    bool ok = count == 0 || imap_statuses(session->imap, asked, count, error);
    for (guint i = 0, k = 0; ok && i < list->len; i++) {
        struct watched *item = &g_array_index(list, struct watched, i);
        if (!item->due)
            continue;
        item->told = asked[k].known;
        item->status = asked[k++].status;
    }
    return ok;
}

/* True when folders came or went since the last list. */
static bool list_differs(struct session *session, const GPtrArray *infos)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < session->mailboxes->len; i++)
        g_hash_table_add(known,
                         ((struct store_remote_mailbox *)session->mailboxes->pdata[i])->raw_name);
    guint same = 0;
    for (guint i = 0; i < infos->len; i++)
        same +=
            g_hash_table_contains(known, ((struct imap_mailbox_info *)infos->pdata[i])->raw_name);
    return same != infos->len || same != session->mailboxes->len;
}

static bool ask_together(struct session *session, GArray *list, GError **error)
{
    g_autoptr(GPtrArray) infos = imap_list_status(session->imap, error);
    if (infos == NULL)
        return false;
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < infos->len; i++)
        g_hash_table_insert(by_name, ((struct imap_mailbox_info *)infos->pdata[i])->raw_name,
                            infos->pdata[i]);
    for (guint i = 0; i < list->len; i++) {
        struct watched *item = &g_array_index(list, struct watched, i);
        const struct imap_mailbox_info *info =
            g_hash_table_lookup(by_name, item->mailbox->raw_name);
        item->told = info != NULL && info->has_status;
        if (item->told)
            item->status = info->status;
    }
    session->folders_changed = list_differs(session, infos);
    return true;
}

/* --- drawing conclusions
 * ------------------------------------------------------------------------------- */

static bool same(const struct store_watch *watch, const struct imap_status *status)
{
    return watch->messages == status->messages && watch->uidnext == status->uidnext &&
           watch->uidvalidity == status->uidvalidity && watch->unseen == status->unseen &&
           watch->highestmodseq == status->highestmodseq;
}

/* Never asked before: the comparison that was done already may have seen all of it. */
static bool was_compared(const struct store_remote_mailbox *mailbox,
                         const struct imap_status *status)
{
    return status->highestmodseq != 0 && status->highestmodseq == mailbox->highestmodseq &&
           status->uidnext == mailbox->uidnext && status->uidvalidity == mailbox->uidvalidity;
}

/* Queues a folder that says something else than last time, or whose flags may have changed unseen;
 * true when its watch is to be kept. */
static bool judge(struct session *session, struct watched *item)
{
    const struct sync_cadence flags = flags_cadence_of(session);
    struct store_watch *watch = &item->watch;
    bool first = watch->uidvalidity == 0, differs = !same(watch, &item->status);
    bool compare = first ? !was_compared(item->mailbox, &item->status) : differs;
    /* A comparison that failed left its marks as they were. */
    compare = compare || session_has_news(item->mailbox, &item->status);
    if (!compare && item->status.highestmodseq == 0)
        compare = is_due(session, &flags, watch);
    if (compare)
        session_queue(session, item->mailbox->id);
    if (!differs)
        return false;
    *watch = (struct store_watch){.mailbox = item->mailbox->id,
                                  .uidvalidity = item->status.uidvalidity,
                                  .uidnext = item->status.uidnext,
                                  .messages = item->status.messages,
                                  .unseen = item->status.unseen,
                                  .highestmodseq = item->status.highestmodseq,
                                  .changed_at = first ? 0 : clock_wall()};
    return true;
}

/* When the next folder is due. */
static int64_t next_poll(struct session *session, const GArray *list)
{
    const struct sync_cadence cadence = cadence_of(session);
    int64_t now = clock_wall();
    int64_t next = sync_cadence_next(MAX(cadence.calm, cadence.busy), session->account, now);
    for (guint i = 0; i < list->len; i++) {
        const struct watched *item = &g_array_index(list, struct watched, i);
        if (item->by_idle)
            continue;
        int64_t interval = sync_cadence_interval(&cadence, now - item->watch.changed_at);
        next = MIN(next, sync_cadence_next(interval, session->account, now));
    }
    return clock_in_ms((next - now) * 1000);
}

static bool draw_conclusions(struct session *session, GArray *list, GError **error)
{
    g_autoptr(GArray) keep = g_array_new(FALSE, FALSE, sizeof(struct store_watch));
    for (guint i = 0; i < list->len; i++) {
        struct watched *item = &g_array_index(list, struct watched, i);
        if (item->due && !item->told)
            session_round_saw(session, item->mailbox->id, true);
        if (item->told && (item->due || !item->by_idle) && judge(session, item))
            g_array_append_val(keep, item->watch);
    }
    session->polled_at = clock_wall();
    session->poll_at = next_poll(session, list);
    return store_sync_watch_put(session->manager->config.store,
                                (const struct store_watch *)keep->data, keep->len, error);
}

static bool poll_folders(struct session *session, bool all, GError **error)
{
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    g_array_set_size(session->queue, 0);
    session->folders_changed = false;
    g_autoptr(GArray) list = watched_folders(session, all, error);
    if (list == NULL)
        return false;
    guint due = 0;
    for (guint i = 0; i < list->len; i++)
        due += g_array_index(list, struct watched, i).due;
    bool together = all || due > STATUS_APART_MAX;
    return (together ? ask_together(session, list, error) : ask_apart(session, list, error)) &&
           draw_conclusions(session, list, error);
}

bool session_poll(struct session *session, GError **error)
{
    if (session->open_mailbox != 0 && !imap_unselect(session->imap, error))
        return false;
    session->open_mailbox = 0;
    if (!poll_folders(session, true, error))
        return false;
    return true;
}

bool session_poll_due(struct session *session, GError **error)
{
    return poll_folders(session, false, error);
}

/* --- what the server says unasked */

static void hear_number(uint32_t number, void *arg)
{
    (void)number;
    ((struct session *)arg)->news = true;
}

/* Some say it again and again. */
static void hear_exists(uint32_t count, void *arg)
{
    struct session *session = arg;
    session->news = session->news || count != session->selected.exists;
}

static void hear_vanished(uint32_t first, uint32_t last, bool earlier, void *arg)
{
    (void)first, (void)last, (void)earlier;
    ((struct session *)arg)->news = true;
}

static void hear_flags(const struct imap_fetched *fetched, void *arg)
{
    (void)fetched;
    ((struct session *)arg)->news = true;
}

static void hear_closed(void *arg)
{
    ((struct session *)arg)->news = false;
}

void session_hear(struct session *session)
{
    const struct imap_events events = {.exists = hear_exists,
                                       .expunged = hear_number,
                                       .vanished = hear_vanished,
                                       .flags = hear_flags,
                                       .closed = hear_closed,
                                       .arg = session};
    imap_client_set_events(session->imap, &events);
}

/* --- IDLE
 * ------------------------------------------------------------------------------------------- */

int64_t session_renewal(const struct session *session)
{
    int64_t given = session->manager->config.tuning.idle_ms;
    int64_t renew = given > 0 ? given : sync_host_limits(session->waiter.host)->idle_s * 1000;
    return clock_in_ms(renew - clock_jitter(renew / 10 + 1));
}

bool session_watch(struct session *session, GError **error)
{
    struct store_remote_mailbox *mailbox = inbox(session);
    session->idle_until = session_renewal(session);
    session->idling = session->hears_inbox = false;
    if (mailbox == NULL || (imap_client_capabilities(session->imap) & IMAP_CAP_IDLE) == 0)
        return true;
    /* What happened between the comparison and another SELECT would not be told by IDLE. */
    bool same = session->compared == mailbox->id && session->open_mailbox == mailbox->id;
    if (!same && !session_reopen(session, mailbox, &same, error))
        return false;
    if ((!same || session->news) && session->restless++ < RESTLESS_MAX) {
        session->news = false;
        session_queue(session, mailbox->id);
        return true;
    }
    session->news = false;
    session->restless = 0;
    if (!imap_idle_begin(session->imap, error))
        return false;
    session->idling = session->hears_inbox = true;
    return true;
}

bool session_listen(struct session *session, bool *news, GError **error)
{
    *news = false;
    if (!session->idling)
        return true;
    if (!imap_idle_read(session->imap, news, error))
        return false;
    return true;
}

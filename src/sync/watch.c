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

static bool is_personal(const struct session *session, const struct store_remote_mailbox *mailbox)
{
    const struct imap_namespace *space = imap_client_namespace_of(session->imap, mailbox->raw_name);
    return space == NULL || space->space == IMAP_SPACE_PERSONAL;
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

/* A date to come says nothing. */
static int64_t interval_of(const struct sync_cadence *cadence, const struct store_watch *watch)
{
    int64_t now = clock_wall(), newest = watch->newest <= now ? watch->newest : 0;
    return sync_cadence_interval(cadence, now - MAX(watch->changed_at, newest));
}

static bool is_due(const struct session *session, const struct sync_cadence *cadence,
                   const struct store_watch *watch)
{
    int64_t interval = interval_of(cadence, watch);
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
                                  .changed_at = first ? 0 : clock_wall(),
                                  .newest = watch->newest};
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
        int64_t interval = interval_of(&cadence, &item->watch);
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

bool session_plan_poll(struct session *session, GError **error)
{
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    g_autoptr(GArray) list = watched_folders(session, false, error);
    if (list == NULL)
        return false;
    session->polled_at = clock_wall();
    session->poll_at = next_poll(session, list);
    return true;
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
    bool all = session->lost_notices;
    session->lost_notices = false;
    return poll_folders(session, all, error);
}

/* --- what was told
 * ---------------------------------------------------------------------------------- */

/* A server may tell only some of it. */
static struct imap_status told_status(const struct session_notice *notice,
                                      const struct store_watch *watch,
                                      const struct store_remote_mailbox *mailbox)
{
    struct imap_status status = notice->status;
    bool first = watch->uidvalidity == 0;
    if (notice->whole)
        return status;
    if (status.uidvalidity == 0)
        status.uidvalidity = first ? mailbox->uidvalidity : watch->uidvalidity;
    if (status.uidnext == 0)
        status.uidnext = first ? mailbox->uidnext : watch->uidnext;
    if (status.highestmodseq == 0)
        status.highestmodseq = first ? mailbox->highestmodseq : watch->highestmodseq;
    if (status.messages == 0)
        status.messages = first ? mailbox->exists : watch->messages;
    if (status.unseen == 0)
        status.unseen = watch->unseen;
    return status;
}

/* As judge, but what was compared in vain once is left to the cadence: a server whose STATUS never
 * agrees with its SELECT would keep both sides busy. */
static bool judge_notice(struct session *session, const struct session_notice *notice,
                         const struct store_remote_mailbox *mailbox, struct store_watch *watch)
{
    const struct imap_status status = told_status(notice, watch, mailbox);
    if (same(watch, &status))
        return false;
    if (session_has_news(mailbox, &status))
        session_queue(session, mailbox->id);
    *watch = (struct store_watch){.mailbox = mailbox->id,
                                  .uidvalidity = status.uidvalidity,
                                  .uidnext = status.uidnext,
                                  .messages = status.messages,
                                  .unseen = status.unseen,
                                  .highestmodseq = status.highestmodseq,
                                  .changed_at = watch->uidvalidity == 0 ? 0 : clock_wall()};
    return true;
}

static bool tells_of_list(const struct session_notice *notice,
                          const struct store_remote_mailbox *mailbox)
{
    if (!notice->listed)
        return false;
    if (mailbox == NULL)
        return notice->there;
    return notice->there ? mailbox->subscribed != notice->subscribed : mailbox->selectable;
}

/* NOTIFY tells of names only from then on: those that came or went just before it show in the
 * statuses that it begins with. What the list does not explain either is asked for once. */
static bool names_differ(struct session *session, GHashTable *notices)
{
    guint names = 0, told = 0, known = 0;
    GHashTableIter iter;
    gpointer raw_name, notice;
    g_hash_table_iter_init(&iter, notices);
    while (g_hash_table_iter_next(&iter, &raw_name, &notice)) {
        bool asked = ((struct session_notice *)notice)->asked;
        told += asked;
        names += asked ? g_str_hash(raw_name) : 0;
    }
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (!mailbox->selectable || mailbox->id == session->open_mailbox ||
            !is_personal(session, mailbox))
            continue;
        const struct session_notice *found = g_hash_table_lookup(notices, mailbox->raw_name);
        if (found != NULL && found->asked)
            told--;
        else
            known++;
    }
    bool differ = told + known > 0 && names != session->odd_names;
    session->odd_names = told + known > 0 ? names : 0;
    return differ;
}

/* Mail came into a folder that is not listed here, for the first time. */
static bool is_of_unknown(struct session *session, const char *raw_name,
                          const struct session_notice *notice,
                          const struct store_remote_mailbox *mailbox)
{
    if (mailbox != NULL || !notice->has_status || notice->asked ||
        g_str_hash(raw_name) == session->odd_names)
        return false;
    session->odd_names = g_str_hash(raw_name);
    return true;
}

static struct store_remote_mailbox *named(struct session *session, const char *raw_name)
{
    for (guint i = 0; i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (strcmp(mailbox->raw_name, raw_name) == 0)
            return mailbox;
    }
    return NULL;
}

bool session_take_notices(struct session *session, GError **error)
{
    g_autoptr(GHashTable) notices = g_steal_pointer(&session->notices);
    bool snapshot = session->snapshot && !session->lost_notices;
    session->snapshot = false;
    if (notices == NULL)
        return true;
    struct store *store = session->manager->config.store;
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    g_autoptr(GArray) watches = store_sync_watches(store, session->account, error);
    if (watches == NULL)
        return false;
    g_autoptr(GArray) keep = g_array_new(FALSE, FALSE, sizeof(struct store_watch));
    if (snapshot && names_differ(session, notices))
        session->folders_changed = true;
    GHashTableIter iter;
    gpointer raw_name, notice;
    g_hash_table_iter_init(&iter, notices);
    while (g_hash_table_iter_next(&iter, &raw_name, &notice)) {
        const struct store_remote_mailbox *mailbox = named(session, raw_name);
        session->folders_changed = session->folders_changed || tells_of_list(notice, mailbox) ||
                                   is_of_unknown(session, raw_name, notice, mailbox);
        if (mailbox == NULL || !mailbox->sync || !((struct session_notice *)notice)->has_status)
            continue;
        struct store_watch watch = watch_of(watches, mailbox->id);
        if (judge_notice(session, notice, mailbox, &watch))
            g_array_append_val(keep, watch);
    }
    return store_sync_watch_put(store, (const struct store_watch *)(const void *)keep->data,
                                keep->len, error);
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
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
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
    if (!session_notify(session, error) || !session_take_notices(session, error))
        return false;
    session->news = session->news || session->folders_changed;
    if (session->queue->len > 0 || session->news)
        return true;
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
    bool any = false;
    bool ok = imap_idle_read(session->imap, &any, error);
    *news = any && !session_has_notices(session);
    return ok;
}

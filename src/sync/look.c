#include "sync/look.h"

#include "base/log.h"

#define FLAGS_AT_ONCE 5000
#define MESSAGES_MAX 4000000 /* more than any folder has */
#define NEWEST 1000          /* messages whose flags change while nobody looks, mostly */
#define NEAR 32              /* UIDs between two that were told */
#define NEWS_MAX 100000      /* more at once are learnt by a search */

static void clear_seen(gpointer item)
{
    mail_flags_clear(&((struct sync_seen *)item)->flags);
}

void look_init(struct look *look)
{
    look->way = SYNC_WAY_WHOLE;
    look->whole = false;
    look->most = 0;
    look->uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    look->ranges = g_array_new(FALSE, FALSE, sizeof(struct sync_range));
    look->seen = g_array_new(FALSE, FALSE, sizeof(struct sync_seen));
    look->known = NULL;
    g_array_set_clear_func(look->seen, clear_seen);
}

void look_expect(struct look *look, const struct store_remote_mailbox *mailbox)
{
    look->most = MAX(look->most, 2 * MIN(mailbox->exists, MESSAGES_MAX) + NEWS_MAX);
}

void look_forget(struct look *look)
{
    g_array_set_size(look->seen, 0);
    g_array_set_size(look->ranges, 0);
}

void look_clear(struct look *look)
{
    g_clear_pointer(&look->uids, g_array_unref);
    g_clear_pointer(&look->ranges, g_array_unref);
    g_clear_pointer(&look->seen, g_array_unref);
    g_clear_pointer(&look->known, g_array_unref);
}

struct sync_remote look_remote(const struct session *session, const struct look *look)
{
    return (struct sync_remote){
        .whole = look->whole,
        .uids = (const uint32_t *)look->uids->data,
        .uid_count = look->uids->len,
        .vanished = (const struct sync_range *)look->ranges->data,
        .vanished_count = look->ranges->len,
        .seen = (const struct sync_seen *)look->seen->data,
        .seen_count = look->seen->len,
        .keeps_keywords = session->selected.permanent_keywords,
        .permanent_bits = session->selected.permanent_bits,
    };
}

/* --- what comes */

bool look_take_flags(const struct imap_fetched *fetched, void *arg)
{
    struct look *look = arg;
    if (fetched->uid == 0 || !fetched->has_flags || look->seen->len >= look->most)
        return true;
    struct sync_seen item = {.uid = fetched->uid};
    mail_flags_copy(&item.flags, &fetched->flags);
    g_array_append_val(look->seen, item);
    return true;
}

static void hear_flags(const struct imap_fetched *fetched, void *arg)
{
    look_take_flags(fetched, arg);
}

void look_take_vanished(uint32_t first, uint32_t last, bool earlier, void *arg)
{
    struct look *look = arg;
    (void)earlier;
    struct sync_range range = {MIN(first, last), MAX(first, last)};
    if (look->ranges->len < look->most)
        g_array_append_val(look->ranges, range);
}

/* What came so far was of the folder left. */
static void hear_closed(void *arg)
{
    look_forget(arg);
}

static int by_uid(gconstpointer a, gconstpointer b)
{
    uint32_t x = ((const struct sync_seen *)a)->uid, y = ((const struct sync_seen *)b)->uid;
    return x < y ? -1 : x > y;
}

/* Servers mostly tell them in order, and each once. Of two of one message the later holds: its
 * flags changed meanwhile. */
static void sort_seen(GArray *seen)
{
    struct sync_seen *items = (struct sync_seen *)(void *)seen->data;
    guint kept = 0, in_order = 1;
    while (in_order < seen->len && items[in_order].uid > items[in_order - 1].uid)
        in_order++;
    if (in_order >= seen->len)
        return;
    g_array_sort(seen, by_uid); /* a stable one */
    for (guint i = 1; i < seen->len; i++) {
        if (items[i].uid != items[kept].uid)
            kept++;
        if (i == kept)
            continue;
        mail_flags_clear(&items[kept].flags);
        items[kept] = items[i];
        items[i].flags = (struct mail_flags){0};
    }
    g_array_set_size(seen, kept + 1);
}

/* --- the open folder */

struct sync_marks look_marks_of(const struct store_remote_mailbox *mailbox)
{
    return (struct sync_marks){mailbox->uidvalidity, mailbox->uidnext, mailbox->exists,
                               mailbox->highestmodseq};
}

struct sync_marks look_marks_now(const struct session *session)
{
    const struct imap_selected *selected = &session->selected;
    return (struct sync_marks){selected->uidvalidity, selected->uidnext, selected->exists,
                               selected->highestmodseq};
}

bool session_renew(struct session *session, struct store_remote_mailbox *mailbox,
                   uint32_t uidvalidity, GError **error)
{
    if (mailbox->uidvalidity != 0)
        LOG_INFO("sync.uidvalidity", LOG_INT("account", session->account),
                 LOG_INT("mailbox", mailbox->id));
    if (mailbox->uidvalidity != 0)
        SYNC_NOTE(session->manager, session->account, "renumbered", NULL,
                  LOG_INT("mailbox", mailbox->id));
    /* What came elsewhere before is no place of these. */
    if (!session_settle(session, error) ||
        !store_sync_mailbox_reset(session->manager->config.store, session->account, mailbox->id,
                                  uidvalidity, error))
        return false;
    mailbox->uidvalidity = uidvalidity;
    mailbox->highestmodseq = 0;
    mailbox->uidnext = mailbox->exists = 0;
    mailbox->headers_done = false;
    return true;
}

/* Another folder of the same UIDVALIDITY may have taken its name, and it that one's, in which
 * nothing shows of it. That one is renewed first: what is renewed tells of nothing any more. */
static bool renew_swapped(struct session *session, struct store_remote_mailbox *mailbox,
                          GError **error)
{
    if (!session_settle(session, error) || !session_renew_namesakes(session, mailbox, error))
        return false;
    if (session->open_mailbox == mailbox->id)
        return true;
    if (!imap_select(session->imap, mailbox->raw_name, false, 0, 0, &session->selected, error))
        return false;
    session->open_mailbox = mailbox->id;
    return true;
}

/* Its UIDs mean something else from now on; its emails wait to be found again. */
static bool renew(struct session *session, struct store_remote_mailbox *mailbox, GError **error)
{
    if (session_may_be_renamed(session, mailbox, session->selected.uidvalidity)) {
        session->open_mailbox = 0;
        error_set(error, ERROR_MAILBOX_GONE, "another folder may have its name");
        return false;
    }
    if (mailbox->uidvalidity == session->selected.uidvalidity &&
        !renew_swapped(session, mailbox, error))
        return false;
    return session_renew(session, mailbox, session->selected.uidvalidity, error);
}

/* Another SELECT goes out. */
static void leave_mailbox(struct session *session)
{
    session->open_mailbox = session->compared = 0;
    session->news = false;
    session->strayed = true;
}

/* since: 0, or what QRESYNC is to tell changes from; they go into look. */
static bool select_folder(struct session *session, struct store_remote_mailbox *mailbox,
                          uint64_t since, struct look *look, GError **error)
{
    const struct imap_events ears = {.flags = hear_flags,
                                     .vanished = look_take_vanished,
                                     .closed = hear_closed,
                                     .arg = look};
    leave_mailbox(session);
    if (since != 0)
        imap_client_set_events(session->imap, &ears);
    bool ok = imap_select(session->imap, mailbox->raw_name, false, mailbox->uidvalidity, since,
                          &session->selected, error);
    if (since != 0)
        session_hear(session);
    if (!ok)
        return false;
    session->open_mailbox = mailbox->id;
    const struct sync_marks last = look_marks_of(mailbox), now = look_marks_now(session);
    return !sync_is_renewed(&last, &now) || renew(session, mailbox, error);
}

bool session_goes_on(const struct session *session, const GError *failure)
{
    return imap_client_is_usable(session->imap) &&
           (error_scope(failure) == ERROR_SCOPE_MAILBOX ||
            error_scope(failure) == ERROR_SCOPE_MESSAGE || error_is(failure, ERROR_CANCELLED));
}

bool session_opened(struct session *session, const struct store_remote_mailbox *mailbox,
                    const struct imap_selected *selected)
{
    leave_mailbox(session);
    if (selected == NULL)
        return false;
    session->selected = *selected;
    const struct sync_marks last = look_marks_of(mailbox), now = look_marks_now(session);
    if (sync_is_renewed(&last, &now))
        return false;
    session->open_mailbox = mailbox->id;
    return true;
}

bool session_open(struct session *session, struct store_remote_mailbox *mailbox, GError **error)
{
    return session->open_mailbox == mailbox->id || select_folder(session, mailbox, 0, NULL, error);
}

GArray *session_scope(struct session *session, GError **error)
{
    if (session->config->since > 0)
        return imap_search_since(session->imap, session->config->since, error);
    return imap_search(session->imap, "ALL", error);
}

/* --- the ways */

static bool load_known(struct session *session, const struct store_remote_mailbox *mailbox,
                       struct look *look, uint32_t first, uint32_t last, GError **error)
{
    g_clear_pointer(&look->known, g_array_unref);
    look->known =
        store_sync_messages(session->manager->config.store, mailbox->id, first, last, error);
    return look->known != NULL;
}

static int by_first(gconstpointer a, gconstpointer b)
{
    uint32_t x = ((const struct store_uid_range *)a)->first;
    uint32_t y = ((const struct store_uid_range *)b)->first;
    return x < y ? -1 : x > y;
}

/* What was told, as ranges that lie apart: rows between two that are near cost less than to seek
 * the next. (transfer full) */
static GArray *touched(const struct look *look)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct store_uid_range));
    for (guint i = 0; i < look->ranges->len; i++) {
        const struct sync_range *gone = &g_array_index(look->ranges, struct sync_range, i);
        const struct store_uid_range range = {gone->first, gone->last};
        g_array_append_val(ranges, range);
    }
    for (guint i = 0; i < look->seen->len; i++) {
        uint32_t uid = g_array_index(look->seen, struct sync_seen, i).uid;
        const struct store_uid_range range = {uid, uid};
        g_array_append_val(ranges, range);
    }
    g_array_sort(ranges, by_first);
    guint kept = 0;
    for (guint i = 0; i < ranges->len; i++) {
        struct store_uid_range next = g_array_index(ranges, struct store_uid_range, i);
        struct store_uid_range *last =
            kept > 0 ? &g_array_index(ranges, struct store_uid_range, kept - 1) : NULL;
        if (last != NULL && (next.first <= last->last || next.first - last->last < NEAR))
            last->last = MAX(last->last, next.last);
        else
            g_array_index(ranges, struct store_uid_range, kept++) = next;
    }
    g_array_set_size(ranges, kept);
    return ranges;
}

/* Only the rows that what was told may be about. */
static bool load_touched(struct session *session, const struct store_remote_mailbox *mailbox,
                         struct look *look, GError **error)
{
    g_autoptr(GArray) ranges = touched(look);
    g_clear_pointer(&look->known, g_array_unref);
    look->known =
        store_sync_messages_in(session->manager->config.store, mailbox->id,
                               (const struct store_uid_range *)ranges->data, ranges->len, error);
    return look->known != NULL;
}

static bool search_scope(struct session *session, const struct store_remote_mailbox *mailbox,
                         struct look *look, GError **error)
{
    bool empty = session->selected.exists == 0 && mailbox->exists == 0;
    GArray *uids =
        empty ? g_array_new(FALSE, FALSE, sizeof(uint32_t)) : session_scope(session, error);
    if (uids == NULL)
        return false;
    g_array_unref(look->uids);
    look->uids = uids;
    look->whole = true;
    if (!load_known(session, mailbox, look, 1, UINT32_MAX, error))
        return false;
    /* Believing it would drop all mail of the folder. */
    bool absurd = uids->len == 0 && session->selected.exists > 0 && session->config->since == 0 &&
                  look->known->len > 0;
    if (absurd)
        error_set(error, ERROR_PROTOCOL, "the server lists none of a folder's %u messages",
                  session->selected.exists);
    return !absurd;
}

/* The last window is open, and the first begins at 1: what is not known yet is told too. */
char **look_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                    GError **error)
{
    g_autoptr(GArray) starts =
        store_sync_uids_apart(session->manager->config.store, mailbox->id, FLAGS_AT_ONCE, error);
    if (starts == NULL)
        return NULL;
    GPtrArray *windows = g_ptr_array_new();
    uint32_t first = 1;
    for (guint i = 0; i < starts->len; i++) {
        uint32_t next = g_array_index(starts, uint32_t, i);
        g_ptr_array_add(windows, g_strdup_printf("%u:%u", first, next - 1));
        first = next;
    }
    g_ptr_array_add(windows, g_strdup_printf("%u:*", first));
    g_ptr_array_add(windows, NULL);
    return (char **)g_ptr_array_free(windows, FALSE);
}

static bool fetch_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                          struct look *look, GError **error)
{
    g_auto(GStrv) windows = look_windows(session, mailbox, error);
    if (windows == NULL || !imap_fetch_sets(session->imap, (const char *const *)windows,
                                            IMAP_FETCH_FLAGS, look_take_flags, NULL, look, error))
        return false;
    sort_seen(look->seen);
    return true;
}

static void take_uids_of_seen(struct look *look)
{
    g_array_set_size(look->uids, 0);
    for (guint i = 0; i < look->seen->len; i++) {
        uint32_t uid = g_array_index(look->seen, struct sync_seen, i).uid;
        guint count = look->uids->len;
        if (count == 0 || g_array_index(look->uids, uint32_t, count - 1) != uid)
            g_array_append_val(look->uids, uid);
    }
}

/* Where everything is in scope the windows tell the UIDs too, as long as as many came as the folder
 * has: a server that skips an item must not make it vanish. */
bool look_end_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                      struct look *look, bool *sure, GError **error)
{
    look->way = SYNC_WAY_WINDOWS;
    sort_seen(look->seen);
    take_uids_of_seen(look);
    *sure = look->whole = look->uids->len >= session->selected.exists;
    return load_known(session, mailbox, look, 1, UINT32_MAX, error);
}

static bool look_by_windows(struct session *session, const struct store_remote_mailbox *mailbox,
                            struct look *look, GError **error)
{
    bool sure = false;
    if (mailbox->exists == 0 || session->config->since > 0)
        return search_scope(session, mailbox, look, error) &&
               fetch_windows(session, mailbox, look, error);
    return fetch_windows(session, mailbox, look, error) &&
           look_end_windows(session, mailbox, look, &sure, error) &&
           (sure || search_scope(session, mailbox, look, error));
}

/* A plan is made on trial: with it, there must be as many messages here as there. */
static bool adds_up(struct session *session, const struct store_remote_mailbox *mailbox,
                    const struct look *look, GError **error)
{
    struct sync_plan plan;
    const struct sync_remote remote = look_remote(session, look);
    sync_plan_make(&plan, (const struct store_remote_message *)look->known->data, look->known->len,
                   &remote, NULL, 0);
    uint32_t fresh = plan.fresh->len, gone = plan.vanished->len;
    sync_plan_clear(&plan);
    if (session->config->since > 0)
        return mailbox->exists + fresh == session->selected.exists + gone;
    uint32_t rows = store_sync_message_count(session->manager->config.store, mailbox->id, error);
    return rows + fresh == session->selected.exists + gone;
}

bool look_end_changes(struct session *session, const struct store_remote_mailbox *mailbox,
                      struct look *look, bool *sure, GError **error)
{
    GError *cause = NULL;
    look->whole = false;
    sort_seen(look->seen);
    if (session->config->since == 0)
        take_uids_of_seen(look);
    if (!load_touched(session, mailbox, look, error))
        return false;
    *sure = adds_up(session, mailbox, look, &cause);
    return error_settle(error, cause);
}

/* New messages are among what was told to be changed; which of them are in scope, only a search
 * tells. */
static bool look_at_changes(struct session *session, const struct store_remote_mailbox *mailbox,
                            struct look *look, GError **error)
{
    bool sure = false;
    if (session->config->since > 0 && session->selected.uidnext != mailbox->uidnext) {
        sort_seen(look->seen);
        return search_scope(session, mailbox, look, error);
    }
    return look_end_changes(session, mailbox, look, &sure, error) &&
           (sure || search_scope(session, mailbox, look, error));
}

static bool look_whole(struct session *session, const struct store_remote_mailbox *mailbox,
                       struct look *look, GError **error)
{
    return search_scope(session, mailbox, look, error) &&
           fetch_windows(session, mailbox, look, error);
}

static bool look_this_way(struct session *session, const struct store_remote_mailbox *mailbox,
                          struct look *look, GError **error)
{
    switch (look->way) {
    case SYNC_WAY_NONE:
        look->known = g_array_new(FALSE, TRUE, sizeof(struct store_remote_message));
        return true;
    case SYNC_WAY_QRESYNC:
        return look_at_changes(session, mailbox, look, error);
    case SYNC_WAY_CONDSTORE:
        return imap_fetch(session->imap, "1:*", IMAP_FETCH_FLAGS, mailbox->highestmodseq,
                          look_take_flags, look, error) &&
               look_at_changes(session, mailbox, look, error);
    case SYNC_WAY_WINDOWS:
        return look_by_windows(session, mailbox, look, error);
    case SYNC_WAY_WHOLE:
        break;
    }
    return look_whole(session, mailbox, look, error);
}

bool look_at(struct session *session, struct store_remote_mailbox *mailbox, bool whole,
             struct look *look, GError **error)
{
    look_init(look);
    look_expect(look, mailbox);
    uint64_t since = 0;
    if (session->qresync && mailbox->headers_done && !whole)
        since = mailbox->highestmodseq;
    if (!select_folder(session, mailbox, since, look, error))
        return false;
    const struct sync_situation situation = {.last = look_marks_of(mailbox),
                                             .now = look_marks_now(session),
                                             .complete = mailbox->headers_done,
                                             .qresync = since != 0,
                                             .whole = whole};
    look->way = sync_way_choose(&situation);
    if (look->way != SYNC_WAY_QRESYNC)
        look_forget(look);
    return look_this_way(session, mailbox, look, error);
}

/* --- one that was compared before */

static bool is_marked(const struct session *session, const struct store_remote_mailbox *mailbox)
{
    const struct imap_selected *now = &session->selected;
    return mailbox->headers_done && now->uidvalidity == mailbox->uidvalidity &&
           now->uidnext == mailbox->uidnext && now->exists == mailbox->exists &&
           now->highestmodseq == mailbox->highestmodseq;
}

/* Flags alone: what is new or gone is told by the counts. "n:*" may tell of one below n. */
static bool flags_differ(struct session *session, const struct store_remote_mailbox *mailbox,
                         struct look *look, bool *differ, GError **error)
{
    sort_seen(look->seen);
    g_autoptr(GArray) steps = store_sync_steps(session->manager->config.store, mailbox->id, error);
    if (steps == NULL)
        return false;
    struct sync_plan plan;
    const struct sync_remote remote = look_remote(session, look);
    sync_plan_make(&plan, (const struct store_remote_message *)look->known->data, look->known->len,
                   &remote, (const struct store_step *)steps->data, steps->len);
    *differ = !sync_plan_is_empty(&plan);
    sync_plan_clear(&plan);
    return true;
}

static bool reopen_by_flags(struct session *session, struct store_remote_mailbox *mailbox,
                            struct look *look, bool *same, GError **error)
{
    uint32_t first = mailbox->uidnext > NEWEST ? mailbox->uidnext - NEWEST : 1;
    bool there = false, differ = false;
    g_autofree char *set = g_strdup_printf("%u:*", first);
    const char *const sets[] = {set, NULL};
    if (!load_known(session, mailbox, look, first, UINT32_MAX, error))
        return false;
    leave_mailbox(session);
    bool ok = imap_select_flags(session->imap, mailbox->raw_name, false, sets, &session->selected,
                                &there, look_take_flags, look, error);
    if (there && session->selected.uidvalidity == mailbox->uidvalidity)
        session->open_mailbox = mailbox->id;
    *same = ok && is_marked(session, mailbox);
    if (!*same)
        return ok;
    ok = flags_differ(session, mailbox, look, &differ, error);
    *same = ok && !differ;
    return ok;
}

bool session_reopen(struct session *session, struct store_remote_mailbox *mailbox, bool *same,
                    GError **error)
{
    struct look look;
    bool ok = true;
    look_init(&look);
    look.most = 2 * NEWEST + NEWS_MAX;
    if (mailbox->highestmodseq == 0 && mailbox->exists > 0) {
        ok = reopen_by_flags(session, mailbox, &look, same, error);
    } else {
        session->open_mailbox = 0;
        ok = session_open(session, mailbox, error);
        *same = ok && is_marked(session, mailbox);
    }
    if (*same)
        session->compared = mailbox->id;
    look_clear(&look);
    return ok;
}

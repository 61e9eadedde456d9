/* Raw messages of the pending ones: the wanted first, then the newest. */
#include "sync/intake.h"
#include "sync/session.h"

#define WANTED_AT_ONCE 200
/* One command's messages. Several commands are on their way at once (imap_fetch_tour): what opening
 * a mail waits for. */
#define GROUP_MESSAGES 200
#define GROUP_BYTES (2 * 1024 * 1024)
#define GROUPS_AT_ONCE 64
#define STEP CLOCK_SECOND /* then others have their turn on this worker */
#define WINDOW 5000       /* of the newest: those of one mailbox among them go together */

/* What is asked for by one command. */
struct group {
    struct store_remote_mailbox *mailbox;
    GArray *uids; /* uint32_t, ascending */
    uint64_t bytes;
};

struct taking {
    struct session *session;
    struct intake *intake;
    const GPtrArray *groups;                    /* those of one mailbox together */
    const struct store_remote_mailbox *mailbox; /* whose messages come */
    GHashTable *missing;                  /* its uids: uid -> itself; asked for, not come yet */
    GHashTable *all;                      /* int64_t* mailbox -> missing */
    unsigned settled;                     /* kept, skipped or gone: pending no longer */
    size_t done;                          /* groups asked for and answered */
    int64_t until;                        /* no further groups are asked for from then on */
    struct store_remote_mailbox *renewed; /* its UIDs mean other messages by now */
    GError *error;
};

static void free_group(void *data)
{
    struct group *group = data;
    g_array_unref(group->uids);
    g_free(group);
}

static GPtrArray *groups_new(void)
{
    return g_ptr_array_new_with_free_func(free_group);
}

static struct group *add_group(GPtrArray *groups, struct store_remote_mailbox *mailbox)
{
    struct group *group = g_new0(struct group, 1);
    group->mailbox = mailbox;
    group->uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_ptr_array_add(groups, group);
    return group;
}

bool session_take_message(struct session *session, struct intake *intake, int64_t mailbox,
                          const struct imap_fetched *fetched, GError **error)
{
    uint64_t size = g_bytes_get_size(fetched->body);
    session->working.fetched++;
    session->working.bytes += size;
    session->rate_bytes += size;
    return intake_message(intake, mailbox, &session->selected, fetched, error);
}

static bool take_message(const struct imap_fetched *fetched, void *arg)
{
    struct taking *taking = arg;
    if (fetched->uid == 0 || (fetched->body == NULL && !fetched->body_too_large) ||
        !g_hash_table_remove(taking->missing, GUINT_TO_POINTER(fetched->uid)))
        return true;
    taking->settled++;
    if (!fetched->body_too_large)
        return session_take_message(taking->session, taking->intake, taking->mailbox->id, fetched,
                                    &taking->error);
    store_batch_skipped(intake_batch(taking->intake), taking->mailbox->id,
                        taking->session->selected.uidvalidity, fetched->uid,
                        "larger than Postroom takes");
    return true;
}

/* What was asked for twice and did not come, although the server still lists it, is named and left
 * (docs/internals/exchange.md). */
static bool settle_missing(struct taking *taking, GError **error)
{
    struct session *session = taking->session;
    if (g_hash_table_size(taking->missing) == 0)
        return true;
    g_autoptr(GArray) scope = session_scope(session, error);
    if (scope == NULL)
        return false;
    taking->settled += g_hash_table_size(taking->missing);
    for (guint i = 0; i < scope->len; i++) {
        uint32_t uid = g_array_index(scope, uint32_t, i);
        if (g_hash_table_remove(taking->missing, GUINT_TO_POINTER(uid)))
            store_batch_skipped(intake_batch(taking->intake), taking->mailbox->id,
                                session->selected.uidvalidity, uid, "the server gave no data");
    }
    GHashTableIter iter;
    gpointer uid;
    g_hash_table_iter_init(&iter, taking->missing);
    while (g_hash_table_iter_next(&iter, &uid, NULL))
        store_batch_vanished(intake_batch(taking->intake), taking->mailbox->id,
                             GPOINTER_TO_UINT(uid));
    g_hash_table_remove_all(taking->missing);
    return true;
}

static bool group_is_done(size_t index, void *arg)
{
    struct taking *taking = arg;
    taking->done = index + 1;
    return clock_now() < taking->until && !atomic_load(&taking->session->poked);
}

static void turn_to(struct taking *taking, const struct store_remote_mailbox *mailbox)
{
    taking->mailbox = mailbox;
    taking->missing = g_hash_table_lookup(taking->all, &mailbox->id);
}

static bool folder_is_open(size_t index, const struct imap_selected *selected, void *arg)
{
    struct taking *taking = arg;
    const struct group *group = taking->groups->pdata[index];
    turn_to(taking, group->mailbox);
    if (session_opened(taking->session, group->mailbox, selected))
        return true;
    if (selected != NULL && taking->renewed == NULL)
        taking->renewed = group->mailbox;
    return false;
}

/* Each group goes out before the one before it has come, whatever folder it is of. */
static bool fetch_groups(struct taking *taking, const GPtrArray *groups, GError **error)
{
    unsigned what = IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_BODY;
    const struct imap_fetch_hands hands = {take_message, group_is_done, folder_is_open, NULL,
                                           taking};
    g_autofree struct imap_fetch_ask *asks = g_new0(struct imap_fetch_ask, groups->len + 1);
    g_auto(GStrv) sets = g_new0(char *, groups->len + 1);
    int64_t open = taking->session->open_mailbox;
    for (guint i = 0; i < groups->len; i++) {
        const struct group *group = groups->pdata[i];
        sets[i] =
            imap_uid_set((const uint32_t *)group->uids->data, group->uids->len, SIZE_MAX, NULL);
        asks[i] = (struct imap_fetch_ask){.raw_name = group->mailbox->id != open
                                                          ? group->mailbox->raw_name
                                                          : NULL,
                                          .uid_set = sets[i],
                                          .bytes = group->bytes};
        open = group->mailbox->id;
    }
    taking->groups = groups;
    taking->done = 0;
    turn_to(taking, ((const struct group *)groups->pdata[0])->mailbox);
    if (imap_fetch_tour(taking->session->imap, asks, groups->len, what, &hands, error))
        return true;
    if (taking->error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&taking->error));
    }
    return false;
}

static GArray *uids_of(GHashTable *missing)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, missing);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint32_t uid = GPOINTER_TO_UINT(key);
        g_array_append_val(uids, uid);
    }
    return uids;
}

int session_uid_order(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void expect_group(struct taking *taking, const struct group *group)
{
    GHashTable *missing = g_hash_table_lookup(taking->all, &group->mailbox->id);
    if (missing == NULL) {
        missing = g_hash_table_new(g_direct_hash, g_direct_equal);
        g_hash_table_insert(taking->all, &group->mailbox->id, missing);
    }
    for (guint i = 0; i < group->uids->len; i++)
        g_hash_table_add(missing, GUINT_TO_POINTER(g_array_index(group->uids, uint32_t, i)));
}

static void expect_no_longer(struct taking *taking, const struct group *group)
{
    GHashTable *missing = g_hash_table_lookup(taking->all, &group->mailbox->id);
    for (guint i = 0; i < group->uids->len; i++)
        g_hash_table_remove(missing, GUINT_TO_POINTER(g_array_index(group->uids, uint32_t, i)));
}

/* What was asked for and did not come is asked for once more. */
static bool fetch_missing(struct taking *taking, struct store_remote_mailbox *mailbox,
                          GError **error)
{
    turn_to(taking, mailbox);
    if (g_hash_table_size(taking->missing) == 0)
        return true;
    g_autoptr(GPtrArray) again = groups_new();
    GArray *uids = uids_of(taking->missing);
    g_array_sort(uids, session_uid_order);
    struct group *group = add_group(again, mailbox);
    g_array_unref(group->uids);
    group->uids = uids;
    return session_open(taking->session, mailbox, error) && fetch_groups(taking, again, error) &&
           settle_missing(taking, error);
}

/* Nothing of it is wanted any more: it is compared anew. */
static bool renew(struct taking *taking, GError **error)
{
    struct session *session = taking->session;
    if (session->todo != NULL)
        g_array_set_size(session->todo, 0);
    GError *failure = NULL;
    if (session_open(session, taking->renewed, &failure))
        return true;
    if (error_is(failure, ERROR_MAILBOX_GONE) && session->must_list) {
        g_error_free(failure); /* the folders are listed before anything else is done */
        return true;
    }
    g_propagate_error(error, failure);
    return false;
}

static bool fetch_all(struct taking *taking, const GPtrArray *groups, size_t *done, GError **error)
{
    GError *failure = NULL;
    for (guint i = 0; i < groups->len; i++)
        expect_group(taking, groups->pdata[i]);
    bool ok = fetch_groups(taking, groups, &failure);
    *done = taking->done;
    if (!ok && taking->renewed != NULL && error_is(failure, ERROR_CANCELLED)) {
        g_error_free(failure);
        *done = groups->len;
        return renew(taking, error);
    }
    if (!ok) {
        g_propagate_error(error, failure);
        return false;
    }
    for (size_t i = *done; i < groups->len; i++)
        expect_no_longer(taking, groups->pdata[i]);
    for (guint i = 0; ok && i < groups->len; i++)
        ok = fetch_missing(taking, ((struct group *)groups->pdata[i])->mailbox, error);
    return ok;
}

/* Adds to *settled how many of them are pending no longer. *done: (out) groups dealt with; those
 * behind them were left for later, since until has come or somebody waits. */
static bool fetch(struct session *session, struct intake *intake, const GPtrArray *groups,
                  int64_t until, size_t *done, unsigned *settled, GError **error)
{
    *done = 0;
    if (groups->len == 0)
        return true;
    struct taking taking = {
        .session = session,
        .intake = intake,
        .all = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                     (GDestroyNotify)g_hash_table_unref),
        .until = until,
    };
    bool ok = fetch_all(&taking, groups, done, error);
    *settled += taking.settled;
    g_clear_error(&taking.error);
    g_hash_table_unref(taking.all);
    return ok;
}

static void count_written(const struct store_batch_result *result, void *arg)
{
    struct session *session = arg;
    session->working.flags_changed += result->flags_changed;
    session->working.removed += result->removed;
    session_progress(session, session->phase == SESSION_MESSAGES ? "messages" : "headers");
}

static struct intake *make_intake(struct session *session, enum store_lane lane)
{
    return intake_new(session->manager->config.store, session->manager->parsers, session->account,
                      lane, count_written, session);
}

struct intake *session_intake(struct session *session)
{
    if (session->intake == NULL)
        session->intake = make_intake(session, STORE_LANE_BULK);
    return session->intake;
}

/* --- those that somebody waits for */

static bool is_still_to_do(const struct session *session, const struct store_pending *wanted)
{
    for (guint i = 0; session->todo != NULL && i < session->todo->len; i++) {
        const struct store_pending *item = &g_array_index(session->todo, struct store_pending, i);
        if (item->mailbox == wanted->mailbox && item->uid == wanted->uid)
            return true;
    }
    return false;
}

static GArray *load_wanted(struct session *session, bool *on_their_way, GError **error)
{
    *on_their_way = false;
    GArray *wanted =
        store_sync_pending(session->manager->config.store, session->account, WANTED_AT_ONCE, error);
    for (guint i = 0; wanted != NULL && i < wanted->len; i++) {
        const struct store_pending *item = &g_array_index(wanted, struct store_pending, i);
        if (!item->wanted)
            g_array_set_size(wanted, i);
        else if (session->intake != NULL && !intake_is_empty(session->intake) &&
                 !is_still_to_do(session, item))
            *on_their_way = true;
    }
    return wanted;
}

/* Those of one mailbox together. */
static GPtrArray *wanted_groups(struct session *session, const GArray *wanted)
{
    const struct store_pending *items = (const struct store_pending *)wanted->data;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    GPtrArray *groups = groups_new();
    for (guint i = 0; i < wanted->len; i++) {
        int64_t *id = &g_array_index(wanted, struct store_pending, i).mailbox;
        struct store_remote_mailbox *mailbox = session_mailbox(session, *id);
        if (!g_hash_table_add(seen, id) || mailbox == NULL)
            continue;
        struct group *group = add_group(groups, mailbox);
        for (guint k = i; k < wanted->len; k++) {
            if (items[k].mailbox != *id)
                continue;
            g_array_append_val(group->uids, items[k].uid);
            group->bytes += items[k].size;
        }
        g_array_sort(group->uids, session_uid_order);
    }
    return groups;
}

static bool fetch_wanted(struct session *session, const GArray *wanted, GError **error)
{
    struct intake *intake = make_intake(session, STORE_LANE_INTERACTIVE);
    g_autoptr(GPtrArray) groups = wanted_groups(session, wanted);
    unsigned settled = 0;
    size_t done = 0;
    bool ok = true;
    /* Somebody who waits as well ends it early. */
    while (ok && groups->len > 0) {
        ok = fetch(session, intake, groups, CLOCK_NEVER, &done, &settled, error);
        g_ptr_array_remove_range(groups, 0, (guint)(ok ? done : 0));
    }
    /* What came before a failure is kept. */
    ok = intake_drain(intake, ok ? error : NULL) && ok;
    intake_free(intake);
    return ok;
}

bool session_wanted(struct session *session, GError **error)
{
    bool on_their_way = false;
    g_autoptr(GArray) wanted = load_wanted(session, &on_their_way, error);
    if (wanted != NULL && on_their_way) {
        g_clear_pointer(&wanted, g_array_unref);
        if (session_settle(session, error))
            wanted = load_wanted(session, &on_their_way, error);
    }
    if (wanted == NULL)
        return false;
    return wanted->len == 0 || fetch_wanted(session, wanted, error);
}

/* --- all the others */

/* By mailbox, that of the newest first; taken from the end. */
static int todo_order(gconstpointer left, gconstpointer right, gpointer ranks)
{
    const struct store_pending *a = left, *b = right;
    guint x = GPOINTER_TO_UINT(g_hash_table_lookup(ranks, &a->mailbox));
    guint y = GPOINTER_TO_UINT(g_hash_table_lookup(ranks, &b->mailbox));
    if (x != y)
        return x > y ? -1 : 1;
    return a->uid < b->uid ? -1 : a->uid > b->uid;
}

/* The next of the newest that are pending. What is on its way still counts as such. */
static bool load_todo(struct session *session, GError **error)
{
    g_clear_pointer(&session->todo, g_array_unref);
    if (!session_settle(session, error))
        return false;
    session->todo =
        store_sync_pending(session->manager->config.store, session->account, WINDOW, error);
    if (session->todo == NULL)
        return false;
    g_autoptr(GHashTable) ranks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < session->todo->len; i++) {
        int64_t mailbox = g_array_index(session->todo, struct store_pending, i).mailbox;
        if (!g_hash_table_contains(ranks, &mailbox))
            g_hash_table_insert(ranks, g_memdup2(&mailbox, sizeof mailbox), GUINT_TO_POINTER(i));
    }
    g_array_sort_with_data(session->todo, todo_order, ranks);
    session->headway = false;
    return true;
}

/* One group, of the mailbox of the last before *end; *end moves down to its first. */
static void take_group(GPtrArray *groups, struct store_remote_mailbox *mailbox, const GArray *todo,
                       guint *end)
{
    const struct store_pending *items = (const struct store_pending *)todo->data;
    struct group *group = add_group(groups, mailbox);
    guint last = *end;
    for (; *end > 0 && items[*end - 1].mailbox == mailbox->id && last - *end < GROUP_MESSAGES &&
           group->bytes < GROUP_BYTES;
         (*end)--)
        group->bytes += items[*end - 1].size;
    for (guint i = *end; i < last; i++)
        g_array_append_val(group->uids, items[i].uid);
}

/* Groups from the end of what is to do. ends: (out) what is left to do once that many groups are
 * done. */
static GPtrArray *next_groups(struct session *session, GArray *ends)
{
    const GArray *todo = session->todo;
    GPtrArray *groups = groups_new();
    guint end = todo->len;
    g_array_append_val(ends, end);
    while (end > 0 && groups->len < GROUPS_AT_ONCE) {
        int64_t id = g_array_index(todo, struct store_pending, end - 1).mailbox;
        struct store_remote_mailbox *mailbox = session_mailbox(session, id);
        if (mailbox != NULL) {
            take_group(groups, mailbox, todo, &end);
            g_array_append_val(ends, end);
        } else { /* with it went what is to do in it */
            g_array_index(ends, guint, ends->len - 1) = --end;
        }
    }
    return groups;
}

/* For a while; what was not asked for stays to do. */
static bool fetch_some(struct session *session, GError **error)
{
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GPtrArray) groups = next_groups(session, ends);
    unsigned settled = 0;
    size_t done = 0;
    bool ok =
        fetch(session, session_intake(session), groups, clock_now() + STEP, &done, &settled, error);
    guint left = g_array_index(ends, guint, done);
    g_array_set_size(session->todo, MIN(session->todo->len, left));
    session->headway = session->headway || settled > 0;
    return ok;
}

bool session_messages(struct session *session, bool *more, GError **error)
{
    *more = false;
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    /* Without headway there is no more for now: what could not be had waits for the next pass. */
    bool over = session->todo != NULL && session->todo->len == 0 && !session->headway;
    if ((session->todo == NULL || session->todo->len == 0) && !over && !load_todo(session, error))
        return false;
    if (over || session->todo->len == 0) {
        bool ok = session_settle(session, error);
        session_messages_end(session);
        return ok;
    }
    *more = fetch_some(session, error);
    return *more;
}

bool session_settle(struct session *session, GError **error)
{
    return session->intake == NULL || intake_drain(session->intake, error);
}

void session_messages_end(struct session *session)
{
    g_clear_pointer(&session->intake, intake_free);
    g_clear_pointer(&session->todo, g_array_unref);
}

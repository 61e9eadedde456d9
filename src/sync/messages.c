/* Raw messages of the pending ones: the wanted first, then the newest. */
#include "sync/intake.h"
#include "sync/session.h"

#define WANTED_AT_ONCE 200
/* A step: opening a mail waits for it at most. */
#define STEP_MESSAGES 500
#define STEP_BYTES (8 * 1024 * 1024)
#define WINDOW 5000 /* of the newest: those of one mailbox among them go together */
#define SET_BYTES 4000

struct taking {
    struct session *session;
    struct intake *intake;
    const struct store_remote_mailbox *mailbox;
    GHashTable *missing; /* uid -> itself: asked for, not come yet */
    unsigned settled;    /* kept, skipped or gone: pending no longer */
    GError *error;
};

static bool keep_message(struct taking *taking, const struct imap_fetched *fetched)
{
    struct session *session = taking->session;
    struct mail_flags flags = {0};
    mail_flags_copy(&flags, &fetched->flags);
    session_keep_unsupported(session, taking->mailbox->id, fetched->uid, NULL, &flags);
    bool ok = intake_message(taking->intake, taking->mailbox->id, session->selected.uidvalidity,
                             fetched, &flags, &taking->error);
    mail_flags_clear(&flags);
    uint64_t size = g_bytes_get_size(fetched->body);
    session->working.fetched++;
    session->working.bytes += size;
    session->rate_bytes += size;
    return ok;
}

static bool take_message(const struct imap_fetched *fetched, void *arg)
{
    struct taking *taking = arg;
    if (fetched->uid == 0 || (fetched->body == NULL && !fetched->body_too_large) ||
        !g_hash_table_remove(taking->missing, GUINT_TO_POINTER(fetched->uid)))
        return true;
    taking->settled++;
    if (!fetched->body_too_large)
        return keep_message(taking, fetched);
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
    while (g_hash_table_iter_next(&iter, &uid, NULL)) {
        store_batch_vanished(intake_batch(taking->intake), taking->mailbox->id,
                             GPOINTER_TO_UINT(uid));
        session->orphans = true;
    }
    return true;
}

static bool fetch_uids(struct taking *taking, GArray *uids, GError **error)
{
    unsigned what = IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_BODY;
    size_t used = 0;
    for (size_t at = 0; at < uids->len; at += used) {
        g_autofree char *set =
            imap_uid_set(&g_array_index(uids, uint32_t, at), uids->len - at, SET_BYTES, &used);
        if (imap_fetch(taking->session->imap, set, what, 0, take_message, taking, error))
            continue;
        if (taking->error != NULL) {
            g_clear_error(error);
            g_propagate_error(error, g_steal_pointer(&taking->error));
        }
        return false;
    }
    return true;
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

static int uid_order(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* What was asked for and did not come is asked for once more. */
static bool fetch_all(struct taking *taking, GArray *uids, GError **error)
{
    g_array_sort(uids, uid_order);
    if (!fetch_uids(taking, uids, error))
        return false;
    if (g_hash_table_size(taking->missing) == 0)
        return true;
    g_autoptr(GArray) again = uids_of(taking->missing);
    g_array_sort(again, uid_order);
    return fetch_uids(taking, again, error) && settle_missing(taking, error);
}

/* Adds to *settled how many of them are pending no longer. */
static bool fetch_of_mailbox(struct session *session, struct intake *intake, int64_t id,
                             GArray *uids, unsigned *settled, GError **error)
{
    struct store_remote_mailbox *mailbox = session_mailbox(session, id);
    if (mailbox == NULL)
        return true;
    if (!session_open(session, mailbox, error))
        return false;
    struct taking taking = {
        .session = session,
        .intake = intake,
        .mailbox = mailbox,
        .missing = g_hash_table_new(g_direct_hash, g_direct_equal),
    };
    for (guint i = 0; i < uids->len; i++)
        g_hash_table_add(taking.missing, GUINT_TO_POINTER(g_array_index(uids, uint32_t, i)));
    bool ok = fetch_all(&taking, uids, error);
    *settled += taking.settled;
    g_clear_error(&taking.error);
    g_hash_table_unref(taking.missing);
    return ok;
}

static void tell_progress(void *session)
{
    session_progress(session, "messages");
}

static struct intake *make_intake(struct session *session, enum store_lane lane)
{
    return intake_new(session->manager->config.store, session->manager->parsers, session->account,
                      lane, tell_progress, session);
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
        else if (session->intake != NULL && !is_still_to_do(session, item))
            *on_their_way = true;
    }
    return wanted;
}

static bool fetch_wanted(struct session *session, const GArray *wanted, GError **error)
{
    const struct store_pending *items = (const struct store_pending *)wanted->data;
    g_autoptr(GHashTable) done = g_hash_table_new(g_int64_hash, g_int64_equal);
    struct intake *intake = make_intake(session, STORE_LANE_INTERACTIVE);
    unsigned settled = 0;
    bool ok = true;
    for (guint i = 0; ok && i < wanted->len; i++) {
        int64_t *mailbox = &g_array_index(wanted, struct store_pending, i).mailbox;
        if (!g_hash_table_add(done, mailbox))
            continue;
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        for (guint k = i; k < wanted->len; k++)
            if (items[k].mailbox == *mailbox)
                g_array_append_val(uids, items[k].uid);
        ok = fetch_of_mailbox(session, intake, *mailbox, uids, &settled, error);
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
        if (session_messages_settle(session, error))
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
    if (!session_messages_settle(session, error))
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

/* Takes a step's messages of one mailbox off. */
static GArray *next_uids(struct session *session, int64_t *mailbox)
{
    GArray *todo = session->todo;
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint64_t bytes = 0;
    *mailbox = g_array_index(todo, struct store_pending, todo->len - 1).mailbox;
    while (todo->len > 0 && uids->len < STEP_MESSAGES && bytes < STEP_BYTES) {
        const struct store_pending *last =
            &g_array_index(todo, struct store_pending, todo->len - 1);
        if (last->mailbox != *mailbox)
            break;
        bytes += last->size;
        g_array_append_val(uids, last->uid);
        g_array_set_size(todo, todo->len - 1);
    }
    return uids;
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
        bool ok = session_messages_settle(session, error);
        session_messages_end(session);
        return ok;
    }
    if (session->intake == NULL)
        session->intake = make_intake(session, STORE_LANE_BULK);
    int64_t mailbox;
    unsigned settled = 0;
    g_autoptr(GArray) uids = next_uids(session, &mailbox);
    bool ok = fetch_of_mailbox(session, session->intake, mailbox, uids, &settled, error);
    session->headway = session->headway || settled > 0;
    *more = ok;
    return ok;
}

bool session_messages_settle(struct session *session, GError **error)
{
    return session->intake == NULL || intake_drain(session->intake, error);
}

void session_messages_end(struct session *session)
{
    g_clear_pointer(&session->intake, intake_free);
    g_clear_pointer(&session->todo, g_array_unref);
}

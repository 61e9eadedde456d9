/* Looks at folders that were compared before, in one tour: the server tells of the next folder
 * while this one is planned, and the headers of what is new come with the flags. Only what is plain
 * is taken; a folder that is refused, or in which anything does not add up, is left to the ordinary
 * comparison, which trusts nothing of it. */
#include "sync/compare.h"
#include "sync/intake.h"

#include "base/clock.h"
#include "imap/client.h"
#include "mime/mime.h"

#include <string.h>

#define TOUR_MESSAGES 200000
/* So many UIDs behind the last known one are asked for unseen: mostly there are few, or none. */
#define NEWS 1000
#define NEWS_BYTES (32 * 1024)
/* Of the first of them the whole messages come too, where that is no more. */
#define WHOLE 64
#define ID_LENGTH 1000
#define WHOLE_BYTES (UINT64_C(4) * 1024 * 1024)
#define MANY 4000
#define WINDOW_BYTES (256 * 1024)
#define STEP CLOCK_SECOND /* then others have their turn on this worker */

struct visit {
    struct store_remote_mailbox *mailbox;
    bool by_changes;  /* QRESYNC tells what changed: the look is complete with the SELECT */
    size_t last_look; /* the ask with which it is complete else */
    size_t last_ask;
    bool ended, apart;
};

/* One that no email is yet, perhaps. */
struct fresh {
    uint32_t uid, size;
    char *id, *original; /* Message-IDs */
};

struct tour {
    struct session *session;
    GArray *visits; /* struct visit */
    GArray *asks;   /* struct imap_fetch_ask, their sets owned */
    GArray *of;     /* guint: the visit of each ask */
    struct look look;
    struct visit *open;
    GHashTable *missing; /* of the open one: uid -> itself: new, its header has not come yet */
    GHashTable *taken;   /* of the open one: uid -> itself: its header is on its way */
    GHashTable *ids;     /* Message-IDs of what was asked for as a whole */
    GPtrArray *fresh;    /* struct fresh: news of the open one, by their ids */
    uint32_t in_scope;   /* of the open one */
    bool marks;          /* the open one has new marks */
    bool astray;         /* one was refused, or its UIDs mean other messages by now */
    int64_t newest;
    int64_t until; /* no further folders are asked for from then on */
    GError *error;
};

static void clear_ask(void *ask)
{
    g_free((char *)(uintptr_t)((struct imap_fetch_ask *)ask)->uid_set);
}

static void free_fresh(void *data)
{
    struct fresh *fresh = data;
    g_free(fresh->id);
    g_free(fresh->original);
    g_free(fresh);
}

static void tour_init(struct tour *tour, struct session *session)
{
    *tour = (struct tour){.session = session,
                          .visits = g_array_new(FALSE, FALSE, sizeof(struct visit)),
                          .asks = g_array_new(FALSE, FALSE, sizeof(struct imap_fetch_ask)),
                          .of = g_array_new(FALSE, FALSE, sizeof(guint)),
                          .missing = g_hash_table_new(g_direct_hash, g_direct_equal),
                          .taken = g_hash_table_new(g_direct_hash, g_direct_equal),
                          .ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                          .fresh = g_ptr_array_new_with_free_func(free_fresh),
                          .until = clock_now() + STEP};
    look_init(&tour->look);
    g_array_set_clear_func(tour->asks, clear_ask);
}

static void tour_clear(struct tour *tour)
{
    g_array_unref(tour->visits);
    g_array_unref(tour->asks);
    g_array_unref(tour->of);
    g_hash_table_unref(tour->missing);
    g_hash_table_unref(tour->taken);
    g_hash_table_unref(tour->ids);
    g_ptr_array_unref(tour->fresh);
    look_clear(&tour->look);
    g_clear_error(&tour->error);
}

/* --- which folders */

/* Those without mod-sequences must have been reconciled once: what differs then is no damage. */
static bool may_visit(const struct session *session, const struct store_remote_mailbox *mailbox,
                      bool *by_changes)
{
    bool condstore = (imap_client_capabilities(session->imap) & IMAP_CAP_CONDSTORE) != 0;
    if (mailbox == NULL || !mailbox->headers_done ||
        session_list_has(session->apart, mailbox->id) || session_wants_whole(session, mailbox->id))
        return false;
    *by_changes = session->qresync && mailbox->highestmodseq != 0;
    return *by_changes ||
           (!condstore && mailbox->highestmodseq == 0 && mailbox->reconciled_at != 0);
}

/* Where no mod-sequence tells of flags INBOX comes last (next_of_queue), if all others do come. */
static void choose_visits(struct tour *tour)
{
    struct session *session = tour->session;
    struct visit inbox = {0};
    uint64_t messages = 0;
    guint left = 0;
    for (guint i = 0; i < session->queue->len && messages < TOUR_MESSAGES; i++) {
        struct visit visit = {
            .mailbox = session_mailbox(session, g_array_index(session->queue, int64_t, i))};
        left += visit.mailbox != NULL;
        if (!may_visit(session, visit.mailbox, &visit.by_changes))
            continue;
        if (visit.mailbox->role == MAIL_ROLE_INBOX && !visit.by_changes) {
            inbox = visit;
            continue;
        }
        messages += visit.by_changes ? 1 : visit.mailbox->exists;
        g_array_append_val(tour->visits, visit);
    }
    if (inbox.mailbox != NULL && messages < TOUR_MESSAGES && left == tour->visits->len + 1)
        g_array_append_val(tour->visits, inbox);
}

/* --- what is asked */

static void add_ask(struct tour *tour, guint index, struct imap_fetch_ask ask)
{
    struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    visit->last_ask = tour->asks->len;
    if (ask.what == 0 || ask.raw_name != NULL)
        visit->last_look = visit->last_ask;
    g_array_append_val(tour->asks, ask);
    g_array_append_val(tour->of, index);
}

/* At most so many from the last known one on; NULL: they cannot be named. (transfer full) */
static char *news_of(const struct store_remote_mailbox *mailbox, uint32_t count)
{
    if (mailbox->uidnext == 0 || mailbox->uidnext > UINT32_MAX - count)
        return NULL;
    return g_strdup_printf("%u:%u", mailbox->uidnext, mailbox->uidnext + count - 1);
}

/* Whether its whole messages are worth that the server is not led on at once: there are some, or
 * its flags take longer than that. When bytes are short what somebody waits for comes first. */
static bool takes_whole(const struct tour *tour, guint index)
{
    const struct session *session = tour->session;
    const struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    int64_t near = session->manager->config.tuning.near_ms * CLOCK_SECOND / 1000;
    bool worth = index + 1 == tour->visits->len ||
                 (visit->by_changes ? session_list_has(session->grown, visit->mailbox->id)
                                    : visit->mailbox->exists >= MANY);
    return worth && session->budget_until <= clock_wall() && clock_now() >= session->gentle_until &&
           imap_client_round_trip(session->imap) < near;
}

static bool add_windows(struct tour *tour, guint index, const char *raw_name, GError **error)
{
    const struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    g_auto(GStrv) windows = look_windows(tour->session, visit->mailbox, error);
    for (size_t i = 0; windows != NULL && windows[i] != NULL; i++)
        add_ask(tour, index,
                (struct imap_fetch_ask){.raw_name = i == 0 ? raw_name : NULL,
                                        .uid_set = g_strdup(windows[i]),
                                        .bytes = WINDOW_BYTES});
    return windows != NULL;
}

/* The ids of what is new come first, so that whole messages can be asked for before the server is
 * led to the next folder. An empty folder has no UIDs to ask for: some servers dislike that. */
static bool add_asks(struct tour *tour, guint index, GError **error)
{
    const struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    const struct store_remote_mailbox *mailbox = visit->mailbox;
    bool empty = mailbox->exists == 0;
    struct imap_fetch_ask ask = {.raw_name = mailbox->raw_name, .bytes = NEWS_BYTES};
    if (visit->by_changes) {
        ask.since_uidvalidity = mailbox->uidvalidity;
        ask.since_modseq = mailbox->highestmodseq;
    }
    ask.uid_set = !empty && takes_whole(tour, index) ? news_of(mailbox, WHOLE) : NULL;
    if (ask.uid_set != NULL) {
        ask.what = IMAP_FETCH_SIZE | IMAP_FETCH_IDS;
        ask.holds = true;
        add_ask(tour, index, ask);
        ask = (struct imap_fetch_ask){.bytes = NEWS_BYTES};
    }
    if (!visit->by_changes && !empty) {
        if (!add_windows(tour, index, ask.raw_name, error))
            return false;
        ask.raw_name = NULL;
    }
    ask.what = session_header_items(tour->session);
    ask.uid_set = empty ? NULL : news_of(mailbox, NEWS);
    if (ask.raw_name != NULL || ask.uid_set != NULL)
        add_ask(tour, index, ask);
    return true;
}

/* --- what comes */

static bool is_quiet(const struct tour *tour, const struct visit *visit)
{
    const struct sync_situation situation = {.last = look_marks_of(visit->mailbox),
                                             .now = look_marks_now(tour->session),
                                             .complete = true,
                                             .qresync = true};
    return sync_way_choose(&situation) == SYNC_WAY_NONE;
}

/* What follows from the complete look; false: it is to be compared by itself. */
static bool take_plan(struct tour *tour, const struct visit *visit, const struct sync_plan *plan,
                      const struct sync_difference *found)
{
    if (found->missing + found->surplus + found->astray > 0)
        return false;
    for (guint i = 0; i < plan->fresh->len; i++)
        g_hash_table_add(tour->missing, GUINT_TO_POINTER(g_array_index(plan->fresh, uint32_t, i)));
    tour->in_scope = tour->look.whole ? tour->look.uids->len : tour->session->selected.exists;
    tour->marks = true;
    compare_add_changes(tour->session, visit->mailbox, plan);
    return true;
}

static bool end_look(struct tour *tour, struct visit *visit)
{
    struct session *session = tour->session;
    struct look *look = &tour->look;
    const struct sync_marks last = look_marks_of(visit->mailbox);
    bool sure = false;
    if (!(visit->by_changes ? look_end_changes(session, visit->mailbox, look, &sure, &tour->error)
                            : look_end_windows(session, visit->mailbox, look, &sure, &tour->error)))
        return false;
    visit->apart = !sure;
    if (!sure)
        return true;
    struct sync_plan plan;
    struct sync_difference found;
    if (!compare_plan(session, visit->mailbox, &last, look, false, &plan, &found, &tour->error))
        return false;
    visit->apart = !take_plan(tour, visit, &plan, &found);
    sync_plan_clear(&plan);
    /* Flags are written while the messages come. */
    return intake_offer(session_intake(session), &tour->error);
}

/* QRESYNC says nothing of a folder that has no mod-sequences any more, or lost them. */
static bool take_changes(struct tour *tour, struct visit *visit)
{
    const struct imap_selected *now = &tour->session->selected;
    bool ok = true;
    tour->look.way = SYNC_WAY_QRESYNC;
    if (now->highestmodseq < visit->mailbox->highestmodseq)
        visit->apart = true;
    else if (!is_quiet(tour, visit))
        ok = end_look(tour, visit);
    look_forget(&tour->look);
    return ok;
}

static bool visit_begins(size_t index, const struct imap_selected *selected, void *arg)
{
    struct tour *tour = arg;
    struct visit *visit =
        &g_array_index(tour->visits, struct visit, g_array_index(tour->of, guint, index));
    tour->open = visit;
    tour->marks = false;
    g_hash_table_remove_all(tour->missing);
    g_hash_table_remove_all(tour->taken);
    g_ptr_array_set_size(tour->fresh, 0);
    bool over = tour->astray || tour->error != NULL;
    bool opened = session_opened(tour->session, visit->mailbox, selected);
    visit->apart = !over && !opened;
    tour->astray = tour->astray || !opened;
    if (over || !opened)
        return false;
    if (visit->by_changes)
        return take_changes(tour, visit);
    look_forget(&tour->look);
    return true;
}

/* One without an id, or with an absurd one, waits for the ordinary way. */
static void take_ids(struct tour *tour, const struct imap_fetched *fetched)
{
    struct mail_summary *summary = mime_summary_of_header(fetched->header);
    const char *id = summary->message_id != NULL ? summary->message_id : "";
    const char *original = summary->original_id != NULL ? summary->original_id : id;
    if (*id != '\0' && strlen(id) < ID_LENGTH && strlen(original) < ID_LENGTH &&
        tour->fresh->len < WHOLE) {
        struct fresh *fresh = g_new0(struct fresh, 1);
        *fresh = (struct fresh){fetched->uid, fetched->size, g_strdup(id), g_strdup(original)};
        g_ptr_array_add(tour->fresh, fresh);
    }
    mail_summary_free(summary);
}

/* A whole message comes behind its header. */
static bool take_news(struct tour *tour, const struct imap_fetched *fetched)
{
    struct session *session = tour->session;
    const struct store_remote_mailbox *mailbox = tour->open->mailbox;
    gpointer uid = GUINT_TO_POINTER(fetched->uid);
    if (fetched->body != NULL)
        return !g_hash_table_remove(tour->taken, uid) ||
               session_take_message(session, session_intake(session), mailbox->id, fetched,
                                    &tour->error);
    if (g_hash_table_contains(tour->missing, uid) &&
        session_take_header(session, mailbox, fetched)) {
        g_hash_table_remove(tour->missing, uid);
        g_hash_table_add(tour->taken, uid);
    }
    return true;
}

/* Answers to one command may come among those to the next: what they hold says what they are. Ids
 * are asked for without a date. */
static bool take(const struct imap_fetched *fetched, void *arg)
{
    struct tour *tour = arg;
    if (fetched->header == NULL && fetched->body == NULL)
        return fetched->body_too_large || look_take_flags(fetched, &tour->look);
    bool ids = fetched->body == NULL && fetched->internal_date == INT64_MIN;
    if (!ids)
        return take_news(tour, fetched);
    take_ids(tour, fetched);
    return true;
}

/* Those of which no email here may be another place. */
static bool find_unknown(struct tour *tour, GArray *uids, uint64_t *bytes)
{
    guint count = tour->fresh->len;
    g_autofree const char **ids = g_new0(const char *, 2 * count + 1);
    g_autofree bool *known = g_new0(bool, 2 * count + 1);
    for (guint i = 0; i < count; i++) {
        const struct fresh *fresh = tour->fresh->pdata[i];
        ids[2 * i] = fresh->id;
        ids[2 * i + 1] = fresh->original;
    }
    if (!store_sync_knows_ids(tour->session->manager->config.store, tour->session->account, ids,
                              2 * (size_t)count, known, &tour->error))
        return false;
    for (guint i = 0; i < count; i++) {
        const struct fresh *fresh = tour->fresh->pdata[i];
        if (known[2 * i] || known[2 * i + 1] || *bytes + fresh->size > WHOLE_BYTES ||
            !g_hash_table_add(tour->ids, g_strdup(fresh->id)))
            continue;
        *bytes += fresh->size;
        g_array_append_val(uids, fresh->uid);
    }
    return true;
}

/* What was heard of the open folder's news: the whole messages that are wanted of it. */
static bool ask_whole(size_t index, struct imap_fetch_ask *ask, void *arg)
{
    struct tour *tour = arg;
    (void)index;
    g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    if (tour->fresh->len == 0 || !find_unknown(tour, uids, &ask->bytes) || uids->len == 0)
        return false;
    g_array_sort(uids, session_uid_order);
    ask->uid_set = imap_uid_set((const uint32_t *)uids->data, uids->len, SIZE_MAX, NULL);
    ask->what = IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_BODY;
    return true;
}

static bool end_visit(struct tour *tour, struct visit *visit)
{
    struct session *session = tour->session;
    visit->apart = visit->apart || g_hash_table_size(tour->missing) > 0;
    visit->ended = !visit->apart;
    if (visit->ended && tour->marks)
        compare_mark(session, visit->mailbox, tour->in_scope, tour->newest);
    if (visit->ended)
        session->compared = visit->mailbox->id;
    return intake_offer(session_intake(session), &tour->error);
}

static bool ask_is_done(size_t index, void *arg)
{
    struct tour *tour = arg;
    struct visit *visit = tour->open;
    if (index == visit->last_look && !visit->by_changes && tour->error == NULL) {
        end_look(tour, visit);
        look_forget(&tour->look);
    }
    if (index != visit->last_ask || tour->error != NULL)
        return tour->error == NULL;
    return end_visit(tour, visit) && clock_now() < tour->until &&
           !atomic_load(&tour->session->poked);
}

/* --- what the server tells with a SELECT, and unasked */

static void hear_number(uint32_t number, void *arg)
{
    (void)number;
    ((struct tour *)arg)->session->news = true;
}

static void hear_exists(uint32_t count, void *arg)
{
    struct session *session = ((struct tour *)arg)->session;
    session->news = session->news || count != session->selected.exists;
}

static void hear_vanished(uint32_t first, uint32_t last, bool earlier, void *arg)
{
    struct tour *tour = arg;
    tour->session->news = true;
    look_take_vanished(first, last, earlier, &tour->look);
}

static void hear_flags(const struct imap_fetched *fetched, void *arg)
{
    struct tour *tour = arg;
    tour->session->news = true;
    look_take_flags(fetched, &tour->look);
}

/* What came so far was of the folder left. */
static void hear_closed(void *arg)
{
    look_forget(&((struct tour *)arg)->look);
}

/* --- afterwards */

static void set_apart(struct session *session, struct visit *visit)
{
    visit->apart = true;
    session_list_add(&session->apart, visit->mailbox->id);
}

/* failed: what did not come to its end is not tried this way again. What an ordinary comparison
 * goes on with must be durable. */
static bool end_tour(struct tour *tour, bool failed, GError **error)
{
    bool all = true, any = false;
    for (guint i = 0; i < tour->visits->len; i++) {
        struct visit *visit = &g_array_index(tour->visits, struct visit, i);
        if (visit->ended)
            session_looked_at(tour->session, visit->mailbox->id);
        else if (visit->apart || failed)
            set_apart(tour->session, visit);
        any = any || visit->ended || visit->apart;
        all = all && visit->ended;
    }
    if (!any)
        set_apart(tour->session, &g_array_index(tour->visits, struct visit, 0));
    return all || session_settle(tour->session, error);
}

static bool run_tour(struct tour *tour, bool *failed, GError **error)
{
    struct session *session = tour->session;
    const struct imap_fetch_hands hands = {take, ask_is_done, visit_begins, ask_whole, tour};
    const struct imap_events ears = {.exists = hear_exists,
                                     .expunged = hear_number,
                                     .vanished = hear_vanished,
                                     .flags = hear_flags,
                                     .closed = hear_closed,
                                     .arg = tour};
    GError *failure = NULL;
    imap_client_set_events(session->imap, &ears);
    bool ok = imap_fetch_tour(session->imap, (const struct imap_fetch_ask *)tour->asks->data,
                              tour->asks->len, IMAP_FETCH_FLAGS, &hands, &failure);
    session_hear(session);
    *failed = !ok;
    if (!ok && tour->error == NULL && session_goes_on(session, failure)) {
        g_clear_error(&failure);
    } else if (tour->error != NULL) {
        g_clear_error(&failure);
        failure = g_steal_pointer(&tour->error);
    }
    if (failure == NULL)
        return true;
    g_propagate_error(error, failure);
    return false;
}

bool session_looks(struct session *session, bool *any, GError **error)
{
    struct tour tour;
    bool failed = false, ok = true;
    *any = false;
    if (session->config->since > 0)
        return true;
    tour_init(&tour, session);
    choose_visits(&tour);
    *any = tour.visits->len > 0;
    if (*any) {
        tour.newest = store_sync_newest_email(session->manager->config.store, error);
        ok = tour.newest >= 0;
        for (guint i = 0; ok && i < tour.visits->len; i++) {
            look_expect(&tour.look, g_array_index(tour.visits, struct visit, i).mailbox);
            ok = add_asks(&tour, i, error);
        }
        ok = ok && run_tour(&tour, &failed, error) && end_tour(&tour, failed, error);
    }
    tour_clear(&tour);
    return ok;
}

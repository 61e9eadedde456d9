/* Looks at folders that were compared before, in one tour: the server tells of the next folder
 * while this one is planned, and the headers of what is new come with the flags. Only what is plain
 * is taken; a folder that is refused, or in which anything does not add up, is left to the ordinary
 * comparison, which trusts nothing of it. */
#include "sync/compare.h"
#include "sync/intake.h"

#include "base/clock.h"
#include "imap/client.h"

#define TOUR_MESSAGES 200000
/* So many UIDs behind the last known one are asked for unseen: mostly there are few, or none. */
#define NEWS 1000
#define NEWS_BYTES (32 * 1024)
#define WINDOW_BYTES (256 * 1024)
#define STEP CLOCK_SECOND /* then others have their turn on this worker */

struct visit {
    struct store_remote_mailbox *mailbox;
    bool by_changes;  /* QRESYNC tells what changed: the look is complete with the SELECT */
    size_t last_look; /* the ask with which it is complete else */
    size_t last_ask;
    bool ended, apart;
};

struct tour {
    struct session *session;
    GArray *visits; /* struct visit */
    GArray *asks;   /* struct imap_fetch_ask, their sets owned */
    GArray *of;     /* guint: the visit of each ask */
    struct look look;
    struct visit *open;
    GHashTable *missing; /* of the open one: uid -> itself: new, its header has not come yet */
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

static void tour_init(struct tour *tour, struct session *session)
{
    *tour = (struct tour){.session = session,
                          .visits = g_array_new(FALSE, FALSE, sizeof(struct visit)),
                          .asks = g_array_new(FALSE, FALSE, sizeof(struct imap_fetch_ask)),
                          .of = g_array_new(FALSE, FALSE, sizeof(guint)),
                          .missing = g_hash_table_new(g_direct_hash, g_direct_equal),
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

/* NULL: nothing is asked for unseen. (transfer full) */
static char *news_of(const struct store_remote_mailbox *mailbox)
{
    if (mailbox->uidnext == 0 || mailbox->uidnext > UINT32_MAX - NEWS)
        return NULL;
    return g_strdup_printf("%u:%u", mailbox->uidnext, mailbox->uidnext + NEWS - 1);
}

static bool add_windows(struct tour *tour, guint index, GError **error)
{
    const struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    g_auto(GStrv) windows = look_windows(tour->session, visit->mailbox, error);
    for (size_t i = 0; windows != NULL && windows[i] != NULL; i++)
        add_ask(tour, index,
                (struct imap_fetch_ask){.raw_name = i == 0 ? visit->mailbox->raw_name : NULL,
                                        .uid_set = g_strdup(windows[i]),
                                        .bytes = WINDOW_BYTES});
    return windows != NULL;
}

/* An empty folder has no UIDs to ask for: some servers dislike that. */
static bool add_asks(struct tour *tour, guint index, GError **error)
{
    const struct visit *visit = &g_array_index(tour->visits, struct visit, index);
    const struct store_remote_mailbox *mailbox = visit->mailbox;
    bool windows = !visit->by_changes && mailbox->exists > 0;
    if (windows && !add_windows(tour, index, error))
        return false;
    struct imap_fetch_ask ask = {.raw_name = windows ? NULL : mailbox->raw_name,
                                 .uid_set = mailbox->exists > 0 ? news_of(mailbox) : NULL,
                                 .bytes = NEWS_BYTES,
                                 .what = session_header_items(tour->session)};
    if (visit->by_changes) {
        ask.since_uidvalidity = mailbox->uidvalidity;
        ask.since_modseq = mailbox->highestmodseq;
    }
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
    return true;
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

static bool take(const struct imap_fetched *fetched, void *arg)
{
    struct tour *tour = arg;
    if (fetched->header == NULL)
        return look_take_flags(fetched, &tour->look);
    if (g_hash_table_contains(tour->missing, GUINT_TO_POINTER(fetched->uid)) &&
        session_take_header(tour->session, tour->open->mailbox, fetched))
        g_hash_table_remove(tour->missing, GUINT_TO_POINTER(fetched->uid));
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
    const struct imap_fetch_hands hands = {take, ask_is_done, visit_begins, tour};
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

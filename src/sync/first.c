/* First looks: folders in which everything is new, brought in one tour, without a round trip for
 * each. What does not come as the list of folders told it is left to the ordinary comparison. */
#include "sync/intake.h"
#include "sync/session.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_WINDOW 64 /* what a list shows at first is there at once */
#define WINDOW 1000
#define HEADER_BYTES 1024 /* of one, on the wire, about */
#define TOUR_MESSAGES 10000
/* Of one folder; more are asked for by the UIDs that there are. */
#define FOLDER_MESSAGES 200000
/* UIDs are not spread as evenly as hoped. */
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)

struct first_look {
    struct store_remote_mailbox *mailbox;
    struct session_unseen told;
    size_t last_ask;   /* of this mailbox */
    GHashTable *heard; /* uid -> itself */
    bool opened, ended;
};

struct tour {
    struct session *session;
    GArray *looks; /* struct first_look */
    GArray *asks;  /* struct imap_fetch_ask, their sets owned */
    GArray *of;    /* guint: the look of each ask */
    struct first_look *open;
    unsigned gathered; /* messages since the last batch */
    bool shown;        /* a batch was written */
    GError *error;
};

static void clear_look(void *data)
{
    struct first_look *look = data;
    g_hash_table_unref(look->heard);
}

static void clear_ask(void *ask)
{
    g_free((char *)(uintptr_t)((struct imap_fetch_ask *)ask)->uid_set);
}

static void tour_init(struct tour *tour, struct session *session)
{
    *tour = (struct tour){.session = session,
                          .looks = g_array_new(FALSE, FALSE, sizeof(struct first_look)),
                          .asks = g_array_new(FALSE, FALSE, sizeof(struct imap_fetch_ask)),
                          .of = g_array_new(FALSE, FALSE, sizeof(guint))};
    g_array_set_clear_func(tour->looks, clear_look);
    g_array_set_clear_func(tour->asks, clear_ask);
}

static void tour_clear(struct tour *tour)
{
    g_array_unref(tour->looks);
    g_array_unref(tour->asks);
    g_array_unref(tour->of);
    g_clear_error(&tour->error);
}

/* --- which, and what to ask for */

static bool find_unseen(const struct session *session, int64_t mailbox, guint *index)
{
    for (*index = 0; session->unseen != NULL && *index < session->unseen->len; ++*index)
        if (g_array_index(session->unseen, struct session_unseen, *index).mailbox == mailbox)
            return true;
    return false;
}

/* Those at the head of the queue. */
static void choose_looks(struct tour *tour)
{
    const struct session *session = tour->session;
    uint64_t messages = 0;
    for (guint i = 0, at; i < session->queue->len; i++) {
        int64_t id = g_array_index(session->queue, int64_t, i);
        struct first_look look = {.mailbox = session_mailbox(tour->session, id)};
        if (look.mailbox == NULL || look.mailbox->uidvalidity != 0 ||
            !find_unseen(session, id, &at))
            return;
        look.told = g_array_index(session->unseen, struct session_unseen, at);
        messages += look.told.messages;
        if (look.told.messages > FOLDER_MESSAGES ||
            (messages > TOUR_MESSAGES && tour->looks->len > 0))
            return;
        look.heard = g_hash_table_new(g_direct_hash, g_direct_equal);
        g_array_append_val(tour->looks, look);
    }
}

static void add_ask(struct tour *tour, guint index, bool select, char *set, uint64_t messages)
{
    struct first_look *look = &g_array_index(tour->looks, struct first_look, index);
    const struct imap_fetch_ask ask = {.raw_name = select ? look->mailbox->raw_name : NULL,
                                       .uid_set = set,
                                       .bytes = messages * HEADER_BYTES};
    look->last_ask = tour->asks->len;
    g_array_append_val(tour->asks, ask);
    g_array_append_val(tour->of, index);
}

/* Windows of UIDs, the newest first, as if they were spread evenly: so no list of them is needed.
 */
static void add_asks(struct tour *tour, guint index)
{
    const struct session_unseen *told = &g_array_index(tour->looks, struct first_look, index).told;
    if (told->messages == 0 || told->uidnext <= 1) {
        add_ask(tour, index, true, NULL, 0);
        return;
    }
    uint64_t spread = ((uint64_t)told->uidnext + told->messages - 2) / told->messages;
    uint64_t window = index == 0 ? FIRST_WINDOW : WINDOW, first = 0;
    for (uint64_t end = told->uidnext; end > 1; end = first, window = WINDOW) {
        first = end > window * spread ? end - window * spread : 1;
        add_ask(tour, index, end == told->uidnext,
                g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, first, end - 1),
                MIN(window, told->messages));
    }
}

/* --- what comes */

static bool hand_over(struct tour *tour)
{
    tour->gathered = 0;
    tour->shown = true;
    return intake_hand_over(session_intake(tour->session), &tour->error);
}

static bool look_begins(size_t index, const struct imap_selected *selected, void *arg)
{
    struct tour *tour = arg;
    struct session *session = tour->session;
    guint of = g_array_index(tour->of, guint, index);
    tour->open = &g_array_index(tour->looks, struct first_look, of);
    tour->open->opened = true;
    session->open_mailbox = 0;
    if (selected == NULL || selected->uidvalidity == 0)
        return false;
    session->selected = *selected;
    session->open_mailbox = tour->open->mailbox->id;
    return true;
}

static bool take_first(const struct imap_fetched *fetched, void *arg)
{
    struct tour *tour = arg;
    if (!session_take_header(tour->session, tour->open->mailbox, fetched))
        return true;
    g_hash_table_add(tour->open->heard, GUINT_TO_POINTER(fetched->uid));
    tour->gathered++;
    return store_batch_bytes(intake_batch(session_intake(tour->session))) < BATCH_BYTES ||
           hand_over(tour);
}

/* There are fewer than the list told of, though more may have come since. */
static bool some_left(const struct session_unseen *told, const struct imap_selected *now)
{
    uint32_t came = now->uidnext > told->uidnext ? now->uidnext - told->uidnext : 0;
    return now->exists < (uint64_t)told->messages + came;
}

/* What is in the first window is written at once, the rest as it adds up. */
static bool ask_is_done(size_t index, void *arg)
{
    struct tour *tour = arg;
    struct first_look *look = tour->open;
    /* All that was there when it was opened has come: its marks are of then. */
    look->ended =
        index == look->last_ask && g_hash_table_size(look->heard) == tour->session->selected.exists;
    if (look->ended)
        session_mark(tour->session, look->mailbox, tour->session->selected.exists);
    if (index == look->last_ask && some_left(&look->told, &tour->session->selected))
        session_round_missed(tour->session);
    bool write = tour->gathered >= WINDOW || (tour->gathered > 0 && !tour->shown);
    return (!write || hand_over(tour)) && !atomic_load(&tour->session->poked);
}

/* --- afterwards */

/* A mailbox that was opened is not tried again this way, and none when nothing could be opened.
 * What an ordinary comparison goes on with must be durable. */
static bool end_looks(const struct tour *tour, GError **error)
{
    struct session *session = tour->session;
    bool ok = true, any = false, all = true;
    for (guint i = 0, at; ok && i < tour->looks->len; i++) {
        const struct first_look *look = &g_array_index(tour->looks, struct first_look, i);
        any = any || look->opened;
        if (look->opened && find_unseen(session, look->mailbox->id, &at))
            g_array_remove_index(session->unseen, at);
        all = all && look->ended;
        if (!look->ended)
            continue;
        session_looked_at(session, look->mailbox->id);
        const struct store_reconciled result = {.at = clock_wall()};
        look->mailbox->reconciled_at = result.at;
        ok = store_sync_reconciled(session->manager->config.store, look->mailbox->id, &result,
                                   error);
    }
    if (!any)
        g_array_set_size(session->unseen, 0);
    return ok && (all || session_settle(session, error));
}

static bool run_tour(struct tour *tour, GError **error)
{
    struct session *session = tour->session;
    const struct imap_fetch_hands hands = {take_first, ask_is_done, look_begins, NULL, tour};
    GError *failure = NULL;
    for (guint i = 0; i < tour->looks->len; i++)
        add_asks(tour, i);
    bool ok = imap_fetch_tour(session->imap, (const struct imap_fetch_ask *)tour->asks->data,
                              tour->asks->len, session_header_items(session), &hands, &failure);
    /* A folder that is refused, or is not as it was told, is left to the ordinary comparison. */
    if (!ok && tour->error == NULL && session_goes_on(session, failure)) {
        LOG_INFO("sync.first-look", LOG_INT("account", session->account), LOG_ERR(failure));
        g_clear_error(&failure);
        ok = true;
    }
    if (ok && tour->error == NULL)
        hand_over(tour);
    if (tour->error != NULL) {
        g_clear_error(&failure);
        failure = g_steal_pointer(&tour->error);
    }
    if (failure == NULL)
        return true;
    g_propagate_error(error, failure);
    return false;
}

bool session_first_looks(struct session *session, bool *any, GError **error)
{
    *any = false;
    if (session->unseen == NULL || session->unseen->len == 0 || session->config->since > 0)
        return true;
    struct tour tour;
    tour_init(&tour, session);
    choose_looks(&tour);
    *any = tour.looks->len > 0;
    bool ok = !*any || (run_tour(&tour, error) && end_looks(&tour, error));
    tour_clear(&tour);
    return ok;
}

/* Changes out: what a person did here is carried to the server. sync/steps.c says what comes next,
 * each step is journalled before it is taken, and intents that are alike go together, as UID sets.
 * After an uncertain end (the journal says that a step was begun) the server is looked at before
 * anything is done again. */
#include "sync/lot.h"

#include "base/log.h"
#include "sync/intake.h"

#define INTENTS_AT_ONCE 2000
#define LOT_MAX 500
#define REFUSALS_MAX 5
#define RETRY_S 30

bool lot_open_by_id(struct session *session, int64_t id, GError **error)
{
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    struct store_remote_mailbox *mailbox = session_mailbox(session, id);
    if (mailbox == NULL) {
        error_set(error, ERROR_MAILBOX_GONE, "the folder is gone");
        return false;
    }
    return session_open(session, mailbox, error);
}

bool lot_open_source(struct lot *lot, GError **error)
{
    if (!lot_open_by_id(lot->session, lot->head->mailbox, error))
        return false;
    bool renewed = lot->session->selected.uidvalidity != lot->head->uidvalidity;
    for (size_t i = 0; i < lot->count; i++)
        lot->items[i].dropped = lot->items[i].dropped || (renewed && lot->items[i].intent->uid);
    return true;
}

/* --- who takes part in a step */

static int by_uid(gconstpointer a, gconstpointer b)
{
    uint32_t x = (*(struct item *const *)a)->intent->uid;
    uint32_t y = (*(struct item *const *)b)->intent->uid;
    return x < y ? -1 : x > y;
}

/* Those of the lot whose next step it is, by UID. (transfer full) */
static GPtrArray *takers(const struct lot *lot, enum out_step step)
{
    GPtrArray *found = g_ptr_array_new();
    for (size_t i = 0; i < lot->count; i++)
        if (!lot->items[i].dropped && out_next(&lot->items[i].state) == step)
            g_ptr_array_add(found, &lot->items[i]);
    g_ptr_array_sort(found, by_uid);
    return found;
}

static enum out_step earliest_step(const struct lot *lot)
{
    enum out_step earliest = OUT_DONE;
    for (size_t i = 0; i < lot->count; i++)
        if (!lot->items[i].dropped)
            earliest = MIN(earliest, out_next(&lot->items[i].state));
    return earliest;
}

static void all_took(GPtrArray *items, enum out_step step)
{
    for (guint i = 0; i < items->len; i++)
        out_took(&((struct item *)items->pdata[i])->state, step);
}

char *lot_uid_set(GPtrArray *items)
{
    g_autofree uint32_t *uids = g_new(uint32_t, items->len);
    for (guint i = 0; i < items->len; i++)
        uids[i] = ((const struct item *)items->pdata[i])->intent->uid;
    size_t used = 0;
    char *set = imap_uid_set(uids, items->len, SET_BYTES, &used);
    g_ptr_array_set_size(items, (gint)used);
    return set;
}

/* --- journalling */

/* Another folder may have the target's name by now: the folders are listed first. */
static bool is_elsewhere(struct lot *lot, uint32_t uidvalidity)
{
    const struct store_remote_mailbox *target = session_mailbox(lot->session, lot->head->target);
    return target != NULL && session_may_be_renamed(lot->session, target, uidvalidity);
}

static bool mark_target(struct lot *lot, GError **error)
{
    struct imap_status status = {0};
    if (lot->head->raw_target == NULL) {
        error_set(error, ERROR_MAILBOX_GONE, "the target folder is gone");
        return false;
    }
    if ((lot->session->mailboxes == NULL && !session_load_mailboxes(lot->session, error)) ||
        !imap_status(lot->session->imap, lot->head->raw_target, &status, error))
        return false;
    if (is_elsewhere(lot, status.uidvalidity)) {
        error_set(error, ERROR_MAILBOX_GONE, "another folder may have the target's name");
        return false;
    }
    lot->mark = (struct out_mark){.uidvalidity = status.uidvalidity, .uidnext = status.uidnext};
    return true;
}

static bool take_journal(struct lot *lot, GPtrArray *items, GError **error)
{
    bool into_target = lot->head->target != 0, again = lot->items[0].state.begun;
    lot->mark.looks = 0;
    /* What may have come by an earlier step is looked for as before. */
    if ((lot->head->kind != STORE_INTENT_APPEND && !lot_open_source(lot, error)) ||
        (into_target && !again && !mark_target(lot, error)))
        return false;
    g_autofree char *journal = into_target ? out_mark_write(&lot->mark) : g_strdup("begun");
    g_autofree int64_t *ids = g_new(int64_t, items->len);
    g_autofree bool *begun = g_new0(bool, items->len);
    for (guint i = 0; i < items->len; i++)
        ids[i] = ((const struct item *)items->pdata[i])->intent->id;
    if (!store_intents_begin(lot->session->manager->config.store, ids, items->len, journal, begun,
                             error))
        return false;
    for (guint i = 0; i < items->len; i++)
        if (!begun[i])
            ((struct item *)items->pdata[i])->dropped = true;
    return true;
}

/* --- acting */

static bool store_flags(struct lot *lot, GPtrArray *items, bool add, const struct mail_flags *flags,
                        GError **error)
{
    if (!lot_open_source(lot, error))
        return false;
    g_autofree char *set = lot_uid_set(items);
    return imap_store(lot->session->imap, set, add, flags, 0, NULL, error);
}

static void take_copied(GPtrArray *items, const struct imap_copied *copied)
{
    g_autoptr(GHashTable) targets = g_hash_table_new(NULL, NULL);
    for (guint i = 0; copied->source != NULL && i < copied->source->len; i++)
        g_hash_table_insert(targets, GUINT_TO_POINTER(g_array_index(copied->source, uint32_t, i)),
                            GUINT_TO_POINTER(g_array_index(copied->target, uint32_t, i)));
    for (guint i = 0; i < items->len; i++) {
        struct item *item = items->pdata[i];
        item->uid =
            GPOINTER_TO_UINT(g_hash_table_lookup(targets, GUINT_TO_POINTER(item->intent->uid)));
        item->uidvalidity = item->uid != 0 ? copied->uidvalidity : 0;
    }
}

static bool take_transfer(struct lot *lot, GPtrArray *items, bool move, GError **error)
{
    struct imap_copied copied = {0};
    if (!lot_open_source(lot, error))
        return false;
    g_autofree char *set = lot_uid_set(items);
    struct imap_client *imap = lot->session->imap;
    if (!(move ? imap_move(imap, set, lot->head->raw_target, &copied, error)
               : imap_copy(imap, set, lot->head->raw_target, &copied, error)))
        return false;
    take_copied(items, &copied);
    imap_copied_clear(&copied);
    return true;
}

/* An earlier try may have marked what is to be moved: its copy would be marked, too. */
static bool unmark(struct lot *lot, GPtrArray *items, GError **error)
{
    const struct mail_flags deleted = {.bits = MAIL_DELETED};
    return lot->head->kind != STORE_INTENT_MOVE || lot->head->journal == NULL ||
           store_flags(lot, items, false, &deleted, error);
}

static bool take_append(struct lot *lot, struct item *item, GError **error)
{
    const struct store_intent *intent = item->intent;
    g_autoptr(GBytes) raw =
        store_sync_raw(lot->session->manager->config.store, intent->email, error);
    return raw != NULL &&
           imap_append(lot->session->imap, intent->raw_target, &intent->add, intent->received_at,
                       raw, &item->uidvalidity, &item->uid, error);
}

/* Exchange does not keep \Flagged given in APPEND (docs/internals/exchange.md). */
static bool take_flag(struct lot *lot, const struct item *item, GError **error)
{
    const struct mail_flags flagged = {.bits = MAIL_FLAGGED};
    g_autofree char *set = g_strdup_printf("%u", item->uid);
    return lot_open_by_id(lot->session, lot->head->target, error) &&
           imap_store(lot->session->imap, set, true, &flagged, 0, NULL, error);
}

/* Takes the step for those of items that fit into one command; only they stay in items. */
static bool carry_out(struct lot *lot, enum out_step step, GPtrArray *items, GError **error)
{
    const struct mail_flags deleted = {.bits = MAIL_DELETED};
    g_autofree char *set = NULL;
    switch (step) {
    case OUT_LOOK:
        return lot_look(lot, items, error);
    case OUT_JOURNAL:
        return take_journal(lot, items, error);
    case OUT_ADD_FLAGS:
        return store_flags(lot, items, true, &lot->head->add, error);
    case OUT_REMOVE_FLAGS:
        return store_flags(lot, items, false, &lot->head->remove, error);
    case OUT_APPEND:
        return take_append(lot, items->pdata[0], error);
    case OUT_COPY:
        return unmark(lot, items, error) && take_transfer(lot, items, false, error);
    case OUT_MOVE:
        return take_transfer(lot, items, true, error);
    case OUT_FLAG:
        return take_flag(lot, items->pdata[0], error);
    case OUT_MARK_DELETED:
        return store_flags(lot, items, true, &deleted, error);
    case OUT_EXPUNGE:
        set = lot_uid_set(items);
        return lot_open_source(lot, error) && imap_expunge(lot->session->imap, set, error);
    case OUT_WAIT:
    case OUT_DONE:
    case OUT_FAILED:
        break;
    }
    return true;
}

/* Where the server told it, the message is known to be in the target. */
static void note_told(GPtrArray *items)
{
    for (guint i = 0; i < items->len; i++) {
        struct item *item = items->pdata[i];
        if (item->uid != 0)
            item->state.target = OUT_PRESENT;
    }
}

static bool run_lot(struct lot *lot, GError **error)
{
    for (;;) {
        enum out_step step = earliest_step(lot);
        if (step >= OUT_WAIT)
            return true;
        if (cancel_is_triggered(lot->session->cancel)) {
            error_set(error, ERROR_CANCELLED, "stopping");
            return false;
        }
        g_autoptr(GPtrArray) items = takers(lot, step);
        if (!carry_out(lot, step, items, error))
            return false;
        all_took(items, step);
        if (step == OUT_APPEND || step == OUT_COPY || step == OUT_MOVE)
            note_told(items);
    }
}

/* --- ends */

/* Not now, or not at all. */
static bool refuse(struct session *session, const struct store_intent *intent,
                   const GError *failure, GError **error)
{
    struct store *store = session->manager->config.store;
    LOG_INFO("sync.intent-refused", LOG_INT("account", session->account),
             LOG_INT("intent", intent->id), LOG_INT("kind", intent->kind),
             LOG_INT("attempts", intent->attempts), LOG_ERR(failure));
    SYNC_NOTE(session->manager, session->account, "refused", failure,
              LOG_INT("mailbox", intent->mailbox));
    bool again = error_retry(failure) == ERROR_RETRY_LATER && intent->attempts + 1 < REFUSALS_MAX;
    session->quota_refused = session->quota_refused || error_is(failure, ERROR_OVER_QUOTA);
    if (again)
        session_carry_later(session, RETRY_S * INT64_C(1000));
    return again ? store_intent_retry(store, intent->id, clock_wall() + RETRY_S, error)
                 : store_intent_refused(store, intent->id, failure, error);
}

/* The other folder that the change depends on; 0: none. */
static int64_t other_end(const struct store_intent *intent)
{
    return intent->target != 0 ? intent->target : intent->kept;
}

/* The counts of a folder that we changed are compared at once. */
static void queue_again(struct session *session, int64_t mailbox)
{
    if (mailbox != 0)
        session_queue(session, mailbox);
}

static bool has_vanished(const struct lot *lot, const struct item *item)
{
    enum store_intent_kind kind = lot->head->kind;
    return (kind == STORE_INTENT_FLAGS && item->state.source == OUT_ABSENT) ||
           (kind == STORE_INTENT_EXPUNGE && item->state.target == OUT_ABSENT);
}

/* Flags of what somebody moved or took away meanwhile: the change waits with the email until it is
 * found elsewhere, or let go with it. Where that was what was to be kept, the store plans anew. */
static bool let_go(struct lot *lot, GError **error)
{
    struct session *session = lot->session;
    struct store_batch *batch = store_batch_new(session->manager->config.store, session->account);
    struct store_batch_result result = {0};
    bool any = false, ok = true;
    for (size_t i = 0; i < lot->count; i++) {
        const struct item *item = &lot->items[i];
        if (item->dropped || !has_vanished(lot, item))
            continue;
        if (item->intent->kept != 0)
            store_batch_vanished(batch, item->intent->kept, item->intent->kept_uid);
        else
            store_batch_vanished(batch, lot->head->mailbox, item->intent->uid);
        any = true;
    }
    if (any) {
        ok = store_batch_commit(batch, STORE_LANE_BULK, &result, error);
        session->working.removed += result.removed;
    }
    store_batch_free(batch);
    return ok;
}

/* Those that were not found may still come: they are looked for again after a longer pause. */
static bool wait_for_others(struct lot *lot, GError **error)
{
    struct session *session = lot->session;
    const struct out_mark mark = {lot->mark.uidvalidity, lot->mark.uidnext, lot->mark.looks + 1};
    int64_t pause = session->manager->config.tuning.doubt_ms << lot->mark.looks;
    g_autofree char *journal = out_mark_write(&mark);
    g_autofree int64_t *ids = g_new(int64_t, lot->count);
    size_t count = 0;
    for (size_t i = 0; i < lot->count; i++)
        if (!lot->items[i].dropped && out_next(&lot->items[i].state) == OUT_WAIT)
            ids[count++] = lot->items[i].intent->id;
    if (count == 0)
        return true;
    LOG_INFO("sync.look-again", LOG_INT("account", session->account), LOG_INT("intents", count),
             LOG_INT("ms", pause));
    session_carry_later(session, pause);
    return store_intents_postpone(session->manager->config.store, ids, count, journal,
                                  clock_wall() + pause / 1000, error);
}

static bool end_lot(struct lot *lot, GError **error)
{
    struct session *session = lot->session;
    g_autofree struct store_intent_end *ends = g_new0(struct store_intent_end, lot->count);
    size_t count = 0;
    for (size_t i = 0; i < lot->count; i++) {
        const struct item *item = &lot->items[i];
        if (item->dropped || has_vanished(lot, item) || out_next(&item->state) == OUT_WAIT)
            continue;
        if (out_next(&item->state) == OUT_FAILED) {
            g_autoptr(GError) failure = NULL;
            error_set(&failure, ERROR_SERVER_BAD, "the server copied nothing, without saying why");
            if (!refuse(session, item->intent, failure, error))
                return false;
            continue;
        }
        ends[count++] = (struct store_intent_end){.intent = item->intent->id,
                                                  .target_uidvalidity = item->uidvalidity,
                                                  .target_uid = item->uid,
                                                  .left_deleted = out_leaves_deleted(&item->state)};
    }
    if (lot->head->kind != STORE_INTENT_FLAGS) {
        session->quota_moved = true;
        queue_again(session, lot->head->mailbox);
        queue_again(session, other_end(lot->head));
    }
    return (count == 0 || store_intents_done(session->manager->config.store, ends, count, error)) &&
           let_go(lot, error) && wait_for_others(lot, error);
}

static bool carry_lot(struct session *session, const struct store_intent *const *intents,
                      size_t count, const struct out_mark *mark, GError **error);

/* One refused message must not stop the others: the lot is parted until it is alone. What the
 * refused command did is not known, so the parts begin by looking. */
static bool settle_failure(struct lot *lot, const struct store_intent *const *intents,
                           GError *failure, GError **error)
{
    struct session *session = lot->session;
    session->open_mailbox = 0;
    bool marked = lot->items[0].state.begun || lot->items[0].state.journalled;
    if (!out_settles(failure)) {
        if (marked && lot->head->target != 0)
            session_doubt(session);
        g_propagate_error(error, failure);
        return false;
    }
    bool ok = true;
    bool gone = error_is(failure, ERROR_MAILBOX_GONE);
    if (gone && session_hold(session, lot->head->mailbox, other_end(lot->head))) {
        LOG_INFO("sync.intents-held", LOG_INT("account", session->account),
                 LOG_INT("mailbox", lot->head->mailbox), LOG_INT("target", other_end(lot->head)));
    } else if (lot->count == 1 || gone) {
        for (size_t i = 0; i < lot->count && ok; i++)
            ok = refuse(session, intents[i], failure, error);
    } else {
        const struct out_mark *mark = marked ? &lot->mark : NULL;
        size_t half = lot->count / 2;
        ok = carry_lot(session, intents, half, mark, error) &&
             carry_lot(session, intents + half, lot->count - half, mark, error);
    }
    g_error_free(failure);
    return ok;
}

static void start_item(struct item *item, const struct session *session,
                       const struct store_intent *intent, bool begun, bool doubtful)
{
    uint32_t offered = imap_client_capabilities(session->imap);
    bool append = intent->kind == STORE_INTENT_APPEND;
    *item = (struct item){.intent = intent};
    item->state = (struct out_state){
        .kind = intent->kind,
        .can_move = (offered & IMAP_CAP_MOVE) != 0,
        .can_expunge = (offered & IMAP_CAP_UIDPLUS) != 0,
        .adds = append ? (intent->add.bits & MAIL_FLAGGED) != 0
                       : intent->add.bits != 0 || intent->add.keywords != NULL,
        .removes = intent->remove.bits != 0 || intent->remove.keywords != NULL,
        .keeps = intent->kept != 0,
        .begun = begun,
        .doubtful = doubtful,
    };
}

/* mark: a step of these was begun by this session; NULL: the journal of the store says it. */
static bool carry_lot(struct session *session, const struct store_intent *const *intents,
                      size_t count, const struct out_mark *mark, GError **error)
{
    GError *failure = NULL;
    g_autofree struct item *items = g_new0(struct item, count);
    struct lot lot = {.session = session, .head = intents[0], .items = items, .count = count};
    lot.mark = mark != NULL ? *mark : out_mark_read(intents[0]->journal);
    /* A command that was refused has ended; of one that was cut off nobody knows. */
    bool doubtful = mark == NULL && lot.mark.looks < OUT_LOOKS;
    for (size_t i = 0; i < count; i++)
        start_item(&items[i], session, intents[i], mark != NULL || intents[i]->journal != NULL,
                   doubtful);
    if (!run_lot(&lot, &failure))
        return settle_failure(&lot, intents, failure, error);
    return end_lot(&lot, error);
}

/* Its message is not on the server yet, and nothing of ours may be there. */
static bool must_wait(const struct session *session, const struct store_intent *intent)
{
    if (session_is_held(session, intent->mailbox) || session_is_held(session, other_end(intent)))
        return true;
    /* Looked for in vain a moment ago. */
    if (session->carry_at != 0 && out_mark_read(intent->journal).looks > 0)
        return true;
    bool waits = intent->uid == 0 && (intent->journal == NULL || intent->target == 0);
    return intent->kind != STORE_INTENT_APPEND && waits;
}

/* What comes after a step that moves the message has another place then: it is read anew. So is
 * what comes after one that waits: the message must still be where that finds it. */
static void leave_followers(const GPtrArray *intents, bool *settled)
{
    g_autoptr(GHashTable) moving = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < intents->len; i++) {
        struct store_intent *intent = intents->pdata[i];
        settled[i] = settled[i] || g_hash_table_contains(moving, &intent->email);
        if (intent->kind != STORE_INTENT_FLAGS)
            g_hash_table_add(moving, &intent->email);
    }
}

/* All of the list once, in lots; adds to *carried. */
static bool carry_list(struct session *session, const GPtrArray *intents, size_t *carried,
                       GError **error)
{
    g_autofree bool *settled = g_new0(bool, intents->len);
    g_autofree size_t *lot = g_new(size_t, LOT_MAX);
    g_autofree const struct store_intent **members = g_new(const struct store_intent *, LOT_MAX);
    for (guint i = 0; i < intents->len; i++)
        settled[i] = must_wait(session, intents->pdata[i]);
    leave_followers(intents, settled);
    for (guint i = 0; i < intents->len; i++) {
        if (settled[i])
            continue;
        size_t count = out_lot(intents, settled, i, LOT_MAX, lot);
        for (size_t k = 0; k < count; k++) {
            members[k] = intents->pdata[lot[k]];
            settled[lot[k]] = true;
        }
        if (!carry_lot(session, members, count, NULL, error))
            return false;
        *carried += count;
    }
    return true;
}

void session_carry_later(struct session *session, int64_t ms)
{
    int64_t at = clock_in_ms(ms);
    session->carry_at = session->carry_at == 0 ? at : MIN(session->carry_at, at);
}

/* What waits for its time wakes the session then; a command waits for what is soon. */
static bool plan_next(struct session *session, GError **error)
{
    int64_t next = 0;
    if (!store_intents_next(session->manager->config.store, session->account, &next, error))
        return false;
    int64_t pause = next - clock_wall();
    if (next != 0 && (session->manager->config.live || pause <= RETRY_S))
        session_carry_later(session, MAX(pause, 1) * 1000);
    return true;
}

bool session_carry(struct session *session, GError **error)
{
    if (session->carry_at <= clock_now())
        session->carry_at = 0;
    /* An intent of a folder that was renewed is planned anew and comes again, but not for ever. */
    for (unsigned round = 0; round < 1000; round++) {
        size_t carried = 0;
        /* Folders first: mail may be on its way into new ones. */
        if (!session_carry_folders(session, &carried, error))
            return false;
        g_autoptr(GPtrArray) intents =
            store_intents(session->manager->config.store, session->account, INTENTS_AT_ONCE, error);
        if (intents == NULL)
            return false;
        if (intents->len > 0 && session->intake != NULL && !intake_is_empty(session->intake)) {
            /* They are planned anew after what was learnt. */
            if (!session_settle(session, error))
                return false;
            continue;
        }
        if (!carry_list(session, intents, &carried, error))
            return false;
        session->carried += carried;
        if (carried == 0)
            break;
    }
    return plan_next(session, error);
}

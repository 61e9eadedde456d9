#include "sync/reconcile.h"

#include "base/log.h"

#include <string.h>

#define DAY_S 86400
#define SPREAD_S (DAY_S / 6)
/* Folders in one go, and the pause until the next go. */
#define AT_ONCE 2
#define PAUSE_MS 60000
#define NAMES_MAX 3

/* --- pure */

void sync_difference_of(struct sync_difference *found, const struct sync_marks *last,
                        const struct sync_marks *now, const struct sync_plan *plan, bool flags_too)
{
    *found = (struct sync_difference){0};
    if (last->uidnext == 0 || sync_is_renewed(last, now))
        return;
    for (guint i = 0; i < plan->fresh->len; i++)
        found->missing += g_array_index(plan->fresh, uint32_t, i) < last->uidnext;
    /* At most so many can have been expunged there since. */
    int64_t arrived = now->uidnext >= last->uidnext ? now->uidnext - last->uidnext : 0;
    int64_t expunged = MAX((int64_t)last->exists + arrived - (int64_t)now->exists, 0);
    found->surplus = (uint32_t)MAX((int64_t)plan->vanished->len - expunged, 0);
    bool still = now->modseq != 0 && now->modseq == last->modseq;
    if (still || (flags_too && now->modseq == 0))
        found->astray = plan->changed->len;
}

int64_t sync_reconcile_next(int64_t reconciled_at, int64_t mailbox)
{
    uint64_t mixed = (uint64_t)mailbox * UINT64_C(0x9e3779b97f4a7c15);
    return reconciled_at + DAY_S - (int64_t)((mixed >> 32) % SPREAD_S);
}

/* --- what is to be looked at */

static void want_whole(struct session *session, int64_t id)
{
    session_list_add(&session->whole, id);
    session_queue(session, id);
}

bool session_wants_whole(const struct session *session, int64_t mailbox)
{
    return session_list_has(session->whole, mailbox);
}

bool session_is_wanted_whole(struct session *session, int64_t mailbox)
{
    for (guint i = 0; session->whole != NULL && i < session->whole->len; i++)
        if (g_array_index(session->whole, int64_t, i) == mailbox) {
            g_array_remove_index(session->whole, i);
            return true;
        }
    return false;
}

/* Emails that lost their place are found again by a look at every folder. */
bool session_mend(struct session *session, GError **error)
{
    unsigned mended = 0;
    if (!session_settle(session, error) ||
        !store_sync_mend(session->manager->config.store, session->account, &mended, error))
        return false;
    if (mended == 0)
        return true;
    LOG_WARN("sync.mended", LOG_INT("account", session->account), LOG_INT("rows", mended));
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync)
            want_whole(session, mailbox->id);
    }
    return true;
}

static bool is_refused(const struct session *session, int64_t mailbox)
{
    return session->refusals != NULL && g_hash_table_contains(session->refusals, &mailbox);
}

static bool is_overdue(const struct store_remote_mailbox *mailbox)
{
    return sync_reconcile_next(mailbox->reconciled_at, mailbox->id) <= clock_wall();
}

bool session_reconcile_begin(struct session *session, GError **error)
{
    bool live = session->manager->config.live, any = false;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (!mailbox->sync || !mailbox->headers_done ||
            (mailbox->reconciled_at != 0 && (live || !is_overdue(mailbox))))
            continue;
        any = true;
        want_whole(session, mailbox->id);
    }
    return !any || session_mend(session, error);
}

/* --- while it watches */

static struct store_remote_mailbox *most_overdue(struct session *session)
{
    struct store_remote_mailbox *found = NULL;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync && mailbox->headers_done && is_overdue(mailbox) &&
            !is_refused(session, mailbox->id) && !session_list_has(session->whole, mailbox->id) &&
            (found == NULL || mailbox->reconciled_at < found->reconciled_at))
            found = mailbox;
    }
    return found;
}

static bool queue_overdue(struct session *session, GError **error)
{
    unsigned count = 0;
    session->reconcile_at = clock_in_ms(PAUSE_MS);
    for (; count < AT_ONCE; count++) {
        struct store_remote_mailbox *mailbox = most_overdue(session);
        if (mailbox == NULL)
            break;
        want_whole(session, mailbox->id);
    }
    return count == 0 || session_mend(session, error);
}

static bool queue_differing(struct session *session, const GArray *differing, GError **error)
{
    session->amended = true;
    for (guint i = 0; i < differing->len; i++)
        want_whole(session, g_array_index(differing, int64_t, i));
    return session_mend(session, error);
}

static bool try_again(struct session *session, GError **error)
{
    g_autoptr(GArray) differing =
        store_sync_differing(session->manager->config.store, session->account, error);
    if (differing == NULL)
        return false;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync && is_refused(session, mailbox->id))
            want_whole(session, mailbox->id);
    }
    return queue_differing(session, differing, error);
}

bool session_reconcile_due(struct session *session, GError **error)
{
    bool again = session->amend_at != 0 && clock_now() >= session->amend_at;
    bool overdue = clock_now() >= session->reconcile_at;
    if (!again && !overdue)
        return true;
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    return (!again || try_again(session, error)) && (!overdue || queue_overdue(session, error));
}

int64_t session_reconcile_at(const struct session *session)
{
    return session->amend_at != 0 ? MIN(session->amend_at, session->reconcile_at)
                                  : session->reconcile_at;
}

static void plan_next(struct session *session)
{
    int64_t now = clock_wall(), next = now + DAY_S;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync && mailbox->headers_done && !is_refused(session, mailbox->id))
            next = MIN(next, sync_reconcile_next(mailbox->reconciled_at, mailbox->id));
    }
    int64_t at = clock_in_ms(MAX((next - now) * 1000, PAUSE_MS));
    /* What is overdue keeps its time: passes that news bring must not put it off again and again.
     */
    bool keeps = session->reconcile_at != 0 && next <= now;
    session->reconcile_at = keeps ? MIN(session->reconcile_at, at) : at;
}

/* --- at the end of a pass */

static char *names_of(struct session *session, const GArray *ids)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < ids->len && i < NAMES_MAX; i++) {
        const struct store_remote_mailbox *mailbox =
            session_mailbox(session, g_array_index(ids, int64_t, i));
        if (mailbox != NULL)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", mailbox->name);
    }
    if (ids->len > NAMES_MAX)
        g_string_append_printf(names, " and %u more", ids->len - NAMES_MAX);
    return g_string_free(names, FALSE);
}

static GArray *refused_folders(struct session *session)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync && is_refused(session, mailbox->id))
            g_array_append_val(ids, mailbox->id);
    }
    return ids;
}

/* Again with a growing pause: the server may need time, and must not be pressed. */
static void name_problem(struct session *session, const GArray *differing, const GArray *refused,
                         GError **problem, int64_t *next)
{
    g_autofree char *names = names_of(session, refused->len > 0 ? refused : differing);
    session->amends.first_ms = session->manager->config.tuning.backoff_ms;
    if (session->amend_at == 0 || clock_now() >= session->amend_at)
        session->amend_at = clock_in_ms(sync_backoff_next(&session->amends, 0));
    *next = clock_wall() + (session->amend_at - clock_now()) / CLOCK_SECOND + 1;
    error_set(problem, refused->len > 0 ? ERROR_FOLDER_REFUSED : ERROR_COUNTS_DIFFER, "%s", names);
    LOG_WARN("sync.differs", LOG_INT("account", session->account),
             LOG_INT("differing", differing->len), LOG_INT("refused", refused->len));
}

bool session_agree(struct session *session, bool *again, GError **problem, int64_t *next,
                   GError **error)
{
    *again = false;
    *next = 0;
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    g_autoptr(GArray) differing =
        store_sync_differing(session->manager->config.store, session->account, error);
    if (differing == NULL)
        return false;
    bool may =
        session->amend_at == 0 || clock_now() >= session->amend_at || session_is_wanted(session);
    if (differing->len > 0 && !session->amended && may) {
        *again = true;
        return queue_differing(session, differing, error);
    }
    g_autoptr(GArray) refused = refused_folders(session);
    if (differing->len + refused->len > 0) {
        name_problem(session, differing, refused, problem, next);
    } else {
        session->amend_at = 0;
        sync_backoff_reset(&session->amends);
    }
    plan_next(session);
    return true;
}

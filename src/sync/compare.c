/* One folder: looks at it, plans, hands the plan to the store, brings the headers of what is new.
 */
#include "sync/compare.h"

#include "sync/intake.h"

#include "base/log.h"

bool session_load_mailboxes(struct session *session, GError **error)
{
    if (!session_settle(session, error))
        return false;
    g_clear_pointer(&session->mailboxes, g_ptr_array_unref);
    session->mailboxes =
        store_sync_mailboxes(session->manager->config.store, session->account, error);
    return session->mailboxes != NULL;
}

struct store_remote_mailbox *session_mailbox(struct session *session, int64_t id)
{
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->id == id)
            return mailbox;
    }
    return NULL;
}

struct store_batch *session_batch(struct session *session,
                                  const struct store_remote_mailbox *mailbox)
{
    struct store_batch *batch = intake_batch(session_intake(session));
    store_batch_keeps(batch, mailbox->id, session->selected.permanent_keywords,
                      session->selected.permanent_bits);
    return batch;
}

static void add_vanished(struct store_batch *batch, int64_t mailbox, const GArray *uids)
{
    for (guint i = 0; i < uids->len; i++)
        store_batch_vanished(batch, mailbox, g_array_index(uids, uint32_t, i));
}

void compare_add_changes(struct session *session, const struct store_remote_mailbox *mailbox,
                         const struct sync_plan *plan)
{
    if (plan->vanished->len + plan->ended->len + plan->changed->len == 0)
        return;
    struct store_batch *batch = session_batch(session, mailbox);
    add_vanished(batch, mailbox->id, plan->vanished);
    add_vanished(batch, mailbox->id, plan->ended);
    for (guint i = 0; i < plan->changed->len; i++) {
        const struct sync_change *change = &g_array_index(plan->changed, struct sync_change, i);
        store_batch_flags(batch, mailbox->id, change->uid, &change->flags);
    }
}

/* --- messages that the server lists and does not give (docs/internals/exchange.md) */

static void name_skipped(struct session *session, const struct store_remote_mailbox *mailbox,
                         const GArray *uids)
{
    struct store_batch *batch = session_batch(session, mailbox);
    for (guint i = 0; i < uids->len; i++)
        store_batch_skipped(batch, mailbox->id, session->selected.uidvalidity,
                            g_array_index(uids, uint32_t, i), "the server gave no data");
    LOG_INFO("sync.skipped", LOG_INT("account", session->account), LOG_INT("mailbox", mailbox->id),
             LOG_INT("messages", uids->len));
    SYNC_NOTE(session->manager, session->account, "skipped", NULL, LOG_INT("mailbox", mailbox->id),
              LOG_INT("messages", uids->len));
}

/* What was asked for twice and did not come, although the server still lists it, is named and left.
 * Adds to *left what is no longer there. */
static bool settle_unheard(struct session *session, const struct store_remote_mailbox *mailbox,
                           const GArray *unheard, uint32_t *left, GError **error)
{
    g_autoptr(GArray) scope = session_scope(session, error);
    if (scope == NULL)
        return false;
    g_autoptr(GArray) there = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0, s = 0; i < unheard->len; i++) {
        uint32_t uid = g_array_index(unheard, uint32_t, i);
        while (s < scope->len && g_array_index(scope, uint32_t, s) < uid)
            s++;
        if (s < scope->len && g_array_index(scope, uint32_t, s) == uid)
            g_array_append_val(there, uid);
    }
    *left += unheard->len - there->len;
    if (there->len > 0)
        name_skipped(session, mailbox, there);
    return true;
}

/* left: (out) how many of the fresh went again meanwhile. */
static bool fetch_fresh(struct session *session, const struct store_remote_mailbox *mailbox,
                        const GArray *fresh, uint32_t *left, GError **error)
{
    *left = 0;
    if (fresh->len == 0)
        return true;
    g_autoptr(GArray) unheard = NULL;
    if (!session_headers(session, mailbox, fresh, &unheard, error))
        return false;
    if (unheard->len == 0)
        return true;
    g_autoptr(GArray) silent = NULL;
    if (!session_headers(session, mailbox, unheard, &silent, error))
        return false;
    return silent->len == 0 || settle_unheard(session, mailbox, silent, left, error);
}

/* Since the last comparison a message came and went: on to a folder that was looked at before,
 * perhaps. Its UID is all that is left of it. */
static bool some_passed_through(const struct session *session,
                                const struct store_remote_mailbox *mailbox, const struct look *look,
                                const GArray *fresh)
{
    uint32_t first = mailbox->uidnext, end = session->selected.uidnext, met = 0;
    if (!mailbox->headers_done || end <= first)
        return false;
    for (guint i = 0; i < fresh->len; i++) {
        uint32_t uid = g_array_index(fresh, uint32_t, i);
        met += uid >= first && uid < end;
    }
    for (guint i = 0; i < look->known->len; i++) {
        uint32_t uid = g_array_index(look->known, struct store_remote_message, i).uid;
        met += uid >= first && uid < end;
    }
    return met < end - first;
}

/* --- marks */

/* Marks are taken from before the comparison: what changes meanwhile is compared again next time.
 */
static bool is_marked(const struct session *session, const struct store_remote_mailbox *mailbox,
                      uint32_t in_scope, int64_t newest)
{
    const struct imap_selected *now = &session->selected;
    const char *object_id = imap_client_mailboxid(session->imap);
    return mailbox->headers_done && mailbox->uidvalidity == now->uidvalidity &&
           mailbox->uidnext == now->uidnext && mailbox->highestmodseq == now->highestmodseq &&
           mailbox->exists == now->exists && mailbox->server_count == in_scope &&
           mailbox->seen_email == newest &&
           (object_id == NULL || g_strcmp0(object_id, mailbox->object_id) == 0);
}

void session_mark(struct session *session, struct store_remote_mailbox *mailbox, uint32_t in_scope)
{
    const char *object_id = imap_client_mailboxid(session->imap);
    mailbox->uidvalidity = session->selected.uidvalidity;
    mailbox->uidnext = session->selected.uidnext;
    mailbox->highestmodseq = session->selected.highestmodseq;
    mailbox->exists = session->selected.exists;
    mailbox->server_count = in_scope;
    mailbox->checked_at = clock_wall();
    mailbox->headers_done = true;
    if (object_id != NULL) {
        g_free(mailbox->object_id);
        mailbox->object_id = g_strdup(object_id);
    }
    store_batch_mark(session_batch(session, mailbox), mailbox);
}

/* A commit is most of what a pass without news would cost; where there is one anyway, a mark costs
 * nothing. */
void compare_mark(struct session *session, struct store_remote_mailbox *mailbox, uint32_t in_scope,
                  int64_t newest)
{
    if (!intake_is_empty(session_intake(session)) || !is_marked(session, mailbox, in_scope, newest))
        session_mark(session, mailbox, in_scope);
}

static bool carry_out(struct session *session, struct store_remote_mailbox *mailbox,
                      const struct look *look, const struct sync_plan *plan, int64_t newest,
                      GError **error)
{
    uint32_t left = 0;
    if (look->way == SYNC_WAY_NONE)
        return true;
    uint32_t in_scope = look->whole                   ? look->uids->len
                        : session->config->since == 0 ? session->selected.exists
                                                      : mailbox->server_count + plan->fresh->len -
                                                            plan->vanished->len - plan->ended->len;
    compare_add_changes(session, mailbox, plan);
    if (!fetch_fresh(session, mailbox, plan->fresh, &left, error))
        return false;
    if (left > 0)
        session_round_missed(session);
    compare_mark(session, mailbox, in_scope - left, newest);
    return intake_offer(session_intake(session), error);
}

/* --- what should not have differed */

/* Keeps the result of a look at all of a folder: when one was wanted, for the first time, and
 * whenever something differed that is no news. */
static bool note_difference(struct session *session, struct store_remote_mailbox *mailbox,
                            const struct look *look, bool wanted,
                            const struct sync_difference *found, GError **error)
{
    bool all = look->whole && (look->way == SYNC_WAY_WHOLE || look->way == SYNC_WAY_WINDOWS);
    bool differed = found->missing + found->surplus + found->astray > 0;
    if (differed)
        SYNC_NOTE(session->manager, session->account, "healed", NULL,
                  LOG_INT("mailbox", mailbox->id), LOG_INT("missing", found->missing),
                  LOG_INT("surplus", found->surplus), LOG_INT("astray", found->astray));
    if (differed)
        LOG_WARN("sync.differed", LOG_INT("account", session->account),
                 LOG_INT("mailbox", mailbox->id), LOG_INT("missing", found->missing),
                 LOG_INT("surplus", found->surplus), LOG_INT("astray", found->astray));
    if (!all || !(differed || wanted || mailbox->reconciled_at == 0))
        return true;
    const struct store_reconciled result = {clock_wall(), found->missing, found->surplus,
                                            found->astray};
    mailbox->reconciled_at = result.at;
    return session_settle(session, error) &&
           store_sync_reconciled(session->manager->config.store, mailbox->id, &result, error);
}

static void tell_difference(struct session *session, const struct store_remote_mailbox *mailbox,
                            const struct sync_marks *last, const struct look *look,
                            const struct sync_plan *plan, bool wanted,
                            struct sync_difference *found)
{
    const struct imap_selected *selected = &session->selected;
    const struct sync_marks now = {selected->uidvalidity, selected->uidnext, selected->exists,
                                   selected->highestmodseq};
    *found = (struct sync_difference){0};
    if (look->whole)
        sync_difference_of(found, last, &now, plan, wanted);
    LOG_DEBUG("sync.compared", LOG_INT("account", session->account),
              LOG_INT("mailbox", mailbox->id), LOG_INT("way", look->way),
              LOG_INT("fresh", plan->fresh->len), LOG_INT("flags", plan->changed->len),
              LOG_INT("vanished", plan->vanished->len + plan->ended->len));
}

bool compare_plan(struct session *session, const struct store_remote_mailbox *mailbox,
                  const struct sync_marks *last, const struct look *look, bool wanted,
                  struct sync_plan *plan, struct sync_difference *found, GError **error)
{
    g_autoptr(GArray) steps = store_sync_steps(session->manager->config.store, mailbox->id, error);
    if (steps == NULL)
        return false;
    const struct sync_remote remote = look_remote(session, look);
    sync_plan_make(plan, (const struct store_remote_message *)look->known->data, look->known->len,
                   &remote, (const struct store_step *)steps->data, steps->len);
    tell_difference(session, mailbox, last, look, plan, wanted, found);
    if (look->way != SYNC_WAY_NONE && some_passed_through(session, mailbox, look, plan->fresh))
        session_round_missed(session);
    return true;
}

static bool compare(struct session *session, struct store_remote_mailbox *mailbox, bool whole,
                    GError **error)
{
    struct store *store = session->manager->config.store;
    struct look look = {0};
    struct sync_plan plan;
    struct sync_difference found;
    /* A folder that was not compared to the end has nothing but news. */
    struct sync_marks last = look_marks_of(mailbox);
    last.uidnext = mailbox->headers_done ? last.uidnext : 0;
    int64_t newest = store_sync_newest_email(store, error);
    bool ok = newest >= 0 && look_at(session, mailbox, whole, &look, error) &&
              compare_plan(session, mailbox, &last, &look, whole, &plan, &found, error);
    if (ok) {
        /* What is missing may still be here, in no place. */
        ok = (found.missing == 0 || session_mend(session, error)) &&
             carry_out(session, mailbox, &look, &plan, newest, error) &&
             note_difference(session, mailbox, &look, whole, &found, error);
        sync_plan_clear(&plan);
    }
    look_clear(&look);
    if (ok && session->open_mailbox == mailbox->id)
        session->compared = mailbox->id;
    return ok;
}

bool session_compare(struct session *session, struct store_remote_mailbox *mailbox, GError **error)
{
    return compare(session, mailbox, false, error);
}

bool session_compare_whole(struct session *session, struct store_remote_mailbox *mailbox,
                           GError **error)
{
    /* Without mod-sequences news and damage of flags look the same anyway. */
    bool news_apart = mailbox->headers_done && mailbox->highestmodseq != 0;
    return (!news_apart ||
            (compare(session, mailbox, false, error) && session_settle(session, error))) &&
           compare(session, mailbox, true, error);
}

/* Between two passes: IDLE on INBOX, STATUS of the other folders now and then. */
#include "sync/session.h"

#include "base/log.h"

static struct store_remote_mailbox *inbox(struct session *session)
{
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->role == MAIL_ROLE_INBOX && mailbox->sync)
            return mailbox;
    }
    return NULL;
}

static bool same(const struct imap_status *a, const struct imap_status *b)
{
    return a->messages == b->messages && a->uidnext == b->uidnext &&
           a->uidvalidity == b->uidvalidity && a->unseen == b->unseen &&
           a->highestmodseq == b->highestmodseq;
}

/* Queues the folder when STATUS says something else than last time, or when flags may have changed
 * unseen. */
static bool poll_mailbox(struct session *session, const struct store_remote_mailbox *mailbox,
                         GError **error)
{
    int64_t compare_us = session->manager->config.tuning.compare_ms * 1000;
    struct session_status *last = g_hash_table_lookup(session->statuses, &mailbox->id);
    struct imap_status status = {0};
    g_autoptr(GError) refusal = NULL;
    if (!imap_status(session->imap, mailbox->raw_name, &status, &refusal)) {
        if (error_scope(refusal) != ERROR_SCOPE_MAILBOX) {
            g_propagate_error(error, g_steal_pointer(&refusal));
            return false;
        }
        return true; /* the next list of folders settles it */
    }
    bool due = last == NULL || !same(&last->status, &status) ||
               (status.highestmodseq == 0 && clock_now() - last->compared_at >= compare_us);
    if (!due)
        return true;
    if (last == NULL) {
        last = g_new0(struct session_status, 1);
        int64_t *key = g_memdup2(&mailbox->id, sizeof mailbox->id);
        g_hash_table_insert(session->statuses, key, last);
    }
    last->status = status;
    last->compared_at = clock_now();
    g_array_append_val(session->queue, mailbox->id);
    return true;
}

bool session_poll(struct session *session, GError **error)
{
    if (session->mailboxes == NULL && !session_load_mailboxes(session, error))
        return false;
    g_array_set_size(session->queue, 0);
    session->open_mailbox = 0;
    if (!imap_unselect(session->imap, error))
        return false;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (mailbox->sync && !poll_mailbox(session, mailbox, error))
            return false;
    }
    session->pass_is_full = true; /* the others said that nothing happened there */
    session->poll_at = clock_in_ms(session->manager->config.tuning.poll_ms);
    return true;
}

bool session_watch(struct session *session, GError **error)
{
    struct store_remote_mailbox *mailbox = inbox(session);
    int64_t renew = session->manager->config.tuning.idle_ms;
    session->idle_until = clock_in_ms(renew - clock_jitter(renew / 10 + 1));
    session->idling = false;
    if (mailbox == NULL || (imap_client_capabilities(session->imap) & IMAP_CAP_IDLE) == 0)
        return true;
    /* What came between the comparison and this SELECT would not be told by IDLE: the counts show
     * it. */
    session->open_mailbox = 0;
    if (!session_open(session, mailbox, error))
        return false;
    if (session->selected.uidnext != mailbox->uidnext ||
        (session->selected.highestmodseq != 0 &&
         session->selected.highestmodseq != mailbox->highestmodseq)) {
        g_array_append_val(session->queue, mailbox->id);
        return true;
    }
    if (!imap_idle_begin(session->imap, error))
        return false;
    session->idling = true;
    return true;
}

bool session_listen(struct session *session, bool *news, GError **error)
{
    *news = false;
    if (!session->idling)
        return true;
    if (!imap_idle_read(session->imap, news, error))
        return false;
    return true;
}

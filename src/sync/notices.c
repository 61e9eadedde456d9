/* NOTIFY (RFC 5465): the server tells of every personal folder, not of INBOX alone. What it tells
 * is kept until the session looks around (watch.c), and nothing of it while the session is parked.
 */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

/* Folders told of at once; beyond them all are asked. */
#define NOTICES_MAX 2000
/* A connection that ends during NOTIFY so often in a row: this server had better not be asked. */
#define ENDS_MAX 3
/* Where a host has more mailboxes than may be told, those in which nothing happened so long make
 * room. */
#define QUIET_MS (INT64_C(60) * 60 * 1000)

static struct session_notice *notice_of(struct session *session, const char *raw_name)
{
    if (session->notices == NULL)
        session->notices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    struct session_notice *notice = g_hash_table_lookup(session->notices, raw_name);
    if (notice != NULL)
        return notice;
    if (g_hash_table_size(session->notices) >= NOTICES_MAX) {
        session->lost_notices = true;
        return NULL;
    }
    notice = g_new0(struct session_notice, 1);
    g_hash_table_insert(session->notices, g_strdup(raw_name), notice);
    return notice;
}

static void hear_status(const char *raw_name, const struct imap_status *status, bool whole,
                        void *arg)
{
    struct session *session = arg;
    struct session_notice *notice = notice_of(session, raw_name);
    if (notice == NULL)
        return;
    notice->has_status = true;
    notice->asked = notice->asked || session->notify_asked;
    notice->whole = whole;
    notice->status = *status;
}

static void hear_folder(const char *raw_name, bool there, bool subscribed, void *arg)
{
    struct session_notice *notice = notice_of(arg, raw_name);
    if (notice == NULL)
        return;
    notice->listed = true;
    notice->there = there;
    notice->subscribed = subscribed;
}

static void hear_overflow(void *arg)
{
    struct session *session = arg;
    LOG_INFO("sync.notify-overflow", LOG_INT("account", session->account));
    session->deaf = session->lost_notices = true;
    session->hears_all = false;
}

bool session_has_notices(const struct session *session)
{
    return session->notices != NULL || session->lost_notices;
}

void session_forget_notices(struct session *session)
{
    g_clear_pointer(&session->notices, g_hash_table_unref);
    session->hears_all = session->deaf = session->strayed = false;
    session->lost_notices = session->snapshot = false;
    if (session->waiter.host != NULL)
        sync_host_unlisten(&session->waiter);
}

/* --- who is told */

static bool is_quiet(const struct session *session)
{
    return clock_now() - session->stirred_at >= QUIET_MS * (CLOCK_SECOND / 1000);
}

static bool may_hear(struct session *session)
{
    const uint32_t needs = IMAP_CAP_NOTIFY | IMAP_CAP_CONDSTORE | IMAP_CAP_IDLE;
    if (session->deaf || session->notify_ends >= ENDS_MAX ||
        (imap_client_capabilities(session->imap) & needs) != needs)
        return false;
    return sync_host_listen(&session->waiter, is_quiet(session));
}

/* Its place goes to another account; the server may put an idle session to sleep again. */
static bool give_up_place(struct session *session, GError **error)
{
    if (!imap_notify_end(session->imap, error))
        return false;
    session->hears_all = false;
    sync_host_unlisten(&session->waiter);
    return true;
}

bool session_wants_notices(struct session *session)
{
    bool may = may_hear(session);
    return may != session->hears_all || (may && session->strayed);
}

/* Said again after every SELECT: what happened in a folder while it was the selected one is told of
 * it as such, and may have been missed. Dovecot 2.3 does not tell of every name that changes: the
 * statuses that NOTIFY begins with, and the cadence, show those. */
bool session_notify(struct session *session, GError **error)
{
    const struct imap_notices ears = {hear_status, hear_folder, hear_overflow, session};
    GError *problem = NULL;
    bool may = may_hear(session);
    if (session->hears_all && !may)
        return give_up_place(session, error);
    if (!may || (session->hears_all && !session->strayed))
        return true;
    session->notify_asked = true;
    session->notify_ends++;
    bool heard = imap_notify(session->imap, &ears, &problem);
    session->notify_asked = session->strayed = false;
    if (heard || imap_client_is_usable(session->imap))
        session->notify_ends = 0;
    session->hears_all = session->snapshot = heard && !session->deaf;
    if (heard)
        return true;
    session->deaf = true;
    sync_host_unlisten(&session->waiter);
    if (imap_client_is_usable(session->imap) &&
        (error_is(problem, ERROR_SERVER_NO) || error_is(problem, ERROR_SERVER_BAD))) {
        LOG_INFO("sync.notify-refused", LOG_INT("account", session->account), LOG_ERR(problem));
        g_clear_error(&problem);
        return true;
    }
    g_propagate_error(error, problem);
    return false;
}

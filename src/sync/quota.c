/* What the mail server says of its limits (RFC 9208), asked for at the end of a pass: seldom, since
 * it costs a round trip, and at once when a change was refused for want of room. */
#include "sync/session.h"

#include "base/log.h"

/* Mail came or went. Where little room is left, what is shown must be right: then at once. */
#define MOVED_S 600
#define LATER_S 3600

static bool is_due(const struct session *session)
{
    const struct store_sync_account *config = session->config;
    int64_t age = clock_wall() - config->quota_asked;
    if (session->quota_refused || age < 0 || age >= LATER_S)
        return true;
    return session->quota_moved && (config->quota_tight || age >= MOVED_S);
}

static GPtrArray *as_kept(const GPtrArray *told)
{
    static const enum store_quota_of kinds[] = {[IMAP_QUOTA_STORAGE] = STORE_QUOTA_OCTETS,
                                                [IMAP_QUOTA_MESSAGE] = STORE_QUOTA_EMAILS,
                                                [IMAP_QUOTA_MAILBOX] = STORE_QUOTA_MAILBOXES};
    GPtrArray *kept = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < told->len; i++) {
        const struct imap_quota *quota = told->pdata[i];
        const struct store_quota one = {.root = quota->root,
                                        .of = kinds[quota->of],
                                        .used = quota->used,
                                        .limit = quota->limit};
        g_ptr_array_add(kept, g_memdup2(&one, sizeof one));
    }
    return kept;
}

static bool keep(struct session *session, const GPtrArray *told, int64_t at, GError **error)
{
    g_autoptr(GPtrArray) kept = told != NULL ? as_kept(told) : NULL;
    session->quota_moved = session->quota_refused = false;
    session->config->quota_asked = at;
    return store_sync_quotas(session->manager->config.store, session->account, kept, at, error);
}

/* A server that has QUOTA no more has no limits to tell. */
static bool forget(struct session *session, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    return session->config->quota_asked == 0 || keep(session, none, 0, error);
}

bool session_quota(struct session *session, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    session->quota_moved =
        session->quota_moved || session->working.fetched > 0 || session->working.removed > 0;
    if ((imap_client_capabilities(session->imap) & IMAP_CAP_QUOTA) == 0)
        return forget(session, error);
    if (!is_due(session))
        return true;
    g_autoptr(GPtrArray) told = imap_quotas(session->imap, "INBOX", &refusal);
    /* Whatever came of it: what the question itself does must not keep passes from their end. */
    if (!keep(session, told, clock_wall(), error))
        return false;
    if (told != NULL)
        return true;
    LOG_INFO("sync.quota-refused", LOG_INT("account", session->account), LOG_ERR(refusal));
    if (session_goes_on(session, refusal))
        return true;
    g_propagate_error(error, g_steal_pointer(&refusal));
    return false;
}

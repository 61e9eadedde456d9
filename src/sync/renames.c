/* Folders that were renamed or moved elsewhere: one that is missing and one that is new are the
 * same when the server says so (MAILBOXID), or when all its marks agree and its UIDVALIDITY is
 * nobody else's. What is in doubt is listed as new, and its mail is found again message by message.
 */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

static bool is_listed(const GPtrArray *listed, const char *raw_name)
{
    for (guint i = 0; i < listed->len; i++)
        if (strcmp(((struct imap_mailbox_info *)listed->pdata[i])->raw_name, raw_name) == 0)
            return true;
    return false;
}

static bool is_known(const GPtrArray *known, const char *raw_name)
{
    for (guint i = 0; i < known->len; i++)
        if (strcmp(((struct store_remote_mailbox *)known->pdata[i])->raw_name, raw_name) == 0)
            return true;
    return false;
}

static bool is_unique(const GPtrArray *known, uint32_t uidvalidity)
{
    guint count = 0;
    for (guint i = 0; i < known->len; i++)
        count += ((struct store_remote_mailbox *)known->pdata[i])->uidvalidity == uidvalidity;
    return count == 1;
}

static bool is_same(const GPtrArray *known, const struct store_remote_mailbox *old,
                    const struct imap_mailbox_info *info)
{
    if (old->gone || old->uidvalidity == 0 || !info->has_status)
        return false;
    if (old->object_id != NULL && info->mailboxid != NULL)
        return strcmp(old->object_id, info->mailboxid) == 0;
    const struct imap_status *now = &info->status;
    return old->uidvalidity == now->uidvalidity && old->uidnext == now->uidnext &&
           old->exists == now->messages && old->highestmodseq != 0 &&
           old->highestmodseq == now->highestmodseq && is_unique(known, old->uidvalidity);
}

static bool may_be_renamed(const GPtrArray *known, const GPtrArray *listed)
{
    bool missing = false, fresh = false;
    for (guint i = 0; i < known->len && !missing; i++)
        missing = !is_listed(listed, ((struct store_remote_mailbox *)known->pdata[i])->raw_name);
    for (guint i = 0; i < listed->len && missing && !fresh; i++)
        fresh = !is_known(known, ((struct imap_mailbox_info *)listed->pdata[i])->raw_name);
    return fresh;
}

bool session_find_renamed(struct session *session, GPtrArray *known, GPtrArray *listed,
                          GError **error)
{
    if (!may_be_renamed(known, listed))
        return true;
    g_autoptr(GPtrArray) told = imap_list_status(session->imap, error);
    if (told == NULL)
        return false;
    for (guint i = 0; i < told->len; i++) {
        const struct imap_mailbox_info *info = told->pdata[i];
        if (is_known(known, info->raw_name) || !is_listed(listed, info->raw_name))
            continue;
        for (guint k = 0; k < known->len; k++) {
            struct store_remote_mailbox *old = known->pdata[k];
            if (is_listed(listed, old->raw_name) || !is_same(known, old, info))
                continue;
            LOG_INFO("sync.folder-renamed", LOG_INT("account", session->account),
                     LOG_INT("mailbox", old->id));
            g_free(old->raw_name);
            old->raw_name = g_strdup(info->raw_name);
            break;
        }
    }
    return true;
}

/* --- changes of mail in folders that are not found under their name */

enum missing { MISSING_HELD = 1, MISSING_LISTED };

static enum missing missing(const struct session *session, int64_t mailbox)
{
    if (session->missing == NULL)
        return 0;
    return GPOINTER_TO_UINT(g_hash_table_lookup(session->missing, &mailbox));
}

static bool hold(struct session *session, int64_t mailbox)
{
    if (mailbox == 0 || missing(session, mailbox) != 0)
        return false;
    if (session->missing == NULL)
        session->missing = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_insert(session->missing, g_memdup2(&mailbox, sizeof mailbox),
                        GUINT_TO_POINTER(MISSING_HELD));
    session->must_list = true;
    return true;
}

bool session_hold(struct session *session, int64_t source, int64_t target)
{
    bool held = hold(session, source);
    return hold(session, target) || held;
}

bool session_is_held(const struct session *session, int64_t mailbox)
{
    return mailbox != 0 && missing(session, mailbox) == MISSING_HELD;
}

void session_release_held(struct session *session)
{
    GHashTableIter iter;
    gpointer key;
    session->must_list = false;
    if (session->missing == NULL)
        return;
    g_hash_table_iter_init(&iter, session->missing);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_hash_table_iter_replace(&iter, GUINT_TO_POINTER(MISSING_LISTED));
}

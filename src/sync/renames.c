/* Folders that were renamed or moved elsewhere: one that is not under its name any more and one
 * that was not under its name before are the same when the server says so (MAILBOXID), or when its
 * UIDVALIDITY is that of no other such folder and all its marks agree, or when messages of it do
 * (alike.c). What is in doubt is listed as new, and its mail is found again message by message. */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

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
    enum missing known = mailbox != 0 ? missing(session, mailbox) : MISSING_LISTED;
    if (known != 0)
        return known == MISSING_HELD;
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

bool session_may_be_renamed(struct session *session, const struct store_remote_mailbox *mailbox,
                            uint32_t uidvalidity)
{
    return mailbox->uidvalidity != 0 && uidvalidity != 0 && mailbox->uidvalidity != uidvalidity &&
           g_ascii_strcasecmp(mailbox->raw_name, "INBOX") != 0 && hold(session, mailbox->id);
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

/* --- finding them again */

static struct imap_mailbox_info *told_as(const GPtrArray *listed, const char *raw_name)
{
    for (guint i = 0; i < listed->len; i++) {
        struct imap_mailbox_info *info = listed->pdata[i];
        if (strcmp(info->raw_name, raw_name) == 0)
            return info;
    }
    return NULL;
}

static struct store_remote_mailbox *known_as(const GPtrArray *known, const char *raw_name)
{
    for (guint i = 0; i < known->len; i++) {
        struct store_remote_mailbox *mailbox = known->pdata[i];
        if (strcmp(mailbox->raw_name, raw_name) == 0)
            return mailbox;
    }
    return NULL;
}

/* The folder of this name is not the one that is known under it. */
static bool is_another(const struct store_remote_mailbox *old, const struct imap_mailbox_info *info)
{
    if (old->object_id != NULL && info->mailboxid != NULL)
        return strcmp(old->object_id, info->mailboxid) != 0;
    return info->has_status && old->uidvalidity != 0 && info->status.uidvalidity != 0 &&
           old->uidvalidity != info->status.uidvalidity;
}

/* It has the name that it is known by. */
static bool is_in_place(const struct store_remote_mailbox *old, const GPtrArray *told)
{
    const struct imap_mailbox_info *there = told_as(told, old->raw_name);
    return there != NULL && !is_another(old, there);
}

/* Of all that are out of their place, one here and one there have it. Others may well have it, too:
 * it is often the second in which a folder was made. */
static bool is_unique(const GPtrArray *known, const GPtrArray *told, uint32_t uidvalidity)
{
    guint here = 0, there = 0;
    for (guint i = 0; i < known->len; i++) {
        const struct store_remote_mailbox *old = known->pdata[i];
        here += old->uidvalidity == uidvalidity && !is_in_place(old, told);
    }
    for (guint i = 0; i < told->len; i++) {
        const struct imap_mailbox_info *info = told->pdata[i];
        if (!info->has_status || info->status.uidvalidity != uidvalidity)
            continue;
        const struct store_remote_mailbox *old = known_as(known, info->raw_name);
        there += old == NULL || is_another(old, info);
    }
    return here == 1 && there == 1;
}

/* BY_MAIL: if messages of it are there. PERHAPS: so, or if there is nothing of it here. */
enum likeness { LIKE_NOT, LIKE_BY_MAIL, LIKE_PERHAPS, LIKE_SURELY };

static enum likeness likeness(const GPtrArray *known, const GPtrArray *told,
                              const struct store_remote_mailbox *old,
                              const struct imap_mailbox_info *info)
{
    const struct imap_status *now = &info->status;
    if (old->gone || old->uidvalidity == 0 || !info->has_status)
        return LIKE_NOT;
    if (old->object_id != NULL && info->mailboxid != NULL)
        return strcmp(old->object_id, info->mailboxid) == 0 ? LIKE_SURELY : LIKE_NOT;
    if (old->uidvalidity != now->uidvalidity || now->uidnext < old->uidnext ||
        now->highestmodseq < old->highestmodseq)
        return LIKE_NOT;
    if (!is_unique(known, told, old->uidvalidity))
        return LIKE_BY_MAIL;
    bool same = old->uidnext == now->uidnext && old->exists == now->messages &&
                old->highestmodseq != 0 && old->highestmodseq == now->highestmodseq;
    return same ? LIKE_SURELY : LIKE_PERHAPS;
}

/* What the list shows to be out of its place: names that are missing or new, or of another folder
 * now. */
static bool may_be_renamed(const GPtrArray *known, const GPtrArray *listed)
{
    for (guint i = 0; i < known->len; i++) {
        const struct store_remote_mailbox *old = known->pdata[i];
        if (!old->gone && told_as(listed, old->raw_name) == NULL)
            return true;
    }
    for (guint i = 0; i < listed->len; i++) {
        const struct imap_mailbox_info *info = listed->pdata[i];
        const struct store_remote_mailbox *old = known_as(known, info->raw_name);
        if (old != NULL ? is_another(old, info) : known->len > 0)
            return true;
    }
    return false;
}

/* With nothing of it here there is nothing to compare: its UIDVALIDITY alone, if it is nobody
 * else's, tells. At worst an empty folder that was deleted lives on as a new one. */
static bool is_empty(struct session *session, const struct store_remote_mailbox *old, bool *empty,
                     GError **error)
{
    GError *cause = NULL;
    *empty = store_sync_message_count(session->manager->config.store, old->id, &cause) == 0;
    return error_settle(error, cause);
}

static bool is_found(GHashTable *renamed, const struct store_remote_mailbox *old)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, renamed);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (value == old)
            return true;
    return false;
}

/* The known folder that this listed one is, though it has another name here; or NULL. */
static bool find_old(struct session *session, const GPtrArray *known, const GPtrArray *told,
                     GHashTable *renamed, const struct imap_mailbox_info *info,
                     struct store_remote_mailbox **found, GError **error)
{
    *found = NULL;
    for (guint k = 0; k < known->len; k++) {
        struct store_remote_mailbox *old = known->pdata[k];
        if (is_in_place(old, told) || is_found(renamed, old))
            continue;
        enum likeness like = likeness(known, told, old, info);
        bool same = like == LIKE_SURELY;
        if (like == LIKE_PERHAPS && !is_empty(session, old, &same, error))
            return false;
        if ((like == LIKE_PERHAPS || like == LIKE_BY_MAIL) && !same &&
            !session_holds_messages_of(session, old, info->raw_name, &same, error))
            return false;
        if (!same)
            continue;
        *found = old;
        return true;
    }
    return true;
}

/* A name that is another folder's from now on is free before that one takes it; whoever reads the
 * store meanwhile, or after a crash, finds the folder as it was, missing on the server. */
static bool free_name(struct session *session, struct store_remote_mailbox *old, GError **error)
{
    g_free(old->raw_name);
    old->raw_name = g_strdup_printf("\x7f%" G_GINT64_FORMAT, old->id);
    return store_sync_mailbox_put(session->manager->config.store, session->account, old, error);
}

static bool take_names(struct session *session, GPtrArray *known, const GPtrArray *told,
                       GHashTable *renamed, GError **error)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, renamed);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        struct store_remote_mailbox *old = value;
        const struct imap_mailbox_info *info = key;
        struct store_remote_mailbox *holder = known_as(known, info->raw_name);
        if (holder != NULL && !free_name(session, holder, error))
            return false;
        if (holder != old && told_as(told, old->raw_name) != NULL &&
            !free_name(session, old, error))
            return false;
    }
    g_hash_table_iter_init(&iter, renamed);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        struct store_remote_mailbox *old = value;
        LOG_INFO("sync.folder-renamed", LOG_INT("account", session->account),
                 LOG_INT("mailbox", old->id));
        g_free(old->raw_name);
        old->raw_name = g_strdup(((const struct imap_mailbox_info *)key)->raw_name);
    }
    return true;
}

bool session_find_renamed(struct session *session, GPtrArray *known, GPtrArray *listed,
                          GError **error)
{
    if (!may_be_renamed(known, listed))
        return true;
    g_autoptr(GPtrArray) told = imap_list_status(session->imap, error);
    if (told == NULL)
        return false;
    g_autoptr(GHashTable) renamed = g_hash_table_new(NULL, NULL); /* info -> the known one */
    for (guint i = 0; i < told->len; i++) {
        struct imap_mailbox_info *info = told->pdata[i];
        const struct store_remote_mailbox *own = known_as(known, info->raw_name);
        struct store_remote_mailbox *old = NULL;
        if ((own != NULL && !is_another(own, info)) || told_as(listed, info->raw_name) == NULL)
            continue;
        if (!find_old(session, known, told, renamed, info, &old, error))
            return false;
        if (old != NULL)
            g_hash_table_insert(renamed, info, old);
    }
    /* Others with another UIDVALIDITY were made anew: nobody need ask for that once more. */
    for (guint i = 0; i < told->len; i++) {
        const struct store_remote_mailbox *own =
            known_as(known, ((struct imap_mailbox_info *)told->pdata[i])->raw_name);
        if (own != NULL && is_another(own, told->pdata[i]))
            hold(session, own->id);
    }
    return take_names(session, known, told, renamed, error);
}

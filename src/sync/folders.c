#include "sync/session.h"

#include "base/log.h"
#include "imap/quirks.h"

#include <string.h>

#define FOLDERS_MAX 10000

/* --- namespaces (RFC 2342) */

static bool is_others(const struct session *session, const char *raw_name)
{
    const struct imap_namespace *space = imap_client_namespace_of(session->imap, raw_name);
    return space != NULL && space->space != IMAP_SPACE_PERSONAL;
}

const char *session_own_prefix(const struct session *session)
{
    size_t count = 0;
    const struct imap_namespace *list = imap_client_namespaces(session->imap, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].space == IMAP_SPACE_PERSONAL)
            return list[i].prefix;
    return NULL;
}

/* "INBOX.Sent" is called "Sent" where all of one's folders are below "INBOX.", unless another is
 * called that. */
static void shorten(GHashTable *names, struct imap_mailbox_info *info, const char *prefix)
{
    if (!g_str_has_prefix(info->name, prefix))
        return;
    const char *own = info->name + strlen(prefix);
    if (*own == '\0' || g_ascii_strcasecmp(own, "INBOX") == 0 || g_hash_table_contains(names, own))
        return;
    g_autofree char *whole = info->name;
    info->name = g_strdup(own);
    g_hash_table_add(names, info->name);
    g_hash_table_remove(names, whole);
}

/* Folders of others have no role here, whatever they are called or marked as. */
static void apply_namespaces(const struct session *session, GPtrArray *listed)
{
    const char *raw = session_own_prefix(session);
    g_autofree char *prefix =
        raw != NULL && *raw != '\0' ? imap_client_decode_name(session->imap, raw) : NULL;
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < listed->len; i++)
        g_hash_table_add(names, ((struct imap_mailbox_info *)listed->pdata[i])->name);
    for (guint i = 0; i < listed->len; i++) {
        struct imap_mailbox_info *info = listed->pdata[i];
        if (is_others(session, info->raw_name))
            info->role = MAIL_ROLE_NONE;
        else if (prefix != NULL)
            shorten(names, info, prefix);
    }
}

/* The name table speaks only where no folder claims the role by SPECIAL-USE, and only at the top
 * level. */
static enum mail_role role_of(const struct session *session, const struct imap_mailbox_info *info,
                              unsigned claimed)
{
    if (info->role != MAIL_ROLE_NONE || is_others(session, info->raw_name))
        return info->role;
    bool top = info->delimiter == 0 || strchr(info->name, info->delimiter) == NULL;
    enum mail_role role = top ? imap_role_of_name(info->name) : MAIL_ROLE_NONE;
    return (claimed & (1U << role)) != 0 ? MAIL_ROLE_NONE : role;
}

/* Exchange's Calendar, Notes and Files hold no mail; elsewhere they are folders like any other. */
static bool holds_mail(const struct session *session, const struct imap_mailbox_info *info)
{
    if (!info->selectable || info->non_existent)
        return false;
    if (!imap_client_quirks(session->imap)->named_folders)
        return true;
    g_autofree char *top = g_strdup(info->name);
    char *cut = info->delimiter != 0 ? strchr(top, info->delimiter) : NULL;
    if (cut != NULL)
        *cut = '\0';
    return !imap_is_non_mail_name(top);
}

static struct store_remote_mailbox *known_as(GPtrArray *known, const char *raw_name)
{
    for (guint i = 0; i < known->len; i++) {
        struct store_remote_mailbox *mailbox = known->pdata[i];
        if (strcmp(mailbox->raw_name, raw_name) == 0)
            return mailbox;
    }
    return NULL;
}

static bool put_folder(struct session *session, GPtrArray *known,
                       const struct imap_mailbox_info *info, enum mail_role role, GError **error)
{
    struct store_remote_mailbox *old = known_as(known, info->raw_name);
    bool sync = holds_mail(session, info);
    if (old != NULL && old->role_chosen)
        role = old->role;
    if (old != NULL && strcmp(old->name, info->name) == 0 && old->role == role &&
        old->sync == sync && old->selectable == info->selectable &&
        old->subscribed == info->subscribed)
        return true;
    struct store_remote_mailbox *mailbox = g_new0(struct store_remote_mailbox, 1);
    mailbox->id = old != NULL ? old->id : 0;
    mailbox->raw_name = g_strdup(info->raw_name);
    mailbox->name = g_strdup(info->name);
    mailbox->delimiter = info->delimiter;
    mailbox->role = role;
    mailbox->selectable = info->selectable;
    mailbox->subscribed = info->subscribed;
    mailbox->sync = sync;
    bool ok =
        store_sync_mailbox_put(session->manager->config.store, session->account, mailbox, error);
    store_remote_mailbox_free(mailbox);
    return ok;
}

static bool remove_missing(struct session *session, GPtrArray *known, GPtrArray *listed,
                           GError **error)
{
    for (guint i = 0; i < known->len; i++) {
        const struct store_remote_mailbox *mailbox = known->pdata[i];
        bool found = false;
        for (guint k = 0; k < listed->len && !found; k++)
            found = strcmp(((struct imap_mailbox_info *)listed->pdata[k])->raw_name,
                           mailbox->raw_name) == 0;
        if (found)
            continue;
        if (!store_sync_mailbox_remove(session->manager->config.store, session->account,
                                       mailbox->id, error))
            return false;
    }
    return true;
}

static int by_depth(gconstpointer a, gconstpointer b)
{
    const struct imap_mailbox_info *x = *(struct imap_mailbox_info *const *)a;
    const struct imap_mailbox_info *y = *(struct imap_mailbox_info *const *)b;
    return strcmp(x->name, y->name); /* a parent sorts before its children */
}

/* Only a mod-sequence tells that no flag changed. The open folder is asked by SELECT: STATUS need
 * not be fresh for it (RFC 3501, 6.3.10). */
static void note_quiet(struct session *session, const GPtrArray *listed)
{
    g_clear_pointer(&session->quiet, g_hash_table_unref);
    session->quiet = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_clear_pointer(&session->grown, g_array_unref);
    g_clear_pointer(&session->unseen, g_array_unref);
    session->unseen = g_array_new(FALSE, FALSE, sizeof(struct session_unseen));
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < listed->len; i++) {
        struct imap_mailbox_info *info = listed->pdata[i];
        g_hash_table_insert(by_name, info->raw_name, info);
    }
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        const struct imap_mailbox_info *info = g_hash_table_lookup(by_name, mailbox->raw_name);
        if (info == NULL || !info->has_status)
            continue;
        const struct session_unseen unseen = {mailbox->id, info->status.messages,
                                              info->status.uidnext};
        if (mailbox->uidvalidity == 0 && unseen.uidnext != 0)
            g_array_append_val(session->unseen, unseen);
        if (unseen.uidnext > mailbox->uidnext)
            session_list_add(&session->grown, mailbox->id);
        if (info->status.highestmodseq != 0 && mailbox->id != session->open_mailbox &&
            !session_has_news(mailbox, &info->status))
            g_hash_table_add(session->quiet, g_memdup2(&mailbox->id, sizeof mailbox->id));
    }
}

/* The statuses cost no round trip with LIST-STATUS, and save one or two for each folder; where no
 * mod-sequence tells of flags they save them at first only. They tell which folder is another by
 * now, when one of them was found to be. */
static GPtrArray *list(struct session *session, bool first, GError **error)
{
    bool condstore = (imap_client_capabilities(session->imap) & IMAP_CAP_CONDSTORE) != 0;
    return condstore || first || session->must_list ? imap_list_status(session->imap, error)
                                                    : imap_list(session->imap, error);
}

bool session_folders(struct session *session, GError **error)
{
    struct store *store = session->manager->config.store;
    session_progress(session, "folders");
    g_autoptr(GPtrArray) known = store_sync_mailboxes(store, session->account, error);
    g_autoptr(GPtrArray) listed = known != NULL ? list(session, known->len == 0, error) : NULL;
    if (listed == NULL)
        return false;
    if (listed->len == 0 || listed->len > FOLDERS_MAX) {
        /* An empty list from a live mailbox is a server's hiccup; believing it would drop all mail.
         */
        error_set(error, ERROR_PROTOCOL, "the server lists %u folders", listed->len);
        return false;
    }
    if (!session_find_renamed(session, known, listed, error))
        return false;
    apply_namespaces(session, listed);
    g_ptr_array_sort(listed, by_depth);
    unsigned claimed = 0;
    for (guint i = 0; i < listed->len; i++)
        claimed |= 1U << ((struct imap_mailbox_info *)listed->pdata[i])->role;
    /* What a person chose wins over both. */
    unsigned chosen = 0;
    for (guint i = 0; i < known->len; i++) {
        const struct store_remote_mailbox *mailbox = known->pdata[i];
        chosen |= mailbox->role_chosen ? 1U << mailbox->role : 0;
    }
    chosen &= ~(1U << MAIL_ROLE_NONE);
    claimed = (claimed | chosen) & ~(1U << MAIL_ROLE_NONE);
    for (guint i = 0; i < listed->len; i++) {
        const struct imap_mailbox_info *info = listed->pdata[i];
        enum mail_role role = role_of(session, info, claimed);
        if ((chosen & (1U << role)) != 0)
            role = MAIL_ROLE_NONE;
        if (role != MAIL_ROLE_NONE)
            claimed |= 1U << role;
        if (!put_folder(session, known, info, role, error))
            return false;
    }
    if (!remove_missing(session, known, listed, error) || !session_load_mailboxes(session, error))
        return false;
    session_release_held(session);
    note_quiet(session, listed);
    return true;
}

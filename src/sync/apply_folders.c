/* Changes of folders out: strictly in their order, each journalled before it is carried out. After
 * an uncertain end the server's list of folders says whether it was. */
#include "sync/session.h"
#include "sync/steps.h"

#include "base/log.h"

#include <string.h>

#define REFUSALS_MAX 5
#define RETRY_S 30

/* Personal folders are below INBOX on some servers; then new ones must be, too. Where NAMESPACE
 * does not say so, the folders there are do. (transfer full) */
static char *top_prefix(struct session *session, char delimiter)
{
    const char *told = session_own_prefix(session);
    if (told != NULL)
        return g_strdup(told);
    g_autofree char *below = g_strdup_printf("INBOX%c", delimiter);
    bool any = false;
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        if (g_ascii_strcasecmp(mailbox->raw_name, "INBOX") == 0)
            continue;
        if (delimiter == '\0' || !g_str_has_prefix(mailbox->raw_name, below))
            return g_strdup("");
        any = true;
    }
    return any ? g_steal_pointer(&below) : g_strdup("");
}

/* What it shall be called there. (transfer full) */
static char *wanted_name(struct session *session, const struct store_folder_intent *intent)
{
    g_autofree char *level = imap_client_encode_name(session->imap, intent->name);
    if (intent->raw_parent != NULL)
        return g_strdup_printf("%s%c%s", intent->raw_parent, intent->delimiter, level);
    g_autofree char *prefix = top_prefix(session, intent->delimiter);
    return g_strconcat(prefix, level, NULL);
}

static bool is_listed(const GPtrArray *listed, const char *raw_name)
{
    for (guint i = 0; raw_name != NULL && i < listed->len; i++) {
        const struct imap_mailbox_info *info = listed->pdata[i];
        if (!info->non_existent && strcmp(info->raw_name, raw_name) == 0)
            return true;
    }
    return false;
}

/* What an earlier run may have done. */
static bool look(struct session *session, const struct store_folder_intent *intent,
                 const char *wanted, struct out_folder *folder, GError **error)
{
    g_autoptr(GPtrArray) listed = imap_list(session->imap, error);
    if (listed == NULL)
        return false;
    folder->looked = true;
    folder->old_there = is_listed(listed, intent->raw_name);
    folder->new_there = is_listed(listed, wanted);
    return true;
}

/* A folder that is selected cannot be renamed or deleted everywhere. */
static bool leave_folder(struct session *session, GError **error)
{
    if (session->open_mailbox == 0)
        return true;
    session->open_mailbox = 0;
    if ((imap_client_capabilities(session->imap) & IMAP_CAP_UNSELECT) != 0)
        return imap_unselect(session->imap, error);
    struct imap_selected selected;
    return imap_select(session->imap, "INBOX", true, 0, 0, &selected, error);
}

/* What is not shown here (older than the start date, or just arrived) must not go with it. */
static bool holds_nothing_else(struct session *session, const struct store_folder_intent *intent,
                               GError **error)
{
    struct store_remote_mailbox *mailbox = session_mailbox(session, intent->mailbox);
    if (mailbox == NULL || !intent->selectable)
        return true;
    session->open_mailbox = 0;
    if (!session_open(session, mailbox, error))
        return false;
    g_autoptr(GArray) uids = imap_search(session->imap, "UNDELETED", error);
    g_autoptr(GArray) known =
        store_sync_messages(session->manager->config.store, mailbox->id, 1, UINT32_MAX, error);
    if (uids == NULL || known == NULL)
        return false;
    guint k = 0;
    for (guint i = 0; i < uids->len; i++) {
        uint32_t uid = g_array_index(uids, uint32_t, i);
        while (k < known->len && g_array_index(known, struct store_remote_message, k).uid < uid)
            k++;
        if (k < known->len && g_array_index(known, struct store_remote_message, k).uid == uid)
            continue;
        error_set(error, ERROR_FOLDER_NOT_EMPTY, "the folder holds messages that are not here");
        return false;
    }
    return true;
}

static bool delete_folder(struct session *session, const struct store_folder_intent *intent,
                          GError **error)
{
    if (!holds_nothing_else(session, intent, error) || !leave_folder(session, error))
        return false;
    /* Its subscription would outlive it (RFC 3501, 6.3.4); nothing is lost when it does. */
    g_autoptr(GError) ignored = NULL;
    if (!imap_subscribe(session->imap, intent->raw_name, false, &ignored) &&
        !imap_client_is_usable(session->imap)) {
        g_propagate_error(error, g_steal_pointer(&ignored));
        return false;
    }
    return imap_delete(session->imap, intent->raw_name, error);
}

/* Somebody else may have made it meanwhile; one that is known here under this name is another. */
static bool create_folder(struct session *session, const char *wanted, GError **error)
{
    GError *refusal = NULL;
    bool known = false;
    for (guint i = 0; i < session->mailboxes->len; i++) {
        const struct store_remote_mailbox *mailbox = session->mailboxes->pdata[i];
        known = known || strcmp(mailbox->raw_name, wanted) == 0;
    }
    if (imap_create(session->imap, wanted, &refusal))
        return true;
    if (error_is(refusal, ERROR_CONFLICT) && !known) {
        g_error_free(refusal);
        return true;
    }
    g_propagate_error(error, refusal);
    return false;
}

static bool take_step(struct session *session, const struct store_folder_intent *intent,
                      const char *wanted, enum out_folder_step step, struct out_folder *folder,
                      GError **error)
{
    const char *name = wanted != NULL ? wanted : intent->raw_name;
    switch (step) {
    case OUT_FOLDER_LOOK:
        return look(session, intent, wanted, folder, error);
    case OUT_FOLDER_JOURNAL:
        folder->journalled = true;
        return store_folder_begin(session->manager->config.store, intent->id, error);
    case OUT_FOLDER_CREATE:
        return create_folder(session, name, error);
    case OUT_FOLDER_RENAME:
        return leave_folder(session, error) &&
               imap_rename(session->imap, intent->raw_name, name, error);
    case OUT_FOLDER_DELETE:
        return delete_folder(session, intent, error);
    case OUT_FOLDER_SUBSCRIBE:
        folder->subscribed = true;
        return imap_subscribe(session->imap, name, intent->on, error);
    case OUT_FOLDER_DONE:
        break;
    }
    return true;
}

/* A step was refused: somebody else, or our own command on an earlier connection, may just have
 * done it. */
static bool is_done(struct session *session, const struct store_folder_intent *intent,
                    const char *wanted, enum out_folder_step step, const GError *refusal)
{
    struct out_folder now = {.change = intent->change};
    g_autoptr(GError) ignored = NULL;
    if ((step != OUT_FOLDER_RENAME && step != OUT_FOLDER_DELETE) || !out_settles(refusal) ||
        !imap_client_is_usable(session->imap) || !look(session, intent, wanted, &now, &ignored))
        return false;
    return !now.old_there && (step == OUT_FOLDER_DELETE || now.new_there);
}

static bool run_steps(struct session *session, const struct store_folder_intent *intent,
                      const char *wanted, GError **error)
{
    struct out_folder folder = {.change = intent->change, .on = intent->on, .begun = intent->begun};
    for (;;) {
        enum out_folder_step step = out_folder_next(&folder);
        if (step == OUT_FOLDER_DONE)
            return true;
        GError *failure = NULL;
        if (!take_step(session, intent, wanted, step, &folder, &failure)) {
            if (!is_done(session, intent, wanted, step, failure)) {
                g_propagate_error(error, failure);
                return false;
            }
            g_error_free(failure);
        }
        folder.acted = folder.acted || (step >= OUT_FOLDER_CREATE && step <= OUT_FOLDER_DELETE);
    }
}

/* True: settled one way or the other. */
static bool settle_failure(struct session *session, const struct store_folder_intent *intent,
                           GError *failure, GError **error)
{
    struct store *store = session->manager->config.store;
    session->open_mailbox = 0;
    if (!out_settles(failure)) {
        session_doubt(session); /* the server may be at work on it still */
        g_propagate_error(error, failure);
        return false;
    }
    if (session_is_held(session, intent->mailbox)) { /* the folders are listed before */
        g_error_free(failure);
        return true;
    }
    LOG_INFO("sync.folder-change-refused", LOG_INT("account", session->account),
             LOG_INT("mailbox", intent->mailbox), LOG_INT("change", intent->change),
             LOG_ERR(failure));
    SYNC_NOTE(session->manager, session->account, "refused", failure,
              LOG_INT("mailbox", intent->mailbox));
    bool again = error_retry(failure) == ERROR_RETRY_LATER && intent->attempts + 1 < REFUSALS_MAX;
    session->quota_refused = session->quota_refused || error_is(failure, ERROR_OVER_QUOTA);
    bool ok = again ? store_folder_retry(store, intent->id, clock_wall() + RETRY_S, error)
                    : store_folder_refused(store, intent->id, failure, error);
    g_error_free(failure);
    return ok;
}

static bool carry_one(struct session *session, const struct store_folder_intent *intent,
                      GError **error)
{
    GError *failure = NULL;
    bool names = intent->change == STORE_FOLDER_CREATE || intent->change == STORE_FOLDER_RENAME;
    g_autofree char *wanted = names ? wanted_name(session, intent) : NULL;
    if (run_steps(session, intent, wanted, &failure))
        return store_folder_done(session->manager->config.store, intent->id, wanted, error);
    return settle_failure(session, intent, failure, error);
}

bool session_carry_folders(struct session *session, size_t *carried, GError **error)
{
    for (;;) {
        GError *cause = NULL;
        struct store_folder_intent *next =
            store_folder_next(session->manager->config.store, session->account, &cause);
        if (cause != NULL)
            g_propagate_error(error, cause);
        if (next == NULL || session_is_held(session, next->mailbox)) {
            store_folder_intent_free(next);
            return cause == NULL;
        }
        bool ok = session_settle(session, error) &&
                  (session->mailboxes != NULL || session_load_mailboxes(session, error)) &&
                  carry_one(session, next, error) && session_load_mailboxes(session, error);
        store_folder_intent_free(next);
        if (!ok)
            return false;
        ++*carried;
    }
}

/* Intents out: what a person changed here is carried to the server, each step journalled before it
 * is taken. After an uncertain end (the journal says a step was begun) the server is looked at
 * before anything is done again. */
#include "sync/session.h"

#include "base/log.h"

#include <string.h>

#define INTENTS_AT_ONCE 100
#define REFUSALS_MAX 5
#define RETRY_MS 30000

struct carried {
    uint32_t uidvalidity, uid; /* where the message is now, in the target; 0: not told */
};

static bool uid_exists(struct session *session, uint32_t uid, bool *exists, GError **error)
{
    g_autofree char *criteria = g_strdup_printf("UID %u", uid);
    g_autoptr(GArray) found = imap_search(session->imap, criteria, error);
    if (found == NULL)
        return false;
    *exists = found->len > 0;
    return true;
}

static bool open_by_id(struct session *session, int64_t id, GError **error)
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

/* The newest message of the target with this Message-ID; 0: none. Leaves the target open. */
static bool find_in(struct session *session, int64_t target, const char *message_id,
                    struct carried *carried, GError **error)
{
    if (message_id == NULL || !open_by_id(session, target, error))
        return message_id == NULL;
    g_autoptr(GArray) found = imap_search_message_id(session->imap, message_id, error);
    if (found == NULL)
        return false;
    if (found->len > 0) {
        carried->uid = g_array_index(found, uint32_t, found->len - 1);
        carried->uidvalidity = session->selected.uidvalidity;
    }
    return true;
}

static bool carry_flags(struct session *session, const struct store_intent *intent, GError **error)
{
    g_autofree char *set = g_strdup_printf("%u", intent->uid);
    bool adds = intent->add.bits != 0 || intent->add.keywords != NULL;
    bool removes = intent->remove.bits != 0 || intent->remove.keywords != NULL;
    return (!adds || imap_store(session->imap, set, true, &intent->add, 0, NULL, error)) &&
           (!removes || imap_store(session->imap, set, false, &intent->remove, 0, NULL, error));
}

/* Without UIDPLUS an EXPUNGE could take others' \Deleted: the mark alone must do. */
static bool expunge_uid(struct session *session, uint32_t uid, GError **error)
{
    g_autofree char *set = g_strdup_printf("%u", uid);
    struct mail_flags deleted = {.bits = MAIL_DELETED};
    if (!imap_store(session->imap, set, true, &deleted, 0, NULL, error))
        return false;
    if ((imap_client_capabilities(session->imap) & IMAP_CAP_UIDPLUS) == 0)
        return true;
    return imap_expunge(session->imap, set, error);
}

static void take_copied(const struct imap_copied *copied, struct carried *carried)
{
    if (copied->target != NULL && copied->target->len > 0) {
        carried->uidvalidity = copied->uidvalidity;
        carried->uid = g_array_index(copied->target, uint32_t, 0);
    }
}

static bool carry_copy(struct session *session, const struct store_intent *intent,
                       struct carried *carried, GError **error)
{
    g_autofree char *set = g_strdup_printf("%u", intent->uid);
    struct imap_copied copied = {0};
    bool ok = imap_copy(session->imap, set, intent->raw_target, &copied, error);
    if (ok)
        take_copied(&copied, carried);
    imap_copied_clear(&copied);
    return ok;
}

static bool carry_move(struct session *session, const struct store_intent *intent,
                       struct carried *carried, GError **error)
{
    if ((imap_client_capabilities(session->imap) & IMAP_CAP_MOVE) == 0) {
        /* A copy that a crashed run left in the target is taken for ours. */
        bool begun = intent->journal != NULL && strcmp(intent->journal, "copy") == 0;
        if (begun && (!find_in(session, intent->target, intent->message_id, carried, error) ||
                      !open_by_id(session, intent->mailbox, error)))
            return false;
        return (carried->uid != 0 || carry_copy(session, intent, carried, error)) &&
               expunge_uid(session, intent->uid, error);
    }
    g_autofree char *set = g_strdup_printf("%u", intent->uid);
    struct imap_copied copied = {0};
    bool ok = imap_move(session->imap, set, intent->raw_target, &copied, error);
    if (ok)
        take_copied(&copied, carried);
    imap_copied_clear(&copied);
    return ok;
}

static bool carry_append(struct session *session, const struct store_intent *intent,
                         struct carried *carried, GError **error)
{
    if (intent->journal != NULL) {
        if (!find_in(session, intent->target, intent->message_id, carried, error))
            return false;
        if (carried->uid != 0)
            return true;
    }
    g_autoptr(GBytes) raw = store_sync_raw(session->manager->config.store, intent->email, error);
    if (raw == NULL)
        return false;
    if (!imap_append(session->imap, intent->raw_target, &intent->add, intent->received_at, raw,
                     &carried->uidvalidity, &carried->uid, error))
        return false;
    /* Exchange does not keep \Flagged given in APPEND (docs/internals/exchange.md). */
    if ((intent->add.bits & MAIL_FLAGGED) == 0 || carried->uid == 0)
        return true;
    g_autofree char *set = g_strdup_printf("%u", carried->uid);
    struct mail_flags flagged = {.bits = MAIL_FLAGGED};
    return open_by_id(session, intent->target, error) &&
           imap_store(session->imap, set, true, &flagged, 0, NULL, error);
}

/* The message is no longer where the intent left it: moved by the crashed run, or by somebody else
 * meanwhile. Either way there is nothing to do any more; a message that somebody else took away is
 * settled by the next comparison. */
static bool settle_gone(struct session *session, const struct store_intent *intent,
                        struct carried *carried, GError **error)
{
    if (intent->kind == STORE_INTENT_MOVE && intent->journal != NULL)
        return find_in(session, intent->target, intent->message_id, carried, error);
    return true;
}

static bool carry_here(struct session *session, const struct store_intent *intent,
                       struct carried *carried, GError **error)
{
    bool exists = false;
    if (!open_by_id(session, intent->mailbox, error))
        return false;
    if (session->selected.uidvalidity != intent->uidvalidity) {
        error_set(error, ERROR_MESSAGE_GONE, "the folder was renewed");
        return false;
    }
    if (!uid_exists(session, intent->uid, &exists, error))
        return false;
    if (!exists)
        return settle_gone(session, intent, carried, error);
    switch (intent->kind) {
    case STORE_INTENT_FLAGS:
        return carry_flags(session, intent, error);
    case STORE_INTENT_MOVE:
        return carry_move(session, intent, carried, error);
    case STORE_INTENT_COPY:
        if (intent->journal != NULL &&
            !find_in(session, intent->target, intent->message_id, carried, error))
            return false;
        return carried->uid != 0 || (open_by_id(session, intent->mailbox, error) &&
                                     carry_copy(session, intent, carried, error));
    case STORE_INTENT_EXPUNGE:
        return expunge_uid(session, intent->uid, error);
    case STORE_INTENT_APPEND:
        break;
    }
    return true;
}

static const char *journal_word(const struct session *session, const struct store_intent *intent)
{
    bool copies = intent->kind == STORE_INTENT_MOVE &&
                  (imap_client_capabilities(session->imap) & IMAP_CAP_MOVE) == 0;
    return copies ? "copy" : "begun";
}

/* True: settled one way or the other. False: the connection or the account is at fault, *error says
 * how. */
static bool settle_failure(struct session *session, const struct store_intent *intent,
                           GError *failure, GError **error)
{
    struct store *store = session->manager->config.store;
    switch (error_scope(failure)) {
    case ERROR_SCOPE_MESSAGE:
    case ERROR_SCOPE_MAILBOX:
    case ERROR_SCOPE_CALL:
        break;
    default:
        g_propagate_error(error, failure);
        return false;
    }
    LOG_INFO("sync.intent-refused", LOG_INT("account", session->account),
             LOG_INT("intent", intent->id), LOG_INT("kind", intent->kind),
             LOG_INT("attempts", intent->attempts), LOG_ERR(failure));
    session->open_mailbox = 0;
    bool again = error_retry(failure) == ERROR_RETRY_LATER && intent->attempts + 1 < REFUSALS_MAX;
    bool ok = again ? store_intent_retry(store, intent->id, clock_wall() + RETRY_MS / 1000, error)
                    : store_intent_refused(store, intent->id, failure, error);
    g_error_free(failure);
    return ok;
}

/* The counts of a folder that we changed are compared at once. */
static void queue_again(struct session *session, int64_t mailbox)
{
    for (guint i = 0; i < session->queue->len; i++)
        if (g_array_index(session->queue, int64_t, i) == mailbox)
            return;
    if (mailbox != 0)
        g_array_append_val(session->queue, mailbox);
}

/* False without *error: it was superseded meanwhile, and nothing must be done for it. */
static bool begin(struct session *session, const struct store_intent *intent, GError **error)
{
    GError *refusal = NULL;
    if (store_intent_begin(session->manager->config.store, intent->id,
                           journal_word(session, intent), &refusal))
        return true;
    if (error_is(refusal, ERROR_NOT_FOUND))
        g_error_free(refusal);
    else
        g_propagate_error(error, refusal);
    return false;
}

/* A begun step whose message is on its way: its effect is looked for in the target. */
static bool carry_out(struct session *session, const struct store_intent *intent,
                      struct carried *carried, GError **error)
{
    if (intent->kind == STORE_INTENT_APPEND)
        return carry_append(session, intent, carried, error);
    if (intent->uid == 0)
        return find_in(session, intent->target, intent->message_id, carried, error);
    return carry_here(session, intent, carried, error);
}

static bool carry_one(struct session *session, const struct store_intent *intent, GError **error)
{
    struct carried carried = {0};
    GError *failure = NULL;
    if (!begin(session, intent, error))
        return error == NULL || *error == NULL;
    if (!carry_out(session, intent, &carried, &failure))
        return settle_failure(session, intent, failure, error);
    if (intent->kind != STORE_INTENT_FLAGS) {
        queue_again(session, intent->mailbox);
        queue_again(session, intent->target);
    }
    return store_intent_done(session->manager->config.store, intent->id, carried.uidvalidity,
                             carried.uid, error);
}

bool session_carry(struct session *session, GError **error)
{
    struct store *store = session->manager->config.store;
    for (;;) {
        g_autoptr(GPtrArray) intents =
            store_intents(store, session->account, INTENTS_AT_ONCE, error);
        if (intents == NULL)
            return false;
        unsigned carried = 0;
        for (guint i = 0; i < intents->len; i++) {
            const struct store_intent *intent = intents->pdata[i];
            bool waits = intent->uid == 0 && (intent->journal == NULL || intent->target == 0);
            if (intent->kind != STORE_INTENT_APPEND && waits)
                continue; /* not there yet */
            if (cancel_is_triggered(session->cancel) || !carry_one(session, intent, error)) {
                if (error != NULL && *error == NULL)
                    error_set(error, ERROR_CANCELLED, "stopping");
                return false;
            }
            carried++;
        }
        if (carried == 0)
            return true;
    }
}

/* Whether a folder on the server holds the messages that are known of one: where marks alone do not
 * identify it, some messages do. */
#include "sync/session.h"

#include "mime/mime.h"

/* Known messages that are asked for. */
#define SAMPLE 8

struct sample {
    struct session *session;
    int64_t mailbox;
    unsigned alike, others;
    GError *error;
};

static bool take(const struct imap_fetched *fetched, void *arg)
{
    struct sample *sample = arg;
    if (fetched->uid == 0 || fetched->header == NULL || sample->error != NULL)
        return true;
    struct mail_summary *summary = mime_summary_of_header(fetched->header);
    bool same =
        store_sync_message_is(sample->session->manager->config.store, sample->mailbox, fetched->uid,
                              summary, fetched->internal_date, &sample->error);
    mail_summary_free(summary);
    sample->alike += same;
    sample->others += !same;
    return true;
}

/* Known ones, the first and the last among them. (transfer full) or NULL: there are none, or *error
 * is set. */
static char *uids_of(struct session *session, int64_t mailbox, size_t *count, GError **error)
{
    g_autoptr(GArray) known =
        store_sync_messages(session->manager->config.store, mailbox, 1, UINT32_MAX, error);
    uint32_t uids[SAMPLE];
    *count = 0;
    for (guint i = 0; known != NULL && known->len > 0 && i < MIN(SAMPLE, known->len); i++) {
        guint at = known->len <= SAMPLE ? i : i * (known->len - 1) / (SAMPLE - 1);
        const struct store_remote_message *row =
            &g_array_index(known, struct store_remote_message, at);
        if (row->email != 0 && !row->skipped)
            uids[(*count)++] = row->uid;
    }
    return *count > 0 ? imap_uid_set(uids, *count, SIZE_MAX, NULL) : NULL;
}

/* The folder of that name is asked for a sample of what is known of `old`. One that is refused
 * tells nothing. */
static bool ask_sample(struct session *session, const struct store_remote_mailbox *old,
                       const char *raw_name, struct sample *sample, size_t *asked, GError **error)
{
    struct imap_selected selected = {0};
    GError *problem = NULL;
    *sample = (struct sample){.session = session, .mailbox = old->id};
    g_autofree char *set = uids_of(session, old->id, asked, &problem);
    bool ok = true;
    if (set != NULL) {
        session->open_mailbox = session->compared = 0;
        session->strayed = true;
        ok = imap_select(session->imap, raw_name, true, 0, 0, &selected, &problem) &&
             imap_fetch(session->imap, set, IMAP_FETCH_HEADER | IMAP_FETCH_INTERNALDATE, 0, take,
                        sample, &problem);
    }
    if (problem == NULL)
        problem = g_steal_pointer(&sample->error);
    g_clear_error(&sample->error);
    if (!ok || problem != NULL || selected.uidvalidity != old->uidvalidity)
        sample->alike = sample->others = 0;
    bool folder =
        error_scope(problem) == ERROR_SCOPE_MAILBOX || error_scope(problem) == ERROR_SCOPE_MESSAGE;
    if (problem == NULL || (folder && imap_client_is_usable(session->imap))) {
        g_clear_error(&problem);
        return true;
    }
    g_propagate_error(error, problem);
    return false;
}

bool session_holds_messages_of(struct session *session, const struct store_remote_mailbox *old,
                               const char *raw_name, bool *same, GError **error)
{
    struct sample sample;
    size_t asked = 0;
    bool ok = ask_sample(session, old, raw_name, &sample, &asked, error);
    *same = ok && sample.others == 0 && sample.alike > 0 && sample.alike * 2 >= asked;
    return ok;
}

bool session_renew_namesakes(struct session *session, const struct store_remote_mailbox *mailbox,
                             GError **error)
{
    for (guint i = 0; session->mailboxes != NULL && i < session->mailboxes->len; i++) {
        struct store_remote_mailbox *other = session->mailboxes->pdata[i];
        struct sample sample;
        size_t asked = 0;
        if (other->id == mailbox->id || other->uidvalidity != mailbox->uidvalidity ||
            !other->sync || other->gone)
            continue;
        if (!ask_sample(session, other, other->raw_name, &sample, &asked, error))
            return false;
        if (sample.others == 0)
            continue;
        if (!session_renew(session, other, other->uidvalidity, error))
            return false;
        session_queue(session, other->id);
    }
    return true;
}

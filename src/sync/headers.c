/* The headers pass: list properties and threads of what is new in a folder, newest first. */
#include "sync/session.h"

#include "base/clock.h"
#include "mime/mime.h"

#define HEADERS_AT_ONCE 500
#define SET_BYTES 4000

struct headers {
    struct session *session;
    struct store_batch *batch;
    const struct store_remote_mailbox *mailbox;
};

static bool take_header(const struct imap_fetched *fetched, void *arg)
{
    struct headers *headers = arg;
    if (fetched->uid == 0 || fetched->header == NULL)
        return true;
    struct mail_summary *summary = mime_summary_of_header(fetched->header);
    struct store_batch_message message = {
        .mailbox = headers->mailbox->id,
        .uidvalidity = headers->session->selected.uidvalidity,
        .uid = fetched->uid,
        .flags = fetched->flags,
        .received_at = fetched->internal_date != INT64_MIN ? fetched->internal_date : clock_wall(),
        .size = fetched->size,
        .summary = summary,
        .emailid = fetched->emailid,
    };
    store_batch_message(headers->batch, &message);
    mail_summary_free(summary);
    return true;
}

static bool fetch_window(struct headers *headers, const uint32_t *uids, size_t count,
                         GError **error)
{
    struct imap_client *imap = headers->session->imap;
    unsigned what =
        IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_SIZE | IMAP_FETCH_HEADER;
    if ((imap_client_capabilities(imap) & IMAP_CAP_OBJECTID) != 0)
        what |= IMAP_FETCH_EMAILID;
    size_t used = 0;
    for (size_t at = 0; at < count; at += used) {
        g_autofree char *set = imap_uid_set(uids + at, count - at, SET_BYTES, &used);
        if (!imap_fetch(imap, set, what, 0, take_header, headers, error))
            return false;
    }
    return true;
}

bool session_headers(struct session *session, const struct store_remote_mailbox *mailbox,
                     const GArray *fresh, GError **error)
{
    struct headers headers = {session, NULL, mailbox};
    headers.batch = store_batch_new(session->manager->config.store, session->account);
    const uint32_t *uids = (const uint32_t *)fresh->data;
    bool ok = true;
    for (size_t end = fresh->len, first; ok && end > 0; end = first) {
        first = end > HEADERS_AT_ONCE ? end - HEADERS_AT_ONCE : 0;
        ok = fetch_window(&headers, uids + first, end - first, error) &&
             store_batch_commit(headers.batch, STORE_LANE_BULK, NULL, error);
        session_progress(session, "headers");
    }
    store_batch_free(headers.batch);
    return ok;
}

/* The headers pass: list properties and threads of what is new in a folder, newest first. */
#include "sync/session.h"

#include "base/clock.h"
#include "mime/mime.h"

#define FIRST_WINDOW 64 /* what a list shows at first is there at once */
#define WINDOW 1000

struct headers {
    struct session *session;
    struct store_batch *filling, *writing;
    const struct store_remote_mailbox *mailbox;
    GError *error;
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
    store_batch_message(headers->filling, &message);
    mail_summary_free(summary);
    return true;
}

/* Hands over what was gathered, when the window before it is written. The server goes on sending
 * the next ones meanwhile. */
static bool write_on(size_t index, void *arg)
{
    struct headers *headers = arg;
    (void)index;
    bool ok = headers->error == NULL && store_batch_finish(headers->writing, NULL, &headers->error);
    struct store_batch *free_one = headers->writing;
    headers->writing = headers->filling;
    headers->filling = free_one;
    store_batch_start(headers->writing, STORE_LANE_BULK);
    session_progress(headers->session, "headers");
    return ok;
}

/* Windows of uids, the newest first. (transfer full) */
static char **newest_first(const GArray *uids)
{
    GPtrArray *sets = g_ptr_array_new();
    const uint32_t *items = (const uint32_t *)uids->data;
    for (size_t end = uids->len, first; end > 0; end = first) {
        size_t window = end == uids->len ? FIRST_WINDOW : WINDOW;
        first = end > window ? end - window : 0;
        g_ptr_array_add(sets, imap_uid_set(items + first, end - first, SIZE_MAX, NULL));
    }
    g_ptr_array_add(sets, NULL);
    return (char **)g_ptr_array_free(sets, FALSE);
}

bool session_headers(struct session *session, const struct store_remote_mailbox *mailbox,
                     const GArray *fresh, GError **error)
{
    struct store *store = session->manager->config.store;
    struct headers headers = {session, store_batch_new(store, session->account),
                              store_batch_new(store, session->account), mailbox, NULL};
    unsigned what =
        IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_SIZE | IMAP_FETCH_HEADER;
    if ((imap_client_capabilities(session->imap) & IMAP_CAP_OBJECTID) != 0)
        what |= IMAP_FETCH_EMAILID;
    const struct imap_selected *selected = &session->selected;
    store_batch_keeps(headers.filling, selected->permanent_keywords, selected->permanent_bits);
    store_batch_keeps(headers.writing, selected->permanent_keywords, selected->permanent_bits);
    g_auto(GStrv) windows = newest_first(fresh);
    bool ok = imap_fetch_sets(session->imap, (const char *const *)windows, what, take_header,
                              write_on, &headers, error);
    ok = store_batch_finish(headers.writing, NULL, headers.error == NULL ? &headers.error : NULL) &&
         ok;
    store_batch_free(headers.filling);
    store_batch_free(headers.writing);
    if (headers.error == NULL)
        return ok;
    g_clear_error(error);
    g_propagate_error(error, headers.error);
    return false;
}

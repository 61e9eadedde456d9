/* The headers pass: list properties and threads of what is new in a folder, newest first. */
#include "sync/intake.h"
#include "sync/session.h"

#include "base/clock.h"
#include "mime/mime.h"

#define FIRST_WINDOW 64 /* what a list shows at first is there at once */
#define WINDOW 1000

struct headers {
    struct session *session;
    const struct store_remote_mailbox *mailbox;
    GHashTable *missing; /* uid -> itself: asked for, not come yet */
    size_t windows;
    GError *error;
};

unsigned session_header_items(const struct session *session)
{
    bool emailid = (imap_client_capabilities(session->imap) & IMAP_CAP_OBJECTID) != 0;
    return IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_SIZE | IMAP_FETCH_HEADER |
           (emailid ? IMAP_FETCH_EMAILID : 0);
}

bool session_take_header(struct session *session, const struct store_remote_mailbox *mailbox,
                         const struct imap_fetched *fetched)
{
    if (fetched->uid == 0 || fetched->header == NULL)
        return false;
    struct mail_summary *summary = mime_summary_of_header(fetched->header);
    struct store_batch_message message = {
        .mailbox = mailbox->id,
        .uidvalidity = session->selected.uidvalidity,
        .uid = fetched->uid,
        .flags = fetched->flags,
        .received_at = fetched->internal_date != INT64_MIN ? fetched->internal_date : clock_wall(),
        .size = fetched->size,
        .summary = summary,
        .emailid = fetched->emailid,
    };
    store_batch_message(session_batch(session, mailbox), &message);
    mail_summary_free(summary);
    return true;
}

static bool take_header(const struct imap_fetched *fetched, void *arg)
{
    struct headers *headers = arg;
    if (session_take_header(headers->session, headers->mailbox, fetched))
        g_hash_table_remove(headers->missing, GUINT_TO_POINTER(fetched->uid));
    return true;
}

/* The server goes on sending the next window while one is written. What is little waits for the
 * rest of the pass, unless it is the first that is seen of the folder. */
static bool write_on(size_t index, void *arg)
{
    struct headers *headers = arg;
    if (index + 1 == headers->windows && headers->mailbox->headers_done)
        return true;
    return intake_hand_over(session_intake(headers->session), &headers->error);
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

static GArray *those_missing(const GArray *fresh, GHashTable *missing)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < fresh->len; i++) {
        uint32_t uid = g_array_index(fresh, uint32_t, i);
        if (g_hash_table_contains(missing, GUINT_TO_POINTER(uid)))
            g_array_append_val(uids, uid);
    }
    return uids;
}

bool session_headers(struct session *session, const struct store_remote_mailbox *mailbox,
                     const GArray *fresh, GArray **unheard, GError **error)
{
    g_autoptr(GHashTable) missing = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < fresh->len; i++)
        g_hash_table_add(missing, GUINT_TO_POINTER(g_array_index(fresh, uint32_t, i)));
    g_auto(GStrv) windows = newest_first(fresh);
    struct headers headers = {session, mailbox, missing, g_strv_length(windows), NULL};
    bool ok =
        imap_fetch_sets(session->imap, (const char *const *)windows, session_header_items(session),
                        take_header, write_on, &headers, error);
    *unheard = NULL;
    if (headers.error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, headers.error);
        return false;
    }
    if (ok)
        *unheard = those_missing(fresh, missing);
    return ok;
}

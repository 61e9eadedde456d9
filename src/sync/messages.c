/* Raw messages of the pending ones: the wanted first, then the newest. */
#include "sync/session.h"

#include "base/log.h"
#include "mime/mime.h"
#include "text/text.h"

#include <string.h>

#define PENDING_AT_ONCE 200 /* asked for in one step: opening a mail waits for it at most */
#define PENDING_WINDOW 1000 /* of the newest: those of one mailbox among them go together */
#define BATCH_BYTES (8 * 1024 * 1024)
#define INDEX_TEXT_MAX (1024 * 1024)
#define INDEX_WORDS_MAX 200000
#define DEADLY_RUNS 2
#define SET_BYTES 4000

static char *address_words(const struct mail_addresses *addresses)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < addresses->count; i++)
        g_string_append_printf(text, "%s %s\n",
                               addresses->items[i].name != NULL ? addresses->items[i].name : "",
                               addresses->items[i].email != NULL ? addresses->items[i].email : "");
    return text_index_words(text->str, (gssize)text->len, INDEX_WORDS_MAX);
}

void sync_parse(GBytes *raw, struct sync_parsed *parsed)
{
    struct mime_mail *mail = mime_parse(raw);
    parsed->summary = mime_summary(mail);
    g_autofree char *quoted = NULL;
    g_autofree char *body = mime_plain_text(mail, INDEX_TEXT_MAX, &quoted);
    g_autofree char *names = mime_attachment_names(mail);
    const struct mail_summary *summary = parsed->summary;
    parsed->index = (struct store_index){
        .subject =
            text_index_words(summary->subject != NULL ? summary->subject : "", -1, INDEX_WORDS_MAX),
        .from = address_words(&summary->from),
        .to = address_words(&summary->to),
        .cc = address_words(&summary->cc),
        .bcc = address_words(&summary->bcc),
        .body = text_index_words(body, -1, INDEX_WORDS_MAX),
        .quoted = quoted != NULL ? text_index_words(quoted, -1, INDEX_WORDS_MAX) : NULL,
        .filenames = text_index_words(names, -1, INDEX_WORDS_MAX),
    };
    mime_mail_free(mail);
}

void sync_parsed_clear(struct sync_parsed *parsed)
{
    g_clear_pointer(&parsed->summary, mail_summary_free);
    store_index_clear(&parsed->index);
}

struct taking {
    struct session *session;
    struct store_batch *batch;
    const struct store_remote_mailbox *mailbox;
    GHashTable *missing; /* uid -> itself: asked for, not come yet */
    bool interactive;
    unsigned settled; /* kept, skipped or gone: pending no longer */
    GError *error;
};

static bool commit(struct taking *taking)
{
    struct store_batch_result result = {0};
    return store_batch_commit(taking->batch,
                              taking->interactive ? STORE_LANE_INTERACTIVE : STORE_LANE_BULK,
                              &result, &taking->error);
}

/* Exchange hands this out in place of an item it cannot convert (docs/internals/exchange.md). */
static bool is_substitute(const struct mail_summary *summary)
{
    return summary->subject != NULL &&
           g_str_has_prefix(summary->subject,
                            "Retrieval using the IMAP4 protocol failed for the following message");
}

static void add_message(struct taking *taking, const struct imap_fetched *fetched)
{
    struct session *session = taking->session;
    struct store *store = session->manager->config.store;
    int64_t mailbox = taking->mailbox->id;
    uint32_t validity = session->selected.uidvalidity;
    struct sync_parsed parsed = {0};
    bool deadly = store_parse_begin(store, mailbox, validity, fetched->uid) >= DEADLY_RUNS;
    if (deadly)
        parsed.summary = mail_summary_new();
    else
        sync_parse(fetched->body, &parsed);
    store_parse_end(store, mailbox, validity, fetched->uid);

    struct mail_flags flags = {0};
    mail_flags_copy(&flags, &fetched->flags);
    session_keep_unsupported(session, mailbox, fetched->uid, NULL, &flags);
    if (is_substitute(parsed.summary)) {
        store_batch_skipped(taking->batch, mailbox, validity, fetched->uid,
                            "the server cannot convert this item");
    } else {
        struct store_batch_message message = {
            .mailbox = mailbox,
            .uidvalidity = validity,
            .uid = fetched->uid,
            .flags = flags,
            .received_at =
                fetched->internal_date != INT64_MIN ? fetched->internal_date : clock_wall(),
            .size = g_bytes_get_size(fetched->body),
            .summary = parsed.summary,
            .emailid = fetched->emailid,
            .raw = fetched->body,
            .index = &parsed.index,
            .unreadable = deadly,
        };
        store_batch_message(taking->batch, &message);
    }
    mail_flags_clear(&flags);
    sync_parsed_clear(&parsed);
}

static bool take_message(const struct imap_fetched *fetched, void *arg)
{
    struct taking *taking = arg;
    struct session *session = taking->session;
    if (fetched->uid == 0 ||
        !g_hash_table_contains(taking->missing, GUINT_TO_POINTER(fetched->uid)))
        return true;
    if (fetched->body_too_large) {
        g_hash_table_remove(taking->missing, GUINT_TO_POINTER(fetched->uid));
        taking->settled++;
        store_batch_skipped(taking->batch, taking->mailbox->id, session->selected.uidvalidity,
                            fetched->uid, "larger than Postroom takes");
    } else if (fetched->body != NULL) {
        g_hash_table_remove(taking->missing, GUINT_TO_POINTER(fetched->uid));
        taking->settled++;
        add_message(taking, fetched);
        uint64_t size = g_bytes_get_size(fetched->body);
        session->working.fetched++;
        session->working.bytes += size;
        session->rate_bytes += size;
    }
    if (store_batch_bytes(taking->batch) < BATCH_BYTES)
        return true;
    bool ok = commit(taking);
    session_progress(session, "messages");
    return ok;
}

/* What was asked for twice and did not come, although the server still lists it, is named and left
 * (docs/internals/exchange.md). */
static bool settle_missing(struct taking *taking, GError **error)
{
    struct session *session = taking->session;
    if (g_hash_table_size(taking->missing) == 0)
        return true;
    g_autoptr(GArray) scope = session_scope(session, error);
    if (scope == NULL)
        return false;
    taking->settled += g_hash_table_size(taking->missing);
    for (guint i = 0; i < scope->len; i++) {
        uint32_t uid = g_array_index(scope, uint32_t, i);
        if (g_hash_table_remove(taking->missing, GUINT_TO_POINTER(uid)))
            store_batch_skipped(taking->batch, taking->mailbox->id, session->selected.uidvalidity,
                                uid, "the server gave no data");
    }
    GHashTableIter iter;
    gpointer uid;
    g_hash_table_iter_init(&iter, taking->missing);
    while (g_hash_table_iter_next(&iter, &uid, NULL)) {
        store_batch_vanished(taking->batch, taking->mailbox->id, GPOINTER_TO_UINT(uid));
        session->orphans = true;
    }
    return true;
}

static bool fetch_uids(struct taking *taking, GArray *uids, GError **error)
{
    unsigned what = IMAP_FETCH_FLAGS | IMAP_FETCH_INTERNALDATE | IMAP_FETCH_BODY;
    size_t used = 0;
    for (size_t at = 0; at < uids->len; at += used) {
        g_autofree char *set =
            imap_uid_set(&g_array_index(uids, uint32_t, at), uids->len - at, SET_BYTES, &used);
        if (imap_fetch(taking->session->imap, set, what, 0, take_message, taking, error))
            continue;
        if (taking->error != NULL) {
            g_clear_error(error);
            g_propagate_error(error, g_steal_pointer(&taking->error));
        }
        return false;
    }
    return true;
}

static GArray *uids_of(GHashTable *missing)
{
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, missing);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint32_t uid = GPOINTER_TO_UINT(key);
        g_array_append_val(uids, uid);
    }
    return uids;
}

static int uid_order(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Adds to *settled how many of them are pending no longer. */
static bool fetch_of_mailbox(struct session *session, int64_t id, GArray *uids, bool interactive,
                             unsigned *settled, GError **error)
{
    struct store_remote_mailbox *mailbox = session_mailbox(session, id);
    if (mailbox == NULL)
        return true;
    if (!session_open(session, mailbox, error))
        return false;
    struct taking taking = {
        .session = session,
        .batch = store_batch_new(session->manager->config.store, session->account),
        .mailbox = mailbox,
        .missing = g_hash_table_new(g_direct_hash, g_direct_equal),
        .interactive = interactive,
    };
    for (guint i = 0; i < uids->len; i++)
        g_hash_table_add(taking.missing, GUINT_TO_POINTER(g_array_index(uids, uint32_t, i)));
    g_array_sort(uids, uid_order);
    bool ok = fetch_uids(&taking, uids, error);
    if (ok && g_hash_table_size(taking.missing) > 0) {
        g_autoptr(GArray) again = uids_of(taking.missing);
        g_array_sort(again, uid_order);
        ok = fetch_uids(&taking, again, error) && settle_missing(&taking, error);
    }
    /* What came before a failure is kept. */
    if (!commit(&taking) && ok) {
        g_propagate_error(error, g_steal_pointer(&taking.error));
        ok = false;
    }
    *settled += taking.settled;
    g_clear_error(&taking.error);
    store_batch_free(taking.batch);
    g_hash_table_unref(taking.missing);
    return ok;
}

/* Of the pending from `first` on, those in its mailbox. */
static GArray *of_same_mailbox(const GArray *pending, guint first, bool wanted_only)
{
    const struct store_pending *items = (const struct store_pending *)pending->data;
    GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = first; i < pending->len && uids->len < PENDING_AT_ONCE; i++)
        if (items[i].mailbox == items[first].mailbox && (!wanted_only || items[i].wanted))
            g_array_append_val(uids, items[i].uid);
    return uids;
}

/* The newest of all lie in many mailboxes. Each step opens few of them and commits seldom: two
 * hundred messages of one mailbox rather than fifty of each of four. */
bool session_messages(struct session *session, bool wanted_only, bool *more, GError **error)
{
    struct store *store = session->manager->config.store;
    *more = false;
    g_autoptr(GArray) pending = store_sync_pending(store, session->account, PENDING_WINDOW, error);
    if (pending == NULL)
        return false;
    const struct store_pending *items = (const struct store_pending *)pending->data;
    bool ok = session->mailboxes != NULL || session_load_mailboxes(session, error);
    g_autoptr(GHashTable) done = g_hash_table_new(g_int64_hash, g_int64_equal);
    unsigned asked = 0, settled = 0;
    for (guint i = 0; ok && i < pending->len && asked < PENDING_AT_ONCE / 2; i++) {
        if ((wanted_only && !items[i].wanted) ||
            !g_hash_table_add(done, &g_array_index(pending, struct store_pending, i).mailbox))
            continue;
        g_autoptr(GArray) uids = of_same_mailbox(pending, i, wanted_only);
        ok = fetch_of_mailbox(session, items[i].mailbox, uids, wanted_only, &settled, error);
        asked += uids->len;
    }
    /* Without headway there is no more for now: what could not be had waits for the next pass. */
    *more = asked < pending->len && settled > 0;
    if (ok)
        session_progress(session, "messages");
    return ok;
}

#include "sync/intake.h"

#include "base/clock.h"
#include "imap/client.h"
#include "mime/mime.h"
#include "mime/readable.h"
#include "sync/parsers.h"
#include "sync/sync.h"
#include "text/text.h"

#include <pthread.h>

#define BATCH_BYTES (8 * 1024 * 1024)
#define BATCH_MESSAGES 800
#define COMMIT_BYTES (32 * 1024) /* worth a commit of its own while the server is waited for */
#define INDEX_TEXT_MAX (1024 * 1024)
#define INDEX_WORDS_MAX 200000
#define DEADLY_RUNS 2

/* --- parsing, in any thread */

static void index_mail(struct mime_mail *mail, const struct mail_summary *summary,
                       struct store_index *index)
{
    g_autofree char *quoted = NULL;
    g_autofree char *body = mime_plain_text(mail, INDEX_TEXT_MAX, &quoted);
    g_autofree char *other = mime_passed_over_text(mail, INDEX_TEXT_MAX);
    g_autofree char *names = mime_file_names(mail);
    *index = (struct store_index){
        .body = text_index_words(body, -1, INDEX_WORDS_MAX),
        .quoted = quoted != NULL ? text_index_words(quoted, -1, INDEX_WORDS_MAX) : NULL,
        .other = text_index_words(other, -1, INDEX_WORDS_MAX),
        .filenames = text_index_words(names, -1, INDEX_WORDS_MAX),
    };
    store_index_headers(summary, index);
}

void sync_parse(GBytes *raw, struct sync_parsed *parsed)
{
    struct mime_mail *mail = mime_parse(raw);
    parsed->summary = mime_summary(mail);
    parsed->report = mime_report(mail);
    parsed->answer_to = mime_answer_to(mail);
    index_mail(mail, parsed->summary, &parsed->index);
    parsed->unread = mime_has_readable(mail);
    mime_mail_free(mail);
}

void sync_read_words(GBytes *raw, struct store_index *index)
{
    struct mime_mail *mail = mime_parse(raw);
    struct mail_summary *summary = mime_summary(mail);
    index_mail(mail, summary, index);
    index->unread = mime_has_readable(mail);
    mail_summary_free(summary);
    mime_mail_free(mail);
}

void sync_parsed_clear(struct sync_parsed *parsed)
{
    g_clear_pointer(&parsed->summary, mail_summary_free);
    store_index_clear(&parsed->index);
    g_clear_pointer(&parsed->report, mail_report_free);
    g_clear_pointer(&parsed->answer_to, g_free);
}

/* Several messages are parsed at once, and a crash may blame them all. Those that were there once
 * are parsed alone: only the one that kills is there twice (SECURITY.md 9). */
static pthread_rwlock_t suspects = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

/* False: two earlier runs died in it. */
static bool parse_guarded(struct store *store, int64_t mailbox, uint32_t uidvalidity, uint32_t uid,
                          GBytes *raw, struct sync_parsed *parsed)
{
    pthread_rwlock_rdlock(&suspects);
    if (store_parse_deaths(store, mailbox, uidvalidity, uid) > 0) {
        pthread_rwlock_unlock(&suspects);
        pthread_rwlock_wrlock(&suspects);
    }
    bool deadly = store_parse_begin(store, mailbox, uidvalidity, uid) >= DEADLY_RUNS;
    if (deadly)
        parsed->summary = mail_summary_new();
    else
        sync_parse(raw, parsed);
    store_parse_end(store, mailbox, uidvalidity, uid);
    pthread_rwlock_unlock(&suspects);
    return !deadly;
}

/* Exchange hands this out in place of an item it cannot convert (docs/internals/exchange.md). */
static bool is_substitute(const struct mail_summary *summary)
{
    return summary->subject != NULL &&
           g_str_has_prefix(summary->subject,
                            "Retrieval using the IMAP4 protocol failed for the following message");
}

/* --- one message's way */

struct item {
    struct intake *intake;
    struct store_batch_message message; /* raw, emailid and flags owned */
    struct batch_op *prepared;          /* NULL: a substitute */
    bool keywords;                      /* the mailbox keeps them, and these flags */
    uint32_t permanent_bits;
    struct item *next;
};

struct intake {
    struct store *store;
    struct parsers *parsers;
    enum store_lane lane;
    intake_written_fn *written;
    void *arg;
    int64_t account;
    struct store_batch *filling, *writing;
    unsigned gathered; /* messages in `filling` */
    bool dirty;        /* something was given since the last drain */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item *done;   /* parsed, not gathered */
    unsigned on_its_way; /* given, not parsed */
};

struct intake *intake_new(struct store *store, struct parsers *parsers, int64_t account,
                          enum store_lane lane, intake_written_fn *written, void *arg)
{
    struct intake *intake = g_new0(struct intake, 1);
    intake->store = store;
    intake->parsers = parsers;
    intake->lane = lane;
    intake->written = written;
    intake->arg = arg;
    intake->account = account;
    intake->filling = store_batch_new(store, account);
    intake->writing = store_batch_new(store, account);
    pthread_mutex_init(&intake->lock, NULL);
    pthread_cond_init(&intake->changed, NULL);
    return intake;
}

void intake_free(struct intake *intake)
{
    if (intake == NULL)
        return;
    intake_drain(intake, NULL);
    store_batch_free(intake->filling);
    store_batch_free(intake->writing);
    pthread_cond_destroy(&intake->changed);
    pthread_mutex_destroy(&intake->lock);
    g_free(intake);
}

static void parse_item(void *arg)
{
    struct item *item = arg;
    struct intake *intake = item->intake;
    struct store_batch_message *message = &item->message;
    struct sync_parsed parsed = {0};
    message->unreadable = !parse_guarded(intake->store, message->mailbox, message->uidvalidity,
                                         message->uid, message->raw, &parsed);
    message->summary = parsed.summary;
    message->index = &parsed.index;
    message->report = parsed.report;
    message->answer_to = parsed.answer_to;
    message->unread = parsed.unread;
    if (!is_substitute(parsed.summary))
        item->prepared = store_batch_prepare(intake->store, intake->account, message);
    message->summary = NULL;
    message->index = NULL;
    message->report = NULL;
    message->answer_to = NULL;
    sync_parsed_clear(&parsed);
    pthread_mutex_lock(&intake->lock);
    item->next = intake->done;
    intake->done = item;
    intake->on_its_way--;
    pthread_cond_signal(&intake->changed);
    pthread_mutex_unlock(&intake->lock);
}

static void gather(struct intake *intake, struct item *items)
{
    for (struct item *item = items, *next; item != NULL; item = next) {
        next = item->next;
        const struct store_batch_message *message = &item->message;
        store_batch_keeps(intake->filling, message->mailbox, item->keywords, item->permanent_bits);
        if (item->prepared != NULL)
            store_batch_add(intake->filling, item->prepared);
        else
            store_batch_skipped(intake->filling, message->mailbox, message->uidvalidity,
                                message->uid, "the server cannot convert this item");
        intake->gathered++;
        g_bytes_unref(item->message.raw);
        mail_flags_clear(&item->message.flags);
        g_free((void *)(uintptr_t)message->emailid);
        g_free(item);
    }
}

static struct item *take_done(struct intake *intake, bool all)
{
    pthread_mutex_lock(&intake->lock);
    while (all && intake->on_its_way > 0)
        pthread_cond_wait(&intake->changed, &intake->lock);
    struct item *items = intake->done;
    intake->done = NULL;
    pthread_mutex_unlock(&intake->lock);
    return items;
}

static bool finish_writing(struct intake *intake, GError **error)
{
    struct store_batch_result result = {0};
    bool any = store_batch_bytes(intake->writing) > 0;
    if (!store_batch_finish(intake->writing, &result, error)) {
        store_batch_free(intake->filling);
        intake->filling = store_batch_new(intake->store, intake->account);
        intake->gathered = 0;
        return false;
    }
    if (any && intake->written != NULL)
        intake->written(&result, intake->arg);
    return true;
}

bool intake_hand_over(struct intake *intake, GError **error)
{
    if (!finish_writing(intake, error))
        return false;
    struct store_batch *free_one = intake->writing;
    intake->writing = intake->filling;
    intake->filling = free_one;
    intake->gathered = 0;
    store_batch_start(intake->writing, intake->lane);
    return true;
}

static bool is_much(const struct intake *intake)
{
    return store_batch_bytes(intake->filling) >= BATCH_BYTES || intake->gathered >= BATCH_MESSAGES;
}

bool intake_offer(struct intake *intake, GError **error)
{
    bool worth = store_batch_bytes(intake->filling) >= COMMIT_BYTES &&
                 !store_batch_is_under_way(intake->writing);
    return (!worth && !is_much(intake)) || intake_hand_over(intake, error);
}

bool intake_message(struct intake *intake, int64_t mailbox, const struct imap_selected *selected,
                    const struct imap_fetched *fetched, GError **error)
{
    gather(intake, take_done(intake, false));
    if (is_much(intake) && !intake_hand_over(intake, error))
        return false;
    intake->dirty = true;
    struct item *item = g_new0(struct item, 1);
    item->intake = intake;
    item->keywords = selected->permanent_keywords;
    item->permanent_bits = selected->permanent_bits;
    item->message = (struct store_batch_message){
        .mailbox = mailbox,
        .uidvalidity = selected->uidvalidity,
        .uid = fetched->uid,
        .received_at = fetched->internal_date != INT64_MIN ? fetched->internal_date : clock_wall(),
        .size = g_bytes_get_size(fetched->body),
        .emailid = g_strdup(fetched->emailid),
        .raw = g_bytes_ref(fetched->body),
    };
    mail_flags_copy(&item->message.flags, &fetched->flags);
    pthread_mutex_lock(&intake->lock);
    intake->on_its_way++;
    pthread_mutex_unlock(&intake->lock);
    parsers_run(intake->parsers, g_bytes_get_size(fetched->body), parse_item, item);
    return true;
}

struct store_batch *intake_batch(struct intake *intake)
{
    intake->dirty = true;
    return intake->filling;
}

bool intake_is_empty(const struct intake *intake)
{
    return !intake->dirty;
}

bool intake_drain(struct intake *intake, GError **error)
{
    if (!intake->dirty)
        return true;
    gather(intake, take_done(intake, true));
    intake->dirty = false;
    return intake_hand_over(intake, error) && finish_writing(intake, error);
}

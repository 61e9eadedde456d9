/* Emails whose words are not in the index, although their messages are here, are indexed from what
 * is kept: all of them after an update that breaks words, reads messages or writes terms otherwise
 * (meta.index_version), those of a table that had to be emptied (fts_start_anew). Which these are
 * stands in the rows of the emails, so a slice that was not written is done after the next start.
 */
#include "store/sqlite/emails.h"
#include "store/sqlite/fts.h"
#include "store/sqlite/reading.h"

#include "base/log.h"
#include "text/text.h"

/* Emails read, then written in one transaction. */
#define SLICE 100

struct reindexer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping, wanted; /* under lock */
};

/* --- an index made in another way */

static char *current_version(void)
{
    return g_strdup_printf("%d, text %s", TERMS_VERSION, text_version());
}

/* What was found in attachments is kept as words: those that were broken otherwise are no longer
 * what is looked for, so the attachments are read anew, as their emails are indexed. */
static bool forget_other_words(struct tx *tx, GError **error)
{
    g_autofree char *text = g_strdup_printf(", text %s", text_version());
    GError *cause = NULL;
    bool same = DB_NUMBER(tx->db, &cause, 0,
                          "SELECT 1 FROM meta WHERE substr(index_version, instr(index_version,"
                          " ',')) = ?",
                          T(text)) == 1;
    if (cause == NULL && !same &&
        DB_RUN(tx->db, &cause, "DELETE FROM words WHERE email <> ?", I(0)))
        DB_RUN(tx->db, &cause, "DELETE FROM attachment WHERE email <> ?", I(0));
    return error_settle(error, cause);
}

static GArray *tables(struct tx *tx, GError **error)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int64_t i = 0; i < FTS_TABLES; i++) {
        g_autofree char *name = g_strdup_printf("terms_%d", (int)i);
        if (DB_NUMBER(tx->db, error, 0, "SELECT 1 FROM sqlite_schema WHERE name = ?", T(name)) == 1)
            g_array_append_val(numbers, i);
    }
    return numbers;
}

static bool start_anew(struct tx *tx, void *arg, GError **error)
{
    const char *version = arg;
    GError *cause = NULL;
    g_autoptr(GArray) numbers = tables(tx, &cause);
    for (guint i = 0; i < numbers->len && cause == NULL; i++)
        fts_make_anew(tx, g_array_index(numbers, int64_t, i), &cause);
    if (cause == NULL && forget_other_words(tx, &cause) &&
        DB_RUN(tx->db, &cause, "UPDATE email SET indexed = 0 WHERE indexed <> ?", I(0)))
        DB_RUN(tx->db, &cause, "UPDATE meta SET index_version = ?", T(version));
    return error_settle(error, cause);
}

bool reindex_prepare(struct store *store, GError **error)
{
    g_autofree char *version = current_version();
    GError *cause = NULL;
    bool same = DB_NUMBER(&store->main, &cause, 0, "SELECT 1 FROM meta WHERE index_version = ?",
                          T(version)) == 1;
    if (cause == NULL)
        return same || store_write(store, STORE_LANE_BULK, start_anew, version, error);
    g_propagate_error(error, cause);
    return false;
}

/* --- slices */

struct item {
    int64_t account, ord;
    struct reading reading;
    struct terms terms;
    bool deadly, settled; /* settled: that it is deadly is written */
    bool shown, unread;   /* unread: it has attachments that may be read */
};

struct slice {
    struct store *store;
    GArray *items; /* struct item, ascending by account and ord */
};

static void clear_item(gpointer item)
{
    terms_clear(&((struct item *)item)->terms);
}

static int compare_items(gconstpointer left, gconstpointer right)
{
    const struct item *a = left, *b = right;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    return a->ord < b->ord ? -1 : a->ord > b->ord;
}

/* The newest of some account. As a write: it sees what the transaction did that woke us. */
static bool find(struct tx *tx, void *arg, GError **error)
{
    struct slice *slice = arg;
    GError *cause = NULL;
    g_array_set_size(slice->items, 0);
    sqlite3_stmt *row =
        DB_QUERY(tx->db, &cause,
                 "SELECT email.id, email.account, ord, blob, email.state, thread > 0 FROM email"
                 " INDEXED BY email_unindexed JOIN account ON account.id = email.account WHERE "
                 "indexed = 0 AND"
                 " email.state <> 0 AND removing = 0 ORDER BY email.account DESC, ord DESC LIMIT ?",
                 I(SLICE));
    while (db_step(tx->db, row, &cause)) {
        const struct item item = {.reading = {db_int(row, 0), db_int(row, 3),
                                              (enum store_email_state)db_int(row, 4)},
                                  .account = db_int(row, 1),
                                  .ord = db_int(row, 2),
                                  .shown = db_int(row, 5) != 0};
        g_array_append_val(slice->items, item);
    }
    g_array_sort(slice->items, compare_items);
    return error_settle(error, cause);
}

/* One in which the program died twice is left unread for good. */
static bool write_item(struct tx *tx, struct item *item, GError **error)
{
    bool fresh = false;
    if (!fts_mark(tx, item->reading.email, &item->terms, &fresh, error))
        return false;
    item->settled = item->deadly && fresh;
    if (!fresh)
        return true;
    return (!item->deadly || DB_RUN(tx->db, error, "UPDATE email SET state = ? WHERE id = ?",
                                    I(STORE_EMAIL_UNREADABLE), I(item->reading.email))) &&
           (!item->shown || !item->unread ||
            attachments_queue(tx, item->account, item->reading.email, item->ord, error)) &&
           fts_append_kept(tx, item->reading.email, &item->terms, error) &&
           fts_index(tx, item->account, item->ord, &item->terms, error);
}

static bool write_slice(struct tx *tx, void *arg, GError **error)
{
    struct slice *slice = arg;
    for (guint i = 0; i < slice->items->len; i++) {
        struct item *item = &g_array_index(slice->items, struct item, i);
        /* An account that is being removed has lost its words already. */
        bool stays = DB_NUMBER(tx->db, NULL, 0, "SELECT removing = 0 FROM account WHERE id = ?",
                               I(item->account)) == 1;
        if (stays && !write_item(tx, item, error))
            return false;
    }
    return true;
}

static bool is_stopping(struct reindexer *reindexer)
{
    pthread_mutex_lock(&reindexer->lock);
    bool stopping = reindexer->stopping;
    pthread_mutex_unlock(&reindexer->lock);
    return stopping;
}

static bool read_slice(struct slice *slice, GError **error)
{
    for (guint i = 0; i < slice->items->len; i++) {
        struct item *item = &g_array_index(slice->items, struct item, i);
        struct reader *reader =
            is_stopping(slice->store->reindexer) ? NULL : reader_begin(slice->store, error);
        if (reader == NULL)
            return false;
        struct store_index index;
        item->deadly =
            !reading_words(slice->store, &reader->main, &reader->blobs, &item->reading, &index);
        item->unread = index.unread;
        terms_make(item->account, &index, &item->terms);
        store_index_clear(&index);
        reader_end(slice->store, reader);
    }
    return true;
}

static bool write_down(struct slice *slice, GError **error)
{
    if (!store_write(slice->store, STORE_LANE_BULK, write_slice, slice, error))
        return false;
    for (guint i = 0; i < slice->items->len; i++) {
        const struct item *item = &g_array_index(slice->items, struct item, i);
        if (item->settled)
            reading_settled(slice->store, item->reading.email);
    }
    return true;
}

/* All there are, unless it is to stop. */
static void run(struct store *store)
{
    g_autoptr(GError) error = NULL;
    struct slice slice = {store, g_array_new(FALSE, FALSE, sizeof(struct item))};
    g_array_set_clear_func(slice.items, clear_item);
    bool more = true;
    while (more && store_write(store, STORE_LANE_BULK, find, &slice, &error))
        more = slice.items->len > 0 && read_slice(&slice, &error) && write_down(&slice, &error);
    g_array_unref(slice.items);
    if (error != NULL && !error_is(error, ERROR_CANCELLED))
        LOG_WARN("index.not-rebuilt", LOG_ERR(error));
}

static void *reindexer_main(void *arg)
{
    struct store *store = arg;
    struct reindexer *reindexer = store->reindexer;
    pthread_setname_np(pthread_self(), "reindex");
    pthread_mutex_lock(&reindexer->lock);
    while (!reindexer->stopping) {
        if (!reindexer->wanted) {
            pthread_cond_wait(&reindexer->wake, &reindexer->lock);
            continue;
        }
        reindexer->wanted = false;
        pthread_mutex_unlock(&reindexer->lock);
        run(store);
        pthread_mutex_lock(&reindexer->lock);
    }
    pthread_mutex_unlock(&reindexer->lock);
    return NULL;
}

/* --- the thread */

/* Before the writer has anything to do. */
static bool any_unindexed(struct store *store)
{
    return db_number(&store->main,
                     "SELECT EXISTS(SELECT 1 FROM email INDEXED BY email_unindexed WHERE indexed ="
                     " 0 AND state <> 0)",
                     NULL, 0, 1, NULL) != 0;
}

bool reindex_start(struct store *store, GError **error)
{
    pthread_attr_t attributes;
    if (store->read_words == NULL)
        return true;
    struct reindexer *reindexer = store->reindexer = g_new0(struct reindexer, 1);
    reindexer->wanted = any_unindexed(store);
    pthread_mutex_init(&reindexer->lock, NULL);
    pthread_cond_init(&reindexer->wake, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)1024 * 1024);
    int code = pthread_create(&reindexer->thread, &attributes, reindexer_main, store);
    pthread_attr_destroy(&attributes);
    if (code == 0)
        return true;
    error_set(error, ERROR_INTERNAL, "cannot start a thread for the word index: %s",
              g_strerror(code));
    g_clear_pointer(&store->reindexer, g_free);
    return false;
}

void reindex_stop(struct store *store)
{
    struct reindexer *reindexer = store->reindexer;
    if (reindexer == NULL)
        return;
    pthread_mutex_lock(&reindexer->lock);
    reindexer->stopping = true;
    pthread_cond_signal(&reindexer->wake);
    pthread_mutex_unlock(&reindexer->lock);
    pthread_join(reindexer->thread, NULL);
}

void reindex_free(struct store *store)
{
    struct reindexer *reindexer = store->reindexer;
    if (reindexer == NULL)
        return;
    pthread_cond_destroy(&reindexer->wake);
    pthread_mutex_destroy(&reindexer->lock);
    g_clear_pointer(&store->reindexer, g_free);
}

void reindex_wake(struct store *store)
{
    struct reindexer *reindexer = store->reindexer;
    if (reindexer == NULL)
        return;
    pthread_mutex_lock(&reindexer->lock);
    reindexer->wanted = true;
    pthread_cond_signal(&reindexer->wake);
    pthread_mutex_unlock(&reindexer->lock);
}

/* From a stored message to words that are found: the queue, and what reads it. */
#include "store_mailbox_fixture.h"

#include "attach/attach.h"
#include "mime/readable.h"
#include "store/attachments.h"
#include "store/sqlite/fts.h"
#include "sync/intake.h"
#include "sync/sync.h"
#include "text/text.h"

#define WAIT_MS 60000

static struct attach_config config_of(const struct mail_fixture *m)
{
    return (struct attach_config){.store = m->f.store,
                                  .program = g_getenv("POSTROOM_FAULT"),
                                  .patience_ms = 3000};
}

/* A message with a text of this for each name that ends in .txt, too large where it is huge, or a
 * picture. */
static GBytes *message(const char *subject, const char *const *names)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out,
                           "From: bea@example.org\r\nMessage-ID: <%s@x>\r\nSubject: %s\r\n"
                           "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                           "--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
                           "--a\r\n\r\nown text\r\n--a\r\nContent-Type: text/html\r\n\r\n"
                           "<p>own page</p>\r\n--a--\r\n",
                           subject, subject);
    for (int i = 0; names[i] != NULL; i++) {
        size_t more = strcmp(names[i], "huge.txt") == 0 ? 2 * MIME_READABLE_BYTES : 0;
        g_autofree char *rest = g_strnfill(more, 'x');
        g_string_append_printf(out,
                               "--b\r\nContent-Type: %s\r\nContent-Disposition: attachment;"
                               " filename=\"%s\"\r\n\r\n%s%s\r\n",
                               g_str_has_suffix(names[i], ".txt") ? "text/plain" : "image/png",
                               names[i], names[i], rest);
    }
    g_string_append(out, "--b--\r\n");
    return g_string_free_to_bytes(out);
}

static void put(struct mail_fixture *m, uint32_t uid, const char *subject, const char *const *names)
{
    struct sync_parsed parsed = {0};
    g_autoptr(GBytes) raw = message(subject, names);
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    sync_parse(raw, &parsed);
    struct store_batch_message one = {.mailbox = m->inbox,
                                      .uidvalidity = 7,
                                      .uid = uid,
                                      .received_at = 1000000 + uid,
                                      .size = g_bytes_get_size(raw),
                                      .summary = parsed.summary,
                                      .raw = raw,
                                      .index = &parsed.index,
                                      .unread = parsed.unread};
    store_batch_message(batch, &one);
    mail_commit(batch);
    store_batch_free(batch);
    sync_parsed_clear(&parsed);
}

#define PUT(m, uid, subject, ...) put(m, uid, subject, (const char *const[]){__VA_ARGS__, NULL})

static guint waiting(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    int64_t account = 0;
    g_autoptr(GArray) emails = store_attachments_next(m->f.store, 100, &account, &error);
    g_assert_no_error(error);
    g_assert_true(emails->len == 0 || account == m->account);
    struct store_account_status *status = store_account_status(m->f.store, m->account, &error);
    g_assert_no_error(error);
    g_assert_true(account < 0 || status->view->unread_attachments == emails->len);
    g_assert_cmpstr(status->owner, ==, "ann@example.org");
    store_account_status_free(status);
    return emails->len;
}

static uint64_t unreadable(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct store_account_status *status = store_account_status(m->f.store, m->account, &error);
    g_assert_no_error(error);
    uint64_t count = status->view->unreadable_attachments;
    store_account_status_free(status);
    return count;
}

static void run(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    const struct attach_config config = config_of(m);
    g_assert_true(attach_run(&config, NULL, &error));
    g_assert_no_error(error);
}

static void test_found(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt", "beta.txt");
    g_assert_cmpuint(mail_found_words(&m, "words of alpha", false), ==, 0);
    run(&m);
    g_assert_cmpuint(mail_found_words(&m, "words of alpha", false), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "beta own first bea", false), ==, 1);
    g_assert_cmpuint(waiting(&m), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_FILENAME, "words")), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_phrase(STORE_BODY, "words of alpha")), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_phrase(STORE_BODY, "alpha of words")), ==, 0);
    mail_close(&m);
}

static void test_pictures_are_passed_over(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "photo.png");
    g_assert_cmpuint(waiting(&m), ==, 0);
    mail_close(&m);
}

static void test_faults(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "deadly", "die.txt", "gamma.txt");
    PUT(&m, 2, "slow", "hang.txt");
    PUT(&m, 3, "whole", "delta.txt");
    PUT(&m, 4, "again", "die.txt");
    run(&m);
    g_assert_cmpuint(waiting(&m), ==, 0);
    g_assert_cmpuint(unreadable(&m), ==, 3);
    g_assert_cmpuint(mail_found_words(&m, "gamma words", false), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "delta words", false), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "slow", false), ==, 1);
    /* As long as the email is there. */
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    g_assert_cmpuint(unreadable(&m), ==, 2);
    mail_close(&m);
}

/* Where no child can be shut in nothing is read, and nothing is forgotten. */
/* Counted, and told: nobody would find out otherwise. */
static void test_too_large(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "large", "huge.txt", "gamma.txt");
    run(&m);
    g_assert_cmpuint(waiting(&m), ==, 0);
    g_assert_cmpuint(unreadable(&m), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "gamma words", false), ==, 1);
    mail_close(&m);
}

static void test_unconfined(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "loose.txt");
    const struct attach_config config = config_of(&m);
    g_assert_false(attach_run(&config, NULL, &error));
    g_assert_error(error, POSTROOM_ERROR, ERROR_STORE);
    g_assert_cmpuint(waiting(&m), ==, 1);
    mail_close(&m);
}

static void test_survives_a_restart(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt");
    fixture_reopen(&m.f);
    store_principal_unref(m.user);
    m.user = mail_sign_in(&m);
    g_assert_cmpuint(waiting(&m), ==, 1);
    run(&m);
    g_assert_cmpuint(mail_found_words(&m, "alpha words", false), ==, 1);
    mail_close(&m);
}

static void test_deleted_mail_leaves(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt");
    PUT(&m, 2, "second", "beta.txt");
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    g_assert_cmpuint(waiting(&m), ==, 1);
    run(&m);
    g_assert_cmpuint(mail_found_words(&m, "alpha", false), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "beta words", false), ==, 1);
    mail_vanish(&m, m.inbox, 2);
    mail_sweep(&m);
    g_assert_cmpuint(mail_found_words(&m, "beta", false), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "words", false), ==, 0);
    mail_close(&m);
}

struct count {
    int64_t account, words;
};

static bool count_words(struct tx *tx, void *arg, GError **error)
{
    struct count *count = arg;
    g_autofree char *sql =
        g_strdup_printf("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, terms_%d, row)",
                        (int)(count->account % FTS_TABLES));
    if (!db_script(tx->db, sql, error))
        return false;
    count->words =
        DB_NUMBER(tx->db, NULL, -1, "SELECT count(*) FROM temp.vocabulary WHERE doc > ?", I(0));
    return db_script(tx->db, "DROP TABLE temp.vocabulary", error);
}

/* In the index itself, whatever a search asks of it. */
static int64_t words_in_index(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct count count = {m->account, 0};
    g_assert_true(store_write(m->f.store, STORE_LANE_BULK, count_words, &count, &error));
    g_assert_no_error(error);
    return count.words;
}

/* Of any field, either alternative or an attachment, nor where the program ended in between. */
static void test_no_word_stays(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt", "photo.png");
    PUT(&m, 2, "second", "beta.txt");
    run(&m);
    int64_t all = words_in_index(&m);
    g_assert_cmpint(all, >, 10);
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    mail_sweep(&m);
    int64_t half = words_in_index(&m);
    g_assert_cmpint(half, >, 5);
    g_assert_cmpint(half, <, all);
    mail_vanish(&m, m.inbox, 2);
    fixture_reopen(&m.f);
    mail_sweep(&m);
    mail_sweep(&m);
    g_assert_cmpint(words_in_index(&m), ==, 0);
    store_principal_unref(m.user);
    m.user = mail_sign_in(&m);
    mail_close(&m);
}

/* What is deleted while it is read is not put back into the index. */
static void test_deleted_meanwhile(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    int64_t account = 0;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt");
    g_autoptr(GArray) emails = store_attachments_next(m.f.store, 10, &account, &error);
    g_assert_cmpuint(emails->len, ==, 1);
    mail_vanish(&m, m.inbox, 1);
    mail_sweep(&m);
    struct store_attached late = {g_array_index(emails, int64_t, 0), "late", 0};
    g_assert_true(store_attachments_put(m.f.store, &late, 1, &error));
    g_assert_cmpuint(mail_found_words(&m, "late", false), ==, 0);
    mail_close(&m);
}

static void test_waits_for_a_first_sync(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    PUT(&m, 1, "first", "alpha.txt");
    g_assert_true(store_sync_state(m.f.store, m.account, "syncing", NULL, 0, NULL));
    store_sync_progress(m.f.store, m.account, &(struct store_progress){.phase = "messages"});
    g_assert_cmpuint(waiting(&m), ==, 0);
    /* A mailbox that cannot be reached is not waited for. */
    g_assert_true(store_sync_state(m.f.store, m.account, "retrying", NULL, 0, NULL));
    g_assert_cmpuint(waiting(&m), ==, 1);
    g_assert_true(store_sync_state(m.f.store, m.account, "syncing", NULL, 0, NULL));
    store_sync_progress(m.f.store, m.account, &(struct store_progress){0});
    g_assert_cmpuint(waiting(&m), ==, 1);
    mail_close(&m);
}

/* The thread hears of new mail by itself, and ends in the middle of a child that hangs. */
static void test_thread(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, sync_read_words);
    struct attach_config config = config_of(&m);
    config.patience_ms = WAIT_MS;
    struct attach *attach = attach_new(&config);
    PUT(&m, 1, "first", "alpha.txt");
    for (int i = 0; i < WAIT_MS / 10 && mail_found_words(&m, "words", false) == 0; i++)
        g_usleep(10000);
    g_assert_cmpuint(mail_found_words(&m, "words of alpha", false), ==, 1);
    PUT(&m, 2, "second", "hang.txt");
    g_usleep(50000);
    attach_free(attach);
    g_assert_cmpuint(waiting(&m), ==, 1);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attach/queue/found", test_found);
    g_test_add_func("/attach/queue/pictures-are-passed-over", test_pictures_are_passed_over);
    g_test_add_func("/attach/queue/faults", test_faults);
    g_test_add_func("/attach/queue/too-large", test_too_large);
    g_test_add_func("/attach/queue/unconfined", test_unconfined);
    g_test_add_func("/attach/queue/survives-a-restart", test_survives_a_restart);
    g_test_add_func("/attach/queue/deleted-mail-leaves", test_deleted_mail_leaves);
    g_test_add_func("/attach/queue/no-word-stays", test_no_word_stays);
    g_test_add_func("/attach/queue/deleted-meanwhile", test_deleted_meanwhile);
    g_test_add_func("/attach/queue/waits-for-a-first-sync", test_waits_for_a_first_sync);
    g_test_add_func("/attach/queue/thread", test_thread);
    return g_test_run();
}

/* Messages that are packed with what an account's messages have in common: they come back as they
 * were, from a running store, after a start, from a backup; nothing of them stays. */
#include "store_mailbox_fixture.h"

#include "store/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#define MESSAGES 700
#define BATCH 100

static const char *const shared =
    "Dear colleagues, the reading room on the second floor stays closed until the lamps above the "
    "long table have been replaced. Please take your books to the gallery meanwhile, and ask at "
    "the desk for a trolley. With kind regards, the keepers of the Northern Library.";

/* Every message repeats sentences that others have too, and has words of its own. */
static char *body_of(unsigned i)
{
    GString *out = g_string_new(shared);
    for (unsigned k = 0; k < 24; k++)
        g_string_append_printf(out, " shelf%u holds volume%u of row%u", (i * 7 + k * 13) % 97,
                               (i * 31 + k * 17) % 499, i % 89);
    g_string_append_printf(out, " number%u", i);
    return g_string_free(out, FALSE);
}

static char *text_of(unsigned i)
{
    g_autofree char *body = body_of(i);
    return g_strdup_printf("Message-ID: <%u@x>\r\nSubject: subject\r\nX-Test: yes\r\n\r\n%s", i,
                           body);
}

static void add_range(struct mail_fixture *m, unsigned first, unsigned last, unsigned batch_size)
{
    for (unsigned i = first; i <= last; i += batch_size) {
        struct store_batch *batch = store_batch_new(m->f.store, m->account);
        for (unsigned k = i; k < i + batch_size && k <= last; k++) {
            g_autofree char *id = g_strdup_printf("%u@x", k);
            g_autofree char *body = body_of(k);
            mail_add(batch, &(struct mail_spec){.mailbox = m->inbox,
                                                .uid = k,
                                                .id = id,
                                                .body = body,
                                                .received_at = k});
        }
        mail_commit(batch);
        store_batch_free(batch);
    }
}

static void add_many(struct mail_fixture *m, unsigned batch_size)
{
    add_range(m, 1, MESSAGES, batch_size);
}

static int64_t number_in(struct mail_fixture *m, const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    g_autofree char *path = g_build_filename(m->f.directory, "data", file, NULL);
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &row, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    int64_t number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return number;
}

/* Newest first: the n-th email has number MESSAGES - n. */
static void check_all(struct mail_fixture *m)
{
    g_autoptr(GArray) ids = mail_ids(m, m->inbox);
    struct store_access *access = mail_access(m, STORE_READ);
    g_assert_cmpuint(ids->len, ==, MESSAGES);
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = text_of(MESSAGES - i);
        struct store_email *email = mail_get(m, g_array_index(ids, int64_t, i));
        g_autoptr(GBytes) raw = store_blob(access, email->blob, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_bytes_get_size(raw), ==, strlen(text));
        g_assert_cmpint(memcmp(g_bytes_get_data(raw, NULL), text, strlen(text)), ==, 0);
        store_email_free(email);
    }
    store_access_free(access);
}

/* The frame header's descriptor says whether a dictionary's number follows. */
static int64_t with_dictionary(struct mail_fixture *m)
{
    return number_in(m, "blobs.db",
                     "SELECT count(*) FROM raw WHERE hex(substr(data, 5, 1)) LIKE '_6'");
}

static void start_again(struct mail_fixture *m)
{
    store_principal_unref(m->user);
    fixture_reopen(&m->f);
    m->user = mail_sign_in(m);
}

static void test_round_trip(void)
{
    struct mail_fixture m;
    mail_open(&m);
    add_many(&m, BATCH);
    g_assert_cmpint(number_in(&m, "postroom.db", "SELECT count(*) FROM dictionary"), ==, 1);
    g_assert_cmpint(with_dictionary(&m), >=, 300);
    check_all(&m);
    start_again(&m);
    check_all(&m);
    mail_close(&m);
}

/* What is packed first is learned from before any of it is stored. */
static void test_first_batch(void)
{
    struct mail_fixture m;
    mail_open(&m);
    add_many(&m, MESSAGES);
    g_assert_cmpint(number_in(&m, "postroom.db", "SELECT count(*) FROM dictionary"), ==, 1);
    g_assert_cmpint(with_dictionary(&m), >=, 300);
    check_all(&m);
    mail_close(&m);
}

/* An account whose messages came before the last start learns from what is stored. */
static void test_after_start(void)
{
    struct mail_fixture m;
    mail_open(&m);
    add_range(&m, 1, MESSAGES / 4, BATCH);
    start_again(&m);
    add_range(&m, MESSAGES / 4 + 1, MESSAGES, BATCH);
    g_assert_cmpint(with_dictionary(&m), >=, 300);
    check_all(&m);
    mail_close(&m);
}

/* Words are taken out of the index by what is read from the packed message. */
static void test_forgets_words(void)
{
    struct mail_fixture m;
    mail_open(&m);
    add_many(&m, BATCH);
    g_assert_cmpuint(mail_found_words(&m, "number700", false), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "lamps", false), ==, MESSAGES);
    for (unsigned uid = MESSAGES - 49; uid <= MESSAGES; uid++)
        mail_vanish(&m, m.inbox, uid);
    mail_sweep(&m);
    mail_sweep(&m);
    g_assert_cmpuint(mail_found_words(&m, "number700", false), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "number1", false), ==, 1);
    g_assert_cmpuint(mail_found_words(&m, "lamps", false), ==, MESSAGES - 50);
    mail_close(&m);
}

static void test_backup(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    struct store_backup_result result;
    mail_open(&m);
    add_many(&m, BATCH);
    g_autofree char *file = g_build_filename(m.f.directory, "backup", NULL);
    g_autofree char *data = g_build_filename(m.f.directory, "data", NULL);
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_true(store_backup(m.f.store, fd, NULL, &result, &error));
    g_assert_no_error(error);
    store_principal_unref(m.user);
    fixture_stop(&m.f);
    fixture_remove_tree(data);
    g_assert_cmpint(g_mkdir(data, 0700), ==, 0);
    g_assert_true(store_backup_read(fd, data, NULL, &result, &error));
    g_assert_no_error(error);
    close(fd);
    g_assert_cmpuint(result.messages, ==, MESSAGES);
    fixture_start(&m.f);
    m.user = mail_sign_in(&m);
    check_all(&m);
    mail_close(&m);
}

static void test_goes_with_account(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    add_many(&m, BATCH);
    g_assert_true(store_account_remove(m.f.store, m.account, &error));
    g_assert_no_error(error);
    g_assert_cmpint(number_in(&m, "postroom.db", "SELECT count(*) FROM dictionary"), ==, 0);
    g_autofree char *path = g_build_filename(m.f.directory, "data/postroom.db", NULL);
    g_autofree char *bytes = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_assert_null(memmem(bytes, length, "the keepers of the Northern", 27));
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/dictionary/round-trip", test_round_trip);
    g_test_add_func("/store/dictionary/first-batch", test_first_batch);
    g_test_add_func("/store/dictionary/after-start", test_after_start);
    g_test_add_func("/store/dictionary/forgets-words", test_forgets_words);
    g_test_add_func("/store/dictionary/backup", test_backup);
    g_test_add_func("/store/dictionary/goes-with-account", test_goes_with_account);
    return g_test_run();
}

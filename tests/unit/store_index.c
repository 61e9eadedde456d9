/* The word index: phrases, which it does not know; words that are derived from messages again to be
 * taken out; an index that was made in another way. */
#include "store_mailbox_fixture.h"

#include "store/attachments.h"
#include "store/sqlite/fts.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define PATIENCE_MS 120000

static guint phrase(struct mail_fixture *m, enum store_filter_kind kind, const char *text)
{
    return mail_found(m, filter_phrase(kind, text));
}

static guint found(struct mail_fixture *m, const char *text)
{
    return mail_found_words(m, text, false);
}

static void put(struct mail_fixture *m, uint32_t uid, const char *subject, const char *body)
{
    g_autofree char *id = g_strdup_printf("n%u@x", uid);
    mail_put(m, &(struct mail_spec){.mailbox = m->inbox,
                                    .uid = uid,
                                    .id = id,
                                    .subject = subject,
                                    .body = body,
                                    .received_at = 100 + uid});
}

static void expunge(struct mail_fixture *m, uint32_t uid)
{
    mail_vanish(m, m->inbox, uid);
    mail_sweep(m);
    mail_sweep(m);
}

static void wait_for(struct mail_fixture *m, const char *text, guint count)
{
    for (int i = 0; i < PATIENCE_MS / 5 && found(m, text) != count; i++)
        g_usleep(5000);
    g_assert_cmpuint(found(m, text), ==, count);
}

static void phrases_are_words_in_a_row(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "plum jam", "red apple pie with cream");
    put(&m, 2, "jam plum", "apple red pie");
    put(&m, 3, "pears", "a red and green apple pie, red apple");
    mail_put(&m,
             &(struct mail_spec){m.inbox, 9, "p@x", NULL, "red apple", "none", 0, 50, true, NULL});
    g_assert_cmpuint(phrase(&m, STORE_BODY, "red apple"), ==, 2);
    g_assert_cmpuint(phrase(&m, STORE_TEXT, "red apple"), ==, 3);
    g_assert_cmpuint(phrase(&m, STORE_SUBJECT, "red apple"), ==, 1);
    g_assert_cmpuint(phrase(&m, STORE_SUBJECT, "plum jam"), ==, 1);
    g_assert_cmpuint(phrase(&m, STORE_TEXT, "plum jam"), ==, 1);
    /* Not from one field into the next. */
    g_assert_cmpuint(phrase(&m, STORE_TEXT, "jam red"), ==, 0);
    g_assert_cmpuint(phrase(&m, STORE_TEXT, "jam bea"), ==, 0);
    struct store_filter *prefix = filter_phrase(STORE_BODY, "apple pi");
    prefix->prefix = true;
    g_assert_cmpuint(mail_found(&m, prefix), ==, 2);
    struct store_filter *either = filter_join(STORE_OR, filter_phrase(STORE_BODY, "apple red"),
                                              filter_words(STORE_SUBJECT, "pears"));
    g_assert_cmpuint(mail_found(&m, either), ==, 2);
    struct store_filter *none =
        filter_join(STORE_NOT, filter_phrase(STORE_TEXT, "red apple"), NULL);
    g_assert_cmpuint(mail_found(&m, none), ==, 1);
    struct store_filter *both = filter_join(STORE_AND, filter_phrase(STORE_BODY, "red apple"),
                                            filter_phrase(STORE_SUBJECT, "plum jam"));
    g_assert_cmpuint(mail_found(&m, both), ==, 1);
    struct store_filter *mixed = filter_join(STORE_OR, filter_text(STORE_HAS_KEYWORD, "$flagged"),
                                             filter_phrase(STORE_TEXT, "red apple"));
    g_assert_cmpuint(mail_found(&m, mixed), ==, 3);
    mail_close(&m);
}

static void fields_keep_apart(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "sun", "moon heather");
    put(&m, 2, "moon", "sun");
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_SUBJECT, "sun")), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_BODY, "sun")), ==, 1);
    g_assert_cmpuint(found(&m, "sun"), ==, 2);
    g_assert_cmpuint(found(&m, "sun moon"), ==, 2);
    /* A letter is no part of a word: Heather is not the header's eather. */
    g_assert_cmpuint(found(&m, "eather"), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "eat", true), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "heat", true), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_FROM, "bea")), ==, 2);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_SUBJECT, "bea")), ==, 0);
    mail_close(&m);
}

/* Another way of reading: the words of the body have an x before them. */
static void read_otherwise(GBytes *raw, struct store_index *index)
{
    fixture_words(raw, index);
    g_auto(GStrv) parts = g_strsplit(index->body, " ", -1);
    g_autofree char *joined = g_strjoinv(" x", parts);
    g_free(index->body);
    index->body = g_strconcat("x", joined, NULL);
    index->unread = strstr(index->body, "attached") != NULL;
}

static void make_old(struct mail_fixture *m, const char *sql)
{
    sqlite3 *db = NULL;
    g_autofree char *path = g_build_filename(m->f.directory, "data", "postroom.db", NULL);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

#define OTHER_TERMS                                                                                \
    "UPDATE meta SET index_version = '0' || substr(index_version, instr(index_version, ','))"
#define OTHER_TEXT "UPDATE meta SET index_version = index_version || '.1'"

/* change: made to the database meanwhile, or NULL. */
static void reopen_reading(struct mail_fixture *m, const char *change)
{
    store_principal_unref(m->user);
    fixture_stop(&m->f);
    if (change != NULL)
        make_old(m, change);
    m->f.read_words = read_otherwise;
    fixture_start(&m->f);
    m->user = mail_sign_in(m);
}

#define MANY 450

static void a_new_version_indexes_anew(void)
{
    struct mail_fixture m;
    mail_open(&m);
    for (uint32_t uid = 1; uid <= MANY; uid++)
        put(&m, uid, "plums", uid % 3 == 0 ? "apple pie" : "pie");
    reopen_reading(&m, OTHER_TERMS);
    /* What the list shows is found at any time. */
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_SUBJECT, "plums")), ==, MANY);
    /* It goes on after a restart, wherever it was. */
    reopen_reading(&m, NULL);
    wait_for(&m, "xapple", MANY / 3);
    wait_for(&m, "xpie", MANY);
    g_assert_cmpuint(found(&m, "apple"), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_words(STORE_SUBJECT, "plums")), ==, MANY);
    expunge(&m, 3);
    g_assert_cmpuint(found(&m, "xapple"), ==, MANY / 3 - 1);
    reopen_reading(&m, NULL);
    g_assert_cmpuint(found(&m, "xapple"), ==, MANY / 3 - 1);
    mail_close(&m);
}

/* The words that a message has now are not those that went in. */
static void words_that_cannot_be_derived_are_no_others(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "one", "zanzibar");
    put(&m, 2, "two", "apple");
    reopen_reading(&m, NULL);
    g_assert_cmpuint(found(&m, "zanzibar"), ==, 1);
    expunge(&m, 1);
    put(&m, 1, "three", "berry");
    g_assert_cmpuint(found(&m, "zanzibar"), ==, 0);
    wait_for(&m, "xapple", 1);
    g_assert_cmpuint(found(&m, "xzanzibar"), ==, 0);
    g_assert_cmpuint(found(&m, "three"), ==, 1);
    mail_close(&m);
}

struct more {
    int64_t email;
    const char *words;
};

static bool add_more(struct tx *tx, void *arg, GError **error)
{
    const struct more *more = arg;
    return fts_more(tx, more->email, more->words, error);
}

static void words_of_elsewhere_are_kept(void)
{
    struct mail_fixture m;
    g_autoptr(GError) error = NULL;
    mail_open(&m);
    put(&m, 1, "one", "apple");
    struct more more = {mail_only(&m, m.inbox), "zanzibar apple"};
    put(&m, 2, "two", "berry");
    g_assert_true(store_write(m.f.store, STORE_LANE_BULK, add_more, &more, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(found(&m, "zanzibar one"), ==, 1);
    reopen_reading(&m, OTHER_TERMS);
    wait_for(&m, "zanzibar xapple", 1);
    expunge(&m, 1);
    g_assert_cmpuint(found(&m, "zanzibar"), ==, 0);
    g_assert_cmpuint(found(&m, "one"), ==, 0);
    g_assert_cmpuint(found(&m, "two"), ==, 1);
    more.email = 4711;
    g_assert_false(store_write(m.f.store, STORE_LANE_BULK, add_more, &more, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    mail_close(&m);
}

static guint attachments_waiting(struct mail_fixture *m)
{
    int64_t account = 0;
    g_autoptr(GArray) emails = store_attachments_next(m->f.store, 9, &account, NULL);
    return emails->len;
}

/* Contents are kept as words only: where words are broken otherwise now, they are read anew. */
static void contents_in_other_words_are_read_anew(void)
{
    struct mail_fixture m;
    mail_open(&m);
    put(&m, 1, "one", "attached");
    struct more more = {mail_only(&m, m.inbox), "zanzibar"};
    put(&m, 2, "two", "berry");
    g_assert_true(store_write(m.f.store, STORE_LANE_BULK, add_more, &more, NULL));
    reopen_reading(&m, OTHER_TERMS);
    wait_for(&m, "zanzibar xattached", 1);
    g_assert_cmpuint(attachments_waiting(&m), ==, 0);
    reopen_reading(&m, OTHER_TEXT);
    wait_for(&m, "xattached", 1);
    wait_for(&m, "xberry", 1);
    g_assert_cmpuint(found(&m, "zanzibar"), ==, 0);
    g_assert_cmpuint(attachments_waiting(&m), ==, 1);
    const struct store_attached again = {more.email, "zanzibar", 0};
    g_assert_true(store_attachments_put(m.f.store, &again, 1, NULL));
    g_assert_cmpuint(found(&m, "zanzibar xattached"), ==, 1);
    expunge(&m, 1);
    g_assert_cmpuint(found(&m, "zanzibar"), ==, 0);
    mail_close(&m);
}

/* --- what is swept */

static atomic_uint read_by_writer, read_by_others;

static void read_counting(GBytes *raw, struct store_index *index)
{
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    atomic_fetch_add(strcmp(name, "store writer") == 0 ? &read_by_writer : &read_by_others, 1);
    fixture_words(raw, index);
}

#define SWEPT 250

static void the_writer_reads_nothing_that_is_swept(void)
{
    struct mail_fixture m;
    mail_open_reading(&m, read_counting);
    struct store_batch *batch = store_batch_new(m.f.store, m.account);
    for (uint32_t uid = 1; uid <= SWEPT; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        mail_add(batch, &(struct mail_spec){.mailbox = m.inbox,
                                            .uid = uid,
                                            .id = id,
                                            .body = "apple pie",
                                            .received_at = 100 + uid});
    }
    mail_commit(batch);
    for (uint32_t uid = 2; uid <= SWEPT; uid++)
        store_batch_vanished(batch, m.inbox, uid);
    mail_commit(batch);
    store_batch_free(batch);
    g_assert_cmpuint(found(&m, "apple"), ==, SWEPT);
    mail_sweep(&m);
    g_assert_cmpuint(found(&m, "apple"), ==, 1);
    g_assert_cmpuint(atomic_load(&read_by_writer), ==, 0);
    g_assert_cmpuint(atomic_load(&read_by_others), ==, SWEPT - 1);
    mail_close(&m);
}

/* --- messages that end the program */

static void read_dying(GBytes *raw, struct store_index *index)
{
    fixture_words(raw, index);
    if (strstr(index->body, "deadly") != NULL)
        kill(getpid(), SIGKILL);
}

typedef void work_fn(struct mail_fixture *m);

/* A run of the program that does this. Whether it lived. */
static bool lives(struct mail_fixture *m, work_fn *work)
{
    int status = 0;
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        m->f.read_words = read_dying;
        fixture_start(&m->f);
        work(m);
        fixture_stop(&m->f);
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    return status == 0;
}

static void open_deadly(struct mail_fixture *m)
{
    mail_open(m);
    put(m, 1, "one", "apple pie");
    put(m, 2, "two", "a deadly pie");
    put(m, 3, "three", "berry pie");
    fixture_stop(&m->f);
}

static void close_deadly(struct mail_fixture *m)
{
    fixture_start(&m->f);
    mail_close(m);
}

static void index_all(struct mail_fixture *m)
{
    wait_for(m, "pie", 2);
    wait_for(m, "two", 1);
    g_assert_cmpuint(found(m, "deadly"), ==, 0);
}

static void a_deadly_message_is_indexed_by_its_headers(void)
{
    struct mail_fixture m;
    open_deadly(&m);
    make_old(&m, OTHER_TERMS);
    g_assert_false(lives(&m, index_all));
    g_assert_false(lives(&m, index_all));
    g_assert_true(lives(&m, index_all));
    make_old(&m, OTHER_TERMS);
    g_assert_true(lives(&m, index_all));
    close_deadly(&m);
}

static void search_for_phrases(struct mail_fixture *m)
{
    for (int i = 0; i < 3; i++)
        g_assert_cmpuint(phrase(m, STORE_BODY, "berry pie"), ==, 1);
    for (int i = 0; i < 3; i++)
        g_assert_cmpuint(phrase(m, STORE_BODY, "a deadly"), ==, 0);
}

static void a_deadly_message_is_searched_twice_at_most(void)
{
    struct mail_fixture m;
    open_deadly(&m);
    g_assert_false(lives(&m, search_for_phrases));
    g_assert_false(lives(&m, search_for_phrases));
    g_assert_true(lives(&m, search_for_phrases));
    g_assert_true(lives(&m, search_for_phrases));
    close_deadly(&m);
}

static void terms_are_told_once(void)
{
    struct terms a, b, c;
    struct store_index index = {.body = (char[]){"one two one"},
                                .quoted = (char[]){"two three three"},
                                .subject = (char[]){"one four four"},
                                .from = (char[]){"four"}};
    const struct store_index other = {.body = (char[]){"two one"},
                                      .quoted = (char[]){"three"},
                                      .subject = (char[]){"four one"},
                                      .from = (char[]){"four"}};
    terms_make(1, &index, &a);
    terms_make(1, &other, &b);
    g_assert_cmpstr(strchr(a.text, ' '), ==, " one two Qthree Sone Sfour Hfour Ffour");
    g_assert_cmpint(a.hash, ==, b.hash);
    index.from = NULL;
    terms_make(1, &index, &c);
    g_assert_cmpint(a.hash, !=, c.hash);
    terms_clear(&a);
    terms_clear(&b);
    terms_clear(&c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/index/terms", terms_are_told_once);
    g_test_add_func("/store/index/phrases", phrases_are_words_in_a_row);
    g_test_add_func("/store/index/fields", fields_keep_apart);
    g_test_add_func("/store/index/version", a_new_version_indexes_anew);
    g_test_add_func("/store/index/other-words", words_that_cannot_be_derived_are_no_others);
    g_test_add_func("/store/index/kept", words_of_elsewhere_are_kept);
    g_test_add_func("/store/index/contents", contents_in_other_words_are_read_anew);
    g_test_add_func("/store/index/swept", the_writer_reads_nothing_that_is_swept);
    g_test_add_func("/store/index/deadly-indexed", a_deadly_message_is_indexed_by_its_headers);
    g_test_add_func("/store/index/deadly-searched", a_deadly_message_is_searched_twice_at_most);
    return g_test_run();
}

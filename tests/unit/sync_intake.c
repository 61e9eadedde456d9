/* The way of a raw message into the store: parsed by several threads, written beside the fetch. */
#include "store_mailbox_fixture.h"

#include "imap/client.h"
#include "sync/intake.h"
#include "sync/parsers.h"

#include <stdatomic.h>

#define MESSAGES 240

static char *text_of(unsigned uid)
{
    return g_strdup_printf("Message-ID: <m%u@example.org>\r\nSubject: Number %u\r\nFrom: Bea "
                           "<bea@example.org>\r\n\r\nunique%u lamp words of a body\r\n",
                           uid, uid, uid);
}

static void give(struct intake *intake, int64_t mailbox, unsigned uid, GBytes *body)
{
    g_autoptr(GError) error = NULL;
    const struct imap_selected selected = {.uidvalidity = 7, .permanent_keywords = true};
    /* Newer ones have lower UIDs, as after an import: the index wants them the other way round. */
    struct imap_fetched fetched = {.uid = uid,
                                   .flags = {.bits = uid % 2 == 0 ? MAIL_SEEN : 0},
                                   .internal_date = 2000000 - uid * 60,
                                   .body = body};
    g_assert_true(intake_message(intake, mailbox, &selected, &fetched, &error));
    g_assert_no_error(error);
}

static void give_text(struct intake *intake, int64_t mailbox, unsigned uid)
{
    char *text = text_of(uid);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));
    give(intake, mailbox, uid, body);
}

struct writes {
    struct mail_fixture *m;
    atomic_bool over;
    unsigned done;
};

/* Somebody at work meanwhile: interactive writes that bulk ones let pass. */
static void *write_on(void *arg)
{
    struct writes *writes = arg;
    while (!atomic_load(&writes->over)) {
        g_autoptr(GError) error = NULL;
        struct store_batch *batch = store_batch_new(writes->m->f.store, writes->m->account);
        struct mail_flags flags = {.bits = writes->done % 2 == 0 ? MAIL_FLAGGED : 0};
        store_batch_flags(batch, writes->m->archive, 1, &flags);
        g_assert_true(store_batch_commit(batch, STORE_LANE_INTERACTIVE, NULL, &error));
        g_assert_no_error(error);
        store_batch_free(batch);
        writes->done++;
    }
    return NULL;
}

static void test_many(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){.mailbox = m.archive, .uid = 1, .id = "other@example.org"});
    struct parsers *parsers = parsers_new(3, 4000);
    struct intake *intake = intake_new(m.f.store, parsers, m.account, STORE_LANE_BULK, NULL, NULL);
    struct writes writes = {.m = &m};
    pthread_t thread;
    g_assert_cmpint(pthread_create(&thread, NULL, write_on, &writes), ==, 0);
    g_autoptr(GError) error = NULL;
    for (unsigned uid = 1; uid <= MESSAGES; uid++) {
        give_text(intake, m.inbox, uid);
        if (uid % 60 == 0)
            g_assert_true(intake_drain(intake, &error));
        g_assert_no_error(error);
    }
    atomic_store(&writes.over, true);
    pthread_join(thread, NULL);
    g_assert_cmpuint(writes.done, >, 0);
    intake_free(intake);
    parsers_free(parsers);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, MESSAGES);
    g_assert_cmpuint(mail_found_words(&m, "lamp", false), ==, MESSAGES);
    g_assert_cmpuint(mail_found_words(&m, "unique77", false), ==, 1);
    g_autoptr(GArray) rows = store_sync_messages(m.f.store, m.inbox, 1, UINT32_MAX, NULL);
    g_assert_cmpuint(rows->len, ==, MESSAGES);
    for (guint i = 0; i < rows->len; i++) {
        const struct store_remote_message *row =
            &g_array_index(rows, struct store_remote_message, i);
        g_autofree char *text = text_of(row->uid);
        g_autoptr(GBytes) raw = store_sync_raw(m.f.store, row->email, &error);
        g_assert_no_error(error);
        g_autoptr(GBytes) wanted = g_bytes_new(text, strlen(text));
        g_assert_true(g_bytes_equal(raw, wanted));
        g_assert_cmpuint(row->flag_bits, ==, row->uid % 2 == 0 ? MAIL_SEEN : 0);
    }
    mail_close(&m);
}

/* Freed without drain: what was given is kept all the same. */
static void test_free_keeps(void)
{
    struct mail_fixture m;
    mail_open(&m);
    struct parsers *parsers = parsers_new(2, 1 << 20);
    struct intake *intake = intake_new(m.f.store, parsers, m.account, STORE_LANE_BULK, NULL, NULL);
    for (unsigned uid = 1; uid <= 20; uid++)
        give_text(intake, m.inbox, uid);
    intake_free(intake);
    parsers_free(parsers);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 20);
    mail_close(&m);
}

/* Larger than the budget, packed by way of a file, written in pieces. */
static void test_large(void)
{
    struct mail_fixture m;
    mail_open(&m);
    static const char head[] = "Subject: large\r\n\r\n";
    size_t length = 9 * 1024 * 1024 + 17;
    char *bytes = g_malloc(length);
    GRand *rand = g_rand_new_with_seed(5);
    for (size_t i = 0; i < length; i++)
        bytes[i] = i % 78 == 77 ? '\n' : (char)('0' + g_rand_int_range(rand, 0, 64));
    memcpy(bytes, head, sizeof head - 1);
    g_rand_free(rand);
    g_autoptr(GBytes) body = g_bytes_new_take(bytes, length);
    struct parsers *parsers = parsers_new(2, 1 << 20);
    struct intake *intake = intake_new(m.f.store, parsers, m.account, STORE_LANE_BULK, NULL, NULL);
    give(intake, m.inbox, 1, body);
    give_text(intake, m.inbox, 2);
    intake_free(intake);
    parsers_free(parsers);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) rows = store_sync_messages(m.f.store, m.inbox, 1, 1, &error);
    g_assert_cmpuint(rows->len, ==, 1);
    g_autoptr(GBytes) raw =
        store_sync_raw(m.f.store, g_array_index(rows, struct store_remote_message, 0).email,
                       &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(raw, body));
    mail_close(&m);
}

/* One that two runs died in is kept unread; a neighbour of it, which was there once, is not. */
static void test_deadly(void)
{
    struct mail_fixture m;
    mail_open(&m);
    store_parse_begin(m.f.store, m.inbox, 7, 1);
    store_parse_begin(m.f.store, m.inbox, 7, 2);
    fixture_reopen(&m.f);
    store_parse_begin(m.f.store, m.inbox, 7, 1);
    fixture_reopen(&m.f);
    g_assert_cmpuint(store_parse_deaths(m.f.store, m.inbox, 7, 1), ==, 2);
    g_assert_cmpuint(store_parse_deaths(m.f.store, m.inbox, 7, 2), ==, 1);
    struct parsers *parsers = parsers_new(2, 1 << 20);
    struct intake *intake = intake_new(m.f.store, parsers, m.account, STORE_LANE_BULK, NULL, NULL);
    for (unsigned uid = 1; uid <= 40; uid++)
        give_text(intake, m.inbox, uid);
    intake_free(intake);
    parsers_free(parsers);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 40);
    g_assert_cmpuint(mail_found_words(&m, "unique1", false), ==, 0);
    g_assert_cmpuint(mail_found_words(&m, "unique2", false), ==, 1);
    g_assert_cmpuint(store_parse_deaths(m.f.store, m.inbox, 7, 2), ==, 0);
    mail_close(&m);
}

struct count {
    atomic_uint done, large, most_large;
};

static void count_one(void *arg)
{
    atomic_fetch_add(&((struct count *)arg)->done, 1);
}

static void count_large(void *arg)
{
    struct count *count = arg;
    unsigned now = atomic_fetch_add(&count->large, 1) + 1;
    if (now > atomic_load(&count->most_large))
        atomic_store(&count->most_large, now);
    g_usleep(1000);
    atomic_fetch_sub(&count->large, 1);
    count_one(arg);
}

struct bringer {
    struct parsers *parsers;
    struct count *count;
};

static void *bring(void *arg)
{
    struct bringer *bringer = arg;
    for (unsigned i = 0; i < 50; i++)
        parsers_run(bringer->parsers, i % 10 == 0 ? 200 : 30, i % 10 == 0 ? count_large : count_one,
                    bringer->count);
    return NULL;
}

/* Nothing is lost, and of what is larger than the budget one runs at a time. */
static void test_parsers(void)
{
    struct count count = {0};
    struct bringer bringer = {parsers_new(2, 100), &count};
    pthread_t threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, bring, &bringer), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    parsers_free(bringer.parsers);
    g_assert_cmpuint(atomic_load(&count.done), ==, 200);
    g_assert_cmpuint(atomic_load(&count.most_large), ==, 1);
}

struct held {
    pthread_mutex_t gate;
    pthread_t by; /* who ran it last */
};

static void note_thread(void *arg)
{
    ((struct held *)arg)->by = pthread_self();
}

static void wait_at_gate(void *arg)
{
    struct held *held = arg;
    pthread_mutex_lock(&held->gate);
    pthread_mutex_unlock(&held->gate);
}

/* While the budget is used up the caller works itself, every time; a large one goes beside it. */
static void test_budget(void)
{
    struct parsers *parsers = parsers_new(2, 100);
    struct held held = {.gate = PTHREAD_MUTEX_INITIALIZER};
    pthread_mutex_lock(&held.gate);
    parsers_run(parsers, 60, wait_at_gate, &held);
    for (unsigned i = 0; i < 3; i++) {
        held.by = 0;
        parsers_run(parsers, 60, note_thread, &held);
        g_assert_true(pthread_equal(held.by, pthread_self()));
    }
    parsers_run(parsers, 200, wait_at_gate, &held); /* comes back before the gate is open */
    pthread_mutex_unlock(&held.gate);
    parsers_free(parsers);
}

/* A message that was sent to bob; its Message-ID is m1@example.org. */
static int64_t send_one(struct mail_fixture *m)
{
    struct store_access *access = mail_access(m, STORE_SEND);
    g_autoptr(GPtrArray) identities = store_identities(access, NULL, NULL);
    g_autoptr(GArray) emails = mail_ids(m, 0);
    struct store_submission *submission = g_new0(struct store_submission, 1);
    submission->identity = ((struct store_identity *)identities->pdata[0])->id;
    submission->email = g_array_index(emails, int64_t, 0);
    submission->mail_from = g_strdup("ann@mail.example");
    submission->rcpt_to = g_strsplit("bob@example.org", " ", -1);
    g_assert_true(store_submission_create(access, submission, NULL, NULL, NULL, NULL));
    g_assert_true(store_outbox_mark(m->f.store, submission->id, STORE_SEND_SENT, 0, NULL, NULL,
                                    NULL, NULL, NULL));
    int64_t id = submission->id;
    store_submission_free(submission);
    store_access_free(access);
    return id;
}

/* A notification finds what it is about on its way in. */
static void test_report(void)
{
    static const char report[] =
        "From: mx@example.org\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;bob@example.org\r\n"
        "Action: failed\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        "Message-ID: <m1@example.org>\r\n\r\n--b--\r\n";
    g_autoptr(GBytes) body = g_bytes_new_static(report, sizeof report - 1);
    struct mail_fixture m;
    mail_open(&m);
    struct parsers *parsers = parsers_new(2, 1 << 20);
    struct intake *intake = intake_new(m.f.store, parsers, m.account, STORE_LANE_BULK, NULL, NULL);
    give_text(intake, m.inbox, 1);
    g_assert_true(intake_drain(intake, NULL));
    int64_t id = send_one(&m);
    give(intake, m.inbox, 2, body);
    g_assert_true(intake_drain(intake, NULL));
    struct store_access *access = mail_access(&m, STORE_READ);
    g_autoptr(GPtrArray) submissions = store_submissions(access, &id, 1, NULL, NULL);
    const struct store_submission *submission = submissions->pdata[0];
    g_assert_true(submission->reported);
    g_assert_cmpuint(submission->dsn_blobs->len, ==, 1);
    g_assert_cmpint(((struct store_outcome *)submission->outcomes->pdata[0])->delivered, ==,
                    MAIL_NOT_DELIVERED);
    store_access_free(access);
    intake_free(intake);
    parsers_free(parsers);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sync/intake/many", test_many);
    g_test_add_func("/sync/intake/free-keeps", test_free_keeps);
    g_test_add_func("/sync/intake/large", test_large);
    g_test_add_func("/sync/intake/budget", test_budget);
    g_test_add_func("/sync/intake/report", test_report);
    g_test_add_func("/sync/intake/deadly", test_deadly);
    g_test_add_func("/sync/intake/parsers", test_parsers);
    return g_test_run();
}

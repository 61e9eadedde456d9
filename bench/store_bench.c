/* How fast the store is: first-sync batches, lists, search, changes.
 *   store_bench [EMAILS] [RAW_EMAILS]
 * makes an account of EMAILS pending emails (default 100000) and one of RAW_EMAILS with 30 KB
 * messages (default 5000), in a temporary directory, and prints one line a figure. */
#include "bench.h"
#include "store_filters.h"

#include "store/admin.h"
#include "store/sync.h"

#include "base/clock.h"

#include <string.h>
#include <sys/stat.h>

#define BATCH 500

struct bench {
    char *directory;
    struct store *store;
    struct store_principal *user;
    int64_t account, inbox;
    GRand *rand;
    char **words;
};

static void report(const char *name, double value, const char *unit)
{
    printf("%-44s %12.2f %s\n", name, value, unit);
    fflush(stdout);
}

static double seconds_since(int64_t start)
{
    return (double)(clock_now() - start) / (double)CLOCK_SECOND;
}

static int64_t add_mailbox(struct bench *b, int64_t account, char *name, enum mail_role role)
{
    GError *error = NULL;
    struct store_remote_mailbox mailbox = {.raw_name = name,
                                           .name = name,
                                           .delimiter = '/',
                                           .role = role,
                                           .selectable = true,
                                           .subscribed = true,
                                           .sync = true,
                                           .uidvalidity = 1};
    must(store_sync_mailbox_put(b->store, account, &mailbox, &error), error);
    return mailbox.id;
}

static int64_t add_account(struct bench *b, const char *address)
{
    GError *error = NULL;
    struct secret *password = secret_new("password", 8);
    struct store_link link = {.address = address,
                              .user = store_principal_user(b->user),
                              .imap_host = "imap.example",
                              .imap_login = address,
                              .password = password};
    int64_t account = store_link(b->store, &link, NULL, &error);
    must(account != 0, error);
    secret_free(password);
    return account;
}

static void start(struct bench *b, const struct keyring *keyring)
{
    GError *error = NULL;
    struct store_config config = {.directory = b->directory, .keyring = keyring};
    struct secret *password = secret_new("password", 8);
    b->store = store_open(&config, &error);
    must(b->store != NULL, error);
    must(store_user_add(b->store, "a@example.org", password, false, &error) != 0, error);
    b->user = store_sign_in_password(b->store, "a@example.org", password, &error);
    must(b->user != NULL, error);
    secret_free(password);
    b->account = add_account(b, "a@mail.example");
    b->inbox = add_mailbox(b, b->account, (char[]){"INBOX"}, MAIL_ROLE_INBOX);
}

/* Words as often as in a language: the n-th most common one 1/n as often as the first (Zipf). */
static const char *word(struct bench *b)
{
    int magnitude = 1 << g_rand_int_range(b->rand, 0, 15);
    int rank = magnitude + g_rand_int_range(b->rand, 0, magnitude);
    return b->words[MIN(rank, 29999)];
}

static struct mail_summary *make_summary(struct bench *b, int number)
{
    struct mail_summary *summary = mail_summary_new();
    int thread = number / 3 * 3;
    summary->message_id =
        g_strdup_printf("%d.%08x@mail.example", number, (unsigned)number * 2654435761u);
    if (number != thread) {
        summary->references = g_new0(char *, 2);
        summary->references[0] =
            g_strdup_printf("%d.%08x@mail.example", thread, (unsigned)thread * 2654435761u);
    }
    summary->subject = g_strdup_printf("%s %s %s %d", word(b), word(b), word(b), thread);
    summary->base_subject = g_strdup_printf("thread %d", thread);
    g_autofree char *from =
        g_strdup_printf("person%d@example.org", g_rand_int_range(b->rand, 0, 500));
    mail_addresses_add(&summary->from, "A Person", from);
    mail_addresses_add(&summary->to, "Ann", "a@mail.example");
    summary->sent_at = 1600000000 + number * 60;
    return summary;
}

static void add_message(struct bench *b, struct store_batch *batch, int64_t mailbox, int number,
                        GBytes *raw, const struct store_index *index)
{
    struct mail_summary *summary = make_summary(b, number);
    struct store_batch_message message = {.mailbox = mailbox,
                                          .uidvalidity = 1,
                                          .uid = (uint32_t)number + 1,
                                          .flags = {.bits = number % 10 == 0 ? 0 : MAIL_SEEN},
                                          .received_at = summary->sent_at,
                                          .size = raw != NULL ? g_bytes_get_size(raw) : 30000,
                                          .summary = summary,
                                          .raw = raw,
                                          .index = index};
    store_batch_message(batch, &message);
    mail_summary_free(summary);
}

static void commit(struct store_batch *batch)
{
    GError *error = NULL;
    must(store_batch_commit(batch, STORE_LANE_BULK, NULL, &error), error);
}

static void bench_headers(struct bench *b, int count)
{
    struct store_batch *batch = store_batch_new(b->store, b->account);
    int64_t started = clock_now();
    for (int i = count; i-- > 0;) {
        add_message(b, batch, b->inbox, i, NULL, NULL);
        if (i % BATCH == 0)
            commit(batch);
    }
    report("headers pass, emails a second", count / seconds_since(started), "/s");
    store_batch_free(batch);
}

static char *make_body(struct bench *b, int words)
{
    GString *body = g_string_new(NULL);
    for (int i = 0; i < words; i++) {
        g_string_append(body, word(b));
        g_string_append_c(body, i % 12 == 11 ? '\n' : ' ');
    }
    return g_string_free(body, FALSE);
}

/* Text twice (plain and HTML), headers, and an attachment of random base64: 30 KB in all. */
static GBytes *make_raw(struct bench *b, const char *body)
{
    GString *raw = g_string_new("Received: from mx.example.org by mail.example\r\n"
                                "MIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\n");
    g_string_append_printf(raw, "%s\r\n--b\r\n<html><p>%s</p></html>\r\n--b\r\n", body, body);
    while (raw->len < 30000) {
        guint32 bytes[14];
        for (size_t i = 0; i < G_N_ELEMENTS(bytes); i++)
            bytes[i] = g_rand_int(b->rand);
        g_autofree char *line = g_base64_encode((const guchar *)bytes, sizeof bytes);
        g_string_append_printf(raw, "%s\r\n", line);
    }
    return g_string_free_to_bytes(raw);
}

struct prepared {
    GBytes *raw;
    struct store_index index;
};

static off_t file_size(const struct bench *b, const char *name)
{
    struct stat status;
    g_autofree char *path = g_build_filename(b->directory, name, NULL);
    return stat(path, &status) == 0 ? status.st_size : 0;
}

static void bench_raw(struct bench *b, int count)
{
    int64_t account = add_account(b, "raw@mail.example");
    int64_t inbox = add_mailbox(b, account, (char[]){"INBOX"}, MAIL_ROLE_INBOX);
    struct prepared *mails = g_new0(struct prepared, count);
    double raw_bytes = 0;
    for (int i = 0; i < count; i++) {
        g_autofree char *body = make_body(b, 300);
        mails[i].raw = make_raw(b, body);
        mails[i].index.body = g_strdelimit(g_strdup(body), "\n", ' ');
        mails[i].index.subject = make_body(b, 3);
        mails[i].index.from = g_strdup("person example org");
        raw_bytes += (double)g_bytes_get_size(mails[i].raw);
    }
    off_t before = file_size(b, "postroom.db");
    struct store_batch *batch = store_batch_new(b->store, account);
    int64_t started = clock_now(), writing = 0;
    for (int i = 0; i < count; i++) {
        add_message(b, batch, inbox, i, mails[i].raw, &mails[i].index);
        if (i % BATCH == BATCH - 1 || i + 1 == count) {
            int64_t begun = clock_now();
            commit(batch);
            writing += clock_now() - begun;
        }
    }
    report("30 KB messages, emails a second", count / seconds_since(started), "/s");
    report("  of that in the writer, emails a second", count / ((double)writing / 1e6), "/s");
    store_close(b->store);
    report("  blobs on disk / raw", (double)file_size(b, "blobs.db") / raw_bytes, "");
    report("  index and rows on disk / raw",
           (double)(file_size(b, "postroom.db") - before) / raw_bytes, "");
    store_batch_free(batch);
    for (int i = 0; i < count; i++) {
        g_bytes_unref(mails[i].raw);
        store_index_clear(&mails[i].index);
    }
    g_free(mails);
}

static void time_query(struct bench *b, int64_t account, const char *name,
                       const struct store_query *query)
{
    GError *error = NULL;
    int64_t best = INT64_MAX;
    uint64_t total = 0;
    struct store_access *access = store_authorise(b->store, b->user, account, STORE_READ, &error);
    must(access != NULL, error);
    for (int i = 0; i < 5; i++) {
        struct store_query_result result;
        int64_t started = clock_now();
        must(store_query(access, query, &result, &error), error);
        best = MIN(best, clock_now() - started);
        total = result.total;
        store_query_result_clear(&result);
    }
    store_access_free(access);
    report(name, (double)best / 1000.0, "ms");
    if (query->calculate_total)
        report("  total", (double)total, "");
}

static void time_words(struct bench *b, int64_t account, const char *name, const char *text,
                       bool total)
{
    struct store_filter *filter = filter_words(STORE_TEXT, text);
    struct store_query query = {.filter = filter, .limit = 50, .calculate_total = total};
    time_query(b, account, name, &query);
    store_filter_free(filter);
}

static void bench_queries(struct bench *b)
{
    struct store_filter *filter = filter_in(b->inbox);
    struct store_query query = {.filter = filter, .limit = 50, .calculate_total = true};
    time_query(b, b->account, "newest 50 of a mailbox, with total", &query);
    query.collapse_threads = true;
    time_query(b, b->account, "newest 50 conversations, with total", &query);
    query.collapse_threads = false;
    query.position = 50000;
    time_query(b, b->account, "50 at position 50000", &query);
    query.position = 0;
    struct store_filter *both =
        filter_join(STORE_AND, filter, filter_text(STORE_NOT_KEYWORD, "$seen"));
    query.filter = both;
    time_query(b, b->account, "newest 50 unread of a mailbox, with total", &query);
    store_filter_free(both);
}

static void bench_search(struct bench *b, int count)
{
    int64_t account = add_account(b, "search@mail.example");
    int64_t inbox = add_mailbox(b, account, (char[]){"INBOX"}, MAIL_ROLE_INBOX);
    struct store_batch *batch = store_batch_new(b->store, account);
    g_autoptr(GBytes) raw = g_bytes_new_static("small", 5);
    int64_t started = clock_now();
    for (int i = 0; i < count; i++) {
        g_autofree char *body = make_body(b, 100);
        g_autofree char *text =
            g_strdup_printf("everywhere %s%s", i % 10007 == 0 ? "rareword " : "", body);
        struct store_index index = {.body = g_strdelimit(text, "\n", ' ')};
        add_message(b, batch, inbox, i, raw, &index);
        if (i % BATCH == BATCH - 1 || i + 1 == count)
            commit(batch);
    }
    report("100-word messages, emails a second", count / seconds_since(started), "/s");
    store_batch_free(batch);
    time_words(b, account, "search, a word in every email", "everywhere", false);
    time_words(b, account, "search, a word in every email, with total", "everywhere", true);
    time_words(b, account, "search, a rare word, with total", "rareword", true);
    time_words(b, account, "search, a common and a rare word", "everywhere rareword", true);
}

static void bench_changes(struct bench *b)
{
    GError *error = NULL;
    struct store_access *access =
        store_authorise(b->store, b->user, b->account, STORE_WRITE, &error);
    must(access != NULL, error);
    struct store_query query = {.limit = 1000};
    struct store_query_result result;
    must(store_query(access, &query, &result, &error), error);
    uint64_t before = store_state(access, STORE_EMAIL);
    int64_t started = clock_now();
    for (guint i = 0; i < result.ids->len; i++) {
        struct store_set *set = store_set_new(access, 0);
        struct store_email_patch patch = {.add = {.bits = MAIL_FLAGGED}};
        store_set_update(set, g_array_index(result.ids, int64_t, i), &patch);
        must(store_set_commit(set, NULL, NULL, &error), error);
        store_set_free(set);
    }
    report("single flag changes a second, one caller", result.ids->len / seconds_since(started),
           "/s");
    struct store_changes changes;
    started = clock_now();
    must(store_changes(access, STORE_EMAIL, before, 0, &changes, &error), error);
    report("changes after 1000", seconds_since(started) * 1000.0, "ms");
    store_changes_clear(&changes);
    store_query_result_clear(&result);
    store_access_free(access);
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    int count = argc > 1 ? atoi(argv[1]) : 100000, raw = argc > 2 ? atoi(argv[2]) : 5000;
    struct bench b = {.directory = g_dir_make_tmp("postroom-bench-XXXXXX", &error),
                      .rand = g_rand_new_with_seed(1)};
    must(b.directory != NULL && count > 0 && raw > 0, error);
    g_autofree char *key = g_build_filename(b.directory, "key", NULL);
    struct keyring *keyring = keyring_load(key, true, &error);
    must(keyring != NULL, error);
    b.words = g_new0(char *, 30001);
    for (int i = 0; i < 30000; i++)
        b.words[i] = g_strdup_printf("w%x", (unsigned)i * 40503u % 1000003u);
    start(&b, keyring);
    bench_headers(&b, count);
    bench_queries(&b);
    bench_changes(&b);
    bench_search(&b, count);
    bench_raw(&b, raw);
    store_principal_unref(b.user);
    keyring_free(keyring);
    g_strfreev(b.words);
    g_rand_free(b.rand);
    remove_directory(b.directory);
    g_free(b.directory);
    return 0;
}

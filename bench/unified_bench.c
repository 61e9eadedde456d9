/* How fast the unified account is beside one of its members.
 *   unified_bench [ACCOUNTS] [EMAILS] [MANY]
 * makes ACCOUNTS accounts (default 20) of EMAILS emails each (default 50000) for a person, then
 * MANY (default 1000) empty ones, in a temporary directory, and prints one line a figure. */
#include "bench.h"
#include "store_filters.h"

#include "store/admin.h"
#include "store/sync.h"

#include "base/clock.h"

#include <string.h>

#define BATCH 500
#define TIMES 300

struct bench {
    char *directory;
    struct store *store;
    struct store_principal *user;
    int64_t first, inbox; /* the first account */
};

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
}

static int64_t add_account(struct bench *b, int number, int64_t *inbox)
{
    GError *error = NULL;
    g_autofree char *address = g_strdup_printf("n%d@mail.example", number);
    struct secret *password = secret_new("password", 8);
    const struct store_link link = {.address = address,
                                    .user = store_principal_user(b->user),
                                    .imap_host = "imap.example",
                                    .imap_login = address,
                                    .password = password};
    int64_t account = store_link(b->store, &link, NULL, &error);
    char name[] = "INBOX";
    struct store_remote_mailbox mailbox = {.raw_name = name,
                                           .name = name,
                                           .delimiter = '/',
                                           .role = MAIL_ROLE_INBOX,
                                           .selectable = true,
                                           .subscribed = true,
                                           .sync = true,
                                           .uidvalidity = 1};
    must(account != 0, error);
    secret_free(password);
    must(store_sync_mailbox_put(b->store, account, &mailbox, &error), error);
    *inbox = mailbox.id;
    return account;
}

static void add_message(struct store_batch *batch, int64_t mailbox, int account, int number)
{
    static const char text[] = "small";
    g_autoptr(GBytes) raw = g_bytes_new_static(text, sizeof text - 1);
    struct mail_summary *summary = mail_summary_new();
    struct store_index index = {.body = number % 1000 == 0 ? (char[]){"everywhere rareword"}
                                                           : (char[]){"everywhere"}};
    summary->message_id = g_strdup_printf("%d.%d@mail.example", account, number);
    summary->subject = g_strdup_printf("subject %d", number);
    summary->base_subject = g_strdup(summary->subject);
    mail_addresses_add(&summary->from, "A Person", "person@example.org");
    summary->sent_at = 1600000000 + number * 60 + account;
    const struct store_batch_message message = {.mailbox = mailbox,
                                                .uidvalidity = 1,
                                                .uid = (uint32_t)number + 1,
                                                .flags = {.bits = number % 10 == 0 ? 0 : MAIL_SEEN},
                                                .received_at = summary->sent_at,
                                                .size = 5,
                                                .summary = summary,
                                                .raw = raw,
                                                .index = &index};
    store_batch_message(batch, &message);
    mail_summary_free(summary);
}

static void fill(struct bench *b, int64_t account, int64_t inbox, int number, int emails)
{
    GError *error = NULL;
    struct store_batch *batch = store_batch_new(b->store, account);
    for (int i = 0; i < emails; i++) {
        add_message(batch, inbox, number, i);
        if (i % BATCH == BATCH - 1 || i + 1 == emails)
            must(store_batch_commit(batch, STORE_LANE_BULK, NULL, &error), error);
    }
    store_batch_free(batch);
}

/* --- figures */

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static double median_us(int64_t *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    return (double)times[count / 2];
}

static struct store_access *open_access(struct bench *b, bool all)
{
    GError *error = NULL;
    struct store_access *access =
        all ? store_authorise_all(b->store, b->user, &error)
            : store_authorise(b->store, b->user, b->first, STORE_READ, &error);
    must(access != NULL, error);
    return access;
}

/* A request's way: the handle, the query. */
static int64_t time_query(struct bench *b, bool all, const struct store_query *query)
{
    GError *error = NULL;
    struct store_query_result result;
    int64_t started = clock_now();
    struct store_access *access = open_access(b, all);
    must(store_query(access, query, &result, &error), error);
    store_query_result_clear(&result);
    store_access_free(access);
    return clock_now() - started;
}

/* The same of one and of all in turn, so that noise meets both. */
static void compare_query(struct bench *b, const char *name, struct store_query *query,
                          struct store_filter *in)
{
    int64_t one[TIMES], all[TIMES];
    for (size_t i = 0; i < TIMES; i++) {
        if (in != NULL)
            g_array_index(in->ids, int64_t, 0) = b->inbox;
        one[i] = time_query(b, false, query);
        if (in != NULL)
            g_array_index(in->ids, int64_t, 0) = -MAIL_ROLE_INBOX;
        all[i] = time_query(b, true, query);
    }
    double a = median_us(one, TIMES), c = median_us(all, TIMES);
    printf("%-40s one %9.0f us   all %9.0f us   ratio %6.2f\n", name, a, c, c / a);
    fflush(stdout);
}

static void bench_queries(struct bench *b)
{
    struct store_filter *in = filter_in(b->inbox);
    struct store_query query = {.filter = in, .limit = 50};
    compare_query(b, "newest 50 of the inbox", &query, in);
    query.calculate_total = true;
    compare_query(b, "newest 50 of the inbox, with total", &query, in);
    query.collapse_threads = true;
    compare_query(b, "newest 50 conversations, with total", &query, in);
    query = (struct store_query){.limit = 50};
    compare_query(b, "newest 50 of everything", &query, NULL);
    struct store_filter *common = filter_words(STORE_TEXT, "everywhere");
    struct store_filter *rare = filter_words(STORE_TEXT, "rareword");
    query.filter = common;
    compare_query(b, "search, a word in every email", &query, NULL);
    query.filter = rare;
    compare_query(b, "search, a rare word", &query, NULL);
    store_filter_free(in);
    store_filter_free(common);
    store_filter_free(rare);
}

/* What every request does before its work, and what every answer tells. */
static void bench_access(struct bench *b, const char *name)
{
    int64_t one[TIMES], all[TIMES], state[TIMES];
    for (size_t i = 0; i < TIMES; i++) {
        int64_t started = clock_now();
        store_access_free(open_access(b, false));
        one[i] = clock_now() - started;
        started = clock_now();
        store_access_free(open_access(b, true));
        all[i] = clock_now() - started;
        started = clock_now();
        store_access_state(b->store, b->user);
        state[i] = clock_now() - started;
    }
    printf("%-40s one %9.0f us   all %9.0f us   session state %4.0f us\n", name,
           median_us(one, TIMES), median_us(all, TIMES), median_us(state, TIMES));
    int64_t before[TIMES];
    for (size_t i = 0; i < TIMES / 10; i++) {
        int64_t started = clock_now();
        g_ptr_array_unref(store_accounts_of(b->store, b->user, NULL, NULL));
        before[i] = clock_now() - started;
    }
    printf("%-40s %13.0f us\n", "  (reading all accounts)", median_us(before, TIMES / 10));
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    int accounts = argc > 1 ? atoi(argv[1]) : 20, emails = argc > 2 ? atoi(argv[2]) : 50000;
    int many = argc > 3 ? atoi(argv[3]) : 1000;
    struct bench b = {.directory = g_dir_make_tmp("postroom-bench-XXXXXX", &error)};
    int64_t inbox;
    must(b.directory != NULL && accounts > 0 && emails > 0, error);
    g_autofree char *key = g_build_filename(b.directory, "key", NULL);
    struct keyring *keyring = keyring_load(key, true, &error);
    must(keyring != NULL, error);
    start(&b, keyring);
    for (int i = 0; i < accounts; i++) {
        int64_t account = add_account(&b, i, &inbox);
        fill(&b, account, inbox, i, emails);
        if (i == 0) {
            b.first = account;
            b.inbox = inbox;
        }
    }
    printf("%d accounts of %d emails\n", accounts, emails);
    bench_queries(&b);
    bench_access(&b, "access");
    for (int i = 0; i < many; i++)
        add_account(&b, accounts + i, &inbox);
    printf("%d accounts more\n", many);
    bench_access(&b, "access");
    bench_queries(&b);
    store_close(b.store);
    store_principal_unref(b.user);
    keyring_free(keyring);
    remove_directory(b.directory);
    g_free(b.directory);
    return 0;
}

/* Email/query over thousands of emails in two accounts, against a model: what is read ahead, sought
 * anew, merged and cut off is where it should be. And what a query may read of messages. */
#include "store_mailbox_fixture.h"

#include "base/clock.h"

#include <pthread.h>
#include <unistd.h>

#define EMAILS 2000 /* of each account */
#define ACCOUNTS 2
#define EMPTY 63 /* accounts between the two, so that they share a table of the word index */
#define APART 600
#define FIRST 1000000

struct world {
    struct mail_fixture of[ACCOUNTS]; /* the same store and person */
    int64_t id[EMAILS * ACCOUNTS];
    GHashTable *numbers; /* id -> number + 1 */
    GRand *rand;
};

/* Emails alternate between the accounts; number n is of account n % ACCOUNTS. Every fifth is
 * unread, every 40th has no message yet, every 50th is hidden. */
static bool is_pending(int n)
{
    return n / ACCOUNTS % 40 == 1;
}

static bool is_hidden(int n)
{
    return n / ACCOUNTS % 50 == 2;
}

static enum mail_role role_of(int n)
{
    int i = n / ACCOUNTS;
    return i % 101 == 0 ? MAIL_ROLE_TRASH : i % 7 == 0 ? MAIL_ROLE_ARCHIVE : MAIL_ROLE_INBOX;
}

static const struct {
    const char *word;
    int every, at; /* numbers within the account; every 0: all */
} bodies[] = {{"common", 0, 0}, {"half", 2, 0}, {"sparse", 97, 5}, {"rare", 500, 7}};

static bool has_word(int n, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++)
        if (strcmp(bodies[i].word, word) == 0)
            return !is_pending(n) &&
                   (bodies[i].every == 0 || n / ACCOUNTS % bodies[i].every == bodies[i].at);
    g_assert_not_reached();
}

static bool has_phrase(int n)
{
    return !is_pending(n) && n / ACCOUNTS % 3 == 0;
}

static int64_t mailbox_of(const struct mail_fixture *m, enum mail_role role)
{
    return role == MAIL_ROLE_TRASH ? m->trash : role == MAIL_ROLE_ARCHIVE ? m->archive : m->inbox;
}

static void add_email(struct world *w, struct store_batch *batch, int n)
{
    const struct mail_fixture *m = &w->of[n % ACCOUNTS];
    int i = n / ACCOUNTS;
    g_autofree char *id = g_strdup_printf("n%d@x", n);
    g_autofree char *subject = g_strdup_printf("n%05d", n);
    g_autoptr(GString) body = g_string_new(i % 3 == 0 ? "alpha beta" : "beta and alpha");
    for (size_t k = 0; k < G_N_ELEMENTS(bodies); k++)
        if (bodies[k].every == 0 || i % bodies[k].every == bodies[k].at)
            g_string_append_printf(body, " %s", bodies[k].word);
    mail_add(batch, &(struct mail_spec){.mailbox = mailbox_of(m, role_of(n)),
                                        .uid = (uint32_t)n + 1,
                                        .id = id,
                                        .subject = subject,
                                        .body = body->str,
                                        .bits = (i % 5 == 0 ? 0 : MAIL_SEEN) |
                                                (i % 250 == 0 ? MAIL_FLAGGED : 0),
                                        .received_at = FIRST + n * APART,
                                        .pending = is_pending(n)});
}

/* --- lists */

static struct store_access *open_access(struct world *w, int account)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access =
        account < 0 ? store_authorise_all(w->of[0].f.store, w->of[0].user, &error)
                    : store_authorise(w->of[0].f.store, w->of[0].user, w->of[account].account,
                                      STORE_WRITE, &error);
    g_assert_no_error(error);
    return access;
}

static void must_query(const struct store_access *access, const struct store_query *query,
                       struct store_query_result *result)
{
    g_autoptr(GError) error = NULL;
    bool ok = store_query(access, query, result, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
}

/* Which number each id has, by the subjects; then some are hidden. */
static void learn_ids(struct world *w)
{
    struct store_access *access = open_access(w, -1);
    struct store_query_result result;
    const struct store_query query = {.limit = 1000000};
    g_autoptr(GError) error = NULL;
    must_query(access, &query, &result);
    g_assert_cmpuint(result.ids->len, ==, EMAILS * ACCOUNTS);
    const int64_t *ids = (const int64_t *)(const void *)result.ids->data;
    g_autoptr(GPtrArray) emails =
        store_emails(access, ids, result.ids->len, STORE_EMAIL_SUMMARY, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        int n = atoi(email->summary->subject + 1);
        w->id[n] = email->id;
        g_hash_table_insert(w->numbers, &w->id[n], GINT_TO_POINTER(n + 1));
    }
    store_query_result_clear(&result);
    store_access_free(access);
}

static void hide(struct world *w)
{
    for (int account = 0; account < ACCOUNTS; account++) {
        struct store_access *access = open_access(w, account);
        struct store_set *set = store_set_new(access, 0);
        g_autoptr(GError) error = NULL;
        for (int n = account; n < EMAILS * ACCOUNTS; n += ACCOUNTS)
            if (is_hidden(n))
                store_set_destroy(set, w->id[n]);
        g_assert_true(store_set_commit(set, NULL, NULL, &error));
        g_assert_no_error(error);
        store_set_free(set);
        store_access_free(access);
    }
}

static void world_open(struct world *w)
{
    *w = (struct world){.rand = g_rand_new_with_seed(7),
                        .numbers = g_hash_table_new(g_int64_hash, g_int64_equal)};
    mail_open(&w->of[0]);
    struct mail_fixture *second = &w->of[1];
    *second = w->of[0];
    for (int i = 0; i < EMPTY; i++) {
        g_autofree char *address = g_strdup_printf("empty%d@mail.example", i);
        fixture_account(&second->f, second->user, address, "password");
    }
    second->account = fixture_account(&second->f, second->user, "n@mail.example", "password");
    second->inbox = mail_mailbox(second, "INBOX", MAIL_ROLE_INBOX);
    second->archive = mail_mailbox(second, "Archive", MAIL_ROLE_ARCHIVE);
    second->trash = mail_mailbox(second, "Trash", MAIL_ROLE_TRASH);
    for (int account = 0; account < ACCOUNTS; account++) {
        struct store_batch *batch = store_batch_new(w->of[0].f.store, w->of[account].account);
        for (int n = account; n < EMAILS * ACCOUNTS; n += ACCOUNTS) {
            add_email(w, batch, n);
            if (n / ACCOUNTS % 500 == 499)
                mail_commit(batch);
        }
        store_batch_free(batch);
    }
    learn_ids(w);
    hide(w);
}

static void world_close(struct world *w)
{
    g_hash_table_destroy(w->numbers);
    g_rand_free(w->rand);
    mail_close(&w->of[0]);
}

/* --- filters and what they should find */

struct wanted {
    const char *word; /* in the body, or NULL */
    bool prefix, phrase, everyone /* by the sender, whom all have */;
    enum mail_role role; /* NONE: any */
    bool unread, flagged, without_half;
    int first, end; /* numbers; end 0: no bound */
    bool rare_or_flagged;
};

static bool is_wanted(const struct wanted *wanted, int n)
{
    int i = n / ACCOUNTS;
    if (is_hidden(n) || (wanted->role != MAIL_ROLE_NONE && role_of(n) != wanted->role) ||
        (wanted->word != NULL && !has_word(n, wanted->word)) ||
        (wanted->phrase && !has_phrase(n)) || (wanted->unread && i % 5 != 0) ||
        (wanted->flagged && i % 250 != 0) || (wanted->without_half && has_word(n, "half")) ||
        n < wanted->first || (wanted->end > 0 && n >= wanted->end))
        return false;
    return !wanted->rare_or_flagged || has_word(n, "rare") || i % 250 == 0;
}

static void add_words(GPtrArray *all, const struct wanted *wanted)
{
    if (wanted->word != NULL) {
        g_autofree char *text = g_strndup(wanted->word, strlen(wanted->word) - wanted->prefix);
        struct store_filter *filter = filter_words(STORE_BODY, text);
        filter->prefix = wanted->prefix;
        g_ptr_array_add(all, filter);
    }
    if (wanted->phrase)
        g_ptr_array_add(all, filter_phrase(STORE_TEXT, "alpha beta"));
    if (wanted->everyone)
        g_ptr_array_add(all, filter_words(STORE_FROM, "bea"));
    if (wanted->without_half)
        g_ptr_array_add(all, filter_join(STORE_NOT, filter_words(STORE_BODY, "half"), NULL));
    if (wanted->rare_or_flagged)
        g_ptr_array_add(all, filter_join(STORE_OR, filter_words(STORE_BODY, "rare"),
                                         filter_text(STORE_HAS_KEYWORD, "$flagged")));
}

/* account -1: the unified one. */
static struct store_filter *filter_of(struct world *w, const struct wanted *wanted, int account)
{
    struct store_filter *all = store_filter_new(STORE_AND);
    all->children = g_ptr_array_new();
    add_words(all->children, wanted);
    if (wanted->role != MAIL_ROLE_NONE) {
        int64_t id =
            account < 0 ? -(int64_t)wanted->role : mailbox_of(&w->of[account], wanted->role);
        g_ptr_array_add(all->children, filter_in(id));
    }
    if (wanted->unread)
        g_ptr_array_add(all->children, filter_text(STORE_NOT_KEYWORD, "$seen"));
    if (wanted->flagged)
        g_ptr_array_add(all->children, filter_text(STORE_HAS_KEYWORD, "$flagged"));
    if (wanted->first > 0)
        g_ptr_array_add(all->children, filter_number(STORE_AFTER, FIRST + wanted->first * APART));
    if (wanted->end > 0)
        g_ptr_array_add(all->children, filter_number(STORE_BEFORE, FIRST + wanted->end * APART));
    return all;
}

static GArray *model(const struct wanted *wanted, int account, bool ascending)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int));
    for (int k = 0; k < EMAILS * ACCOUNTS; k++) {
        int n = ascending ? k : EMAILS * ACCOUNTS - 1 - k;
        if ((account < 0 || n % ACCOUNTS == account) && is_wanted(wanted, n))
            g_array_append_val(list, n);
    }
    return list;
}

static void expect_window(struct world *w, const struct store_access *access,
                          const struct store_query *query, const GArray *list)
{
    struct store_query_result result;
    must_query(access, query, &result);
    guint start = (guint)query->position;
    guint length = MIN((guint)query->limit, start < list->len ? list->len - start : 0);
    g_assert_cmpuint(result.ids->len, ==, length);
    for (guint i = 0; i < length; i++) {
        const int64_t *id = &g_array_index(result.ids, int64_t, i);
        g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(w->numbers, id)) - 1, ==,
                        g_array_index(list, int, start + i));
    }
    g_assert_true(result.has_total == query->calculate_total);
    if (query->calculate_total)
        g_assert_cmpuint(result.total, ==, list->len);
    store_query_result_clear(&result);
}

/* The whole of it, and windows anywhere. */
static void expect(struct world *w, const struct wanted *wanted, int account,
                   const struct store_sort *sort)
{
    struct store_access *access = open_access(w, account);
    struct store_filter *filter = filter_of(w, wanted, account);
    g_autoptr(GArray) list = model(wanted, account, sort->ascending);
    struct store_query query = {.filter = filter,
                                .sort = sort,
                                .sort_count = 1,
                                .limit = 100000,
                                .calculate_total = true};
    g_assert_cmpuint(list->len, >, 0);
    expect_window(w, access, &query, list);
    for (int i = 0; i < 4; i++) {
        query.calculate_total = i % 2 == 0;
        query.collapse_threads = i == 3;
        query.position = g_rand_int_range(w->rand, 0, (gint32)list->len);
        query.limit = (size_t)g_rand_int_range(w->rand, 0, 200);
        expect_window(w, access, &query, list);
    }
    store_filter_free(filter);
    store_access_free(access);
}

static void every_list_is_as_the_model_has_it(void)
{
    static const struct wanted cases[] = {
        {.word = "common"},
        {.word = "half", .prefix = true},
        {.word = "rare"},
        {.everyone = true},
        {.everyone = true, .role = MAIL_ROLE_INBOX},
        {.role = MAIL_ROLE_INBOX},
        {.role = MAIL_ROLE_INBOX, .unread = true},
        {.flagged = true},
        {.word = "common", .role = MAIL_ROLE_INBOX},
        {.word = "common", .role = MAIL_ROLE_TRASH},
        {.word = "half", .prefix = true, .role = MAIL_ROLE_TRASH},
        {.word = "rare", .role = MAIL_ROLE_INBOX},
        {.word = "sparse", .role = MAIL_ROLE_ARCHIVE},
        {.word = "common", .first = 700, .end = 1900},
        {.role = MAIL_ROLE_INBOX, .first = 1111, .end = 1234},
        {.without_half = true, .role = MAIL_ROLE_INBOX},
        {.rare_or_flagged = true},
        {.rare_or_flagged = true, .word = "common"},
        {.phrase = true, .first = 3000},
        {.phrase = true, .role = MAIL_ROLE_ARCHIVE},
    };
    struct world w;
    world_open(&w);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (int account = -1; account < ACCOUNTS; account++)
            for (int up = 0; up < 2; up++) {
                const struct store_sort sort = {.by = STORE_BY_RECEIVED_AT, .ascending = up == 1};
                g_test_message("case %zu, account %d, up %d", i, account, up);
                expect(&w, &cases[i], account, &sort);
            }
    /* Subjects are numbered as the mail was received. */
    for (int up = 0; up < 2; up++) {
        const struct store_sort sort = {.by = STORE_BY_SUBJECT, .ascending = up == 1};
        expect(&w, &cases[0], -1, &sort);
        expect(&w, &cases[6], 0, &sort);
    }
    world_close(&w);
}

/* --- messages that are read */

static void expect_error(const struct store_access *access, const struct store_query *query)
{
    g_autoptr(GError) error = NULL;
    struct store_query_result result;
    g_assert_false(store_query(access, query, &result, &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    store_query_result_clear(&result);
}

static void reading_messages_is_bounded(void)
{
    struct world w;
    world_open(&w);
    struct store_access *access = open_access(&w, 0);
    struct store_filter *phrase = filter_phrase(STORE_TEXT, "alpha beta");
    struct store_query query = {.filter = phrase,
                                .limit = 20,
                                .calculate_total = true,
                                .reads_max = 100};
    struct store_query_result result;
    must_query(access, &query, &result);
    g_assert_cmpuint(result.ids->len, ==, 20);
    g_assert_false(result.has_total);
    store_query_result_clear(&result);
    query.limit = 0;
    must_query(access, &query, &result);
    g_assert_false(result.has_total);
    store_query_result_clear(&result);
    query.limit = 100;
    expect_error(access, &query);
    const struct store_sort by_size = {.by = STORE_BY_SIZE, .ascending = true};
    query.limit = 5;
    query.sort = &by_size;
    query.sort_count = 1;
    expect_error(access, &query);
    query = (struct store_query){.filter = phrase, .limit = 20, .calculate_total = true};
    must_query(access, &query, &result);
    g_assert_true(result.has_total);
    store_query_result_clear(&result);
    store_filter_free(phrase);
    store_access_free(access);
    world_close(&w);
}

static void time_is_bounded(void)
{
    struct world w;
    world_open(&w);
    struct store_access *access = open_access(&w, 0);
    struct store_filter *either = filter_join(STORE_OR, filter_words(STORE_TEXT, "common"),
                                              filter_text(STORE_HAS_KEYWORD, "$flagged"));
    struct store_query query = {.filter = either, .limit = 1000, .worked_max = 1};
    expect_error(access, &query);
    query.filter = NULL;
    expect_error(access, &query);
    query.worked_max = clock_worked() + 60 * CLOCK_SECOND;
    struct store_query_result result;
    query.filter = either;
    must_query(access, &query, &result);
    store_query_result_clear(&result);
    store_filter_free(either);
    store_access_free(access);
    world_close(&w);
}

static void so_it_is_for_changes(void)
{
    struct world w;
    g_autoptr(GError) error = NULL;
    world_open(&w);
    struct store_access *access = open_access(&w, 0);
    struct store_filter *header = filter_text(STORE_HEADER, "x-none");
    uint64_t since = store_state(access, STORE_EMAIL);
    struct store_query query = {.filter = header, .calculate_total = true, .reads_max = 100};
    struct store_query_changes changes;
    mail_flags(&w.of[0], mailbox_of(&w.of[0], role_of(0)), 1, MAIL_SEEN | MAIL_ANSWERED);
    g_assert_false(store_query_changes(access, &query, since, 0, 1000, &changes, &error));
    g_assert_true(error_is(error, ERROR_CANNOT_CALCULATE));
    store_query_changes_clear(&changes);
    query.reads_max = 0;
    g_clear_error(&error);
    g_assert_true(store_query_changes(access, &query, since, 0, 1000, &changes, &error));
    g_assert_no_error(error);
    g_assert_true(changes.has_total);
    g_assert_cmpuint(changes.total, ==, 0);
    store_query_changes_clear(&changes);
    store_filter_free(header);
    store_access_free(access);
    world_close(&w);
}

/* --- others' reads while some take long */

#define SLOW 10

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned reading;
    bool let_go;
} slow = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false};

/* Of a query: until it is let go. */
static void read_slowly(GBytes *raw, struct store_index *index)
{
    fixture_words(raw, index);
    pthread_mutex_lock(&slow.mutex);
    slow.reading++;
    pthread_cond_broadcast(&slow.changed);
    while (!slow.let_go)
        pthread_cond_wait(&slow.changed, &slow.mutex);
    pthread_mutex_unlock(&slow.mutex);
}

static void *look_for_a_phrase(void *m)
{
    struct store_filter *filter = filter_words(STORE_BODY, "alpha beta");
    filter->phrase = true;
    g_assert_cmpuint(mail_found(m, filter), ==, 1);
    return NULL;
}

/* However many of one person's queries are under way. */
static void long_queries_hold_up_no_others(void)
{
    struct mail_fixture m;
    pthread_t threads[SLOW];
    mail_open_reading(&m, read_slowly);
    slow.let_go = true;
    mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = 1, .body = "alpha beta"});
    slow.let_go = false;
    slow.reading = 0;
    alarm(60);
    for (int i = 0; i < SLOW; i++)
        pthread_create(&threads[i], NULL, look_for_a_phrase, &m);
    pthread_mutex_lock(&slow.mutex);
    while (slow.reading < SLOW)
        pthread_cond_wait(&slow.changed, &slow.mutex);
    pthread_mutex_unlock(&slow.mutex);
    g_assert_cmpuint(mail_count(&m, m.inbox), ==, 1);
    pthread_mutex_lock(&slow.mutex);
    slow.let_go = true;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.mutex);
    for (int i = 0; i < SLOW; i++)
        pthread_join(threads[i], NULL);
    alarm(0);
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/query-large/model", every_list_is_as_the_model_has_it);
    g_test_add_func("/store/query-large/reads", reading_messages_is_bounded);
    g_test_add_func("/store/query-large/time", time_is_bounded);
    g_test_add_func("/store/query-large/reads-of-changes", so_it_is_for_changes);
    g_test_add_func("/store/query-large/others", long_queries_hold_up_no_others);
    return g_test_run();
}

/* The order by relevance, of one account and of several that one person sees together. */
#include "store_mailbox_fixture.h"

#define ACCOUNTS 3

struct world {
    struct mail_fixture of[ACCOUNTS]; /* the same store and person, another account each */
    uint32_t uid;
};

static void world_open(struct world *w)
{
    *w = (struct world){0};
    mail_open(&w->of[0]);
    for (int i = 1; i < ACCOUNTS; i++) {
        g_autofree char *address = g_strdup_printf("n%d@mail.example", i);
        w->of[i] = w->of[0];
        w->of[i].account = fixture_account(&w->of[0].f, w->of[0].user, address, "password");
        w->of[i].inbox = mail_mailbox(&w->of[i], "INBOX", MAIL_ROLE_INBOX);
    }
}

/* count emails, a second between them; an email is known by when it was received. */
static void put(struct world *w, int account, const char *subject, const char *body, int64_t from,
                int count)
{
    struct mail_fixture *m = &w->of[account];
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    for (int i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("m%u@example.org", ++w->uid);
        const struct mail_spec spec = {.mailbox = m->inbox,
                                       .uid = w->uid,
                                       .id = id,
                                       .subject = subject,
                                       .body = body,
                                       .received_at = from + i};
        mail_add(batch, &spec);
    }
    mail_commit(batch);
    store_batch_free(batch);
}

/* Four emails of the order, best first, from a position on. */
static void expect_at(const struct store_access *access, struct store_filter *filter,
                      int64_t position, const char *times)
{
    const struct store_sort sort = {.by = STORE_BY_RELEVANCE};
    const struct store_query query = {.filter = filter,
                                      .sort = &sort,
                                      .sort_count = 1,
                                      .position = position,
                                      .limit = 4};
    struct store_query_result result = {0};
    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(store_query(access, &query, &result, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) emails =
        store_emails(access, (const int64_t *)(const void *)result.ids->data, result.ids->len,
                     STORE_EMAIL_FLAGS, NULL, NULL);
    for (guint i = 0; i < emails->len; i++) {
        const struct store_email *email = emails->pdata[i];
        g_string_append_printf(got, "%s%d", i > 0 ? " " : "", (int)email->received_at);
    }
    g_assert_cmpstr(got->str, ==, times);
    store_query_result_clear(&result);
}

static struct store_access *all_of(struct world *w)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = store_authorise_all(w->of[0].f.store, w->of[0].user, &error);
    g_assert_no_error(error);
    return access;
}

static void test_places(void)
{
    struct world w;
    world_open(&w);
    put(&w, 0, "a plum", "nothing", 100, 1);
    put(&w, 0, "other", "the plum", 200, 1);
    put(&w, 1, "other", "the plum", 300, 1);
    put(&w, 2, "a plum", "the plum", 50, 1);
    put(&w, 2, "other", "nothing", 400, 1);
    struct store_access *one = mail_access(&w.of[0], STORE_READ), *all = all_of(&w);
    struct store_filter *filter = filter_words(STORE_TEXT, "plum");
    expect_at(one, filter, 0, "100 200");
    expect_at(all, filter, 0, "50 100 300 200");
    expect_at(all, filter, 2, "300 200");
    /* Nothing to weigh by: as they came. */
    expect_at(all, NULL, 0, "400 300 200 100");
    store_filter_free(filter);
    store_access_free(one);
    store_access_free(all);
    mail_close(&w.of[0]);
}

/* A word that most mail of another account has is no rare one where few have it. */
static void test_rarity(void)
{
    struct world w;
    struct store_filter *lamp = filter_words(STORE_TEXT, "lamp");
    struct store_filter *either =
        filter_join(STORE_OR, filter_words(STORE_TEXT, "lamp"), filter_words(STORE_TEXT, "plum"));
    world_open(&w);
    put(&w, 0, "other", "a lamp", 1000, 30);
    put(&w, 1, "other", "a lamp", 100, 1);
    put(&w, 2, "other", "a plum", 50, 1);
    struct store_access *all = all_of(&w);
    expect_at(all, lamp, 0, "1029 1028 1027 1026");
    expect_at(all, lamp, -1, "100");
    expect_at(all, either, 0, "50 1029 1028 1027");
    expect_at(all, either, -1, "100");
    store_filter_free(lamp);
    store_filter_free(either);
    store_access_free(all);
    mail_close(&w.of[0]);
}

/* The newest matches of all accounts together are weighed. */
static void test_bound(void)
{
    struct world w;
    struct store_filter *filter = filter_words(STORE_TEXT, "lamp");
    world_open(&w);
    put(&w, 0, "other", "a lamp", 10000, 1000);
    put(&w, 1, "other", "a lamp", 10500, 999);
    put(&w, 2, "the lamp", "nothing", 5000, 1);
    put(&w, 2, "the lamp", "nothing", 4000, 1);
    struct store_access *all = all_of(&w);
    expect_at(all, filter, 0, "5000 11498 11497 11496");
    expect_at(all, filter, -2, "10000 4000");
    store_filter_free(filter);
    store_access_free(all);
    mail_close(&w.of[0]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/relevance/places", test_places);
    g_test_add_func("/store/relevance/rarity", test_rarity);
    g_test_add_func("/store/relevance/bound", test_bound);
    return g_test_run();
}

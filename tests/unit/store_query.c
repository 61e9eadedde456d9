/* Filters, sorting, windows and words of Email/query; what a handle may and may not do. */
#include "store_mailbox_fixture.h"

/* The first letters of the subjects that match, newest first: "e d c". The filter is freed. */
static char *found_by(struct mail_fixture *m, struct store_query *query)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    struct store_query_result result;
    GString *out = g_string_new(NULL);
    bool ok = store_query(access, query, &result, &error);
    g_assert_no_error(error);
    g_assert_true(ok);
    for (guint i = 0; i < result.ids->len; i++) {
        struct store_email *email = mail_get(m, g_array_index(result.ids, int64_t, i));
        g_string_append_printf(out, "%s%c", i > 0 ? " " : "", email->summary->subject[0]);
        store_email_free(email);
    }
    if (query->calculate_total)
        g_string_append_printf(out, "/%d", (int)result.total);
    store_query_result_clear(&result);
    store_access_free(access);
    return g_string_free(out, FALSE);
}

static void expect(struct mail_fixture *m, struct store_filter *filter, const char *wanted)
{
    struct store_query query = {.filter = filter, .limit = 100, .calculate_total = false};
    g_autofree char *found = found_by(m, &query);
    g_assert_cmpstr(found, ==, wanted);
    struct store_sort oldest = {.by = STORE_BY_RECEIVED_AT, .ascending = true};
    query.sort = &oldest;
    query.sort_count = 1;
    g_autofree char *reversed = found_by(m, &query);
    g_autofree char *again = g_strreverse(g_strdup(reversed));
    g_assert_cmpstr(again, ==, wanted);
    store_filter_free(filter);
}

static void fill(struct mail_fixture *m)
{
    mail_open(m);
    mail_put(m, &(struct mail_spec){m->inbox, 1, "a@x", NULL, "a", "red apple pie", 0, 100, false,
                                    NULL});
    mail_put(m, &(struct mail_spec){m->inbox, 2, "b@x", NULL, "b", "red berry", MAIL_SEEN, 200,
                                    false, NULL});
    mail_put(m, &(struct mail_spec){m->archive, 1, "c@x", NULL, "c", "green apple",
                                    MAIL_SEEN | MAIL_FLAGGED, 300, false, "blue"});
    mail_put(m, &(struct mail_spec){m->archive, 2, "d@x", NULL, "d", "apple red", 0, 300, false,
                                    NULL});
    mail_put(m, &(struct mail_spec){m->inbox, 3, "e@x", NULL, "e",
                                    "long text of a berry without end", 0, 400, false, "blue-ish"});
}

static void filters_mean_what_the_rfc_says(void)
{
    struct mail_fixture m;
    fill(&m);
    expect(&m, NULL, "e d c b a");
    expect(&m, filter_in(m.inbox), "e b a");
    expect(&m, filter_in(4711), "");
    expect(&m, filter_words(STORE_TEXT, "apple"), "d c a");
    expect(&m, filter_words(STORE_BODY, "red apple"), "d a");
    expect(&m, filter_words(STORE_SUBJECT, "apple"), "");
    expect(&m, filter_words(STORE_FROM, "bea"), "e d c b a");
    expect(&m, filter_join(STORE_AND, filter_in(m.inbox), filter_words(STORE_TEXT, "red")), "b a");
    expect(&m,
           filter_join(STORE_OR, filter_words(STORE_TEXT, "berry"),
                       filter_words(STORE_TEXT, "green")),
           "e c b");
    expect(&m,
           filter_join(STORE_OR, filter_words(STORE_TEXT, "green"),
                       filter_text(STORE_HAS_KEYWORD, "$seen")),
           "c b");
    expect(&m, filter_join(STORE_NOT, filter_words(STORE_TEXT, "apple"), NULL), "e b");
    expect(&m, filter_text(STORE_HAS_KEYWORD, "$flagged"), "c");
    expect(&m, filter_text(STORE_HAS_KEYWORD, "Blue"), "c");
    expect(&m, filter_text(STORE_NOT_KEYWORD, "$seen"), "e d a");
    expect(&m, filter_join(STORE_AND, filter_in(m.inbox), filter_text(STORE_NOT_KEYWORD, "$seen")),
           "e a");
    expect(&m, filter_number(STORE_BEFORE, 300), "b a");
    expect(&m, filter_number(STORE_AFTER, 300), "e d c");
    expect(&m,
           filter_join(STORE_AND, filter_number(STORE_AFTER, 200),
                       filter_number(STORE_BEFORE, 400)),
           "d c b");
    expect(&m, filter_text(STORE_HEADER, "x-test"), "e d c b a");
    expect(&m, filter_text(STORE_HEADER, "x-none"), "");
    expect(&m, store_filter_new(STORE_NEVER), "");
    expect(&m, filter_phrase(STORE_TEXT, "red apple"), "a");
    struct store_filter *prefix = filter_words(STORE_TEXT, "app");
    prefix->prefix = true;
    expect(&m, prefix, "d c a");
    expect(&m, filter_words(STORE_TEXT, "a\"b"), "");
    mail_close(&m);
}

/* What the list shows of mail is found by it before the message is here, and after. */
static void mail_without_its_message_is_found(void)
{
    struct mail_fixture m;
    fill(&m);
    struct mail_spec headers = {m.inbox,        4, "p@x", NULL, "Zwölf rote Äpfel",
                                "hidden berry", 0, 250,   true, NULL};
    mail_put(&m, &headers);
    mail_put(&m, &(struct mail_spec){m.archive, 5, "q@x", NULL, "Rote Rosen", "none", 0, 150, true,
                                     NULL});
    expect(&m, filter_words(STORE_SUBJECT, "apfel"), "Z");
    expect(&m, filter_words(STORE_TEXT, "rote bea"), "Z R");
    expect(&m, filter_words(STORE_FROM, "bea"), "e d c Z b R a");
    expect(&m, filter_words(STORE_TO, "ann"), "Z R");
    expect(&m, filter_words(STORE_CC, "ann"), "");
    expect(&m, filter_words(STORE_BODY, "rote"), "");
    expect(&m, filter_join(STORE_AND, filter_in(m.inbox), filter_words(STORE_FROM, "bea")),
           "e Z b a");
    expect(&m,
           filter_join(STORE_AND, filter_words(STORE_FROM, "bea"),
                       filter_number(STORE_BEFORE, 200)),
           "R a");
    expect(&m,
           filter_join(STORE_OR, filter_words(STORE_SUBJECT, "rosen"),
                       filter_words(STORE_BODY, "green")),
           "c R");
    expect(&m,
           filter_join(STORE_AND, filter_words(STORE_SUBJECT, "rote"),
                       filter_words(STORE_SUBJECT, "zwolf")),
           "Z");
    expect(&m,
           filter_join(STORE_OR, filter_words(STORE_SUBJECT, "rosen"),
                       filter_text(STORE_HAS_KEYWORD, "$flagged")),
           "c R");
    expect(&m,
           filter_join(STORE_AND, filter_in(m.inbox),
                       filter_join(STORE_NOT, filter_words(STORE_FROM, "bea"), NULL)),
           "");
    struct store_filter *phrase = filter_phrase(STORE_SUBJECT, "zwolf ro");
    phrase->prefix = true;
    expect(&m, phrase, "Z");
    expect(&m, filter_phrase(STORE_SUBJECT, "rote zwolf"), "");
    expect(&m, filter_words(STORE_SUBJECT, "ros"), "");
    headers.pending = false;
    mail_put(&m, &headers);
    expect(&m, filter_words(STORE_FROM, "bea"), "e d c Z b R a");
    expect(&m, filter_words(STORE_BODY, "hidden berry"), "Z");
    mail_vanish(&m, m.archive, 5);
    mail_sweep(&m);
    expect(&m, filter_words(STORE_TEXT, "rosen"), "");
    mail_close(&m);
}

static void windows_and_totals(void)
{
    struct mail_fixture m;
    fill(&m);
    g_autoptr(GArray) ids = mail_ids(&m, 0);
    struct store_query query = {.limit = 2, .position = 1, .calculate_total = true};
    g_autofree char *second = found_by(&m, &query);
    g_assert_cmpstr(second, ==, "d c/5");
    query.position = -2;
    g_autofree char *last = found_by(&m, &query);
    g_assert_cmpstr(last, ==, "b a/5");
    query.position = 0;
    query.anchor = g_array_index(ids, int64_t, 2);
    query.anchor_offset = -1;
    g_autofree char *anchored = found_by(&m, &query);
    g_assert_cmpstr(anchored, ==, "d c/5");
    query.anchor = 4711;
    struct store_access *access = mail_access(&m, STORE_READ);
    struct store_query_result result;
    g_autoptr(GError) error = NULL;
    g_assert_false(store_query(access, &query, &result, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    store_query_result_clear(&result);
    store_access_free(access);
    struct store_sort by_size[] = {{.by = STORE_BY_SIZE, .ascending = false}};
    struct store_query sorted = {.limit = 1, .sort = by_size, .sort_count = 1};
    g_autofree char *largest = found_by(&m, &sorted);
    g_assert_cmpstr(largest, ==, "e");
    mail_close(&m);
}

static void conversations_are_listed_once(void)
{
    struct mail_fixture m;
    mail_open(&m);
    mail_put(&m, &(struct mail_spec){m.inbox, 1, "a@x", NULL, "t", NULL, 0, 100, false, NULL});
    mail_put(&m,
             &(struct mail_spec){m.inbox, 2, "b@x", "a@x", "t", NULL, MAIL_SEEN, 200, false, NULL});
    mail_put(&m,
             &(struct mail_spec){m.inbox, 3, "c@x", NULL, "e", NULL, MAIL_SEEN, 150, false, NULL});
    struct store_filter *filter = filter_in(m.inbox);
    struct store_query query = {.filter = filter,
                                .limit = 10,
                                .collapse_threads = true,
                                .calculate_total = true};
    g_autofree char *found = found_by(&m, &query);
    g_assert_cmpstr(found, ==, "t e/2");
    store_filter_free(filter);
    expect(&m, filter_text(STORE_SOME_IN_THREAD, "$seen"), "t e t");
    expect(&m, filter_text(STORE_ALL_IN_THREAD, "$seen"), "e");
    expect(&m, filter_text(STORE_NONE_IN_THREAD, "$flagged"), "t e t");
    mail_close(&m);
}

/* As a mailbox that was copied has them: their places run over into later seconds. */
static void many_of_one_second_keep_their_time(void)
{
    struct mail_fixture m;
    mail_open(&m);
    struct store_batch *batch = store_batch_new(m.f.store, m.account);
    for (uint32_t uid = 1; uid <= 302; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        int64_t at = uid == 301 ? 501 : uid == 302 ? 499 : 500;
        mail_add(batch,
                 &(struct mail_spec){m.inbox, uid, id, NULL, "s", "apple", 0, at, false, NULL});
    }
    mail_commit(batch);
    store_batch_free(batch);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_BEFORE, 500)), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_BEFORE, 501)), ==, 301);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_BEFORE, 502)), ==, 302);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_AFTER, 500)), ==, 301);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_AFTER, 501)), ==, 1);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_AFTER, 502)), ==, 0);
    g_assert_cmpuint(mail_found(&m, filter_join(STORE_AND, filter_words(STORE_TEXT, "apple"),
                                                filter_number(STORE_BEFORE, 501))),
                     ==, 301);
    mail_close(&m);
}

/* Oldest first: nobody stands before one who was received earlier. Returns how many there are. */
static guint check_order(struct mail_fixture *m)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    struct store_sort oldest = {.by = STORE_BY_RECEIVED_AT, .ascending = true};
    struct store_query query = {.sort = &oldest, .sort_count = 1, .limit = 100000};
    struct store_query_result result;
    g_assert_true(store_query(access, &query, &result, &error));
    const int64_t *ids = (const int64_t *)(const void *)result.ids->data;
    g_autoptr(GPtrArray) emails = store_emails(access, ids, result.ids->len, 0, NULL, &error);
    g_assert_no_error(error);
    guint count = emails->len;
    for (guint i = 1; i < count; i++) {
        const struct store_email *before = emails->pdata[i - 1], *email = emails->pdata[i];
        g_assert_cmpint(before->received_at, <=, email->received_at);
    }
    store_query_result_clear(&result);
    store_access_free(access);
    return count;
}

static void put_at(struct mail_fixture *m, const GArray *times)
{
    static uint32_t uid = 0;
    struct store_batch *batch = store_batch_new(m->f.store, m->account);
    for (guint i = 0; i < times->len; i++) {
        g_autofree char *id = g_strdup_printf("t%u@x", ++uid);
        mail_add(batch, &(struct mail_spec){.mailbox = m->inbox,
                                            .uid = uid,
                                            .id = id,
                                            .received_at = g_array_index(times, int64_t, i)});
    }
    mail_commit(batch);
    store_batch_free(batch);
}

static void add_times(GArray *times, int64_t at, int count)
{
    for (int i = 0; i < count; i++)
        g_array_append_val(times, at);
}

#define BURST 3000

static void bursts_keep_their_order(void)
{
    struct mail_fixture m;
    mail_open(&m);
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GRand *rand = g_rand_new_with_seed(5);
    for (int64_t at = 100000; at < 100030; at++)
        add_times(times, at, 10);
    for (int64_t at = 200030; at > 200000; at--)
        add_times(times, at, 10);
    for (int i = 0; i < 300; i++)
        add_times(times, g_rand_int_range(rand, 300000, 300300), 1);
    put_at(&m, times);
    g_assert_cmpuint(check_order(&m), ==, 900);
    g_array_set_size(times, 0);
    add_times(times, 400000, BURST);
    add_times(times, 400001, 2);
    add_times(times, 399999, 2);
    add_times(times, 399998, 20);
    add_times(times, 400002, 20);
    put_at(&m, times);
    g_assert_cmpuint(check_order(&m), ==, 900 + BURST + 44);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_AFTER, 400001)), ==, 22);
    g_assert_cmpuint(mail_found(&m, filter_join(STORE_AND, filter_number(STORE_BEFORE, 400000),
                                                filter_number(STORE_AFTER, 399998))),
                     ==, 22);
    g_assert_cmpuint(mail_found(&m, filter_join(STORE_AND, filter_number(STORE_BEFORE, 200011),
                                                filter_number(STORE_AFTER, 200010))),
                     ==, 10);
    g_assert_cmpuint(mail_found(&m, filter_number(STORE_BEFORE, 100001)), ==, 10);
    g_rand_free(rand);
    mail_close(&m);
}

static void expunged_words_are_gone(void)
{
    struct mail_fixture m;
    fill(&m);
    mail_put(&m, &(struct mail_spec){m.inbox, 9, "z@x", NULL, "z", "zanzibar apple", 0, 900, false,
                                     NULL});
    expect(&m, filter_words(STORE_TEXT, "zanzibar"), "z");
    mail_vanish(&m, m.inbox, 9);
    mail_sweep(&m);
    expect(&m, filter_words(STORE_TEXT, "zanzibar"), "");
    expect(&m, filter_words(STORE_TEXT, "apple"), "d c a");
    /* Another email in the same place of the order does not inherit the words. */
    mail_put(&m, &(struct mail_spec){m.inbox, 10, "y@x", NULL, "y", "other", 0, 900, false, NULL});
    expect(&m, filter_words(STORE_TEXT, "zanzibar"), "");
    expect(&m, filter_words(STORE_TEXT, "other"), "y");
    mail_close(&m);
}

static void changes_reach_back_as_far_as_the_log(void)
{
    struct mail_fixture m = {0};
    g_autoptr(GError) error = NULL;
    m.f.changes_kept = 50;
    m.f.directory = g_dir_make_tmp("postroom-store-XXXXXX", NULL);
    fixture_start(&m.f);
    m.user = fixture_user(&m.f, "ann@example.org");
    m.account = fixture_account(&m.f, m.user, "ann@mail.example", "password");
    m.inbox = mail_mailbox(&m, "INBOX", MAIL_ROLE_INBOX);
    struct store_access *access = mail_access(&m, STORE_READ);
    uint64_t first = store_state(access, STORE_EMAIL), middle = 0;
    uint64_t boxes = store_state(access, STORE_MAILBOX);
    struct store_changes changes;
    for (uint32_t uid = 1; uid <= 200; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@x", uid);
        mail_put(&m, &(struct mail_spec){.mailbox = m.inbox, .uid = uid, .id = id});
        if (uid == 180)
            middle = store_state(access, STORE_EMAIL);
    }
    g_assert_false(store_changes(access, STORE_EMAIL, first, 0, &changes, &error));
    g_assert_true(error_is(error, ERROR_CANNOT_CALCULATE));
    g_clear_error(&error);
    store_changes_clear(&changes);
    g_assert_false(store_changes(access, STORE_EMAIL, middle + 1000000, 0, &changes, NULL));
    store_changes_clear(&changes);
    g_assert_true(store_changes(access, STORE_EMAIL, middle, 0, &changes, &error));
    g_assert_cmpuint(changes.created->len, ==, 20);
    store_changes_clear(&changes);
    /* Counts alone are folded, so the mailbox's log still reaches back. */
    g_assert_true(store_changes(access, STORE_MAILBOX, boxes, 0, &changes, &error));
    g_assert_cmpuint(changes.updated->len, ==, 1);
    g_assert_true(changes.counts_only);
    store_changes_clear(&changes);
    store_access_free(access);
    mail_close(&m);
}

static void a_handle_does_what_it_was_made_for(void)
{
    struct mail_fixture m;
    fill(&m);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = g_bytes_new("x", 1);
    struct store_access *reader = mail_access(&m, STORE_READ);
    struct store_access *writer = mail_access(&m, STORE_WRITE);
    g_assert_cmpint(store_blob_put(reader, raw, NULL, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_FORBIDDEN));
    g_clear_error(&error);
    struct store_set *set = store_set_new(reader, 0);
    g_assert_false(store_set_commit(set, NULL, NULL, &error));
    g_assert_true(error_is(error, ERROR_FORBIDDEN));
    g_clear_error(&error);
    store_set_free(set);
    set = store_set_new(writer, 1);
    g_assert_false(store_set_commit(set, NULL, NULL, &error));
    g_assert_true(error_is(error, ERROR_CONFLICT));
    g_clear_error(&error);
    store_set_free(set);
    /* Another person's email, mailbox and blob are as missing as ones that never were. */
    int64_t blob = store_blob_put(writer, raw, NULL, &error);
    g_autoptr(GArray) ids = mail_ids(&m, 0);
    struct store_principal *bob = fixture_user(&m.f, "bob@example.org");
    int64_t own = fixture_account(&m.f, bob, "bob@mail.example", "password");
    struct store_access *other = store_authorise(m.f.store, bob, own, STORE_WRITE, &error);
    g_autoptr(GPtrArray) emails =
        store_emails(other, (const int64_t *)(const void *)ids->data, ids->len, 0, NULL, &error);
    g_assert_cmpuint(emails->len, ==, 0);
    g_assert_null(store_blob(other, blob, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    struct store_filter *filter = filter_in(m.inbox);
    struct store_query query = {.filter = filter, .limit = 10, .calculate_total = true};
    struct store_query_result result;
    g_assert_true(store_query(other, &query, &result, &error));
    g_assert_cmpuint(result.ids->len, ==, 0);
    g_assert_cmpuint(result.total, ==, 0);
    store_query_result_clear(&result);
    set = store_set_new(other, 0);
    store_set_destroy(set, g_array_index(ids, int64_t, 0));
    g_assert_true(store_set_commit(set, NULL, NULL, &error));
    g_assert_true(error_is(store_set_error(set, 0, NULL), ERROR_NOT_FOUND));
    g_assert_cmpuint(mail_count(&m, 0), ==, ids->len);
    store_set_free(set);
    store_filter_free(filter);
    store_principal_unref(bob);
    store_access_free(other);
    store_access_free(reader);
    store_access_free(writer);
    mail_close(&m);
}

/* Each window of a list is the same as in the whole of it. */
static void expect_windows(struct mail_fixture *m, const struct store_sort *sort)
{
    g_autoptr(GError) error = NULL;
    struct store_access *access = mail_access(m, STORE_READ);
    struct store_query query = {.sort = sort, .sort_count = 2, .limit = 1000};
    struct store_query_result all, some;
    g_assert_true(store_query(access, &query, &all, &error));
    g_assert_cmpuint(all.ids->len, ==, 48);
    for (query.position = 0; query.position < 48; query.position += 5) {
        query.limit = 7;
        query.calculate_total = !query.calculate_total;
        g_assert_true(store_query(access, &query, &some, &error));
        g_assert_cmpuint(some.ids->len, ==, MIN(7, 48 - query.position));
        for (guint i = 0; i < some.ids->len; i++)
            g_assert_cmpint(g_array_index(some.ids, int64_t, i), ==,
                            g_array_index(all.ids, int64_t, (guint)query.position + i));
        g_assert_cmpuint(query.calculate_total ? some.total : 48, ==, 48);
        store_query_result_clear(&some);
    }
    store_query_result_clear(&all);
    store_access_free(access);
}

static void windows_by_time_end_early(void)
{
    struct mail_fixture m;
    struct store_sort sort[] = {{.by = STORE_BY_RECEIVED_AT},
                                {.by = STORE_BY_KEYWORD, .keyword = "$flagged"}};
    mail_open(&m);
    /* More of each second than have a place in it, and days between. */
    for (uint32_t i = 0; i < 48; i++) {
        g_autofree char *id = g_strdup_printf("%u@x", i);
        mail_put(&m, &(struct mail_spec){m.inbox, i + 1, id, NULL, "a", "text",
                                         i % 3 == 0 ? MAIL_FLAGGED : 0, 1 + i / 6 * 100000, false,
                                         NULL});
    }
    for (unsigned way = 0; way < 4; way++) {
        sort[0].ascending = (way & 1) != 0;
        sort[1].ascending = (way & 2) != 0;
        expect_windows(&m, sort);
    }
    mail_close(&m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/query/bursts", bursts_keep_their_order);
    g_test_add_func("/store/query/filters", filters_mean_what_the_rfc_says);
    g_test_add_func("/store/query/pending", mail_without_its_message_is_found);
    g_test_add_func("/store/query/windows", windows_and_totals);
    g_test_add_func("/store/query/conversations", conversations_are_listed_once);
    g_test_add_func("/store/query/expunged", expunged_words_are_gone);
    g_test_add_func("/store/query/one-second", many_of_one_second_keep_their_time);
    g_test_add_func("/store/query/changes", changes_reach_back_as_far_as_the_log);
    g_test_add_func("/store/query/access", a_handle_does_what_it_was_made_for);
    g_test_add_func("/store/query/windows-by-time", windows_by_time_end_early);
    return g_test_run();
}

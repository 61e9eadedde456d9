/* RFC 8620, 5.1: /get, held for every type of mail. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

static const char *const types[] = {"Mailbox", "Thread", "Email", "Identity", "EmailSubmission"};

static void put(struct jmap_fixture *t, uint32_t uid)
{
    jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid, "From: a@b.example\nSubject: one\n\nx\n");
}

static json_t *get(struct jmap_fixture *t, const char *type, const char *args)
{
    g_autofree char *method = g_strconcat(type, "/get", NULL);

    return jmap_fixture_call(t, method, "%s", args);
}

static size_t count(json_t *answer, const char *list)
{
    return json_array_size(jmap_at(answer, list));
}

static void test_no_ids(struct jmap_fixture *t)
{
    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        json_t *answer = get(t, types[i], "{'ids': []}");

        g_assert_cmpstr(jmap_text_at(answer, "accountId"), ==, "a1");
        g_assert_cmpuint(count(answer, "list"), ==, 0);
        g_assert_cmpuint(count(answer, "notFound"), ==, 0);
        json_decref(answer);
    }
}

static void test_all_ids(struct jmap_fixture *t)
{
    static const char *const forms[] = {"{}", "{'ids': null}", "{'ids': null, 'properties': null}"};
    static const size_t there[] = {5, 2, 2, 1, 0};

    put(t, 1);
    put(t, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        json_t *first = get(t, types[i], forms[0]);

        g_assert_cmpuint(count(first, "list"), ==, there[i]);
        g_assert_cmpuint(count(first, "notFound"), ==, 0);
        for (size_t j = 1; j < G_N_ELEMENTS(forms); j++) {
            json_t *again = get(t, types[i], forms[j]);

            g_assert_true(json_equal(first, again));
            json_decref(again);
        }
        json_decref(first);
    }
}

/* One id many times is answered once, found or not; together they are all that was asked for. */
static void test_doubles(struct jmap_fixture *t)
{
    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        json_t *all = get(t, types[i], "{'properties': ['id']}"), *answer;
        g_autofree char *args = NULL;

        if (count(all, "list") > 0) {
            const char *id = jmap_text_at(all, "list/0/id");

            args = g_strdup_printf("{'ids': ['%s', 'nil', '%s', 'nil', '%c999', '%s', '%c999']}",
                                   id, id, id[0], id, id[0]);
            answer = get(t, types[i], args);
            g_assert_cmpuint(count(answer, "list"), ==, 1);
            g_assert_cmpuint(count(answer, "notFound"), ==, 2);
            json_decref(answer);
        }
        json_decref(all);
    }
}

static void test_properties(struct jmap_fixture *t)
{
    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(types) - 1; i++) {
        json_t *answer = get(t, types[i], "{'properties': []}");

        /* The id comes unasked. */
        g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0")), ==, 1);
        g_assert_true(jmap_has(answer, "list/0/id"));
        json_decref(answer);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *method = g_strconcat(types[i], "/get", NULL);

        jmap_expect_error(t, "invalidArguments", method, "{'properties': ['id', 'nonsense']}");
        jmap_expect_error(t, "invalidArguments", method, "{'properties': ['Id']}");
        jmap_expect_error(t, "invalidArguments", method, "{'properties': [1]}");
        jmap_expect_error(t, "invalidArguments", method, "{'properties': 'id'}");
    }
}

static void test_too_many(struct jmap_fixture *t)
{
    GString *ids = g_string_new("{'ids': ['x0'");

    for (int i = 1; i < JMAP_MAX_OBJECTS; i++)
        g_string_append_printf(ids, ", 'x%d'", i);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *method = g_strconcat(types[i], "/get", NULL);
        g_autofree char *fits = g_strconcat(ids->str, "]}", NULL);
        g_autofree char *over = g_strconcat(ids->str, ", 'more']}", NULL);
        json_t *answer = get(t, types[i], fits);

        g_assert_cmpuint(count(answer, "notFound"), ==, JMAP_MAX_OBJECTS);
        json_decref(answer);
        jmap_expect_error(t, "requestTooLarge", method, "%s", over);
    }
    g_string_free(ids, TRUE);
}

/* All of them, when they are too many, are as many ids as that. */
static void test_all_is_too_many(struct jmap_fixture *t)
{
    struct store_batch *batch = store_batch_new(t->m.f.store, t->m.account);

    for (uint32_t uid = 1; uid <= JMAP_MAX_OBJECTS + 1; uid++) {
        g_autofree char *id = g_strdup_printf("n%u@test", uid);
        const struct mail_spec spec = {.mailbox = t->m.inbox,
                                       .uid = uid,
                                       .id = id,
                                       .subject = id,
                                       .received_at = uid};

        mail_add(batch, &spec);
    }
    mail_commit(batch);
    store_batch_free(batch);
    jmap_expect_error(t, "requestTooLarge", "Email/get", "{'ids': null, 'properties': ['id']}");
    jmap_expect_error(t, "requestTooLarge", "Thread/get", "{'ids': null}");
}

/* The state is another one when the data is, and the same when it is not. */
static void test_state(struct jmap_fixture *t)
{
    for (size_t i = 0; i < 3; i++) {
        g_autofree char *before = jmap_state_of(t, types[i]), *again = jmap_state_of(t, types[i]);
        g_autofree char *after = NULL;

        g_assert_cmpstr(before, ==, again);
        put(t, (uint32_t)i + 1);
        after = jmap_state_of(t, types[i]);
        g_assert_cmpstr(before, !=, after);
    }
}

/* Of what is another account's, nothing is told: it is not found. */
static void test_other_accounts(struct jmap_fixture *t)
{
    int64_t second = fixture_account(&t->m.f, t->m.user, "second@mail.example", "one");
    g_autofree char *args = NULL;
    json_t *answer;

    put(t, 1);
    args =
        g_strdup_printf("{'accountId': 'a%" G_GINT64_FORMAT "', 'ids': ['m%" G_GINT64_FORMAT "']}",
                        second, t->m.inbox);
    answer = get(t, "Mailbox", args);
    g_assert_cmpuint(count(answer, "list"), ==, 0);
    g_assert_cmpuint(count(answer, "notFound"), ==, 1);
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/5.1/no-ids", test_no_ids},
    {"/rfc8620/5.1/all-ids", test_all_ids},
    {"/rfc8620/5.1/one-id-is-answered-once", test_doubles},
    {"/rfc8620/5.1/properties", test_properties},
    {"/rfc8620/5.1/as-many-ids-as-the-session-says", test_too_many},
    {"/rfc8620/5.1/all-is-too-many", test_all_is_too_many},
    {"/rfc8620/5.1/state-follows-the-data", test_state},
    {"/rfc8620/5.1/other-accounts", test_other_accounts},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

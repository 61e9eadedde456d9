/* RFC 8621, 2 and 3: Mailbox, Thread. */
#include "jmap_fixture.h"

static void test_get(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, "From: a@b.example\nSubject: one\n\nx\n");
    jmap_fixture_put(&t, t.m.inbox, 2, MAIL_SEEN, 1001, "From: a@b.example\nSubject: two\n\nx\n");
    answer = jmap_fixture_call(&t, "Mailbox/get", "{'ids': ['m%" G_GINT64_FORMAT "', 'm777']}",
                               t.m.inbox);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, "INBOX");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/role"), ==, "inbox");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/parentId")));
    g_assert_cmpint(jmap_number_at(answer, "list/0/totalEmails"), ==, 2);
    g_assert_cmpint(jmap_number_at(answer, "list/0/unreadEmails"), ==, 1);
    g_assert_cmpint(jmap_number_at(answer, "list/0/totalThreads"), ==, 2);
    g_assert_true(json_is_true(jmap_at(answer, "list/0/myRights/mayAddItems")));
    jmap_assert_json(jmap_at(answer, "notFound"), "['m777']");
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Mailbox/get", "{'ids': null, 'properties': ['name']}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 5);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0")), ==, 2);
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_changes(void)
{
    struct jmap_fixture t;
    json_t *before, *answer;
    const char *state;
    int64_t box;

    jmap_fixture_open(&t);
    before = jmap_fixture_call(&t, "Mailbox/get", "{'ids': []}");
    state = jmap_text_at(before, "state");
    jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, "From: a@b.example\nSubject: one\n\nx\n");
    answer = jmap_fixture_call(&t, "Mailbox/changes", "{'sinceState': '%s'}", state);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "created")), ==, 0);
    jmap_assert_json(jmap_at(answer, "updatedProperties"),
                     "['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads']");
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
    g_assert_true(json_is_false(jmap_at(answer, "hasMoreChanges")));
    json_decref(answer);
    box = mail_mailbox(&t.m, "New", MAIL_ROLE_NONE);
    answer = jmap_fixture_call(&t, "Mailbox/changes", "{'sinceState': '%s'}", state);
    g_assert_cmpint(g_ascii_strtoll(jmap_text_at(answer, "created/0") + 1, NULL, 10), ==, box);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Mailbox/changes", "{'sinceState': 'x'}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "cannotCalculateChanges");
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Mailbox/changes", "{'sinceState': '99999999'}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "cannotCalculateChanges");
    json_decref(answer);
    json_decref(before);
    jmap_fixture_close(&t);
}

static void expect_ids(struct jmap_fixture *t, const char *args, const int64_t *ids, size_t count)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/query", "%s", args);
    json_t *list = jmap_at(answer, "ids");

    if (json_array_size(list) != count)
        g_error("%s: %s", args, json_dumps(answer, 0));
    for (size_t i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("m%" G_GINT64_FORMAT, ids[i]);

        g_assert_cmpstr(json_string_value(json_array_get(list, i)), ==, id);
    }
    json_decref(answer);
}

static void expect_query_error(struct jmap_fixture *t, const char *args, const char *type)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/query", "%s", args);

    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, type);
    json_decref(answer);
}

static void test_query(void)
{
    struct jmap_fixture t;
    int64_t child;
    g_autofree char *by_parent = NULL;

    jmap_fixture_open(&t);
    child = mail_mailbox(&t.m, "INBOX/Zebra", MAIL_ROLE_NONE);
    by_parent = g_strdup_printf("{'filter': {'parentId': 'm%" G_GINT64_FORMAT "'}}", t.m.inbox);
    expect_ids(&t, by_parent, &child, 1);
    expect_ids(&t, "{'filter': {'role': 'trash'}}", &t.m.trash, 1);
    expect_ids(&t, "{'filter': {'name': 'ZEB'}}", &child, 1);
    expect_ids(&t, "{'filter': {'hasAnyRole': false}}", &child, 1);
    expect_ids(&t, "{'filter': {'name': 'zebra'}, 'filterAsTree': true}", NULL, 0);
    expect_ids(&t, "{'filter': {'operator': 'NOT', 'conditions': [{'hasAnyRole': true}]}}", &child,
               1);
    expect_ids(&t, "{'sort': [{'property': 'name'}], 'sortAsTree': true}",
               (const int64_t[]){t.m.archive, t.m.drafts, t.m.inbox, child, t.m.sent, t.m.trash},
               6);
    expect_ids(&t, "{'sort': [{'property': 'name', 'isAscending': false}], 'limit': 2}",
               (const int64_t[]){child, t.m.trash}, 2);
    expect_ids(&t, "{'sort': [{'property': 'name'}], 'position': -2}",
               (const int64_t[]){t.m.trash, child}, 2);
    expect_query_error(&t, "{'anchor': 'm555'}", "anchorNotFound");
    expect_query_error(&t, "{'filter': {'nonsense': 1}}", "unsupportedFilter");
    expect_query_error(&t, "{'sort': [{'property': 'nonsense'}]}", "unsupportedSort");
    jmap_fixture_close(&t);
}

static void test_threads(void)
{
    struct jmap_fixture t;
    json_t *answer, *before, *threads;
    int64_t first, second;

    jmap_fixture_open(&t);
    before = jmap_fixture_call(&t, "Thread/get", "{'ids': []}");
    first = jmap_fixture_put(&t, t.m.inbox, 1, 0, 2000,
                             "From: a@b.example\nMessage-ID: <one@x>\nSubject: plan\n\nx\n");
    second = jmap_fixture_put(&t, t.m.inbox, 2, 0, 1000,
                              "From: a@b.example\nMessage-ID: <two@x>\nReferences: <one@x>\n"
                              "Subject: Re: plan\n\nx\n");
    answer = jmap_fixture_ask(
        &t, t.m.user,
        "[['Email/get', {'accountId': 'a%" G_GINT64_FORMAT "', 'ids': ['e%" G_GINT64_FORMAT
        "'], 'properties': ['threadId']}, '0'], ['Thread/get', {'accountId': 'a%" G_GINT64_FORMAT
        "', '#ids': {'resultOf': '0', 'name': 'Email/get', 'path': '/list/*/threadId'}}, '1']]",
        t.m.account, second, t.m.account);
    threads = jmap_at(answer, "methodResponses/1/1/list/0/emailIds");
    g_assert_cmpuint(json_array_size(threads), ==, 2);
    g_assert_cmpint(g_ascii_strtoll(jmap_text_at(threads, "0") + 1, NULL, 10), ==, second);
    g_assert_cmpint(g_ascii_strtoll(jmap_text_at(threads, "1") + 1, NULL, 10), ==, first);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Thread/get", "{'ids': null}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Thread/changes", "{'sinceState': '%s'}",
                               jmap_text_at(before, "state"));
    g_assert_cmpuint(json_array_size(jmap_at(answer, "created")), ==, 1);
    json_decref(answer);
    json_decref(before);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/2.1/get", test_get);
    g_test_add_func("/rfc8621/2.2/changes", test_changes);
    g_test_add_func("/rfc8621/2.3/query", test_query);
    g_test_add_func("/rfc8621/3.1/threads", test_threads);
    return g_test_run();
}

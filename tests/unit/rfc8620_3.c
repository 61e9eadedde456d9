/* RFC 8620, 2 and 3: the session, requests, their errors and references. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

static json_t *send(struct jmap_fixture *t, const char *text, int *status)
{
    return jmap_fixture_send(t, t->m.user, text, strlen(text), status);
}

static void expect_problem(struct jmap_fixture *t, const char *text, const char *type)
{
    int status = 0;
    json_t *answer = send(t, text, &status);
    g_autofree char *full = g_strconcat("urn:ietf:params:jmap:error:", type, NULL);

    g_assert_cmpint(status, ==, 400);
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, full);
    g_assert_cmpint(jmap_number_at(answer, "status"), ==, 400);
    g_assert_true(jmap_has(answer, "title"));
    if (strcmp(type, "limit") == 0)
        g_assert_true(jmap_has(answer, "limit"));
    json_decref(answer);
}

static void test_not_json(void)
{
    struct jmap_fixture t;
    g_autofree char *deep = g_strnfill(1000, '[');
    g_autofree char *huge = g_strnfill(10000001, ' ');

    jmap_fixture_open(&t);
    expect_problem(&t, "", "notJSON");
    expect_problem(&t, "{", "notJSON");
    expect_problem(&t, "\xff\xfe", "notJSON");
    expect_problem(&t, deep, "notJSON");
    expect_problem(&t, "{\"using\":[],\"methodCalls\":[],\"using\":[]}", "notJSON");
    expect_problem(&t, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":1,\"a\":2},\"c\"]]}",
                   "notJSON");
    expect_problem(&t, huge, "limit");
    jmap_fixture_close(&t);
}

static void test_not_request(void)
{
    struct jmap_fixture t;
    static const char *const bodies[] = {
        "1",
        "\"text\"",
        "[]",
        "{}",
        "{\"using\":{},\"methodCalls\":[]}",
        "{\"using\":[1],\"methodCalls\":[]}",
        "{\"using\":[],\"methodCalls\":{}}",
        "{\"using\":[],\"methodCalls\":[{}]}",
        "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{}]]}",
        "{\"using\":[],\"methodCalls\":[[\"Core/echo\",[],\"c\"]]}",
        "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{},1]]}",
        "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{},\"c\",4]]}",
        "{\"using\":[],\"methodCalls\":[],\"createdIds\":[]}",
        "{\"using\":[],\"methodCalls\":[],\"createdIds\":{\"a\":1}}",
    };

    jmap_fixture_open(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++)
        expect_problem(&t, bodies[i], "notRequest");
    expect_problem(&t, "{\"using\":[\"urn:example:other\"],\"methodCalls\":[]}",
                   "unknownCapability");
    jmap_fixture_close(&t);
}

static void test_too_many_calls(void)
{
    struct jmap_fixture t;
    GString *body = g_string_new("{\"using\":[\"urn:ietf:params:jmap:core\"],\"methodCalls\":[");

    jmap_fixture_open(&t);
    for (int i = 0; i < 33; i++)
        g_string_append_printf(body, "%s[\"Core/echo\",{},\"c\"]", i > 0 ? "," : "");
    g_string_append(body, "]}");
    expect_problem(&t, body->str, "limit");
    g_string_free(body, TRUE);
    jmap_fixture_close(&t);
}

/* maxConcurrentRequests and maxConcurrentUpload are each person's own. */
static void test_too_many_at_once(void)
{
    static const char body[] = "{\"using\":[],\"methodCalls\":[]}";
    struct jmap_fixture t;
    int64_t user;
    g_autoptr(GBytes) file = g_bytes_new_static("x", 1);
    g_autoptr(GBytes) answer = NULL;
    int status;

    jmap_fixture_open(&t);
    user = store_principal_user(t.m.user);
    for (int i = 0; i < JMAP_MAX_CONCURRENT_REQUESTS; i++)
        g_assert_true(jmap_gauge_enter(t.jmap->gauge, JMAP_GAUGE_REQUEST, user));
    for (int i = 0; i < JMAP_MAX_CONCURRENT_UPLOADS; i++)
        g_assert_true(jmap_gauge_enter(t.jmap->gauge, JMAP_GAUGE_UPLOAD, user));
    g_assert_true(jmap_gauge_enter(t.jmap->gauge, JMAP_GAUGE_REQUEST, user + 1));
    expect_problem(&t, body, "limit");
    answer = jmap_upload(t.jmap, t.m.user, "a1", "text/plain", file, &status);
    g_assert_cmpint(status, ==, 429);
    jmap_gauge_leave(t.jmap->gauge, JMAP_GAUGE_REQUEST, user);
    json_decref(send(&t, body, &status));
    g_assert_cmpint(status, ==, 200);
    jmap_fixture_close(&t);
}

static void expect_error(struct jmap_fixture *t, const char *method, const char *args,
                         const char *type)
{
    json_t *answer = jmap_fixture_call(t, method, "%s", args);

    if (g_strcmp0(json_string_value(json_object_get(answer, "type")), type) != 0)
        g_error("%s %s: expected %s, got %s", method, args, type, json_dumps(answer, 0));
    json_decref(answer);
}

static void test_arguments(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    expect_error(&t, "Mailbox/get", "{'ids': null, 'unknown': 1}", "invalidArguments");
    expect_error(&t, "Mailbox/get", "{'ids': 'm1'}", "invalidArguments");
    expect_error(&t, "Mailbox/get", "{'ids': [1]}", "invalidArguments");
    expect_error(&t, "Mailbox/get", "{'properties': ['nonsense']}", "invalidArguments");
    expect_error(&t, "Mailbox/get", "{'ids': ['m1\\u0000x']}", "invalidArguments");
    expect_error(&t, "Mailbox/changes", "{}", "invalidArguments");
    expect_error(&t, "Mailbox/changes", "{'sinceState': '0', 'maxChanges': 0}", "invalidArguments");
    expect_error(&t, "Email/query", "{'limit': -1}", "invalidArguments");
    expect_error(&t, "Email/query", "{'position': 9007199254740992}", "invalidArguments");
    expect_error(&t, "Email/query", "{'position': 1.5}", "invalidArguments");
    expect_error(&t, "Email/query", "{'collapseThreads': 1}", "invalidArguments");
    expect_error(&t, "Email/set", "{'create': {'a': 1}}", "invalidArguments");
    expect_error(&t, "Email/get", "{'ids': ['e1'], 'accountId': 7}", "invalidArguments");
    expect_error(&t, "Email/get", "{'accountId': 'nonsense'}", "accountNotFound");
    jmap_fixture_close(&t);
}

static void test_created_ids(void)
{
    struct jmap_fixture t;
    g_autofree char *body = NULL;
    json_t *answer;
    int status;

    jmap_fixture_open(&t);
    body =
        g_strdup_printf("{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
                        "\"createdIds\":{\"box\":\"m%" G_GINT64_FORMAT "\"},\"methodCalls\":["
                        "[\"Email/set\",{\"accountId\":\"a%" G_GINT64_FORMAT
                        "\",\"create\":{\"k\":{\"mailboxIds\":{\"#box\":true}}}},\"0\"],"
                        "[\"Email/get\",{\"accountId\":\"a%" G_GINT64_FORMAT
                        "\",\"ids\":[\"#k\"],\"properties\":[\"mailboxIds\"]},\"1\"]]}",
                        t.m.drafts, t.m.account, t.m.account);
    answer = send(&t, body, &status);
    g_assert_cmpint(status, ==, 200);
    g_assert_cmpstr(jmap_text_at(answer, "createdIds/k"), ==,
                    jmap_text_at(answer, "methodResponses/0/1/created/k/id"));
    g_assert_true(jmap_has(answer, "createdIds/box"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/list/0/id"), ==,
                    jmap_text_at(answer, "createdIds/k"));
    json_decref(answer);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/3.6.1/not-json", test_not_json);
    g_test_add_func("/rfc8620/3.6.1/not-request", test_not_request);
    g_test_add_func("/rfc8620/3.6.1/too-many-calls", test_too_many_calls);
    g_test_add_func("/rfc8620/3.6.1/too-many-at-once", test_too_many_at_once);
    g_test_add_func("/rfc8620/3.9/arguments", test_arguments);
    g_test_add_func("/rfc8620/3.3/created-ids", test_created_ids);
    return g_test_run();
}

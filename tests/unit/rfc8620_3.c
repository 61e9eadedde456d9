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

/* Methods of a capability that is not in use do not exist (RFC 8620, 1.8). */
static void test_using(void)
{
    struct jmap_fixture t;
    int status;
    json_t *answer;

    jmap_fixture_open(&t);
    answer = send(&t,
                  "{\"using\":[\"urn:ietf:params:jmap:core\"],\"methodCalls\":["
                  "[\"Core/echo\",{\"high\":5,\"nul\":\"a\\u0000b\"},\"c1\"],"
                  "[\"Mailbox/get\",{\"accountId\":\"a1\",\"ids\":null},\"c2\"],"
                  "[\"No/such\",{},\"c3\"]]}",
                  &status);
    g_assert_cmpint(status, ==, 200);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/0"), ==, "Core/echo");
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/high"), ==, 5);
    g_assert_cmpuint(json_string_length(jmap_at(answer, "methodResponses/0/1/nul")), ==, 3);
    jmap_assert_json(jmap_at(answer, "methodResponses/1"),
                     "['error', {'type': 'unknownMethod'}, 'c2']");
    jmap_assert_json(jmap_at(answer, "methodResponses/2"),
                     "['error', {'type': 'unknownMethod'}, 'c3']");
    g_assert_true(jmap_has(answer, "sessionState"));
    g_assert_false(jmap_has(answer, "createdIds"));
    json_decref(answer);
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

static void test_weird_ids(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    answer = jmap_fixture_call(&t, "Email/get",
                               "{'ids': ['', 'e', 'e0', 'e-1', 'e01', 'e+1', 'e1 ', 'm1', 'E1',"
                               " 'e99999999999999999999999', 'e9223372036854775807', 'e9',"
                               " 'e9', '#none', '\\u00fc', '%%s%%n']}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 0);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "notFound")), ==, 15);
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_references(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    answer = jmap_fixture_ask(
        &t, t.m.user,
        "[['Core/echo', {'list': [{'a': ['x', 'y'], 'b/c~d': 1}, {'a': ['z'], 'b/c~d': 2}]}, 'e'],"
        " ['Core/echo', {'#flat': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/list/*/a'},"
        "   '#second': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/list/1/a/0'},"
        "   '#escaped': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/list/*/b~1c~0d'}}, 'f'],"
        " ['Core/echo', {'#x': {'resultOf': 'none', 'name': 'Core/echo', 'path': '/list'}}, 'g'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Other/echo', 'path': '/list'}}, 'h'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/list/01'}}, 'i'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/l~2'}}, 'j'],"
        " ['Core/echo', {'x': 1, '#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': ''}}, 'k'],"
        " ['Core/echo', {'#x': 'e'}, 'l']]");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1"),
                     "{'flat': ['x', 'y', 'z'], 'second': 'z', 'escaped': [1, 2]}");
    for (int i = 2; i < 6; i++) {
        g_autofree char *path = g_strdup_printf("methodResponses/%d/1/type", i);

        g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidResultReference");
    }
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/6/1/type"), ==, "invalidArguments");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/7/1/type"), ==, "invalidArguments");
    json_decref(answer);
    jmap_fixture_close(&t);
}

/* Each call holds the one before it twice: 2^31 copies without a bound. */
static void test_reference_bomb(void)
{
    struct jmap_fixture t;
    GString *calls = g_string_new("[['Core/echo', {'x': 'some text that grows'}, 'c0']");
    json_t *answer;
    const char *type;

    jmap_fixture_open(&t);
    for (int i = 1; i < 32; i++)
        g_string_append_printf(
            calls,
            ", ['Core/echo', {'#a': {'resultOf': 'c%d', 'name': 'Core/echo', 'path': ''},"
            " '#b': {'resultOf': 'c%d', 'name': 'Core/echo', 'path': ''}}, 'c%d']",
            i - 1, i - 1, i);
    g_string_append(calls, "]");
    answer = jmap_fixture_ask(&t, t.m.user, "%s", calls->str);
    type = jmap_text_at(answer, "methodResponses/31/1/type");
    g_assert_cmpstr(type, ==, "invalidResultReference");
    json_decref(answer);
    g_string_free(calls, TRUE);
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

static void test_session(void)
{
    struct jmap_fixture t;
    json_t *session, *again, *answer;
    g_autoptr(GError) error = NULL;
    g_autofree char *account = NULL, *read_only = NULL;

    jmap_fixture_open(&t);
    account = g_strdup_printf("accounts/a%" G_GINT64_FORMAT "/name", t.m.account);
    read_only = g_strdup_printf("accounts/a%" G_GINT64_FORMAT "/isReadOnly", t.m.account);
    session = jmap_session(t.jmap, t.m.user, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(jmap_text_at(session, account), ==, "ann@mail.example");
    g_assert_true(json_is_false(jmap_at(session, read_only)));
    g_assert_cmpstr(jmap_text_at(session, "apiUrl"), ==, "https://mail.example/post/jmap");
    g_assert_cmpstr(jmap_text_at(session, "downloadUrl"), ==,
                    "https://mail.example/post/jmap/download/{accountId}/{blobId}/{name}"
                    "?type={type}");
    g_assert_cmpint(jmap_number_at(session,
                                   "capabilities/urn:ietf:params:jmap:core/maxCallsInRequest"),
                    ==, 32);
    g_assert_cmpstr(jmap_text_at(session, "username"), ==, "ann@example.org");
    again = jmap_session(t.jmap, t.m.user, NULL);
    g_assert_true(json_equal(session, again));
    json_decref(again);
    fixture_account(&t.m.f, t.m.user, "second@mail.example", "other password");
    again = jmap_session(t.jmap, t.m.user, NULL);
    g_assert_cmpstr(jmap_text_at(session, "state"), !=, jmap_text_at(again, "state"));
    answer = jmap_fixture_ask(&t, t.m.user, "[['Core/echo', {}, 'a']]");
    g_assert_cmpstr(jmap_text_at(answer, "sessionState"), ==, jmap_text_at(again, "state"));
    json_decref(answer);
    json_decref(again);
    json_decref(session);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/3.6.1/not-json", test_not_json);
    g_test_add_func("/rfc8620/3.6.1/not-request", test_not_request);
    g_test_add_func("/rfc8620/3.6.1/too-many-calls", test_too_many_calls);
    g_test_add_func("/rfc8620/3.6.1/too-many-at-once", test_too_many_at_once);
    g_test_add_func("/rfc8620/1.8/using", test_using);
    g_test_add_func("/rfc8620/3.9/arguments", test_arguments);
    g_test_add_func("/rfc8620/1.2/weird-ids", test_weird_ids);
    g_test_add_func("/rfc8620/3.7/references", test_references);
    g_test_add_func("/rfc8620/3.7/reference-bomb", test_reference_bomb);
    g_test_add_func("/rfc8620/3.3/created-ids", test_created_ids);
    g_test_add_func("/rfc8620/2/session", test_session);
    return g_test_run();
}

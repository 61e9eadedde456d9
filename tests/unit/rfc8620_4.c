/* RFC 8620, 3 to 5: invocations and their answers, Core/echo, names and omitted arguments. */
#include "jmap_fixture.h"

#define CORE "'using': ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail']"

/* The name, an object of arguments, and the client's own id, which comes back as it was. */
static void test_invocations(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_request(t, "{" CORE ", 'methodCalls': [['Core/echo', {}, ''], ['Core/echo',"
                                " {'a': 1}, 'an id / \\u00e9'], ['Core/echo', {}, '']]}");

    jmap_assert_json(jmap_at(answer, "methodResponses"),
                     "[['Core/echo', {}, ''], ['Core/echo', {'a': 1}, 'an id / \xc3\xa9'],"
                     " ['Core/echo', {}, '']]");
    json_decref(answer);
}

/* What a later RFC may add to the request is passed over; capabilities may be named in vain. */
static void test_other_members(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_request(t, "{'using': ['urn:ietf:params:jmap:core',"
                                " 'urn:ietf:params:jmap:submission'], 'future': {'x': [1]},"
                                " 'methodCalls': [['Core/echo', {}, '0']], 'createdIds': {}}");

    jmap_assert_json(jmap_at(answer, "methodResponses"), "[['Core/echo', {}, '0']]");
    jmap_assert_json(jmap_at(answer, "createdIds"), "{}");
    json_decref(answer);
}

static void test_response(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL);
    json_t *answer = jmap_fixture_request(t, "{" CORE ", 'methodCalls': [['Core/echo', {}, '0']]}");

    g_assert_cmpstr(jmap_text_at(answer, "sessionState"), ==, jmap_text_at(session, "state"));
    /* Only a request that has createdIds is told them. */
    g_assert_false(jmap_has(answer, "createdIds"));
    json_decref(answer);
    answer =
        jmap_fixture_request(t,
                             "{" CORE ", 'createdIds': {'k': 'e1'}, 'methodCalls': [['Mailbox/set',"
                             " {'accountId': 'a1', 'create': {'m': {'name': 'New'}}}, '0']]}");
    jmap_assert_json(jmap_at(answer, "createdIds/k"), "'e1'");
    g_assert_cmpstr(jmap_text_at(answer, "createdIds/m"), ==,
                    jmap_text_at(answer, "methodResponses/0/1/created/m/id"));
    json_decref(answer);
    json_decref(session);
}

/* The example as it stands: three calls are answered by three responses, here errors, in order. */
static void test_example(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(
        t, "{ 'using': [ 'urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail' ],"
           " 'methodCalls': [ [ 'method1', { 'arg1': 'arg1data', 'arg2': 'arg2data' }, 'c1' ],"
           " [ 'method2', { 'arg1': 'arg1data' }, 'c2' ], [ 'method3', {}, 'c3' ] ] }");

    jmap_assert_json(jmap_at(answer, "methodResponses"),
                     "[['error', {'type': 'unknownMethod'}, 'c1'],"
                     " ['error', {'type': 'unknownMethod'}, 'c2'],"
                     " ['error', {'type': 'unknownMethod'}, 'c3']]");
    json_decref(answer);
}

/* One call may be answered by several responses, all with its id, before the next one's. */
static void test_several_responses(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a1', 'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'from': [{'email': 'ann@mail.example'}], 'to': [{'email': 'b@example.org'}]}}},"
        " 'c1'], ['EmailSubmission/set', {'accountId': 'a1', 'create': {'s': {'emailId': '#d',"
        " 'identityId': 'i1'}}, 'onSuccessUpdateEmail': {'#s': {'keywords/sent': true}}}, 'c2'],"
        " ['Core/echo', {}, 'c3']]",
        t->m.drafts);
    static const char *const wanted[][2] = {{"Email/set", "c1"},
                                            {"EmailSubmission/set", "c2"},
                                            {"Email/set", "c2"},
                                            {"Core/echo", "c3"}};

    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        json_t *response = json_array_get(jmap_at(answer, "methodResponses"), i);

        g_assert_cmpstr(jmap_text_at(response, "0"), ==, wanted[i][0]);
        g_assert_cmpstr(jmap_text_at(response, "2"), ==, wanted[i][1]);
    }
    json_decref(answer);
}

static void test_echo_example(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(t, "{" CORE ", 'methodCalls': [[ 'Core/echo', { 'hello': "
                                             "true, 'high': 5 }, 'b3ff' ]]}");

    jmap_assert_json(jmap_at(answer, "methodResponses"),
                     "[[ 'Core/echo', { 'hello': true, 'high': 5 }, 'b3ff' ]]");
    json_decref(answer);
}

/* What a method refused left everything as it was (3.6.2). */
static void test_errors_change_nothing(struct jmap_fixture *t)
{
    static const char *const calls[][2] = {
        {"Email/set", "'ifInState': 'x', 'create': {'k': {'mailboxIds': {'m1': true}}}"},
        {"Email/set", "'create': {'k': {'mailboxIds': {'m1': true}}}, 'destroy': 'all'"},
        {"Email/set", "'create': {'k': {'mailboxIds': {'m1': true}}}, 'nonsense': 1"},
        {"Mailbox/set", "'create': {'k': {'name': 'New'}}, 'update': []"},
        {"Mailbox/set", "'ifInState': 'x', 'create': {'k': {'name': 'New'}}"},
        {"Identity/set", "'ifInState': 'x', 'create': {'k': {'email': 'ann@mail.example'}}"},
        {"Email/import", "'ifInState': 'x', 'emails': {}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *type = g_strndup(calls[i][0], strcspn(calls[i][0], "/"));
        g_autofree char *before = jmap_state_of(t, type), *after = NULL;
        json_t *answer = jmap_fixture_call(t, calls[i][0], "{%s}", calls[i][1]);

        if (!jmap_has(answer, "type"))
            g_error("%s: %s", calls[i][1], json_dumps(answer, 0));
        json_decref(answer);
        after = jmap_state_of(t, type);
        g_assert_cmpstr(before, ==, after);
    }
}

/* What has a default and is null is as if it were not there. */
static void test_omitted(struct jmap_fixture *t)
{
    static const char *const calls[][2] = {
        {"Email/query", "'filter': null, 'sort': null, 'anchor': null, 'limit': null"},
        {"Mailbox/query", "'filter': null, 'sort': null, 'anchor': null, 'limit': null"},
        {"Mailbox/get", "'ids': null, 'properties': null"},
        {"Identity/get", "'ids': null, 'properties': null"},
        {"Email/set", "'ifInState': null, 'create': null, 'update': null, 'destroy': null"},
    };

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: x\n\nx\n");
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        json_t *without = jmap_fixture_call(t, calls[i][0], "{}");
        json_t *with = jmap_fixture_call(t, calls[i][0], "{%s}", calls[i][1]);

        if (!json_equal(without, with))
            g_error("%s: %s", calls[i][0], json_dumps(with, 0));
        json_decref(without);
        json_decref(with);
    }
}

/* An error stands in the place of the answer; what comes after it is carried out. */
static void test_method_errors(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(
        t, "{" CORE ", 'methodCalls': [['Foo/bar', {}, '0'], ['Mailbox/get', {}, '1'],"
           " ['Mailbox/get', {'accountId': 'a999'}, '2'], ['Mailbox/get', {'accountId': 'a1',"
           " 'ids': 'x'}, '3'], ['Identity/get', {'accountId': 'a1'}, '4'],"
           " ['Core/echo', {'last': true}, '5']]}");
    static const char *const types[] = {"unknownMethod", "invalidArguments", "accountNotFound",
                                        "invalidArguments", "unknownMethod"};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *name = g_strdup_printf("methodResponses/%zu/0", i);
        g_autofree char *type = g_strdup_printf("methodResponses/%zu/1/type", i);
        g_autofree char *id = g_strdup_printf("methodResponses/%zu/2", i);

        g_assert_cmpstr(jmap_text_at(answer, name), ==, "error");
        g_assert_cmpstr(jmap_text_at(answer, type), ==, types[i]);
        g_assert_cmpint(jmap_text_at(answer, id)[0], ==, (char)('0' + (int)i));
    }
    jmap_assert_json(jmap_at(answer, "methodResponses/5"), "['Core/echo', {'last': true}, '5']");
    json_decref(answer);
}

/* The unified account has no holiday answer of its own, and one mailbox's has no providers. */
static void test_account_without_the_type(struct jmap_fixture *t)
{
    g_autofree char *user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(t->m.user));

    jmap_expect_error(t, "accountNotSupportedByMethod", "VacationResponse/get",
                      "{'accountId': '%s'}", user);
    jmap_expect_error(t, "accountNotSupportedByMethod", "LinkedAccount/get", "{'accountId': 'a1'}");
}

/* One after the other: what the first wrote, the second reads. */
static void test_order(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(
        t, "{" CORE ", 'methodCalls': [['Mailbox/set', {'accountId': 'a1', 'create': {'m':"
           " {'name': 'One'}}}, '0'], ['Mailbox/query', {'accountId': 'a1', 'filter': {'name':"
           " 'One'}}, '1'], ['Mailbox/set', {'accountId': 'a1', 'destroy': ['#m']}, '2'],"
           " ['Mailbox/query', {'accountId': 'a1', 'filter': {'name': 'One'}}, '3']]}");

    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/1/1/ids")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/2/1/destroyed")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/3/1/ids")), ==, 0);
    json_decref(answer);
}

static void test_echo(struct jmap_fixture *t)
{
    static const char args[] =
        "{'hello': true, 'high': 5, 'nested': {'a': [null, 1.5, '\\u00e9']}}";
    json_t *answer =
        jmap_fixture_request(t, "{" CORE ", 'methodCalls': [['Core/echo', %s, 'b3ff']]}", args);

    jmap_assert_json(jmap_at(answer, "methodResponses/0/1"), args);
    json_decref(answer);
}

/* Accounts are told by every answer of a standard method, with the state that /changes goes on. */
static void test_standard_methods(struct jmap_fixture *t)
{
    static const char *const types[] = {"Mailbox", "Email", "Thread", "Identity",
                                        "EmailSubmission"};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *get = g_strconcat(types[i], "/get", NULL);
        g_autofree char *changes = g_strconcat(types[i], "/changes", NULL);
        json_t *got = jmap_fixture_call(t, get, "{'ids': []}"), *answer;

        g_assert_cmpstr(jmap_text_at(got, "accountId"), ==, "a1");
        answer = jmap_fixture_call(t, changes, "{'sinceState': '%s'}", jmap_text_at(got, "state"));
        g_assert_cmpstr(jmap_text_at(answer, "newState"), ==, jmap_text_at(got, "state"));
        g_assert_true(json_is_false(jmap_at(answer, "hasMoreChanges")));
        json_decref(answer);
        json_decref(got);
    }
}

/* I-JSON: names once, UTF-8, no lone surrogates. */
static void test_json(struct jmap_fixture *t)
{
    static const char *const bad[] = {
        "{\"using\": [\"urn:ietf:params:jmap:core\"], \"using\": [], \"methodCalls\": []}",
        "{\"using\": [], \"methodCalls\": [[\"Core/echo\", {\"a\": \"\xff\"}, \"0\"]]}",
        "{\"using\": [], \"methodCalls\": [[\"Core/echo\", {\"a\": \"\\ud800\"}, \"0\"]]}",
        "{\"using\": [], \"methodCalls\": []} {}",
        "",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        int status;
        json_t *answer = jmap_fixture_send(t, t->m.user, bad[i], strlen(bad[i]), &status);

        g_assert_cmpint(status, ==, 400);
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "urn:ietf:params:jmap:error:notJSON");
        json_decref(answer);
    }
}

static const struct jmap_case cases[] = {
    {"/rfc8620/3.3/other-members-are-ignored", test_other_members},
    {"/rfc8620/3.3.1/example", test_example},
    {"/rfc8620/3.4.1/several-responses-to-one-call", test_several_responses},
    {"/rfc8620/3.6/errors-change-nothing", test_errors_change_nothing},
    {"/rfc8620/4.1/example", test_echo_example},
    {"/rfc8620/3.2/invocations", test_invocations},
    {"/rfc8620/3.4/response", test_response},
    {"/rfc8620/3.5/null-is-omitted", test_omitted},
    {"/rfc8620/3.6.2/errors-in-their-places", test_method_errors},
    {"/rfc8620/3.6.2/account-without-the-type", test_account_without_the_type},
    {"/rfc8620/3.10/in-order", test_order},
    {"/rfc8620/4/echo", test_echo},
    {"/rfc8620/5/account-and-state", test_standard_methods},
    {"/rfc8620/8.4/i-json", test_json},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

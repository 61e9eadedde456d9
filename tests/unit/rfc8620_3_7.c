/* RFC 8620, 3.7: references to results of earlier calls. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

static void test_references(struct jmap_fixture *t)
{
    json_t *answer;

    answer = jmap_fixture_ask(
        t, t->m.user,
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
}

/* Each call holds the one before it twice: 2^31 copies without a bound. */
static void test_reference_bomb(struct jmap_fixture *t)
{
    GString *calls = g_string_new("[['Core/echo', {'x': 'some text that grows'}, 'c0']");
    json_t *answer;
    const char *type;

    for (int i = 1; i < 32; i++)
        g_string_append_printf(
            calls,
            ", ['Core/echo', {'#a': {'resultOf': 'c%d', 'name': 'Core/echo', 'path': ''},"
            " '#b': {'resultOf': 'c%d', 'name': 'Core/echo', 'path': ''}}, 'c%d']",
            i - 1, i - 1, i);
    g_string_append(calls, "]");
    answer = jmap_fixture_ask(t, t->m.user, "%s", calls->str);
    type = jmap_text_at(answer, "methodResponses/31/1/type");
    g_assert_cmpstr(type, ==, "invalidResultReference");
    json_decref(answer);
    g_string_free(calls, TRUE);
}

static const char *error_of(json_t *answer, int call)
{
    g_autofree char *path = g_strdup_printf("methodResponses/%d", call);
    json_t *response = jmap_at(answer, path);

    g_assert_cmpstr(json_string_value(json_array_get(response, 0)), ==, "error");
    return jmap_text_at(response, "1/type");
}

/* The example of the section: the mails of the first conversations of a mailbox, in one request. */
static void test_example(struct jmap_fixture *t)
{
    json_t *answer;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000,
                     "Message-ID: <a@x>\nFrom: a@b.example\nSubject: talk\n\nx\n");
    jmap_fixture_put(t, t->m.inbox, 2, 0, 1001,
                     "Message-ID: <b@x>\nReferences: <a@x>\nFrom: a@b.example\n"
                     "Subject: Re: talk\n\nx\n");
    jmap_fixture_put(t, t->m.inbox, 3, 0, 1002, "From: a@b.example\nSubject: other\n\nx\n");
    answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/query', {'accountId': 'a1', 'filter': {'inMailbox': 'm%" G_GINT64_FORMAT "'},"
        "   'sort': [{'property': 'receivedAt', 'isAscending': false}], 'collapseThreads': true,"
        "   'position': 0, 'limit': 10, 'calculateTotal': true}, 't0'],"
        " ['Email/get', {'accountId': 'a1', 'properties': ['threadId'], '#ids': {'resultOf': 't0',"
        "   'name': 'Email/query', 'path': '/ids'}}, 't1'],"
        " ['Thread/get', {'accountId': 'a1', '#ids': {'resultOf': 't1', 'name': 'Email/get',"
        "   'path': '/list/*/threadId'}}, 't2'],"
        " ['Email/get', {'accountId': 'a1', 'properties': ['from', 'receivedAt', 'subject'],"
        "   '#ids': {'resultOf': 't2', 'name': 'Thread/get', 'path': '/list/*/emailIds'}}, 't3']]",
        t->m.inbox);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/0/1/ids")), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/2/1/list")), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/3/1/list")), ==, 3);
    json_decref(answer);
}

/* The first response with the id counts, and must have the name. */
static void test_the_first_response_counts(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Core/echo', {'v': 1}, 'same'], ['Core/echo', {'v': 2}, 'same'],"
        " ['No/such', {}, 'failed'],"
        " ['Core/echo', {'#x': {'resultOf': 'same', 'name': 'Core/echo', 'path': '/v'}}, 'a'],"
        " ['Core/echo', {'#x': {'resultOf': 'failed', 'name': 'No/such', 'path': '/type'}}, 'b'],"
        " ['Core/echo', {'#x': {'resultOf': 'failed', 'name': 'error', 'path': '/type'}}, 'c'],"
        " ['Core/echo', {'#x': {'resultOf': 'later', 'name': 'Core/echo', 'path': '/v'}}, 'd'],"
        " ['Core/echo', {'v': 3}, 'later']]");

    jmap_assert_json(jmap_at(answer, "methodResponses/3/1"), "{'x': 1}");
    g_assert_cmpstr(error_of(answer, 4), ==, "invalidResultReference");
    jmap_assert_json(jmap_at(answer, "methodResponses/5/1"), "{'x': 'unknownMethod'}");
    g_assert_cmpstr(error_of(answer, 6), ==, "invalidResultReference");
    jmap_assert_json(jmap_at(answer, "methodResponses/7/1"), "{'v': 3}");
    json_decref(answer);
}

/* One level of arrays is flattened for each star; what is no array in them stays. */
static void test_star(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Core/echo', {'none': [], 'mixed': [{'a': 1}, {'a': [2, [3]]}, {'a': {'b': 4}}],"
        "   'deep': [{'l': [{'i': 1}, {'i': 2}]}, {'l': []}, {'l': [{'i': 3}]}],"
        "   'o': {'*': 'star'}}, 'e'],"
        " ['Core/echo', {'#none': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/none/*/a'},"
        "   '#mixed': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/mixed/*/a'},"
        "   '#deep': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/deep/*/l/*/i'},"
        "   '#all': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/none/*'},"
        "   '#name': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/o/*'}}, 'f'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/mixed/*/b'}}, 'g'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/mixed/-'}}, 'h'],"
        " ['Core/echo', {'#x': {'resultOf': 'e', 'name': 'Core/echo', 'path': 'mixed'}}, 'i']]");

    jmap_assert_json(jmap_at(answer, "methodResponses/1/1"),
                     "{'none': [], 'mixed': [1, 2, [3], {'b': 4}], 'deep': [1, 2, 3], 'all': [],"
                     " 'name': 'star'}");
    for (int i = 2; i < 5; i++)
        g_assert_cmpstr(error_of(answer, i), ==, "invalidResultReference");
    json_decref(answer);
}

/* A reference is resolved before anything is checked, the account's id too. */
static void test_any_argument(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_ask(t, t->m.user,
                         "[['Core/echo', {'account': 'a1', 'ids': [], 'wrong': 7}, 'e'],"
                         " ['Mailbox/get', {'#accountId': {'resultOf': 'e', 'name': 'Core/echo', "
                         "'path': '/account'},"
                         "   '#ids': {'resultOf': 'e', 'name': 'Core/echo', 'path': '/ids'}}, 'f'],"
                         " ['Mailbox/get', {'accountId': 'a1', '#ids': {'resultOf': 'e', 'name': "
                         "'Core/echo',"
                         "   'path': '/wrong'}}, 'g']]");

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "Mailbox/get");
    g_assert_cmpstr(error_of(answer, 2), ==, "invalidArguments");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/3.7/references", test_references},
    {"/rfc8620/3.7/example", test_example},
    {"/rfc8620/3.7/the-first-response-counts", test_the_first_response_counts},
    {"/rfc8620/3.7/star", test_star},
    {"/rfc8620/3.7/any-argument", test_any_argument},
    {"/rfc8620/8.5/reference-bomb", test_reference_bomb},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

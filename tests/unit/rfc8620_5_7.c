/* RFC 8620, 5.7 and 5.8: its examples, told with emails for to-dos, subjects for titles. */
#include "jmap_fixture.h"

#define EMAIL "e%" G_GINT64_FORMAT
#define BOX "m%" G_GINT64_FORMAT
#define EITHER                                                                                     \
    "'filter': {'operator': 'OR', 'conditions': [{'hasKeyword': 'music'}, {'hasKeyword': "         \
    "'video'}]}, 'sort': [{'property': 'subject'}]"

/* Practise Piano, Watch Daft Punk music video, and what is neither. */
static void put_todos(struct jmap_fixture *t, int64_t *piano, int64_t *punk)
{
    *piano = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: Practise Piano\n\nx\n");
    *punk = jmap_fixture_put(t, t->m.inbox, 2, 0, 1001, "Subject: Watch Daft Punk\n\nx\n");
    jmap_fixture_put(t, t->m.inbox, 3, 0, 1002, "Subject: Neither\n\nx\n");
    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'" EMAIL
                                  "': {'keywords': {'music': true, 'mozart': true}}, '" EMAIL
                                  "': {'keywords': {'music': true, 'video': true}}}}",
                                  *piano, *punk));
}

/* A query, and by reference what it found. */
static void test_query_then_get(struct jmap_fixture *t)
{
    int64_t piano, punk;
    json_t *answer;

    put_todos(t, &piano, &punk);
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['Email/query', {'accountId': 'a1', " EITHER
                              ", 'position': 0, 'limit': 10}, '0'],"
                              " ['Email/get', {'accountId': 'a1', 'properties': ['subject',"
                              " 'keywords'], '#ids': {'resultOf': '0', 'name': 'Email/query',"
                              " 'path': '/ids'}}, '1']]");
    g_assert_true(json_is_true(jmap_at(answer, "methodResponses/0/1/canCalculateChanges")));
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/position"), ==, 0);
    g_assert_false(jmap_has(answer, "methodResponses/0/1/total"));
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/1/1/list")), ==, 2);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/list/0/subject"), ==,
                    "Practise Piano");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list/1/keywords"),
                     "{'music': true, 'video': true}");
    json_decref(answer);
}

/* The whole object with its changes and the minimal patch have the same effect. */
static void test_whole_or_patch(struct jmap_fixture *t)
{
    for (uint32_t i = 0; i < 2; i++) {
        g_autofree char *state = NULL, *id = NULL, *update = NULL, *path = NULL;
        int64_t piano;
        json_t *answer;

        piano = jmap_fixture_put(t, t->m.inbox, i + 1, 0, 1000, "Subject: Practise Piano\n\nx\n");
        json_decref(jmap_fixture_call(t, "Email/set",
                                      "{'update': {'" EMAIL
                                      "': {'keywords': {'music': true, 'mozart': true}}}}",
                                      piano));
        id = g_strdup_printf(EMAIL, piano);
        update = i == 0 ? g_strdup_printf("{'id': '%s', 'subject': 'Practise Piano', 'keywords': "
                                          "{'music': true, 'chopin': true}}",
                                          id)
                        : g_strdup("{'keywords/chopin': true, 'keywords/mozart': null}");
        state = jmap_state_of(t, "Email");
        answer = jmap_fixture_call(t, "Email/set", "{'ifInState': '%s', 'update': {'%s': %s}}",
                                   state, id, update);
        path = g_strdup_printf("updated/%s", id);
        g_assert_true(json_is_null(jmap_at(answer, path)));
        g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
        json_decref(answer);
        answer =
            jmap_fixture_call(t, "Email/get", "{'ids': ['%s'], 'properties': ['keywords']}", id);
        jmap_assert_json(jmap_at(answer, "list/0/keywords"), "{'music': true, 'chopin': true}");
        json_decref(answer);
        /* It is no more in that state. */
        jmap_expect_error(t, "stateMismatch", "Email/set",
                          "{'ifInState': '%s', 'update': {'%s': %s}}", state, id, update);
    }
}

/* What is created and what refers to it, in one call. */
static void test_foreign_key(struct jmap_fixture *t)
{
    int64_t warm = mail_mailbox(&t->m, "Warm up", MAIL_ROLE_NONE);
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'create': {'k15': {'name': 'Scales'}}, 'update': {'" BOX
                                       "': {'parentId': '#k15'}}}",
                                       warm);
    g_autofree char *above = g_strdup(jmap_text_at(answer, "created/k15/id"));

    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Mailbox/get", "{'ids': ['" BOX "']}", warm);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/parentId"), ==, above);
    json_decref(answer);
}

/* Somebody else deleted one: both kinds of changes tell it. */
static void test_changes(struct jmap_fixture *t)
{
    g_autofree char *state = NULL, *gone = NULL;
    int64_t piano, punk;
    json_t *query, *answer;

    put_todos(t, &piano, &punk);
    state = jmap_state_of(t, "Email");
    query = jmap_fixture_call(t, "Email/query", "{" EITHER "}");
    json_decref(jmap_fixture_call(t, "Email/set", "{'destroy': ['" EMAIL "']}", punk));
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['Email/changes', {'accountId': 'a1', 'sinceState': '%s',"
                              " 'maxChanges': 50}, '0'], ['Email/queryChanges', {'accountId': 'a1',"
                              " " EITHER ", 'sinceQueryState': '%s', 'maxChanges': 50}, '1']]",
                              state, jmap_text_at(query, "queryState"));
    gone = g_strdup_printf("['" EMAIL "']", punk);
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/destroyed"), gone);
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/created"), "[]");
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/updated"), "[]");
    g_assert_true(json_is_false(jmap_at(answer, "methodResponses/0/1/hasMoreChanges")));
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/removed"), gone);
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/added"), "[]");
    json_decref(answer);
    json_decref(query);
}

/* Moved to another account: two answers to one call. */
static void test_move_between_accounts(struct jmap_fixture *t)
{
    int64_t own = t->m.account, team, inbox, piano, punk;
    json_t *answer;
    g_autofree char *gone = NULL;

    put_todos(t, &piano, &punk);
    team = fixture_account(&t->m.f, t->m.user, "team@mail.example", "password");
    t->m.account = team;
    inbox = mail_mailbox(&t->m, "INBOX", MAIL_ROLE_INBOX);
    t->m.account = own;
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['Email/copy', {'fromAccountId': 'a%" G_GINT64_FORMAT
                              "', 'accountId': 'a%" G_GINT64_FORMAT
                              "', 'create': {'k5122': {'id': '" EMAIL "', 'mailboxIds': {'" BOX
                              "': true}}}, 'onSuccessDestroyOriginal': true}, '0']]",
                              own, team, piano, inbox);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 2);
    g_assert_true(jmap_has(answer, "methodResponses/0/1/created/k5122/id"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "Email/set");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/2"), ==, "0");
    gone = g_strdup_printf("['" EMAIL "']", piano);
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/destroyed"), gone);
    json_decref(answer);
}

/* --- 5.8 --- */

static json_t *send_split(struct jmap_fixture *t, json_t *created, const char *call)
{
    char *ids = json_dumps(created, JSON_COMPACT);
    json_t *answer =
        jmap_fixture_request(t,
                             "{'using': ['urn:ietf:params:jmap:core', "
                             "'urn:ietf:params:jmap:mail'], 'createdIds': %s, 'methodCalls': [%s]}",
                             ids, call);

    free(ids);
    return answer;
}

/* A request that a proxy splits resolves as if it were whole: createdIds go from one to the next.
 */
static void test_split_requests(struct jmap_fixture *t)
{
    json_t *none = json_object(), *first, *second, *third;

    first =
        send_split(t, none,
                   "['Mailbox/set', {'accountId': 'a1', 'create': {'m': {'name': 'One'}}}, '0']");
    g_assert_true(jmap_has(first, "createdIds/m"));
    second = send_split(t, jmap_at(first, "createdIds"),
                        "['Email/set', {'accountId': 'a1', 'create': {'e': {'mailboxIds': {'#m':"
                        " true}}}}, '1']");
    g_assert_cmpstr(jmap_text_at(second, "createdIds/m"), ==, jmap_text_at(first, "createdIds/m"));
    g_assert_cmpstr(jmap_text_at(second, "createdIds/e"), ==,
                    jmap_text_at(second, "methodResponses/0/1/created/e/id"));
    third = send_split(t, jmap_at(second, "createdIds"),
                       "['Email/set', {'accountId': 'a1', 'update': {'#e': {'keywords/x': true}},"
                       " 'destroy': ['#nothing']}, '2']");
    g_assert_true(json_object_get(jmap_at(third, "methodResponses/0/1/updated"),
                                  jmap_text_at(second, "createdIds/e")) != NULL);
    json_decref(third);
    json_decref(second);
    json_decref(first);
    json_decref(none);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/5.7/query-then-get", test_query_then_get},
    {"/rfc8620/5.7/whole-object-or-patch", test_whole_or_patch},
    {"/rfc8620/5.7/foreign-key", test_foreign_key},
    {"/rfc8620/5.7/changes", test_changes},
    {"/rfc8620/5.7/move-between-accounts", test_move_between_accounts},
    {"/rfc8620/5.8/requests-that-are-split", test_split_requests},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 9425: Quota, as the mail server told of it last; the object is 4.1, queries are 4.4. */
#include "quota_says.h"

/* --- 2.1 */

static void test_capability(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL), *account;
    const char *id;

    jmap_assert_json(jmap_at(session, "capabilities/" QUOTA), "{}");
    json_object_foreach(jmap_at(session, "accounts"), id, account)
        jmap_assert_json(jmap_at(account, "accountCapabilities/" QUOTA), "{}");
    g_assert_cmpstr(jmap_text_at(session, "primaryAccounts/" QUOTA), ==, "a1");
    json_decref(session);
}

static void test_not_used(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_request(t, "{'using': ['urn:ietf:params:jmap:core', "
                                             "'urn:ietf:params:jmap:mail'], 'methodCalls': "
                                             "[['Quota/get', {'accountId': 'a1'}, '0']]}");

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "unknownMethod");
    json_decref(answer);
}

/* --- 3 */

static void test_scope(struct jmap_fixture *t)
{
    json_t *answer, *quota;
    size_t i;

    TELL(t, {"a", STORE_QUOTA_OCTETS, 1, 2}, {"b", STORE_QUOTA_EMAILS, 1, 2},
         {"c", STORE_QUOTA_MAILBOXES, 1, 2});
    answer = jmap_fixture_call(t, "Quota/get", "{'ids': null}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 3);
    json_array_foreach(jmap_at(answer, "list"), i, quota)
        g_assert_cmpstr(jmap_text_at(quota, "scope"), ==, "account");
    json_decref(answer);
}

static void test_resource_types(struct jmap_fixture *t)
{
    json_t *answer;

    TELL(t, {"a", STORE_QUOTA_OCTETS, 1, 2}, {"a", STORE_QUOTA_EMAILS, 1, 2},
         {"a", STORE_QUOTA_MAILBOXES, 1, 2});
    answer = jmap_fixture_call(t, "Quota/get", "{'properties': ['resourceType', 'types']}");
    jmap_assert_json(jmap_at(answer, "list"),
                     "[{'id': 'q1', 'resourceType': 'octets', 'types': ['Email']},"
                     " {'id': 'q2', 'resourceType': 'count', 'types': ['Email']},"
                     " {'id': 'q3', 'resourceType': 'count', 'types': ['Mailbox']}]");
    json_decref(answer);
}

/* --- 4.2 */

static void test_get(struct jmap_fixture *t)
{
    g_autofree char *state = NULL;
    json_t *answer;

    tell_two(t);
    state = jmap_state_of(t, "Quota");
    answer = jmap_fixture_call(t, "Quota/get",
                               "{'ids': ['q2', 'q9', 'x', 'q2'], 'properties': ['used']}");
    jmap_assert_json(jmap_at(answer, "list"), "[{'id': 'q2', 'used': 42}]");
    jmap_assert_json(jmap_at(answer, "notFound"), "['x', 'q9']");
    g_assert_cmpstr(jmap_text_at(answer, "state"), ==, state);
    json_decref(answer);
    answer = jmap_fixture_call(t, "Quota/get", "{'ids': []}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    jmap_expect_error(t, "invalidArguments", "Quota/get", "{'properties': ['nope']}");
}

/* A server without quotas, or without a limit. */
static void test_unlimited(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Quota/get", "{'ids': null}");

    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    tell_two(t);
    tell_at(t, t->m.account, NULL, 0, clock_wall());
    answer = jmap_fixture_call(t, "Quota/get", "{'ids': null}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
}

static void test_all_accounts(struct jmap_fixture *t)
{
    int64_t second =
        fixture_account(&t->m.f, t->m.user, "second@mail.example", "password of the second");
    const struct say quota = {"User quota", STORE_QUOTA_OCTETS, 5, 6};
    json_t *answer;

    tell_two(t);
    tell_at(t, second, &quota, 1, clock_wall());
    answer = jmap_fixture_call(t, "Quota/get",
                               "{'accountId': 'u1', 'properties': ['description', 'used']}");
    jmap_assert_json(jmap_at(answer, "list"),
                     "[{'id': 'q1', 'description': 'ann@mail.example', 'used': 10240},"
                     " {'id': 'q2', 'description': 'ann@mail.example', 'used': 42},"
                     " {'id': 'q3', 'description': 'second@mail.example', 'used': 5}]");
    json_decref(answer);
    answer = jmap_fixture_call(t, "Quota/get", "{'ids': ['q3']}");
    jmap_assert_json(jmap_at(answer, "notFound"), "['q3']");
    json_decref(answer);
}

/* --- 4.3 */

static json_t *changes_since(struct jmap_fixture *t, const char *state)
{
    return jmap_fixture_call(t, "Quota/changes", "{'sinceState': '%s'}", state);
}

static void expect_changes(json_t *answer, const char *created, const char *updated,
                           const char *destroyed, const char *properties)
{
    jmap_assert_json(jmap_at(answer, "created"), created);
    jmap_assert_json(jmap_at(answer, "updated"), updated);
    jmap_assert_json(jmap_at(answer, "destroyed"), destroyed);
    jmap_assert_json(jmap_at(answer, "updatedProperties"), properties);
    json_decref(answer);
}

static void test_changes(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Quota"), *middle = NULL, *after = NULL;

    tell_two(t);
    middle = jmap_state_of(t, "Quota");
    expect_changes(changes_since(t, before), "['q1', 'q2']", "[]", "[]", "null");
    TELL(t, {"User quota", STORE_QUOTA_EMAILS, 42, 1000}, {"New", STORE_QUOTA_OCTETS, 1, 2});
    expect_changes(changes_since(t, middle), "['q3']", "[]", "['q1']", "null");
    expect_changes(changes_since(t, before), "['q2', 'q3']", "[]", "[]", "null");
    after = jmap_state_of(t, "Quota");
    TELL(t, {"User quota", STORE_QUOTA_EMAILS, 42, 1000}, {"New", STORE_QUOTA_OCTETS, 1, 2});
    expect_changes(changes_since(t, after), "[]", "[]", "[]", "null");
    jmap_expect_error(t, "cannotCalculateChanges", "Quota/changes", "{'sinceState': 'x'}");
}

static void test_paging(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Quota"), *middle = NULL;
    json_t *answer;

    tell_two(t);
    answer = jmap_fixture_call(t, "Quota/changes", "{'sinceState': '%s', 'maxChanges': 1}", before);
    g_assert_true(json_is_true(jmap_at(answer, "hasMoreChanges")));
    middle = g_strdup(jmap_text_at(answer, "newState"));
    expect_changes(answer, "['q1']", "[]", "[]", "null");
    answer = jmap_fixture_call(t, "Quota/changes", "{'sinceState': '%s', 'maxChanges': 1}", middle);
    g_assert_true(json_is_false(jmap_at(answer, "hasMoreChanges")));
    expect_changes(answer, "['q2']", "[]", "[]", "null");
}

/* As 5.2 has it: what changed is fetched by reference to updatedProperties. */
static void test_only_used(struct jmap_fixture *t)
{
    g_autofree char *before = NULL;
    json_t *answer;

    tell_two(t);
    before = jmap_state_of(t, "Quota");
    TELL(t, {"User quota", STORE_QUOTA_OCTETS, 20 * KIB, 512 * KIB},
         {"User quota", STORE_QUOTA_EMAILS, 42, 1000});
    answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Quota/changes', {'accountId': 'a1', 'sinceState': '%s'}, '0'], ['Quota/get',"
        " {'accountId': 'a1', '#ids': {'resultOf': '0', 'name': 'Quota/changes', 'path':"
        " '/updated'}, '#properties': {'resultOf': '0', 'name': 'Quota/changes', 'path':"
        " '/updatedProperties'}}, '1']]",
        before);
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/updatedProperties"), "['used']");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list"), "[{'id': 'q1', 'used': 20480}]");
    json_decref(answer);
    TELL(t, {"User quota", STORE_QUOTA_OCTETS, 20 * KIB, 600 * KIB},
         {"User quota", STORE_QUOTA_EMAILS, 43, 1000});
    expect_changes(changes_since(t, before), "[]", "['q1', 'q2']", "[]", "null");
}

/* --- 6 */

static void test_push(struct jmap_fixture *t)
{
    static const char *const none[] = {"Email", NULL}, *const own[] = {"Quota", NULL};
    g_autofree char *state = NULL, *id = NULL;
    json_t *change;

    id = jmap_push_id(t->jmap, t->m.user, store_told(t->m.f.store));
    tell_two(t);
    state = jmap_state_of(t, "Quota");
    change = jmap_fixture_change(t, t->m.user, t->m.account, STORE_QUOTA, NULL);
    g_assert_cmpstr(jmap_text_at(change, "changed/a1/Quota"), ==, state);
    g_assert_cmpstr(jmap_text_at(change, "changed/u1/Quota"), ==, state);
    json_decref(change);
    g_assert_null(jmap_fixture_change(t, t->m.user, t->m.account, STORE_QUOTA, none));
    /* Who comes back is told of it, too. */
    change = jmap_push_missed(t->jmap, t->m.user, id, store_told(t->m.f.store), own);
    g_assert_cmpstr(jmap_text_at(change, "changed/a1/Quota"), ==, state);
    json_decref(change);
}

/* Listeners hear of what the server says when it is another thing than before. */
static void test_listeners(struct jmap_fixture *t)
{
    struct jmap_told told;

    tell_two(t);
    store_told(t->m.f.store);
    jmap_told_begin(t, &told);
    tell_two(t);
    g_assert_cmpuint(jmap_told_types(t, &told), ==, 0);
    TELL(t, {"User quota", STORE_QUOTA_OCTETS, 11 * KIB, 512 * KIB},
         {"User quota", STORE_QUOTA_EMAILS, 42, 1000});
    g_assert_cmpuint(jmap_told_types(t, &told), ==, STORE_QUOTA);
    jmap_told_end(t, &told);
}

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/rfc9425/2.1/capability", test_capability},
        {"/rfc9425/2.1/not-used", test_not_used},
        {"/rfc9425/3.1/of-the-account", test_scope},
        {"/rfc9425/3.2/octets-and-counts", test_resource_types},
        {"/rfc9425/4.2/get", test_get},
        {"/rfc9425/4.2/unlimited", test_unlimited},
        {"/rfc9425/4.2/all-accounts", test_all_accounts},
        {"/rfc9425/4.3/changes", test_changes},
        {"/rfc9425/4.3/paging", test_paging},
        {"/rfc9425/4.3/only-used", test_only_used},
        {"/rfc9425/6/state-change", test_push},
        {"/rfc9425/6/listeners", test_listeners},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 9425: Quota, as the mail server told of it last. */
#include "jmap_fixture.h"

#include "base/clock.h"

#define QUOTA "urn:ietf:params:jmap:quota"
#define KIB UINT64_C(1024)

struct say {
    const char *root;
    enum store_quota_of of;
    uint64_t used, limit;
};

static void tell_at(struct jmap_fixture *t, int64_t account, const struct say *list, size_t count,
                    int64_t at)
{
    g_autoptr(GPtrArray) quotas = g_ptr_array_new_with_free_func((GDestroyNotify)store_quota_free);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < count; i++) {
        struct store_quota *quota = g_new0(struct store_quota, 1);

        *quota = (struct store_quota){.root = g_strdup(list[i].root),
                                      .of = list[i].of,
                                      .used = list[i].used,
                                      .limit = list[i].limit};
        g_ptr_array_add(quotas, quota);
    }
    store_sync_quotas(t->m.f.store, account, quotas, at, &error);
    g_assert_no_error(error);
}

/* The mail server says now that it has these, of { root, of, used, limit }. */
#define TELL(t, ...)                                                                               \
    tell_at((t), (t)->m.account, (const struct say[]){__VA_ARGS__},                                \
            sizeof((const struct say[]){__VA_ARGS__}) / sizeof(struct say), clock_wall())

static void tell_two(struct jmap_fixture *t)
{
    TELL(t, {"User quota", STORE_QUOTA_OCTETS, 10 * KIB, 512 * KIB},
         {"User quota", STORE_QUOTA_EMAILS, 42, 1000});
}

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

/* --- 3 and 4.1 */

static void expect_quota(struct jmap_fixture *t, const char *id, const char *wanted)
{
    json_t *answer = jmap_fixture_call(t, "Quota/get", "{'ids': ['%s']}", id);

    jmap_assert_json(jmap_at(answer, "list/0"), wanted);
    json_decref(answer);
}

static void test_properties(struct jmap_fixture *t)
{
    tell_two(t);
    expect_quota(t, "q1",
                 "{'id': 'q1', 'resourceType': 'octets', 'used': 10240, 'hardLimit': 524288,"
                 " 'scope': 'account', 'name': 'User quota', 'types': ['Email'], 'warnLimit': null,"
                 " 'softLimit': null, 'description': 'ann@mail.example'}");
    expect_quota(t, "q2",
                 "{'id': 'q2', 'resourceType': 'count', 'used': 42, 'hardLimit': 1000,"
                 " 'scope': 'account', 'name': 'User quota', 'types': ['Email'], 'warnLimit': null,"
                 " 'softLimit': null, 'description': 'ann@mail.example'}");
}

/* What the server has no name for; what no UnsignedInt holds; what it has no more of. */
static void test_odd_values(struct jmap_fixture *t)
{
    json_t *answer;

    TELL(t, {"", STORE_QUOTA_OCTETS, INT64_MAX, INT64_MAX}, {"x", STORE_QUOTA_EMAILS, 7, 0},
         {"x", STORE_QUOTA_EMAILS, 8, 0});
    answer = jmap_fixture_call(t, "Quota/get", "{'properties': ['name', 'used', 'hardLimit']}");
    jmap_assert_json(jmap_at(answer, "list"),
                     "[{'id': 'q1', 'name': 'ann@mail.example', 'used': 9007199254740991,"
                     " 'hardLimit': 9007199254740991},"
                     " {'id': 'q2', 'name': 'x', 'used': 7, 'hardLimit': 0}]");
    json_decref(answer);
}

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

/* Both types are of the mail capability: a client without it is shown no quota. */
static void test_types_not_asked_for(struct jmap_fixture *t)
{
    json_t *answer;

    tell_two(t);
    answer = jmap_fixture_request(
        t, "{'using': ['urn:ietf:params:jmap:core', '" QUOTA
           "'], 'methodCalls': [['Quota/get', {'accountId': 'a1', 'ids': ['q1']}, '0'],"
           " ['Quota/query', {'accountId': 'a1'}, '1'],"
           " ['Quota/changes', {'accountId': 'a1', 'sinceState': '1'}, '2']]}");
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/list"), "[]");
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/notFound"), "['q1']");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/ids"), "[]");
    g_assert_false(jmap_has(answer, "methodResponses/2/1/created/0"));
    json_decref(answer);
}

static json_t *import(struct jmap_fixture *t, unsigned count)
{
    static const char message[] = "From: a@example.org\r\nSubject: x\r\n\r\n0123456789\r\n";
    g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", message, strlen(message));
    g_autoptr(GString) emails = g_string_new(NULL);

    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(emails,
                               "%s'k%u': {'blobId': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}}",
                               i > 0 ? ", " : "", i, blob, t->m.inbox);
    return jmap_fixture_call(t, "Email/import", "{'emails': {%s}}", emails->str);
}

static void expect_imported(struct jmap_fixture *t, unsigned count, unsigned fitting)
{
    json_t *answer = import(t, count), *error;
    const char *key;

    g_assert_cmpuint(json_object_size(jmap_at(answer, "created")), ==, fitting);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notCreated")), ==, count - fitting);
    json_object_foreach(jmap_at(answer, "notCreated"), key, error)
        g_assert_cmpstr(jmap_text_at(error, "type"), ==, "overQuota");
    json_decref(answer);
}

/* 4.1: "Objects in scope may not be created or updated if this limit is reached." */
static void test_no_room(struct jmap_fixture *t)
{
    TELL(t, {"a", STORE_QUOTA_OCTETS, 1000, 1100}, {"a", STORE_QUOTA_EMAILS, 1, 1000});
    expect_imported(t, 5, 2); /* of 47 octets */
    TELL(t, {"a", STORE_QUOTA_OCTETS, 1100, 1100});
    expect_imported(t, 1, 0);
    TELL(t, {"a", STORE_QUOTA_EMAILS, 9, 10});
    expect_imported(t, 2, 1);
    TELL(t, {"a", STORE_QUOTA_EMAILS, 9, 0});
    expect_imported(t, 1, 0);
    TELL(t, {"a", STORE_QUOTA_MAILBOXES, 9, 9});
    expect_imported(t, 1, 1);
}

/* What the server said long ago may have changed: it is asked by trying. */
static void test_said_long_ago(struct jmap_fixture *t)
{
    const struct say full = {"a", STORE_QUOTA_OCTETS, 10, 10};

    tell_at(t, t->m.account, &full, 1, clock_wall() - 2 * 3600);
    expect_imported(t, 1, 1);
    tell_at(t, t->m.account, &full, 1, clock_wall() - 60);
    expect_imported(t, 1, 0);
}

static int64_t asked_at(struct jmap_fixture *t)
{
    struct store_sync_account *account = store_sync_account(t->m.f.store, t->m.account, NULL);
    int64_t at = account->quota_asked;

    store_sync_account_free(account);
    return at;
}

/* Room that was made since is found: the server is asked, and until it answered it is for it to
 * refuse. */
static void test_asked_anew(struct jmap_fixture *t)
{
    json_t *answer;

    TELL(t, {"a", STORE_QUOTA_OCTETS, 10, 10}, {"a", STORE_QUOTA_MAILBOXES, 9, 9});
    g_assert_cmpint(asked_at(t), >, 1);
    expect_imported(t, 2, 0);
    g_assert_cmpint(asked_at(t), ==, 1);
    expect_imported(t, 1, 1);
    TELL(t, {"a", STORE_QUOTA_MAILBOXES, 9, 9});
    answer = jmap_fixture_call(t, "Mailbox/set", "{'create': {'k': {'name': 'New'}}}");
    json_decref(answer);
    g_assert_cmpint(asked_at(t), ==, 1);
}

static void test_no_room_for_drafts(struct jmap_fixture *t)
{
    json_t *answer;

    TELL(t, {"a", STORE_QUOTA_OCTETS, 10, 10});
    answer = jmap_fixture_call(t, "Email/set",
                               "{'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}, 'subject': 'x'}}}",
                               t->m.drafts);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "overQuota");
    json_decref(answer);
}

static void test_no_room_for_folders(struct jmap_fixture *t)
{
    json_t *answer;

    TELL(t, {"a", STORE_QUOTA_MAILBOXES, 10, 10});
    answer = jmap_fixture_call(t, "Mailbox/set", "{'create': {'k': {'name': 'New'}}}");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "overQuota");
    json_decref(answer);
    TELL(t, {"a", STORE_QUOTA_MAILBOXES, 9, 10});
    answer = jmap_fixture_call(t, "Mailbox/set", "{'create': {'k': {'name': 'New'}}}");
    g_assert_true(jmap_has(answer, "created/k/id"));
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

/* --- 4.4 */

static void tell_three(struct jmap_fixture *t)
{
    TELL(t, {"beta", STORE_QUOTA_OCTETS, 30, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50},
         {"gamma", STORE_QUOTA_MAILBOXES, 10, 50});
}

static void expect_ids(struct jmap_fixture *t, const char *args, const char *ids)
{
    json_t *answer = jmap_fixture_call(t, "Quota/query", "%s", args);

    g_test_message("%s", args);
    jmap_assert_json(jmap_at(answer, "ids"), ids);
    json_decref(answer);
}

static void test_filter(struct jmap_fixture *t)
{
    tell_three(t);
    expect_ids(t, "{}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'name': 'MA'}}", "['q3']");
    expect_ids(t, "{'filter': {'name': 'a'}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'name': 'nowhere'}}", "[]");
    expect_ids(t, "{'filter': {'scope': 'account'}}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'filter': {'scope': 'domain'}}", "[]");
    expect_ids(t, "{'filter': {'resourceType': 'count'}}", "['q2', 'q3']");
    expect_ids(t, "{'filter': {'resourceType': 'Count'}}", "[]");
    expect_ids(t, "{'filter': {'type': 'Email'}}", "['q1', 'q2']");
    expect_ids(t, "{'filter': {'type': 'Mailbox', 'resourceType': 'octets'}}", "[]");
    expect_ids(t,
               "{'filter': {'operator': 'OR', 'conditions': [{'name': 'beta'}, {'operator': 'NOT',"
               " 'conditions': [{'type': 'Email'}]}]}}",
               "['q1', 'q3']");
    expect_ids(t,
               "{'filter': {'operator': 'AND', 'conditions': [{'name': 'a'}, {'type': 'Email'}]}}",
               "['q1', 'q2']");
}

static void test_sort(struct jmap_fixture *t)
{
    tell_three(t);
    expect_ids(t, "{'sort': [{'property': 'name'}]}", "['q2', 'q1', 'q3']");
    expect_ids(t, "{'sort': [{'property': 'used'}]}", "['q3', 'q2', 'q1']");
    expect_ids(t, "{'sort': [{'property': 'used', 'isAscending': false}]}", "['q1', 'q2', 'q3']");
    expect_ids(t, "{'sort': [{'property': 'name'}], 'position': 1, 'limit': 1}", "['q1']");
    expect_ids(t, "{'sort': [{'property': 'name'}], 'anchor': 'q3', 'anchorOffset': -1}",
               "['q1', 'q3']");
}

static void test_refused(struct jmap_fixture *t)
{
    jmap_expect_error(t, "unsupportedFilter", "Quota/query", "{'filter': {'used': 1}}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'filter': {'name': 1}}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'filter': {'operator': 'XOR'}}");
    jmap_expect_error(t, "unsupportedSort", "Quota/query", "{'sort': [{'property': 'hardLimit'}]}");
    jmap_expect_error(t, "invalidArguments", "Quota/query", "{'sort': [{}]}");
    jmap_expect_error(t, "anchorNotFound", "Quota/query", "{'anchor': 'q1'}");
}

/* --- 4.5 */

static char *query_state(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Quota/query", "{}");
    char *state = g_strdup(jmap_text_at(answer, "queryState"));

    g_assert_true(json_is_true(jmap_at(answer, "canCalculateChanges")));
    json_decref(answer);
    return state;
}

static void expect_moves(struct jmap_fixture *t, const char *since, const char *more,
                         const char *removed, const char *added)
{
    json_t *answer =
        jmap_fixture_call(t, "Quota/queryChanges",
                          "{'sinceQueryState': '%s', 'calculateTotal': true%s}", since, more);

    jmap_assert_json(jmap_at(answer, "removed"), removed);
    jmap_assert_json(jmap_at(answer, "added"), added);
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 3);
    json_decref(answer);
}

static void test_query_changes(struct jmap_fixture *t)
{
    g_autofree char *before = NULL, *middle = NULL;

    TELL(t, {"beta", STORE_QUOTA_OCTETS, 30, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50});
    before = query_state(t);
    tell_three(t);
    middle = query_state(t);
    expect_moves(t, before, "", "[]", "[{'id': 'q3', 'index': 2}]");
    TELL(t, {"beta", STORE_QUOTA_OCTETS, 5, 50}, {"Alpha", STORE_QUOTA_EMAILS, 20, 50},
         {"gamma", STORE_QUOTA_MAILBOXES, 10, 50});
    /* Only what is used changed: no place depends on it, but in the order by it. */
    expect_moves(t, middle, "", "[]", "[]");
    expect_moves(t, middle, ", 'sort': [{'property': 'used'}]", "['q1']",
                 "[{'id': 'q1', 'index': 0}]");
    jmap_expect_error(t, "cannotCalculateChanges", "Quota/queryChanges",
                      "{'sinceQueryState': 'x'}");
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
        {"/rfc9425/4.1/properties", test_properties},
        {"/rfc9425/4.1/odd-values", test_odd_values},
        {"/rfc9425/4.1/types-not-asked-for", test_types_not_asked_for},
        {"/rfc9425/4.1/no-room", test_no_room},
        {"/rfc9425/4.1/said-long-ago", test_said_long_ago},
        {"/rfc9425/4.1/asked-anew", test_asked_anew},
        {"/rfc9425/4.1/no-room-for-drafts", test_no_room_for_drafts},
        {"/rfc9425/4.1/no-room-for-folders", test_no_room_for_folders},
        {"/rfc9425/4.2/get", test_get},
        {"/rfc9425/4.2/unlimited", test_unlimited},
        {"/rfc9425/4.2/all-accounts", test_all_accounts},
        {"/rfc9425/4.3/changes", test_changes},
        {"/rfc9425/4.3/paging", test_paging},
        {"/rfc9425/4.3/only-used", test_only_used},
        {"/rfc9425/4.4/filter", test_filter},
        {"/rfc9425/4.4/sort", test_sort},
        {"/rfc9425/4.4/refused", test_refused},
        {"/rfc9425/4.5/query-changes", test_query_changes},
        {"/rfc9425/6/state-change", test_push},
        {"/rfc9425/6/listeners", test_listeners},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 9425, 4.1: what a Quota has, and what has no room within it. */
#include "quota_says.h"

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

int main(int argc, char **argv)
{
    static const struct jmap_case cases[] = {
        {"/rfc9425/4.1/properties", test_properties},
        {"/rfc9425/4.1/odd-values", test_odd_values},
        {"/rfc9425/4.1/types-not-asked-for", test_types_not_asked_for},
        {"/rfc9425/4.1/no-room", test_no_room},
        {"/rfc9425/4.1/said-long-ago", test_said_long_ago},
        {"/rfc9425/4.1/asked-anew", test_asked_anew},
        {"/rfc9425/4.1/no-room-for-drafts", test_no_room_for_drafts},
        {"/rfc9425/4.1/no-room-for-folders", test_no_room_for_folders},
    };

    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

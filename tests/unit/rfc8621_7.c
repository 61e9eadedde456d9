/* RFC 8621, 5 to 7: what SearchSnippet, Identity and EmailSubmission are asked beyond
 * jmap_email_query.c, jmap_identity.c and jmap_submission.c. */
#include "jmap_fixture.h"

#include "base/clock.h"

#define ID "e%" G_GINT64_FORMAT

/* --- 5 --- */

static int64_t put(struct jmap_fixture *t, uint32_t uid, const char *message)
{
    return jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid, message);
}

static void expect_snippet(struct jmap_fixture *t, int64_t id, const char *filter,
                           const char *subject, const char *preview)
{
    json_t *answer = jmap_fixture_call(t, "SearchSnippet/get",
                                       "{'filter': %s, 'emailIds': ['" ID "']}", filter, id);

    g_assert_cmpstr(json_string_value(jmap_at(answer, "list/0/subject")), ==, subject);
    g_assert_cmpstr(json_string_value(jmap_at(answer, "list/0/preview")), ==, preview);
    json_decref(answer);
}

/* Only <mark> is markup; the text's own is escaped. Null where nothing was found. */
static void test_snippet(struct jmap_fixture *t)
{
    int64_t id = put(t, 1, "Subject: Fish & <chips>\n\nThe fish swims.\n");

    expect_snippet(t, id, "{'text': 'fish'}", "<mark>Fish</mark> &amp; &lt;chips&gt;",
                   "The <mark>fish</mark> swims.");
    expect_snippet(t, id, "{'subject': 'chips'}", "Fish &amp; &lt;<mark>chips</mark>&gt;", NULL);
    expect_snippet(t, id, "{'body': 'swims'}", NULL, "The fish <mark>swims</mark>.");
    expect_snippet(t, id, "{'hasKeyword': '$seen'}", NULL, NULL);
    expect_snippet(t, id, "null", NULL, NULL);
}

/* Whichever alternative has the words. */
static void test_snippet_of_either_alternative(struct jmap_fixture *t)
{
    static const char message[] =
        "Subject: News\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n"
        "Please use a newer program.\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        "<p>The <b>w</b>allaby is here.</p>\r\n--b--\r\n";
    int64_t id = put(t, 1, message);

    expect_snippet(t, id, "{'text': 'wallaby'}", NULL, "The <mark>wallaby</mark> is here.");
    expect_snippet(t, id, "{'body': 'newer'}", NULL, "Please use a <mark>newer</mark> program.");
}

static void test_snippet_is_short(struct jmap_fixture *t)
{
    GString *message = g_string_new("Subject: x\n\n");
    json_t *answer;
    int64_t id;

    for (int i = 0; i < 400; i++)
        g_string_append(message, i == 200 ? "needle\n" : "hay & straw\n");
    id = put(t, 1, message->str);
    answer =
        jmap_fixture_call(t, "SearchSnippet/get",
                          "{'filter': {'text': 'needle'}, 'emailIds': ['" ID "', 'e999', 'nil']}",
                          id);
    g_assert_cmpuint(strlen(jmap_text_at(answer, "list/0/preview")), <=, 255);
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/0/preview"), "<mark>needle</mark>"));
    g_assert_cmpuint(json_array_size(jmap_at(answer, "notFound")), ==, 2);
    json_decref(answer);
    jmap_expect_error(t, "unsupportedFilter", "SearchSnippet/get",
                      "{'filter': {'nonsense': true}, 'emailIds': ['" ID "']}", id);
    g_string_free(message, TRUE);
}

/* --- 6.1 --- */

static void test_identity_get(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Identity/get", "{}"), *one;

    one = jmap_at(answer, "list/0");
    g_assert_cmpuint(json_object_size(one), ==, 9); /* with postroom:verification */
    g_assert_cmpstr(jmap_text_at(one, "email"), ==, "ann@mail.example");
    jmap_assert_json(jmap_at(one, "replyTo"), "null");
    jmap_assert_json(jmap_at(one, "bcc"), "null");
    g_assert_true(json_is_string(jmap_at(one, "textSignature")));
    g_assert_true(json_is_string(jmap_at(one, "htmlSignature")));
    g_assert_true(json_is_boolean(jmap_at(one, "mayDelete")));
    json_decref(answer);
}

/* --- 7 --- */

/* The submission's or the error's object of an email written to Bob; more: of the submission. */
static json_t *submit(struct jmap_fixture *t, const char *more)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a1', 'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'from': [{'email': 'ann@mail.example'}], 'to': [{'email': 'bob@example.org'}],"
        " 'subject': 'x'}}}, '0'], ['EmailSubmission/set', {'accountId': 'a1', 'create': {'s':"
        " {'emailId': '#d', 'identityId': 'i1'%s}}}, '1']]",
        t->m.drafts, more);
    json_t *set = jmap_at(answer, "methodResponses/1/1");
    json_t *object =
        json_incref(jmap_at(set, jmap_has(set, "created/s") ? "created/s" : "notCreated/s"));

    json_decref(answer);
    return object;
}

static json_t *submit_with(struct jmap_fixture *t, const char *name, const char *value)
{
    g_autofree char *more =
        g_strdup_printf(", 'envelope': {'mailFrom': {'email': 'ann@mail.example', 'parameters': "
                        "{'%s': %s}},"
                        " 'rcptTo': [{'email': 'bob@example.org', 'parameters': null}]}",
                        name, value);

    return submit(t, more);
}

static void test_submission_get(struct jmap_fixture *t)
{
    json_t *created = submit(t, ""), *answer, *one;

    answer = jmap_fixture_call(t, "EmailSubmission/get", "{'ids': ['%s'], 'properties': null}",
                               jmap_text_at(created, "id"));
    one = jmap_at(answer, "list/0");
    jmap_assert_json(jmap_at(one, "dsnBlobIds"), "[]");
    jmap_assert_json(jmap_at(one, "mdnBlobIds"), "[]");
    g_assert_cmpstr(jmap_text_at(one, "undoStatus"), ==, "pending");
    g_assert_cmpstr(jmap_text_at(one, "identityId"), ==, "i1");
    g_assert_true(g_str_has_prefix(jmap_text_at(one, "threadId"), "t"));
    g_assert_true(json_is_object(jmap_at(one, "deliveryStatus")));
    json_decref(answer);
    json_decref(created);
}

/* What holds a message back sets sendAt; more than was announced is refused (RFC 4865). */
static void test_delay(struct jmap_fixture *t)
{
    static const char *const bad[][2] = {{"HOLDFOR", "'-1'"},         {"HOLDFOR", "'x'"},
                                         {"HOLDFOR", "'9999999999'"}, {"HOLDUNTIL", "'later'"},
                                         {"HOLDFOR", "null"},         {"X-NONE", "'1'"}};
    int64_t now = clock_wall();
    json_t *session = jmap_session(t->jmap, t->m.user, NULL),
           *made = submit_with(t, "holdfor", "'3600'");
    int64_t max = jmap_number_at(session, "accounts/a1/accountCapabilities/"
                                          "urn:ietf:params:jmap:submission/maxDelayedSend");
    g_autofree char *over = g_strdup_printf("'%" G_GINT64_FORMAT "'", max + 10);
    g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(jmap_text_at(made, "sendAt"), NULL);

    g_assert_nonnull(at);
    g_assert_cmpint(g_date_time_to_unix(at), >=, now + 3600);
    g_assert_cmpint(g_date_time_to_unix(at), <=, clock_wall() + 3600);
    json_decref(made);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        made = submit_with(t, bad[i][0], bad[i][1]);
        if (!jmap_has(made, "type"))
            g_error("%s %s was taken", bad[i][0], bad[i][1]);
        json_decref(made);
    }
    made = submit_with(t, "HOLDFOR", over);
    g_assert_cmpstr(jmap_text_at(made, "type"), ==, "invalidProperties");
    json_decref(made);
    json_decref(session);
}

/* It is taken back while it waits, and then no more. */
static void test_undo(struct jmap_fixture *t)
{
    json_t *made = submit_with(t, "HOLDFOR", "'3600'"), *answer;
    const char *id = jmap_text_at(made, "id");
    g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);

    for (int i = 0; i < 2; i++) {
        answer = jmap_fixture_call(t, "EmailSubmission/set",
                                   "{'update': {'%s': {'undoStatus': 'canceled'}}}", id);
        g_assert_true(json_is_object(jmap_at(answer, "updated")));
        json_decref(answer);
    }
    answer = jmap_fixture_call(t, "EmailSubmission/set",
                               "{'update': {'%s': {'undoStatus': 'pending'}}}", id);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
    json_decref(answer);
    json_decref(made);
}

/* Who may read is not who may send. */
static void test_permission(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *answer;

    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE);
    answer = jmap_fixture_ask(t, other,
                              "[['EmailSubmission/set', {'accountId': 'a1', 'create': {'s':"
                              " {'emailId': 'e1', 'identityId': 'i1'}}}, '0']]");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/0"), ==, "error");
    json_decref(answer);
    store_principal_unref(other);
    answer = submit(t, ", 'envelope': {'mailFrom': {'email': 'eve@example.org', 'parameters':"
                       " null}, 'rcptTo': [{'email': 'bob@example.org', 'parameters': null}]}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "forbiddenMailFrom");
    json_decref(answer);
}

static void expect_size_limit(struct jmap_fixture *t, const char *json)
{
    json_t *answer =
        jmap_fixture_ask(t, t->m.user,
                         "[['LinkedAccount/get', {'accountId': 'u1', 'ids': null, 'properties':"
                         " ['maxSizeMessage']}, '0']]");

    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/list/0"), json);
    json_decref(answer);
}

/* What the sending server said that it takes (RFC 1870) holds from the next submission on. */
static void test_size_limit(struct jmap_fixture *t)
{
    json_t *answer;

    expect_size_limit(t, "{'id': 'a1', 'maxSizeMessage': null}");
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, 100, 5000, NULL));
    expect_size_limit(t, "{'id': 'a1', 'maxSizeMessage': 100}");
    answer = submit(t, "");
    jmap_assert_json(answer, "{'type': 'tooLarge', 'maxSize': 100}");
    json_decref(answer);
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, UINT64_MAX, 5001, NULL));
    expect_size_limit(t, "{'id': 'a1', 'maxSizeMessage': 9007199254740991}");
    answer = submit(t, "");
    g_assert_cmpstr(jmap_text_at(answer, "undoStatus"), ==, "pending");
    json_decref(answer);
}

static int64_t size_limit_at(struct jmap_fixture *t)
{
    g_autoptr(GPtrArray) views = store_accounts_of(t->m.f.store, t->m.user, NULL, NULL);
    const struct store_account_view *view = views->pdata[0];
    return view->size_limit_at;
}

/* When the server said so is noted once an hour, and at once when it says something else. */
static void test_size_limit_at(struct jmap_fixture *t)
{
    g_assert_cmpint(size_limit_at(t), ==, 0);
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, 100, 5000, NULL));
    g_assert_cmpint(size_limit_at(t), ==, 5000);
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, 100, 8000, NULL));
    g_assert_cmpint(size_limit_at(t), ==, 5000);
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, 100, 9000, NULL));
    g_assert_cmpint(size_limit_at(t), ==, 9000);
    g_assert_true(store_sync_size_limit(t->m.f.store, t->m.account, 200, 9001, NULL));
    g_assert_cmpint(size_limit_at(t), ==, 9001);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/5/marks-and-escapes", test_snippet},
    {"/rfc8621/5/either-alternative", test_snippet_of_either_alternative},
    {"/rfc8621/5.1/short", test_snippet_is_short},
    {"/rfc8621/6.1/get", test_identity_get},
    {"/rfc8621/7.1/get", test_submission_get},
    {"/rfc8621/7/delay", test_delay},
    {"/rfc8621/7.5/undo", test_undo},
    {"/rfc8621/7.5/size-limit", test_size_limit},
    {"/rfc8621/7.5/size-limit-noted", test_size_limit_at},
    {"/rfc8621/9.6/permission-to-send", test_permission},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

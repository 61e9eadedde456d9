/* RFC 8620, 1: the data types and the model. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

static json_t *send(struct jmap_fixture *t, const char *text, int *status)
{
    return jmap_fixture_send(t, t->m.user, text, strlen(text), status);
}

static const char mail[] = "From: a@b.example\nDate: Thu, 30 Oct 2014 14:12:00 +0800\n"
                           "Subject: one\nMIME-Version: 1.0\n"
                           "Content-Type: multipart/mixed; boundary=x\n\n"
                           "--x\n\ntext\n--x\nContent-Type: image/png\n"
                           "Content-Disposition: attachment\n\npicture\n--x--\n";

/* --- 1.1 --- */

/* What is left out when something is made has its default, and that is told. */
static void test_defaults(struct jmap_fixture *t)
{
    static const struct {
        const char *type, *object, *defaults;
    } rows[] = {
        {"Mailbox", "'name': 'New'",
         "{'parentId': null, 'role': null, 'sortOrder': 0, 'isSubscribed': true}"},
        {"Identity", "'email': 'ann@mail.example'",
         "{'name': '', 'replyTo': null, 'bcc': null, 'textSignature': '', 'htmlSignature': ''}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *set = g_strconcat(rows[i].type, "/set", NULL);
        g_autofree char *get = g_strconcat(rows[i].type, "/get", NULL);
        json_t *made = jmap_fixture_call(t, set, "{'create': {'k': {%s}}}", rows[i].object);
        json_t *got =
            jmap_fixture_call(t, get, "{'ids': ['%s']}", jmap_text_at(made, "created/k/id"));
        json_t *wanted = jmap_fixture_json("%s", rows[i].defaults), *value;
        const char *name;

        json_object_foreach(wanted, name, value)
        {
            if (!json_equal(json_object_get(jmap_at(made, "created/k"), name), value) ||
                !json_equal(json_object_get(jmap_at(got, "list/0"), name), value))
                g_error("%s of %s", name, json_dumps(made, 0));
        }
        json_decref(wanted);
        json_decref(got);
        json_decref(made);
    }
}

/* "immutable" and "server-set" properties: no update changes them. */
static void test_what_cannot_be_set(struct jmap_fixture *t)
{
    static const char *const rows[][3] = {
        {"Mailbox", "m1", "'id': 'm9'"},
        {"Mailbox", "m1", "'totalEmails': 9"},
        {"Mailbox", "m1", "'unreadThreads': 9"},
        {"Mailbox", "m1", "'myRights': {}"},
        {"Identity", "i1", "'id': 'i9'"},
        {"Identity", "i1", "'email': 'ann+2@mail.example'"},
        {"Identity", "i1", "'mayDelete': true"},
        {"Email", "%s", "'id': 'e9'"},
        {"Email", "%s", "'blobId': 'b9'"},
        {"Email", "%s", "'threadId': 't9'"},
        {"Email", "%s", "'size': 9"},
        {"Email", "%s", "'receivedAt': '2001-01-01T00:00:00Z'"},
        {"Email", "%s", "'subject': 'other'"},
        {"Email", "%s", "'preview': 'other'"},
    };
    g_autofree char *email =
        g_strdup_printf("e%" G_GINT64_FORMAT, jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, mail));

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *id = rows[i][1][0] == '%' ? email : rows[i][1];
        g_autofree char *set = g_strconcat(rows[i][0], "/set", NULL);
        g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);
        json_t *answer = jmap_fixture_call(t, set, "{'update': {'%s': {%s}}}", id, rows[i][2]);

        if (!jmap_has(answer, path))
            g_error("%s was changed: %s", rows[i][2], json_dumps(answer, 0));
        g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
        json_decref(answer);
    }
}

/* --- 1.2 and on --- */

static bool is_good_id(const char *id)
{
    return id[0] != '\0' && strlen(id) <= 255 && g_ascii_isalpha(id[0]) &&
           strspn(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == strlen(id);
}

/* Every string below a member that is an id by its name is one by its form. */
static size_t check_ids(json_t *value, const char *name)
{
    size_t found = 0, i;
    const char *key;
    json_t *item;

    if (strcmp(name, "partId") == 0) /* a String */
        return 0;
    if (json_is_string(value) && (strcmp(name, "id") == 0 || g_str_has_suffix(name, "Id"))) {
        if (!is_good_id(json_string_value(value)))
            g_error("%s is no id: %s", name, json_string_value(value));
        return 1;
    }
    json_array_foreach(value, i, item) found += check_ids(item, name);
    if (!json_is_object(value))
        return found;
    json_object_foreach(value, key, item)
    {
        if (strcmp(name, "mailboxIds") == 0 || strcmp(name, "accounts") == 0)
            g_assert_true(is_good_id(key));
        found += check_ids(item, key);
    }
    return found;
}

static void test_ids_are_safe(struct jmap_fixture *t)
{
    json_t *answer, *session;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, mail);
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['Mailbox/get', {'accountId': 'a1', 'ids': null}, 'm'],"
                              " ['Email/get', {'accountId': 'a1', 'ids': null, 'properties': "
                              "['id', 'blobId', 'threadId',"
                              "   'mailboxIds', 'bodyStructure', 'attachments']}, 'e'],"
                              " ['Thread/get', {'accountId': 'a1', 'ids': null}, 't'],"
                              " ['Identity/get', {'accountId': 'a1', 'ids': null}, 'i']]");
    g_assert_cmpuint(check_ids(jmap_at(answer, "methodResponses"), ""), >, 15);
    json_decref(answer);
    session = jmap_session(t->jmap, t->m.user, NULL);
    check_ids(session, "");
    json_decref(session);
}

static void test_integers(struct jmap_fixture *t)
{
    static const char *const refused[] = {
        "'position': 9007199254740992",
        "'position': -9007199254740992",
        "'limit': 9007199254740992",
        "'limit': -1",
        "'limit': 1.5",
        "'limit': '1'",
    };
    static const char *const taken[] = {"'position': 9007199254740991",
                                        "'position': -9007199254740991",
                                        "'limit': 9007199254740991",
                                        "'limit': 0",
                                        "'limit': 1.0",
                                        "'position': -1e2",
                                        "'limit': -0",
                                        "'filter': {'minSize': 1E1}"};

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        jmap_expect_error(t, "invalidArguments", "Email/query", "{%s}", refused[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(taken); i++)
        jmap_expect_error(t, NULL, "Email/query", "{%s}", taken[i]);
}

static void test_dates(struct jmap_fixture *t)
{
    static const char *const refused[] = {
        "2014-10-30t06:12:00Z",
        "2014-10-30T06:12:00z",
        "2014-10-30T06:12:00+08:00",
        "2014-10-30 06:12:00Z",
        "2014-10-30T06:12Z",
        "2014-13-30T06:12:00Z",
        "2014-02-29T06:12:00Z",
        "2014-10-30T24:12:00Z",
        "2014-10-30",
        "2014-10-30T06:12:00Z ",
        "",
        "14-10-30T06:12:00Z",
        "2014-10-30T06:12:00.Z",
        "0000-10-30T06:12:00Z",
        "2014-10-30T06:12:00",
        "2014-10-30T06:12:00+00:00",
    };
    json_t *answer;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1414649520, mail);
    answer = jmap_fixture_call(t, "Email/get", "{'ids': null}");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/receivedAt"), ==, "2014-10-30T06:12:00Z");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/sentAt"), ==, "2014-10-30T14:12:00+08:00");
    json_decref(answer);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        jmap_expect_error(t, "invalidArguments", "Email/query", "{'filter': {'before': '%s'}}",
                          refused[i]);
    answer = jmap_fixture_call(t, "Email/query", "{'filter': {'before': '%s'}}",
                               "2014-10-30T06:12:00.5Z");
    g_assert_true(jmap_has(answer, "ids"));
    json_decref(answer);
}

static void expect_not_json(struct jmap_fixture *t, const char *text)
{
    int status;
    json_t *answer = send(t, text, &status);

    g_assert_cmpint(status, ==, 400);
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "urn:ietf:params:jmap:error:notJSON");
    json_decref(answer);
}

static void test_only_i_json_is_read(struct jmap_fixture *t)
{
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[],\"using\":[]}");
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":\"\xff\"},\"0\"]]}");
    expect_not_json(t,
                    "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":\"\xc0\xaf\"},\"\"]]}");
    expect_not_json(t,
                    "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":\"\\ud800\"},\"0\"]]}");
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":\"\\u12\"},\"0\"]]}");
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":1e999},\"0\"]]}");
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[[\"Core/echo\",{\"a\":NaN},\"0\"]]}");
    expect_not_json(t, "{\"using\":[],\"methodCalls\":[]} {}");
    expect_not_json(t, "{'using':[],'methodCalls':[]}");
    expect_not_json(t, "\xef\xbb\xbf{\"using\":[],\"methodCalls\":[]}");
}

/* Whatever bytes a mail has, the answer is I-JSON: jmap_fixture_send reads it as such. */
static void test_only_i_json_is_written(struct jmap_fixture *t)
{
    json_t *answer;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000,
                     "From: \"\xff\xfe\" <a@b.example>\nSubject: \xed\xa0\x80 \x01 \xc3\x28\n\n"
                     "\xf5 body\n");
    answer = jmap_fixture_call(t, "Email/get",
                               "{'ids': null, 'properties': ['subject', 'from', 'header:Subject',"
                               " 'preview', 'bodyValues'], 'fetchAllBodyValues': true}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    json_decref(answer);
}

/* A person sees what they were given the permission for, and from then on. */
static void test_permissions(struct jmap_fixture *t)
{
    static const char call[] = "[['Mailbox/get', {'accountId': 'a1', 'ids': []}, '0']]";
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *answer = jmap_fixture_ask(t, other, call);

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "accountNotFound");
    json_decref(answer);
    jmap_fixture_share(t, other, STORE_READ);
    answer = jmap_fixture_ask(t, other, call);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/0"), ==, "Mailbox/get");
    json_decref(answer);
    jmap_fixture_share(t, other, 0);
    answer = jmap_fixture_ask(t, other, call);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "accountNotFound");
    json_decref(answer);
    store_principal_unref(other);
}

static void test_account_ids_are_never_reused(struct jmap_fixture *t)
{
    g_autoptr(GError) error = NULL;
    int64_t again, first = fixture_account(&t->m.f, t->m.user, "second@mail.example", "one");

    g_assert_true(store_account_remove(t->m.f.store, first, &error));
    g_assert_no_error(error);
    again = fixture_account(&t->m.f, t->m.user, "second@mail.example", "two");
    g_assert_cmpint(again, !=, first);
}

static void test_an_id_outlives_changes(struct jmap_fixture *t)
{
    int64_t email = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, mail);
    json_t *answer;

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'e%" G_GINT64_FORMAT
                                  "': {'keywords/$seen': true, 'mailboxIds': {'m%" G_GINT64_FORMAT
                                  "': true}}}}",
                                  email, t->m.archive));
    answer = jmap_fixture_call(t, "Email/query",
                               "{'filter': {'inMailbox': 'm%" G_GINT64_FORMAT "'}}", t->m.archive);
    g_assert_cmpint(jmap_id_parse('e', jmap_text_at(answer, "ids/0")), ==, email);
    json_decref(answer);
}

static void test_weird_ids(struct jmap_fixture *t)
{
    json_t *answer;

    answer = jmap_fixture_call(t, "Email/get",
                               "{'ids': ['', 'e', 'e0', 'e-1', 'e01', 'e+1', 'e1 ', 'm1', 'E1',"
                               " 'e99999999999999999999999', 'e9223372036854775807', 'e9',"
                               " 'e9', '#none', '\\u00fc', '%%s%%n']}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 0);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "notFound")), ==, 15);
    json_decref(answer);
}

/* Methods of a capability that is not in use do not exist (RFC 8620, 1.8). */
static void test_using(struct jmap_fixture *t)
{
    int status;
    json_t *answer;

    answer = send(t,
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
}

/* What a vendor capability adds is not there for who does not use it. */
static void test_vendor_types_need_using(struct jmap_fixture *t)
{
    int status;
    json_t *answer =
        send(t,
             "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],"
             "\"methodCalls\":[[\"Provider/get\",{\"accountId\":\"u1\"},\"0\"],"
             "[\"EmailView/get\",{\"accountId\":\"a1\",\"ids\":[]},\"1\"],"
             "[\"Email/get\",{\"accountId\":\"a1\",\"ids\":[],"
             "\"properties\":[\"postroom:state\"]},\"2\"]]}",
             &status);

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "unknownMethod");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "unknownMethod");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/2/1/type"), ==, "invalidArguments");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/1.1/defaults", test_defaults},
    {"/rfc8620/1.1/what-cannot-be-set", test_what_cannot_be_set},
    {"/rfc8620/1.6.1/permissions", test_permissions},
    {"/rfc8620/1.2/weird-ids", test_weird_ids},
    {"/rfc8620/1.2/ids-are-safe", test_ids_are_safe},
    {"/rfc8620/1.3/integers-stay-in-the-safe-range", test_integers},
    {"/rfc8620/1.4/dates-have-one-form", test_dates},
    {"/rfc8620/1.5/only-i-json-is-read", test_only_i_json_is_read},
    {"/rfc8620/1.5/only-i-json-is-written", test_only_i_json_is_written},
    {"/rfc8620/1.6.2/account-ids-are-never-reused", test_account_ids_are_never_reused},
    {"/rfc8620/1.6.3/an-id-outlives-changes", test_an_id_outlives_changes},
    {"/rfc8620/1.8/using", test_using},
    {"/rfc8620/1.8/vendor-types-need-using", test_vendor_types_need_using},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

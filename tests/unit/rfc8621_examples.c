/* The examples of RFC 8621, told of the fixture's account; each is named by its section. */
#include "jmap_fixture.h"

#define EMAIL "e%" G_GINT64_FORMAT
#define BOX "m%" G_GINT64_FORMAT

static int64_t put(struct jmap_fixture *t, uint32_t uid, const char *message)
{
    return jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid, message);
}

/* --- 1.5.1 --- */

/* Who listens to EmailDelivery alone is not told that a mail was read, but that one came. */
static void test_push(struct jmap_fixture *t)
{
    static const char *const types[] = {"EmailDelivery", NULL};
    int64_t id = put(t, 1, "Subject: first\n\nx\n");
    g_autofree char *before = jmap_push_id(t->jmap, t->m.user, store_told(t->m.f.store));
    json_t *change;

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'" EMAIL "': {'keywords/$seen': true}}}", id));
    g_assert_null(jmap_push_missed(t->jmap, t->m.user, before, store_told(t->m.f.store), types));
    put(t, 2, "Subject: second\n\nx\n");
    change = jmap_push_missed(t->jmap, t->m.user, before, store_told(t->m.f.store), types);
    g_assert_nonnull(change);
    g_assert_cmpuint(json_object_size(jmap_at(change, "changed/a1")), ==, 1);
    g_assert_true(jmap_has(change, "changed/a1/EmailDelivery"));
    json_decref(change);
}

/* --- 2.6 --- */

static void test_all_mailboxes(struct jmap_fixture *t)
{
    static const char *const names[] = {"id",           "name",         "parentId",
                                        "role",         "sortOrder",    "totalEmails",
                                        "unreadEmails", "totalThreads", "unreadThreads",
                                        "myRights",     "isSubscribed"};
    json_t *answer = jmap_fixture_call(t, "Mailbox/get", "{'ids': null}");

    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 5);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0")), ==, G_N_ELEMENTS(names));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(jmap_has(jmap_at(answer, "list/0"), names[i]));
    g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0/myRights")), ==, 9);
    jmap_assert_json(jmap_at(answer, "notFound"), "[]");
    json_decref(answer);
}

/* Marked as read elsewhere: counts alone changed, and counts alone are fetched. */
static void test_changed_counts(struct jmap_fixture *t)
{
    int64_t id = put(t, 1, "Subject: first\n\nx\n");
    g_autofree char *state = jmap_state_of(t, "Mailbox");
    json_t *answer;

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'" EMAIL "': {'keywords/$seen': true}}}", id));
    answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Mailbox/changes', {'accountId': 'a1', 'sinceState': '%s'}, '0'],"
        " ['Mailbox/get', {'accountId': 'a1', '#ids': {'resultOf': '0', 'name': 'Mailbox/changes',"
        " 'path': '/created'}}, '1'],"
        " ['Mailbox/get', {'accountId': 'a1', '#ids': {'resultOf': '0', 'name': 'Mailbox/changes',"
        " 'path': '/updated'}, '#properties': {'resultOf': '0', 'name': 'Mailbox/changes', 'path':"
        " '/updatedProperties'}}, '2']]",
        state);
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list"), "[]");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/2/1/list/0")), ==, 5);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/2/1/list/0/unreadEmails"), ==, 0);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/2/1/list/0/totalEmails"), ==, 1);
    json_decref(answer);
}

/* One is renamed, the other, the inbox, may not go. */
static void test_rename_and_destroy(struct jmap_fixture *t)
{
    g_autofree char *state = jmap_state_of(t, "Mailbox");
    g_autofree char *updated = g_strdup_printf("updated/" BOX, t->m.archive);
    g_autofree char *refused = g_strdup_printf("notDestroyed/" BOX "/type", t->m.inbox);
    json_t *answer =
        jmap_fixture_call(t, "Mailbox/set",
                          "{'ifInState': '%s', 'update': {'" BOX
                          "': {'name': 'Maybe important mail'}}, 'destroy': ['" BOX "']}",
                          state, t->m.archive, t->m.inbox);

    g_assert_true(json_is_null(jmap_at(answer, updated)));
    g_assert_cmpstr(jmap_text_at(answer, refused), ==, "forbidden");
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
    g_assert_cmpstr(jmap_text_at(answer, "newState"), !=, state);
    json_decref(answer);
}

/* --- 4.2.1 --- */

static void test_list_mail(struct jmap_fixture *t)
{
    int64_t id = put(t, 1,
                     "From: Joe Bloggs <joe@example.com>\nSubject: Dinner on Thursday?\n"
                     "List-POST: <mailto:partytime@lists.example.com>\nMIME-Version: 1.0\n"
                     "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n"
                     "<html><body><p>Hello, this is a text that is longer than thirty octets</p>\n"
                     "--b\nContent-Type: text/plain\n\n-- Sent by your list\n--b--\n");
    json_t *answer = jmap_fixture_call(
        t, "Email/get",
        "{'ids': ['e999', '" EMAIL "'], 'properties': ['threadId', 'mailboxIds', 'from',"
        " 'subject', 'receivedAt', 'header:List-POST:asURLs', 'htmlBody', 'bodyValues'],"
        " 'bodyProperties': ['partId', 'blobId', 'size', 'type'], 'fetchHTMLBodyValues': true,"
        " 'maxBodyValueBytes': 30}",
        id);
    json_t *email = jmap_at(answer, "list/0");

    g_assert_cmpuint(json_object_size(email), ==, 9);
    jmap_assert_json(jmap_at(email, "header:List-POST:asURLs"),
                     "['mailto:partytime@lists.example.com']");
    g_assert_cmpuint(json_array_size(jmap_at(email, "htmlBody")), ==, 2);
    g_assert_cmpuint(json_object_size(jmap_at(email, "htmlBody/0")), ==, 4);
    g_assert_cmpstr(jmap_text_at(email, "htmlBody/1/type"), ==, "text/plain");
    g_assert_true(json_is_true(jmap_at(email, "bodyValues/1/isTruncated")));
    g_assert_true(json_is_false(jmap_at(email, "bodyValues/1/isEncodingProblem")));
    g_assert_true(json_is_false(jmap_at(email, "bodyValues/2/isTruncated")));
    jmap_assert_json(jmap_at(answer, "notFound"), "['e999']");
    json_decref(answer);
}

/* --- 4.10 --- */

#define INBOX_LIST                                                                                 \
    "'filter': {'inMailbox': '" BOX "'}, 'sort': [{'isAscending': false, 'property': "             \
    "'receivedAt'}], 'collapseThreads': true"

/* The first screen of the inbox, in four calls that build on each other. */
static void test_first_screen(struct jmap_fixture *t)
{
    json_t *answer;

    put(t, 1, "Message-ID: <1@x>\nSubject: a\n\nx\n");
    put(t, 2, "Message-ID: <2@x>\nReferences: <1@x>\nSubject: Re: a\n\nx\n");
    put(t, 3, "Message-ID: <3@x>\nSubject: b\n\nx\n");
    answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/query', {'accountId': 'a1', " INBOX_LIST ", 'position': 0, 'limit': 30,"
        " 'calculateTotal': true}, '0'],"
        " ['Email/get', {'accountId': 'a1', '#ids': {'resultOf': '0', 'name': 'Email/query',"
        " 'path': '/ids'}, 'properties': ['threadId']}, '1'],"
        " ['Thread/get', {'accountId': 'a1', '#ids': {'resultOf': '1', 'name': 'Email/get',"
        " 'path': '/list/*/threadId'}}, '2'],"
        " ['Email/get', {'accountId': 'a1', '#ids': {'resultOf': '2', 'name': 'Thread/get',"
        " 'path': '/list/*/emailIds'}, 'properties': ['threadId', 'mailboxIds', 'keywords',"
        " 'hasAttachment', 'from', 'subject', 'receivedAt', 'size', 'preview']}, '3']]",
        t->m.inbox);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/0/1/total"), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/1/1/list")), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/2/1/list")), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/3/1/list")), ==, 3);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/3/1/list/0")), ==, 10);
    json_decref(answer);
}

/* One is marked unread, one is deleted, one comes: the two kinds of changes fit together. */
static void test_what_happened_meanwhile(struct jmap_fixture *t)
{
    int64_t first = put(t, 1, "Message-ID: <1@x>\nSubject: a\n\nx\n");
    int64_t second = put(t, 2, "Message-ID: <2@x>\nSubject: b\n\nx\n"), third;
    json_t *query = jmap_fixture_call(t, "Email/query", "{" INBOX_LIST "}", t->m.inbox), *answer;
    g_autofree char *state = jmap_state_of(t, "Email"), *added = NULL, *updated = NULL;
    g_autofree char *removed = g_strdup_printf(EMAIL, second);
    bool is_removed = false;
    json_t *item;
    size_t i;

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'" EMAIL "': {'keywords/$seen': true}}, 'destroy':"
                                  " ['" EMAIL "']}",
                                  first, second));
    third = put(t, 3, "Message-ID: <3@x>\nSubject: c\n\nx\n");
    answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/changes', {'accountId': 'a1', 'sinceState': '%s', 'maxChanges': 50}, '3'],"
        " ['Email/queryChanges', {'accountId': 'a1', " INBOX_LIST ", 'sinceQueryState': '%s',"
        " 'upToId': '" EMAIL "', 'maxChanges': 25, 'calculateTotal': true}, '11']]",
        state, t->m.inbox, jmap_text_at(query, "queryState"), first);
    added = g_strdup_printf("['" EMAIL "']", third);
    updated = g_strdup_printf("['" EMAIL "']", first);
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/created"), added);
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/updated"), updated);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/0/1/destroyed")), ==, 1);
    json_array_foreach(jmap_at(answer, "methodResponses/1/1/removed"), i, item) is_removed =
        is_removed || strcmp(json_string_value(item), removed) == 0;
    g_assert_true(is_removed);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/1/1/added/0/index"), ==, 0);
    g_assert_cmpint(jmap_number_at(answer, "methodResponses/1/1/total"), ==, 2);
    json_decref(answer);
    json_decref(query);
}

#define DRAFT                                                                                      \
    "'mailboxIds': {'" BOX "': true}, 'keywords': {'$seen': true, '$draft': true}, 'from':"        \
    " [{'name': 'Joe Bloggs', 'email': 'joe@example.com'}], 'subject': 'World domination',"        \
    " 'receivedAt': '2018-07-10T01:03:11Z', 'sentAt': '2018-07-10T11:03:11+10:00'"
#define PLAN "I have the most brilliant plan. Let me tell you all about it. What we do is, we"

static void expect_plan(struct jmap_fixture *t, const char *id, const char *type, size_t parts)
{
    json_t *answer = jmap_fixture_call(
        t, "Email/get",
        "{'ids': ['%s'], 'properties': ['sentAt', 'receivedAt', 'bodyStructure', 'bodyValues',"
        " 'textBody'], 'bodyProperties': ['partId', 'type', 'header:Content-Language'],"
        " 'fetchTextBodyValues': true}",
        id);
    json_t *email = jmap_at(answer, "list/0");
    g_autofree char *value =
        g_strdup_printf("bodyValues/%s/value", jmap_text_at(email, "textBody/0/partId"));

    g_assert_cmpstr(jmap_text_at(email, "bodyStructure/type"), ==, type);
    g_assert_cmpuint(json_array_size(json_object_get(jmap_at(email, "bodyStructure"), "subParts")),
                     ==, parts);
    g_assert_cmpstr(jmap_text_at(email, "textBody/0/header:Content-Language"), ==, " en");
    /* A message that is one text ends its last line. */
    g_assert_cmpstr(jmap_text_at(email, value), ==, parts > 0 ? PLAN : PLAN "\n");
    g_assert_cmpstr(jmap_text_at(email, "sentAt"), ==, "2018-07-10T11:03:11+10:00");
    g_assert_cmpstr(jmap_text_at(email, "receivedAt"), ==, "2018-07-10T01:03:11Z");
    json_decref(answer);
}

/* A draft of plain text, then one with HTML in its place. */
static void test_drafts(struct jmap_fixture *t)
{
    json_t *first = jmap_fixture_call(t, "Email/set",
                                      "{'create': {'k192': {" DRAFT
                                      ", 'bodyStructure': {'type': 'text/plain', 'partId': 'bd48',"
                                      " 'header:Content-Language': 'en'}, 'bodyValues': {'bd48': "
                                      "{'value': '" PLAN "',"
                                      " 'isTruncated': false}}}}}",
                                      t->m.drafts);
    g_autofree char *id = g_strdup(jmap_text_at(first, "created/k192/id"));
    json_t *second;

    expect_plan(t, id, "text/plain", 0);
    second = jmap_fixture_call(
        t, "Email/set",
        "{'create': {'k1546': {" DRAFT ", 'to': [{'name': 'John', 'email': 'john@example.com'}],"
        " 'bodyStructure': {'type': 'multipart/alternative', 'subParts': [{'partId': 'bd48',"
        " 'type': 'text/plain', 'header:Content-Language': 'en'}, {'partId': 'a49d', 'type':"
        " 'text/html', 'header:Content-Language': 'en'}]}, 'bodyValues': {'bd48': {'value': '" PLAN
        "', 'isTruncated': false}, 'a49d': {'value': '<!DOCTYPE html><b>plan</b>', 'isTruncated':"
        " false}}}}, 'destroy': ['%s']}",
        t->m.drafts, id);
    g_assert_cmpstr(jmap_text_at(second, "destroyed/0"), ==, id);
    expect_plan(t, jmap_text_at(second, "created/k1546/id"), "multipart/alternative", 2);
    json_decref(second);
    json_decref(first);
}

/* --- 5.2 --- */

static void test_snippets(struct jmap_fixture *t)
{
    int64_t none = put(t, 1, "Subject: nothing\n\nnothing\n");
    int64_t subject =
        put(t, 2, "Subject: The Foosball competition of foo\n\nyear the foo competition\n");
    int64_t body = put(t, 3, "Subject: other\n\nthe Foo method returns <1 widget\n");
    json_t *answer = jmap_fixture_call(t, "SearchSnippet/get",
                                       "{'filter': {'text': 'foo'}, 'emailIds': ['" EMAIL
                                       "', '" EMAIL "', '" EMAIL "']}",
                                       none, subject, body);

    g_assert_true(json_is_null(jmap_at(answer, "list/0/subject")));
    g_assert_true(json_is_null(jmap_at(answer, "list/0/preview")));
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/1/subject"), "<mark>foo</mark>"));
    g_assert_true(json_is_null(jmap_at(answer, "list/2/subject")));
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/2/preview"),
                            "the <mark>Foo</mark> method returns &lt;1"));
    json_decref(answer);
}

/* --- 6.4 --- */

static void test_identities(struct jmap_fixture *t)
{
    json_t *whole, *answer;

    json_decref(jmap_fixture_call(
        t, "Identity/set",
        "{'create': {'k': {'name': 'Joe Bloggs', 'email': 'ann@mail.example', 'bcc': [{'name': "
        "null,"
        " 'email': 'joe+archive@example.com'}], 'textSignature': '-- \\nJoe Bloggs\\nMaster of"
        " Email', 'htmlSignature': '<div><b>Joe Bloggs</b></div><div>Master of Email</div>'}}}"));
    /* A client that knows of nothing but the RFC. */
    whole = jmap_fixture_request(
        t,
        "{'using': ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:submission'],"
        " 'methodCalls': [['Identity/get', {'accountId': 'a%" G_GINT64_FORMAT "'}, '0']]}",
        t->m.account);
    answer = jmap_at(whole, "methodResponses/0/1");
    json_object_del(jmap_at(answer, "list/1"), "id");
    jmap_assert_json(jmap_at(answer, "list/1"),
                     "{'name': 'Joe Bloggs', 'email': 'ann@mail.example', 'replyTo': null, 'bcc':"
                     " [{'name': null, 'email': 'joe+archive@example.com'}], 'textSignature':"
                     " '-- \\nJoe Bloggs\\nMaster of Email', 'htmlSignature':"
                     " '<div><b>Joe Bloggs</b></div><div>Master of Email</div>', 'mayDelete':"
                     " true}");
    g_assert_true(json_is_false(jmap_at(answer, "list/0/mayDelete")));
    jmap_assert_json(jmap_at(answer, "notFound"), "[]");
    json_decref(whole);
}

/* --- 7.5.1 --- */

/* Sent, and if so no draft any more and in the sent mailbox, in one call. */
static void test_send_a_draft(struct jmap_fixture *t)
{
    json_t *made = jmap_fixture_call(t, "Email/set",
                                     "{'create': {'d': {'mailboxIds': {'" BOX
                                     "': true}, 'keywords': {'$draft': true}, 'from':"
                                     " [{'email': 'ann@mail.example'}], 'to': [{'email': "
                                     "'jane@example.com'}]}}}",
                                     t->m.drafts);
    g_autofree char *id = g_strdup(jmap_text_at(made, "created/d/id"));
    g_autofree char *updated = g_strdup_printf("methodResponses/1/1/updated/%s", id);
    g_autofree char *box = g_strdup_printf("{'" BOX "': true}", t->m.sent);
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['EmailSubmission/set', {'accountId': 'a1', 'create': {'k1490': {'identityId': 'i1',"
        " 'emailId': '%s', 'envelope': {'mailFrom': {'email': 'ann@mail.example', 'parameters':"
        " null}, 'rcptTo': [{'email': 'jane@example.com', 'parameters': null}]}}},"
        " 'onSuccessUpdateEmail': {'#k1490': {'mailboxIds/" BOX "': null, 'mailboxIds/" BOX
        "': true, 'keywords/$draft': null}}}, '0']]",
        id, t->m.drafts, t->m.sent);

    g_assert_true(jmap_has(answer, "methodResponses/0/1/created/k1490/id"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "Email/set");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/2"), ==, "0");
    g_assert_true(json_is_null(jmap_at(answer, updated)));
    json_decref(answer);
    answer = jmap_fixture_call(t, "Email/get",
                               "{'ids': ['%s'], 'properties': ['mailboxIds', 'keywords']}", id);
    jmap_assert_json(jmap_at(answer, "list/0/mailboxIds"), box);
    jmap_assert_json(jmap_at(answer, "list/0/keywords"), "{}");
    json_decref(answer);
    json_decref(made);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/1.5.1/deliveries-only", test_push},
    {"/rfc8621/2.6/all-mailboxes", test_all_mailboxes},
    {"/rfc8621/2.6/changed-counts", test_changed_counts},
    {"/rfc8621/2.6/rename-and-destroy", test_rename_and_destroy},
    {"/rfc8621/4.2.1/mail-of-a-list", test_list_mail},
    {"/rfc8621/4.10/first-screen", test_first_screen},
    {"/rfc8621/4.10/what-happened-meanwhile", test_what_happened_meanwhile},
    {"/rfc8621/4.10/drafts", test_drafts},
    {"/rfc8621/5.2/snippets", test_snippets},
    {"/rfc8621/6.4/identities", test_identities},
    {"/rfc8621/7.5.1/send-a-draft", test_send_a_draft},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 8621, 2: what a Mailbox is, beyond jmap_mailbox.c and jmap_mailbox_set.c. */
#include "jmap_fixture.h"

#define BOX "m%" G_GINT64_FORMAT

static int64_t number(struct jmap_fixture *t, int64_t mailbox, const char *property)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/get", "{'ids': ['" BOX "']}", mailbox);
    g_autofree char *path = g_strconcat("list/0/", property, NULL);
    int64_t value = jmap_number_at(answer, path);

    json_decref(answer);
    return value;
}

/* The RFC's own example: a thread of a read email in the inbox and an unread one in the trash. */
static void test_trash_is_a_thread_of_its_own(struct jmap_fixture *t)
{
    jmap_fixture_put(t, t->m.inbox, 1, MAIL_SEEN, 1000, "Message-ID: <1@x>\nSubject: a\n\nx\n");
    jmap_fixture_put(t, t->m.trash, 1, 0, 1001,
                     "Message-ID: <2@x>\nReferences: <1@x>\nSubject: a\n\nx\n");
    g_assert_cmpint(number(t, t->m.trash, "unreadThreads"), ==, 1);
    g_assert_cmpint(number(t, t->m.inbox, "unreadThreads"), ==, 0);
    /* An unread email elsewhere counts in every mailbox of the thread. */
    jmap_fixture_put(t, t->m.archive, 1, 0, 1002,
                     "Message-ID: <3@x>\nReferences: <1@x>\nSubject: a\n\nx\n");
    g_assert_cmpint(number(t, t->m.inbox, "unreadThreads"), ==, 1);
    g_assert_cmpint(number(t, t->m.inbox, "unreadEmails"), ==, 0);
    g_assert_cmpint(number(t, t->m.inbox, "totalThreads"), ==, 1);
}

/* Neither $seen nor $draft. */
static void test_unread(struct jmap_fixture *t)
{
    static const uint32_t flags[] = {0, MAIL_SEEN, MAIL_DRAFT, MAIL_FLAGGED};

    for (uint32_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autofree char *message = g_strdup_printf("Message-ID: <%u@x>\nSubject: %u\n\nx\n", i, i);

        jmap_fixture_put(t, t->m.inbox, i + 1, flags[i], 1000 + i, message);
    }
    g_assert_cmpint(number(t, t->m.inbox, "totalEmails"), ==, 4);
    g_assert_cmpint(number(t, t->m.inbox, "unreadEmails"), ==, 2);
}

static void expect_refused(struct jmap_fixture *t, const char *object, const char *property)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/set", "{'create': {'m': %s}}", object);

    if (!jmap_has(answer, "notCreated/m/type"))
        g_error("%s was taken", object);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/m/type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/m/properties/0"), ==, property);
    json_decref(answer);
}

static void test_names_and_places(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'create': {'m': {'name': 'Caf\\u00e9'},"
                                       " 'n': {'name': 'Below', 'parentId':"
                                       " '#m'}}}");
    g_autofree char *id = g_strdup(jmap_text_at(answer, "created/m/id"));
    g_autofree char *below = g_strdup(jmap_text_at(answer, "created/n/id"));
    g_autofree char *path = g_strdup_printf("notUpdated/%s/properties/0", id);

    json_decref(answer);
    expect_refused(t, "{'name': ''}", "name");
    expect_refused(t, "{'name': 'a\\u0007b'}", "name");
    expect_refused(t, "{'name': 7}", "name");
    /* The same in another form of Unicode is the same name. */
    expect_refused(t, "{'name': 'Cafe\\u0301'}", "name");
    expect_refused(t, "{'name': 'x', 'parentId': 'm999'}", "parentId");
    expect_refused(t, "{'name': 'x', 'sortOrder': -1}", "sortOrder");
    expect_refused(t, "{'name': 'x', 'sortOrder': 2147483648}", "sortOrder");
    expect_refused(t, "{'name': 'x', 'role': 'nonsense'}", "role");
    expect_refused(t, "{'name': 'x', 'role': 'trash'}", "role");
    expect_refused(t, "{'name': 'x', 'totalEmails': 1}", "totalEmails");
    /* No loops. */
    answer =
        jmap_fixture_call(t, "Mailbox/set", "{'update': {'%s': {'parentId': '%s'}}}", id, below);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "parentId");
    json_decref(answer);
}

static void test_rights(struct jmap_fixture *t)
{
    static const char *const rights[] = {"mayReadItems", "mayAddItems",    "mayRemoveItems",
                                         "maySetSeen",   "maySetKeywords", "mayCreateChild",
                                         "mayRename",    "mayDelete",      "maySubmit"};
    struct store_principal *reader = fixture_user(&t->m.f, "bob@example.org");
    json_t *answer, *box;
    size_t i;

    jmap_fixture_share(t, reader, STORE_READ);
    answer = jmap_fixture_ask(t, reader, "[['Mailbox/get', {'accountId': 'a1'}, '0']]");
    json_array_foreach(jmap_at(answer, "methodResponses/0/1/list"), i, box)
    {
        json_t *mine = jmap_at(box, "myRights");

        g_assert_cmpuint(json_object_size(mine), ==, G_N_ELEMENTS(rights));
        for (size_t k = 0; k < G_N_ELEMENTS(rights); k++)
            g_assert_true(json_is_true(jmap_at(mine, rights[k])) == (k == 0));
    }
    json_decref(answer);
    store_principal_unref(reader);
}

static json_t *subscribed_as(struct jmap_fixture *t, struct store_principal *who)
{
    json_t *answer = jmap_fixture_ask(t, who,
                                      "[['Mailbox/query', {'accountId': 'a1', 'filter':"
                                      " {'isSubscribed': true}}, '0']]");
    json_t *ids = json_incref(jmap_at(answer, "methodResponses/0/1/ids"));

    json_decref(answer);
    return ids;
}

/* Each person has their own; in what others share none at first, and in what one makes oneself it
 * is true. */
static void test_subscriptions(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *ids, *answer;

    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE);
    ids = subscribed_as(t, other);
    g_assert_cmpuint(json_array_size(ids), ==, 0);
    json_decref(ids);
    answer = jmap_fixture_ask(t, other,
                              "[['Mailbox/set', {'accountId': 'a1', 'update': {'" BOX
                              "': {'isSubscribed': true}},"
                              " 'create': {'k': {'name': 'New'}}}, '0']]",
                              t->m.archive);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/0/1/updated")), ==, 1);
    g_assert_true(json_is_true(jmap_at(answer, "methodResponses/0/1/created/k/isSubscribed")));
    json_decref(answer);
    ids = subscribed_as(t, other);
    g_assert_cmpuint(json_array_size(ids), ==, 2);
    json_decref(ids);
    ids = subscribed_as(t, t->m.user);
    g_assert_cmpuint(json_array_size(ids), ==, 6);
    json_decref(ids);
    /* The owner's are the server's; they change nobody else's. */
    json_decref(jmap_fixture_call(t, "Mailbox/set",
                                  "{'update': {'" BOX "': {'isSubscribed': false}, '" BOX
                                  "': {'isSubscribed': false}}}",
                                  t->m.archive, t->m.inbox));
    ids = subscribed_as(t, t->m.user);
    g_assert_cmpuint(json_array_size(ids), ==, 4);
    json_decref(ids);
    ids = subscribed_as(t, other);
    g_assert_cmpuint(json_array_size(ids), ==, 2);
    json_decref(ids);
    answer = jmap_fixture_ask(t, other,
                              "[['Mailbox/set', {'accountId': 'a1', 'update': {'" BOX
                              "': {'isSubscribed': false}}}, '0']]",
                              t->m.archive);
    json_decref(answer);
    ids = subscribed_as(t, other);
    g_assert_cmpuint(json_array_size(ids), ==, 1);
    json_decref(ids);
    store_principal_unref(other);
}

/* RFC 8621, 9.5: an account that is shared tells nothing of others. */
static void test_shared(struct jmap_fixture *t)
{
    struct store_principal *reader = fixture_user(&t->m.f, "bob@example.org");
    json_t *session, *answer;

    jmap_fixture_share(t, reader, STORE_READ);
    session = jmap_session(t->jmap, reader, NULL);
    g_assert_true(json_is_true(jmap_at(session, "accounts/a1/isReadOnly")));
    g_assert_false(json_is_true(jmap_at(session, "accounts/a1/isPersonal")));
    json_decref(session);
    answer = jmap_fixture_ask(t, reader,
                              "[['Email/set', {'accountId': 'a1', 'destroy': ['e1']},"
                              " '0']]");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/type"), ==, "accountReadOnly");
    json_decref(answer);
    store_principal_unref(reader);
}

/* In lower case, as it is told. */
static void test_role_is_lower_case(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'create': {'k': {'name': 'x', 'role': 'Junk'},"
                                       " 'l': {'name': 'y', 'role': 'junk'}}}");

    jmap_assert_json(jmap_at(answer, "notCreated/k/properties"), "['role']");
    g_assert_true(jmap_has(answer, "created/l/id"));
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/2/trash-apart", test_trash_is_a_thread_of_its_own},
    {"/rfc8621/2/unread", test_unread},
    {"/rfc8621/2/names-and-places", test_names_and_places},
    {"/rfc8621/2/role-in-lower-case", test_role_is_lower_case},
    {"/rfc8621/2/rights", test_rights},
    {"/rfc8621/2/subscriptions-of-each-person", test_subscriptions},
    {"/rfc8621/9.5/shared-to-read", test_shared},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* Contact/suggest, HiddenContact, and drafts that move to Sent with their sending. */
#include "jmap_fixture.h"

#include "base/clock.h"
#include "store/contacts.h"

#define DAY 86400

static void put(struct jmap_fixture *t, int64_t mailbox, uint32_t uid, int64_t age,
                const char *from, const char *to)
{
    g_autofree char *message =
        g_strdup_printf("From: %s\nTo: %s\nSubject: s%u\nMessage-ID: <%u@x.example>\n\nBody\n",
                        from, to, uid, uid);

    jmap_fixture_put(t, mailbox, uid, MAIL_SEEN, clock_wall() - age, message);
}

/* The addresses that are offered, with a space behind each. */
static char *offered(struct jmap_fixture *t, const char *text)
{
    json_t *answer = jmap_fixture_call(t, "Contact/suggest", "{'text': '%s'}", text), *item;
    GString *all = g_string_new(NULL);
    size_t i;

    json_array_foreach(jmap_at(answer, "list"), i, item)
        g_string_append_printf(all, "%s ", json_string_value(json_object_get(item, "email")));
    json_decref(answer);
    return g_string_free(all, FALSE);
}

static void expect(struct jmap_fixture *t, const char *text, const char *wanted)
{
    g_autofree char *got = offered(t, text);

    if (strcmp(got, wanted) != 0)
        g_error("%s: wanted %s, got %s", text, wanted, got);
}

static void test_order(struct jmap_fixture *t)
{
    put(t, t->m.inbox, 1, DAY, "Anna Seldom <anna.seldom@a.example>", "ann@mail.example");
    for (uint32_t uid = 2; uid < 5; uid++)
        put(t, t->m.inbox, uid, DAY, "Anna Often <anna.often@a.example>", "ann@mail.example");
    put(t, t->m.inbox, 5, DAY, "Annas Bot <anna-no-reply@a.example>", "ann@mail.example");
    put(t, t->m.sent, 6, 400 * (int64_t)DAY, "ann@mail.example",
        "Anna Written <anna.written@b.example>");
    put(t, t->m.sent, 7, DAY, "ann@mail.example", "Anna Lately <anna.lately@b.example>");
    put(t, t->m.drafts, 8, DAY, "ann@mail.example", "Anna Draft <anna.draft@b.example>");
    expect(t, "anna",
           "anna.lately@b.example anna.often@a.example anna.written@b.example "
           "anna.seldom@a.example anna-no-reply@a.example ");
}

static void test_scripts(struct jmap_fixture *t)
{
    put(t, t->m.inbox, 1, DAY, "=?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <jm@a.example>", "a@b.example");
    put(t, t->m.inbox, 2, DAY, "=?utf-8?B?15PXoNeUINec15XXmQ==?= <dana@a.example>", "a@b.example");
    put(t, t->m.inbox, 3, DAY, "=?utf-8?B?0J7Qu9C10L3QsCDQmdC+0YHQuNC/0ZbQstC90LA=?= <o@a.example>",
        "a@b.example");
    put(t, t->m.inbox, 4, DAY, "=?utf-8?B?546L5bCP5piO?= <wxm@a.example>", "a@b.example");
    put(t, t->m.inbox, 5, DAY, "=?utf-8?Q?I=C5=9F=C4=B1k_=C3=87elik?= <ic@a.example>",
        "a@b.example");
    expect(t, "mull", "jm@a.example ");
    expect(t, "jurgen m", "jm@a.example ");
    expect(t, "לוי", "dana@a.example ");
    expect(t, "йосип", "o@a.example ");
    expect(t, "小明", "wxm@a.example ");
    expect(t, "isik cel", "ic@a.example ");
    expect(t, "wxm@a", "wxm@a.example ");
    expect(t, "nobody", "");
}

static void test_names_are_not_believed(struct jmap_fixture *t)
{
    json_t *answer;

    put(t, t->m.inbox, 1, DAY, "\"boss@corp.example\" <evil@a.example>", "a@b.example");
    put(t, t->m.inbox, 2, 2 * DAY, "Own Name <b@a.example>", "a@b.example");
    put(t, t->m.sent, 3, DAY, "ann@mail.example", "Called Otherwise <b@a.example>");
    expect(t, "boss", "");
    answer = jmap_fixture_call(t, "Contact/suggest", "{'text': 'b@a.ex'}");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, "Own Name");
    g_assert_true(json_is_true(jmap_at(answer, "list/0/wrote")));
    json_decref(answer);
    answer = jmap_fixture_call(t, "Contact/suggest", "{'text': 'evil'}");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/name")));
    json_decref(answer);
}

static void test_hidden(struct jmap_fixture *t)
{
    json_t *answer;
    int64_t user = store_principal_user(t->m.user);

    put(t, t->m.inbox, 1, DAY, "Bea <Bea@a.example>", "a@b.example");
    expect(t, "bea", "Bea@a.example ");
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['HiddenContact/set', {'accountId': 'u%" G_GINT64_FORMAT
                              "', 'create': {'k': {'address': 'bea@A.example'}}}, '0'],"
                              " ['Contact/suggest', {'accountId': 'u%" G_GINT64_FORMAT
                              "', 'text': 'bea'}, '1']]",
                              user, user);
    g_assert_true(jmap_has(answer, "methodResponses/0/1/created/k/id"));
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list"), "[]");
    json_decref(answer);
    jmap_expect_error(t, "invalidArguments", "Contact/suggest", "{'text': '%0600d'}", 0);
}

/* Whether the email is a draft in Drafts, or none and in Sent. */
static void expect_place(struct jmap_fixture *t, const char *email, bool is_draft)
{
    json_t *got =
        jmap_fixture_call(t, "Email/get",
                          "{'ids': ['%s'], 'properties': ['mailboxIds', 'keywords']}", email);
    g_autofree char *path =
        g_strdup_printf("list/0/mailboxIds/m%" G_GINT64_FORMAT, is_draft ? t->m.drafts : t->m.sent);

    g_assert_cmpuint(json_object_size(jmap_at(got, "list/0/mailboxIds")), ==, 1);
    g_assert_true(jmap_has(got, path));
    g_assert_cmpint(jmap_has(got, "list/0/keywords/$draft"), ==, is_draft);
    json_decref(got);
}

/* Submits a draft to Bob for later, to be moved when it goes; its id as a number. */
static int64_t schedule(struct jmap_fixture *t, char **email)
{
    json_t *made = jmap_fixture_call(t, "Email/set",
                                     "{'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
                                     "': true}, 'keywords': {'$draft': true}, 'from': [{'email': "
                                     "'ann@mail.example'}],"
                                     " 'to': [{'name': 'Bob', 'email': 'bob@example.org'}]}}}",
                                     t->m.drafts);
    json_t *identity = jmap_fixture_call(t, "Identity/get", "{}"), *created;
    int64_t id;

    *email = g_strdup(jmap_text_at(made, "created/d/id"));
    created = jmap_fixture_call(t, "EmailSubmission/set",
                                "{'create': {'k': {'emailId': '%s', 'identityId': '%s',"
                                " 'postroom:moveToSent': true, 'envelope': {'mailFrom': {'email':"
                                " 'ann@mail.example', 'parameters': {'HOLDFOR': '3600'}}, 'rcptTo':"
                                " [{'email': 'bob@example.org'}]}}}}",
                                *email, jmap_text_at(identity, "list/0/id"));
    id = g_ascii_strtoll(jmap_text_at(created, "created/k/id") + 1, NULL, 10);
    json_decref(created);
    json_decref(identity);
    json_decref(made);
    return id;
}

static void test_draft_moves_when_it_is_sent(struct jmap_fixture *t)
{
    g_autofree char *email = NULL;
    int64_t submission = schedule(t, &email);
    g_autoptr(GError) error = NULL;
    json_t *got = jmap_fixture_call(t, "EmailSubmission/get", "{}");

    g_assert_true(json_is_true(jmap_at(got, "list/0/postroom:moveToSent")));
    g_assert_cmpstr(jmap_text_at(got, "list/0/postroom:nextAttempt"), ==,
                    jmap_text_at(got, "list/0/sendAt"));
    json_decref(got);
    got = jmap_fixture_call(t, "EmailSubmission/get", "{'ids': []}");
    jmap_assert_json(jmap_at(got, "list"), "[]");
    json_decref(got);
    expect_place(t, email, true);
    expect(t, "bob", "");
    g_assert_true(store_outbox_mark(t->m.f.store, submission, STORE_SEND_SENT, 0, "250 ok", NULL,
                                    NULL, NULL, &error));
    expect_place(t, email, false);
    expect(t, "bob", "bob@example.org ");
}

static void expect_state(struct jmap_fixture *t, const char *undo_status)
{
    json_t *got = jmap_fixture_call(t, "EmailSubmission/get", "{}");

    g_assert_cmpstr(jmap_text_at(got, "list/0/undoStatus"), ==, undo_status);
    json_decref(got);
}

static void test_draft_that_goes_is_not_sent(struct jmap_fixture *t)
{
    g_autofree char *email = NULL;
    int64_t submission = schedule(t, &email);
    g_autoptr(GError) error = NULL;
    json_t *got =
        jmap_fixture_call(t, "Email/set",
                          "{'update': {'%s': {'mailboxIds/m%" G_GINT64_FORMAT "': true}}}", email,
                          t->m.inbox);

    json_decref(got);
    expect_state(t, "pending");
    got = jmap_fixture_call(t, "Email/set",
                            "{'update': {'%s': {'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}}}",
                            email, t->m.trash);
    g_assert_true(jmap_has(got, "updated"));
    json_decref(got);
    expect_state(t, "canceled");
    g_assert_false(store_outbox_mark(t->m.f.store, submission, STORE_SEND_SENDING, 0, NULL, NULL,
                                     NULL, NULL, &error));
    g_assert_true(error_is(error, ERROR_CONFLICT));
}

static void test_draft_that_is_destroyed_is_not_sent(struct jmap_fixture *t)
{
    g_autofree char *email = NULL;
    json_t *got;

    schedule(t, &email);
    got = jmap_fixture_call(t, "Email/set", "{'destroy': ['%s']}", email);
    g_assert_cmpstr(jmap_text_at(got, "destroyed/0"), ==, email);
    json_decref(got);
    expect_state(t, "canceled");
}

/* Ten thousand correspondents: no search may take longer than a person notices. */
static void test_large(struct jmap_fixture *t)
{
    gint64 begun, taken;
    struct store_access *access =
        store_authorise(t->m.f.store, t->m.user, t->m.account, STORE_READ, NULL);
    GPtrArray *found;

    for (uint32_t uid = 1; uid <= 10000; uid++) {
        g_autofree char *from =
            g_strdup_printf("Person %u Name%u <p%u@host%u.example>", uid, uid % 97, uid, uid % 31);
        put(t, t->m.inbox, uid, uid, from, "a@b.example");
    }
    begun = g_get_monotonic_time();
    for (int i = 0; i < 10; i++) {
        found = store_contacts(access, "person na", 10, NULL);
        g_assert_cmpuint(found->len, ==, 10);
        g_ptr_array_unref(found);
    }
    taken = (g_get_monotonic_time() - begun) / 10;
    g_test_message("%" G_GINT64_FORMAT " us", taken);
    g_test_minimized_result((double)taken, "%" G_GINT64_FORMAT " us", taken);
    store_access_free(access);
}

static const struct jmap_case cases[] = {
    {"/contact/order", test_order},
    {"/contact/scripts", test_scripts},
    {"/contact/names-are-not-believed", test_names_are_not_believed},
    {"/contact/hidden", test_hidden},
    {"/submission/draft-moves-when-it-is-sent", test_draft_moves_when_it_is_sent},
    {"/submission/draft-in-trash-is-not-sent", test_draft_that_goes_is_not_sent},
    {"/submission/draft-destroyed-is-not-sent", test_draft_that_is_destroyed_is_not_sent},
};
static const struct jmap_case slow[] = {{"/contact/large", test_large}};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    if (g_test_perf())
        jmap_fixture_cases(slow, G_N_ELEMENTS(slow));
    return g_test_run();
}

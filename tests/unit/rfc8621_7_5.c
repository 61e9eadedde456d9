/* RFC 8621, 6.3 to 7.5: Identity and EmailSubmission beyond jmap_identity.c, jmap_submission.c and
 * rfc8621_7.c. */
#include "jmap_fixture.h"

#include "base/clock.h"

#define BOX "m%" G_GINT64_FORMAT
#define TO_BOB "'to': [{'email': 'bob@example.org'}]"
#define FROM_ANN "'from': [{'email': 'ann@mail.example'}]"

/* A draft with these properties; its id. */
static char *draft(struct jmap_fixture *t, const char *properties)
{
    json_t *answer = jmap_fixture_call(t, "Email/set",
                                       "{'create': {'d': {'mailboxIds': {'" BOX "': true}, %s}}}",
                                       t->m.drafts, properties);
    char *id;

    if (!jmap_has(answer, "created/d/id"))
        g_error("%s: %s", properties, json_dumps(answer, 0));
    id = g_strdup(jmap_text_at(answer, "created/d/id"));
    json_decref(answer);
    return id;
}

/* The answer to the creation "s" of a submission. */
static json_t *submit(struct jmap_fixture *t, const char *email, const char *more)
{
    return jmap_fixture_call(t, "EmailSubmission/set",
                             "{'create': {'s': {'emailId': '%s', 'identityId': 'i1'%s}}}", email,
                             more);
}

/* The id of one that is made. */
static char *submitted(struct jmap_fixture *t, const char *email, const char *more)
{
    json_t *answer = submit(t, email, more);
    char *id;

    if (!jmap_has(answer, "created/s/id"))
        g_error("%s: %s", more, json_dumps(answer, 0));
    id = g_strdup(jmap_text_at(answer, "created/s/id"));
    json_decref(answer);
    return id;
}

static json_t *submission(struct jmap_fixture *t, const char *id)
{
    json_t *answer = jmap_fixture_call(t, "EmailSubmission/get", "{'ids': ['%s']}", id);
    json_t *object = json_incref(jmap_at(answer, "list/0"));

    json_decref(answer);
    return object;
}

/* --- 6 --- */

/* Several of one address, for signatures to choose from; each answers for itself. */
static void test_identities_of_one_address(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(
        t, "Identity/set",
        "{'create': {'a': {'email': 'ann@mail.example', 'name': 'Ann'}, 'b': {'email':"
        " 'ann@mail.example', 'name': 'Ann at work'}, 'c': {'email': '*@mail.example'}}}");
    json_t *got;

    g_assert_cmpstr(jmap_text_at(answer, "created/a/id"), !=, jmap_text_at(answer, "created/b/id"));
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/c/type"), ==, "forbiddenFrom");
    got = jmap_fixture_call(t, "Identity/get", "{'ids': null, 'properties': ['name', 'email']}");
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 3);
    g_assert_cmpuint(json_object_size(jmap_at(got, "list/2")), ==, 3);
    json_decref(got);
    json_decref(answer);
}

static void test_identity_set_as_all(struct jmap_fixture *t)
{
    g_autofree char *state = jmap_state_of(t, "Identity");
    GString *many = g_string_new("'i1000'");
    json_t *answer;

    for (int i = 1; i < 501; i++)
        g_string_append_printf(many, ", 'i%d'", i + 1000);
    jmap_expect_error(t, "requestTooLarge", "Identity/set", "{'destroy': [%s]}", many->str);
    jmap_expect_error(t, "stateMismatch", "Identity/set",
                      "{'ifInState': 'x', 'update': {'i1': {'name': 'x'}}}");
    answer = jmap_fixture_call(t, "Identity/set",
                               "{'ifInState': '%s', 'update': {'i1': {'name': 'Ann'}, 'i77':"
                               " {'name': 'x'}}, 'destroy': ['i78']}",
                               state);
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
    g_assert_cmpstr(jmap_text_at(answer, "newState"), !=, state);
    g_assert_true(json_is_null(jmap_at(answer, "created")));
    g_assert_true(json_is_null(jmap_at(answer, "destroyed")));
    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/i77/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/i78/type"), ==, "notFound");
    json_decref(answer);
    g_string_free(many, TRUE);
}

/* --- 7: the generated envelope --- */

/* The Sender where there is one, and the identity's own address where that is not allowed. */
static void test_generated_mail_from(struct jmap_fixture *t)
{
    static const struct {
        const char *properties, *mail_from;
    } rows[] = {
        {FROM_ANN ", " TO_BOB, "ann@mail.example"},
        {"'from': [{'email': 'ANN@mail.example'}], " TO_BOB, "ANN@mail.example"},
        {FROM_ANN ", 'sender': [{'email': 'Ann@mail.example'}], " TO_BOB, "Ann@mail.example"},
        {FROM_ANN ", 'sender': [{'email': 'eve@example.org'}], " TO_BOB, "ann@mail.example"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *email = draft(t, rows[i].properties);
        g_autofree char *id = submitted(t, email, "");
        json_t *object = submission(t, id);

        g_assert_cmpstr(jmap_text_at(object, "envelope/mailFrom/email"), ==, rows[i].mail_from);
        jmap_assert_json(jmap_at(object, "envelope/mailFrom/parameters"), "null");
        json_decref(object);
    }
}

/* null is as if it were left out. */
static void test_envelope_null(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB);
    g_autofree char *id = submitted(t, email, ", 'envelope': null");
    json_t *object = submission(t, id);

    g_assert_cmpstr(jmap_text_at(object, "envelope/rcptTo/0/email"), ==, "bob@example.org");
    json_decref(object);
}

static int64_t seconds_of(const char *date)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(date, NULL);

    g_assert_nonnull(at);
    return g_date_time_to_unix(at);
}

/* sendAt: when it is released, else when it was made. */
static void test_send_at(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB);
    int64_t before = clock_wall();
    g_autofree char *id = submitted(t, email, ""), *held = NULL;
    json_t *object = submission(t, id);

    g_assert_cmpint(seconds_of(jmap_text_at(object, "sendAt")), >=, before);
    g_assert_cmpint(seconds_of(jmap_text_at(object, "sendAt")), <=, clock_wall());
    json_decref(object);
    held = submitted(t, email,
                     ", 'envelope': {'mailFrom': {'email': 'ann@mail.example', 'parameters':"
                     " {'HOLDUNTIL': '2000-01-01T00:00:00Z'}}, 'rcptTo': [{'email':"
                     " 'bob@example.org'}]}");
    object = submission(t, held);
    /* What is over holds nothing back. */
    g_assert_cmpint(seconds_of(jmap_text_at(object, "sendAt")), >=, before);
    json_decref(object);
}

/* --- 7.3 --- */

static void expect_found(struct jmap_fixture *t, const char *arguments, const char *wanted)
{
    json_t *answer = jmap_fixture_call(t, "EmailSubmission/query", "{%s}", arguments);
    g_autoptr(GString) got = g_string_new(NULL);
    json_t *item;
    size_t i;

    json_array_foreach(jmap_at(answer, "ids"), i, item)
        g_string_append_printf(got, "%s ", json_string_value(item));
    if (strcmp(g_strstrip(got->str), wanted) != 0)
        g_error("%s: %s, not %s", arguments, got->str, wanted);
    json_decref(answer);
}

static void test_query_conditions(struct jmap_fixture *t)
{
    g_autofree char *first = draft(t, FROM_ANN ", " TO_BOB ", 'subject': 'one'");
    g_autofree char *second = draft(t, FROM_ANN ", " TO_BOB ", 'subject': 'two'");
    g_autofree char *a = submitted(t, first, ""), *b = submitted(t, second, "");
    g_autofree char *both = g_strdup_printf("%s %s", a, b), *back = g_strdup_printf("%s %s", b, a);
    g_autofree char *emails = g_strdup_printf("'filter': {'emailIds': ['%s', 'e999']}", second);
    json_t *object = submission(t, a);
    g_autofree char *threads =
        g_strdup_printf("'filter': {'threadIds': ['%s']}", jmap_text_at(object, "threadId"));
    g_autofree char *at =
        g_strdup_printf("'filter': {'after': '%s', 'before': '2999-01-01T00:00:00Z'"
                        "}, 'sort': [{'property': 'emailId'}]",
                        jmap_text_at(object, "sendAt"));

    expect_found(t, emails, b);
    expect_found(t, threads, a);
    expect_found(t, at, both);
    expect_found(t, "'filter': {'identityIds': ['i1']}, 'sort': [{'property': 'emailId'}]", both);
    expect_found(t, "'filter': {'identityIds': []}", "");
    expect_found(t, "'filter': {}, 'sort': [{'property': 'emailId', 'isAscending': false}]", back);
    expect_found(t, "'filter': {'undoStatus': 'final'}", "");
    expect_found(t,
                 "'filter': {'operator': 'NOT', 'conditions': [{'undoStatus': 'final'}]},"
                 " 'sort': [{'property': 'threadId'}]",
                 both);
    expect_found(t, "'sort': [{'property': 'sentAt'}, {'property': 'emailId'}]", both);
    json_decref(object);
}

/* Judged before anything is looked at: also where there is no submission at all. */
static void test_query_errors(struct jmap_fixture *t)
{
    static const char *const rows[][3] = {
        {"EmailSubmission/query", "'filter': {'emailIds': 'e1'}", "invalidArguments"},
        {"EmailSubmission/query", "'filter': {'emailIds': [7]}", "invalidArguments"},
        {"EmailSubmission/query", "'filter': {'undoStatus': true}", "invalidArguments"},
        {"EmailSubmission/query", "'filter': {'before': 'now'}", "invalidArguments"},
        {"EmailSubmission/query", "'filter': {'sendAt': 'now'}", "unsupportedFilter"},
        {"EmailSubmission/query", "'sort': [{'property': 'undoStatus'}]", "unsupportedSort"},
        {"EmailSubmission/query", "'sort': [{}]", "invalidArguments"},
        {"EmailSubmission/query", "'sort': [{'property': 'sentAt', 'isAscending': 1}]",
         "invalidArguments"},
        {"Mailbox/query", "'filter': {'hasAnyRole': 'yes'}", "invalidArguments"},
        {"Mailbox/query", "'filter': {'name': null}", "invalidArguments"},
        {"Mailbox/query", "'sort': [{'property': 'name', 'collation': 'i;none'}]",
         "unsupportedSort"},
        {"Mailbox/query", "'sort': [{'property': 'name', 'isAscending': null}]",
         "invalidArguments"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        jmap_expect_error(t, rows[i][2], rows[i][0], "{%s}", rows[i][1]);
    }
    jmap_expect_error(t, NULL, "EmailSubmission/query",
                      "{'sort': [{'property': 'sentAt', 'collation': 'i;none'}]}");
}

/* --- 7.5 --- */

/* All properties that are wrong are named; a reference to nothing is one of them. */
static void test_invalid_properties(struct jmap_fixture *t)
{
    static const struct {
        const char *object, *properties;
    } rows[] = {
        {"{}", "['emailId', 'identityId']"},
        {"{'emailId': 'e999', 'identityId': 'i999', 'sendAt': 'x', 'id': 's1'}",
         "['sendAt', 'id', 'emailId', 'identityId']"},
        {"{'emailId': 7, 'identityId': 'i1', 'undoStatus': 'pending'}",
         "['undoStatus', 'emailId']"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_t *answer =
            jmap_fixture_call(t, "EmailSubmission/set", "{'create': {'s': %s}}", rows[i].object);

        g_assert_cmpstr(jmap_text_at(answer, "notCreated/s/type"), ==, "invalidProperties");
        jmap_assert_json(jmap_at(answer, "notCreated/s/properties"), rows[i].properties);
        json_decref(answer);
    }
}

/* Two senders: one would be looked at, and another one be seen. */
static void test_one_sender(struct jmap_fixture *t)
{
    static const struct {
        const char *headers, *properties;
    } rows[] = {
        {"From: boss@mail.example\r\nfrom: ann@mail.example\r\n", "['from']"},
        {"From: ann@mail.example\r\nSender: a@x.example\r\nSENDER: ann@mail.example\r\n",
         "['sender']"},
        {"From: ann@mail.example, bob@mail.example\r\n", "['sender']"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *message =
            g_strdup_printf("%sTo: bob@example.org\r\nDate: Mon, 05 Feb 2024 10:20:30 +0000\r\n"
                            "Message-ID: <%zu@x>\r\n\r\nx\r\n",
                            rows[i].headers, i);
        g_autofree char *blob = jmap_fixture_upload(t, "message/rfc822", message, strlen(message));
        json_t *made = jmap_fixture_call(t, "Email/import",
                                         "{'emails': {'k': {'blobId': '%s', 'mailboxIds': {'" BOX
                                         "': true}}}}",
                                         blob, t->m.drafts);
        json_t *answer = submit(t, jmap_text_at(made, "created/k/id"), "");

        g_assert_cmpstr(jmap_text_at(answer, "notCreated/s/type"), ==, "invalidEmail");
        jmap_assert_json(jmap_at(answer, "notCreated/s/properties"), rows[i].properties);
        json_decref(answer);
        json_decref(made);
    }
}

/* Only undoStatus changes; the rest may come as it is, and what differs is named. */
/* What is sent is looked at strictly, whoever it goes to: addresses, and fields that stand once. */
static void test_strict(struct jmap_fixture *t)
{
    static const char envelope[] = ", 'envelope': {'mailFrom': {'email': 'ann@mail.example'},"
                                   " 'rcptTo': [{'email': 'bob@example.org'}]}";
    static const struct {
        const char *draft, *properties;
    } cases[] = {
        {FROM_ANN ", 'header:To': ' bob, al', 'replyTo': [{'email': 'nobody'}]",
         "['replyTo', 'to']"},
        {FROM_ANN ", 'cc': [{'email': 'x'}], 'bcc': [{'email': 'y'}], 'sender': [{'email': 'z'}]",
         "['sender', 'cc', 'bcc']"},
        {FROM_ANN ", " TO_BOB ", 'header:Subject:all': [' a', ' b']", "['subject']"},
        {FROM_ANN ", 'header:To:asAddresses:all': [[{'email': 'bob@example.org'}],"
                  " [{'email': 'eve@example.org'}]]",
         "['to']"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *id = draft(t, cases[i].draft);
        json_t *answer = submit(t, id, envelope);

        g_assert_cmpstr(jmap_text_at(answer, "notCreated/s/type"), ==, "invalidEmail");
        jmap_assert_json(jmap_at(answer, "notCreated/s/properties"), cases[i].properties);
        json_decref(answer);
    }
}

static void test_update_names_all(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB), *id = submitted(t, email, "");
    g_autofree char *path = g_strdup_printf("notUpdated/%s/properties", id);
    g_autofree char *type = g_strdup_printf("notUpdated/%s/type", id);
    json_t *object = submission(t, id), *answer;
    char *text;

    answer = jmap_fixture_call(t, "EmailSubmission/set",
                               "{'update': {'%s': {'emailId': 'e9', 'sendAt': null, 'undoStatus':"
                               " 'final', 'nonsense': 1}}}",
                               id);
    jmap_assert_json(jmap_at(answer, path), "['emailId', 'sendAt', 'nonsense', 'undoStatus']");
    json_decref(answer);
    answer =
        jmap_fixture_call(t, "EmailSubmission/set",
                          "{'update': {'%s': {'envelope': null, 'envelope/mailFrom': null}}}", id);
    g_assert_cmpstr(jmap_text_at(answer, type), ==, "invalidPatch");
    json_decref(answer);
    answer = jmap_fixture_call(t, "EmailSubmission/set",
                               "{'update': {'%s': {'undoStatus/x': 'canceled'}}}", id);
    g_assert_cmpstr(jmap_text_at(answer, type), ==, "invalidPatch");
    json_decref(answer);
    json_object_set_new(object, "undoStatus", json_string("canceled"));
    text = json_dumps(object, JSON_COMPACT);
    answer = jmap_fixture_call(t, "EmailSubmission/set", "{'update': {'%s': %s}}", id, text);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
    free(text);
    json_decref(object);
}

/* The email may go: what was submitted is sent all the same, and still tells its ids. */
static void test_email_destroyed(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB), *id = submitted(t, email, "");
    json_t *before = submission(t, id), *after, *got;
    struct store_submission *next;
    int64_t wake;

    json_decref(jmap_fixture_call(t, "Email/set", "{'destroy': ['%s']}", email));
    after = submission(t, id);
    g_assert_cmpstr(jmap_text_at(after, "emailId"), ==, email);
    g_assert_cmpstr(jmap_text_at(after, "threadId"), ==, jmap_text_at(before, "threadId"));
    g_assert_cmpstr(jmap_text_at(after, "undoStatus"), ==, "pending");
    got = jmap_fixture_call(t, "Email/get", "{'ids': ['%s']}", email);
    g_assert_cmpuint(json_array_size(jmap_at(got, "notFound")), ==, 1);
    json_decref(got);
    next = store_outbox_next(t->m.f.store, t->m.account, clock_wall() + 10, &wake, NULL);
    g_assert_nonnull(next);
    store_submission_free(next);
    json_decref(after);
    json_decref(before);
}

/* Only what succeeded is changed, by one Email/set after the answer; also after an update. */
static void test_on_success(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB), *id = submitted(t, email, "");
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['EmailSubmission/set', {'accountId': 'a1', 'update': {'%s': {'undoStatus': 'canceled'},"
        " 's999': {'undoStatus': 'canceled'}}, 'create': {'k': {'emailId': 'e999', 'identityId':"
        " 'i1'}}, 'onSuccessUpdateEmail': {'%s': {'keywords/back': true}, '#k': {'keywords/x':"
        " true}, 's999': {'keywords/x': true}}, 'onSuccessDestroyEmail': ['#k', 's999']}, '0']]",
        id, id);

    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 2);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "Email/set");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/1/1/updated")), ==, 1);
    g_assert_true(json_is_null(jmap_at(answer, "methodResponses/1/1/destroyed")));
    g_assert_true(json_is_null(jmap_at(answer, "methodResponses/1/1/notUpdated")));
    json_decref(answer);
}

/* One of all accounts may be one that the person does not send from. */
static void test_forbidden_to_send(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    int64_t own = t->m.account, drafts;
    json_t *made, *answer;

    t->m.account = fixture_account(&t->m.f, bob, "bob@mail.example", "password");
    drafts = mail_mailbox(&t->m, "Drafts", MAIL_ROLE_DRAFTS);
    jmap_fixture_share(t, t->m.user, STORE_READ | STORE_WRITE);
    made =
        jmap_fixture_ask(t, t->m.user,
                         "[['Email/set', {'accountId': 'a%" G_GINT64_FORMAT
                         "', 'create': {'d': {'mailboxIds': {'" BOX
                         "': true}, 'from': [{'email': 'bob@mail.example'}], " TO_BOB "}}}, '0'],"
                         " ['Identity/get', {'accountId': 'a%" G_GINT64_FORMAT
                         "', 'ids': null}, '1']]",
                         t->m.account, drafts, t->m.account);
    answer = jmap_fixture_ask(t, t->m.user,
                              "[['EmailSubmission/set', {'accountId': 'u%" G_GINT64_FORMAT
                              "', 'create': {'s':"
                              " {'emailId': '%s', 'identityId': '%s'}}}, '0']]",
                              store_principal_user(t->m.user),
                              jmap_text_at(made, "methodResponses/0/1/created/d/id"),
                              jmap_text_at(made, "methodResponses/1/1/list/0/id"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/notCreated/s/type"), ==,
                    "forbiddenToSend");
    json_decref(answer);
    json_decref(made);
    t->m.account = own;
    store_principal_unref(bob);
}

/* --- reports by ENVID (RFC 3461, 4.4; RFC 3464, 2.2.1) --- */

/* A notification that brings nothing back: only the ENVID tells what it is about. */
static void bring_report(struct jmap_fixture *t, uint32_t uid, const char *envelope_id,
                         const char *recipient)
{
    g_autofree char *text = g_strdup_printf(
        "From: postmaster@example.org\nTo: ann@mail.example\nMessage-ID: <report-%u@x>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nText.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n"
        "Original-Envelope-Id: %s\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n"
        "--b--\n",
        uid, envelope_id, recipient);

    jmap_fixture_put(t, t->m.inbox, uid, 0, 5000 + uid, text);
}

static void expect_delivered(struct jmap_fixture *t, const char *id, const char *wanted,
                             size_t reports)
{
    json_t *object = submission(t, id);

    g_assert_cmpstr(jmap_text_at(object, "deliveryStatus/bob@example.org/delivered"), ==, wanted);
    g_assert_cmpuint(json_array_size(jmap_at(object, "dsnBlobIds")), ==, reports);
    json_decref(object);
}

static void test_reports_by_envid(struct jmap_fixture *t)
{
    g_autofree char *email = draft(t, FROM_ANN ", " TO_BOB);
    g_autofree char *id = submitted(t, email,
                                    ", 'envelope': {'mailFrom': {'email': 'ann@mail.example',"
                                    " 'parameters': {'envid': 'Order+66 =x'}}, 'rcptTo': [{'email':"
                                    " 'bob@example.org'}]}");

    g_assert_true(store_outbox_mark(t->m.f.store, g_ascii_strtoll(id + 1, NULL, 10),
                                    STORE_SEND_SENT, 0, "250 2.0.0 queued", NULL, NULL, NULL,
                                    NULL));
    expect_delivered(t, id, "unknown", 0);
    bring_report(t, 1, "other", "bob@example.org");
    bring_report(t, 2, "order+66 =x", "bob@example.org"); /* it has a case */
    bring_report(t, 3, "Order+66 =x", "eve@example.org"); /* of nobody that it went to */
    expect_delivered(t, id, "unknown", 0);
    bring_report(t, 4, "Order+66 =x", "bob@example.org");
    expect_delivered(t, id, "no", 1);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/6/several-of-one-address", test_identities_of_one_address},
    {"/rfc8621/6.3/as-every-set", test_identity_set_as_all},
    {"/rfc8621/7/generated-mail-from", test_generated_mail_from},
    {"/rfc8621/7/envelope-null", test_envelope_null},
    {"/rfc8621/7/send-at", test_send_at},
    {"/rfc8621/7/reports-by-envid", test_reports_by_envid},
    {"/rfc8621/7.3/conditions-and-sorts", test_query_conditions},
    {"/rfc8621/7.3/errors", test_query_errors},
    {"/rfc8621/7.5/forbidden-to-send", test_forbidden_to_send},
    {"/rfc8621/7.5/invalid-properties", test_invalid_properties},
    {"/rfc8621/7.5/one-sender", test_one_sender},
    {"/rfc8621/7.5/strict-when-sent", test_strict},
    {"/rfc8621/7.5/update-names-all", test_update_names_all},
    {"/rfc8621/7.5/email-destroyed", test_email_destroyed},
    {"/rfc8621/7.5/on-success-of-what-succeeded", test_on_success},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

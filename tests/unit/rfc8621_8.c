/* RFC 8621, 8: VacationResponse, and which mail is answered (RFC 3834). */
#include "jmap_fixture.h"

#include "base/clock.h"

#define UNTOUCHED                                                                                  \
    "{'id': 'singleton', 'isEnabled': false, 'fromDate': null, 'toDate': null, 'subject': null,"   \
    " 'textBody': null, 'htmlBody': null}"

static void expect_object(struct jmap_fixture *t, const char *wanted)
{
    json_t *answer = jmap_fixture_call(t, "VacationResponse/get", "{'ids': ['singleton']}");

    jmap_assert_json(jmap_at(answer, "list/0"), wanted);
    json_decref(answer);
}

static json_t *set(struct jmap_fixture *t, const char *patch)
{
    return jmap_fixture_call(t, "VacationResponse/set", "{'update': {'singleton': %s}}", patch);
}

static void must_set(struct jmap_fixture *t, const char *patch)
{
    json_t *answer = set(t, patch);

    if (!jmap_has(answer, "updated/singleton"))
        g_error("%s: %s", patch, json_dumps(answer, 0));
    json_decref(answer);
}

static void expect_bad(struct jmap_fixture *t, const char *property, const char *value)
{
    g_autofree char *patch = g_strdup_printf("{'%s': %s}", property, value);
    json_t *answer = set(t, patch);

    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/singleton/type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/singleton/properties/0"), ==, property);
    json_decref(answer);
    expect_object(t, UNTOUCHED);
}

static void test_capability(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL);
    g_autofree char *account =
        g_strdup_printf("accounts/a%" G_GINT64_FORMAT
                        "/accountCapabilities/urn:ietf:params:jmap:vacationresponse",
                        t->m.account);

    jmap_assert_json(jmap_at(session, "capabilities/urn:ietf:params:jmap:vacationresponse"), "{}");
    jmap_assert_json(jmap_at(session, account), "{}");
    g_assert_true(
        json_is_string(jmap_at(session, "primaryAccounts/urn:ietf:params:jmap:vacationresponse")));
    json_decref(session);
}

static void test_get(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_call(t, "VacationResponse/get", "{}");

    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    jmap_assert_json(jmap_at(answer, "list/0"), UNTOUCHED);
    json_decref(answer);
    answer = jmap_fixture_call(t, "VacationResponse/get",
                               "{'ids': ['x', 'singleton', 'x'], 'properties': ['subject']}");
    jmap_assert_json(jmap_at(answer, "list"), "[{'id': 'singleton', 'subject': null}]");
    jmap_assert_json(jmap_at(answer, "notFound"), "['x']");
    json_decref(answer);
    answer = jmap_fixture_call(t, "VacationResponse/get", "{'ids': []}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    jmap_expect_error(t, "invalidArguments", "VacationResponse/get", "{'properties': ['nope']}");
}

static void test_set(struct jmap_fixture *t)
{
    must_set(t, "{'isEnabled': true, 'fromDate': '2026-01-02T03:04:05Z',"
                " 'toDate': '2026-02-03T00:00:00Z', 'subject': 'Away \\u00e9',"
                " 'textBody': 'Two\\nlines', 'htmlBody': '<p>Two lines</p>'}");
    expect_object(t, "{'id': 'singleton', 'isEnabled': true, 'fromDate': '2026-01-02T03:04:05Z',"
                     " 'toDate': '2026-02-03T00:00:00Z', 'subject': 'Away \xc3\xa9',"
                     " 'textBody': 'Two\\nlines', 'htmlBody': '<p>Two lines</p>'}");
    must_set(t, "{'id': 'singleton', 'isEnabled': false, 'fromDate': null, 'toDate': null,"
                " 'subject': null, 'textBody': null, 'htmlBody': null}");
    expect_object(t, UNTOUCHED);
}

static void test_refused(struct jmap_fixture *t)
{
    expect_bad(t, "isEnabled", "null");
    expect_bad(t, "isEnabled", "1");
    expect_bad(t, "fromDate", "'2026-01-02T03:04:05+01:00'");
    expect_bad(t, "toDate", "'tomorrow'");
    expect_bad(t, "subject", "'two\\nlines'");
    expect_bad(t, "subject", "'Bcc\\r'");
    expect_bad(t, "subject", "'\\u0000'");
    expect_bad(t, "textBody", "'\\u0000'");
    expect_bad(t, "htmlBody", "['x']");
    expect_bad(t, "id", "'other'");
    expect_bad(t, "unknown", "true");
}

static void expect_failed(struct jmap_fixture *t, const char *args, const char *list,
                          const char *key, const char *type)
{
    g_autofree char *path = g_strdup_printf("%s/%s/type", list, key);
    json_t *answer = jmap_fixture_call(t, "VacationResponse/set", "%s", args);

    g_assert_cmpstr(jmap_text_at(answer, path), ==, type);
    json_decref(answer);
}

/* RFC 8620, 5.3: of a singleton. */
static void test_singleton(struct jmap_fixture *t)
{
    expect_failed(t, "{'create': {'k': {'isEnabled': true}}}", "notCreated", "k", "singleton");
    expect_failed(t, "{'destroy': ['singleton']}", "notDestroyed", "singleton", "singleton");
    expect_failed(t, "{'destroy': ['other']}", "notDestroyed", "other", "notFound");
    expect_failed(t, "{'update': {'other': {'isEnabled': true}}}", "notUpdated", "other",
                  "notFound");
    expect_object(t, UNTOUCHED);
}

static void test_state(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "VacationResponse");
    json_t *answer =
        jmap_fixture_call(t, "VacationResponse/set",
                          "{'ifInState': '%s', 'update': {'singleton': {'subject': 'x'}}}", before);
    g_autofree char *after = jmap_state_of(t, "VacationResponse");

    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, before);
    g_assert_cmpstr(jmap_text_at(answer, "newState"), ==, after);
    g_assert_cmpstr(before, !=, after);
    json_decref(answer);
    jmap_expect_error(t, "stateMismatch", "VacationResponse/set",
                      "{'ifInState': '%s', 'update': {'singleton': {'subject': 'y'}}}", before);
}

static void test_needs_send(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *answer;

    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE);
    answer = jmap_fixture_ask(t, other,
                              "[['VacationResponse/set', {'accountId': 'a1', 'update':"
                              " {'singleton': {'isEnabled': true}}}, '0'],"
                              " ['VacationResponse/get', {'accountId': 'a1'}, '1']]");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/0"), ==, "error");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "VacationResponse/get");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list/0"), UNTOUCHED);
    json_decref(answer);
    store_principal_unref(other);
}

/* --- what is answered */

#define HEAD "Return-Path: <bea@example.org>\nFrom: Bea <bea@example.org>\nSubject: Hello\n"
#define TO_ME "To: Ann <ann@mail.example>\n"
#define GOOD HEAD TO_ME "Message-ID: <one@example.org>\n\nHello\n"

/* The address is what the fixture's account has. */
static char *own(struct jmap_fixture *t, const char *message)
{
    json_t *answer = jmap_fixture_call(t, "Identity/get", "{}");
    g_auto(GStrv) pieces = g_strsplit(message, "ann@mail.example", -1);
    char *text = g_strjoinv(jmap_text_at(answer, "list/0/email"), pieces);

    json_decref(answer);
    return text;
}

static void put(struct jmap_fixture *t, int64_t mailbox, uint32_t bits, int64_t at,
                const char *message)
{
    static uint32_t uid = 100;
    g_autofree char *text = own(t, message);

    jmap_fixture_put(t, mailbox, ++uid, bits, at, text);
}

/* How many messages are to be answered, and that the next is for this address; they are gone then.
 */
static unsigned take_due(struct jmap_fixture *t, const char *to)
{
    struct store_vacation_due *due;
    GError *error = NULL;
    unsigned count = 0;

    while ((due = store_vacation_next(t->m.f.store, t->m.account, &error)) != NULL) {
        g_assert_no_error(error);
        if (to != NULL)
            g_assert_cmpstr(due->to, ==, to);
        g_assert_true(store_vacation_answer(t->m.f.store, due, NULL, NULL, &error));
        store_vacation_due_free(due);
        count++;
    }
    g_assert_no_error(error);
    return count;
}

static void expect_due(struct jmap_fixture *t, const char *message, unsigned wanted)
{
    unsigned got;

    put(t, t->m.inbox, 0, clock_wall(), message);
    got = take_due(t, NULL);
    if (got != wanted)
        g_error("%u answers to %s", got, message);
}

static void test_once(struct jmap_fixture *t)
{
    must_set(t, "{'isEnabled': true}");
    put(t, t->m.inbox, 0, clock_wall(), GOOD);
    g_assert_cmpuint(take_due(t, "bea@example.org"), ==, 1);
    expect_due(t, GOOD, 0);
    expect_due(t, "Return-Path: <BEA@example.org>\nFrom: bea@example.org\n" TO_ME "\nAgain\n", 0);
    /* Off and on again: they know already. */
    must_set(t, "{'isEnabled': false}");
    must_set(t, "{'isEnabled': true}");
    expect_due(t, GOOD, 0);
    jmap_fixture_sql(t, "UPDATE vacation_told SET at = at - 8 * 86400");
    expect_due(t, GOOD, 1);
}

static void test_off_by_default(struct jmap_fixture *t)
{
    expect_due(t, GOOD, 0);
    must_set(t, "{'subject': 'x'}");
    expect_due(t, GOOD, 0);
}

/* Before it was switched on, outside of its dates, or long ago. */
static void test_dates(struct jmap_fixture *t)
{
    must_set(t, "{'isEnabled': true}");
    jmap_fixture_sql(t, "UPDATE vacation SET since = since - 50");
    put(t, t->m.inbox, 0, clock_wall() - 60, GOOD);
    g_assert_cmpuint(take_due(t, NULL), ==, 0);
    must_set(t, "{'fromDate': '2100-01-01T00:00:00Z'}");
    expect_due(t, GOOD, 0);
    must_set(t, "{'fromDate': null, 'toDate': '2020-01-01T00:00:00Z'}");
    expect_due(t, GOOD, 0);
    must_set(t, "{'toDate': '2100-01-01T00:00:00Z', 'fromDate': '2020-01-01T00:00:00Z'}");
    jmap_fixture_sql(t, "UPDATE vacation SET since = 0");
    put(t, t->m.inbox, 0, clock_wall() - 2 * 86400, GOOD);
    g_assert_cmpuint(take_due(t, NULL), ==, 0);
    put(t, t->m.inbox, 0, clock_wall() - 60, GOOD);
    g_assert_cmpuint(take_due(t, NULL), ==, 1);
}

static void test_only_delivered(struct jmap_fixture *t)
{
    must_set(t, "{'isEnabled': true}");
    jmap_fixture_sql(t, "UPDATE mailbox SET headers_done = 0"); /* a first sync */
    expect_due(t, GOOD, 0);
    jmap_fixture_sql(t, "UPDATE mailbox SET headers_done = 1");
    put(t, t->m.archive, 0, clock_wall(), GOOD);
    put(t, t->m.inbox, MAIL_JUNK, clock_wall(), GOOD);
    g_assert_cmpuint(take_due(t, NULL), ==, 0);
    /* Written long ago, brought in by some import. */
    expect_due(t, "Date: Thu, 1 Jan 2015 00:00:00 +0000\n" GOOD, 0);
    expect_due(t, GOOD, 1);
}

/* Headers first, the message later. */
static void test_pending(struct jmap_fixture *t)
{
    g_autofree char *text = own(t, GOOD);

    must_set(t, "{'isEnabled': true}");
    jmap_fixture_put_pending(t, t->m.inbox, 50, clock_wall(), text);
    g_assert_cmpuint(take_due(t, NULL), ==, 0);
    jmap_fixture_put(t, t->m.inbox, 50, 0, clock_wall(), text);
    g_assert_cmpuint(take_due(t, "bea@example.org"), ==, 1);
}

static void test_who_is_not_answered(struct jmap_fixture *t)
{
    static const char *const never[] = {
        "Auto-Submitted: auto-replied\n" GOOD,
        "Auto-Submitted: auto-generated; x=y\n" GOOD,
        "auto-submitted: AUTO-NOTIFIED\n" GOOD,
        "List-Id: <x.example.org>\n" GOOD,
        "List-Unsubscribe: <mailto:x@example.org>\n" GOOD,
        "List-Post: NO\n" GOOD,
        "Precedence: bulk\n" GOOD,
        "Precedence: Junk\n" GOOD,
        "Precedence:list\n" GOOD,
        "X-Auto-Response-Suppress: DR, OOF, AutoReply\n" GOOD,
        "X-Spam-Flag: YES\n" GOOD,
        "Content-Type: multipart/report; boundary=b\n" GOOD,
        /* The return path says whom, and it alone. */
        "From: Bea <bea@example.org>\n" TO_ME "\nNo return path\n",
        "Return-Path: <>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <MAILER-DAEMON@example.org>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <owner-x@example.org>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <x-request@example.org>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <bounces+12=ann@example.org>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <bea@example.org>\nFrom: No-Reply <noreply@example.org>\n" TO_ME "\nx\n",
        "Return-Path: <do-not-reply@example.org>\nFrom: x@example.org\n" TO_ME "\nx\n",
        "Return-Path: <a b@example.org>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        "Return-Path: <a@b.example>, <c@d.example>\nFrom: bea@example.org\n" TO_ME "\nx\n",
        /* Oneself. */
        "Return-Path: <ann@mail.example>\nFrom: ann@mail.example\n" TO_ME "\nx\n",
        "Return-Path: <bea@example.org>\nFrom: ann@mail.example\n" TO_ME "\nx\n",
        /* Not to this person. */
        HEAD "To: others@mail.example\n\nx\n",
        HEAD "\nx\n",
    };

    must_set(t, "{'isEnabled': true}");
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
        expect_due(t, never[i], 0);
    expect_due(t, "Auto-Submitted: no\n" GOOD, 1);
}

static void test_to_whom(struct jmap_fixture *t)
{
    static const char *const named[] = {"Cc: x@example.org, ANN@mail.example\n",
                                        "Bcc: ann@mail.example\n",
                                        "To: Group: ann@mail.example;\n"};

    must_set(t, "{'isEnabled': true}");
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++) {
        g_autofree char *message =
            g_strdup_printf("Return-Path: <p%zu@example.org>\nFrom: p@example.org\n%s\nx\n", i,
                            named[i]);

        expect_due(t, message, 1);
    }
}

/* Forged senders do not make us write to thousands. */
static void test_daily_limit(struct jmap_fixture *t)
{
    unsigned count = 0;

    must_set(t, "{'isEnabled': true}");
    jmap_fixture_sql(t, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <"
                        " 299) INSERT INTO vacation_told SELECT 1, 'x' || i, unixepoch() FROM n");
    for (int i = 0; i < 3; i++) {
        g_autofree char *message =
            g_strdup_printf("Return-Path: <p%d@example.org>\nFrom: p@example.org\n" TO_ME "\nx\n",
                            i);

        put(t, t->m.inbox, 0, clock_wall(), message);
        count += take_due(t, NULL);
    }
    g_assert_cmpuint(count, ==, 1);
}

/* An answer is a submission that nobody sees, and its message is answered once. */
static void test_outbox(struct jmap_fixture *t)
{
    g_autoptr(GBytes) raw = g_bytes_new_static("Subject: x\r\n\r\nx\r\n", 17);
    g_autofree char *before = jmap_state_of(t, "EmailSubmission"), *after = NULL;
    struct store_vacation_due *due;
    struct store_submission *next;
    json_t *answer;

    must_set(t, "{'isEnabled': true}");
    put(t, t->m.inbox, 0, clock_wall(), GOOD);
    due = store_vacation_next(t->m.f.store, t->m.account, NULL);
    g_assert_nonnull(due);
    for (int i = 0; i < 2; i++)
        g_assert_true(store_vacation_answer(t->m.f.store, due, raw, "m@example.org", NULL));
    store_vacation_due_free(due);
    next = store_outbox_next(t->m.f.store, t->m.account, clock_wall() + 1, NULL, NULL);
    g_assert_nonnull(next);
    g_assert_cmpstr(next->rcpt_to[0], ==, "bea@example.org");
    answer = jmap_fixture_call(t, "EmailSubmission/get", "{}");
    jmap_assert_json(jmap_at(answer, "list"), "[]");
    json_decref(answer);
    g_assert_true(store_outbox_mark(t->m.f.store, next->id, STORE_SEND_SENDING, 0, NULL, NULL, NULL,
                                    NULL, NULL));
    g_assert_true(store_outbox_mark(t->m.f.store, next->id, STORE_SEND_SENT, 0, "250 ok", NULL,
                                    NULL, NULL, NULL));
    store_submission_free(next);
    g_assert_null(store_outbox_next(t->m.f.store, t->m.account, clock_wall() + 1, NULL, NULL));
    after = jmap_state_of(t, "EmailSubmission");
    g_assert_cmpstr(before, ==, after);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/1.3.3/capability", test_capability},
    {"/rfc8621/8.1/get", test_get},
    {"/rfc8621/8.1/exactly-one", test_singleton},
    {"/rfc8621/8.2/set", test_set},
    {"/rfc8621/8.2/refused", test_refused},
    {"/rfc8621/8.2/state", test_state},
    {"/rfc8621/8.2/needs-the-right-to-send", test_needs_send},
    {"/rfc8621/8/once-per-sender", test_once},
    {"/rfc8621/8/off-by-default", test_off_by_default},
    {"/rfc8621/8/dates", test_dates},
    {"/rfc8621/8/only-delivered-mail", test_only_delivered},
    {"/rfc8621/8/message-that-comes-later", test_pending},
    {"/rfc8621/8/who-is-not-answered", test_who_is_not_answered},
    {"/rfc8621/8/to-the-account", test_to_whom},
    {"/rfc8621/8/daily-limit", test_daily_limit},
    {"/rfc8621/8/through-the-outbox", test_outbox},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

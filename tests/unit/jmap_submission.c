/* RFC 8621, 6 and 7: Identity, EmailSubmission. */
#include "jmap_fixture.h"

#include "base/clock.h"

struct sending {
    struct jmap_fixture t;
    char *identity;
};

static void sending_open(struct sending *s)
{
    json_t *answer;

    jmap_fixture_open(&s->t);
    answer = jmap_fixture_call(&s->t, "Identity/get", "{}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/email"), ==, "ann@mail.example");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/replyTo")));
    g_assert_true(json_is_false(jmap_at(answer, "list/0/mayDelete")));
    s->identity = g_strdup(jmap_text_at(answer, "list/0/id"));
    json_decref(answer);
}

static void sending_close(struct sending *s)
{
    g_free(s->identity);
    jmap_fixture_close(&s->t);
}

/* A draft with these headers besides; its id. */
static char *draft(struct sending *s, const char *properties)
{
    json_t *answer = jmap_fixture_call(&s->t, "Email/set",
                                       "{'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
                                       "': true}, 'keywords': {'$draft': true}%s}}}",
                                       s->t.m.drafts, properties);
    char *id = g_strdup(jmap_text_at(answer, "created/d/id"));

    json_decref(answer);
    return id;
}

#define FROM ", 'from': [{'name': 'Ann', 'email': 'Ann@mail.example'}]"

/* The answer's "created/k" or "notCreated/k". */
static json_t *submit(struct sending *s, const char *email, const char *more, bool created)
{
    json_t *answer = jmap_fixture_call(&s->t, "EmailSubmission/set",
                                       "{'create': {'k': {'emailId': '%s', 'identityId': '%s'%s}}}",
                                       email, s->identity, more);
    json_t *object;

    if (!jmap_has(answer, created ? "created/k" : "notCreated/k"))
        g_error("%s: %s", more, json_dumps(answer, 0));
    object = json_incref(jmap_at(answer, created ? "created/k" : "notCreated/k"));
    json_decref(answer);
    return object;
}

static void test_generated_envelope(void)
{
    struct sending s;
    g_autofree char *email = NULL;
    json_t *created, *got;

    sending_open(&s);
    email = draft(&s, FROM ", 'to': [{'email': 'bob@example.org'}, {'email': 'eve@example.org'}],"
                           " 'cc': [{'email': 'BOB@example.org'}],"
                           " 'bcc': [{'email': 'secret@example.org'}]");
    created = submit(&s, email, "", true);
    jmap_assert_json(jmap_at(created, "envelope"),
                     "{'mailFrom': {'email': 'Ann@mail.example', 'parameters': null}, 'rcptTo':"
                     " [{'email': 'bob@example.org', 'parameters': null},"
                     "  {'email': 'eve@example.org', 'parameters': null},"
                     "  {'email': 'secret@example.org', 'parameters': null}]}");
    g_assert_cmpstr(jmap_text_at(created, "undoStatus"), ==, "pending");
    g_assert_true(jmap_has(created, "sendAt"));
    g_assert_true(jmap_has(created, "threadId"));
    g_assert_false(jmap_has(created, "emailId"));
    got = jmap_fixture_call(&s.t, "EmailSubmission/get", "{'ids': ['%s', 's999']}",
                            jmap_text_at(created, "id"));
    g_assert_cmpstr(jmap_text_at(got, "list/0/emailId"), ==, email);
    g_assert_cmpstr(jmap_text_at(got, "list/0/identityId"), ==, s.identity);
    g_assert_cmpstr(json_string_value(
                        json_object_get(json_object_get(jmap_at(got, "list/0/deliveryStatus"),
                                                        "eve@example.org"),
                                        "delivered")),
                    ==, "queued");
    jmap_assert_json(jmap_at(got, "notFound"), "['s999']");
    json_decref(got);
    json_decref(created);
    sending_close(&s);
}

static void test_given_envelope(void)
{
    struct sending s;
    g_autofree char *email = NULL;
    json_t *created;

    sending_open(&s);
    email = draft(&s, FROM);
    created = submit(&s, email,
                     ", 'envelope': {'mailFrom': {'email': 'ann@mail.example', 'parameters':"
                     " {'HOLDFOR': '3600', 'RET': 'HDRS', 'ENVID': 'abc'}}, 'rcptTo':"
                     " [{'email': 'x@example.org', 'parameters': {'NOTIFY': 'SUCCESS,FAILURE'}}]}",
                     true);
    g_assert_false(jmap_has(created, "envelope"));
    g_assert_cmpstr(jmap_text_at(created, "undoStatus"), ==, "pending");
    json_decref(created);
    sending_close(&s);
}

static void expect_refused(struct sending *s, const char *email, const char *more, const char *type)
{
    json_t *error = submit(s, email, more, false);

    if (strcmp(jmap_text_at(error, "type"), type) != 0)
        g_error("%s: %s", more, json_dumps(error, 0));
    json_decref(error);
}

#define ENVELOPE(from, to) ", 'envelope': {'mailFrom': {'email': '" from "'}, 'rcptTo': [" to "]}"

static void test_envelope_errors(void)
{
    static const struct {
        const char *more, *type;
    } wrong[] = {
        {ENVELOPE("ann@mail.example", ""), "noRecipients"},
        {ENVELOPE("eve@mail.example", "{'email': 'x@example.org'}"), "forbiddenMailFrom"},
        {ENVELOPE("", "{'email': 'x@example.org'}"), "forbiddenMailFrom"},
        {ENVELOPE("ann@mail.example", "{'email': 'nobody'}"), "invalidRecipients"},
        {ENVELOPE("ann@mail.example", "{'email': 'a@b.example\\r\\nDATA'}"), "invalidRecipients"},
        {ENVELOPE("ann@mail.example", "{'email': 'a b@c.example'}"), "invalidRecipients"},
        {ENVELOPE("ann@mail.example", "{'email': '<a@c.example>'}"), "invalidRecipients"},
        {ENVELOPE("ann@mail.example", "7"), "invalidProperties"},
        {ENVELOPE("ann@mail.example", "{'email': 'a@c.example', 'parameters': {'SIZE': '1'}}"),
         "invalidProperties"},
        {ENVELOPE("ann@mail.example",
                  "{'email': 'a@c.example', 'parameters': {'NOTIFY': 'NEVER,SUCCESS'}}"),
         "invalidProperties"},
        {ENVELOPE("ann@mail.example",
                  "{'email': 'a@c.example', 'parameters': {'ORCPT': 'a@c.example'}}"),
         "invalidProperties"},
        {", 'envelope': {'mailFrom': {'email': 'ann@mail.example', 'parameters': {'HOLDFOR':"
         " '99999999999'}}, 'rcptTo': [{'email': 'x@example.org'}]}",
         "invalidProperties"},
        {", 'envelope': {}", "invalidProperties"},
        {", 'envelope': 'x'", "invalidProperties"},
        {", 'undoStatus': 'final'", "invalidProperties"},
        {", 'sendAt': '2030-01-01T00:00:00Z'", "invalidProperties"},
        {", 'nonsense': 1", "invalidProperties"},
    };
    struct sending s;
    g_autofree char *email = NULL;
    json_t *error;

    sending_open(&s);
    email = draft(&s, FROM ", 'to': [{'email': 'bob@example.org'}]");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        expect_refused(&s, email, wrong[i].more, wrong[i].type);
    error = submit(&s, email, ENVELOPE("ann@mail.example", "{'email': 'no'}, {'email': 'a@b.c'}"),
                   false);
    jmap_assert_json(jmap_at(error, "invalidRecipients"), "['no']");
    json_decref(error);
    expect_refused(&s, "e999", "", "invalidProperties");
    expect_refused(&s, "x", "", "invalidProperties");
    sending_close(&s);
}

static void test_email_errors(void)
{
    struct sending s;
    g_autofree char *none = NULL, *foreign = NULL, *two = NULL, *nobody = NULL, *pending = NULL;
    json_t *error;

    sending_open(&s);
    none = draft(&s, ", 'to': [{'email': 'bob@example.org'}]");
    error = submit(&s, none, "", false);
    g_assert_cmpstr(jmap_text_at(error, "type"), ==, "invalidEmail");
    jmap_assert_json(jmap_at(error, "properties"), "['from']");
    json_decref(error);
    foreign = draft(&s, ", 'from': [{'email': 'eve@example.org'}],"
                        " 'to': [{'email': 'bob@example.org'}]");
    expect_refused(&s, foreign, "", "forbiddenFrom");
    two = draft(&s, ", 'from': [{'email': 'ann@mail.example'}, {'email': 'eve@example.org'}],"
                    " 'to': [{'email': 'bob@example.org'}]");
    expect_refused(&s, two, "", "invalidEmail");
    nobody = draft(&s, FROM);
    expect_refused(&s, nobody, "", "noRecipients");
    pending =
        g_strdup_printf("e%" G_GINT64_FORMAT,
                        jmap_fixture_put_pending(&s.t, s.t.m.drafts, 9, 1000,
                                                 "From: ann@mail.example\nTo: "
                                                 "bob@example.org\nMessage-ID: <p@x>\n"
                                                 "Date: Mon, 05 Feb 2024 10:20:30 +0000\n\nx\n"));
    expect_refused(&s, pending, "", "invalidEmail");
    sending_close(&s);
}

static void test_too_many_recipients(void)
{
    struct sending s;
    GString *to = g_string_new(NULL), *more;
    g_autofree char *email = NULL;
    json_t *error;

    sending_open(&s);
    email = draft(&s, FROM);
    for (int i = 0; i < 501; i++)
        g_string_append_printf(to, "%s{'email': 'u%d@example.org'}", i > 0 ? "," : "", i);
    more = g_string_new(NULL);
    g_string_printf(more,
                    ", 'envelope': {'mailFrom': {'email': 'ann@mail.example'}, 'rcptTo': [%s]}",
                    to->str);
    error = submit(&s, email, more->str, false);
    g_assert_cmpstr(jmap_text_at(error, "type"), ==, "tooManyRecipients");
    g_assert_cmpint(jmap_number_at(error, "maxRecipients"), ==, 500);
    json_decref(error);
    g_string_free(to, TRUE);
    g_string_free(more, TRUE);
    sending_close(&s);
}

/* Draft, submission and what follows in one request; the implicit Email/set answers too. */
static void test_on_success(void)
{
    struct sending s;
    json_t *answer;

    sending_open(&s);
    answer = jmap_fixture_ask(
        &s.t, s.t.m.user,
        "[['Email/set', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'create': {'d': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'keywords': {'$draft': true} " FROM ", 'to': [{'email': 'bob@example.org'}]}}},"
        " '0'], ['EmailSubmission/set', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'create': {'k': {'emailId': '#d', 'identityId': '%s'},"
        " 'bad': {'emailId': 'e999', 'identityId': '%s'}}, 'onSuccessUpdateEmail': {'#k':"
        " {'keywords/$draft': null, 'mailboxIds/m%" G_GINT64_FORMAT
        "': null, 'mailboxIds/m%" G_GINT64_FORMAT "': true}, '#bad': {'keywords/x': true}}}, '1'],"
        " ['Email/get', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'ids': ['#d'], 'properties': ['keywords', 'mailboxIds']}, '2']]",
        s.t.m.account, s.t.m.drafts, s.t.m.account, s.identity, s.identity, s.t.m.drafts,
        s.t.m.sent, s.t.m.account);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 4);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "EmailSubmission/set");
    g_assert_true(jmap_has(answer, "methodResponses/1/1/notCreated/bad"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/2/0"), ==, "Email/set");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/2/2"), ==, "1");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/2/1/updated")), ==, 1);
    jmap_assert_json(jmap_at(answer, "methodResponses/3/1/list/0/keywords"), "{}");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/3/1/list/0/mailboxIds")), ==,
                     1);
    json_decref(answer);
    sending_close(&s);
}

/* The capability of submissions alone is enough for the implicit Email/set. */
static void test_on_success_destroy(void)
{
    struct sending s;
    g_autofree char *email = NULL;
    json_t *answer;

    sending_open(&s);
    email = draft(&s, FROM ", 'to': [{'email': 'bob@example.org'}]");
    answer = jmap_fixture_request(&s.t,
                                  "{'using': ['urn:ietf:params:jmap:submission'], 'methodCalls': "
                                  "[['EmailSubmission/set', {'accountId': 'a%" G_GINT64_FORMAT
                                  "', 'create': {'k': {'emailId': '%s', 'identityId': '%s'}}, "
                                  "'onSuccessDestroyEmail': ['#k', '#none', 's99']}, '0']]}",
                                  s.t.m.account, email, s.identity);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/destroyed/0"), ==, email);
    json_decref(answer);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/get", "{'ids': null}");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/emailId"), ==, email);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/undoStatus"), ==, "pending");
    json_decref(answer);
    sending_close(&s);
}

static void expect_update(struct sending *s, const char *id, const char *patch, const char *type)
{
    json_t *answer =
        jmap_fixture_call(&s->t, "EmailSubmission/set", "{'update': {'%s': %s}}", id, patch);
    g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);

    if (type == NULL ? json_is_null(jmap_at(answer, "updated"))
                     : !jmap_has(answer, path) || strcmp(jmap_text_at(answer, path), type) != 0)
        g_error("%s: %s", patch, json_dumps(answer, 0));
    json_decref(answer);
}

static void test_cancel(void)
{
    struct sending s;
    g_autofree char *email = NULL;
    json_t *first, *second, *got;
    struct store_submission *next;
    int64_t wake;

    sending_open(&s);
    email = draft(&s, FROM ", 'to': [{'email': 'bob@example.org'}]");
    first = submit(&s, email, "", true);
    second = submit(&s, email, "", true);
    expect_update(&s, jmap_text_at(first, "id"), "{'identityId': 'i77'}", "invalidProperties");
    expect_update(&s, jmap_text_at(first, "id"), "{'undoStatus': 'final'}", "invalidProperties");
    expect_update(&s, jmap_text_at(first, "id"), "{'envelope/mailFrom': 1}", "invalidProperties");
    expect_update(&s, "s999", "{'undoStatus': 'canceled'}", "notFound");
    expect_update(&s, jmap_text_at(first, "id"), "{'undoStatus': 'canceled'}", NULL);
    expect_update(&s, jmap_text_at(first, "id"), "{'undoStatus': 'canceled'}", NULL);
    next = store_outbox_next(s.t.m.f.store, s.t.m.account, clock_wall() + 10, &wake, NULL);
    g_assert_nonnull(next);
    g_assert_true(store_outbox_mark(s.t.m.f.store, next->id, STORE_SEND_SENT, 0, "250 2.0.0 ok",
                                    NULL, NULL, NULL, NULL));
    store_submission_free(next);
    expect_update(&s, jmap_text_at(second, "id"), "{'undoStatus': 'canceled'}", "cannotUnsend");
    got = jmap_fixture_call(&s.t, "EmailSubmission/get",
                            "{'ids': ['%s', '%s'],"
                            " 'properties': ['undoStatus']}",
                            jmap_text_at(first, "id"), jmap_text_at(second, "id"));
    g_assert_cmpstr(jmap_text_at(got, "list/0/undoStatus"), !=,
                    jmap_text_at(got, "list/1/undoStatus"));
    json_decref(got);
    got = jmap_fixture_call(&s.t, "EmailSubmission/set", "{'destroy': ['%s', 's999']}",
                            jmap_text_at(first, "id"));
    g_assert_cmpuint(json_object_size(jmap_at(got, "notDestroyed")), ==, 2);
    json_decref(got);
    json_decref(first);
    json_decref(second);
    sending_close(&s);
}

/* Marks what waits in the outbox as the sender does, and gives its deliveryStatus. */
static json_t *status_after(struct sending *s, enum store_send_state state, const char *reply,
                            const char *rcpt_replies)
{
    g_autofree char *email = draft(s, FROM ", 'to': [{'email': 'a@example.org'},"
                                           " {'email': 'b@example.org'}]");
    json_t *created = submit(s, email, "", true), *got, *status;
    int64_t wake;
    struct store_submission *next =
        store_outbox_next(s->t.m.f.store, s->t.m.account, clock_wall() + 10, &wake, NULL);

    g_assert_true(store_outbox_mark(s->t.m.f.store, next->id, state, clock_wall() + 3600, reply,
                                    NULL, rcpt_replies, NULL, NULL));
    got = jmap_fixture_call(&s->t, "EmailSubmission/get", "{'ids': ['%s']}",
                            jmap_text_at(created, "id"));
    status = json_incref(jmap_at(got, "list/0/deliveryStatus"));
    store_submission_free(next);
    json_decref(got);
    json_decref(created);
    return status;
}

static void expect_status(struct sending *s, enum store_send_state state, const char *reply,
                          const char *rcpt_replies, const char *wanted)
{
    json_t *status = status_after(s, state, reply, rcpt_replies);

    jmap_assert_json(status, wanted);
    json_decref(status);
}

#define STATUS(a, a_delivered, b, b_delivered)                                                     \
    "{'a@example.org': {'smtpReply': '" a "', 'delivered': '" a_delivered                          \
    "', 'displayed': 'unknown'}, 'b@example.org': {'smtpReply': '" b                               \
    "', 'delivered': '" b_delivered "', 'displayed': 'unknown'}}"

/* RFC 8621, 7: each recipient has its own reply; what no server said has the form of one. */
static void test_delivery_status(void)
{
    struct sending s;

    sending_open(&s);
    expect_status(&s, STORE_SEND_SENT, "250 2.0.0 queued",
                  "{\"a@example.org\": \"250 2.1.5 ok\", \"b@example.org\": \"450 4.2.1 full\"}",
                  STATUS("250 2.1.5 ok", "unknown", "450 4.2.1 full", "no"));
    expect_status(&s, STORE_SEND_PENDING, "451 4.3.0 later",
                  "{\"b@example.org\": \"450 4.2.1 full\"}",
                  STATUS("451 4.3.0 later", "queued", "450 4.2.1 full", "queued"));
    expect_status(&s, STORE_SEND_FAILED, "554 5.6.0 spam", NULL,
                  STATUS("554 5.6.0 spam", "no", "554 5.6.0 spam", "no"));
    expect_status(&s, STORE_SEND_FAILED, "connection refused", NULL,
                  STATUS("550 5.0.0 Not sent", "no", "550 5.0.0 Not sent", "no"));
    sending_close(&s);
}

/* --- notifications (RFC 3464, RFC 8098) --- */

/* A report about a message to three people, with what it says of them and the Message-ID of what it
 * brings back. */
static void bring_report(struct sending *s, uint32_t uid, const char *type, const char *said,
                         const char *message_id)
{
    g_autofree char *text = g_strdup_printf(
        "From: postmaster@example.org\nTo: ann@mail.example\nSubject: Report %u\n"
        "Message-ID: <report-%u@example.org>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=%s; boundary=b\n\n--b\n\nIn words.\n"
        "--b\nContent-Type: message/%s\n\n%s\n--b\nContent-Type: text/rfc822-headers\n\n"
        "Subject: x\nMessage-ID: <%s>\n\n--b--\n",
        uid, uid, type, type, said, message_id);

    jmap_fixture_put(&s->t, s->t.m.inbox, uid, 0, 5000 + uid, text);
}

/* Something that was sent to a, b and c; its id, and the Message-ID. */
static char *sent(struct sending *s, char **message_id)
{
    g_autofree char *email = draft(s, FROM ", 'to': [{'email': 'a@example.org'},"
                                           " {'email': 'B@example.org'},"
                                           " {'email': 'c@example.org'}]");
    json_t *created = submit(s, email, "", true), *got;
    char *id = g_strdup(jmap_text_at(created, "id"));

    got = jmap_fixture_call(&s->t, "Email/get", "{'ids': ['%s'], 'properties': ['messageId']}",
                            email);
    *message_id = g_strdup(jmap_text_at(got, "list/0/messageId/0"));
    g_assert_true(store_outbox_mark(s->t.m.f.store, g_ascii_strtoll(id + 1, NULL, 10),
                                    STORE_SEND_SENT, 0, "250 2.0.0 queued", NULL, NULL, NULL,
                                    NULL));
    json_decref(got);
    json_decref(created);
    return id;
}

static json_t *submission_of(struct sending *s, const char *id)
{
    json_t *got = jmap_fixture_call(&s->t, "EmailSubmission/get", "{'ids': ['%s']}", id);
    json_t *object = json_incref(jmap_at(got, "list/0"));

    json_decref(got);
    return object;
}

static void expect_recipient(json_t *submission, const char *address, const char *reply,
                             const char *delivered, const char *displayed)
{
    json_t *status = json_object_get(jmap_at(submission, "deliveryStatus"), address);

    g_assert_cmpstr(jmap_text_at(status, "smtpReply"), ==, reply);
    g_assert_cmpstr(jmap_text_at(status, "delivered"), ==, delivered);
    g_assert_cmpstr(jmap_text_at(status, "displayed"), ==, displayed);
}

#define REPORT_A                                                                                   \
    "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; forwarded@example.net\n"       \
    "Original-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.1.1\n"                    \
    "Diagnostic-Code: smtp; 550-5.1.1 nobody\n here\n"
#define REPORT_B "\nFinal-Recipient: rfc822; <b@example.org>\nAction: delivered\nStatus: 2.1.5\n"
#define REPORT_C "\nFinal-Recipient: rfc822; c@example.org\nAction: delayed\nStatus: 4.4.1\n"
#define REPORT_D "\nFinal-Recipient: rfc822; d@example.org\nAction: failed\nStatus: 5.0.0\n"

static void test_delivery_reports(void)
{
    struct sending s;
    g_autofree char *message_id = NULL, *id = NULL;
    json_t *before, *submission, *changes;

    sending_open(&s);
    id = sent(&s, &message_id);
    before = jmap_fixture_call(&s.t, "EmailSubmission/get", "{'ids': []}");
    bring_report(&s, 1, "delivery-status", REPORT_A REPORT_B REPORT_C REPORT_D, message_id);
    submission = submission_of(&s, id);
    expect_recipient(submission, "a@example.org", "550 5.1.1 nobody here", "no", "unknown");
    expect_recipient(submission, "B@example.org", "250 2.1.5 Delivered", "yes", "unknown");
    expect_recipient(submission, "c@example.org", "250 2.0.0 queued", "unknown", "unknown");
    g_assert_cmpuint(json_object_size(jmap_at(submission, "deliveryStatus")), ==, 3);
    g_assert_cmpuint(json_array_size(jmap_at(submission, "dsnBlobIds")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(submission, "mdnBlobIds")), ==, 0);
    changes = jmap_fixture_call(&s.t, "EmailSubmission/changes", "{'sinceState': '%s'}",
                                jmap_text_at(before, "state"));
    g_assert_cmpstr(jmap_text_at(changes, "updated/0"), ==, id);
    json_decref(changes);
    json_decref(before);
    json_decref(submission);
    /* What is known is final. */
    bring_report(&s, 2, "delivery-status",
                 "\nFinal-Recipient: rfc822; b@example.org\nAction: failed\nStatus: 5.0.0\n",
                 message_id);
    submission = submission_of(&s, id);
    expect_recipient(submission, "B@example.org", "250 2.1.5 Delivered", "yes", "unknown");
    g_assert_cmpuint(json_array_size(jmap_at(submission, "dsnBlobIds")), ==, 2);
    json_decref(submission);
    sending_close(&s);
}

static void test_disposition_report(void)
{
    struct sending s;
    g_autofree char *message_id = NULL, *id = NULL;
    json_t *submission;

    sending_open(&s);
    id = sent(&s, &message_id);
    bring_report(&s, 1, "disposition-notification",
                 "Final-Recipient: rfc822;c@example.org\n"
                 "Disposition: manual-action/MDN-sent-manually; displayed\n",
                 message_id);
    bring_report(&s, 2, "disposition-notification",
                 "Final-Recipient: rfc822;a@example.org\n"
                 "Disposition: automatic-action/MDN-sent-automatically; deleted\n",
                 message_id);
    submission = submission_of(&s, id);
    expect_recipient(submission, "c@example.org", "250 2.0.0 queued", "unknown", "yes");
    expect_recipient(submission, "a@example.org", "250 2.0.0 queued", "unknown", "unknown");
    g_assert_cmpuint(json_array_size(jmap_at(submission, "mdnBlobIds")), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(submission, "dsnBlobIds")), ==, 0);
    json_decref(submission);
    sending_close(&s);
}

/* The notification stays the submission's when its email goes; one about other mail is none. */
static void test_report_outlives_its_email(void)
{
    struct sending s;
    g_autofree char *message_id = NULL, *id = NULL, *account = NULL;
    g_autoptr(GBytes) bytes = NULL;
    json_t *submission, *emails;

    sending_open(&s);
    id = sent(&s, &message_id);
    bring_report(&s, 1, "delivery-status", REPORT_A, "other@example.org");
    submission = submission_of(&s, id);
    g_assert_cmpuint(json_array_size(jmap_at(submission, "dsnBlobIds")), ==, 0);
    json_decref(submission);
    bring_report(&s, 2, "delivery-status", REPORT_A, message_id);
    emails = jmap_fixture_call(&s.t, "Email/query", "{'filter': {'subject': 'Report'}}");
    g_assert_cmpuint(json_array_size(jmap_at(emails, "ids")), ==, 2);
    json_decref(jmap_fixture_call(&s.t, "Email/set", "{'destroy': ['%s', '%s']}",
                                  jmap_text_at(emails, "ids/0"), jmap_text_at(emails, "ids/1")));
    json_decref(emails);
    submission = submission_of(&s, id);
    account = g_strdup_printf("a%" G_GINT64_FORMAT, s.t.m.account);
    bytes = jmap_download(s.t.jmap, s.t.m.user, account, jmap_text_at(submission, "dsnBlobIds/0"),
                          NULL);
    g_assert_nonnull(bytes);
    json_decref(submission);
    sending_close(&s);
}

static void test_query_and_changes(void)
{
    struct sending s;
    g_autofree char *email = NULL;
    json_t *before, *created, *answer;

    sending_open(&s);
    email = draft(&s, FROM ", 'to': [{'email': 'bob@example.org'}]");
    before = jmap_fixture_call(&s.t, "EmailSubmission/get", "{'ids': []}");
    created = submit(&s, email, "", true);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/changes", "{'sinceState': '%s'}",
                               jmap_text_at(before, "state"));
    g_assert_cmpstr(jmap_text_at(answer, "created/0"), ==, jmap_text_at(created, "id"));
    json_decref(answer);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/query",
                               "{'filter': {'emailIds': ['%s'], 'undoStatus': 'pending'},"
                               " 'calculateTotal': true, 'sort': [{'property': 'sentAt'}]}",
                               email);
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/query",
                               "{'filter': {'before': '2000-01-01T00:00:00Z'}}");
    jmap_assert_json(jmap_at(answer, "ids"), "[]");
    json_decref(answer);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/query", "{'filter': {'nonsense': 1}}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "unsupportedFilter");
    json_decref(answer);
    answer = jmap_fixture_call(&s.t, "EmailSubmission/set", "{'ifInState': '%s', 'create': {}}",
                               jmap_text_at(before, "state"));
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "stateMismatch");
    json_decref(answer);
    json_decref(created);
    json_decref(before);
    sending_close(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/7/generated-envelope", test_generated_envelope);
    g_test_add_func("/rfc8621/7/given-envelope", test_given_envelope);
    g_test_add_func("/rfc8621/7/envelope-errors", test_envelope_errors);
    g_test_add_func("/rfc8621/7.5/email-errors", test_email_errors);
    g_test_add_func("/rfc8621/7/too-many-recipients", test_too_many_recipients);
    g_test_add_func("/rfc8621/7.5/on-success", test_on_success);
    g_test_add_func("/rfc8621/7.5/on-success-destroy", test_on_success_destroy);
    g_test_add_func("/rfc8621/7.5/cancel", test_cancel);
    g_test_add_func("/rfc8621/7/delivery-status", test_delivery_status);
    g_test_add_func("/rfc8621/7/delivery-reports", test_delivery_reports);
    g_test_add_func("/rfc8621/7/disposition-report", test_disposition_report);
    g_test_add_func("/rfc8621/7/report-outlives-email", test_report_outlives_its_email);
    g_test_add_func("/rfc8621/7.3/query-and-changes", test_query_and_changes);
    return g_test_run();
}

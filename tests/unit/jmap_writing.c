/* Signatures, templates and the proof of aliases (docs/api.md, Writing). */
#include "jmap_fixture.h"

#include "store/admin.h"
#include "store/sync.h"

static json_t *call_as(struct jmap_fixture *t, struct store_principal *who, const char *method,
                       const char *args)
{
    json_t *answer =
        jmap_fixture_ask(t, who, "[['%s', {'accountId': 'u%" G_GINT64_FORMAT "', %s}, '0']]",
                         method, store_principal_user(who), args);
    json_t *result = json_incref(jmap_at(answer, "methodResponses/0/1"));

    json_decref(answer);
    return result;
}

static json_t *call_own(struct jmap_fixture *t, const char *method, const char *args)
{
    return call_as(t, t->m.user, method, args);
}

static json_t *identities(struct jmap_fixture *t)
{
    return jmap_fixture_call(t, "Identity/get", "{}");
}

/* --- signatures --- */

static void expect_signed(struct jmap_fixture *t, const char *html, const char *text)
{
    json_t *got = identities(t);

    g_assert_cmpstr(jmap_text_at(got, "list/0/htmlSignature"), ==, html);
    g_assert_cmpstr(jmap_text_at(got, "list/0/textSignature"), ==, text);
    json_decref(got);
}

static void test_identities_have_their_default_signature(struct jmap_fixture *t)
{
    json_t *got = identities(t), *answer;
    g_autofree char *identity = g_strdup(jmap_text_at(got, "list/0/id"));
    g_autofree char *make = g_strdup_printf("'create': {'k': {'name': 'Work', 'html': "
                                            "'<b>Ann</b>', 'text': 'Ann', 'defaultFor':"
                                            " ['%s']}}",
                                            identity);
    g_autofree char *id = NULL, *change = NULL, *other = NULL, *destroy = NULL;

    answer = call_own(t, "Signature/set", make);
    id = g_strdup(jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    expect_signed(t, "<b>Ann</b>", "Ann");
    change = g_strdup_printf("'update': {'%s': {'html': '<i>Ann</i>'}}", id);
    json_decref(call_own(t, "Signature/set", change));
    expect_signed(t, "<i>Ann</i>", "Ann");
    /* Another one takes its place, whatever the order. */
    other = g_strdup_printf("'create': {'k': {'name': 'New', 'html': 'n', 'text': 'n',"
                            " 'defaultFor': ['%s']}}, 'update': {'%s': {'defaultFor': []}}",
                            identity, id);
    answer = call_own(t, "Signature/set", other);
    destroy = g_strdup_printf("'destroy': ['%s']", jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    expect_signed(t, "n", "n");
    json_decref(call_own(t, "Signature/set", destroy));
    expect_signed(t, "", "");
    json_decref(got);
}

static void test_others_identities_are_left_alone(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    json_t *got = identities(t), *answer;
    g_autofree char *make =
        g_strdup_printf("'create': {'k': {'name': 'Evil', 'html': 'x', 'text': 'x', 'defaultFor':"
                        " ['%s']}}",
                        jmap_text_at(got, "list/0/id"));

    jmap_fixture_share(t, bob, STORE_READ | STORE_WRITE | STORE_SEND);
    answer = call_as(t, bob, "Signature/set", make);
    g_assert_true(jmap_has(answer, "created/k/id"));
    expect_signed(t, "", "");
    json_decref(answer);
    json_decref(got);
    store_principal_unref(bob);
}

/* --- templates --- */

static char *make_template(struct jmap_fixture *t, struct store_principal *who, const char *more)
{
    g_autofree char *args =
        g_strdup_printf("'create': {'k': {'name': 'Offer', 'html': '<p>Dear {{name}}</p>'%s}}",
                        more);
    json_t *answer = call_as(t, who, "Template/set", args);
    char *id;

    if (!jmap_has(answer, "created/k/id"))
        g_error("%s: %s", more, json_dumps(answer, 0));
    id = g_strdup(jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    return id;
}

static size_t count_for(struct jmap_fixture *t, struct store_principal *who)
{
    json_t *got = call_as(t, who, "Template/get", "'ids': null");
    size_t count = json_array_size(jmap_at(got, "list"));

    json_decref(got);
    return count;
}

static void test_templates_are_seen_by_their_audience(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *account =
        g_strdup_printf(", 'sharedWith': 'a%" G_GINT64_FORMAT "'", t->m.account);
    g_autofree char *own = make_template(t, t->m.user, "");
    g_autofree char *ours = make_template(t, t->m.user, account);
    g_autofree char *all = make_template(t, t->m.user, ", 'sharedWith': 'everybody'");
    g_autofree char *steal = NULL;
    json_t *answer;

    g_assert_cmpuint(count_for(t, t->m.user), ==, 3);
    g_assert_cmpuint(count_for(t, bob), ==, 1);
    jmap_fixture_share(t, bob, STORE_READ);
    g_assert_cmpuint(count_for(t, bob), ==, 2);
    /* Neither changed by others, nor shared where one may not write. */
    steal = g_strdup_printf("'update': {'%s': {'name': 'x'}, '%s': {'name': 'x'}}, 'destroy':"
                            " ['%s']",
                            all, own, ours);
    answer = call_as(t, bob, "Template/set", steal);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 2);
    {
        g_autofree char *path = g_strdup_printf("notUpdated/%s/type", all);
        g_autofree char *hidden = g_strdup_printf("notUpdated/%s/type", own);

        g_assert_cmpstr(jmap_text_at(answer, path), ==, "forbidden");
        g_assert_cmpstr(jmap_text_at(answer, hidden), ==, "notFound");
    }
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notDestroyed")), ==, 1);
    json_decref(answer);
    {
        g_autofree char *args = g_strdup_printf("'create': {'k': {'name': 'n'%s}}", account);

        answer = call_as(t, bob, "Template/set", args);
        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "forbidden");
        json_decref(answer);
    }
    store_principal_unref(bob);
}

static void test_an_audience_hears_of_changes(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *id = make_template(t, t->m.user, "");
    json_t *got = call_as(t, bob, "Template/get", "'ids': null"), *changes;
    g_autofree char *since = g_strdup_printf("'sinceState': '%s'", jmap_text_at(got, "state"));
    g_autofree char *share = g_strdup_printf("'update': {'%s': {'sharedWith': 'everybody'}}", id);
    g_autofree char *unshare = g_strdup_printf("'update': {'%s': {'sharedWith': null}}", id);

    json_decref(got);
    json_decref(call_own(t, "Template/set", share));
    changes = call_as(t, bob, "Template/changes", since);
    g_assert_cmpstr(jmap_text_at(changes, "created/0"), ==, id);
    json_decref(changes);
    g_assert_cmpuint(count_for(t, bob), ==, 1);
    json_decref(call_own(t, "Template/set", unshare));
    changes = call_as(t, bob, "Template/changes", since);
    g_assert_cmpuint(json_array_size(jmap_at(changes, "created")), ==, 0);
    json_decref(changes);
    g_assert_cmpuint(count_for(t, bob), ==, 0);
    store_principal_unref(bob);
}

/* The uploads that Template/attach gives an account; refused: the error's type. */
static json_t *attach(struct jmap_fixture *t, struct store_principal *who, const char *id)
{
    json_t *answer = jmap_fixture_ask(t, who,
                                      "[['Template/attach', {'accountId': 'a%" G_GINT64_FORMAT
                                      "', 'templateId': '%s'}, '0']]",
                                      t->m.account, id);
    json_t *result = json_incref(jmap_at(answer, "methodResponses/0/1"));

    json_decref(answer);
    return result;
}

static void test_files_stay_with_their_template(struct jmap_fixture *t)
{
    g_autofree char *blob = jmap_fixture_upload(t, "text/plain", "price list", 10);
    g_autofree char *more = g_strdup_printf(
        ", 'attachments': [{'blobId': '%s', 'name': 'prices.txt', 'type': 'text/plain'}]", blob);
    g_autofree char *id = make_template(t, t->m.user, more), *kept = NULL, *update = NULL;
    json_t *got, *given;

    /* The upload goes; what the template has does not. */
    jmap_fixture_sql(t, "UPDATE blob SET created = 0 WHERE refs = 0");
    got = call_own(t, "Template/get", "'ids': null");
    kept = g_strdup(jmap_text_at(got, "list/0/attachments/0/blobId"));
    g_assert_cmpstr(kept, !=, blob);
    g_assert_cmpint(jmap_number_at(got, "list/0/attachments/0/size"), ==, 10);
    json_decref(got);
    update = g_strdup_printf("'update': {'%s': {'attachments': [{'blobId': '%s', 'name': 'new.txt',"
                             " 'type': 'text/plain'}], 'subject': 'Prices'}}",
                             id, kept);
    got = call_own(t, "Template/set", update);
    g_assert_true(json_is_null(jmap_at(got, "notUpdated")));
    json_decref(got);
    given = attach(t, t->m.user, id);
    g_assert_cmpstr(jmap_text_at(given, "attachments/0/name"), ==, "new.txt");
    g_assert_cmpstr(jmap_text_at(given, "attachments/0/blobId"), !=, kept);
    json_decref(given);
    {
        g_autofree char *destroy = g_strdup_printf("'destroy': ['%s']", id);

        got = call_own(t, "Template/set", destroy);
        g_assert_cmpstr(jmap_text_at(got, "destroyed/0"), ==, id);
        json_decref(got);
    }
    given = attach(t, t->m.user, id);
    g_assert_cmpstr(jmap_text_at(given, "type"), ==, "notFound");
    json_decref(given);
}

static void test_files_are_the_authors_to_give(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *blob = jmap_fixture_upload(t, "text/plain", "secret", 6);
    g_autofree char *more = g_strdup_printf(
        ", 'attachments': [{'blobId': '%s', 'name': 's.txt', 'type': 'text/plain'}]", blob);
    g_autofree char *args = g_strdup_printf("'create': {'k': {'name': 'n'%s}}", more);
    g_autofree char *id = make_template(t, t->m.user, more), *kept = NULL;
    json_t *answer = call_as(t, bob, "Template/set", args), *got, *given;

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, "attachments");
    json_decref(answer);
    /* Nor is the template's own one there for others, or as a blob of its own. */
    got = call_own(t, "Template/get", "'ids': null");
    kept = g_strdup_printf("'create': {'k': {'name': 'n', 'attachments': [{'blobId': '%s', 'name':"
                           " 's', 'type': 'text/plain'}]}}",
                           jmap_text_at(got, "list/0/attachments/0/blobId"));
    json_decref(got);
    answer = call_as(t, bob, "Template/set", kept);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, "attachments");
    json_decref(answer);
    jmap_fixture_share(t, bob, STORE_READ | STORE_WRITE);
    given = attach(t, bob, id);
    g_assert_cmpstr(jmap_text_at(given, "type"), ==, "notFound");
    json_decref(given);
    store_principal_unref(bob);
}

static void expect_bad(struct jmap_fixture *t, const char *object, const char *property)
{
    g_autofree char *args = g_strdup_printf("'create': {'k': %s}", object);
    json_t *answer = call_own(t, "Template/set", args);

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, property);
    json_decref(answer);
}

static void test_wrong_values_are_named(struct jmap_fixture *t)
{
    expect_bad(t, "{}", "name");
    expect_bad(t, "{'name': 'n', 'subject': 'a\\r\\nBcc: x@y.example'}", "subject");
    expect_bad(t, "{'name': 'n', 'sharedWith': 'x'}", "sharedWith");
    expect_bad(t, "{'name': 'n', 'sharedWith': 7}", "sharedWith");
    expect_bad(t, "{'name': 'n', 'author': 'eve'}", "author");
    expect_bad(t, "{'name': 'n', 'mayEdit': true}", "mayEdit");
    expect_bad(t, "{'name': 'n', 'attachments': [{'blobId': 'b999', 'name': 'a', 'type': 'b'}]}",
               "attachments");
    expect_bad(t, "{'name': 'n', 'attachments': [7]}", "attachments");
    expect_bad(t, "{'name': 'n', 'attachments': null}", "attachments");
}

static void test_shared_ones_outlive_their_author(struct jmap_fixture *t)
{
    struct store_principal *bob = fixture_user(&t->m.f, "bob@example.org");
    g_free(make_template(t, bob, ""));
    g_autofree char *all = make_template(t, bob, ", 'sharedWith': 'everybody'");
    GError *error = NULL;
    json_t *got;

    g_assert_true(store_user_remove(t->m.f.store, "bob@example.org", &error));
    g_assert_no_error(error);
    got = call_own(t, "Template/get", "'ids': null");
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 1);
    g_assert_cmpstr(jmap_text_at(got, "list/0/id"), ==, all);
    g_assert_true(json_is_null(jmap_at(got, "list/0/author")));
    json_decref(got);
    store_principal_unref(bob);
}

/* --- aliases --- */

/* Makes one; its id. */
static char *make_alias(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_call(t, "Identity/set", "{'create': {'k': {'email': 'press@mail.example'}}}");
    char *id = g_strdup(jmap_text_at(answer, "created/k/id"));

    g_assert_cmpstr(jmap_text_at(answer, "created/k/postroom:verification/state"), ==, "pending");
    json_decref(answer);
    return id;
}

static json_t *alias_now(struct jmap_fixture *t)
{
    json_t *got = identities(t), *result;

    result = json_incref(jmap_at(got, "list/1/postroom:verification"));
    json_decref(got);
    return result;
}

/* The mail with the code that waits in the outbox. (transfer full) */
static char *proof_mail(struct jmap_fixture *t, int64_t *submission, char **message_id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) raw = NULL;
    int64_t email = 7, wake;
    struct store_submission *next =
        store_outbox_next(t->m.f.store, t->m.account, INT64_MAX, &wake, &error);
    char *text;

    g_assert_nonnull(next);
    g_assert_cmpstr(next->mail_from, ==, "press@mail.example");
    g_assert_cmpstr(next->rcpt_to[0], ==, "press@mail.example");
    g_assert_null(next->rcpt_to[1]);
    *submission = next->id;
    g_assert_true(store_outbox_message(t->m.f.store, next->id, &email, message_id, &raw, &error));
    g_assert_no_error(error);
    g_assert_cmpint(email, ==, 0);
    text = g_strndup(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw));
    store_submission_free(next);
    return text;
}

/* Tries to send from the alias; the error's type, or NULL. (transfer full) */
static char *send_from_alias(struct jmap_fixture *t, const char *identity)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Email/set', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT
        "': true}, 'from': [{'email': 'press@mail.example'}], 'to': [{'email': 'x@y.example'}],"
        " 'subject': 's', 'bodyValues': {'1': {'value': 'v'}}, 'textBody': [{'partId': '1'}]}}},"
        " '0'], ['EmailSubmission/set', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'create': {'s': {'emailId': '#k', 'identityId': '%s'}}}, '1']]",
        t->m.account, t->m.drafts, t->m.account, identity);
    char *type = jmap_has(answer, "methodResponses/1/1/notCreated/s/type")
                     ? g_strdup(jmap_text_at(answer, "methodResponses/1/1/notCreated/s/type"))
                     : NULL;

    json_decref(answer);
    return type;
}

static void test_an_alias_is_proven_by_arrival(struct jmap_fixture *t)
{
    g_autofree char *id = make_alias(t), *message_id = NULL, *refused = NULL, *sent = NULL;
    int64_t submission;
    g_autofree char *raw = proof_mail(t, &submission, &message_id);
    json_t *now;

    refused = send_from_alias(t, id);
    g_assert_cmpstr(refused, ==, "forbiddenFrom");
    /* What the provider files as sent proves nothing. */
    jmap_fixture_put(t, t->m.sent, 1, 0, 1000, raw);
    now = alias_now(t);
    g_assert_cmpstr(jmap_text_at(now, "state"), ==, "pending");
    json_decref(now);
    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, raw);
    now = alias_now(t);
    g_assert_true(json_is_null(now));
    json_decref(now);
    sent = send_from_alias(t, id);
    g_assert_null(sent);
}

static json_t *type_code(struct jmap_fixture *t, const char *id, const char *code)
{
    return jmap_fixture_call(t, "Identity/set",
                             "{'update': {'%s': {'postroom:verification': {'code': '%s'}}}}", id,
                             code);
}

static char *code_in(const char *raw)
{
    const char *at = strstr(raw, "Subject: Postroom: code ");

    g_assert_nonnull(at);
    return g_strndup(at + strlen("Subject: Postroom: code "), 8);
}

static void test_an_alias_is_proven_by_its_code(struct jmap_fixture *t)
{
    g_autofree char *id = make_alias(t), *message_id = NULL;
    int64_t submission;
    g_autofree char *raw = proof_mail(t, &submission, &message_id), *code = code_in(raw);
    g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);
    json_t *answer, *now;

    answer = type_code(t, id, "wrong");
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "invalidProperties");
    json_decref(answer);
    answer = type_code(t, id, code);
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
    now = alias_now(t);
    g_assert_true(json_is_null(now));
    json_decref(now);
}

static void test_a_code_is_not_guessed(struct jmap_fixture *t)
{
    g_autofree char *id = make_alias(t), *message_id = NULL;
    int64_t submission;
    g_autofree char *raw = proof_mail(t, &submission, &message_id), *code = code_in(raw);
    g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);
    json_t *answer;

    for (int i = 0; i < STORE_PROOF_TRIES; i++)
        json_decref(type_code(t, id, "00000000x"));
    answer = type_code(t, id, code);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "overQuota");
    json_decref(answer);
}

static void test_refusal_of_an_alias_is_told(struct jmap_fixture *t)
{
    g_autofree char *id = make_alias(t), *message_id = NULL;
    int64_t submission;
    g_free(proof_mail(t, &submission, &message_id));
    g_autoptr(GError) error = NULL;
    json_t *now, *answer;

    g_assert_true(store_outbox_mark(t->m.f.store, submission, STORE_SEND_FAILED, 0,
                                    "550 5.7.60 send as denied", "sender-refused", NULL, NULL,
                                    &error));
    g_assert_no_error(error);
    now = alias_now(t);
    g_assert_cmpstr(jmap_text_at(now, "state"), ==, "refused");
    g_assert_cmpstr(jmap_text_at(now, "problem"), ==, "sender-refused");
    g_assert_cmpstr(jmap_text_at(now, "reply"), ==, "550 5.7.60 send as denied");
    json_decref(now);
    answer =
        jmap_fixture_call(t, "Identity/set",
                          "{'update': {'%s': {'postroom:verification': {'again': true}}}}", id);
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
    now = alias_now(t);
    g_assert_cmpstr(jmap_text_at(now, "state"), ==, "pending");
    json_decref(now);
}

static void test_proofs_of_a_day_are_few(struct jmap_fixture *t)
{
    json_t *answer = NULL;

    for (int i = 0; i <= STORE_PROOFS_PER_DAY; i++) {
        json_decref(answer);
        answer = jmap_fixture_call(t, "Identity/set",
                                   "{'create': {'k': {'email': 'a%d@mail.example'}}}", i);
    }
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "rateLimit");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/jmap/writing/signature-of-identity", test_identities_have_their_default_signature},
    {"/jmap/writing/signature-of-others", test_others_identities_are_left_alone},
    {"/jmap/writing/template-audience", test_templates_are_seen_by_their_audience},
    {"/jmap/writing/template-changes", test_an_audience_hears_of_changes},
    {"/jmap/writing/template-files", test_files_stay_with_their_template},
    {"/jmap/writing/template-files-of-others", test_files_are_the_authors_to_give},
    {"/jmap/writing/template-values", test_wrong_values_are_named},
    {"/jmap/writing/template-author-leaves", test_shared_ones_outlive_their_author},
    {"/jmap/writing/alias-arrives", test_an_alias_is_proven_by_arrival},
    {"/jmap/writing/alias-code", test_an_alias_is_proven_by_its_code},
    {"/jmap/writing/alias-guessed", test_a_code_is_not_guessed},
    {"/jmap/writing/alias-refused", test_refusal_of_an_alias_is_told},
    {"/jmap/writing/alias-many", test_proofs_of_a_day_are_few},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

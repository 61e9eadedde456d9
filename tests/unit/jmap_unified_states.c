/* The unified account over JMAP (docs/jmap.md): its states, sending, and what a client is told. */
#include "jmap_three.h"

/* --- states --- */

static void test_changes(struct three *w)
{
    g_autofree char *state = state_of(w, "Email"), *id = id_of('e', w->second_email);
    g_autofree char *boxes = state_of(w, "Mailbox"), *inbox = id_of('m', w->second.inbox);
    json_t *answer;

    expect_update(w, w->second_email, "'keywords/$seen': true", "");
    answer = askf(w, "Email/changes", "'sinceState': '%s'", state);
    g_assert_cmpstr(jmap_text_at(answer, "updated/0"), ==, id);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
    answer = askf(w, "Mailbox/changes", "'sinceState': '%s'", boxes);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 2);
    g_assert_cmpstr(jmap_text_at(answer, "updated/0"), ==, inbox);
    g_assert_cmpstr(jmap_text_at(answer, "updated/1"), ==, "m-1");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updatedProperties")), ==, 4);
    json_decref(answer);
    expect_text(askf(w, "Email/set", "'ifInState': '%s', 'update': {}", state), "type",
                "stateMismatch");
    expect_error(w, "cannotCalculateChanges", "Email/changes", "'sinceState': '1'");
    expect_error(w, "cannotCalculateChanges", "Email/changes", "'sinceState': '99999999'");
}

/* A mailbox has another role: its emails are in another one of the unified account. */
static void test_role_changed(struct three *w)
{
    g_autofree char *state = state_of(w, "Email"), *empty = NULL;
    json_t *answer;

    expect_update(w, w->own_email, "'mailboxIds': {'m-6': true}", "");
    g_free(state);
    state = state_of(w, "Email");
    json_decref(jmap_fixture_call(&w->t, "Mailbox/set",
                                  "{'update': {'m%" G_GINT64_FORMAT "': {'role': null}}}",
                                  w->t.m.archive));
    answer = askf(w, "Email/get", "'ids': ['e%" G_GINT64_FORMAT "'], 'properties': ['mailboxIds']",
                  w->own_email);
    g_assert_false(jmap_has(answer, "list/0/mailboxIds/m-6"));
    json_decref(answer);
    expect_text(askf(w, "Email/changes", "'sinceState': '%s'", state), "type",
                "cannotCalculateChanges");
    /* Without any email in it nothing of the kind happened. */
    empty = state_of(w, "Email");
    json_decref(jmap_fixture_call(&w->t, "Mailbox/set",
                                  "{'update': {'m%" G_GINT64_FORMAT "': {'role': null}}}",
                                  w->t.m.drafts));
    expect_text(askf(w, "Email/changes", "'sinceState': '%s'", empty), "oldState", empty);
}

/* An account less: other states, from which nothing is calculated; its mail is gone. */
static void test_revoked(struct three *w)
{
    static const char *const types[] = {"Mailbox", "Email", "Thread", "Identity",
                                        "EmailSubmission"};
    json_t *answer;

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *before = state_of(w, types[i]), *after = NULL;
        g_autofree char *method = g_strconcat(types[i], "/changes", NULL);

        share(w, w->t.m.user, i % 2 == 0 ? 0 : STORE_READ);
        after = state_of(w, types[i]);
        g_assert_cmpstr(before, !=, after);
        expect_text(askf(w, method, "'sinceState': '%s'", before), "type",
                    "cannotCalculateChanges");
        expect_text(askf(w, method, "'sinceState': '%s'", after), "newState", after);
    }
    expect_size(askf(w, "Email/get", "'ids': ['e%" G_GINT64_FORMAT "']", w->shared_email),
                "notFound", 1);
    answer = ask(w, "Email/query", "'filter': {'inMailbox': 'm-1'}, 'calculateTotal': true");
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 2);
    json_decref(answer);
    expect_update(w, w->shared_email, "'keywords/$seen': true", "notFound");
}

/* --- sending --- */

static json_t *submit(struct three *w, int64_t email, int64_t identity)
{
    return askf(w, "EmailSubmission/set",
                "'create': {'k': {'emailId': 'e%" G_GINT64_FORMAT
                "', 'identityId': 'i%" G_GINT64_FORMAT
                "'}}, 'onSuccessUpdateEmail': {'#k': {'mailboxIds': {'m-3':"
                " true}}}",
                email, identity);
}

static int64_t identity_of(struct three *w, const char *address)
{
    json_t *answer = ask(w, "Identity/get", "'ids': null"), *item;
    int64_t id = 0;
    size_t i;

    json_array_foreach(jmap_at(answer, "list"), i, item)
    {
        if (strcmp(jmap_text_at(item, "email"), address) == 0)
            id = g_ascii_strtoll(jmap_text_at(item, "id") + 1, NULL, 10);
    }
    json_decref(answer);
    g_assert_cmpint(id, >, 0);
    return id;
}

/* The identity is of the email's account: nobody sends one account's mail by another. */
static void test_submission(struct three *w)
{
    int64_t own = identity_of(w, "ann@mail.example");
    int64_t second = identity_of(w, "second@mail.example");
    json_t *answer = submit(w, w->own_email, second);
    g_autofree char *sent = id_of('m', w->t.m.sent), *submission = NULL, *state = NULL;

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "forbiddenFrom");
    json_decref(answer);
    state = state_of(w, "EmailSubmission");
    answer = submit(w, w->own_email, own);
    submission = g_strdup(jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    g_assert_true(is_in(w, "a1", w->own_email, sent));
    expect_text(askf(w, "EmailSubmission/changes", "'sinceState': '%s'", state), "created/0",
                submission);
    expect_text(ask(w, "EmailSubmission/query", ""), "ids/0", submission);
    answer =
        askf(w, "EmailSubmission/set", "'update': {'%s': {'undoStatus': 'canceled'}}", submission);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
}

/* Another person's outbox is out of reach, whatever the id. */
static void test_foreign_submission(struct three *w)
{
    json_t *answer = submit(w, w->own_email, identity_of(w, "ann@mail.example"));
    g_autofree char *submission = g_strdup(jmap_text_at(answer, "created/k/id"));
    g_autofree char *account = id_of('u', store_principal_user(w->owner));
    struct store_access *access = store_authorise_all(w->t.m.f.store, w->owner, NULL);
    g_autoptr(GError) error = NULL;

    json_decref(answer);
    g_assert_false(
        store_submission_cancel(access, g_ascii_strtoll(submission + 1, NULL, 10), &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    store_access_free(access);
    answer = jmap_fixture_ask(&w->t, w->owner,
                              "[['EmailSubmission/get', {'accountId': '%s', 'ids': ['%s']}, '0']]",
                              account, submission);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/0/1/notFound")), ==, 1);
    json_decref(answer);
}

/* --- push --- */

static void test_push(struct three *w)
{
    json_t *change = jmap_fixture_change(&w->t, w->t.m.user, w->second.account,
                                         STORE_EMAIL | STORE_MAILBOX, NULL);
    g_autofree char *state = state_of(w, "Email"), *boxes = NULL;

    g_assert_cmpstr(jmap_text_at(change, "changed/u1/Email"), ==, state);
    g_assert_true(jmap_has(change, "changed/u1/Mailbox"));
    g_assert_true(jmap_has(change, "changed/a2/Email"));
    g_assert_false(jmap_has(change, "changed/u1/Thread"));
    json_decref(change);
    g_assert_null(jmap_fixture_change(&w->t, w->owner, w->second.account, STORE_EMAIL, NULL));
    share(w, w->t.m.user, 0);
    boxes = state_of(w, "Mailbox");
    change = jmap_fixture_change(&w->t, w->t.m.user, 0, STORE_ACCESS, NULL);
    g_assert_cmpstr(jmap_text_at(change, "changed/u1/Mailbox"), ==, boxes);
    g_assert_true(jmap_has(change, "changed/u1/LinkedAccount"));
    json_decref(change);
}

static void test_push_missed(struct three *w)
{
    uint64_t told = store_told(w->t.m.f.store);
    g_autofree char *id = jmap_push_id(w->t.jmap, w->t.m.user, told), *state = NULL;
    json_t *missed;

    g_assert_null(jmap_push_missed(w->t.jmap, w->t.m.user, id, told, NULL));
    expect_update(w, w->second_email, "'keywords/$seen': true", "");
    state = state_of(w, "Email");
    missed = jmap_push_missed(w->t.jmap, w->t.m.user, id, store_told(w->t.m.f.store), NULL);
    g_assert_cmpstr(jmap_text_at(missed, "changed/u1/Email"), ==, state);
    g_assert_cmpstr(jmap_text_at(missed, "changed/a2/Email"), ==, state);
    g_assert_false(jmap_has(missed, "changed/a1"));
    json_decref(missed);
}

static const struct three_case cases[] = {
    {"/jmap/unified/changes", test_changes},
    {"/jmap/unified/role-changed", test_role_changed},
    {"/jmap/unified/revoked", test_revoked},
    {"/jmap/unified/submission", test_submission},
    {"/jmap/unified/foreign-submission", test_foreign_submission},
    {"/jmap/unified/push", test_push},
    {"/jmap/unified/push-missed", test_push_missed},
};

int main(int argc, char **argv)
{
    return three_run(argc, argv, cases, G_N_ELEMENTS(cases));
}

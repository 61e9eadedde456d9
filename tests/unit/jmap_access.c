/* SECURITY.md 1 and 2: every method of the table as a stranger, a read-only sharer and a person
 * whose access was just taken away. A method without a row of arguments here fails. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

/* Valid arguments besides accountId; what the method works on need not exist. */
static const struct row {
    const char *method, *args;
} rows[] = {
    {"Core/echo", "{}"},
    {"Blob/copy", "{'fromAccountId': 'a999', 'blobIds': ['b1']}"},
    {"Blob/upload", "{'create': {'k': {'data': []}}}"},
    {"Blob/get", "{'ids': ['b1']}"},
    {"Blob/lookup", "{'typeNames': ['Email'], 'ids': ['b1']}"},
    {"PushSubscription/get", "{'ids': null}"},
    {"PushSubscription/set", "{'destroy': ['p1']}"},
    {"Mailbox/get", "{'ids': null}"},
    {"Mailbox/changes", "{'sinceState': '1'}"},
    {"Mailbox/query", "{}"},
    {"Mailbox/queryChanges", "{'sinceQueryState': '1'}"},
    {"Mailbox/set", "{'destroy': ['m1']}"},
    {"Thread/get", "{'ids': ['t1']}"},
    {"Thread/changes", "{'sinceState': '1'}"},
    {"Email/get", "{'ids': ['e1']}"},
    {"Email/changes", "{'sinceState': '1'}"},
    {"Email/query", "{}"},
    {"Email/queryChanges", "{'sinceQueryState': '1'}"},
    {"Email/set", "{'destroy': ['e1']}"},
    {"Email/copy", "{'fromAccountId': 'a999', 'create': {'k': {'id': 'e1'}}}"},
    {"Email/import", "{'emails': {'k': {'blobId': 'b1', 'mailboxIds': {'m1': true}}}}"},
    {"Email/parse", "{'blobIds': ['b1']}"},
    {"SearchSnippet/get", "{'filter': {'text': 'x'}, 'emailIds': ['e1']}"},
    {"Identity/get", "{'ids': null}"},
    {"Identity/changes", "{'sinceState': '1'}"},
    {"Identity/set", "{'destroy': ['i1']}"},
    {"EmailSubmission/get", "{'ids': null}"},
    {"EmailSubmission/changes", "{'sinceState': '1'}"},
    {"EmailSubmission/query", "{}"},
    {"EmailSubmission/queryChanges", "{'sinceQueryState': '1'}"},
    {"EmailSubmission/set", "{'create': {'k': {'emailId': 'e1', 'identityId': 'i1'}}}"},
    {"VacationResponse/get", "{'ids': null}"},
    {"VacationResponse/set", "{'update': {'singleton': {'isEnabled': false}}}"},
    {"Quota/get", "{'ids': null}"},
    {"Quota/changes", "{'sinceState': '1'}"},
    {"Quota/query", "{}"},
    {"Quota/queryChanges", "{'sinceQueryState': '1'}"},
    {"Provider/get", "{'ids': null}"},
    {"Provider/set", "{'destroy': ['x']}"},
    {"LinkedAccount/get", "{'ids': null}"},
    {"LinkedAccount/changes", "{'sinceState': '1'}"},
    {"LinkedAccount/set", "{'update': {}}"},
    {"AccountHealth/get", "{'ids': []}"},
    {"AccountCheck/get", "{'ids': []}"},
    {"AccountCheck/run", "{'account': 'a1'}"},
    {"Autoconfig/find", "{'address': 'x'}"},
    {"SyncLogEntry/query", "{'account': 'a1'}"},
    {"Search/parse", "{'text': 'x'}"},
    {"Preferences/get", "{'ids': null}"},
    {"Preferences/set", "{'update': {}}"},
    {"Label/get", "{'ids': null}"},
    {"Label/changes", "{'sinceState': '1'}"},
    {"Label/set", "{'destroy': ['r1']}"},
    {"SavedSearch/get", "{'ids': null}"},
    {"SavedSearch/changes", "{'sinceState': '1'}"},
    {"SavedSearch/set", "{'destroy': ['r1']}"},
    {"ContactGroup/get", "{'ids': null}"},
    {"ContactGroup/changes", "{'sinceState': '1'}"},
    {"ContactGroup/set", "{'destroy': ['r1']}"},
    {"HiddenContact/get", "{'ids': null}"},
    {"HiddenContact/changes", "{'sinceState': '1'}"},
    {"HiddenContact/set", "{'destroy': ['r1']}"},
    {"Contact/suggest", "{'text': 'a'}"},
    {"TrustedSender/get", "{'ids': null}"},
    {"TrustedSender/changes", "{'sinceState': '1'}"},
    {"TrustedSender/set", "{'destroy': ['r1']}"},
    {"Note/get", "{'ids': null}"},
    {"Note/changes", "{'sinceState': '1'}"},
    {"Note/query", "{}"},
    {"Note/set", "{'destroy': ['n1']}"},
    {"Todo/get", "{'threadIds': ['t1']}"},
    {"Todo/changes", "{'sinceState': '1'}"},
    {"Todo/query", "{}"},
    {"Todo/set", "{'destroy': ['d1']}"},
    {"Person/get", "{'ids': null}"},
    {"Conversation/ties", "{'threadId': 't1'}"},
    {"Conversation/merge", "{'threadIds': ['t1', 't2']}"},
    {"Conversation/split", "{'emailIds': ['e1']}"},
    {"Signature/get", "{'ids': null}"},
    {"Signature/changes", "{'sinceState': '1'}"},
    {"Signature/set", "{'destroy': ['r1']}"},
    {"Template/get", "{'ids': null}"},
    {"Template/changes", "{'sinceState': '1'}"},
    {"Template/set", "{'destroy': ['l1']}"},
    {"Template/attach", "{'templateId': 'l1'}"},
    {"EmailView/get", "{'ids': ['e1']}"},
    {"ProviderTest/get", "{'ids': null}"},
    {"ProviderTest/set", "{'create': {}}"},
    {"User/get", "{'ids': null}"},
    {"User/set", "{'destroy': ['u999']}"},
    {"User/invite", "{'id': 'u999'}"},
    {"UserSession/get", "{'ids': null}"},
    {"UserSession/set", "{'destroy': ['s1']}"},
    {"ApiToken/get", "{'ids': null}"},
    {"ApiToken/set", "{'destroy': ['k1']}"},
    {"UserIdentity/get", "{'ids': null}"},
    {"UserIdentity/set", "{'destroy': ['microsoft']}"},
    {"AccountShare/get", "{'ids': null}"},
    {"AccountShare/set", "{'destroy': ['a1-u1']}"},
    {"AuditEntry/get", "{'ids': ['l1']}"},
    {"AuditEntry/query", "{}"},
    {"FleetAccount/get", "{'ids': null}"},
    {"FleetAccount/changes", "{'sinceState': '1'}"},
};

static const char *args_of(const char *method)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].method, method) == 0)
            return rows[i].args;
    g_error("%s has no row in this test", method);
    return NULL;
}

/* The response to one method on one account; "error/<type>" or the method's name. */
static char *outcome(struct jmap_fixture *t, struct store_principal *who, const char *method,
                     const char *account)
{
    json_t *args = jmap_fixture_json("%s", args_of(method)), *answer;
    char *text, *result;

    json_object_set_new(args, "accountId", json_string(account));
    text = json_dumps(args, 0);
    answer = jmap_fixture_ask(t, who, "[['%s', %s, '0']]", method, text);
    if (strcmp(jmap_text_at(answer, "methodResponses/0/0"), "error") == 0)
        result = json_dumps(jmap_at(answer, "methodResponses/0/1"), JSON_SORT_KEYS);
    else
        result = g_strdup(jmap_text_at(answer, "methodResponses/0/0"));
    free(text);
    json_decref(answer);
    json_decref(args);
    return result;
}

static void expect(struct jmap_fixture *t, struct store_principal *who, const char *method,
                   const char *account, const char *type)
{
    g_autofree char *result = outcome(t, who, method, account);
    g_autofree char *wanted = g_strdup_printf("{\"type\": \"%s\"}", type);

    if (strcmp(result, wanted) != 0)
        g_error("%s on %s: expected %s, got %s", method, account, wanted, result);
}

static void expect_allowed(struct jmap_fixture *t, struct store_principal *who, const char *method,
                           const char *account)
{
    g_autofree char *result = outcome(t, who, method, account);

    if (strstr(result, "account") != NULL || strstr(result, "serverFail") != NULL)
        g_error("%s on %s: %s", method, account, result);
}

struct people {
    struct jmap_fixture t;
    struct store_principal *other;
    char *account, *missing, *user, *other_user;
};

static void people_open(struct people *p)
{
    jmap_fixture_open(&p->t);
    p->other = fixture_user(&p->t.m.f, "bob@example.org");
    p->account = g_strdup_printf("a%" G_GINT64_FORMAT, p->t.m.account);
    p->missing = g_strdup_printf("a%" G_GINT64_FORMAT, p->t.m.account + 1000);
    p->user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(p->t.m.user));
    p->other_user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(p->other));
}

static void people_close(struct people *p)
{
    store_principal_unref(p->other);
    g_free(p->account);
    g_free(p->missing);
    g_free(p->user);
    g_free(p->other_user);
    jmap_fixture_close(&p->t);
}

/* Foreign and missing accounts answer with the very same bytes. */
static void expect_stranger(struct people *p)
{
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    for (size_t i = 0; i < count; i++) {
        if (methods[i].scope == JMAP_SCOPE_NONE)
            continue;
        expect(&p->t, p->other, methods[i].name, p->account, "accountNotFound");
        expect(&p->t, p->other, methods[i].name, p->missing, "accountNotFound");
        expect(&p->t, p->other, methods[i].name, p->user, "accountNotFound");
        expect(&p->t, p->other, methods[i].name, "u999", "accountNotFound");
    }
}

static void test_stranger(void)
{
    struct people p;

    people_open(&p);
    expect_stranger(&p);
    people_close(&p);
}

static void test_own_and_other_kind(void)
{
    struct people p;
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    people_open(&p);
    for (size_t i = 0; i < count; i++) {
        bool is_user = methods[i].scope == JMAP_SCOPE_USER;

        if (methods[i].scope == JMAP_SCOPE_NONE)
            continue;
        expect_allowed(&p.t, p.t.m.user, methods[i].name, is_user ? p.user : p.account);
        if (methods[i].scope == JMAP_SCOPE_MAIL) {
            expect_allowed(&p.t, p.t.m.user, methods[i].name, p.user);
            continue;
        }
        expect(&p.t, p.t.m.user, methods[i].name, is_user ? p.account : p.user,
               "accountNotSupportedByMethod");
    }
    people_close(&p);
}

static void test_read_only(void)
{
    struct people p;
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    people_open(&p);
    jmap_fixture_share(&p.t, p.other, STORE_READ);
    for (size_t i = 0; i < count; i++) {
        if (methods[i].scope != JMAP_SCOPE_MAILBOX && methods[i].scope != JMAP_SCOPE_MAIL)
            continue;
        if (methods[i].right == STORE_READ)
            expect_allowed(&p.t, p.other, methods[i].name, p.account);
        else
            expect(&p.t, p.other, methods[i].name, p.account, "accountReadOnly");
    }
    people_close(&p);
}

static void test_may_write_not_send(void)
{
    struct people p;

    people_open(&p);
    jmap_fixture_share(&p.t, p.other, STORE_READ | STORE_WRITE);
    expect(&p.t, p.other, "EmailSubmission/set", p.account, "forbidden");
    expect(&p.t, p.other, "Identity/set", p.account, "forbidden");
    expect_allowed(&p.t, p.other, "Email/set", p.account);
    people_close(&p);
}

static void test_revoked(void)
{
    struct people p;

    people_open(&p);
    jmap_fixture_share(&p.t, p.other, STORE_READ | STORE_WRITE | STORE_SEND);
    expect_allowed(&p.t, p.other, "Email/query", p.account);
    jmap_fixture_share(&p.t, p.other, 0);
    expect_stranger(&p);
    people_close(&p);
}

/* The person itself is gone: also their own account answers as if it never was. */
static void test_removed_user(void)
{
    struct people p;
    size_t count;
    const struct jmap_method *methods = jmap_methods(&count);

    people_open(&p);
    jmap_fixture_share(&p.t, p.other, STORE_READ | STORE_WRITE | STORE_SEND);
    g_assert_true(store_user_remove(p.t.m.f.store, "bob@example.org", NULL));
    for (size_t i = 0; i < count; i++) {
        if (methods[i].scope == JMAP_SCOPE_NONE)
            continue;
        expect(&p.t, p.other, methods[i].name, p.account, "accountNotFound");
        expect(&p.t, p.other, methods[i].name, p.other_user, "accountNotFound");
    }
    people_close(&p);
}

/* --- the other doors: upload, download, push, images --- */

static void expect_no_doors(struct people *p, const char *account, const char *blob)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) body = g_bytes_new_static("x", 1);
    g_autoptr(GBytes) answer = NULL;
    int status = 0;

    g_assert_null(jmap_download(p->t.jmap, p->other, account, blob, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_assert_cmpstr(error->message, ==, "no such file");
    g_clear_error(&error);
    g_assert_null(jmap_download_attachments(p->t.jmap, p->other, account, blob, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_assert_cmpstr(error->message, ==, "no such file");
    answer = jmap_upload(p->t.jmap, p->other, account, "text/plain", body, &status);
    g_assert_cmpint(status, ==, 404);
    g_assert_null(jmap_fixture_change(&p->t, p->other, p->t.m.account,
                                      0xffffu & ~(unsigned)STORE_ACCESS, NULL));
}

static void test_doors(void)
{
    struct people p;
    int64_t email;
    json_t *got;
    g_autofree char *blob = NULL, *part = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GBytes) answer = NULL;
    int status = 0;

    people_open(&p);
    email = jmap_fixture_put(&p.t, p.t.m.inbox, 1, 0, 1000,
                             "From: a@b.example\nSubject: x\n\nsecret\n");
    got = jmap_fixture_call(&p.t, "Email/get", "{'ids': ['e%" G_GINT64_FORMAT "']}", email);
    blob = g_strdup(jmap_text_at(got, "list/0/blobId"));
    part = g_strconcat(blob, "-1", NULL);
    json_decref(got);
    bytes = jmap_download(p.t.jmap, p.t.m.user, p.account, part, NULL);
    g_assert_nonnull(bytes);
    expect_no_doors(&p, p.account, blob);
    expect_no_doors(&p, p.account, part);
    expect_no_doors(&p, p.missing, blob);
    jmap_fixture_share(&p.t, p.other, STORE_READ);
    g_bytes_unref(bytes);
    bytes = jmap_download(p.t.jmap, p.other, p.account, part, NULL);
    g_assert_nonnull(bytes);
    answer = jmap_upload(p.t.jmap, p.other, p.account, "text/plain", bytes, &status);
    g_assert_cmpint(status, ==, 403);
    jmap_fixture_share(&p.t, p.other, 0);
    expect_no_doors(&p, p.account, blob);
    expect_no_doors(&p, p.account, part);
    people_close(&p);
}

/* An upload is its uploader's until an email holds it (RFC 8620, 6.1). */
static void test_foreign_upload(void)
{
    struct people p;
    g_autoptr(GBytes) body = g_bytes_new_static("From: x@y.example\r\n\r\nhidden", 28);
    g_autoptr(GBytes) answer = NULL;
    g_autofree char *blob = NULL;
    json_t *json, *parsed;
    int status = 0;

    people_open(&p);
    jmap_fixture_share(&p.t, p.other, STORE_READ | STORE_WRITE | STORE_SEND);
    answer = jmap_upload(p.t.jmap, p.other, p.account, "message/rfc822", body, &status);
    g_assert_cmpint(status, ==, 201);
    json = json_loadb(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), 0, NULL);
    blob = g_strdup(jmap_text_at(json, "blobId"));
    g_assert_null(jmap_download(p.t.jmap, p.t.m.user, p.account, blob, NULL));
    parsed = jmap_fixture_call(&p.t, "Email/parse", "{'blobIds': ['%s']}", blob);
    g_assert_cmpuint(json_array_size(jmap_at(parsed, "notFound")), ==, 1);
    json_decref(parsed);
    parsed = jmap_fixture_call(&p.t, "Email/set",
                               "{'create': {'k': {'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}, 'attachments':"
                               " [{'blobId': '%s', 'type': 'text/plain'}]}}}",
                               p.t.m.drafts, blob);
    g_assert_cmpstr(jmap_text_at(parsed, "notCreated/k/type"), ==, "blobNotFound");
    g_assert_cmpstr(jmap_text_at(parsed, "notCreated/k/notFound/0"), ==, blob);
    json_decref(parsed);
    json_decref(json);
    people_close(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jmap/access/stranger", test_stranger);
    g_test_add_func("/jmap/access/own-and-other-kind", test_own_and_other_kind);
    g_test_add_func("/jmap/access/read-only", test_read_only);
    g_test_add_func("/jmap/access/may-write-not-send", test_may_write_not_send);
    g_test_add_func("/jmap/access/revoked", test_revoked);
    g_test_add_func("/jmap/access/removed-user", test_removed_user);
    g_test_add_func("/jmap/access/doors", test_doors);
    g_test_add_func("/rfc8620/6.1/an-unused-upload-is-its-uploaders", test_foreign_upload);
    return g_test_run();
}

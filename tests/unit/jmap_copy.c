/* RFC 8621, 4.7, RFC 8620, 5.4 and 6.3: Email/copy, Blob/copy. */
#include "jmap_fixture.h"

/* The fixture's account, with mail, and another one of the same person. */
struct two {
    struct jmap_fixture t;
    int64_t to, inbox, archive; /* the other account and its mailboxes */
    char *email;                /* a mail in the fixture's inbox */
};

#define MESSAGE                                                                                    \
    "From: bea@example.org\nTo: ann@mail.example\nSubject: copied\nMessage-ID: <c1@example.org>\n" \
    "Date: Mon, 05 Feb 2024 10:20:30 +0000\n\nthe words\n"

static void two_open(struct two *w)
{
    int64_t own;

    jmap_fixture_open(&w->t);
    own = w->t.m.account;
    w->to = fixture_account(&w->t.m.f, w->t.m.user, "ann@second.example", "password");
    w->t.m.account = w->to;
    w->inbox = mail_mailbox(&w->t.m, "INBOX", MAIL_ROLE_INBOX);
    w->archive = mail_mailbox(&w->t.m, "Archive", MAIL_ROLE_ARCHIVE);
    w->t.m.account = own;
    w->email = g_strdup_printf("e%" G_GINT64_FORMAT,
                               jmap_fixture_put(&w->t, w->t.m.inbox, 1, MAIL_SEEN | MAIL_FLAGGED,
                                                1000, MESSAGE));
}

static void two_close(struct two *w)
{
    g_free(w->email);
    jmap_fixture_close(&w->t);
}

/* A call on the other account as a person. */
static json_t *ask_as(struct two *w, struct store_principal *who, const char *method,
                      const char *args)
{
    return jmap_fixture_ask(&w->t, who, "[['%s', {'accountId': 'a%" G_GINT64_FORMAT "', %s}, '0']]",
                            method, w->to, args);
}

static json_t *answer_of(json_t *whole)
{
    json_t *answer = json_incref(jmap_at(whole, "methodResponses/0/1"));

    json_decref(whole);
    return answer;
}

/* Email/copy from the fixture's account; create as in 'k': {…}, more: further arguments. */
static json_t *copy_all(struct two *w, const char *create, const char *more)
{
    g_autofree char *args =
        g_strdup_printf("'fromAccountId': 'a%" G_GINT64_FORMAT "', 'create': {%s}%s",
                        w->t.m.account, create, more);

    return ask_as(w, w->t.m.user, "Email/copy", args);
}

static json_t *copy(struct two *w, const char *create, const char *more)
{
    return answer_of(copy_all(w, create, more));
}

static char *entry(struct two *w, const char *more)
{
    return g_strdup_printf("'k': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}%s}",
                           w->email, w->inbox, more);
}

static json_t *get(struct two *w, int64_t account, const char *id)
{
    json_t *got = answer_of(jmap_fixture_ask(
        &w->t, w->t.m.user,
        "[['Email/get', {'accountId': 'a%" G_GINT64_FORMAT
        "', 'ids': ['%s'], 'fetchTextBodyValues': true, 'properties': ['keywords', 'mailboxIds',"
        " 'receivedAt', 'subject', 'bodyValues', 'size', 'blobId', 'threadId', 'header:X-A',"
        " 'header:Disposition-Notification-To']}, '0']]",
        account, id));
    json_t *email = json_object_get(got, "list");

    email = json_array_size(email) > 0 ? json_incref(json_array_get(email, 0)) : NULL;
    json_decref(got);
    return email;
}

/* Keywords and date are the original's where nothing else is said. */
static void test_copy(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer, *email, *original;

    create = entry(w, "");
    answer = copy(w, create, "");
    g_assert_true(jmap_has(answer, "fromAccountId"));
    g_assert_true(json_is_null(jmap_at(answer, "notCreated")));
    g_assert_cmpuint(json_object_size(jmap_at(answer, "created/k")), ==, 4);
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), !=, jmap_text_at(answer, "newState"));
    email = get(w, w->to, jmap_text_at(answer, "created/k/id"));
    jmap_assert_json(jmap_at(email, "keywords"), "{'$seen': true, '$flagged': true}");
    g_assert_cmpstr(jmap_text_at(email, "receivedAt"), ==, "1970-01-01T00:16:40Z");
    g_assert_cmpstr(jmap_text_at(email, "subject"), ==, "copied");
    g_assert_cmpstr(jmap_text_at(email, "bodyValues/1/value"), ==, "the words\n");
    g_assert_cmpstr(jmap_text_at(email, "threadId"), ==,
                    jmap_text_at(answer, "created/k/threadId"));
    g_assert_cmpstr(jmap_text_at(email, "blobId"), ==, jmap_text_at(answer, "created/k/blobId"));
    g_assert_cmpint(jmap_number_at(email, "size"), ==, jmap_number_at(answer, "created/k/size"));
    original = get(w, w->t.m.account, w->email);
    g_assert_nonnull(original);
    json_decref(original);
    json_decref(email);
    json_decref(answer);
}

static void test_other_properties(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer, *email;

    create = entry(w, ", 'keywords': {'$draft': true}, 'receivedAt': '2020-02-03T04:05:06Z'");
    answer = copy(w, create, "");
    email = get(w, w->to, jmap_text_at(answer, "created/k/id"));
    jmap_assert_json(jmap_at(email, "keywords"), "{'$draft': true}");
    g_assert_cmpstr(jmap_text_at(email, "receivedAt"), ==, "2020-02-03T04:05:06Z");
    json_decref(email);
    json_decref(answer);
}

static void expect_not_created(struct two *w, const char *create, const char *type)
{
    json_t *answer = copy(w, create, "");

    if (!jmap_has(answer, "notCreated/k/type") ||
        strcmp(jmap_text_at(answer, "notCreated/k/type"), type) != 0)
        g_error("%s: %s", create, json_dumps(answer, 0));
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, jmap_text_at(answer, "newState"));
    json_decref(answer);
}

static void test_set_errors(struct two *w)
{
    static const char *const wrong[] = {
        ", 'keywords': {'bad keyword': true}",
        ", 'keywords': 7",
        ", 'receivedAt': 'today'",
        ", 'subject': 'other'",
        ", 'header:X-A': 'other'",
    };
    g_autofree char *foreign = NULL, *without = NULL, *missing = NULL, *pending = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *create = entry(w, wrong[i]);

        expect_not_created(w, create, "invalidProperties");
    }
    /* A mailbox of the account it comes from is none of the other. */
    foreign = g_strdup_printf("'k': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}",
                              w->email, w->t.m.inbox);
    expect_not_created(w, foreign, "invalidProperties");
    without = g_strdup_printf("'k': {'id': '%s'}", w->email);
    expect_not_created(w, without, "invalidProperties");
    expect_not_created(w, "'k': {}", "invalidProperties");
    missing = g_strdup_printf("'k': {'id': 'e999', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}",
                              w->inbox);
    expect_not_created(w, missing, "notFound");
    pending =
        g_strdup_printf("'k': {'id': 'e%" G_GINT64_FORMAT "', 'mailboxIds': {'m%" G_GINT64_FORMAT
                        "': true}}",
                        jmap_fixture_put_pending(&w->t, w->t.m.inbox, 2, 1000, MESSAGE), w->inbox);
    expect_not_created(w, pending, "serverUnavailable");
}

/* RFC 8620, 5.4: each record succeeds or fails for itself. */
static void test_one_by_one(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer;

    create = g_strdup_printf("'k': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}},"
                             " 'l': {'id': 'e999', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}},"
                             " 'm': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}",
                             w->email, w->inbox, w->inbox, w->email, w->archive);
    answer = copy(w, create, "");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "created")), ==, 2);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notCreated")), ==, 1);
    json_decref(answer);
}

static void test_states(struct two *w)
{
    static const char *const conditions[] = {", 'ifInState': '1'", ", 'ifFromInState': '1'",
                                             ", 'ifInState': 'x'", ", 'ifFromInState': 'x'"};
    g_autofree char *create = NULL, *more = NULL;
    json_t *answer, *state;

    create = entry(w, "");
    for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++) {
        answer = copy(w, create, conditions[i]);
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "stateMismatch");
        json_decref(answer);
    }
    state = jmap_fixture_call(&w->t, "Email/get", "{'ids': []}");
    answer = answer_of(ask_as(w, w->t.m.user, "Email/get", "'ids': []"));
    more = g_strdup_printf(", 'ifInState': '%s', 'ifFromInState': '%s'",
                           jmap_text_at(answer, "state"), jmap_text_at(state, "state"));
    json_decref(state);
    json_decref(answer);
    answer = copy(w, create, more);
    g_assert_true(jmap_has(answer, "created/k/id"));
    json_decref(answer);
}

/* A single Email/set on the other account follows, for what was copied only. */
static void test_destroy_original(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer, *original;

    create = g_strdup_printf("'k': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}},"
                             " 'l': {'id': 'e999', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}},"
                             " 'm': {'id': '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}",
                             w->email, w->inbox, w->inbox, w->email, w->archive);
    answer = copy_all(w, create, ", 'onSuccessDestroyOriginal': true");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 2);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/0"), ==, "Email/copy");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "Email/set");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/2"), ==, "0");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/1/1/destroyed")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/destroyed/0"), ==, w->email);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/accountId"), ==,
                    jmap_text_at(answer, "methodResponses/0/1/fromAccountId"));
    original = get(w, w->t.m.account, w->email);
    g_assert_null(original);
    json_decref(answer);
    answer = copy_all(w, create, ", 'onSuccessDestroyOriginal': true");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses")), ==, 1);
    json_decref(answer);
}

static void test_destroy_condition(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer, *original;

    create = entry(w, "");
    answer = copy_all(w, create, ", 'onSuccessDestroyOriginal': true, 'destroyFromIfInState': '1'");
    g_assert_true(jmap_has(answer, "methodResponses/0/1/created/k/id"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/0"), ==, "error");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "stateMismatch");
    original = get(w, w->t.m.account, w->email);
    g_assert_nonnull(original);
    json_decref(original);
    json_decref(answer);
}

/* As at an import: a service would answer them. */
static void test_receipt_requests(struct two *w)
{
    g_autofree char *create = NULL;
    json_t *answer, *email;

    g_free(w->email);
    w->email =
        g_strdup_printf("e%" G_GINT64_FORMAT,
                        jmap_fixture_put(&w->t, w->t.m.inbox, 2, 0, 1000,
                                         "From: bea@example.org\nDisposition-Notification-To:\n"
                                         " bea@example.org\nX-A: stays\n\nx\n"));
    create = entry(w, "");
    answer = copy(w, create, "");
    email = get(w, w->to, jmap_text_at(answer, "created/k/id"));
    g_assert_cmpstr(jmap_text_at(email, "header:X-A"), ==, " stays");
    g_assert_true(json_is_null(jmap_at(email, "header:Disposition-Notification-To")));
    json_decref(email);
    json_decref(answer);
}

/* --- both accounts must be the person's --- */

static void expect_type(struct two *w, struct store_principal *who, const char *method,
                        const char *from, const char *type)
{
    g_autofree char *args = strcmp(method, "Blob/copy") == 0
                                ? g_strdup_printf("'fromAccountId': '%s', 'blobIds': []", from)
                                : g_strdup_printf("'fromAccountId': '%s', 'create': {}", from);
    json_t *answer = answer_of(ask_as(w, who, method, args));

    if (!jmap_has(answer, "type") || strcmp(jmap_text_at(answer, "type"), type) != 0)
        g_error("%s from %s: %s", method, from, json_dumps(answer, 0));
    json_decref(answer);
}

static void share_other(struct two *w, struct store_principal *who, unsigned rights)
{
    int64_t own = w->t.m.account;

    w->t.m.account = w->to;
    jmap_fixture_share(&w->t, who, rights);
    w->t.m.account = own;
}

static void test_accounts(struct two *w)
{
    static const char *const methods[] = {"Email/copy", "Blob/copy"};
    struct store_principal *bob;
    g_autofree char *from = NULL, *to = NULL, *user = NULL;

    bob = fixture_user(&w->t.m.f, "bob@example.org");
    from = g_strdup_printf("a%" G_GINT64_FORMAT, w->t.m.account);
    to = g_strdup_printf("a%" G_GINT64_FORMAT, w->to);
    user = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(w->t.m.user));
    share_other(w, bob, STORE_READ | STORE_WRITE);
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        expect_type(w, w->t.m.user, methods[i], to, "invalidArguments");
        expect_type(w, w->t.m.user, methods[i], "a999", "fromAccountNotFound");
        expect_type(w, w->t.m.user, methods[i], "u999", "fromAccountNotFound");
        expect_type(w, w->t.m.user, methods[i], "x", "fromAccountNotFound");
        /* Foreign and missing are alike. */
        expect_type(w, bob, methods[i], from, "fromAccountNotFound");
        expect_type(w, bob, methods[i], user, "fromAccountNotFound");
        share_other(w, bob, STORE_READ);
        expect_type(w, bob, methods[i], from, "accountReadOnly");
        share_other(w, bob, STORE_READ | STORE_WRITE);
    }
    store_principal_unref(bob);
}

/* Who may only read there copies, but destroys nothing. */
static void test_read_only_source(struct two *w)
{
    struct store_principal *bob;
    g_autofree char *create = NULL, *args = NULL;
    json_t *answer, *original;

    bob = fixture_user(&w->t.m.f, "bob@example.org");
    share_other(w, bob, STORE_READ | STORE_WRITE);
    jmap_fixture_share(&w->t, bob, STORE_READ);
    create = entry(w, "");
    args = g_strdup_printf("'fromAccountId': 'a%" G_GINT64_FORMAT
                           "', 'create': {%s}, 'onSuccessDestroyOriginal': true",
                           w->t.m.account, create);
    answer = ask_as(w, bob, "Email/copy", args);
    g_assert_true(jmap_has(answer, "methodResponses/0/1/created/k/id"));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "accountReadOnly");
    original = get(w, w->t.m.account, w->email);
    g_assert_nonnull(original);
    json_decref(original);
    json_decref(answer);
    store_principal_unref(bob);
}

/* --- blobs --- */

static json_t *copy_blobs(struct two *w, const char *ids)
{
    g_autofree char *args =
        g_strdup_printf("'fromAccountId': 'a%" G_GINT64_FORMAT "', 'blobIds': [%s]", w->t.m.account,
                        ids);

    return answer_of(ask_as(w, w->t.m.user, "Blob/copy", args));
}

static void expect_bytes(struct two *w, const char *blob, const char *wanted)
{
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, w->to);
    g_autoptr(GBytes) bytes = jmap_download(w->t.jmap, w->t.m.user, account, blob, NULL);

    g_assert_nonnull(bytes);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, strlen(wanted));
    g_assert_true(memcmp(g_bytes_get_data(bytes, NULL), wanted, strlen(wanted)) == 0);
}

static void test_blobs(struct two *w)
{
    json_t *email, *answer;
    g_autofree char *part = NULL, *ids = NULL;

    email = get(w, w->t.m.account, w->email);
    part = g_strconcat(jmap_text_at(email, "blobId"), "-1", NULL);
    ids = g_strdup_printf("'%s', '%s', '%s', 'b999', 'nonsense'", part,
                          jmap_text_at(email, "blobId"), part);
    answer = copy_blobs(w, ids);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "copied")), ==, 2);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notCopied")), ==, 2);
    g_assert_cmpstr(jmap_text_at(answer, "notCopied/b999/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(answer, "notCopied/nonsense/type"), ==, "notFound");
    expect_bytes(w, json_string_value(json_object_get(jmap_at(answer, "copied"), part)),
                 "the words\r\n");
    json_decref(answer);
    json_decref(email);
    answer = copy_blobs(w, "");
    g_assert_true(json_is_null(jmap_at(answer, "copied")));
    g_assert_true(json_is_null(jmap_at(answer, "notCopied")));
    json_decref(answer);
}

/* RFC 8620, 6.1: what another one uploaded there is not found. */
static void test_foreign_blob(struct two *w)
{
    struct store_principal *bob;
    g_autofree char *account = NULL, *ids = NULL;
    g_autoptr(GBytes) body = g_bytes_new_static("secret", 6);
    g_autoptr(GBytes) uploaded = NULL;
    json_t *upload, *answer;
    int status = 0;

    bob = fixture_user(&w->t.m.f, "bob@example.org");
    jmap_fixture_share(&w->t, bob, STORE_READ | STORE_WRITE);
    account = g_strdup_printf("a%" G_GINT64_FORMAT, w->t.m.account);
    uploaded = jmap_upload(w->t.jmap, bob, account, "text/plain", body, &status);
    g_assert_cmpint(status, ==, 201);
    upload = json_loadb(g_bytes_get_data(uploaded, NULL), g_bytes_get_size(uploaded), 0, NULL);
    ids = g_strdup_printf("'%s'", jmap_text_at(upload, "blobId"));
    answer = copy_blobs(w, ids);
    g_assert_true(json_is_null(jmap_at(answer, "copied")));
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notCopied")), ==, 1);
    json_decref(answer);
    json_decref(upload);
    store_principal_unref(bob);
}

/* A case that begins with two accounts of its own. */
static const struct two_case {
    const char *name;
    void (*run)(struct two *w);
} cases[] = {
    {"/rfc8621/4.7/copy", test_copy},
    {"/rfc8621/4.7/other-properties", test_other_properties},
    {"/rfc8621/4.7/set-errors", test_set_errors},
    {"/rfc8621/4.7/receipt-requests", test_receipt_requests},
    {"/rfc8620/5.4/one-by-one", test_one_by_one},
    {"/rfc8620/5.4/states", test_states},
    {"/rfc8620/5.4/destroy-original", test_destroy_original},
    {"/rfc8620/5.4/destroy-condition", test_destroy_condition},
    {"/rfc8620/5.4/accounts", test_accounts},
    {"/rfc8620/5.4/read-only-source", test_read_only_source},
    {"/rfc8620/6.3/blobs", test_blobs},
    {"/rfc8620/6.3/foreign-blob", test_foreign_blob},
};

static void run_case(gconstpointer data)
{
    const struct two_case *one = data;
    struct two w;

    two_open(&w);
    one->run(&w);
    two_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].name, &cases[i], run_case);
    return g_test_run();
}

/* RFC 8620, 5.6 with RFC 8621, 2.4, 4.5 and 7.4: /queryChanges. That lists of every filter and sort
 * are kept by it is held in store_query_changes.c. */
#include "jmap_fixture.h"

static char *state_of(struct jmap_fixture *t, const char *method, const char *args)
{
    json_t *answer = jmap_fixture_call(t, method, "%s", args);
    char *state = g_strdup(jmap_text_at(answer, "queryState"));

    g_assert_true(json_is_true(jmap_at(answer, "canCalculateChanges")));
    json_decref(answer);
    return state;
}

/* args: members after the first, or "". */
static json_t *changes_since(struct jmap_fixture *t, const char *method, const char *state,
                             const char *args)
{
    return jmap_fixture_call(t, method, "{'sinceQueryState': '%s'%s}", state, args);
}

static int64_t put(struct jmap_fixture *t, uint32_t uid, int64_t received_at, const char *id,
                   const char *reply_to)
{
    g_autofree char *message = g_strdup_printf("From: Zoe <zoe@example.org>\nMessage-ID: <%s@x>\n"
                                               "References: <%s@x>\nSubject: one\n\ntext\n",
                                               id, reply_to != NULL ? reply_to : id);

    return jmap_fixture_put(t, t->m.inbox, uid, 0, received_at, message);
}

static void expect_changes(json_t *answer, const char *removed, const char *added)
{
    g_autofree char *all = json_dumps(answer, 0);

    g_test_message("%s", all);
    jmap_assert_json(jmap_at(answer, "removed"), removed);
    jmap_assert_json(jmap_at(answer, "added"), added);
    json_decref(answer);
}

static void test_shape(void)
{
    struct jmap_fixture t;
    g_autofree char *state = NULL, *now = NULL, *added = NULL;
    int64_t id;
    json_t *answer;

    jmap_fixture_open(&t);
    put(&t, 1, 1000, "a", NULL);
    put(&t, 2, 3000, "b", NULL);
    state = state_of(&t, "Email/query", "{}");
    answer = changes_since(&t, "Email/queryChanges", state, "");
    g_assert_cmpstr(jmap_text_at(answer, "accountId"), !=, "");
    g_assert_cmpstr(jmap_text_at(answer, "oldQueryState"), ==, state);
    g_assert_cmpstr(jmap_text_at(answer, "newQueryState"), ==, state);
    g_assert_false(jmap_has(answer, "total"));
    expect_changes(answer, "[]", "[]");
    id = put(&t, 3, 2000, "c", NULL);
    now = state_of(&t, "Email/query", "{}");
    added = g_strdup_printf("[{'id': 'e%" G_GINT64_FORMAT "', 'index': 1}]", id);
    answer = changes_since(&t, "Email/queryChanges", state, ", 'calculateTotal': true");
    g_assert_cmpstr(jmap_text_at(answer, "newQueryState"), ==, now);
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 3);
    expect_changes(answer, "[]", added);
    jmap_fixture_close(&t);
}

static void expect_error(struct jmap_fixture *t, const char *state, const char *args,
                         const char *type)
{
    json_t *answer = changes_since(t, "Email/queryChanges", state, args);

    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, type);
    json_decref(answer);
}

static void test_errors(void)
{
    struct jmap_fixture t;
    g_autofree char *state = NULL;
    json_t *answer;

    jmap_fixture_open(&t);
    state = state_of(&t, "Email/query", "{}");
    put(&t, 1, 1000, "a", NULL);
    put(&t, 2, 2000, "b", NULL);
    expect_error(&t, "999999", "", "cannotCalculateChanges");
    expect_error(&t, "0", "", "cannotCalculateChanges");
    expect_error(&t, "nonsense", "", "cannotCalculateChanges");
    expect_error(&t, state, ", 'maxChanges': 1", "tooManyChanges");
    expect_error(&t, state, ", 'maxChanges': 0", "tooManyChanges");
    expect_error(&t, state, ", 'maxChanges': -1", "invalidArguments");
    expect_error(&t, state, ", 'filter': {'nonsense': 1}", "unsupportedFilter");
    expect_error(&t, state, ", 'sort': [{'property': 'nonsense'}]", "unsupportedSort");
    answer = changes_since(&t, "Email/queryChanges", state, ", 'maxChanges': 2");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "added")), ==, 2);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/queryChanges", "{}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "invalidArguments");
    json_decref(answer);
    jmap_fixture_close(&t);
}

/* Filter and sort of what never changes: nothing after it, and no flags. */
static void test_up_to_id(void)
{
    struct jmap_fixture t;
    g_autofree char *state = NULL, *up_to = NULL, *in_inbox = NULL, *newest = NULL, *both = NULL;
    int64_t middle, first, last;

    jmap_fixture_open(&t);
    put(&t, 1, 1000, "a", NULL);
    middle = put(&t, 2, 2000, "b", NULL);
    state = state_of(&t, "Email/query", "{}");
    first = put(&t, 3, 3000, "c", NULL);
    last = put(&t, 4, 500, "d", NULL);
    mail_flags(&t.m, t.m.inbox, 1, MAIL_SEEN);
    up_to = g_strdup_printf(", 'upToId': 'e%" G_GINT64_FORMAT "'", middle);
    in_inbox = g_strdup_printf("%s, 'filter': {'inMailbox': 'm%" G_GINT64_FORMAT
                               "', 'notKeyword': '$flagged'}, 'maxChanges': 4",
                               up_to, t.m.inbox);
    newest = g_strdup_printf("[{'id': 'e%" G_GINT64_FORMAT "', 'index': 0}]", first);
    both = g_strdup_printf("[{'id': 'e%" G_GINT64_FORMAT "', 'index': 0},"
                           " {'id': 'e%" G_GINT64_FORMAT "', 'index': 3}]",
                           first, last);
    expect_changes(changes_since(&t, "Email/queryChanges", state, up_to), "[]", newest);
    expect_changes(changes_since(&t, "Email/queryChanges", state, ""), "[]", both);
    expect_changes(changes_since(&t, "Email/queryChanges", state, ", 'upToId': 'e4711'"), "[]",
                   both);
    /* What may change takes part however far down it is. */
    json_t *answer = changes_since(&t, "Email/queryChanges", state, in_inbox);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "removed")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "added")), ==, 3);
    json_decref(answer);
    jmap_fixture_close(&t);
}

/* RFC 8621, 4.5: with collapseThreads a newer mail takes the place of the one that was listed. */
static void test_collapsed(void)
{
    struct jmap_fixture t;
    g_autofree char *state = NULL, *removed = NULL, *added = NULL;
    int64_t old, fresh;

    jmap_fixture_open(&t);
    old = put(&t, 1, 1000, "a", NULL);
    put(&t, 2, 2000, "b", NULL);
    state = state_of(&t, "Email/query", "{'collapseThreads': true}");
    fresh = put(&t, 3, 3000, "c", "a");
    removed = g_strdup_printf("['e%" G_GINT64_FORMAT "']", old);
    added = g_strdup_printf("[{'id': 'e%" G_GINT64_FORMAT "', 'index': 0}]", fresh);
    json_t *answer = changes_since(&t, "Email/queryChanges", state,
                                   ", 'collapseThreads': true, 'calculateTotal': true");
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 2);
    expect_changes(answer, removed, added);
    jmap_fixture_close(&t);
}

/* A list kept by changes alone against the list of now. */
static void expect_kept(struct jmap_fixture *t, const char *type, json_t *list, const char *state,
                        const char *args)
{
    g_autofree char *query = g_strconcat(type, "/query", NULL);
    g_autofree char *changes = g_strconcat(type, "/queryChanges", NULL);
    json_t *answer = jmap_fixture_call(t, changes, "{'sinceQueryState': '%s', %s}", state, args);
    json_t *now = jmap_fixture_call(t, query, "{%s}", args), *item;
    size_t i, j;

    json_array_foreach(jmap_at(answer, "removed"), i,
                       item) for (j = json_array_size(list); j > 0;
                                  j--) if (json_equal(json_array_get(list, j - 1), item))
        json_array_remove(list, j - 1);
    json_array_foreach(jmap_at(answer, "added"), i, item)
        json_array_insert(list, (size_t)jmap_number_at(item, "index"), jmap_at(item, "id"));
    if (!json_equal(list, jmap_at(now, "ids")))
        g_error("%s: %s: %s is kept, %s is true", args, json_dumps(answer, 0), json_dumps(list, 0),
                json_dumps(now, 0));
    g_assert_cmpstr(jmap_text_at(answer, "newQueryState"), ==, jmap_text_at(now, "queryState"));
    json_decref(answer);
    json_decref(now);
}

static const char *const mailbox_lists[] = {
    "'sort': [{'property': 'name'}]",
    "'sort': [{'property': 'name'}], 'sortAsTree': true",
    "'filter': {'name': 'a'}, 'filterAsTree': true",
    "'filter': {'isSubscribed': true}, 'sort': [{'property': 'sortOrder', 'isAscending': false}]",
    "'filter': {'parentId': null}, 'calculateTotal': true",
    ("'filter': {'hasAnyRole': false}, 'filterAsTree': true, 'sortAsTree': true,"
     " 'sort': [{'property': 'name', 'isAscending': false}]"),
};

static char *mailbox_create(struct jmap_fixture *t, const char *name, const char *parent)
{
    json_t *answer =
        jmap_fixture_call(t, "Mailbox/set", "{'create': {'k': {'name': '%s', 'parentId': %s}}}",
                          name, parent);
    char *id = g_strdup_printf("'%s'", jmap_text_at(answer, "created/k/id"));

    json_decref(answer);
    return id;
}

static void mailbox_set(struct jmap_fixture *t, const char *format, const char *id)
{
    g_autofree char *args = g_strdup_printf("{'update': {%s: {%s}}}", id, format);
    json_t *answer = jmap_fixture_call(t, "Mailbox/set", "%s", args);

    g_assert_true(json_is_object(jmap_at(answer, "updated")));
    json_decref(answer);
}

/* Edits between two looks at the lists. */
static void edit_mailboxes(struct jmap_fixture *t, int step, char **tops, char **below)
{
    g_autofree char *move = g_strdup_printf("'parentId': %s", tops[1]);
    g_autofree char *destroy = g_strdup_printf("{'destroy': [%s]}", below[1]);

    if (step == 0)
        mailbox_set(t, "'name': 'zzz'", tops[0]); /* the ones below go with it */
    else if (step == 1)
        mailbox_set(t, move, below[0]);
    else if (step == 2)
        g_free(mailbox_create(t, "another", tops[1]));
    else if (step == 3)
        json_decref(jmap_fixture_call(t, "Mailbox/set", "%s", destroy));
    else if (step == 4)
        mailbox_set(t, "'isSubscribed': false, 'sortOrder': 3", tops[1]);
    else if (step == 5)
        put(t, 77, 1000, "counts", NULL);
    else
        mailbox_set(t, "'name': 'aaa'", tops[0]);
}

static void test_mailboxes(void)
{
    struct jmap_fixture t;
    char *tops[2], *below[2];

    jmap_fixture_open(&t);
    tops[0] = mailbox_create(&t, "alpha", "null");
    tops[1] = mailbox_create(&t, "beta", "null");
    below[0] = mailbox_create(&t, "gamma", tops[0]);
    below[1] = mailbox_create(&t, "delta", tops[0]);
    for (int step = 0; step < 7; step++) {
        json_t *before[G_N_ELEMENTS(mailbox_lists)];

        for (size_t i = 0; i < G_N_ELEMENTS(mailbox_lists); i++)
            before[i] = jmap_fixture_call(&t, "Mailbox/query", "{%s}", mailbox_lists[i]);
        edit_mailboxes(&t, step, tops, below);
        for (size_t i = 0; i < G_N_ELEMENTS(mailbox_lists); i++) {
            expect_kept(&t, "Mailbox", jmap_at(before[i], "ids"),
                        jmap_text_at(before[i], "queryState"), mailbox_lists[i]);
            json_decref(before[i]);
        }
    }
    for (int i = 0; i < 2; i++) {
        g_free(tops[i]);
        g_free(below[i]);
    }
    jmap_fixture_close(&t);
}

/* New mail changes counts, and no list of mailboxes. */
static void test_counts(void)
{
    struct jmap_fixture t;
    g_autofree char *state = NULL;

    jmap_fixture_open(&t);
    state = state_of(&t, "Mailbox/query", "{}");
    put(&t, 1, 1000, "a", NULL);
    expect_changes(changes_since(&t, "Mailbox/queryChanges", state, ""), "[]", "[]");
    jmap_fixture_close(&t);
}

/* --- submissions */

static char *submit(struct jmap_fixture *t, int64_t email)
{
    json_t *who = jmap_fixture_call(t, "Identity/get", "{}"), *answer;
    char *id;

    answer = jmap_fixture_call(t, "EmailSubmission/set",
                               "{'create': {'k': {'emailId': 'e%" G_GINT64_FORMAT
                               "', 'identityId': '%s', 'envelope': {'mailFrom': {'email': "
                               "'ann@mail.example'},"
                               " 'rcptTo': [{'email': 'bob@example.org'}]}}}}",
                               email, jmap_text_at(who, "list/0/id"));
    id = g_strdup(jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    json_decref(who);
    return id;
}

static int64_t put_own(struct jmap_fixture *t, uint32_t uid, const char *id, const char *reply_to)
{
    g_autofree char *message =
        g_strdup_printf("From: ann@mail.example\nTo: bob@example.org\nMessage-ID: <%s@x>\n"
                        "Date: Thu, 1 Jan 2026 00:00:00 +0000\n"
                        "References: <%s@x>\nSubject: one\n\ntext\n",
                        id, reply_to != NULL ? reply_to : id);

    return jmap_fixture_put(t, t->m.drafts, uid, 0, 1000 + uid, message);
}

static const char *const submission_lists[] = {
    "'filter': {'undoStatus': 'pending'}",
    "'sort': [{'property': 'sentAt', 'isAscending': false}]",
    ("'filter': {'operator': 'NOT', 'conditions': [{'undoStatus': 'canceled'}]},"
     " 'sort': [{'property': 'emailId'}], 'calculateTotal': true"),
    "'sort': [{'property': 'threadId'}]",
};

static void edit_submissions(struct jmap_fixture *t, int step, int64_t email, const char *first)
{
    if (step == 0)
        g_free(submit(t, email));
    else if (step == 1)
        json_decref(jmap_fixture_call(t, "EmailSubmission/set",
                                      "{'update': {'%s': {'undoStatus': 'canceled'}}}", first));
    else
        put_own(t, 9, "b", "a"); /* makes one thread of two: emails have new ids */
}

static void test_submissions(void)
{
    struct jmap_fixture t;
    g_autofree char *first = NULL, *second = NULL;
    int64_t older, newer;

    jmap_fixture_open(&t);
    older = put_own(&t, 1, "a", NULL);
    newer = put_own(&t, 2, "c", "b");
    first = submit(&t, older);
    second = submit(&t, newer);
    for (int step = 0; step < 3; step++) {
        json_t *before[G_N_ELEMENTS(submission_lists)];

        for (size_t i = 0; i < G_N_ELEMENTS(submission_lists); i++)
            before[i] = jmap_fixture_call(&t, "EmailSubmission/query", "{%s}", submission_lists[i]);
        edit_submissions(&t, step, newer, first);
        for (size_t i = 0; i < G_N_ELEMENTS(submission_lists); i++) {
            expect_kept(&t, "EmailSubmission", jmap_at(before[i], "ids"),
                        jmap_text_at(before[i], "queryState"), submission_lists[i]);
            json_decref(before[i]);
        }
    }
    jmap_fixture_close(&t);
}

/* The emailId of a submission is another one when threads were merged: its clients are told. */
static void test_renewed_email(void)
{
    struct jmap_fixture t;
    g_autofree char *id = NULL;
    json_t *before, *answer;
    int64_t email;

    jmap_fixture_open(&t);
    put_own(&t, 1, "a", NULL);
    email = put_own(&t, 2, "c", "b");
    id = submit(&t, email);
    before = jmap_fixture_call(&t, "EmailSubmission/get", "{'ids': ['%s']}", id);
    put_own(&t, 9, "b", "a");
    answer = jmap_fixture_call(&t, "EmailSubmission/get", "{'ids': ['%s']}", id);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/emailId"), !=,
                    jmap_text_at(before, "list/0/emailId"));
    json_decref(answer);
    answer = jmap_fixture_call(&t, "EmailSubmission/changes", "{'sinceState': '%s'}",
                               jmap_text_at(before, "state"));
    g_assert_cmpuint(json_array_size(jmap_at(answer, "updated")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "updated/0"), ==, id);
    json_decref(answer);
    json_decref(before);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/5.6/shape", test_shape);
    g_test_add_func("/rfc8620/5.6/errors", test_errors);
    g_test_add_func("/rfc8620/5.6/up-to-id", test_up_to_id);
    g_test_add_func("/rfc8621/4.5/collapsed", test_collapsed);
    g_test_add_func("/rfc8621/2.4/lists-are-kept", test_mailboxes);
    g_test_add_func("/rfc8621/2.4/counts-change-no-list", test_counts);
    g_test_add_func("/rfc8621/7.4/lists-are-kept", test_submissions);
    g_test_add_func("/rfc8621/7.2/renewed-email", test_renewed_email);
    return g_test_run();
}

/* The unified account over JMAP (docs/jmap.md): what a client finds in it and changes through it.
 */
#include "jmap_three.h"

/* --- what is there --- */

static void test_session(struct three *w)
{
    g_autoptr(GError) error = NULL;
    json_t *session = jmap_session(w->t.jmap, w->t.m.user, &error);
    json_t *own = jmap_at(session, "accounts/u1");

    g_assert_cmpstr(jmap_text_at(own, "name"), ==, "All accounts");
    g_assert_true(json_is_true(jmap_at(own, "isPersonal")));
    g_assert_true(json_is_false(jmap_at(own, "isReadOnly")));
    g_assert_true(jmap_has(own, "accountCapabilities/urn:ietf:params:jmap:mail"));
    g_assert_true(jmap_has(own, "accountCapabilities/urn:ietf:params:jmap:submission"));
    g_assert_cmpstr(jmap_text_at(session, "primaryAccounts/urn:ietf:params:jmap:mail"), ==, "a1");
    json_decref(session);
}

static void test_mailboxes(struct three *w)
{
    json_t *answer = ask(w, "Mailbox/get", "'ids': null"), *list = jmap_at(answer, "list");
    json_t *inbox = mailbox_named(list, "Inbox"),
           *above = mailbox_named(list, "second@mail.example");
    json_t *real, *item;
    size_t i;

    g_assert_cmpstr(jmap_text_at(inbox, "role"), ==, "inbox");
    g_assert_cmpint(jmap_number_at(inbox, "totalEmails"), ==, 3);
    g_assert_cmpint(jmap_number_at(inbox, "unreadThreads"), ==, 3);
    g_assert_true(json_is_true(jmap_at(inbox, "myRights/mayAddItems")));
    g_assert_true(json_is_false(jmap_at(inbox, "myRights/mayRename")));
    g_assert_true(json_is_null(jmap_at(above, "role")));
    g_assert_true(json_is_false(jmap_at(above, "myRights/mayAddItems")));
    real = mailbox_named(list, "Old");
    g_assert_true(json_is_null(jmap_at(real, "role")));
    json_array_foreach(list, i, item)
    {
        g_autofree char *id = id_of('m', w->shared.inbox);

        if (strcmp(jmap_text_at(item, "id"), id) != 0)
            continue;
        g_assert_true(json_is_false(jmap_at(item, "myRights/maySetSeen")));
        g_assert_cmpstr(jmap_text_at(item, "parentId"), ==,
                        jmap_text_at(mailbox_named(list, "shared@mail.example"), "id"));
    }
    json_decref(answer);
    expect_size(ask(w, "Mailbox/query", "'filter': {'role': 'archive'}"), "ids", 1);
}

static void test_query_and_get(struct three *w)
{
    json_t *answer, *email;
    g_autofree char *wanted = g_strdup_printf("['e%" G_GINT64_FORMAT "', 'e%" G_GINT64_FORMAT
                                              "', 'e%" G_GINT64_FORMAT "']",
                                              w->own_email, w->second_email, w->shared_email);
    g_autofree char *real = id_of('m', w->shared.inbox);

    answer = ask(w, "Email/query", "'filter': {'inMailbox': 'm-1'}, 'calculateTotal': true");
    jmap_assert_json(jmap_at(answer, "ids"), wanted);
    g_assert_cmpint(jmap_number_at(answer, "total"), ==, 3);
    json_decref(answer);
    answer = askf(w, "Email/get", "'ids': ['e%" G_GINT64_FORMAT "']", w->shared_email);
    email = jmap_at(answer, "list/0");
    g_assert_cmpstr(jmap_text_at(email, "subject"), ==, "shared");
    g_assert_cmpuint(json_object_size(jmap_at(email, "mailboxIds")), ==, 2);
    g_assert_true(jmap_has(email, "mailboxIds/m-1"));
    g_assert_nonnull(json_object_get(jmap_at(email, "mailboxIds"), real));
    json_decref(answer);
    expect_size(ask(w, "Email/query", "'filter': {'inMailboxOtherThan': ['m-1']}"), "ids", 0);
}

static void test_threads_and_snippets(struct three *w)
{
    json_t *answer =
        askf(w, "Email/get", "'ids': ['e%" G_GINT64_FORMAT "'], 'properties': ['threadId']",
             w->second_email);
    g_autofree char *thread = g_strdup(jmap_text_at(answer, "list/0/threadId"));
    g_autofree char *email = id_of('e', w->second_email);

    json_decref(answer);
    expect_text(askf(w, "Thread/get", "'ids': ['%s']", thread), "list/0/emailIds/0", email);
    answer = askf(w, "SearchSnippet/get", "'filter': {'text': 'cake'}, 'emailIds': ['%s']", email);
    g_assert_nonnull(strstr(jmap_text_at(answer, "list/0/preview"), "<mark>cake</mark>"));
    json_decref(answer);
    expect_size(ask(w, "Email/query", "'filter': {'text': 'plum'}"), "ids", 2);
}

static void test_download(struct three *w)
{
    g_autoptr(GError) error = NULL;
    json_t *answer = askf(w, "Email/get", "'ids': ['e%" G_GINT64_FORMAT "']", w->shared_email);
    g_autofree char *blob = g_strdup(jmap_text_at(answer, "list/0/blobId"));
    g_autoptr(GBytes) bytes = jmap_download(w->t.jmap, w->t.m.user, "u1", blob, &error);

    json_decref(answer);
    g_assert_nonnull(bytes);
    share(w, w->t.m.user, 0);
    g_assert_null(jmap_download(w->t.jmap, w->t.m.user, "u1", blob, NULL));
    g_assert_null(jmap_download(w->t.jmap, w->owner, "u1", blob, NULL));
}

/* What was uploaded to the unified account is its uploader's, and is in no other account. */
static void test_upload(struct three *w)
{
    g_autoptr(GBytes) body = g_bytes_new_static("some text", 9);
    g_autoptr(GBytes) answer = NULL, read = NULL;
    g_autofree char *blob = NULL, *other = NULL;
    json_t *json;
    int status = 0;

    answer = jmap_upload(w->t.jmap, w->t.m.user, "u1", "text/plain", body, &status);
    g_assert_cmpint(status, ==, 201);
    json = json_loadb(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), 0, NULL);
    blob = g_strdup(jmap_text_at(json, "blobId"));
    json_decref(json);
    read = jmap_download(w->t.jmap, w->t.m.user, "u1", blob, NULL);
    g_assert_nonnull(read);
    g_assert_null(jmap_download(w->t.jmap, w->t.m.user, "a1", blob, NULL));
    other = id_of('u', store_principal_user(w->owner));
    g_assert_null(jmap_download(w->t.jmap, w->owner, other, blob, NULL));
    json = jmap_fixture_call(&w->t, "Blob/copy",
                             "{'accountId': 'a1', 'fromAccountId': 'u1', 'blobIds': ['%s']}", blob);
    g_assert_nonnull(json_object_get(jmap_at(json, "copied"), blob));
    json_decref(json);
}

/* --- set --- */

/* Into a role's mailbox is into the account's own of that role. */
static void test_move_by_role(struct three *w)
{
    g_autofree char *archive = id_of('m', w->second.archive);
    g_autofree char *inbox = id_of('m', w->second.inbox);

    expect_update(w, w->second_email, "'mailboxIds/m-1': null, 'mailboxIds/m-6': true", "");
    g_assert_true(is_in(w, "a2", w->second_email, archive));
    g_assert_false(is_in(w, "a2", w->second_email, inbox));
    g_assert_true(is_in(w, "u1", w->second_email, "m-6"));
    g_assert_false(is_in(w, "a2", w->second_email, "m-6"));
    expect_update(w, w->second_email, "'mailboxIds': {'m-1': true}", "");
    g_assert_true(is_in(w, "a2", w->second_email, inbox));
    expect_update(w, w->second_email, "'mailboxIds/m-4': true", "invalidProperties"); /* no trash */
    /* In a member there are no mailboxes of roles. */
    expect_size(jmap_fixture_call(&w->t, "Email/set",
                                  "{'accountId': 'a2', 'update': {'e%" G_GINT64_FORMAT
                                  "': {'mailboxIds/m-6': true}}}",
                                  w->second_email),
                "notUpdated", 1);
}

static void test_move_between_accounts(struct three *w)
{
    g_autofree char *id = id_of('e', w->own_email);
    json_t *answer =
        askf(w, "Email/set", "'update': {'%s': {'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}}",
             id, w->second.inbox);
    json_t *error = json_object_get(jmap_at(answer, "notUpdated"), id);

    g_assert_cmpstr(jmap_text_at(error, "type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(error, "properties/0"), ==, "mailboxIds");
    g_assert_nonnull(strstr(jmap_text_at(error, "description"), "Email/copy"));
    json_decref(answer);
    answer = jmap_fixture_call(&w->t, "Email/copy",
                               "{'accountId': 'a2', 'fromAccountId': 'u1', 'create': {'k': {'id':"
                               " '%s', 'mailboxIds': {'m%" G_GINT64_FORMAT
                               "': true}}}, 'onSuccessDestroyOriginal': true}",
                               id, w->second.inbox);
    g_assert_true(jmap_has(answer, "created/k/id"));
    json_decref(answer);
    expect_size(ask(w, "Email/query", "'filter': {'text': 'own plum'}"), "ids", 1);
    expect_size(askf(w, "Email/get", "'ids': ['%s']", id), "notFound", 1);
}

static void test_read_only_share(struct three *w)
{
    json_t *answer;

    expect_update(w, w->own_email, "'keywords/$seen': true", "");
    expect_update(w, w->shared_email, "'keywords/$seen': true", "forbidden");
    expect_update(w, w->shared_email, "'mailboxIds': {'m-6': true}", "forbidden");
    expect_size(askf(w, "Email/set", "'destroy': ['e%" G_GINT64_FORMAT "']", w->shared_email),
                "notDestroyed", 1);
    share(w, w->t.m.user, STORE_READ | STORE_WRITE);
    expect_update(w, w->shared_email, "'keywords/$seen': true", "");
    answer = ask(w, "Mailbox/get", "'ids': ['m-1'], 'properties': ['unreadEmails']");
    g_assert_cmpint(jmap_number_at(answer, "list/0/unreadEmails"), ==, 1);
    json_decref(answer);
}

/* Methods that need an account of their own say so. */
static void test_refused(struct three *w)
{
    expect_error(w, "accountNotSupportedByMethod", "Mailbox/set", "'destroy': []");
    expect_error(w, "accountNotSupportedByMethod", "Email/import", "'emails': {}");
    expect_error(w, "accountNotSupportedByMethod", "Identity/set", "'destroy': []");
    expect_error(w, "accountNotSupportedByMethod", "Email/copy",
                 "'fromAccountId': 'a1', 'create': {}");
}

static json_t *draft(struct three *w, const char *mailbox, const char *from)
{
    return askf(w, "Email/set",
                "'create': {'k': {'mailboxIds': {'%s': true}, 'from': [{'email': '%s'}],"
                " 'subject': 'draft', 'bodyValues': {'1': {'value': 'text'}}, 'textBody':"
                " [{'partId': '1', 'type': 'text/plain'}]}}",
                mailbox, from);
}

/* An email is made in the account of the mailbox, or in that of its sender. */
static void test_create(struct three *w)
{
    g_autofree char *drafts = id_of('m', w->t.m.drafts), *old = id_of('m', w->second.archive);
    g_autofree char *foreign = id_of('m', w->shared.inbox);
    json_t *answer = draft(w, "m-2", "Ann@mail.example");
    int64_t id = g_ascii_strtoll(jmap_text_at(answer, "created/k/id") + 1, NULL, 10);

    json_decref(answer);
    g_assert_true(is_in(w, "a1", id, drafts));
    g_assert_true(is_in(w, "u1", id, "m-2"));
    answer = draft(w, old, "somebody@else.example");
    id = g_ascii_strtoll(jmap_text_at(answer, "created/k/id") + 1, NULL, 10);
    json_decref(answer);
    g_assert_true(is_in(w, "a2", id, old));
    expect_text(draft(w, "m-2", "somebody@else.example"), "notCreated/k/type", "invalidProperties");
    expect_text(draft(w, "m-2", "second@mail.example"), "notCreated/k/type",
                "invalidProperties"); /* no drafts */
    expect_text(draft(w, foreign, "ann@mail.example"), "notCreated/k/type", "forbidden");
    expect_text(draft(w, "m-6", "shared@mail.example"), "notCreated/k/type", "forbidden");
}

static const struct three_case cases[] = {
    {"/jmap/unified/session", test_session},
    {"/jmap/unified/mailboxes", test_mailboxes},
    {"/jmap/unified/query-and-get", test_query_and_get},
    {"/jmap/unified/threads-and-snippets", test_threads_and_snippets},
    {"/jmap/unified/download", test_download},
    {"/jmap/unified/upload", test_upload},
    {"/jmap/unified/move-by-role", test_move_by_role},
    {"/jmap/unified/move-between-accounts", test_move_between_accounts},
    {"/jmap/unified/read-only-share", test_read_only_share},
    {"/jmap/unified/refused", test_refused},
    {"/jmap/unified/create", test_create},
};

int main(int argc, char **argv)
{
    return three_run(argc, argv, cases, G_N_ELEMENTS(cases));
}

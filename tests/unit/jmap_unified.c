/* The unified account over JMAP (docs/jmap.md): what a client finds in it, changes through it and
 * is told of it, with an account of the person's own, a second one, and one shared for reading. */
#include "jmap_fixture.h"

struct three {
    struct jmap_fixture t; /* its account is a1, of the person u1 */
    struct mail_fixture second, shared;
    struct store_principal *owner; /* of shared */
    int64_t own_email, second_email, shared_email;
};

static int64_t put(struct three *w, struct mail_fixture *m, int64_t mailbox, int64_t at,
                   const char *message)
{
    struct mail_fixture own = w->t.m;
    int64_t id;

    w->t.m = *m;
    id = jmap_fixture_put(&w->t, mailbox, (uint32_t)at, 0, at, message);
    w->t.m = own;
    return id;
}

static void share(struct three *w, struct store_principal *who, unsigned rights)
{
    struct mail_fixture own = w->t.m;

    w->t.m = w->shared;
    jmap_fixture_share(&w->t, who, rights);
    w->t.m = own;
}

static void another(struct three *w, struct mail_fixture *m, struct store_principal *who,
                    const char *address)
{
    *m = w->t.m;
    m->user = who;
    m->account = fixture_account(&w->t.m.f, who, address, "password");
    m->inbox = mail_mailbox(m, "INBOX", MAIL_ROLE_INBOX);
    m->archive = mail_mailbox(m, "Old", MAIL_ROLE_ARCHIVE);
    m->sent = mail_mailbox(m, "Sent", MAIL_ROLE_SENT);
}

static void three_open(struct three *w)
{
    *w = (struct three){0};
    jmap_fixture_open(&w->t);
    w->owner = fixture_user(&w->t.m.f, "owner@example.org");
    another(w, &w->second, w->t.m.user, "second@mail.example");
    another(w, &w->shared, w->owner, "shared@mail.example");
    share(w, w->t.m.user, STORE_READ);
    w->own_email = put(w, &w->t.m, w->t.m.inbox, 3000,
                       "From: Ann <ann@mail.example>\nTo: x@y.example\nSubject: own plum\n"
                       "Message-ID: <own@x>\nDate: Thu, 1 Jan 1970 00:50:00 +0000\n\nplum\n");
    w->second_email = put(w, &w->second, w->second.inbox, 2000,
                          "From: s@y.example\nSubject: second\nMessage-ID: <s@x>\n\nplum cake\n");
    w->shared_email = put(w, &w->shared, w->shared.inbox, 1000,
                          "From: h@y.example\nSubject: shared\nMessage-ID: <h@x>\n\npear\n");
}

static void three_close(struct three *w)
{
    store_principal_unref(w->owner);
    jmap_fixture_close(&w->t);
}

/* The arguments of the only response. args: members besides accountId, in braces. */
static json_t *ask(struct three *w, const char *method, const char *args)
{
    return jmap_fixture_call(&w->t, method, "{'accountId': 'u1'%s%s}", args[0] != '\0' ? ", " : "",
                             args);
}

G_GNUC_PRINTF(3, 4)
static json_t *askf(struct three *w, const char *method, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return ask(w, method, text);
}

static void expect_error(struct three *w, const char *type, const char *method, const char *args)
{
    json_t *answer = ask(w, method, args);

    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, type);
    json_decref(answer);
}

/* The list or map at path has so many members. Takes the answer. */
static void expect_size(json_t *answer, const char *path, size_t size)
{
    const json_t *value = jmap_at(answer, path);

    g_assert_cmpuint(json_array_size(value) + json_object_size(value), ==, size);
    json_decref(answer);
}

/* The same for a text. */
static void expect_text(json_t *answer, const char *path, const char *text)
{
    g_assert_cmpstr(jmap_text_at(answer, path), ==, text);
    json_decref(answer);
}

static json_t *mailbox_named(json_t *list, const char *name)
{
    json_t *item, *found = NULL;
    size_t i;

    json_array_foreach(list, i, item)
    {
        if (strcmp(jmap_text_at(item, "name"), name) == 0)
            found = item;
    }
    g_assert_nonnull(found);
    return found;
}

static char *id_of(char prefix, int64_t number)
{
    return g_strdup_printf("%c%" G_GINT64_FORMAT, prefix, number);
}

static char *state_of(struct three *w, const char *type)
{
    g_autofree char *method = g_strconcat(type, "/get", NULL);
    json_t *answer = ask(w, method, "'ids': []");
    char *state = g_strdup(jmap_text_at(answer, "state"));

    json_decref(answer);
    return state;
}

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

/* The SetError's type of an update of one email, or "" when it was carried out. */
static char *update(struct three *w, int64_t email, const char *patch)
{
    g_autofree char *id = id_of('e', email);
    json_t *answer = askf(w, "Email/set", "'update': {'%s': {%s}}", id, patch);
    json_t *error = json_object_get(jmap_at(answer, "notUpdated"), id);
    char *type = g_strdup(error != NULL ? jmap_text_at(error, "type") : "");

    json_decref(answer);
    return type;
}

static void expect_update(struct three *w, int64_t email, const char *patch, const char *type)
{
    g_autofree char *got = update(w, email, patch);

    g_assert_cmpstr(got, ==, type);
}

static bool is_in(struct three *w, const char *account, int64_t email, const char *mailbox)
{
    json_t *answer = jmap_fixture_call(&w->t, "Email/get",
                                       "{'accountId': '%s', 'ids': ['e%" G_GINT64_FORMAT
                                       "'], 'properties': ['mailboxIds']}",
                                       account, email);
    bool in = json_object_get(jmap_at(answer, "list/0/mailboxIds"), mailbox) != NULL;

    json_decref(answer);
    return in;
}

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

static const struct {
    const char *name;
    void (*run)(struct three *w);
} cases[] = {
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
    {"/jmap/unified/changes", test_changes},
    {"/jmap/unified/role-changed", test_role_changed},
    {"/jmap/unified/revoked", test_revoked},
    {"/jmap/unified/submission", test_submission},
    {"/jmap/unified/foreign-submission", test_foreign_submission},
    {"/jmap/unified/push", test_push},
    {"/jmap/unified/push-missed", test_push_missed},
};

static void run_case(gconstpointer data)
{
    void (*const *run)(struct three *) = data;
    struct three w;

    three_open(&w);
    (*run)(&w);
    three_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].name, &cases[i].run, run_case);
    return g_test_run();
}

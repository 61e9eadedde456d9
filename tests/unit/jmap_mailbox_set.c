/* RFC 8621, 2.5: Mailbox/set, and what becomes of it on the way to the server. */
#include "jmap_fixture.h"

#include "store/sync.h"

static json_t *set(struct jmap_fixture *t, const char *format, ...) G_GNUC_PRINTF(2, 3);
static json_t *set(struct jmap_fixture *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *arguments = g_strdup_vprintf(format, args);
    va_end(args);
    return jmap_fixture_call(t, "Mailbox/set", "%s", arguments);
}

/* Creates a folder; its number. */
static int64_t make(struct jmap_fixture *t, const char *properties)
{
    json_t *answer = set(t, "{'create': {'x': %s}}", properties);
    int64_t id = g_ascii_strtoll(jmap_text_at(answer, "created/x/id") + 1, NULL, 10);
    json_decref(answer);
    return id;
}

static json_t *get(struct jmap_fixture *t, int64_t id)
{
    return jmap_fixture_call(t, "Mailbox/get", "{'ids': ['m%" G_GINT64_FORMAT "']}", id);
}

static struct store_folder_intent *next(struct jmap_fixture *t)
{
    GError *error = NULL;
    struct store_folder_intent *intent = store_folder_next(t->m.f.store, t->m.account, &error);
    g_assert_no_error(error);
    return intent;
}

/* Carries the oldest one out, as raw_name. */
static void carry(struct jmap_fixture *t, enum store_folder_change change, const char *raw_name)
{
    GError *error = NULL;
    struct store_folder_intent *intent = next(t);
    g_assert_nonnull(intent);
    g_assert_cmpint(intent->change, ==, change);
    g_assert_true(store_folder_begin(t->m.f.store, intent->id, &error));
    g_assert_true(store_folder_done(t->m.f.store, intent->id, raw_name, &error));
    g_assert_no_error(error);
    store_folder_intent_free(intent);
}

static void refuse(struct jmap_fixture *t, enum store_folder_change change)
{
    GError *error = NULL, *reason = NULL;
    struct store_folder_intent *intent = next(t);
    g_assert_nonnull(intent);
    g_assert_cmpint(intent->change, ==, change);
    error_set(&reason, ERROR_SERVER_NO, "Folder name is reserved");
    g_assert_true(store_folder_refused(t->m.f.store, intent->id, reason, &error));
    g_assert_no_error(error);
    g_error_free(reason);
    store_folder_intent_free(intent);
}

static void test_create(void)
{
    struct jmap_fixture t;
    json_t *answer;

    jmap_fixture_open(&t);
    answer = set(&t, "{'create': {'child': {'name': 'Deep', 'parentId': '#top'},"
                     " 'top': {'name': 'Top', 'sortOrder': 7, 'isSubscribed': true}}}");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "created")), ==, 2);
    g_assert_cmpint(jmap_number_at(answer, "created/top/totalEmails"), ==, 0);
    g_assert_true(json_is_true(jmap_at(answer, "created/top/myRights/mayDelete")));
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), !=, jmap_text_at(answer, "newState"));
    int64_t child = g_ascii_strtoll(jmap_text_at(answer, "created/child/id") + 1, NULL, 10);
    json_t *got = get(&t, child);
    g_assert_cmpstr(jmap_text_at(got, "list/0/parentId"), ==,
                    jmap_text_at(answer, "created/top/id"));
    json_decref(got);
    json_decref(answer);
    struct store_folder_intent *intent = next(&t);
    g_assert_cmpstr(intent->name, ==, "Top");
    g_assert_null(intent->raw_name);
    g_assert_null(intent->raw_parent);
    g_assert_true(intent->on);
    store_folder_intent_free(intent);
    carry(&t, STORE_FOLDER_CREATE, "Top");
    intent = next(&t);
    g_assert_cmpstr(intent->raw_parent, ==, "Top");
    store_folder_intent_free(intent);
    carry(&t, STORE_FOLDER_CREATE, "Top/Deep");
    g_assert_null(next(&t));
    jmap_fixture_close(&t);
}

static void assert_invalid(json_t *answer, const char *path, const char *property)
{
    g_autofree char *type = g_strconcat(path, "/type", NULL);
    g_autofree char *first = g_strconcat(path, "/properties/0", NULL);
    g_assert_cmpstr(jmap_text_at(answer, type), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, first), ==, property);
    json_decref(answer);
}

static void test_refusals_of_create(void)
{
    static const struct {
        const char *object, *property;
    } bad[] = {
        {"{}", "name"},
        {"{'name': ''}", "name"},
        {"{'name': ' x'}", "name"},
        {"{'name': 'a/b'}", "name"},
        {"{'name': 'a\\u0007'}", "name"},
        {"{'name': 'inbox'}", "name"},
        {"{'name': 'Sent'}", "name"},
        {"{'name': 7}", "name"},
        {"{'name': 'x', 'parentId': 'm99999'}", "parentId"},
        {"{'name': 'x', 'parentId': '#nobody'}", "parentId"},
        {"{'name': 'x', 'role': 'king'}", "role"},
        {"{'name': 'x', 'role': 'inbox'}", "role"},
        {"{'name': 'x', 'role': 'sent'}", "role"},
        {"{'name': 'x', 'sortOrder': -1}", "sortOrder"},
        {"{'name': 'x', 'isSubscribed': 1}", "isSubscribed"},
        {"{'name': 'x', 'totalEmails': 5}", "totalEmails"},
        {"{'name': 'x', 'colour': 'red'}", "colour"},
    };
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_invalid(set(&t, "{'create': {'x': %s}}", bad[i].object), "notCreated/x",
                       bad[i].property);
    json_t *answer = set(&t, "{'ifInState': '1', 'create': {}}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "stateMismatch");
    json_decref(answer);
    g_assert_null(next(&t));
    jmap_fixture_close(&t);
}

static void test_update(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t top = make(&t, "{'name': 'Top'}"), other = make(&t, "{'name': 'Other'}");
    carry(&t, STORE_FOLDER_CREATE, "Top");
    carry(&t, STORE_FOLDER_CREATE, "Other");
    json_t *answer = set(&t,
                         "{'update': {'m%" G_GINT64_FORMAT
                         "': {'name': 'Renamed', 'parentId': 'm%" G_GINT64_FORMAT
                         "', 'sortOrder': 3, 'isSubscribed': true}}}",
                         other, top);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
    /* The circle. */
    g_autofree char *path = g_strdup_printf("notUpdated/m%" G_GINT64_FORMAT, top);
    assert_invalid(set(&t,
                       "{'update': {'m%" G_GINT64_FORMAT "': {'parentId': 'm%" G_GINT64_FORMAT
                       "'}}}",
                       top, other),
                   path, "parentId");
    jmap_fixture_close(&t);
}

static void test_roles(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t mine = make(&t, "{'name': 'Gone things'}");
    json_t *answer = set(&t,
                         "{'update': {'m%" G_GINT64_FORMAT
                         "': {'role': 'trash'}, 'm%" G_GINT64_FORMAT "': {'role': null}}}",
                         mine, t.m.trash);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 2);
    json_decref(answer);
    answer = get(&t, mine);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/role"), ==, "trash");
    json_decref(answer);
    answer = set(&t, "{'update': {'m%" G_GINT64_FORMAT "': {'role': 'archive'}}}", t.m.inbox);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 1);
    json_decref(answer);
    jmap_fixture_close(&t);
}

static void test_destroy(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t top = make(&t, "{'name': 'Top'}");
    g_autofree char *child_of =
        g_strdup_printf("{'name': 'Child', 'parentId': 'm%" G_GINT64_FORMAT "'}", top);
    int64_t child = make(&t, child_of);
    carry(&t, STORE_FOLDER_CREATE, "Top");
    carry(&t, STORE_FOLDER_CREATE, "Top/Child");
    jmap_fixture_put(&t, child, 1, 0, 1000, "From: a@b.example\nSubject: one\n\nx\n");
    json_t *answer =
        set(&t, "{'destroy': ['m%" G_GINT64_FORMAT "', 'm%" G_GINT64_FORMAT "', 'm999']}", top,
            t.m.inbox);
    json_t *refused = jmap_at(answer, "notDestroyed");
    g_assert_cmpuint(json_object_size(refused), ==, 3);
    g_assert_cmpstr(jmap_text_at(refused, "m999/type"), ==, "notFound");
    json_decref(answer);
    /* Children before parents, whatever the order; but not with mail in it. */
    answer = set(&t, "{'destroy': ['m%" G_GINT64_FORMAT "', 'm%" G_GINT64_FORMAT "']}", top, child);
    g_assert_true(json_is_null(jmap_at(answer, "destroyed")));
    json_decref(answer);
    answer = set(&t,
                 "{'destroy': ['m%" G_GINT64_FORMAT "', 'm%" G_GINT64_FORMAT
                 "'], 'onDestroyRemoveEmails': true}",
                 top, child);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 2);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/query", "{}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "ids")), ==, 0);
    json_decref(answer);
    /* The folder goes as a whole: no message has an intent of its own. */
    GPtrArray *intents = store_intents(t.m.f.store, t.m.account, 10, NULL);
    g_assert_cmpuint(intents->len, ==, 0);
    g_ptr_array_unref(intents);
    carry(&t, STORE_FOLDER_DELETE, NULL);
    carry(&t, STORE_FOLDER_DELETE, NULL);
    jmap_fixture_close(&t);
}

static void assert_refusal(struct jmap_fixture *t, const char *change, const char *name)
{
    GError *error = NULL;
    struct store_access *access = mail_access(&t->m, STORE_WRITE);
    g_autoptr(GPtrArray) refusals = store_refusals(access, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(refusals->len, ==, 1);
    const struct store_refusal *refusal = refusals->pdata[0];
    g_assert_cmpstr(refusal->change, ==, change);
    g_assert_cmpstr(refusal->name, ==, name);
    g_assert_cmpstr(refusal->detail, ==, "Folder name is reserved");
    g_assert_true(store_refusals_clear(access, refusal->id, &error));
    store_access_free(access);
}

static void test_refused_create(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t files = make(&t, "{'name': 'Files'}");
    g_autofree char *below =
        g_strdup_printf("{'name': 'Below', 'parentId': 'm%" G_GINT64_FORMAT "'}", files);
    make(&t, below);
    int64_t mail =
        jmap_fixture_put(&t, t.m.inbox, 1, 0, 1000, "From: a@b.example\nSubject: one\n\nx\n");
    json_t *answer = jmap_fixture_call(&t, "Email/set",
                                       "{'update': {'e%" G_GINT64_FORMAT
                                       "': {'mailboxIds': {'m%" G_GINT64_FORMAT "': true}}}}",
                                       mail, files);
    json_decref(answer);
    GPtrArray *intents = store_intents(t.m.f.store, t.m.account, 10, NULL);
    g_assert_cmpuint(intents->len, ==, 0); /* the move waits for the folder */
    g_ptr_array_unref(intents);
    refuse(&t, STORE_FOLDER_CREATE);
    answer = get(&t, files);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "notFound")), ==, 1);
    json_decref(answer);
    answer = jmap_fixture_call(&t, "Email/query",
                               "{'filter': {'inMailbox': 'm%" G_GINT64_FORMAT "'}}", t.m.inbox);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "ids")), ==, 1);
    json_decref(answer);
    g_assert_null(next(&t)); /* that below it never was either */
    assert_refusal(&t, "create-folder", "Files");
    jmap_fixture_close(&t);
}

static void test_refused_rename(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t box = make(&t, "{'name': 'Old'}");
    carry(&t, STORE_FOLDER_CREATE, "Old");
    json_decref(set(&t, "{'update': {'m%" G_GINT64_FORMAT "': {'name': 'New'}}}", box));
    refuse(&t, STORE_FOLDER_RENAME);
    json_t *answer = get(&t, box);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, "Old");
    json_decref(answer);
    assert_refusal(&t, "rename-folder", "New");
    jmap_fixture_close(&t);
}

static void test_refused_delete(void)
{
    struct jmap_fixture t;

    jmap_fixture_open(&t);
    int64_t box = make(&t, "{'name': 'Box'}");
    carry(&t, STORE_FOLDER_CREATE, "Box");
    jmap_fixture_put(&t, box, 1, 0, 1000, "From: a@b.example\nSubject: one\n\nx\n");
    json_decref(
        set(&t, "{'destroy': ['m%" G_GINT64_FORMAT "'], 'onDestroyRemoveEmails': true}", box));
    refuse(&t, STORE_FOLDER_DELETE);
    json_t *answer = get(&t, box);
    g_assert_cmpint(jmap_number_at(answer, "list/0/totalEmails"), ==, 1);
    json_decref(answer);
    g_autofree char *wrong = store_check_counts(t.m.f.store, t.m.account);
    g_assert_null(wrong);
    jmap_fixture_close(&t);
}

/* What the list of folders says does not take back what waits to be carried out. */
static void test_list_meanwhile(void)
{
    struct jmap_fixture t;
    GError *error = NULL;

    jmap_fixture_open(&t);
    int64_t box = make(&t, "{'name': 'Old'}");
    char raw[] = "Old", path[] = "Old";
    struct store_remote_mailbox listed = {.raw_name = raw,
                                          .name = path,
                                          .delimiter = '/',
                                          .selectable = true,
                                          .sync = true};
    /* A crash hid the end of CREATE: the listed folder is this one. */
    g_assert_true(store_sync_mailbox_put(t.m.f.store, t.m.account, &listed, &error));
    g_assert_cmpint(listed.id, ==, box);
    g_assert_null(next(&t));
    json_decref(set(&t, "{'update': {'m%" G_GINT64_FORMAT "': {'name': 'New'}}}", box));
    g_assert_true(store_sync_mailbox_put(t.m.f.store, t.m.account, &listed, &error));
    json_t *answer = get(&t, box);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, "New");
    json_decref(answer);
    carry(&t, STORE_FOLDER_RENAME, "New");
    json_decref(set(&t, "{'destroy': ['m%" G_GINT64_FORMAT "']}", box));
    char renamed[] = "New";
    listed.raw_name = listed.name = renamed;
    listed.id = 0;
    g_assert_true(store_sync_mailbox_put(t.m.f.store, t.m.account, &listed, &error));
    answer = get(&t, box);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 0);
    json_decref(answer);
    jmap_fixture_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8621/2.5/create", test_create);
    g_test_add_func("/rfc8621/2.5/refusals", test_refusals_of_create);
    g_test_add_func("/rfc8621/2.5/update", test_update);
    g_test_add_func("/rfc8621/2.5/roles", test_roles);
    g_test_add_func("/rfc8621/2.5/destroy", test_destroy);
    g_test_add_func("/rfc8621/2.5/refused-create", test_refused_create);
    g_test_add_func("/rfc8621/2.5/refused-rename", test_refused_rename);
    g_test_add_func("/rfc8621/2.5/refused-delete", test_refused_delete);
    g_test_add_func("/rfc8621/2.5/list-meanwhile", test_list_meanwhile);
    return g_test_run();
}

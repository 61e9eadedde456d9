/* RFC 8620, 5.3: /set, held for mailboxes and emails, whose records the client writes. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"
#include "store/sync.h"

#define MAILBOX "m%" G_GINT64_FORMAT
#define EMAIL "e%" G_GINT64_FORMAT

static int64_t put(struct jmap_fixture *t, uint32_t uid)
{
    return jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid,
                            "From: a@b.example\nSubject: one\n\nx\n");
}

static const char *error_at(json_t *answer, const char *list, const char *key)
{
    g_autofree char *path = g_strdup_printf("%s/%s/type", list, key);

    return jmap_text_at(answer, path);
}

static void test_if_in_state(struct jmap_fixture *t)
{
    static const char *const kinds[] = {"Mailbox", "Email"};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *method = g_strconcat(kinds[i], "/set", NULL);
        g_autofree char *state = jmap_state_of(t, kinds[i]), *after = NULL;
        static const char *const wrong[] = {"0", "", "x", "99999999"};

        for (size_t j = 0; j < G_N_ELEMENTS(wrong); j++)
            jmap_expect_error(t, "stateMismatch", method,
                              "{'ifInState': '%s', 'create': {'k': {'name': 'new', 'mailboxIds':"
                              " {'" MAILBOX "': true}}}}",
                              wrong[j], t->m.drafts);
        after = jmap_state_of(t, kinds[i]);
        g_assert_cmpstr(state, ==, after);
        jmap_expect_error(t, NULL, method, "{'ifInState': '%s'}", state);
        jmap_expect_error(t, NULL, method, "{'ifInState': null}");
    }
}

static void test_too_many(struct jmap_fixture *t)
{
    GString *list = g_string_new("'x0'");

    for (int i = 1; i < JMAP_MAX_OBJECTS; i++)
        g_string_append_printf(list, ", 'x%d'", i);
    jmap_expect_error(t, NULL, "Email/set", "{'destroy': [%s]}", list->str);
    jmap_expect_error(t, NULL, "Mailbox/set", "{'destroy': [%s]}", list->str);
    jmap_expect_error(t, "requestTooLarge", "Email/set",
                      "{'destroy': [%s], 'update': {'e1': {'keywords/$seen': true}}}", list->str);
    jmap_expect_error(t, "requestTooLarge", "Mailbox/set",
                      "{'destroy': [%s], 'create': {'k': {'name': 'new'}}}", list->str);
    g_string_free(list, TRUE);
}

/* Everything that was not sent comes back, and nothing else is null or missing. */
static void test_answer(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Mailbox"), *after = NULL;
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'create': {'good': {'name': 'Projects'}, 'bad': {'name': "
                                       "''}}, 'destroy': ['m999']}");

    after = jmap_state_of(t, "Mailbox");
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, before);
    g_assert_cmpstr(jmap_text_at(answer, "newState"), ==, after);
    g_assert_true(jmap_has(answer, "created/good/id"));
    g_assert_false(jmap_has(answer, "created/good/name"));
    g_assert_true(json_is_null(jmap_at(answer, "updated")));
    g_assert_true(json_is_null(jmap_at(answer, "destroyed")));
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    g_assert_cmpstr(error_at(answer, "notCreated", "bad"), ==, "invalidProperties");
    g_assert_cmpstr(error_at(answer, "notDestroyed", "m999"), ==, "notFound");
    json_decref(answer);
}

/* What fails does not stop the rest, in whatever order. */
static void test_each_on_its_own(struct jmap_fixture *t)
{
    int64_t first = put(t, 1), second = put(t, 2);
    json_t *answer =
        jmap_fixture_call(t, "Email/set",
                          "{'update': {'e999': {'keywords/$seen': true}, '" EMAIL
                          "': {'keywords/$seen': true},"
                          " 'nonsense': {'keywords/$seen': true}}, 'destroy': ['e998', '" EMAIL
                          "', 'm1', '" EMAIL "']}",
                          first, second, second);

    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    g_assert_cmpstr(error_at(answer, "notUpdated", "e999"), ==, "notFound");
    g_assert_cmpstr(error_at(answer, "notUpdated", "nonsense"), ==, "notFound");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    g_assert_cmpstr(error_at(answer, "notDestroyed", "e998"), ==, "notFound");
    g_assert_cmpstr(error_at(answer, "notDestroyed", "m1"), ==, "notFound");
    json_decref(answer);
}

static void expect_update(struct jmap_fixture *t, const char *type, const char *id,
                          const char *patch, const char *error)
{
    g_autofree char *method = g_strconcat(type, "/set", NULL);
    json_t *answer = jmap_fixture_call(t, method, "{'update': {'%s': %s}}", id, patch);
    const char *got =
        json_is_null(jmap_at(answer, "notUpdated")) ? NULL : error_at(answer, "notUpdated", id);

    if (g_strcmp0(got, error) != 0)
        g_error("%s %s: expected %s, got %s", type, patch, error, json_dumps(answer, 0));
    json_decref(answer);
}

static void test_patches(struct jmap_fixture *t)
{
    static const struct {
        const char *type, *patch, *error;
    } rows[] = {
        {"Email", "{'keywords/$seen/x': true}", "invalidPatch"},
        {"Email", "{'keywords/~2': true}", "invalidPatch"},
        {"Email", "{'keywords/~': true}", "invalidPatch"},
        {"Email", "{'from/0/name': 'x'}", "invalidPatch"},
        {"Email", "{'from/0': null}", "invalidPatch"},
        {"Email", "{'nonsense/x': 1}", "invalidPatch"},
        {"Email", "{'keywords': {}, 'keywords/$seen': true}", "invalidPatch"},
        {"Email", "{'mailboxIds/m1': true, 'mailboxIds': {'m1': true}}", "invalidPatch"},
        {"Email", "{'keywords/$flagged': null}", NULL},
        {"Email", "{'subject': 'changed'}", "invalidProperties"},
        {"Email", "{'subject': 'one'}", NULL},
        {"Email", "{'id': 'e999'}", "invalidProperties"},
        {"Email", "{'nonsense': 1}", "invalidProperties"},
        {"Email", "{}", NULL},
        {"Mailbox", "{'name/x': 'y'}", "invalidPatch"},
        {"Mailbox", "{'nam~2e': 'y'}", "invalidPatch"},
        {"Mailbox", "{'nonsense/x': 'y'}", "invalidPatch"},
        {"Mailbox", "{'myRights': {}, 'myRights/mayDelete': true}", "invalidPatch"},
        {"Mailbox", "{'nonsense': 'y'}", "invalidProperties"},
        {"Mailbox", "{'totalEmails': 77}", "invalidProperties"},
        {"Mailbox", "{'myRights/mayDelete': false}", "invalidProperties"},
        {"Mailbox", "{'myRights/mayDelete': true}", NULL},
        {"Mailbox", "{'totalEmails': 0, 'unreadEmails': 0}", NULL},
        {"Mailbox", "{'name': null}", "invalidProperties"},
        {"Mailbox", "{'sortOrder': null}", NULL},
        {"Mailbox", "{'s~0ortOrder': 1}", "invalidProperties"},
        {"Mailbox", "{}", NULL},
    };
    g_autofree char *email = g_strdup_printf(EMAIL, put(t, 1));
    g_autofree char *mailbox = g_strdup_printf(MAILBOX, t->m.archive);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        expect_update(t, rows[i].type, rows[i].type[0] == 'E' ? email : mailbox, rows[i].patch,
                      rows[i].error);
}

/* A client may send back what it got, with its own changes in it. */
static void test_whole_objects(struct jmap_fixture *t)
{
    static const char *const kinds[] = {"Mailbox", "Email"};

    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *method = g_strconcat(kinds[i], "/get", NULL);
        json_t *got = jmap_fixture_call(t, method, "{'ids': null}"), *object;
        size_t n;

        json_array_foreach(jmap_at(got, "list"), n, object)
        {
            if (i == 1)
                json_object_del(object, "bodyValues");
            char *dumped = json_dumps(object, JSON_COMPACT);

            expect_update(t, kinds[i], jmap_text_at(object, "id"), dumped, NULL);
            free(dumped);
        }
        json_decref(got);
    }
}

/* A refusal names all that is wrong, and leaves all as it was. */
static void test_all_invalid_properties(struct jmap_fixture *t)
{
    g_autofree char *before = jmap_state_of(t, "Mailbox"), *after = NULL;
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'create': {'k': {'name': 7, 'parentId': 'none', "
                                       "'sortOrder': -1, 'myRights': {}}},"
                                       " 'update': {'" MAILBOX
                                       "': {'name': 'Fine', 'sortOrder': 'x', 'totalEmails': 5}}}",
                                       t->m.archive);
    g_autofree char *key = g_strdup_printf("notUpdated/" MAILBOX "/properties", t->m.archive);

    jmap_assert_json(jmap_at(answer, "notCreated/k/properties"),
                     "['name', 'parentId', 'sortOrder', 'myRights']");
    jmap_assert_json(jmap_at(answer, key), "['totalEmails', 'sortOrder']");
    json_decref(answer);
    after = jmap_state_of(t, "Mailbox");
    g_assert_cmpstr(before, ==, after);
}

/* Creations come before what refers to them, whatever their order and type. */
static void test_creation_ids(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['Mailbox/set', {'accountId': 'a1', 'create': {"
        "   'c': {'name': 'C', 'parentId': '#b'}, 'b': {'name': 'B', 'parentId': '#a'},"
        "   'a': {'name': 'A'}}}, '0'],"
        " ['Email/set', {'accountId': 'a1', 'create': {'k': {'mailboxIds': {'#c': true}}},"
        "   'update': {'#k': {'keywords/$flagged': true}}}, '1'],"
        " ['Mailbox/set', {'accountId': 'a1', 'create': {'a': {'name': 'A2'}}}, '2'],"
        " ['Mailbox/set', {'accountId': 'a1', 'update': {'#a': {'name': 'A3'}}}, '3'],"
        " ['Mailbox/set', {'accountId': 'a1', 'create': {'x': {'name': 'X', 'parentId': '#none'}},"
        "   'update': {'#none': {'name': 'Y'}}}, '4']]");
    g_autofree char *second = NULL;

    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/0/1/created")), ==, 3);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "methodResponses/1/1/updated")), ==, 1);
    second = g_strdup_printf("methodResponses/3/1/updated/%s",
                             jmap_text_at(answer, "methodResponses/2/1/created/a/id"));
    g_assert_true(jmap_has(answer, second));
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/4/1/notCreated/x/type"), ==,
                    "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/4/1/notUpdated/#none/type"), ==,
                    "notFound");
    json_decref(answer);
}

static void test_will_destroy(struct jmap_fixture *t)
{
    int64_t email = put(t, 1);
    g_autofree char *key = g_strdup_printf(EMAIL, email);
    json_t *answer = jmap_fixture_call(t, "Email/set",
                                       "{'update': {'" EMAIL "': {'keywords/$seen': true}},"
                                       " 'destroy': ['" EMAIL "']}",
                                       email, email);

    g_assert_cmpstr(error_at(answer, "notUpdated", key), ==, "willDestroy");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    json_decref(answer);
}

/* What only the server sets cannot be given to a new record. */
static void test_server_set_in_create(struct jmap_fixture *t)
{
    static const char *const wrong[][2] = {
        {"Mailbox", "'name': 'x', 'id': 'm1'"},
        {"Mailbox", "'name': 'x', 'totalEmails': 0"},
        {"Mailbox", "'name': 'x', 'myRights': {}"},
        {"Email", "'mailboxIds': {'m1': true}, 'id': 'e1'"},
        {"Email", "'mailboxIds': {'m1': true}, 'threadId': 't1'"},
        {"Email", "'mailboxIds': {'m1': true}, 'blobId': 'b1'"},
        {"Email", "'mailboxIds': {'m1': true}, 'size': 5"},
        {"Email", "'mailboxIds': {'m1': true}, 'preview': ''"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *method = g_strconcat(wrong[i][0], "/set", NULL);
        json_t *answer = jmap_fixture_call(t, method, "{'create': {'k': {%s}}}", wrong[i][1]);

        g_assert_cmpstr(error_at(answer, "notCreated", "k"), ==, "invalidProperties");
        json_decref(answer);
    }
}

/* A name that one mailbox gives up in the same call is free for another, in whatever order. */
static void test_names_move_on(struct jmap_fixture *t)
{
    int64_t a = mail_mailbox(&t->m, "A", MAIL_ROLE_NONE);
    int64_t b = mail_mailbox(&t->m, "B", MAIL_ROLE_NONE);
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'update': {'" MAILBOX "': {'name': 'B'}, '" MAILBOX
                                       "': {'name': 'C'}}}",
                                       a, b);

    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 2);
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
    answer =
        jmap_fixture_call(t, "Mailbox/get", "{'ids': ['" MAILBOX "'], 'properties': ['name']}", a);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, "B");
    json_decref(answer);
}

static void expect_name(struct jmap_fixture *t, int64_t mailbox, const char *wanted)
{
    json_t *answer = jmap_fixture_call(t, "Mailbox/get",
                                       "{'ids': ['" MAILBOX "'], 'properties': ['name']}", mailbox);

    g_assert_cmpstr(jmap_text_at(answer, "list/0/name"), ==, wanted);
    json_decref(answer);
}

/* Carries out, as the server would, all renames that wait. */
static unsigned carry_renames(struct jmap_fixture *t)
{
    struct store_folder_intent *intent;
    unsigned count = 0;

    while ((intent = store_folder_next(t->m.f.store, t->m.account, NULL)) != NULL) {
        g_assert_cmpint(intent->change, ==, STORE_FOLDER_RENAME);
        g_assert_true(store_folder_begin(t->m.f.store, intent->id, NULL));
        g_assert_true(store_folder_done(t->m.f.store, intent->id, intent->name, NULL));
        store_folder_intent_free(intent);
        count++;
    }
    return count;
}

/* The RFC's own example: A becomes B and B becomes A. The final state is valid, so it is made,
 * whole, and reaches the server by a name that nobody has. */
static void test_names_go_round(struct jmap_fixture *t)
{
    int64_t a = mail_mailbox(&t->m, "A", MAIL_ROLE_NONE);
    int64_t b = mail_mailbox(&t->m, "B", MAIL_ROLE_NONE);
    int64_t c = mail_mailbox(&t->m, "C", MAIL_ROLE_NONE);
    json_t *answer;

    answer = jmap_fixture_call(t, "Mailbox/set",
                               "{'update': {'" MAILBOX "': {'name': 'B'}, '" MAILBOX
                               "': {'name': 'A', 'sortOrder': 7}}}",
                               a, b);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 2);
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
    expect_name(t, a, "B");
    expect_name(t, b, "A");
    g_assert_cmpuint(carry_renames(t), ==, 3);
    /* Three, and the way that the names go is the other one. */
    answer = jmap_fixture_call(t, "Mailbox/set",
                               "{'update': {'" MAILBOX "': {'name': 'C'}, '" MAILBOX
                               "': {'name': 'B'}, '" MAILBOX "': {'name': 'A'}}}",
                               a, b, c);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 3);
    json_decref(answer);
    expect_name(t, a, "C");
    expect_name(t, b, "B");
    expect_name(t, c, "A");
    g_assert_cmpuint(carry_renames(t), ==, 4);
}

/* A circle of which one member cannot be changed stays as it was, all of it. */
static void test_broken_circle(struct jmap_fixture *t)
{
    int64_t a = mail_mailbox(&t->m, "A", MAIL_ROLE_NONE);
    int64_t b = mail_mailbox(&t->m, "B", MAIL_ROLE_NONE);
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'update': {'" MAILBOX "': {'name': 'B'}, '" MAILBOX
                                       "': {'name': 'A', 'role': 'archive'}}}",
                                       a, b);

    g_assert_true(json_is_null(jmap_at(answer, "updated")));
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 2);
    json_decref(answer);
    expect_name(t, a, "A");
    expect_name(t, b, "B");
    g_assert_cmpuint(carry_renames(t), ==, 0);
}

/* What is below and what is above change places, in whatever order they are named. */
static void test_places_are_exchanged(struct jmap_fixture *t)
{
    int64_t top = mail_mailbox(&t->m, "Top", MAIL_ROLE_NONE);
    int64_t low = mail_mailbox(&t->m, "Top/Low", MAIL_ROLE_NONE);
    json_t *answer = jmap_fixture_call(t, "Mailbox/set",
                                       "{'update': {'" MAILBOX "': {'parentId': '" MAILBOX
                                       "'}, '" MAILBOX "': {'parentId': null}}}",
                                       top, low, low);

    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 2);
    json_decref(answer);
}

/* An id that is named twice was destroyed, and nothing else is said of it. */
static void test_destroyed_once(struct jmap_fixture *t)
{
    json_t *answer = jmap_fixture_ask(
        t, t->m.user,
        "[['PushSubscription/set', {'create': {'p': {'deviceClientId': 'd', 'url': "
        "'https://push.example/'}}}, '0'],"
        " ['PushSubscription/set', {'destroy': ['#p', '#p', 'p0', 'p0']}, '1'],"
        " ['Mailbox/set', {'accountId': 'a1', 'create': {'m': {'name': 'M'}}}, '2'],"
        " ['Mailbox/set', {'accountId': 'a1', 'destroy': ['#m', '#m']}, '3'],"
        " ['Identity/set', {'accountId': 'a1', 'create': {'i': {'email': 'ann@mail.example'}}}, "
        "'4'],"
        " ['Identity/set', {'accountId': 'a1', 'destroy': ['#i', '#i']}, '5']]");

    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/1/1/destroyed")), ==, 1);
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/notDestroyed"),
                     "{'p0': {'type': 'notFound'}}");
    for (int i = 3; i <= 5; i += 2) {
        g_autofree char *destroyed = g_strdup_printf("methodResponses/%d/1/destroyed", i);
        g_autofree char *not_destroyed = g_strdup_printf("methodResponses/%d/1/notDestroyed", i);

        g_assert_cmpuint(json_array_size(jmap_at(answer, destroyed)), ==, 1);
        g_assert_true(json_is_null(jmap_at(answer, not_destroyed)));
    }
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/5.3/if-in-state", test_if_in_state},
    {"/rfc8620/5.3/as-many-objects-as-the-session-says", test_too_many},
    {"/rfc8620/5.3/answer", test_answer},
    {"/rfc8620/5.3/each-on-its-own", test_each_on_its_own},
    {"/rfc8620/5.3/patches", test_patches},
    {"/rfc8620/5.3/whole-objects-are-patches", test_whole_objects},
    {"/rfc8620/5.3/all-invalid-properties-are-named", test_all_invalid_properties},
    {"/rfc8620/5.3/creation-ids", test_creation_ids},
    {"/rfc8620/5.3/will-destroy", test_will_destroy},
    {"/rfc8620/5.3/destroyed-once", test_destroyed_once},
    {"/rfc8620/5.3/server-set-properties-in-create", test_server_set_in_create},
    {"/rfc8620/5.3/names-move-on", test_names_move_on},
    {"/rfc8620/5.3/names-go-round", test_names_go_round},
    {"/rfc8620/5.3/broken-circle", test_broken_circle},
    {"/rfc8620/5.3/places-are-exchanged", test_places_are_exchanged},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

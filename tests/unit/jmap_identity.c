/* RFC 8621, 6: Identity. */
#include "jmap_fixture.h"

#define SET(format, ...) jmap_fixture_call(t, "Identity/set", format, __VA_ARGS__)
#define ASK(format) jmap_fixture_call(t, "Identity/set", "%s", format)

static json_t *get(struct jmap_fixture *t)
{
    return jmap_fixture_call(t, "Identity/get", "{}");
}

/* One with these properties besides its address; its id. */
static char *make(struct jmap_fixture *t, const char *more)
{
    json_t *answer = jmap_fixture_call(t, "Identity/set",
                                       "{'create': {'k': {'email': 'ann@mail.example'%s}}}", more);
    char *id;

    if (!jmap_has(answer, "created/k/id"))
        g_error("%s: %s", more, json_dumps(answer, 0));
    id = g_strdup(jmap_text_at(answer, "created/k/id"));
    json_decref(answer);
    return id;
}

/* 6.3 with RFC 8620, 5.3: created tells what was not sent, defaults included. */
static void test_create(struct jmap_fixture *t)
{
    json_t *answer, *got;

    answer =
        ASK("{'create': {'k': {'email': 'Ann@mail.example', 'name': 'Ann', 'bcc':"
            " [{'name': null, 'email': 'keep@mail.example'}], 'textSignature': '-- \\nAnn'}}}");
    json_object_del(jmap_at(answer, "created/k"), "id");
    jmap_assert_json(jmap_at(answer, "created/k"),
                     "{'replyTo': null, 'htmlSignature': '', 'mayDelete': true,"
                     " 'postroom:verification': null}");
    g_assert_true(json_is_null(jmap_at(answer, "notCreated")));
    g_assert_cmpstr(jmap_text_at(answer, "oldState"), !=, jmap_text_at(answer, "newState"));
    got = get(t);
    g_assert_cmpstr(jmap_text_at(got, "state"), ==, jmap_text_at(answer, "newState"));
    g_assert_cmpuint(json_array_size(jmap_at(got, "list")), ==, 2);
    g_assert_cmpstr(jmap_text_at(got, "list/1/email"), ==, "Ann@mail.example");
    g_assert_cmpstr(jmap_text_at(got, "list/1/textSignature"), ==, "-- \nAnn");
    jmap_assert_json(jmap_at(got, "list/1/bcc"), "[{'name': null, 'email': 'keep@mail.example'}]");
    json_decref(got);
    json_decref(answer);
}

/* Kept to the letter, whatever it holds: it is made safe where it is shown. */
static void test_html_signature_is_kept(struct jmap_fixture *t)
{
    static const char html[] =
        "<b onclick=alert(1)>x</b><script>alert(2)</script><img src=//evil.example>\xc3\xa9";
    g_autofree char *more = g_strdup_printf(", 'htmlSignature': '%s'", html);
    g_autofree char *id = NULL;
    json_t *got;

    id = make(t, more);
    fixture_reopen(&t->m.f);
    jmap_free(t->jmap);
    t->jmap = jmap_new(&(struct jmap_config){.store = t->m.f.store,
                                             .keyring = t->m.f.keyring,
                                             .public_url = "https://mail.example/post"});
    got = get(t);
    g_assert_cmpstr(jmap_text_at(got, "list/1/id"), ==, id);
    g_assert_cmpstr(jmap_text_at(got, "list/1/htmlSignature"), ==, html);
    json_decref(got);
}

static void test_forbidden_from(struct jmap_fixture *t)
{
    static const char *const foreign[] = {
        "*@mail.example",
        "eve",
        "eve@mail.example, ann@mail.example",
        "",
        "ann@mail.example\\r\\nBcc: x@y.example",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        json_t *answer = SET("{'create': {'k': {'email': '%s'}}}", foreign[i]);

        if (strcmp(jmap_text_at(answer, "notCreated/k/type"), "forbiddenFrom") != 0)
            g_error("%s: %s", foreign[i], json_dumps(answer, 0));
        g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, jmap_text_at(answer, "newState"));
        json_decref(answer);
    }
}

static void test_invalid_properties(struct jmap_fixture *t)
{
    static const struct {
        const char *object, *properties;
    } wrong[] = {
        {"{}", "['email']"},
        {"{'email': 7, 'nonsense': 1, 'name': null}", "['name', 'nonsense', 'email']"},
        {"{'email': 'ann@mail.example', 'id': 'i9', 'mayDelete': true}", "['id', 'mayDelete']"},
        {"{'email': 'ann@mail.example', 'name': 'Ann\\r\\nBcc: x@y.example'}", "['name']"},
        {"{'email': 'ann@mail.example', 'name': 'A\\u0000'}", "['name']"},
        {"{'email': 'ann@mail.example', 'textSignature': 'A\\u0000'}", "['textSignature']"},
        {"{'email': 'ann@mail.example', 'htmlSignature': null}", "['htmlSignature']"},
        {"{'email': 'ann@mail.example', 'replyTo': 'x@y.example'}", "['replyTo']"},
        {"{'email': 'ann@mail.example', 'replyTo': [{'email': 'x@y.example\\nBcc: z'}]}",
         "['replyTo']"},
        {"{'email': 'ann@mail.example', 'replyTo': [{'name': 'x'}]}", "['replyTo']"},
        {"{'email': 'ann@mail.example', 'bcc': [{'email': 'x@y.example', 'name': 'a\\nb'}]}",
         "['bcc']"},
        {"{'email': 'ann@mail.example', 'bcc': [{'email': 'x@y.example', 'more': 1}]}", "['bcc']"},
        {"{'email': 'ann@mail.example', 'bcc': [7]}", "['bcc']"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        json_t *answer = SET("{'create': {'k': %s}}", wrong[i].object), *wanted;
        json_t *named = jmap_at(answer, "notCreated/k/properties"), *item;
        size_t k;

        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
        wanted = jmap_fixture_json("%s", wrong[i].properties);
        g_assert_cmpuint(json_array_size(named), ==, json_array_size(wanted));
        json_array_foreach(wanted, k, item)
        {
            bool is_named = false;

            for (size_t n = 0; n < json_array_size(named); n++)
                is_named = is_named || json_equal(json_array_get(named, n), item);
            if (!is_named)
                g_error("%s: %s", wrong[i].object, json_dumps(answer, 0));
        }
        json_decref(wanted);
        json_decref(answer);
    }
}

static void test_limits(struct jmap_fixture *t)
{
    g_autofree char *large = g_strnfill(256 * 1024 + 1, 'x');
    json_t *answer;

    answer = SET("{'create': {'k': {'email': 'ann@mail.example', 'htmlSignature': '%s'}}}", large);
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "tooLarge");
    json_decref(answer);
    large[256 * 1024] = '\0';
    answer = SET("{'create': {'k': {'email': 'ann@mail.example', 'htmlSignature': '%s'}}}", large);
    g_assert_true(jmap_has(answer, "created/k/id"));
    json_decref(answer);
    for (int i = 2; i < STORE_IDENTITIES_MAX; i++)
        g_free(make(t, ""));
    answer = ASK("{'create': {'k': {'email': 'ann@mail.example'}}}");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "overQuota");
    json_decref(answer);
}

static void test_update(struct jmap_fixture *t)
{
    g_autofree char *id = NULL;
    json_t *answer, *got;

    id = make(t, ", 'name': 'Ann', 'textSignature': 'old', 'replyTo': [{'email': 'a@b.example'}]");
    answer = SET("{'update': {'%s': {'name': null, 'htmlSignature': '<i>new</i>', 'bcc':"
                 " [{'email': 'c@d.example', 'name': 'C'}], 'replyTo': null}}}",
                 id);
    g_assert_true(json_is_null(json_object_get(jmap_at(answer, "updated"), id)));
    json_decref(answer);
    got = get(t);
    jmap_assert_json(jmap_at(got, "list/1/bcc"), "[{'name': 'C', 'email': 'c@d.example'}]");
    g_assert_cmpstr(jmap_text_at(got, "list/1/name"), ==, "");
    g_assert_cmpstr(jmap_text_at(got, "list/1/textSignature"), ==, "old");
    g_assert_cmpstr(jmap_text_at(got, "list/1/htmlSignature"), ==, "<i>new</i>");
    g_assert_true(json_is_null(jmap_at(got, "list/1/replyTo")));
    json_decref(got);
}

/* A whole object is a patch, too; what was kept in another form than it came is told. */
static void test_update_whole_object(struct jmap_fixture *t)
{
    json_t *got, *answer;
    char *text;

    got = get(t);
    json_object_set_new(jmap_at(got, "list/0"), "replyTo",
                        jmap_fixture_json("[{'email': 'r@s.example'}]"));
    text = json_dumps(jmap_at(got, "list/0"), 0);
    answer = SET("{'update': {'%s': %s}}", jmap_text_at(got, "list/0/id"), text);
    jmap_assert_json(json_object_get(jmap_at(answer, "updated"), jmap_text_at(got, "list/0/id")),
                     "{'replyTo': [{'name': null, 'email': 'r@s.example'}]}");
    free(text);
    json_decref(answer);
    json_decref(got);
}

static void test_update_errors(struct jmap_fixture *t)
{
    static const struct {
        const char *patch, *type;
    } wrong[] = {
        {"{'email': 'eve@mail.example'}", "invalidProperties"},
        {"{'email': null}", "invalidProperties"},
        {"{'id': 'i77'}", "invalidProperties"},
        {"{'mayDelete': false}", "invalidProperties"},
        {"{'nonsense': null}", "invalidProperties"},
        {"{'name': 'fine', 'bcc': 7}", "invalidProperties"},
        {"{'bcc/0': {'email': 'x@y.example'}}", "invalidPatch"},
        {"{'name': 'fine', 'name/x': 'y'}", "invalidPatch"},
    };
    g_autofree char *id = NULL;
    json_t *answer, *got;

    id = make(t, ", 'name': 'Ann'");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = g_strdup_printf("notUpdated/%s/type", id);

        answer = SET("{'update': {'%s': %s}}", id, wrong[i].patch);
        g_assert_cmpstr(jmap_text_at(answer, path), ==, wrong[i].type);
        json_decref(answer);
    }
    answer = ASK("{'update': {'i999': {'name': 'x'}, 'x': {}, '#none': {}}}");
    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/i999/type"), ==, "notFound");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 3);
    json_decref(answer);
    got = get(t);
    g_assert_cmpstr(jmap_text_at(got, "list/1/name"), ==, "Ann");
    json_decref(got);
}

static void test_destroy(struct jmap_fixture *t)
{
    g_autofree char *id = NULL, *path = NULL;
    const char *main_id;
    json_t *got, *answer;

    id = make(t, "");
    got = get(t);
    main_id = jmap_text_at(got, "list/0/id");
    path = g_strdup_printf("notDestroyed/%s/type", main_id);
    answer = SET("{'update': {'%s': {'name': 'late'}}, 'destroy': ['%s', '%s', '%s', 'i999']}", id,
                 id, main_id, id);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    g_assert_cmpstr(jmap_text_at(answer, "destroyed/0"), ==, id);
    g_assert_cmpstr(jmap_text_at(answer, path), ==, "forbidden");
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/i999/type"), ==, "notFound");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notDestroyed")), ==, 2);
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 1);
    json_decref(answer);
    json_decref(got);
}

/* 6.2 */
static void test_changes(struct jmap_fixture *t)
{
    g_autofree char *id = NULL, *gone = NULL;
    json_t *before, *middle, *changes;

    before = get(t);
    id = make(t, "");
    gone = make(t, "");
    json_decref(SET("{'destroy': ['%s']}", gone));
    middle = get(t);
    changes = jmap_fixture_call(t, "Identity/changes", "{'sinceState': '%s'}",
                                jmap_text_at(before, "state"));
    g_assert_cmpuint(json_array_size(jmap_at(changes, "created")), ==, 1);
    g_assert_cmpstr(jmap_text_at(changes, "created/0"), ==, id);
    g_assert_cmpuint(json_array_size(jmap_at(changes, "destroyed")), ==, 0);
    g_assert_cmpstr(jmap_text_at(changes, "newState"), ==, jmap_text_at(middle, "state"));
    json_decref(changes);
    json_decref(SET("{'update': {'%s': {'name': 'x'}, '%s': {'name': 'y'}}}", id,
                    jmap_text_at(before, "list/0/id")));
    changes = jmap_fixture_call(t, "Identity/changes", "{'sinceState': '%s'}",
                                jmap_text_at(middle, "state"));
    g_assert_cmpuint(json_array_size(jmap_at(changes, "updated")), ==, 2);
    json_decref(changes);
    changes = jmap_fixture_call(t, "Identity/changes", "{'sinceState': '%s', 'maxChanges': 1}",
                                jmap_text_at(middle, "state"));
    g_assert_true(json_is_true(jmap_at(changes, "hasMoreChanges")));
    json_decref(changes);
    changes = ASK("{'ifInState': '1', 'create': {}}");
    g_assert_cmpstr(jmap_text_at(changes, "type"), ==, "stateMismatch");
    json_decref(changes);
    json_decref(before);
    json_decref(middle);
}

/* RFC 8620, 3.3 and 5.3: a creation id stands for the id in the same call and later ones. */
static void test_creation_reference(struct jmap_fixture *t)
{
    json_t *answer;

    answer = jmap_fixture_ask(t, t->m.user,
                              "[['Identity/set', {'accountId': 'a%" G_GINT64_FORMAT
                              "', 'create': {'k': {'email': 'ann@mail.example'}}, 'update': {'#k': "
                              "{'name': 'K'}}}, '0'],"
                              " ['Identity/get', {'accountId': 'a%" G_GINT64_FORMAT
                              "', 'ids': ['#k']}, '1']]",
                              t->m.account, t->m.account);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/list/0/name"), ==, "K");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/6.3/create", test_create},
    {"/rfc8621/6/html-signature-is-kept", test_html_signature_is_kept},
    {"/rfc8621/6.3/forbidden-from", test_forbidden_from},
    {"/rfc8621/6.3/invalid-properties", test_invalid_properties},
    {"/rfc8621/6.3/limits", test_limits},
    {"/rfc8621/6.3/update", test_update},
    {"/rfc8621/6.3/update-whole-object", test_update_whole_object},
    {"/rfc8621/6.3/update-errors", test_update_errors},
    {"/rfc8621/6.3/destroy", test_destroy},
    {"/rfc8621/6.2/changes", test_changes},
    {"/rfc8621/6.3/creation-reference", test_creation_reference},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

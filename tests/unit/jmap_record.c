/* Records: the types of src/jmap/record/types.c over the engine that they share. */
#include "jmap_fixture.h"

#include "store/admin.h"

static json_t *call_own(struct jmap_fixture *t, const char *method, const char *args)
{
    json_t *answer =
        jmap_fixture_ask(t, t->m.user, "[['%s', {'accountId': 'u%" G_GINT64_FORMAT "', %s}, '0']]",
                         method, store_principal_user(t->m.user), args);
    json_t *result = json_incref(jmap_at(answer, "methodResponses/0/1"));

    json_decref(answer);
    return result;
}

/* Creates a label; its id. */
static char *make_label(struct jmap_fixture *t, const char *name)
{
    json_t *answer = jmap_fixture_call(t, "Label/set", "{'create': {'k': {'name': '%s'}}}", name);
    char *id = g_strdup(jmap_text_at(answer, "created/k/id"));

    json_decref(answer);
    return id;
}

static void test_create_tells_defaults(struct jmap_fixture *t)
{
    json_t *answer =
        jmap_fixture_call(t, "Label/set", "{'create': {'k': {'name': 'Offers', 'color': 'blue'}}}");
    json_t *got = jmap_fixture_call(t, "Label/get", "{}");

    g_assert_cmpstr(jmap_text_at(answer, "oldState"), !=, jmap_text_at(answer, "newState"));
    g_assert_false(jmap_has(answer, "created/k/color"));
    g_assert_cmpint(jmap_number_at(answer, "created/k/sortOrder"), ==, 0);
    g_assert_cmpstr(jmap_text_at(got, "state"), ==, jmap_text_at(answer, "newState"));
    g_assert_cmpstr(jmap_text_at(got, "list/0/name"), ==, "Offers");
    g_assert_cmpstr(jmap_text_at(got, "list/0/color"), ==, "blue");
    g_assert_cmpstr(jmap_text_at(got, "list/0/id"), ==, jmap_text_at(answer, "created/k/id"));
    json_decref(got);
    json_decref(answer);
}

static void expect_refused(struct jmap_fixture *t, const char *object, const char *property)
{
    json_t *answer = jmap_fixture_call(t, "Label/set", "{'create': {'k': %s}}", object);

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, property);
    json_decref(answer);
}

static void test_wrong_values_are_named(struct jmap_fixture *t)
{
    expect_refused(t, "{}", "name");
    expect_refused(t, "{'name': ''}", "name");
    expect_refused(t, "{'name': 7}", "name");
    expect_refused(t, "{'name': 'a\\nb'}", "name");
    expect_refused(t, "{'name': 'a', 'color': 'octarine'}", "color");
    expect_refused(t, "{'name': 'a', 'sortOrder': -1}", "sortOrder");
    expect_refused(t, "{'name': 'a', 'sortOrder': 1.5}", "sortOrder");
    expect_refused(t, "{'name': 'a', 'id': 'r1'}", "id");
    expect_refused(t, "{'name': 'a', 'surprise': 1}", "surprise");
}

static void test_a_name_is_taken_whatever_its_case(struct jmap_fixture *t)
{
    g_autofree char *first = make_label(t, "Straße");
    json_t *answer;

    expect_refused(t, "{'name': 'STRASSE'}", "name");
    answer = jmap_fixture_call(t, "Label/set", "{'update': {'%s': {'name': 'strasse'}}}", first);
    g_assert_true(jmap_has(answer, "updated"));
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
}

static void test_update_and_changes(struct jmap_fixture *t)
{
    g_autofree char *id = make_label(t, "Offers"), *state = jmap_state_of(t, "Label");
    g_autofree char *updated = g_strdup_printf("updated/%s", id);
    json_t *answer =
        jmap_fixture_call(t, "Label/set", "{'update': {'%s': {'color': 'red', 'sortOrder': null}}}",
                          id);
    json_t *changes = jmap_fixture_call(t, "Label/changes", "{'sinceState': '%s'}", state);
    json_t *gone;

    /* What null became is told. */
    jmap_assert_json(jmap_at(answer, updated), "{'sortOrder': 0}");
    g_assert_cmpstr(jmap_text_at(changes, "updated/0"), ==, id);
    gone = jmap_fixture_call(t, "Label/set", "{'destroy': ['%s', 'r999', 'x']}", id);
    g_assert_cmpstr(jmap_text_at(gone, "destroyed/0"), ==, id);
    g_assert_cmpstr(jmap_text_at(gone, "notDestroyed/r999/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(gone, "notDestroyed/x/type"), ==, "notFound");
    json_decref(gone);
    json_decref(changes);
    json_decref(answer);
}

static void test_fixed_ones_stay(struct jmap_fixture *t)
{
    g_autofree char *id = make_label(t, "Offers");
    g_autofree char *path = g_strdup_printf("notUpdated/%s/properties/0", id);
    json_t *answer =
        jmap_fixture_call(t, "Label/set", "{'update': {'%s': {'keyword': 'other'}}}", id);

    g_assert_cmpstr(jmap_text_at(answer, path), ==, "keyword");
    json_decref(answer);
}

static void test_there_is_one_of_a_singleton(struct jmap_fixture *t)
{
    json_t *got = call_own(t, "Preferences/get", "'ids': null"), *answer;

    g_assert_cmpstr(jmap_text_at(got, "list/0/id"), ==, "singleton");
    g_assert_cmpint(jmap_number_at(got, "list/0/undoSendSeconds"), ==, 10);
    json_decref(got);
    for (int seconds = 3; seconds < 5; seconds++) {
        g_autofree char *args =
            g_strdup_printf("'update': {'singleton': {'undoSendSeconds': %d}}, 'destroy': ['r1']",
                            seconds);

        answer = call_own(t, "Preferences/set", args);
        g_assert_true(json_is_null(jmap_at(answer, "updated/singleton")));
        json_decref(answer);
    }
    answer = call_own(t, "Preferences/set",
                      "'create': {'k': {}}, 'update': {'singleton': {'undoSendSeconds': 31}}");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "singleton");
    g_assert_cmpstr(jmap_text_at(answer, "notUpdated/singleton/properties/0"), ==,
                    "undoSendSeconds");
    json_decref(answer);
    got = call_own(t, "Preferences/get", "'ids': ['singleton', 'r5'], 'properties': ['theme']");
    jmap_assert_json(jmap_at(got, "list/0"), "{'id': 'singleton', 'theme': 'system'}");
    jmap_assert_json(jmap_at(got, "notFound"), "['r5']");
    json_decref(got);
}

/* A person's own are nobody else's, nor is what is told of them. */
static void test_personal_ones_are_personal(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *made = call_own(t, "SavedSearch/set", "'create': {'k': {'name': 'A', 'text': 'b'}}");
    const char *id = jmap_text_at(made, "created/k/id");
    int64_t user = store_principal_user(t->m.user);
    json_t *answer =
        jmap_fixture_ask(t, other,
                         "[['SavedSearch/get', {'accountId': 'u%" G_GINT64_FORMAT
                         "', 'ids': ['%s']}, '0'],"
                         " ['SavedSearch/set', {'accountId': 'u%" G_GINT64_FORMAT
                         "', 'destroy': ['%s']}, '1']]",
                         store_principal_user(other), id, store_principal_user(other), id);
    json_t *change = jmap_fixture_change(t, t->m.user, -user, STORE_SAVED_SEARCH, NULL);
    g_autofree char *path = g_strdup_printf("changed/u%" G_GINT64_FORMAT "/SavedSearch", user);
    g_autofree char *state = g_strdup(jmap_text_at(made, "newState"));

    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/list"), "[]");
    g_assert_true(json_is_null(jmap_at(answer, "methodResponses/1/1/destroyed")));
    g_assert_cmpstr(jmap_text_at(change, path), ==, state);
    json_decref(change);
    change = jmap_fixture_change(t, other, -user, STORE_SAVED_SEARCH, NULL);
    g_assert_null(change);
    json_decref(answer);
    json_decref(made);
    store_principal_unref(other);
}

/* Seen by whoever sees the account, with whose it is; they go with it. */
static void test_those_of_an_account(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *id = make_label(t, "Offers");
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    json_t *answer;

    jmap_fixture_share(t, other, STORE_READ);
    answer = jmap_fixture_ask(t, other,
                              "[['Label/get', {'accountId': 'u%" G_GINT64_FORMAT "'}, '0'],"
                              " ['Label/set', {'accountId': '%s', 'destroy': ['%s']}, '1']]",
                              store_principal_user(other), account, id);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/list/0/accountId"), ==, account);
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/type"), ==, "accountReadOnly");
    json_decref(answer);
    g_assert_true(store_account_remove(t->m.f.store, t->m.account, NULL));
    answer =
        jmap_fixture_ask(t, other, "[['Label/get', {'accountId': 'u%" G_GINT64_FORMAT "'}, '0']]",
                         store_principal_user(other));
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/list"), "[]");
    json_decref(answer);
    store_principal_unref(other);
}

static const struct jmap_case cases[] = {
    {"/record/create-tells-defaults", test_create_tells_defaults},
    {"/record/wrong-values-are-named", test_wrong_values_are_named},
    {"/record/name-is-taken-whatever-its-case", test_a_name_is_taken_whatever_its_case},
    {"/record/update-and-changes", test_update_and_changes},
    {"/record/fixed-ones-stay", test_fixed_ones_stay},
    {"/record/there-is-one-of-a-singleton", test_there_is_one_of_a_singleton},
    {"/record/personal-ones-are-personal", test_personal_ones_are_personal},
    {"/record/those-of-an-account", test_those_of_an_account},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

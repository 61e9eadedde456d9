/* RFC 8620, 5.2: /changes. */
#include "jmap_fixture.h"

static const char *const types[] = {"Mailbox", "Thread", "Email", "Identity", "EmailSubmission"};

static int64_t put(struct jmap_fixture *t, uint32_t uid)
{
    g_autofree char *text =
        g_strdup_printf("From: a@b.example\nMessage-ID: <%u@x>\nSubject: no %u\n\nx\n", uid, uid);

    return jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid, text);
}

static json_t *changes(struct jmap_fixture *t, const char *type, const char *since, int max)
{
    g_autofree char *method = g_strconcat(type, "/changes", NULL);

    if (max == 0)
        return jmap_fixture_call(t, method, "{'sinceState': '%s'}", since);
    return jmap_fixture_call(t, method, "{'sinceState': '%s', 'maxChanges': %d}", since, max);
}

static size_t count(json_t *answer, const char *list)
{
    return json_array_size(jmap_at(answer, list));
}

static void flag(struct jmap_fixture *t, int64_t email, const char *value)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/set",
                          "{'update': {'e%" G_GINT64_FORMAT "': {'keywords/$flagged': %s}}}", email,
                          value);

    g_assert_cmpuint(json_object_size(jmap_at(answer, "updated")), ==, 1);
    json_decref(answer);
}

static void destroy(struct jmap_fixture *t, int64_t email)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/set", "{'destroy': ['e%" G_GINT64_FORMAT "']}", email);

    g_assert_cmpuint(count(answer, "destroyed"), ==, 1);
    json_decref(answer);
}

static void test_nothing_changed(struct jmap_fixture *t)
{
    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *state = jmap_state_of(t, types[i]);
        json_t *answer = changes(t, types[i], state, 0);

        g_assert_cmpstr(jmap_text_at(answer, "accountId"), ==, "a1");
        g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
        g_assert_cmpstr(jmap_text_at(answer, "newState"), ==, state);
        g_assert_true(json_is_false(jmap_at(answer, "hasMoreChanges")));
        g_assert_cmpuint(count(answer, "created") + count(answer, "updated") +
                             count(answer, "destroyed"),
                         ==, 0);
        json_decref(answer);
    }
}

static void test_arguments(struct jmap_fixture *t)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *method = g_strconcat(types[i], "/changes", NULL);
        g_autofree char *state = jmap_state_of(t, types[i]);

        jmap_expect_error(t, "invalidArguments", method, "{}");
        jmap_expect_error(t, "invalidArguments", method, "{'sinceState': null}");
        jmap_expect_error(t, "invalidArguments", method, "{'sinceState': 1}");
        jmap_expect_error(t, "invalidArguments", method, "{'sinceState': '%s', 'maxChanges': 0}",
                          state);
        jmap_expect_error(t, "invalidArguments", method, "{'sinceState': '%s', 'maxChanges': -1}",
                          state);
        jmap_expect_error(t, NULL, method, "{'sinceState': '%s', 'maxChanges': null}", state);
    }
}

/* A state that was never given out, or lies before what is kept, cannot be calculated from. */
static void test_unknown_states(struct jmap_fixture *t)
{
    static const char *const states[] =
        {"", "x", "-1", "00", "1.0", "99999999999", "99999999999999999999999999"};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *method = g_strconcat(types[i], "/changes", NULL);

        for (size_t j = 0; j < G_N_ELEMENTS(states); j++)
            jmap_expect_error(t, "cannotCalculateChanges", method, "{'sinceState': '%s'}",
                              states[j]);
    }
}

/* Each email is in the one list that says what became of it. */
static void test_lists(struct jmap_fixture *t)
{
    int64_t updated = put(t, 1), destroyed = put(t, 2), created, gone;
    g_autofree char *before = jmap_state_of(t, "Email"), *after = NULL;
    g_autofree char *expected = NULL;
    json_t *answer;

    flag(t, updated, "true");
    flag(t, destroyed, "true");
    destroy(t, destroyed);
    created = put(t, 3);
    flag(t, created, "true");
    gone = put(t, 4);
    destroy(t, gone);
    after = jmap_state_of(t, "Email");
    answer = changes(t, "Email", before, 0);
    expected = g_strdup_printf("{'accountId': 'a1', 'oldState': '%s', 'newState': '%s',"
                               " 'hasMoreChanges': false, 'created': ['e%" G_GINT64_FORMAT
                               "'], 'updated': ['e%" G_GINT64_FORMAT
                               "'], 'destroyed': ['e%" G_GINT64_FORMAT "']}",
                               before, after, created, updated, destroyed);
    jmap_assert_json(answer, expected);
    json_decref(answer);
}

/* A client's cache: takes an answer and complains of what may not come in this order. */
static void take(GHashTable *cache, GHashTable *gone, json_t *answer)
{
    json_t *item;
    size_t i;

    json_array_foreach(jmap_at(answer, "created"), i, item)
    {
        g_assert_false(g_hash_table_contains(gone, json_string_value(item)));
        g_assert_true(g_hash_table_add(cache, g_strdup(json_string_value(item))));
    }
    json_array_foreach(jmap_at(answer, "updated"), i, item)
        g_assert_true(g_hash_table_contains(cache, json_string_value(item)));
    json_array_foreach(jmap_at(answer, "destroyed"), i, item)
    {
        g_hash_table_remove(cache, json_string_value(item));
        g_hash_table_add(gone, g_strdup(json_string_value(item)));
    }
}

static void page_through(struct jmap_fixture *t, const char *since, int max, GHashTable *cache)
{
    g_autoptr(GHashTable) gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *state = g_strdup(since), *end = jmap_state_of(t, "Email");
    bool more = true;

    for (int calls = 0; more; calls++) {
        json_t *answer = changes(t, "Email", state, max);

        g_assert_cmpint(calls, <, 100);
        g_assert_cmpuint(count(answer, "created") + count(answer, "updated") +
                             count(answer, "destroyed"),
                         <=, max);
        g_assert_cmpstr(jmap_text_at(answer, "oldState"), ==, state);
        take(cache, gone, answer);
        g_free(state);
        state = g_strdup(jmap_text_at(answer, "newState"));
        more = json_is_true(jmap_at(answer, "hasMoreChanges"));
        json_decref(answer);
    }
    g_assert_cmpstr(state, ==, end);
}

/* Whatever the pages' size, they lead from the old state to the new one. */
static void test_pages(struct jmap_fixture *t)
{
    int64_t old = put(t, 1), emails[6];
    g_autofree char *before = jmap_state_of(t, "Email");
    g_autofree char *kept = g_strdup_printf("e%" G_GINT64_FORMAT, old);

    for (uint32_t i = 0; i < 6; i++)
        emails[i] = put(t, i + 2);
    for (int i = 5; i >= 0; i--)
        flag(t, emails[i], "true");
    flag(t, old, "true");
    destroy(t, emails[1]);
    destroy(t, emails[3]);
    flag(t, emails[0], "null");
    for (int max = 1; max < 12; max++) {
        g_autoptr(GHashTable) cache = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        g_hash_table_add(cache, g_strdup(kept));
        page_through(t, before, max, cache);
        g_assert_cmpuint(g_hash_table_size(cache), ==, 5);
    }
}

/* The new state of a /set is one to ask from. */
static void test_states_of_set(struct jmap_fixture *t)
{
    int64_t email = put(t, 1);
    json_t *answer,
        *set = jmap_fixture_call(t, "Email/set",
                                 "{'update': {'e%" G_GINT64_FORMAT "': {'keywords/$seen': true}}}",
                                 email);

    answer = changes(t, "Email", jmap_text_at(set, "oldState"), 0);
    g_assert_cmpuint(count(answer, "updated"), ==, 1);
    json_decref(answer);
    answer = changes(t, "Email", jmap_text_at(set, "newState"), 0);
    g_assert_cmpuint(count(answer, "updated"), ==, 0);
    json_decref(answer);
    json_decref(set);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/5.2/nothing-changed", test_nothing_changed},
    {"/rfc8620/5.2/arguments", test_arguments},
    {"/rfc8620/5.2/unknown-states", test_unknown_states},
    {"/rfc8620/5.2/each-id-is-in-one-list", test_lists},
    {"/rfc8620/5.2/pages-lead-to-the-end", test_pages},
    {"/rfc8620/5.2/states-of-a-set", test_states_of_set},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

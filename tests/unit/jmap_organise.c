/* Notes, to-dos, people and conversations of docs/api.md, "Organising". */
#include "jmap_fixture.h"

#define MAIL(id, refs, subject)                                                                    \
    "Message-ID: <" id ">\nReferences: " refs "\nFrom: Bea <bea@example.org>\nSubject: " subject   \
    "\n\nSome text.\n"

static int64_t first, second;

/* A conversation of two emails, its thread's id. (transfer full) */
static char *conversation(struct jmap_fixture *t)
{
    first = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, MAIL("a@x", "", "lamps"));
    second = jmap_fixture_put(t, t->m.inbox, 2, 0, 2000, MAIL("b@x", "<a@x>", "Re: lamps"));
    json_t *got = jmap_fixture_call(t, "Email/get", "{'ids': ['e%" G_GINT64_FORMAT "']}", first);
    char *thread = g_strdup(jmap_text_at(got, "list/0/threadId"));

    json_decref(got);
    return thread;
}

static char *make(struct jmap_fixture *t, const char *type, const char *object)
{
    g_autofree char *method = g_strconcat(type, "/set", NULL);
    json_t *answer = jmap_fixture_call(t, method, "{'create': {'k': %s}}", object);
    char *id = g_strdup(jmap_text_at(answer, "created/k/id"));

    json_decref(answer);
    return id;
}

static char *note_of(struct jmap_fixture *t, const char *thread)
{
    g_autofree char *object = g_strdup_printf("{'threadId': '%s', 'text': 'call them'}", thread);

    return make(t, "Note", object);
}

static void test_note(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t), *state = jmap_state_of(t, "Note");
    g_autofree char *emails = jmap_state_of(t, "Email"), *id = note_of(t, thread);
    g_autofree char *email = g_strdup_printf("e%" G_GINT64_FORMAT, first);
    json_t *got = jmap_fixture_call(t, "Note/get", "{'threadIds': ['%s'], 'ids': null}", thread);
    json_t *changes = jmap_fixture_call(t, "Note/changes", "{'sinceState': '%s'}", state);

    g_assert_cmpstr(jmap_text_at(got, "list/0/text"), ==, "call them");
    g_assert_cmpstr(jmap_text_at(got, "list/0/threadId"), ==, thread);
    g_assert_cmpstr(jmap_text_at(got, "list/0/emailId"), ==, email);
    g_assert_cmpstr(jmap_text_at(got, "list/0/author"), ==, "ann@example.org");
    g_assert_true(json_is_true(jmap_at(got, "list/0/mayEdit")));
    g_assert_cmpstr(jmap_text_at(changes, "created/0"), ==, id);
    json_decref(changes);
    json_decref(got);
    /* Lists show it: all emails of the conversation have changed. */
    changes = jmap_fixture_call(t, "Email/changes", "{'sinceState': '%s'}", emails);
    g_assert_cmpuint(json_array_size(jmap_at(changes, "updated")), ==, 2);
    json_decref(changes);
    got = jmap_fixture_call(t, "Email/get",
                            "{'ids': ['%s'], 'properties': ['postroom:notes', 'postroom:todos']}",
                            email);
    g_assert_cmpint(jmap_number_at(got, "list/0/postroom:notes"), ==, 1);
    g_assert_true(json_is_null(jmap_at(got, "list/0/postroom:todos")));
    json_decref(got);
}

static void expect_bad(struct jmap_fixture *t, const char *method, const char *object,
                       const char *property)
{
    json_t *answer = jmap_fixture_call(t, method, "{'create': {'k': %s}}", object);

    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
    g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, property);
    json_decref(answer);
}

static void test_wrong_values_are_named(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t);
    static const struct {
        const char *values, *property;
    } cases[] = {
        {"'text': ''", "text"},
        {"'text': ' \\n'", "text"},
        {"'text': 5", "text"},
        {"'text': 'a\\u0000b'", "text"},
        {"'text': 'a', 'due': '2026-02-30'", "due"},
        {"'text': 'a', 'due': '2026-2-3'", "due"},
        {"'text': 'a', 'due': 20260203", "due"},
        {"'text': 'a', 'personId': 'x'", "personId"},
        {"'text': 'a', 'personId': 'u999'", "personId"},
        {"'text': 'a', 'isDone': null", "isDone"},
        {"'text': 'a', 'author': 'me'", "author"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *object =
            g_strdup_printf("{'threadId': '%s', %s}", thread, cases[i].values);

        expect_bad(t, "Todo/set", object, cases[i].property);
    }
    expect_bad(t, "Note/set", "{'text': 'a'}", "threadId");
    expect_bad(t, "Note/set", "{'text': 'a', 'threadId': 't999999'}", "threadId");
    expect_bad(t, "Note/set", "{'text': 'a', 'emailId': 'nonsense'}", "emailId");
    expect_bad(t, "Note/set", "{'text': 'a', 'threadId': 't1', 'due': '2026-01-01'}", "due");
}

static void test_todo(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t);
    int64_t self = store_principal_user(t->m.user);
    g_autofree char *object = g_strdup_printf("{'threadId': '%s', 'text': 'pay', 'due': "
                                              "'2026-11-22', 'personId': 'u%" G_GINT64_FORMAT "'}",
                                              thread, self);
    g_autofree char *id = make(t, "Todo", object);
    g_autofree char *person = g_strdup_printf("u%" G_GINT64_FORMAT, self);
    json_t *found = jmap_fixture_call(t, "Todo/query",
                                      "{'filter': {'isDone': false, 'dueBefore': '2026-11-23', "
                                      "'personId': '%s'}}",
                                      person);
    json_t *answer;

    jmap_assert_json(jmap_at(found, "canCalculateChanges"), "false");
    g_assert_cmpstr(jmap_text_at(found, "ids/0"), ==, id);
    json_decref(found);
    found = jmap_fixture_call(t, "Todo/query", "{'filter': {'dueBefore': '2026-11-22'}}");
    jmap_assert_json(jmap_at(found, "ids"), "[]");
    json_decref(found);
    answer = jmap_fixture_call(t, "Todo/set", "{'update': {'%s': {'isDone': true}}}", id);
    g_assert_true(json_is_null(jmap_at(answer, "notUpdated")));
    json_decref(answer);
    answer = jmap_fixture_call(t, "Todo/get", "{'ids': ['%s']}", id);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/doneById"), ==, person);
    g_assert_cmpstr(jmap_text_at(answer, "list/0/due"), ==, "2026-11-22");
    json_decref(answer);
    answer = jmap_fixture_call(t, "Todo/set", "{'destroy': ['%s', 'd999', 'n1']}", id);
    g_assert_cmpstr(jmap_text_at(answer, "destroyed/0"), ==, id);
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/d999/type"), ==, "notFound");
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/n1/type"), ==, "notFound");
    json_decref(answer);
}

/* A note is its author's; everybody who sees the account reads it. */
static void test_others(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t), *id = note_of(t, thread);
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *account = g_strdup_printf("a%" G_GINT64_FORMAT, t->m.account);
    json_t *answer;

    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE);
    answer =
        jmap_fixture_ask(t, other,
                         "[['Note/set', {'accountId': '%s', 'update': {'%s': {'text': 'mine'}}, "
                         "'destroy': []}, '0'],"
                         " ['Note/get', {'accountId': 'u%" G_GINT64_FORMAT "', 'ids': null}, '1'],"
                         " ['Note/set', {'accountId': '%s', 'destroy': ['%s']}, '2'],"
                         " ['Person/get', {'accountId': '%s', 'ids': null}, '3']]",
                         account, id, store_principal_user(other), account, id, account);
    g_autofree char *refused = g_strdup_printf("methodResponses/0/1/notUpdated/%s/type", id);
    g_autofree char *kept = g_strdup_printf("methodResponses/2/1/notDestroyed/%s/type", id);
    g_assert_cmpstr(jmap_text_at(answer, refused), ==, "forbidden");
    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/1/1/list/0/text"), ==, "call them");
    g_assert_true(json_is_false(jmap_at(answer, "methodResponses/1/1/list/0/mayEdit")));
    g_assert_cmpstr(jmap_text_at(answer, kept), ==, "forbidden");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "methodResponses/3/1/list")), ==, 2);
    json_decref(answer);
    /* To whom it is no longer shared it is as if it were not. */
    jmap_fixture_share(t, other, 0);
    answer =
        jmap_fixture_ask(t, other,
                         "[['Note/get', {'accountId': 'u%" G_GINT64_FORMAT
                         "', 'ids': ['%s']}, '0'], ['Person/get', {'accountId': 'u%" G_GINT64_FORMAT
                         "', 'ids': null}, '1']]",
                         store_principal_user(other), id, store_principal_user(other));
    jmap_assert_json(jmap_at(answer, "methodResponses/0/1/list"), "[]");
    jmap_assert_json(jmap_at(answer, "methodResponses/1/1/list"), "[]");
    json_decref(answer);
    store_principal_unref(other);
}

static void test_push(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t);
    struct jmap_told told;

    jmap_told_begin(t, &told);
    g_free(note_of(t, thread));
    g_assert_cmpuint(jmap_told_types(t, &told) & STORE_NOTE, !=, 0);
    jmap_told_end(t, &told);
    json_t *change = jmap_fixture_change(t, t->m.user, t->m.account, STORE_NOTE, NULL);
    g_autofree char *path = g_strdup_printf("changed/a%" G_GINT64_FORMAT "/Note", t->m.account);
    g_assert_true(jmap_has(change, path));
    json_decref(change);
}

/* --- conversations */

static void test_split_and_merge(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t);
    g_free(note_of(t, thread));
    g_autofree char *state = jmap_state_of(t, "Email");
    json_t *split = jmap_fixture_call(t, "Conversation/split",
                                      "{'emailIds': ['e%" G_GINT64_FORMAT "']}", second);
    g_autofree char *fresh = g_strdup(jmap_text_at(split, "threadId"));
    g_autofree char *moved = g_strdup(jmap_text_at(split, "emailIds/0"));
    json_t *changes = jmap_fixture_call(t, "Email/changes", "{'sinceState': '%s'}", state), *merged;

    g_assert_cmpstr(fresh, !=, thread);
    g_assert_cmpstr(jmap_text_at(split, "fromThreadId"), ==, thread);
    g_assert_cmpstr(jmap_text_at(changes, "created/0"), ==, moved);
    json_decref(changes);
    json_decref(split);
    split = jmap_fixture_call(t, "Conversation/ties", "{'threadId': '%s'}", fresh);
    g_assert_cmpstr(jmap_text_at(split, "ties/0/tie"), ==, "first");
    g_assert_cmpstr(jmap_text_at(split, "ties/0/byPerson/act"), ==, "split");
    json_decref(split);
    merged =
        jmap_fixture_call(t, "Conversation/merge", "{'threadIds': ['%s', '%s']}", fresh, thread);
    g_assert_cmpstr(jmap_text_at(merged, "threadId"), ==, thread);
    g_assert_cmpstr(jmap_text_at(merged, "moved/0/fromThreadId"), ==, fresh);
    json_decref(merged);
    merged = jmap_fixture_call(t, "Conversation/ties", "{'threadId': '%s'}", thread);
    g_assert_cmpstr(jmap_text_at(merged, "ties/1/tie"), ==, "references");
    g_assert_true(json_is_true(jmap_at(merged, "ties/1/sameSubject")));
    g_assert_cmpstr(jmap_text_at(merged, "ties/1/byPerson/person"), ==, "ann@example.org");
    json_decref(merged);
    jmap_expect_error(t, "notFound", "Conversation/ties", "{'threadId': '%s'}", fresh);
    jmap_expect_error(t, "invalidArguments", "Conversation/merge", "{'threadIds': ['%s']}", thread);
    jmap_expect_error(t, "notFound", "Conversation/merge", "{'threadIds': ['%s', 'x']}", thread);
    jmap_expect_error(t, "notFound", "Conversation/split", "{'emailIds': ['e99999']}");
}

/* --- filters */

static void expect_found(struct jmap_fixture *t, const char *filter, size_t count)
{
    json_t *found = jmap_fixture_call(t, "Email/query", "{'filter': %s}", filter);

    g_assert_cmpuint(json_array_size(jmap_at(found, "ids")), ==, count);
    json_decref(found);
}

static void test_filters(struct jmap_fixture *t)
{
    g_autofree char *thread = conversation(t), *id = note_of(t, thread);
    json_t *query;

    jmap_fixture_put(t, t->m.inbox, 3, 0, 3000, MAIL("c@x", "", "tables"));
    expect_found(t, "{'postroom:hasNote': true}", 2);
    expect_found(t, "{'postroom:hasNote': false}", 1);
    expect_found(t, "{'postroom:note': 'CALL'}", 2);
    expect_found(t, "{'postroom:note': 'tables'}", 0);
    expect_found(t, "{'postroom:todo': {}}", 0);
    expect_found(t, "{'operator': 'NOT', 'conditions': [{'postroom:note': 'call'}]}", 1);
    jmap_expect_error(t, "invalidArguments", "Email/query",
                      "{'filter': {'postroom:todo': {'x': 1}}}");
    jmap_expect_error(t, "invalidArguments", "Email/query",
                      "{'filter': {'postroom:todo': {'dueFrom': 'soon'}}}");
    /* The list follows. */
    query = jmap_fixture_call(t, "Email/query", "{'filter': {'postroom:hasNote': true}}");
    g_autofree char *state = g_strdup(jmap_text_at(query, "queryState"));
    json_decref(query);
    json_decref(jmap_fixture_call(t, "Note/set", "{'destroy': ['%s']}", id));
    query =
        jmap_fixture_call(t, "Email/queryChanges",
                          "{'filter': {'postroom:hasNote': true}, 'sinceQueryState': '%s'}", state);
    g_assert_cmpuint(json_array_size(jmap_at(query, "removed")), ==, 2);
    jmap_assert_json(jmap_at(query, "added"), "[]");
    json_decref(query);
}

/* --- labels */

static void test_label_keywords(struct jmap_fixture *t)
{
    static const struct {
        const char *name, *keyword;
    } cases[] = {
        {"Offers 2026!", "offers-2026"},
        {"offers (2026)", "offers-2026-2"},
        {"Überweisung", "berweisung"},
        {"מסמכים", "label"},
        {"客户", "label-2"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *made =
            jmap_fixture_call(t, "Label/set", "{'create': {'k': {'name': '%s'}}}", cases[i].name);

        g_assert_cmpstr(jmap_text_at(made, "created/k/keyword"), ==, cases[i].keyword);
        json_decref(made);
    }
    expect_bad(t, "Label/set", "{'name': 'x', 'keyword': '$seen'}", "keyword");
    expect_bad(t, "Label/set", "{'name': 'x', 'keyword': 'a b'}", "keyword");
}

static void test_label_goes_with_its_keyword(struct jmap_fixture *t)
{
    g_free(conversation(t));
    g_autofree char *id = make(t, "Label", "{'name': 'Work'}");

    json_decref(jmap_fixture_call(t, "Email/set",
                                  "{'update': {'e%" G_GINT64_FORMAT "': {'keywords/work': true}}}",
                                  first));
    expect_found(t, "{'hasKeyword': 'work'}", 1);
    json_decref(jmap_fixture_call(t, "Label/set", "{'update': {'%s': {'name': 'Job'}}}", id));
    expect_found(t, "{'hasKeyword': 'work'}", 1);
    json_decref(jmap_fixture_call(t, "Label/set", "{'destroy': ['%s']}", id));
    expect_found(t, "{'hasKeyword': 'work'}", 0);
}

/* --- the search box */

static void expect_search(struct jmap_fixture *t, const char *text, const char *filter)
{
    json_t *answer = jmap_fixture_call(t, "Search/parse", "{'text': '%s'}", text);

    jmap_assert_json(jmap_at(answer, "filter"), filter);
    json_decref(answer);
}

static void expect_mistake(struct jmap_fixture *t, const char *text, const char *code)
{
    json_t *answer = jmap_fixture_call(t, "Search/parse", "{'text': '%s'}", text);

    g_assert_cmpstr(jmap_text_at(answer, "code"), ==, code);
    json_decref(answer);
}

static void test_search(struct jmap_fixture *t)
{
    g_autofree char *self =
        g_strdup_printf("{'postroom:todo': {'personId': 'u%" G_GINT64_FORMAT "'}}",
                        store_principal_user(t->m.user));
    g_free(make(t, "Label", "{'name': 'Große Messe', 'keyword': 'fair'}"));

    expect_search(t, "label:\\\"GROSSE messe\\\"", "{'hasKeyword': 'fair'}");
    expect_search(t, "label:fair", "{'hasKeyword': 'fair'}");
    expect_search(t, "has:note", "{'postroom:hasNote': true}");
    expect_search(t, "note:call", "{'postroom:note': 'call'}");
    expect_search(t, "is:todo", "{'postroom:todo': {}}");
    expect_search(t, "is:done", "{'postroom:todo': {'isDone': true}}");
    expect_search(t, "for:me", self);
    expect_search(t, "for:ANN", self);
    expect_search(t, "for:ann@example.org", self);
    expect_search(t, "due:2026-11",
                  "{'postroom:todo': {'dueFrom': '2026-11-01', 'dueBefore': '2026-12-01'}}");
    expect_search(t, "due:2026-02-28",
                  "{'postroom:todo': {'dueFrom': '2026-02-28', 'dueBefore': '2026-03-01'}}");
    expect_mistake(t, "due:soon", "bad-due");
    expect_mistake(t, "for:nobody", "unknown-person");
    expect_mistake(t, "label:\\\"no such\\\"", "bad-label");
}

static const struct jmap_case cases[] = {
    {"/organise/note", test_note},
    {"/organise/wrong-values-are-named", test_wrong_values_are_named},
    {"/organise/todo", test_todo},
    {"/organise/others", test_others},
    {"/organise/push", test_push},
    {"/organise/split-and-merge", test_split_and_merge},
    {"/organise/filters", test_filters},
    {"/organise/label-keywords", test_label_keywords},
    {"/organise/label-goes-with-its-keyword", test_label_goes_with_its_keyword},
    {"/organise/search", test_search},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 8621, 3: what belongs to one thread. */
#include "jmap_fixture.h"

#define EMAIL "e%" G_GINT64_FORMAT

static char *property_of(struct jmap_fixture *t, int64_t email, const char *property)
{
    json_t *answer =
        jmap_fixture_call(t, "Email/get", "{'ids': ['" EMAIL "'], 'properties': ['%s']}", email,
                          property);
    g_autofree char *path = g_strconcat("list/0/", property, NULL);
    char *value = g_strdup(jmap_text_at(answer, path));

    json_decref(answer);
    return value;
}

static json_t *emails_of(struct jmap_fixture *t, const char *thread)
{
    json_t *answer = jmap_fixture_call(t, "Thread/get", "{'ids': ['%s']}", thread);
    json_t *ids = json_incref(jmap_at(answer, "list/0/emailIds"));

    json_decref(answer);
    return ids;
}

/* A message id in common and one subject, whatever was put before it; neither alone. */
static void test_what_belongs_together(struct jmap_fixture *t)
{
    static const struct {
        const char *message;
        bool belongs;
    } rows[] = {
        {"Message-ID: <2@x>\nIn-Reply-To: <1@x>\nSubject: Re: plan\n\nx\n", true},
        {"Message-ID: <3@x>\nReferences: <0@x> <1@x>\nSubject: Fwd: [list] RE:  plan\n\nx\n", true},
        {"Message-ID: <4@x>\nIn-Reply-To: <2@x>\nSubject: plan\n\nx\n", true},
        {"Message-ID: <5@x>\nSubject: Re: plan\n\nx\n", false},
        {"Message-ID: <6@x>\nIn-Reply-To: <1@x>\nSubject: something else\n\nx\n", false},
    };
    int64_t first =
        jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Message-ID: <1@x>\nSubject: plan\n\nx\n");
    g_autofree char *thread = property_of(t, first, "threadId");

    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t id = jmap_fixture_put(t, t->m.inbox, i + 2, 0, 1001 + i, rows[i].message);
        g_autofree char *own = property_of(t, id, "threadId");

        if ((strcmp(own, thread) == 0) != rows[i].belongs)
            g_error("%s", rows[i].message);
    }
}

/* Every email is in a thread, also alone; its emails stand oldest first, and stay so. */
static void test_order(struct jmap_fixture *t)
{
    int64_t late =
        jmap_fixture_put(t, t->m.inbox, 1, 0, 3000, "Message-ID: <1@x>\nSubject: a\n\nx\n");
    int64_t early = jmap_fixture_put(t, t->m.archive, 1, 0, 1000,
                                     "Message-ID: <2@x>\nReferences: <1@x>\nSubject: a\n\nx\n");
    int64_t same = jmap_fixture_put(t, t->m.inbox, 2, 0, 3000,
                                    "Message-ID: <3@x>\nReferences: <1@x>\nSubject: a\n\nx\n");
    int64_t alone =
        jmap_fixture_put(t, t->m.inbox, 3, 0, 2000, "Message-ID: <4@x>\nSubject: b\n\nx\n");
    g_autofree char *thread = property_of(t, late, "threadId");
    g_autofree char *other = property_of(t, alone, "threadId");
    g_autofree char *first = g_strdup_printf(EMAIL, early);
    json_t *ids = emails_of(t, thread), *again = emails_of(t, thread), *one = emails_of(t, other);

    g_assert_cmpuint(json_array_size(ids), ==, 3);
    g_assert_cmpstr(jmap_text_at(ids, "0"), ==, first);
    g_assert_true(json_equal(ids, again));
    g_assert_cmpuint(json_array_size(one), ==, 1);
    g_assert_cmpint(same, !=, late);
    json_decref(one);
    json_decref(again);
    json_decref(ids);
}

/* A third email joins two threads: those that change theirs are deleted and come back as others,
 * since threadId is immutable. */
static void test_joined_by_a_third(struct jmap_fixture *t)
{
    g_autofree char *state = NULL, *thread = NULL, *old_a = NULL, *old_b = NULL;
    int64_t a = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000,
                                 "Message-ID: <1@x>\nReferences: <0@x>\nSubject: a\n\nx\n");
    int64_t b = jmap_fixture_put(t, t->m.inbox, 2, 0, 1001, "Message-ID: <2@x>\nSubject: a\n\nx\n");
    int64_t c;
    json_t *changes, *ids;

    old_a = property_of(t, a, "threadId");
    old_b = property_of(t, b, "threadId");
    g_assert_cmpstr(old_a, !=, old_b);
    state = jmap_state_of(t, "Email");
    c = jmap_fixture_put(t, t->m.inbox, 3, 0, 1002,
                         "Message-ID: <3@x>\nReferences: <1@x> <2@x>\nSubject: Re: a\n\nx\n");
    g_assert_cmpint(c, !=, 0);
    changes = jmap_fixture_call(t, "Email/changes", "{'sinceState': '%s'}", state);
    /* One of the two was renewed, the other stayed. */
    g_assert_cmpuint(json_array_size(jmap_at(changes, "destroyed")), ==, 1);
    g_assert_cmpuint(json_array_size(jmap_at(changes, "created")), ==, 2);
    json_decref(changes);
    changes = jmap_fixture_call(t, "Email/query", "{}");
    g_assert_cmpuint(json_array_size(jmap_at(changes, "ids")), ==, 3);
    thread =
        property_of(t, g_ascii_strtoll(jmap_text_at(changes, "ids/0") + 1, NULL, 10), "threadId");
    ids = emails_of(t, thread);
    g_assert_cmpuint(json_array_size(ids), ==, 3);
    json_decref(ids);
    json_decref(changes);
}

/* The example: a thread by its id, with the ids of its emails. */
static void test_example(struct jmap_fixture *t)
{
    int64_t email = jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "Subject: a\n\nx\n");
    g_autofree char *thread = property_of(t, email, "threadId");
    g_autofree char *wanted =
        g_strdup_printf("[{'id': '%s', 'emailIds': ['" EMAIL "']}]", thread, email);
    json_t *answer = jmap_fixture_call(t, "Thread/get", "{'ids': ['%s', 't999']}", thread);

    jmap_assert_json(jmap_at(answer, "list"), wanted);
    jmap_assert_json(jmap_at(answer, "notFound"), "['t999']");
    json_decref(answer);
}

static const struct jmap_case cases[] = {
    {"/rfc8621/3/what-belongs-together", test_what_belongs_together},
    {"/rfc8621/3/oldest-first", test_order},
    {"/rfc8621/3/joined-by-a-third", test_joined_by_a_third},
    {"/rfc8621/3.1.1/example", test_example},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

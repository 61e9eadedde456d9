/* RFC 8620, 7: what the engine says of changes; the event source itself is held in http_jmap.c. */
#include "jmap_fixture.h"

static char *push_id(struct jmap_fixture *t)
{
    return jmap_push_id(t->jmap, t->m.user, store_told(t->m.f.store));
}

static json_t *missed(struct jmap_fixture *t, const char *id, const char *const *types)
{
    return jmap_push_missed(t->jmap, t->m.user, id, store_told(t->m.f.store), types);
}

static void put(struct jmap_fixture *t, uint32_t uid)
{
    jmap_fixture_put(t, t->m.inbox, uid, 0, 1000 + uid, "From: a@b.example\nSubject: one\n\nx\n");
}

/* The id of an event stands for the state of all: nothing is missed from it, all changes after it
 * are. */
static void test_event_ids(struct jmap_fixture *t)
{
    g_autofree char *before = push_id(t), *after = NULL, *state = NULL;
    json_t *change;

    g_assert_null(missed(t, before, NULL));
    put(t, 1);
    after = push_id(t);
    state = jmap_state_of(t, "Email");
    g_assert_cmpstr(before, !=, after);
    change = missed(t, before, NULL);
    g_assert_cmpstr(jmap_text_at(change, "@type"), ==, "StateChange");
    g_assert_cmpstr(jmap_text_at(change, "changed/a1/Email"), ==, state);
    g_assert_true(jmap_has(change, "changed/a1/Mailbox"));
    g_assert_false(jmap_has(change, "changed/a1/Identity"));
    json_decref(change);
    g_assert_null(missed(t, after, NULL));
}

/* Only what the client asked for, and only what it may see. */
static void test_missed_types(struct jmap_fixture *t)
{
    static const char *const thread[] = {"Thread", NULL}, *const identity[] = {"Identity", NULL};
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    g_autofree char *before = push_id(t);
    json_t *change;

    put(t, 1);
    change = missed(t, before, thread);
    g_assert_cmpuint(json_object_size(jmap_at(change, "changed/a1")), ==, 1);
    json_decref(change);
    g_assert_null(missed(t, before, identity));
    g_assert_null(jmap_push_missed(t->jmap, other, before, store_told(t->m.f.store), thread));
    store_principal_unref(other);
}

/* An id that is none of ours, or of a store that was set back, says nothing: all may have changed.
 */
static void test_foreign_ids(struct jmap_fixture *t)
{
    static const char *const ids[] = {"",    "x",     "1",          "-",
                                      "1-",  "1-2-3", "99999999-0", "99999999999999999999999-1",
                                      "-1-1"};

    put(t, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        json_t *change = missed(t, ids[i], NULL);

        g_assert_nonnull(change);
        g_assert_true(jmap_has(change, "changed/a1/Email"));
        json_decref(change);
    }
}

/* The object's form is that of the example: two members, states by type by account. */
static void test_state_change_example(struct jmap_fixture *t)
{
    json_t *change =
        jmap_fixture_change(t, t->m.user, t->m.account, STORE_EMAIL | STORE_MAILBOX, NULL);
    const char *type;
    json_t *state;

    g_assert_cmpuint(json_object_size(change), ==, 2);
    g_assert_cmpstr(jmap_text_at(change, "@type"), ==, "StateChange");
    g_assert_cmpuint(json_object_size(jmap_at(change, "changed/a1")), >=, 2);
    json_object_foreach(jmap_at(change, "changed/a1"), type, state)
    {
        g_autofree char *now = NULL;

        g_assert_true(json_is_string(state));
        if (strcmp(type, "EmailDelivery") == 0)
            continue;
        now = jmap_state_of(t, type);
        g_assert_cmpstr(json_string_value(state), ==, now);
    }
    json_decref(change);
}

/* It says which types changed, and nothing of what is in them. */
static void test_push_is_minimal(struct jmap_fixture *t)
{
    g_autofree char *before = push_id(t);
    json_t *change;
    char *text;

    jmap_fixture_put(t, t->m.inbox, 1, 0, 1000, "From: a@b.example\nSubject: confidential\n\nx\n");
    change = missed(t, before, NULL);
    text = json_dumps(change, 0);
    g_assert_null(strstr(text, "confidential"));
    g_assert_null(strstr(text, "b.example"));
    free(text);
    json_decref(change);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/7/minimal-data", test_push_is_minimal},
    {"/rfc8620/7.1.1/example", test_state_change_example},
    {"/rfc8620/7.3/event-ids-stand-for-the-state-of-all", test_event_ids},
    {"/rfc8620/7.3/missed-changes-are-of-the-types-asked-for", test_missed_types},
    {"/rfc8620/7.3/foreign-event-ids", test_foreign_ids},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

/* RFC 8620, 8.6: how many push subscriptions one person may have and make. */
#include "jmap_shifted.h"

#include "store/push.h"

static int64_t make(struct jmap_fixture *t, struct store_principal *who)
{
    g_autoptr(GError) error = NULL;
    struct secret *url = secret_new("https://push.example/", 21);
    const struct store_push_new fresh = {.device = "d", .url = url};
    struct store_push *push = store_push_create(t->m.f.store, who, &fresh, &error);
    int64_t id;

    g_assert_no_error(error);
    id = push->id;
    store_push_free(push);
    secret_free(url);
    return id;
}

/* The SetError that one more meets. */
static void expect_refused(struct jmap_fixture *t, const char *type)
{
    json_t *answer = jmap_fixture_ask(t, t->m.user,
                                      "[['PushSubscription/set', {'create': {'k': {"
                                      "'deviceClientId': 'd', 'url': 'https://push.example/'}}},"
                                      " '0']]");

    g_assert_cmpstr(jmap_text_at(answer, "methodResponses/0/1/notCreated/k/type"), ==, type);
    json_decref(answer);
}

/* Whatever credentials they are of. */
static void a_person_has_so_many(void)
{
    struct jmap_fixture t;
    struct store_session session;
    struct store_principal *other;

    begin(&t);
    g_assert_true(store_session_begin(t.m.f.store, t.m.user, &session, NULL));
    other = store_session_principal(t.m.f.store, session.id, NULL, NULL);
    for (int i = 0; i < STORE_PUSH_MAX; i++)
        make(&t, i % 2 == 0 ? t.m.user : other);
    expect_refused(&t, "overQuota");
    store_session_clear(&session);
    store_principal_unref(other);
    end(&t);
}

static void so_many_are_made_in_an_hour(void)
{
    struct jmap_fixture t;

    begin(&t);
    ahead = 3600 - shifted() % 3600; /* the hour begins */
    for (int i = 0; i < STORE_PUSH_HOURLY; i++)
        g_assert_true(store_push_destroy(t.m.f.store, t.m.user, make(&t, t.m.user), NULL));
    expect_refused(&t, "rateLimit");
    ahead += 3600;
    make(&t, t.m.user);
    end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/8.6/a-person-has-so-many", a_person_has_so_many);
    g_test_add_func("/rfc8620/8.6/so-many-are-made-in-an-hour", so_many_are_made_in_an_hour);
    return g_test_run();
}

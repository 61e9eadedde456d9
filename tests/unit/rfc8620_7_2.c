/* RFC 8620, 7.2: push subscriptions, up to what is delivered (tests/blackbox/push.test.mjs). */
#include "jmap_shifted.h"

#include "store/delivery.h"
#include "store/push.h"

#define URL "'deviceClientId': 'd', 'url': 'https://push.example/?d=1'"

/* The arguments of the first response to one call; its name has to be the method's or "error". */
static json_t *call_as(struct jmap_fixture *t, struct store_principal *who, const char *method,
                       const char *args)
{
    json_t *answer = jmap_fixture_ask(t, who, "[['%s', %s, '0']]", method, args);
    json_t *result = json_incref(jmap_at(answer, "methodResponses/0/1"));

    json_decref(answer);
    return result;
}

static json_t *set_as(struct jmap_fixture *t, struct store_principal *who, const char *args)
{
    return call_as(t, who, "PushSubscription/set", args);
}

/* The number of a new subscription of this person. */
static int64_t make_as(struct jmap_fixture *t, struct store_principal *who, const char *more)
{
    g_autofree char *args = g_strdup_printf("{'create': {'k': {" URL "%s}}}", more);
    json_t *answer = set_as(t, who, args);
    int64_t id = 0;

    g_assert_cmpint(sscanf(jmap_text_at(answer, "created/k/id"), "p%" G_GINT64_FORMAT, &id), ==, 1);
    json_decref(answer);
    return id;
}

static char *code_of(struct jmap_fixture *t, int64_t id)
{
    struct store_delivery *delivery = store_delivery(t->m.f.store, id, NULL);
    char *code = g_strdup(delivery->code);

    store_delivery_free(delivery);
    return code;
}

static guint count_as(struct jmap_fixture *t, struct store_principal *who)
{
    json_t *answer = call_as(t, who, "PushSubscription/get", "{'ids': null}");
    guint count = (guint)json_array_size(jmap_at(answer, "list"));

    json_decref(answer);
    return count;
}

static bool is_kept(struct jmap_fixture *t, int64_t id)
{
    g_autoptr(GArray) ids = store_deliveries(t->m.f.store, NULL);

    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, int64_t, i) == id)
            return true;
    return false;
}

/* --- 7.2.1 --- */

static void get_has_no_account_and_no_state(void)
{
    struct jmap_fixture t;
    json_t *answer;

    begin(&t);
    make_as(&t, t.m.user, "");
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null}");
    g_assert_cmpuint(json_object_size(answer), ==, 2);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "list")), ==, 1);
    jmap_assert_json(jmap_at(answer, "notFound"), "[]");
    json_decref(answer);
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'accountId': 'a1', 'ids': null}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "invalidArguments");
    json_decref(answer);
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': ['p999', 'x']}");
    jmap_assert_json(jmap_at(answer, "notFound"), "['x', 'p999']");
    json_decref(answer);
    end(&t);
}

static void url_and_keys_are_never_told(void)
{
    static const char *const asked[] = {"url", "keys"};
    struct jmap_fixture t;
    json_t *answer;

    begin(&t);
    make_as(&t, t.m.user, ", 'keys': {'p256dh': 'x', 'auth': 'y'}");
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null}");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0")), ==, 5);
    g_assert_false(jmap_has(answer, "list/0/url"));
    g_assert_false(jmap_has(answer, "list/0/keys"));
    json_decref(answer);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autofree char *args = g_strdup_printf("{'ids': null, 'properties': ['%s']}", asked[i]);

        answer = call_as(&t, t.m.user, "PushSubscription/get", args);
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "forbidden");
        json_decref(answer);
    }
    answer =
        call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null, 'properties': ['expires']}");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "list/0")), ==, 2);
    json_decref(answer);
    end(&t);
}

static struct store_principal *session_of(struct jmap_fixture *t, char **cookie)
{
    struct store_session session;
    struct store_principal *principal;

    g_assert_true(store_session_begin(t->m.f.store, t->m.user, &session, NULL));
    principal = store_session_principal(t->m.f.store, session.id, NULL, NULL);
    *cookie = g_strdup(session.id);
    store_session_clear(&session);
    return principal;
}

static struct store_principal *token_of(struct jmap_fixture *t, int64_t *id)
{
    struct secret *token = NULL;
    struct store_principal *principal;

    *id = store_token_create(t->m.f.store, "ann@example.org", "test", &token, NULL);
    principal = store_sign_in_token(t->m.f.store, token, NULL);
    secret_free(token);
    return principal;
}

/* Also what others may do to it: nothing. */
static void each_credential_sees_its_own(void)
{
    struct jmap_fixture t;
    struct store_principal *who[4];
    g_autofree char *cookie = NULL;
    int64_t token, ids[4];

    begin(&t);
    who[0] = store_principal_ref(t.m.user);
    who[1] = session_of(&t, &cookie);
    who[2] = token_of(&t, &token);
    who[3] = fixture_user(&t.m.f, "bob@example.org");
    for (int i = 0; i < 4; i++)
        ids[i] = make_as(&t, who[i], "");
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) {
            g_autofree char *args =
                g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT "': {'types': null}}}", ids[k]);
            json_t *answer = set_as(&t, who[i], args);

            g_assert_true(json_is_object(jmap_at(answer, i == k ? "updated" : "notUpdated")));
            json_decref(answer);
            if (i == k)
                continue;
            g_assert_false(store_push_destroy(t.m.f.store, who[i], ids[k], NULL));
        }
    for (int i = 0; i < 4; i++) {
        g_assert_cmpuint(count_as(&t, who[i]), ==, 1);
        store_principal_unref(who[i]);
    }
    end(&t);
}

static void the_code_is_told_when_it_was_given_back(void)
{
    struct jmap_fixture t;
    g_autofree char *code = NULL, *args = NULL;
    json_t *answer;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    code = code_of(&t, id);
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null}");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/verificationCode")));
    json_decref(answer);
    args = g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT "': {'verificationCode': '%s'}}}", id,
                           code);
    answer = set_as(&t, t.m.user, args);
    g_assert_true(json_is_object(jmap_at(answer, "updated")));
    json_decref(answer);
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null}");
    g_assert_cmpstr(jmap_text_at(answer, "list/0/verificationCode"), ==, code);
    json_decref(answer);
    end(&t);
}

/* --- 7.2.2 --- */

static void set_has_no_account_and_no_states(void)
{
    static const char *const refused[] = {"{'accountId': 'a1'}", "{'ifInState': '1'}"};
    struct jmap_fixture t;
    json_t *answer;

    begin(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        answer = set_as(&t, t.m.user, refused[i]);
        g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "invalidArguments");
        json_decref(answer);
    }
    answer = set_as(&t, t.m.user, "{'destroy': ['p9']}");
    g_assert_cmpstr(jmap_text_at(answer, "notDestroyed/p9/type"), ==, "notFound");
    g_assert_false(jmap_has(answer, "accountId"));
    g_assert_false(jmap_has(answer, "oldState"));
    g_assert_false(jmap_has(answer, "newState"));
    json_decref(answer);
    end(&t);
}

/* As in the example of 7.2.3. */
static void create_answers_what_was_not_sent(void)
{
    struct jmap_fixture t;
    json_t *answer;

    begin(&t);
    answer = set_as(&t, t.m.user, "{'create': {'k': {" URL ", 'types': null}}}");
    g_assert_cmpuint(json_object_size(jmap_at(answer, "created/k")), ==, 4);
    g_assert_true(json_is_null(jmap_at(answer, "created/k/keys")));
    g_assert_true(json_is_null(jmap_at(answer, "created/k/verificationCode")));
    g_assert_true(json_is_string(jmap_at(answer, "created/k/expires")));
    json_decref(answer);
    end(&t);
}

static void create_refuses_what_is_wrong(void)
{
    static const struct {
        const char *object, *property;
    } wrong[] = {
        {"'deviceClientId': 'd', 'url': 'http://push.example/'", "url"},
        {"'deviceClientId': 'd', 'url': 'https://push.example/\\n'", "url"},
        {"'deviceClientId': 'd', 'url': 7", "url"},
        {"'deviceClientId': 'd'", "url"},
        {"'url': 'https://push.example/'", "deviceClientId"},
        {"'deviceClientId': '', 'url': 'https://push.example/'", "deviceClientId"},
        {URL ", 'verificationCode': 'guess'", "verificationCode"},
        {URL ", 'id': 'p1'", "id"},
        {URL ", 'colour': 'red'", "colour"},
        {URL ", 'keys': 'x'", "keys"},
        {URL ", 'keys': {'p256dh': 'x'}", "keys"},
        {URL ", 'keys': {'p256dh': 'x', 'auth': 'y', 'more': 'z'}", "keys"},
        {URL ", 'keys': {'p256dh': 'bad', 'auth': 'y'}", "keys"},
        {URL ", 'expires': '2001-01-01T00:00:00Z'", "expires"},
        {URL ", 'expires': '2999-01-01T00:00:00+01:00'", "expires"},
        {URL ", 'expires': 7", "expires"},
        {URL ", 'types': 'Email'", "types"},
        {URL ", 'types': [7]", "types"},
        {URL ", 'types': ['Email,Thread']", "types"},
    };
    struct jmap_fixture t;
    json_t *answer;

    begin(&t);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *args = g_strdup_printf("{'create': {'k': {%s}}}", wrong[i].object);

        answer = set_as(&t, t.m.user, args);
        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/type"), ==, "invalidProperties");
        g_assert_cmpstr(jmap_text_at(answer, "notCreated/k/properties/0"), ==, wrong[i].property);
        json_decref(answer);
    }
    answer = set_as(&t, t.m.user, "{'create': {'k': {'id': 'p1', 'url': 7, 'types': 7}}}");
    g_assert_cmpuint(json_array_size(jmap_at(answer, "notCreated/k/properties")), ==, 4);
    json_decref(answer);
    g_assert_cmpuint(count_as(&t, t.m.user), ==, 0);
    end(&t);
}

static void expect_not_updated(struct jmap_fixture *t, int64_t id, const char *patch,
                               const char *type, const char *property)
{
    g_autofree char *args =
        g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT "': {%s}}}", id, patch);
    g_autofree char *where = g_strdup_printf("notUpdated/p%" G_GINT64_FORMAT, id);
    json_t *answer = set_as(t, t->m.user, args), *error = jmap_at(answer, where);

    g_assert_cmpstr(jmap_text_at(error, "type"), ==, type);
    if (property != NULL)
        g_assert_cmpstr(jmap_text_at(error, "properties/0"), ==, property);
    json_decref(answer);
}

static void a_wrong_code_changes_nothing(void)
{
    struct jmap_fixture t;
    g_autofree char *code = NULL;
    json_t *answer;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    expect_not_updated(&t, id, "'verificationCode': 'guess', 'types': ['Email']",
                       "invalidProperties", "verificationCode");
    answer = call_as(&t, t.m.user, "PushSubscription/get", "{'ids': null}");
    g_assert_true(json_is_null(jmap_at(answer, "list/0/types")));
    g_assert_true(json_is_null(jmap_at(answer, "list/0/verificationCode")));
    json_decref(answer);
    code = code_of(&t, id);
    g_assert_cmpuint(strlen(code), >=, 22); /* of 64 signs: 128 bits at least */
    end(&t);
}

static void what_cannot_be_changed(void)
{
    struct jmap_fixture t;
    int64_t id;
    json_t *answer;
    g_autofree char *same = NULL;

    begin(&t);
    id = make_as(&t, t.m.user, ", 'keys': {'p256dh': 'x', 'auth': 'y'}");
    expect_not_updated(&t, id, "'url': 'https://push.example/2'", "invalidProperties", "url");
    expect_not_updated(&t, id, "'keys': null", "invalidProperties", "keys");
    expect_not_updated(&t, id, "'keys/auth': 'z'", "invalidProperties", "keys");
    expect_not_updated(&t, id, "'deviceClientId': 'e'", "invalidProperties", "deviceClientId");
    expect_not_updated(&t, id, "'id': 'p777'", "invalidProperties", "id");
    expect_not_updated(&t, id, "'colour': 'red'", "invalidProperties", "colour");
    expect_not_updated(&t, id, "'types/0': 'Email'", "invalidPatch", NULL);
    expect_not_updated(&t, id, "'expires': 'soon'", "invalidProperties", "expires");
    same = g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT "': {'deviceClientId': 'd'}}}", id);
    answer = set_as(&t, t.m.user, same);
    g_assert_true(json_is_object(jmap_at(answer, "updated")));
    json_decref(answer);
    end(&t);
}

static char *utc(int64_t seconds)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(seconds);

    return g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ");
}

static void expires_moves_without_a_new_code(void)
{
    struct jmap_fixture t;
    struct store_delivery *delivery;
    g_autofree char *code = NULL, *verify = NULL, *soon = NULL, *sooner = NULL, *path = NULL;
    json_t *answer;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    code = code_of(&t, id);
    soon = utc(shifted() + 3600);
    verify = g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT
                             "': {'verificationCode': '%s', 'expires': '%s'}}}",
                             id, code, soon);
    answer = set_as(&t, t.m.user, verify);
    path = g_strdup_printf("updated/p%" G_GINT64_FORMAT, id);
    g_assert_true(json_is_null(jmap_at(answer, path))); /* as it was asked for */
    json_decref(answer);
    sooner = g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT
                             "': {'expires': '2999-01-01T00:00:00Z'}}}",
                             id);
    answer = set_as(&t, t.m.user, sooner);
    g_assert_true(json_is_string(json_object_get(jmap_at(answer, path), "expires")));
    json_decref(answer);
    delivery = store_delivery(t.m.f.store, id, NULL);
    g_assert_true(delivery->verified);
    g_assert_cmpint(delivery->ends, >=, shifted() + STORE_PUSH_LIFE - 60);
    store_delivery_free(delivery);
    end(&t);
}

static void destroyed_is_gone(void)
{
    struct jmap_fixture t;
    g_autofree char *args = NULL;
    json_t *answer;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    args = g_strdup_printf("{'update': {'p%" G_GINT64_FORMAT
                           "': {'types': null}}, 'destroy': ['p%" G_GINT64_FORMAT
                           "', 'p%" G_GINT64_FORMAT "']}",
                           id, id, id);
    answer = set_as(&t, t.m.user, args);
    g_assert_cmpuint(json_array_size(jmap_at(answer, "destroyed")), ==, 1);
    g_assert_true(json_is_null(jmap_at(answer, "notDestroyed")));
    g_assert_cmpuint(json_object_size(jmap_at(answer, "notUpdated")), ==, 1); /* willDestroy */
    json_decref(answer);
    g_assert_false(is_kept(&t, id));
    g_assert_null(store_delivery(t.m.f.store, id, NULL));
    end(&t);
}

/* --- 7.2 --- */

/* Where credentials do not end by themselves: a limit of 30 days, also when none was asked for. */
static void expiry_is_limited_unless_the_session_ends(void)
{
    struct jmap_fixture t;
    struct store_principal *session;
    struct store_delivery *delivery;
    g_autofree char *cookie = NULL;
    static const char *const asked[] = {"", ", 'expires': '2999-01-01T00:00:00Z'"};

    begin(&t);
    session = session_of(&t, &cookie);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        struct store_push_change verify = {0};
        int64_t expires = 0, id = make_as(&t, session, asked[i]);
        g_autofree char *code = code_of(&t, id);

        verify.code = code;
        g_assert_true(store_push_update(t.m.f.store, session, id, &verify, &expires, NULL));
        g_assert_true(i == 0 ? expires == 0 : expires > shifted() + 100 * STORE_PUSH_LIFE);
        delivery = store_delivery(t.m.f.store, make_as(&t, t.m.user, asked[i]), NULL);
        g_assert_cmpint(delivery->ends, >, shifted());
        store_delivery_free(delivery);
    }
    g_autoptr(GPtrArray) pushes = store_pushes(t.m.f.store, t.m.user, NULL);
    for (guint i = 0; i < pushes->len; i++) {
        const struct store_push *push = pushes->pdata[i];

        g_assert_cmpint(push->expires, >=, shifted() + 7 * INT64_C(86400));
        g_assert_cmpint(push->expires, <=, shifted() + STORE_PUSH_LIFE);
    }
    store_principal_unref(session);
    end(&t);
}

static void expired_is_gone(void)
{
    struct jmap_fixture t;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    ahead = STORE_PUSH_LIFE + 1;
    g_assert_cmpuint(count_as(&t, t.m.user), ==, 0);
    expect_not_updated(&t, id, "'expires': null", "notFound", NULL);
    g_assert_null(store_delivery(t.m.f.store, id, NULL));
    g_assert_false(is_kept(&t, id));
    end(&t);
}

static void unverified_is_forgotten(void)
{
    struct jmap_fixture t;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, "");
    ahead = STORE_PUSH_UNVERIFIED + 1;
    g_assert_null(store_delivery(t.m.f.store, id, NULL));
    g_assert_cmpuint(count_as(&t, t.m.user), ==, 0);
    end(&t);
}

/* Logged out, expired, revoked, another password, removed: each takes its subscriptions along. */
static void it_goes_with_its_credentials(void)
{
    struct jmap_fixture t;
    struct store_principal *ended, *old, *token;
    struct secret *password = secret_new("another password", 16);
    g_autofree char *cookie = NULL, *kept = NULL;
    int64_t number, ids[5];

    begin(&t);
    ended = session_of(&t, &cookie);
    old = session_of(&t, &kept);
    token = token_of(&t, &number);
    ids[0] = make_as(&t, ended, "");
    ids[1] = make_as(&t, token, "");
    ids[2] = make_as(&t, t.m.user, "");
    ids[3] = make_as(&t, old, "");
    g_assert_true(store_session_end(t.m.f.store, cookie, NULL));
    g_assert_false(is_kept(&t, ids[0]));
    g_assert_true(store_token_revoke(t.m.f.store, number, NULL));
    g_assert_false(is_kept(&t, ids[1]));
    ahead = 8 * INT64_C(86400); /* the session was not used for a week */
    g_assert_null(store_delivery(t.m.f.store, ids[3], NULL));
    g_assert_false(is_kept(&t, ids[3]));
    ahead = 0;
    g_assert_true(is_kept(&t, ids[2]));
    g_assert_true(store_user_password(t.m.f.store, "ann@example.org", password, NULL));
    g_assert_false(is_kept(&t, ids[2]));
    struct store_principal *bob = fixture_user(&t.m.f, "bob@example.org");
    ids[4] = make_as(&t, bob, "");
    g_assert_true(store_user_remove(t.m.f.store, "bob@example.org", NULL));
    g_assert_false(is_kept(&t, ids[4]));
    store_principal_unref(bob);
    store_principal_unref(ended);
    store_principal_unref(old);
    store_principal_unref(token);
    secret_free(password);
    end(&t);
}

static void who_is_no_more_gets_nothing(void)
{
    struct jmap_fixture t;
    struct store_principal *session;
    g_autofree char *cookie = NULL;
    json_t *answer;

    begin(&t);
    session = session_of(&t, &cookie);
    g_assert_true(store_session_end(t.m.f.store, cookie, NULL));
    answer = call_as(&t, session, "PushSubscription/get", "{'ids': null}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "forbidden");
    json_decref(answer);
    answer = set_as(&t, session, "{'create': {'k': {" URL "}}}");
    g_assert_cmpstr(jmap_text_at(answer, "type"), ==, "forbidden");
    json_decref(answer);
    store_principal_unref(session);
    end(&t);
}

/* What is kept of address and keys opens for its own row only, also after the key changed. */
static void the_target_is_sealed(void)
{
    struct jmap_fixture t;
    struct store_delivery *delivery;
    int64_t id;

    begin(&t);
    id = make_as(&t, t.m.user, ", 'keys': {'p256dh': 'point-of-it', 'auth': 'auth-of-it'}");
    delivery = store_delivery(t.m.f.store, id, NULL);
    g_assert_cmpstr(secret_reveal(delivery->url), ==, "https://push.example/?d=1");
    g_assert_cmpstr(secret_reveal(delivery->p256dh), ==, "point-of-it");
    g_assert_cmpstr(secret_reveal(delivery->auth), ==, "auth-of-it");
    store_delivery_free(delivery);
    g_autofree char *key = g_build_filename(t.m.f.directory, "key", NULL);
    jmap_free(t.jmap);
    t.jmap = NULL;
    fixture_stop(&t.m.f);
    g_assert_true(keyring_rotate(key, NULL));
    fixture_start(&t.m.f);
    g_assert_cmpint(store_reseal(t.m.f.store, NULL), >=, 1);
    g_assert_cmpint(store_reseal(t.m.f.store, NULL), ==, 0);
    delivery = store_delivery(t.m.f.store, id, NULL);
    g_assert_cmpstr(secret_reveal(delivery->p256dh), ==, "point-of-it");
    store_delivery_free(delivery);
    end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rfc8620/7.2.1/get-has-no-account-and-no-state",
                    get_has_no_account_and_no_state);
    g_test_add_func("/rfc8620/7.2.1/url-and-keys-are-never-told", url_and_keys_are_never_told);
    g_test_add_func("/rfc8620/7.2.1/each-credential-sees-its-own", each_credential_sees_its_own);
    g_test_add_func("/rfc8620/7.2.1/the-code-is-told-when-it-was-given-back",
                    the_code_is_told_when_it_was_given_back);
    g_test_add_func("/rfc8620/7.2.2/set-has-no-account-and-no-states",
                    set_has_no_account_and_no_states);
    g_test_add_func("/rfc8620/7.2.3/create-answers-what-was-not-sent",
                    create_answers_what_was_not_sent);
    g_test_add_func("/rfc8620/7.2.2/create-refuses-what-is-wrong", create_refuses_what_is_wrong);
    g_test_add_func("/rfc8620/7.2.2/a-wrong-code-changes-nothing", a_wrong_code_changes_nothing);
    g_test_add_func("/rfc8620/7.2.2/what-cannot-be-changed", what_cannot_be_changed);
    g_test_add_func("/rfc8620/7.2.2/expires-moves-without-a-new-code",
                    expires_moves_without_a_new_code);
    g_test_add_func("/rfc8620/7.2.2/destroyed-is-gone", destroyed_is_gone);
    g_test_add_func("/rfc8620/7.2/expiry-is-limited-unless-the-session-ends",
                    expiry_is_limited_unless_the_session_ends);
    g_test_add_func("/rfc8620/7.2/expired-is-gone", expired_is_gone);
    g_test_add_func("/rfc8620/7.2/unverified-is-forgotten", unverified_is_forgotten);
    g_test_add_func("/rfc8620/7.2/it-goes-with-its-credentials", it_goes_with_its_credentials);
    g_test_add_func("/rfc8620/7.2/who-is-no-more-gets-nothing", who_is_no_more_gets_nothing);
    g_test_add_func("/rfc8620/7.2/the-target-is-sealed", the_target_is_sealed);
    return g_test_run();
}

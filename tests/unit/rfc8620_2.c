/* RFC 8620, 2: the session. */
#include "jmap_fixture.h"

#include "jmap/engine/engine.h"

static json_t *session_of(struct jmap_fixture *t, struct store_principal *who)
{
    g_autoptr(GError) error = NULL;
    json_t *session = jmap_session(t->jmap, who, &error);

    g_assert_no_error(error);
    return session;
}

static void test_session(struct jmap_fixture *t)
{
    json_t *session, *again, *answer;
    g_autoptr(GError) error = NULL;
    g_autofree char *account = NULL, *read_only = NULL;

    account = g_strdup_printf("accounts/a%" G_GINT64_FORMAT "/name", t->m.account);
    read_only = g_strdup_printf("accounts/a%" G_GINT64_FORMAT "/isReadOnly", t->m.account);
    session = jmap_session(t->jmap, t->m.user, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(jmap_text_at(session, account), ==, "ann@mail.example");
    g_assert_true(json_is_false(jmap_at(session, read_only)));
    g_assert_cmpstr(jmap_text_at(session, "apiUrl"), ==, "https://mail.example/post/jmap");
    g_assert_cmpstr(jmap_text_at(session, "downloadUrl"), ==,
                    "https://mail.example/post/jmap/download/{accountId}/{blobId}/{name}"
                    "?type={type}");
    g_assert_cmpint(jmap_number_at(session,
                                   "capabilities/urn:ietf:params:jmap:core/maxCallsInRequest"),
                    ==, 32);
    g_assert_cmpstr(jmap_text_at(session, "username"), ==, "ann@example.org");
    again = jmap_session(t->jmap, t->m.user, NULL);
    g_assert_true(json_equal(session, again));
    json_decref(again);
    fixture_account(&t->m.f, t->m.user, "second@mail.example", "other password");
    again = jmap_session(t->jmap, t->m.user, NULL);
    g_assert_cmpstr(jmap_text_at(session, "state"), !=, jmap_text_at(again, "state"));
    answer = jmap_fixture_ask(t, t->m.user, "[['Core/echo', {}, 'a']]");
    g_assert_cmpstr(jmap_text_at(answer, "sessionState"), ==, jmap_text_at(again, "state"));
    json_decref(answer);
    json_decref(again);
    json_decref(session);
}

/* Each limit is there and not below the suggested minimum. */
static void test_core_capability(struct jmap_fixture *t)
{
    static const struct {
        const char *name;
        int64_t least;
    } limits[] = {
        {"maxSizeUpload", 50000000},  {"maxConcurrentUpload", 4}, {"maxSizeRequest", 10000000},
        {"maxConcurrentRequests", 4}, {"maxCallsInRequest", 16},  {"maxObjectsInGet", 500},
        {"maxObjectsInSet", 500},
    };
    json_t *session = session_of(t, t->m.user), *core;

    core = jmap_at(session, "capabilities/urn:ietf:params:jmap:core");
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        g_assert_cmpint(jmap_number_at(core, limits[i].name), >=, limits[i].least);
    g_assert_cmpuint(json_array_size(jmap_at(core, "collationAlgorithms")), >, 0);
    json_decref(session);
}

static void test_urls_have_their_variables(struct jmap_fixture *t)
{
    static const char *const wanted[][2] = {
        {"downloadUrl", "{accountId}"},     {"downloadUrl", "{blobId}"},
        {"downloadUrl", "?type={type}"},    {"downloadUrl", "{name}"},
        {"uploadUrl", "{accountId}"},       {"eventSourceUrl", "{types}"},
        {"eventSourceUrl", "{closeafter}"}, {"eventSourceUrl", "{ping}"},
    };
    json_t *session = session_of(t, t->m.user);

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const char *url = jmap_text_at(session, wanted[i][0]);

        g_assert_nonnull(strstr(url, wanted[i][1]));
        g_assert_true(g_str_has_prefix(url, "https://mail.example/post/"));
    }
    json_decref(session);
}

/* Every capability of an account is one of the server, and every method of it works there. */
static void test_account_capabilities(struct jmap_fixture *t)
{
    json_t *session = session_of(t, t->m.user), *account, *value;
    const char *id, *uri;

    json_object_foreach(jmap_at(session, "accounts"), id, account)
    {
        json_object_foreach(jmap_at(account, "accountCapabilities"), uri, value)
            g_assert_true(json_is_object(json_object_get(jmap_at(session, "capabilities"), uri)));
    }
    json_decref(session);
    jmap_expect_error(t, "accountNotSupportedByMethod", "Mailbox/set",
                      "{'accountId': 'u1', 'destroy': []}");
}

/* What another person shares is not personal, even where one may write. */
static void test_shared_accounts(struct jmap_fixture *t)
{
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *session = session_of(t, other);

    g_assert_false(jmap_has(session, "accounts/a1"));
    json_decref(session);
    jmap_fixture_share(t, other, STORE_READ);
    session = session_of(t, other);
    g_assert_true(json_is_false(jmap_at(session, "accounts/a1/isPersonal")));
    g_assert_true(json_is_true(jmap_at(session, "accounts/a1/isReadOnly")));
    g_assert_true(jmap_has(session, "accounts/a1/accountCapabilities/urn:ietf:params:jmap:mail"));
    g_assert_false(
        jmap_has(session, "accounts/a1/accountCapabilities/urn:ietf:params:jmap:submission"));
    g_assert_false(jmap_has(session, "primaryAccounts/urn:ietf:params:jmap:mail"));
    json_decref(session);
    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE);
    session = session_of(t, other);
    g_assert_false(
        jmap_has(session, "accounts/a1/accountCapabilities/urn:ietf:params:jmap:submission"));
    json_decref(session);
    jmap_fixture_share(t, other, STORE_READ | STORE_WRITE | STORE_SEND);
    session = session_of(t, other);
    g_assert_true(json_is_false(jmap_at(session, "accounts/a1/isPersonal")));
    g_assert_true(json_is_false(jmap_at(session, "accounts/a1/isReadOnly")));
    g_assert_true(
        jmap_has(session, "accounts/a1/accountCapabilities/urn:ietf:params:jmap:submission"));
    g_assert_false(jmap_has(session, "primaryAccounts/urn:ietf:params:jmap:mail"));
    json_decref(session);
    session = session_of(t, t->m.user);
    g_assert_true(json_is_true(jmap_at(session, "accounts/a1/isPersonal")));
    json_decref(session);
    store_principal_unref(other);
}

static void test_primary_accounts(struct jmap_fixture *t)
{
    json_t *session = session_of(t, t->m.user);

    fixture_account(&t->m.f, t->m.user, "second@mail.example", "other password");
    g_assert_false(jmap_has(session, "primaryAccounts/urn:ietf:params:jmap:core"));
    g_assert_cmpstr(jmap_text_at(session, "primaryAccounts/urn:ietf:params:jmap:mail"), ==, "a1");
    g_assert_cmpstr(jmap_text_at(session, "primaryAccounts/urn:ietf:params:jmap:submission"), ==,
                    "a1");
    json_decref(session);
}

/* A server that was replaced by another version may offer other things. */
static void test_state_follows_the_terms(struct jmap_fixture *t)
{
    json_t *session = jmap_session(t->jmap, t->m.user, NULL), *later, *terms;

    terms = json_loads(t->jmap->terms, 0, NULL);
    g_assert_true(
        json_equal(json_object_get(terms, "capabilities"), jmap_at(session, "capabilities")));
    g_assert_true(json_equal(json_object_get(terms, "apiUrl"), jmap_at(session, "apiUrl")));
    g_free(t->jmap->terms);
    t->jmap->terms = g_strdup("others");
    later = jmap_session(t->jmap, t->m.user, NULL);
    g_assert_cmpstr(jmap_text_at(session, "state"), !=, jmap_text_at(later, "state"));
    json_decref(terms);
    json_decref(later);
    json_decref(session);
}

/* The state is another one whenever anything else of the session is. */
static void test_state_follows_rights(struct jmap_fixture *t)
{
    static const unsigned rights[] = {STORE_READ, STORE_READ | STORE_WRITE,
                                      STORE_READ | STORE_WRITE | STORE_SEND, 0};
    struct store_principal *other = fixture_user(&t->m.f, "bob@example.org");
    json_t *before = session_of(t, other);

    for (size_t i = 0; i < G_N_ELEMENTS(rights); i++) {
        json_t *session;
        bool same;

        jmap_fixture_share(t, other, rights[i]);
        session = session_of(t, other);
        same = strcmp(jmap_text_at(before, "state"), jmap_text_at(session, "state")) == 0;
        json_decref(before);
        before = session;
        g_assert_true(!same || rights[i] == (STORE_READ | STORE_WRITE | STORE_SEND));
    }
    json_decref(before);
    store_principal_unref(other);
}

/* Every member of the RFC's example is there, of the same type; its "maxConcurrentRequest" is a
 * slip of its pen. */
static void test_example(struct jmap_fixture *t)
{
    json_t *session = session_of(t, t->m.user), *value;
    json_t *example = jmap_fixture_json(
        "{'capabilities': {'urn:ietf:params:jmap:core': {'maxSizeUpload': 50000000,"
        " 'maxConcurrentUpload': 8, 'maxSizeRequest': 10000000, 'maxConcurrentRequests': 8,"
        " 'maxCallsInRequest': 32, 'maxObjectsInGet': 256, 'maxObjectsInSet': 128,"
        " 'collationAlgorithms': []}, 'urn:ietf:params:jmap:mail': {}}, 'accounts': {'a1': {'name':"
        " 'x', 'isPersonal': true, 'isReadOnly': false, 'accountCapabilities':"
        " {'urn:ietf:params:jmap:mail': {'maxMailboxesPerEmail': 1}}}}, 'primaryAccounts':"
        " {'urn:ietf:params:jmap:mail': 'a1'}, 'username': 'x', 'apiUrl': 'x', 'downloadUrl': 'x',"
        " 'uploadUrl': 'x', 'eventSourceUrl': 'x', 'state': 'x'}");
    g_autoptr(GPtrArray) waiting = g_ptr_array_new(); /* pairs: of the example, of ours */

    g_ptr_array_add(waiting, example);
    g_ptr_array_add(waiting, session);
    while (waiting->len > 0) {
        json_t *own = g_ptr_array_steal_index(waiting, waiting->len - 1);
        json_t *theirs = g_ptr_array_steal_index(waiting, waiting->len - 1);
        const char *name;

        json_object_foreach(theirs, name, value)
        {
            json_t *found = json_object_get(own, name);

            if (found == NULL || json_typeof(found) != json_typeof(value))
                g_error("%s in %s", name, json_dumps(own, 0));
            g_ptr_array_add(waiting, value);
            g_ptr_array_add(waiting, found);
        }
    }
    json_decref(example);
    json_decref(session);
}

static const struct jmap_case cases[] = {
    {"/rfc8620/2.1/example", test_example},
    {"/rfc8620/2/session", test_session},
    {"/rfc8620/2/core-capability", test_core_capability},
    {"/rfc8620/2/urls-have-their-variables", test_urls_have_their_variables},
    {"/rfc8620/2/account-capabilities", test_account_capabilities},
    {"/rfc8620/2/shared-accounts", test_shared_accounts},
    {"/rfc8620/2/primary-accounts", test_primary_accounts},
    {"/rfc8620/2/state-follows-rights", test_state_follows_rights},
    {"/rfc8620/2/state-follows-the-terms", test_state_follows_the_terms},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    jmap_fixture_cases(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}

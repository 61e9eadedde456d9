/* Users, sessions, tokens, providers, linking and access. */
#include "store/admin.h"
#include "store/sync.h"

#include "store_fixture.h"

#include <string.h>

static void users_sign_in_with_the_right_password_only(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct secret *good = secret_new("correct horse", 13), *bad = secret_new("wrong horse", 11);
    g_assert_cmpint(store_user_add(f.store, "ann@example.org", good, true, &error), >, 0);
    g_assert_no_error(error);
    struct store_principal *p = store_sign_in_password(f.store, "Ann@example.org", good, &error);
    g_assert_nonnull(p);
    g_assert_true(store_principal_is_admin(p));
    g_assert_cmpstr(store_principal_email(p), ==, "ann@example.org");
    g_assert_null(store_sign_in_password(f.store, "ann@example.org", bad, &error));
    g_assert_true(error_is(error, ERROR_PASSWORD_REFUSED));
    g_clear_error(&error);
    g_assert_null(store_sign_in_password(f.store, "nobody@example.org", good, &error));
    g_assert_true(error_is(error, ERROR_PASSWORD_REFUSED));
    g_clear_error(&error);
    g_assert_cmpint(store_user_add(f.store, "ANN@example.org", good, false, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_CONFLICT));
    g_clear_error(&error);
    g_assert_cmpint(store_user_add(f.store, "not an address", good, false, &error), ==, 0);
    g_assert_true(error_is(error, ERROR_INVALID));
    store_principal_unref(p);
    secret_free(good);
    secret_free(bad);
    fixture_close(&f);
}

static void sessions_end_with_logout_and_new_password(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *p = fixture_user(&f, "ann@example.org");
    struct store_session one, two;
    char *csrf = NULL;
    g_assert_true(store_session_begin(f.store, p, &one, &error));
    g_assert_true(store_session_begin(f.store, p, &two, &error));
    struct store_principal *q = store_session_principal(f.store, one.id, &csrf, &error);
    g_assert_nonnull(q);
    g_assert_cmpstr(csrf, ==, one.csrf);
    g_assert_true(store_session_end(f.store, one.id, &error));
    g_assert_false(store_principal_is_valid(f.store, q));
    g_assert_null(store_session_principal(f.store, one.id, NULL, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_clear_error(&error);
    struct secret *fresh = secret_new("another password", 16);
    g_assert_true(store_user_password(f.store, "ann@example.org", fresh, &error));
    g_assert_null(store_session_principal(f.store, two.id, NULL, NULL));
    g_assert_false(store_principal_is_valid(f.store, p));
    g_free(csrf);
    secret_free(fresh);
    store_session_clear(&one);
    store_session_clear(&two);
    store_principal_unref(q);
    store_principal_unref(p);
    fixture_close(&f);
}

static void tokens_work_until_revoked(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *p = fixture_user(&f, "ann@example.org");
    struct secret *token = NULL;
    int64_t id = store_token_create(f.store, "ann@example.org", "laptop", &token, &error);
    g_assert_cmpint(id, >, 0);
    struct store_principal *q = store_sign_in_token(f.store, token, &error);
    g_assert_nonnull(q);
    g_assert_cmpint(store_principal_user(q), ==, store_principal_user(p));
    g_autoptr(GPtrArray) tokens = store_tokens(f.store, &error);
    g_assert_cmpuint(tokens->len, ==, 1);
    g_assert_true(store_token_revoke(f.store, id, &error));
    g_assert_false(store_principal_is_valid(f.store, q));
    g_assert_null(store_sign_in_token(f.store, token, NULL));
    g_assert_false(store_token_revoke(f.store, id, NULL));
    secret_free(token);
    store_principal_unref(q);
    store_principal_unref(p);
    fixture_close(&f);
}

static void a_provider_secret_opens_for_its_own_origin_only(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct secret *secret = secret_new("s3cret", 6);
    struct store_provider put = {.name = (char[]){"microsoft"},
                                 .type = (char[]){"microsoft"},
                                 .client_id = (char[]){"id"},
                                 .client_secret = secret};
    uint64_t before = store_providers_state(f.store);
    g_assert_true(store_provider_put(f.store, &put, "https://login.example", &error));
    g_assert_cmpuint(store_providers_state(f.store), >, before);
    struct store_provider *got =
        store_provider(f.store, "microsoft", "https://login.example", &error);
    g_assert_no_error(error);
    g_assert_true(secret_equal(got->client_secret, secret));
    store_provider_free(got);
    g_assert_null(store_provider(f.store, "microsoft", "https://evil.example", &error));
    g_assert_true(error_is(error, ERROR_CRYPTO));
    g_clear_error(&error);
    put.client_secret = NULL;
    g_assert_true(store_provider_put(f.store, &put, "https://login.example", &error));
    g_assert_false(store_provider_put(f.store, &put, "https://evil.example", &error));
    g_assert_true(error_is(error, ERROR_INVALID));
    g_clear_error(&error);
    g_assert_true(store_provider_remove(f.store, "microsoft", &error));
    g_assert_null(store_provider(f.store, "microsoft", NULL, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    secret_free(secret);
    fixture_close(&f);
}

static void relinking_keeps_the_account_and_foreign_ones_stay_foreign(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    struct store_principal *bob = fixture_user(&f, "bob@example.org");
    int64_t account = fixture_account(&f, ann, "ann@mail.example", "password one");
    bool relinked = false;
    g_assert_cmpint(fixture_link(&f, ann, "ann@mail.example", "password two", &relinked), ==,
                    account);
    g_assert_true(relinked);
    /* Without the password an address gives no access to another's mail. */
    int64_t other = fixture_link(&f, bob, "ann@mail.example", "a guess", &relinked);
    g_assert_cmpint(other, !=, account);
    g_assert_null(store_authorise(f.store, bob, account, STORE_READ, &error));
    g_assert_true(error_is(error, ERROR_NOT_FOUND));
    g_autofree char *foreign = g_strdup(error->message);
    g_clear_error(&error);
    g_assert_null(store_authorise(f.store, bob, 4711, STORE_READ, &error));
    g_assert_cmpstr(error->message, ==, foreign);
    g_clear_error(&error);
    struct store_access *access = store_authorise(f.store, ann, account, STORE_WRITE, &error);
    g_assert_nonnull(access);
    store_access_free(access);
    struct secret *password = store_sync_password(f.store, account, &error);
    g_assert_cmpstr(secret_reveal(password), ==, "password two");
    secret_free(password);
    /* With it, a second person shares the account. */
    struct store_principal *eve = fixture_user(&f, "eve@example.org");
    g_assert_cmpint(fixture_link(&f, eve, "ann@mail.example", "password two", &relinked), ==,
                    account);
    uint64_t state = 0;
    g_autoptr(GPtrArray) views = store_accounts_of(f.store, eve, &state, &error);
    g_assert_cmpuint(views->len, ==, 1);
    g_assert_true(store_account_pause(f.store, account, true, &error));
    struct store_changes changes;
    g_assert_true(store_accounts_changes(f.store, eve, state, &changes, &error));
    g_assert_cmpuint(changes.updated->len, ==, 1);
    store_changes_clear(&changes);
    g_assert_true(store_user_remove(f.store, "ann@example.org", &error));
    g_assert_no_error(error);
    g_assert_null(store_authorise(f.store, ann, account, STORE_READ, NULL));
    access = store_authorise(f.store, eve, account, STORE_READ, &error);
    g_assert_nonnull(access);
    store_access_free(access);
    store_principal_unref(ann);
    store_principal_unref(bob);
    store_principal_unref(eve);
    fixture_close(&f);
}

/* An administrator's command may name hosts of the internal network; a user who links the same
 * mailbox again with hosts of their own may not. */
static void hosts_that_a_user_names_are_not_the_administrators(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    struct secret *password = secret_new("password one", 12);
    struct store_link link = {.address = "ann@mail.example",
                              .user = store_principal_user(ann),
                              .imap_host = "imap.example",
                              .imap_port = 993,
                              .imap_security = "tls",
                              .imap_login = "ann@mail.example",
                              .smtp_host = "10.0.0.1",
                              .smtp_port = 587,
                              .smtp_security = "starttls",
                              .smtp_login = "ann@mail.example",
                              .password = password,
                              .operator_hosts = true};
    for (int i = 0; i < 2; i++) {
        bool relinked = false;
        int64_t account = store_link(f.store, &link, &relinked, &error);
        g_assert_no_error(error);
        g_assert_cmpint(relinked, ==, i == 1);
        struct store_sync_account *kept = store_sync_account(f.store, account, &error);
        g_assert_cmpint(kept->operator_hosts, ==, i == 0);
        store_sync_account_free(kept);
        link.operator_hosts = false;
        link.smtp_host = "10.0.0.2";
    }
    secret_free(password);
    store_principal_unref(ann);
    fixture_close(&f);
}

/* Linked again by the wizard, whose date is only a proposal: the one that was agreed to stays. */
static void a_link_that_waits_keeps_the_start_date(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    struct secret *password = secret_new("password one", 12);
    struct store_link link = {.address = "ann@mail.example",
                              .user = store_principal_user(ann),
                              .imap_host = "imap.example",
                              .imap_port = 993,
                              .imap_security = "tls",
                              .imap_login = "ann@mail.example",
                              .password = password,
                              .since = 1000};
    static const struct {
        int64_t since, expected;
        bool hold;
    } again[] = {{0, 1000, false}, {5000, 1000, true}, {2000, 2000, false}};
    bool relinked = false;
    int64_t account = store_link(f.store, &link, &relinked, &error);
    for (size_t i = 0; i < G_N_ELEMENTS(again); i++) {
        link.since = again[i].since;
        link.hold = again[i].hold;
        g_assert_cmpint(store_link(f.store, &link, &relinked, &error), ==, account);
        g_assert_no_error(error);
        g_autoptr(GPtrArray) views = store_accounts_of(f.store, ann, NULL, &error);
        const struct store_account_view *view = views->pdata[0];
        g_assert_cmpint(view->since, ==, again[i].expected);
        g_assert_false(view->awaits_start);
    }
    secret_free(password);
    store_principal_unref(ann);
    fixture_close(&f);
}

static void progress_moves_the_state_of_linked_accounts(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    int64_t account = fixture_account(&f, ann, "ann@mail.example", "password");
    uint64_t before = 0, after = 0;
    g_ptr_array_unref(store_accounts_of(f.store, ann, &before, &error));
    struct store_progress progress = {.phase = "headers", .messages_total = 7};
    store_sync_progress(f.store, account, &progress);
    g_autoptr(GPtrArray) views = store_accounts_of(f.store, ann, &after, &error);
    const struct store_account_view *view = views->pdata[0];
    g_assert_cmpuint(after, !=, before);
    g_assert_cmpuint(view->progress.messages_total, ==, 7);
    struct store_changes changes;
    g_assert_true(store_accounts_changes(f.store, ann, before, &changes, &error));
    g_assert_cmpuint(changes.updated->len, ==, 1);
    store_changes_clear(&changes);
    store_principal_unref(ann);
    fixture_close(&f);
}

static void a_crash_in_parsing_is_remembered(void)
{
    struct fixture f;
    fixture_open(&f);
    g_assert_cmpuint(store_parse_begin(f.store, 1, 2, 3), ==, 0);
    fixture_reopen(&f);
    g_assert_cmpuint(store_parse_begin(f.store, 1, 2, 3), ==, 1);
    fixture_reopen(&f);
    g_assert_cmpuint(store_parse_begin(f.store, 1, 2, 3), ==, 2);
    g_assert_cmpuint(store_parse_begin(f.store, 1, 2, 4), ==, 0);
    store_parse_end(f.store, 1, 2, 4);
    store_parse_end(f.store, 1, 2, 3);
    fixture_reopen(&f);
    g_assert_cmpuint(store_parse_begin(f.store, 1, 2, 3), ==, 0);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/people/password", users_sign_in_with_the_right_password_only);
    g_test_add_func("/store/people/session", sessions_end_with_logout_and_new_password);
    g_test_add_func("/store/people/token", tokens_work_until_revoked);
    g_test_add_func("/store/people/provider", a_provider_secret_opens_for_its_own_origin_only);
    g_test_add_func("/store/people/link",
                    relinking_keeps_the_account_and_foreign_ones_stay_foreign);
    g_test_add_func("/store/people/start-date", a_link_that_waits_keeps_the_start_date);
    g_test_add_func("/store/people/hosts", hosts_that_a_user_names_are_not_the_administrators);
    g_test_add_func("/store/people/progress", progress_moves_the_state_of_linked_accounts);
    g_test_add_func("/store/people/parse-guard", a_crash_in_parsing_is_remembered);
    return g_test_run();
}

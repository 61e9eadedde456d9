/* What is known of how accounts do: the sync log, checks, links that wait, and who may see it. */
#include "store/oversight.h"

#include "store_fixture.h"

#include "base/clock.h"

static int64_t link_of(struct fixture *f, struct store_principal *user, const char *address,
                       bool hold)
{
    g_autoptr(GError) error = NULL;
    struct secret *password = secret_new("secret", 6);
    const struct store_link link = {.address = address,
                                    .user = store_principal_user(user),
                                    .imap_host = "imap.example.org",
                                    .imap_port = 993,
                                    .imap_security = "tls",
                                    .imap_login = address,
                                    .smtp_host = "smtp.example.org",
                                    .smtp_port = 465,
                                    .smtp_security = "tls",
                                    .smtp_login = address,
                                    .password = password,
                                    .hold = hold};
    int64_t account = store_link(f->store, &link, NULL, &error);
    g_assert_no_error(error);
    secret_free(password);
    return account;
}

static void free_note(gpointer note)
{
    store_sync_note_free(note);
}

static void add_notes(struct fixture *f, int64_t account, unsigned count, int64_t at)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(free_note);
    for (unsigned i = 0; i < count; i++) {
        struct store_sync_note *note = g_new0(struct store_sync_note, 1);
        *note = (struct store_sync_note){.account = account,
                                         .at = at,
                                         .event = g_strdup("pass"),
                                         .details = g_strdup_printf("{\"fetched\":%u}", i)};
        g_ptr_array_add(notes, note);
    }
    g_assert_true(store_sync_notes_add(f->store, notes, &error));
    g_assert_no_error(error);
}

static uint64_t count_notes(struct fixture *f, int64_t account)
{
    uint64_t total = 0;
    g_autoptr(GPtrArray) notes = store_sync_notes(f->store, account, 0, 5, &total, NULL);
    g_assert_nonnull(notes);
    g_assert_cmpuint(notes->len, ==, MIN(total, 5));
    return total;
}

static void the_log_keeps_the_newest_and_forgets_the_old(void)
{
    struct fixture f;
    fixture_open(&f);
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    int64_t account = link_of(&f, ann, "ann@example.org", false);
    int64_t other = link_of(&f, ann, "other@example.org", false);
    add_notes(&f, other, 3, clock_wall());
    add_notes(&f, account, STORE_SYNC_LOG_MAX + 7, clock_wall());
    g_assert_cmpuint(count_notes(&f, account), ==, STORE_SYNC_LOG_MAX);
    g_assert_cmpuint(count_notes(&f, other), ==, 3);
    uint64_t total = 0;
    g_autoptr(GPtrArray) page = store_sync_notes(f.store, account, 2, 1, &total, NULL);
    const struct store_sync_note *third = page->pdata[0];
    g_autofree char *expected = g_strdup_printf("{\"fetched\":%d}", STORE_SYNC_LOG_MAX + 4);
    g_assert_cmpstr(third->details, ==, expected);
    add_notes(&f, other, 1, clock_wall() - STORE_SYNC_LOG_LIFE - 1);
    g_assert_cmpuint(count_notes(&f, other), ==, 3);
    store_principal_unref(ann);
    fixture_close(&f);
}

static void what_is_known_goes_with_the_account(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    int64_t account = link_of(&f, ann, "ann@example.org", false), at = 0;
    add_notes(&f, account, 2, clock_wall());
    g_assert_true(store_account_checked(f.store, account, "[]", 77, &error));
    g_autofree char *kept = store_account_check(f.store, account, &at, &error);
    g_assert_cmpstr(kept, ==, "[]");
    g_assert_cmpint(at, ==, 77);
    g_assert_true(store_account_remove(f.store, account, &error));
    g_assert_cmpuint(count_notes(&f, account), ==, 0);
    g_assert_null(store_account_check(f.store, account, &at, &error));
    add_notes(&f, account, 2, clock_wall()); /* its session's last words */
    g_assert_cmpuint(count_notes(&f, account), ==, 0);
    store_principal_unref(ann);
    fixture_close(&f);
}

static bool awaits(struct fixture *f, int64_t account, bool *paused)
{
    struct store_account_status *status = store_account_status(f->store, account, NULL);
    bool waits = status->view->awaits_start;
    *paused = strcmp(status->view->state, "paused") == 0;
    store_account_status_free(status);
    return waits;
}

static void a_link_waits_until_its_start_date_is_agreed_to(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    bool paused = false;
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    int64_t account = link_of(&f, ann, "ann@example.org", true);
    g_assert_true(awaits(&f, account, &paused) && paused);
    g_autoptr(GArray) left = store_accounts_left(f.store, clock_wall() + 1, &error);
    g_assert_cmpuint(left->len, ==, 1);
    g_autoptr(GArray) unchecked = store_accounts_unchecked(f.store, clock_wall(), 10, &error);
    g_assert_cmpuint(unchecked->len, ==, 0);
    g_assert_true(store_account_set_up(f.store, account, 1700000000, &error));
    g_assert_true(!awaits(&f, account, &paused) && !paused);
    struct store_sync_account *config = store_sync_account(f.store, account, &error);
    g_assert_cmpint(config->since, ==, 1700000000);
    g_assert_cmpstr(config->state, ==, "linking");
    store_sync_account_free(config);
    /* It was agreed to once: nothing is begun anew by saying it again. */
    g_assert_true(store_account_pause(f.store, account, true, &error));
    g_assert_true(store_account_set_up(f.store, account, 1, &error));
    g_assert_true(!awaits(&f, account, &paused) && paused);
    g_autoptr(GArray) none = store_accounts_left(f.store, clock_wall() + 1, &error);
    g_assert_cmpuint(none->len, ==, 0);
    store_principal_unref(ann);
    fixture_close(&f);
}

static void strangers_learn_nothing_and_administrators_how_it_does(void)
{
    struct fixture f;
    fixture_open(&f);
    g_autoptr(GError) error = NULL;
    struct secret *secret = secret_new("correct horse", 13);
    struct store_principal *ann = fixture_user(&f, "ann@example.org");
    struct store_principal *bob = fixture_user(&f, "bob@example.org");
    store_user_add(f.store, "root@example.org", secret, true, &error);
    struct store_principal *root =
        store_sign_in_password(f.store, "root@example.org", secret, &error);
    int64_t account = link_of(&f, ann, "ann@example.org", false);
    g_assert_true(store_may_oversee(f.store, ann, account, true, &error));
    g_assert_true(store_may_oversee(f.store, root, account, true, &error));
    g_assert_null(store_authorise(f.store, root, account, STORE_READ, NULL));
    g_autoptr(GError) foreign = NULL, missing = NULL;
    g_assert_false(store_may_oversee(f.store, bob, account, false, &foreign));
    g_assert_false(store_may_oversee(f.store, bob, account + 100, false, &missing));
    g_assert_cmpstr(foreign->message, ==, missing->message);
    g_assert_true(error_is(foreign, ERROR_NOT_FOUND) && error_is(missing, ERROR_NOT_FOUND));
    g_assert_true(store_user_remove(f.store, "root@example.org", &error));
    g_assert_false(store_may_oversee(f.store, root, account, false, NULL));
    store_principal_unref(ann);
    store_principal_unref(bob);
    store_principal_unref(root);
    secret_free(secret);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/oversight/the-log-keeps-the-newest-and-forgets-the-old",
                    the_log_keeps_the_newest_and_forgets_the_old);
    g_test_add_func("/store/oversight/what-is-known-goes-with-the-account",
                    what_is_known_goes_with_the_account);
    g_test_add_func("/store/oversight/a-link-waits-until-its-start-date-is-agreed-to",
                    a_link_waits_until_its_start_date_is_agreed_to);
    g_test_add_func("/store/oversight/strangers-learn-nothing-and-administrators-how-it-does",
                    strangers_learn_nothing_and_administrators_how_it_does);
    return g_test_run();
}

/* People as those who are signed in manage them: roles, links, shares, the log of acts. */
#include "store/admin.h"
#include "store/people.h"

#include "store_fixture.h"

#include <string.h>

struct team {
    struct fixture f;
    struct store_principal *admin, *member;
};

static struct store_principal *sign_in(struct fixture *f, const char *email, const char *password)
{
    struct secret *secret = secret_new(password, strlen(password));
    struct store_principal *principal = store_sign_in_password(f->store, email, secret, NULL);
    secret_free(secret);
    return principal;
}

static void team_open(struct team *t)
{
    struct secret *password = secret_new("password of admin", 17);
    fixture_open(&t->f);
    g_assert_cmpint(store_user_add(t->f.store, "ada@example.org", password, true, NULL), >, 0);
    secret_free(password);
    t->admin = sign_in(&t->f, "ada@example.org", "password of admin");
    t->member = fixture_user(&t->f, "ben@example.org");
}

static void team_close(struct team *t)
{
    store_principal_unref(t->admin);
    store_principal_unref(t->member);
    fixture_close(&t->f);
}

static void expect_error(GError *error, enum error_code code)
{
    g_assert_nonnull(error);
    g_assert_true(error_is(error, code));
    g_error_free(error);
}

static void an_invited_person_chooses_a_password_once(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    char *token = NULL;
    int64_t expires = 0;
    bool is_reset = true;
    int64_t id = store_person_add(t.f.store, t.admin, "cleo@example.org", "Cleo", false, &error);
    g_assert_no_error(error);
    g_assert_cmpint(store_person_add(t.f.store, t.admin, "CLEO@example.org", "", false, &error), ==,
                    0);
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    g_assert_null(sign_in(&t.f, "cleo@example.org", ""));
    g_assert_true(store_person_link(t.f.store, t.admin, id, &token, &expires, &is_reset, &error));
    g_assert_false(is_reset);
    struct store_invitation invitation;
    g_assert_true(store_invitation(t.f.store, token, &invitation, &error));
    g_assert_cmpstr(invitation.email, ==, "cleo@example.org");
    store_invitation_clear(&invitation);
    struct secret *brief = secret_new("brief", 5), *good = secret_new("long enough", 11);
    g_assert_null(store_invitation_password(t.f.store, token, brief, &error));
    expect_error(g_steal_pointer(&error), ERROR_INVALID);
    struct store_principal *cleo = store_invitation_password(t.f.store, token, good, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(store_principal_email(cleo), ==, "cleo@example.org");
    g_assert_null(store_invitation_password(t.f.store, token, good, &error));
    expect_error(g_steal_pointer(&error), ERROR_NOT_FOUND);
    store_principal_unref(cleo);
    cleo = sign_in(&t.f, "cleo@example.org", "long enough");
    g_assert_nonnull(cleo);
    store_principal_unref(cleo);
    secret_free(brief);
    secret_free(good);
    secret_wipe_string(token);
    team_close(&t);
}

static void a_new_link_ends_the_one_before_and_a_reset_ends_sessions(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    char *first = NULL, *second = NULL;
    int64_t expires, id = store_principal_user(t.member);
    bool is_reset = false;
    struct store_session session;
    struct store_invitation invitation;
    g_assert_true(store_session_begin(t.f.store, t.member, &session, NULL));
    g_assert_true(store_person_link(t.f.store, t.admin, id, &first, &expires, &is_reset, NULL));
    g_assert_true(is_reset);
    g_assert_true(store_person_link(t.f.store, t.admin, id, &second, &expires, &is_reset, NULL));
    g_assert_false(store_invitation(t.f.store, first, &invitation, NULL));
    struct secret *fresh = secret_new("a fresh password", 16);
    struct store_principal *ben = store_invitation_password(t.f.store, second, fresh, &error);
    g_assert_no_error(error);
    g_assert_null(store_session_principal(t.f.store, session.id, NULL, NULL));
    g_assert_false(store_principal_is_valid(t.f.store, t.member));
    store_principal_unref(ben);
    store_session_clear(&session);
    secret_free(fresh);
    secret_wipe_string(first);
    secret_wipe_string(second);
    team_close(&t);
}

static void members_manage_nobody(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    const struct store_person_change change = {.admin = 1, .disabled = -1};
    int64_t self = store_principal_user(t.member), expires;
    char *token = NULL;
    bool is_reset;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(store_person_add(t.f.store, t.member, "x@example.org", "", true, &error), ==,
                    0);
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    g_assert_false(store_person_update(t.f.store, t.member, self, &change, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    g_assert_false(
        store_person_link(t.f.store, t.member, self, &token, &expires, &is_reset, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    g_assert_false(store_person_remove(t.f.store, t.member, self, gone, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    uint64_t state;
    g_assert_null(store_fleet(t.f.store, t.member, &state, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    g_autoptr(GPtrArray) people = store_people(t.f.store, t.member, &error);
    const struct store_person *ada = people->pdata[0];
    g_assert_cmpstr(ada->email, ==, "ada@example.org");
    g_assert_false(ada->admin); /* not told */
    team_close(&t);
}

static void the_last_administrator_stays(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    int64_t ada = store_principal_user(t.admin), ben = store_principal_user(t.member);
    const struct store_person_change demote = {.admin = 0, .disabled = -1};
    const struct store_person_change disable = {.admin = -1, .disabled = 1};
    const struct store_person_change promote = {.admin = 1, .disabled = -1};
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_false(store_person_update(t.f.store, t.admin, ada, &demote, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    g_assert_false(store_person_update(t.f.store, t.admin, ada, &disable, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    g_assert_false(store_person_remove(t.f.store, t.admin, ada, gone, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    /* Somebody who was only invited cannot sign in yet, so does not count. */
    g_assert_cmpint(store_person_add(t.f.store, t.admin, "new@example.org", "", true, NULL), >, 0);
    g_assert_false(store_person_update(t.f.store, t.admin, ada, &demote, NULL));
    g_assert_true(store_person_update(t.f.store, t.admin, ben, &promote, &error));
    g_assert_no_error(error);
    g_assert_true(store_person_update(t.f.store, t.admin, ada, &demote, &error));
    g_assert_no_error(error);
    team_close(&t);
}

static void disabling_ends_everything_at_once(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    const struct store_person_change disable = {.admin = -1, .disabled = 1};
    const struct store_person_change enable = {.admin = -1, .disabled = 0};
    int64_t ben = store_principal_user(t.member);
    struct store_session session;
    char *token = NULL;
    g_assert_true(store_session_begin(t.f.store, t.member, &session, NULL));
    g_assert_cmpint(store_own_token_create(t.f.store, t.member, "laptop", &token, NULL), >, 0);
    g_assert_true(store_person_update(t.f.store, t.admin, ben, &disable, &error));
    g_assert_no_error(error);
    struct secret *secret = secret_new(token, strlen(token));
    g_assert_null(store_session_principal(t.f.store, session.id, NULL, NULL));
    g_assert_null(store_sign_in_token(t.f.store, secret, NULL));
    g_assert_false(store_principal_is_valid(t.f.store, t.member));
    g_assert_null(sign_in(&t.f, "ben@example.org", "password of user"));
    g_assert_true(store_person_update(t.f.store, t.admin, ben, &enable, NULL));
    g_assert_null(store_sign_in_token(t.f.store, secret, NULL));
    struct store_principal *again = sign_in(&t.f, "ben@example.org", "password of user");
    g_assert_nonnull(again);
    store_principal_unref(again);
    secret_free(secret);
    secret_wipe_string(token);
    store_session_clear(&session);
    team_close(&t);
}

static void a_mailbox_is_private_until_it_is_shared(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    struct store_principal *eve = fixture_user(&t.f, "eve@example.org");
    int64_t account = fixture_account(&t.f, t.member, "ben@mail.example", "password one");
    int64_t who = store_principal_user(eve);
    g_assert_null(store_authorise(t.f.store, t.admin, account, STORE_READ, NULL));
    g_assert_false(store_share_set(t.f.store, eve, account, who, STORE_READ, &error));
    expect_error(g_steal_pointer(&error), ERROR_NOT_FOUND);
    g_assert_true(store_share_set(t.f.store, t.member, account, who, STORE_READ, &error));
    g_assert_no_error(error);
    struct store_access *access = store_authorise(t.f.store, eve, account, STORE_READ, NULL);
    g_assert_nonnull(access);
    store_audit_read(access, account);
    store_audit_read(access, account);
    store_access_free(access);
    g_assert_null(store_authorise(t.f.store, eve, account, STORE_WRITE, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    /* Who may read may not hand it on, nor give themselves more. */
    g_assert_false(store_share_set(t.f.store, eve, account, who, STORE_READ | STORE_WRITE, &error));
    expect_error(g_steal_pointer(&error), ERROR_FORBIDDEN);
    g_assert_false(
        store_share_set(t.f.store, t.member, account, store_principal_user(t.member), 0, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    const struct store_audit_filter reads = {.act = "mail."};
    g_autoptr(GArray) noted = store_audit_query(t.f.store, t.member, &reads, 0, 10, NULL, NULL);
    g_assert_cmpuint(noted->len, ==, 1);
    g_assert_true(store_share_set(t.f.store, eve, account, who, 0, &error));
    g_assert_null(store_authorise(t.f.store, eve, account, STORE_READ, NULL));
    store_principal_unref(eve);
    team_close(&t);
}

static void an_administrators_share_is_seen_by_the_owner(void)
{
    struct team t;
    team_open(&t);
    int64_t account = fixture_account(&t.f, t.member, "ben@mail.example", "password one");
    int64_t ada = store_principal_user(t.admin);
    g_assert_true(store_share_set(t.f.store, t.admin, account, ada, STORE_READ, NULL));
    g_autoptr(GPtrArray) shares = store_shares(t.f.store, t.member, NULL);
    g_assert_cmpuint(shares->len, ==, 2);
    const struct store_share *given = shares->pdata[0];
    g_assert_cmpint(given->user, ==, ada);
    g_assert_cmpstr(given->granted_by, ==, "ada@example.org");
    const struct store_audit_filter filter = {.account = account, .act = "share.give"};
    g_autoptr(GArray) ids = store_audit_query(t.f.store, t.member, &filter, 0, 10, NULL, NULL);
    g_assert_cmpuint(ids->len, ==, 1);
    g_autoptr(GPtrArray) entries = store_audit_get(t.f.store, t.member, ids, NULL);
    const struct store_audit_entry *entry = entries->pdata[0];
    g_assert_cmpstr(entry->actor, ==, "ada@example.org");
    g_assert_cmpstr(entry->subject, ==, "ada@example.org");
    g_assert_cmpstr(entry->address, ==, "ben@mail.example");
    team_close(&t);
}

static void removing_takes_mailboxes_nobody_else_linked(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t sole = fixture_account(&t.f, t.member, "ben@mail.example", "password one");
    int64_t joint = fixture_account(&t.f, t.member, "team@mail.example", "password two");
    bool relinked = false;
    g_assert_cmpint(fixture_link(&t.f, t.admin, "team@mail.example", "password two", &relinked), ==,
                    joint);
    /* Shared, but nobody else could sign in to it. */
    g_assert_true(store_share_set(t.f.store, t.member, sole, store_principal_user(t.admin),
                                  STORE_READ, NULL));
    g_assert_true(
        store_person_remove(t.f.store, t.admin, store_principal_user(t.member), gone, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(gone->len, ==, 1);
    g_assert_cmpint(g_array_index(gone, int64_t, 0), ==, sole);
    g_assert_null(store_authorise(t.f.store, t.admin, sole, STORE_READ, NULL));
    struct store_access *access = store_authorise(t.f.store, t.admin, joint, STORE_READ, &error);
    g_assert_nonnull(access);
    store_access_free(access);
    team_close(&t);
}

static void an_identity_is_tenant_and_object_never_an_address(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    const struct store_identity_of ben = {"microsoft", "tid-1", "oid-1", "ben@example.org", "Ben"};
    const struct store_identity_of foreign = {"microsoft", "tid-2", "oid-9", "ben@example.org",
                                              "Ben"};
    const struct store_identity_of fresh = {"microsoft", "tid-1", "oid-2", "new@example.org",
                                            "New"};
    g_assert_null(store_sign_in_identity(t.f.store, &ben, false, &error));
    expect_error(g_steal_pointer(&error), ERROR_NOT_FOUND);
    g_assert_true(store_identity_put(t.f.store, t.member, &ben, &error));
    struct store_principal *in = store_sign_in_identity(t.f.store, &ben, false, &error);
    g_assert_cmpint(store_principal_user(in), ==, store_principal_user(t.member));
    store_principal_unref(in);
    /* A foreign tenant claims the same address, also where strangers become members. */
    g_assert_null(store_sign_in_identity(t.f.store, &foreign, false, &error));
    expect_error(g_steal_pointer(&error), ERROR_NOT_FOUND);
    g_assert_null(store_sign_in_identity(t.f.store, &foreign, true, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    g_assert_false(store_identity_put(t.f.store, t.admin, &ben, &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    in = store_sign_in_identity(t.f.store, &fresh, true, &error);
    g_assert_no_error(error);
    g_assert_false(store_principal_is_admin(in));
    /* Without a password the identity is the only way in. */
    g_assert_false(store_own_identity_remove(t.f.store, in, "microsoft", &error));
    expect_error(g_steal_pointer(&error), ERROR_CONFLICT);
    store_principal_unref(in);
    team_close(&t);
}

static void ones_own_password_takes_the_old_one(void)
{
    struct team t;
    team_open(&t);
    GError *error = NULL;
    struct secret *wrong = secret_new("not this one", 12),
                  *old = secret_new("password of user", 16);
    struct secret *fresh = secret_new("quite another", 13);
    g_assert_null(store_password_change(t.f.store, t.member, wrong, fresh, &error));
    expect_error(g_steal_pointer(&error), ERROR_PASSWORD_REFUSED);
    struct store_principal *ben = store_password_change(t.f.store, t.member, old, fresh, &error);
    g_assert_no_error(error);
    g_assert_nonnull(ben);
    g_assert_false(store_principal_is_valid(t.f.store, t.member));
    store_principal_unref(ben);
    secret_free(wrong);
    secret_free(old);
    secret_free(fresh);
    team_close(&t);
}

/* People type passwords where the address goes. */
static void a_refused_sign_in_notes_known_addresses_only(void)
{
    struct team t;
    team_open(&t);
    const struct store_audit_filter filter = {.act = "sign-in.refused"};
    store_audit_refused(t.f.store, "correct horse battery", "sign-in.refused", "192.0.2.1");
    store_audit_refused(t.f.store, "ben@example.org", "sign-in.refused", "192.0.2.1");
    uint64_t total = 0;
    g_autoptr(GArray) ids = store_audit_query(t.f.store, t.admin, &filter, 0, 10, &total, NULL);
    g_assert_cmpuint(total, ==, 2);
    g_autoptr(GPtrArray) entries = store_audit_get(t.f.store, t.admin, ids, NULL);
    g_assert_cmpstr(((const struct store_audit_entry *)entries->pdata[0])->subject, ==,
                    "ben@example.org");
    g_assert_null(((const struct store_audit_entry *)entries->pdata[1])->subject);
    g_autoptr(GArray) others = store_audit_query(t.f.store, t.member, &filter, 0, 10, NULL, NULL);
    g_assert_cmpuint(others->len, ==, 0);
    team_close(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/store/persons/" #name, name)
    TEST(an_invited_person_chooses_a_password_once);
    TEST(a_new_link_ends_the_one_before_and_a_reset_ends_sessions);
    TEST(members_manage_nobody);
    TEST(the_last_administrator_stays);
    TEST(disabling_ends_everything_at_once);
    TEST(a_mailbox_is_private_until_it_is_shared);
    TEST(an_administrators_share_is_seen_by_the_owner);
    TEST(removing_takes_mailboxes_nobody_else_linked);
    TEST(an_identity_is_tenant_and_object_never_an_address);
    TEST(ones_own_password_takes_the_old_one);
    TEST(a_refused_sign_in_notes_known_addresses_only);
    return g_test_run();
}

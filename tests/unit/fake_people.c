#include "fake_people.h"

#include "store/people.h"

#include <stdatomic.h>
#include <string.h>

struct store_principal {
    atomic_int refs;
    int generation;
};

static atomic_int password_checks, generation, sessions;
static atomic_bool revoked;

static struct store_principal *principal_new(void)
{
    struct store_principal *principal = g_new0(struct store_principal, 1);
    atomic_init(&principal->refs, 1);
    principal->generation = atomic_load(&generation);
    return principal;
}

int fake_password_checks(void)
{
    return atomic_load(&password_checks);
}

void fake_revoke_all(void)
{
    atomic_fetch_add(&generation, 1);
    atomic_store(&revoked, true);
}

void fake_restore(void)
{
    atomic_store(&revoked, false);
}

struct store *fake_store(void)
{
    static char place;
    return (struct store *)(void *)&place;
}

struct store_principal *store_principal_ref(struct store_principal *principal)
{
    atomic_fetch_add(&principal->refs, 1);
    return principal;
}

void store_principal_unref(struct store_principal *principal)
{
    if (atomic_fetch_sub(&principal->refs, 1) == 1)
        g_free(principal);
}

int64_t store_principal_user(const struct store_principal *principal)
{
    (void)principal;
    return 7;
}

const char *store_principal_email(const struct store_principal *principal)
{
    (void)principal;
    return FAKE_EMAIL;
}

bool store_principal_is_admin(const struct store_principal *principal)
{
    (void)principal;
    return true;
}

bool store_principal_is_valid(struct store *store, const struct store_principal *principal)
{
    (void)store;
    return principal->generation == atomic_load(&generation);
}

struct store_principal *store_sign_in_password(struct store *store, const char *email,
                                               const struct secret *password, GError **error)
{
    (void)store;
    atomic_fetch_add(&password_checks, 1);
    if (strcmp(email, FAKE_EMAIL) == 0 && strcmp(secret_reveal(password), FAKE_PASSWORD) == 0)
        return principal_new();
    error_set(error, ERROR_PASSWORD_REFUSED, "no");
    return NULL;
}

struct store_principal *store_sign_in_token(struct store *store, const struct secret *token,
                                            GError **error)
{
    (void)store;
    if (!atomic_load(&revoked) && strcmp(secret_reveal(token), FAKE_TOKEN) == 0)
        return principal_new();
    error_set(error, ERROR_NOT_FOUND, "no");
    return NULL;
}

void store_session_clear(struct store_session *session)
{
    g_free(session->id);
    g_free(session->csrf);
    *session = (struct store_session){NULL, NULL};
}

bool store_session_begin_at(struct store *store, struct store_principal *principal,
                            const char *agent, const char *address, struct store_session *session,
                            GError **error)
{
    (void)store, (void)principal, (void)agent, (void)address, (void)error;
    int number = atomic_fetch_add(&sessions, 1) + 1;
    session->id = g_strdup_printf("session%d", number);
    session->csrf = g_strdup_printf("csrf%d", number);
    return true;
}

struct store_principal *store_session_principal(struct store *store, const char *cookie,
                                                char **csrf, GError **error)
{
    (void)store;
    g_autofree char *wanted = g_strdup_printf("session%d", atomic_load(&sessions));
    if (!atomic_load(&revoked) && atomic_load(&sessions) > 0 && strcmp(cookie, wanted) == 0) {
        *csrf = g_strdup_printf("csrf%d", atomic_load(&sessions));
        return principal_new();
    }
    error_set(error, ERROR_NOT_FOUND, "no");
    return NULL;
}

bool store_session_end(struct store *store, const char *cookie, GError **error)
{
    (void)store, (void)cookie, (void)error;
    atomic_store(&sessions, 0);
    return true;
}

void store_audit_note(struct store *store, const struct store_principal *principal, const char *act,
                      int64_t account, const char *subject, const char *detail)
{
    (void)store, (void)principal, (void)act, (void)account, (void)subject, (void)detail;
}

void store_audit_refused(struct store *store, const char *email, const char *act,
                         const char *detail)
{
    (void)store, (void)email, (void)act, (void)detail;
}

/* No link works here. */
bool store_invitation(struct store *store, const char *token, struct store_invitation *invitation,
                      GError **error)
{
    (void)store, (void)token, (void)invitation;
    error_set(error, ERROR_NOT_FOUND, "no");
    return false;
}

void store_invitation_clear(struct store_invitation *invitation)
{
    (void)invitation;
}

struct store_principal *store_invitation_password(struct store *store, const char *token,
                                                  const struct secret *password, GError **error)
{
    (void)store, (void)token, (void)password;
    error_set(error, ERROR_NOT_FOUND, "no");
    return NULL;
}

struct store_principal *store_password_change(struct store *store,
                                              const struct store_principal *principal,
                                              const struct secret *old_password,
                                              const struct secret *password, GError **error)
{
    (void)store, (void)principal, (void)old_password, (void)password;
    error_set(error, ERROR_PASSWORD_REFUSED, "no");
    return NULL;
}

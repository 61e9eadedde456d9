#include "http/auth_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "store/people.h"

#include <sodium.h>
#include <string.h>

#define COOKIE_SECONDS (30 * 24 * 3600)
#define CREDENTIALS_MAX 4096
#define AGENT_MAX 300

/* A password check takes long and waits for its turn. Logins have workers of their own for that,
 * and of the others only so many may be in one: the rest of the pool stays free. */
#define LOGIN_WORKERS 3
#define LOGIN_STACK (512u * 1024)
#define BASIC_CHECKS_MAX 2

/* --- refusals ----------------------------------------------------------------------------------
 */

/* A challenge makes browsers open a dialogue of their own, so only other programs get one. */
static void respond_unknown(struct http_request *request)
{
    bool browser = http_request_header(request, "sec-fetch-site") != NULL ||
                   http_request_header(request, "cookie") != NULL;
    if (!browser)
        http_set_header(request, "WWW-Authenticate", "Basic realm=\"Postroom\", charset=\"UTF-8\"");
    http_respond_problem(request, 401, "You are not signed in.", "Sign in and try again.");
}

void auth_respond_wait(struct http_request *request, int64_t seconds)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, seconds);
    LOG_WARN("auth.limited", LOG_STR("address", http_request_address(request)));
    http_set_header(request, "Retry-After", text);
    http_respond_problem(request, 429, "Too many failed sign-ins.",
                         "Wait a few minutes, then try again.");
}

static void respond_foreign(struct http_request *request)
{
    g_autofree char *next =
        g_strdup_printf("Open Postroom at %s%s.", http_server_origin(http_request_server(request)),
                        http_server_base(http_request_server(request)));
    http_respond_problem(request, 403, "This request comes from another address than Postroom's.",
                         next);
}

/* Browsers name the Origin of every write, and the site of every request. A program that is no
 * browser names neither. */
static bool is_from_here(const struct http_request *request)
{
    const char *origin = http_request_header(request, "origin");
    const char *site = http_request_header(request, "sec-fetch-site");
    if (origin != NULL &&
        g_ascii_strcasecmp(origin, http_server_origin(http_request_server(request))) != 0)
        return false;
    return site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strlen(a) == strlen(b) && sodium_memcmp(a, b, strlen(a)) == 0;
}

/* --- credentials -------------------------------------------------------------------------------
 */

/* Checks a token, or a password in its place. NULL, and answered, when it is neither. */
static struct store_principal *check(struct http_auth *auth, struct http_request *request,
                                     const char *user, const struct secret *secret,
                                     bool may_be_token, bool may_be_password)
{
    const char *address = http_request_address(request);
    g_autoptr(GError) error = NULL;
    int64_t wait = throttle_charge(auth->throttle, user, address);
    if (wait > 0) {
        auth_respond_wait(request, wait);
        return NULL;
    }
    struct store_principal *principal =
        may_be_token ? store_sign_in_token(auth->store, secret, &error) : NULL;
    if (principal != NULL && user != NULL && user[0] != '\0' &&
        g_ascii_strcasecmp(user, store_principal_email(principal)) != 0) {
        store_principal_unref(principal);
        principal = NULL;
    } else if (principal == NULL && may_be_password) {
        g_clear_error(&error);
        principal = store_sign_in_password(auth->store, user, secret, &error);
    }
    bool refused = error == NULL || error_is(error, ERROR_NOT_FOUND) ||
                   error_is(error, ERROR_PASSWORD_REFUSED);
    if (principal != NULL || !refused)
        throttle_refund(auth->throttle, user, address);
    if (principal == NULL && refused)
        respond_unknown(request);
    else if (principal == NULL)
        http_respond_error(request, error);
    return principal;
}

static bool admit_bearer(struct http_auth *auth, struct http_request *request, const char *token)
{
    struct secret *secret = secret_new(token, strlen(token));
    struct store_principal *principal = check(auth, request, NULL, secret, true, false);
    secret_free(secret);
    if (principal == NULL)
        return false;
    http_request_set_principal(request, principal, NULL);
    store_principal_unref(principal);
    return true;
}

/* "user:password" decoded; wipe it. NULL when it cannot be that. */
static char *decode_basic(const char *encoded)
{
    gsize length = 0;
    if (strlen(encoded) > CREDENTIALS_MAX)
        return NULL;
    char *plain = (char *)g_base64_decode(encoded, &length);
    bool fits = plain != NULL && length > 0 && strlen(plain) == length &&
                g_utf8_validate(plain, -1, NULL) && strchr(plain, ':') != NULL;
    if (fits)
        return plain;
    if (plain != NULL)
        sodium_memzero(plain, length);
    g_free(plain);
    return NULL;
}

static struct store_principal *check_basic(struct http_auth *auth, struct http_request *request,
                                           const char *user, const struct secret *secret)
{
    struct store_principal *principal = NULL;
    if (atomic_fetch_add(&auth->basic_checks, 1) < BASIC_CHECKS_MAX) {
        /* A token may come without a name; all who do that would share one count. */
        bool named = user[0] != '\0';
        principal = check(auth, request, named ? user : NULL, secret, true, named);
    } else {
        http_set_header(request, "Retry-After", "2");
        http_respond_problem(request, 503, "Too many people are signing in at this moment.",
                             "Try again in a few seconds.");
    }
    atomic_fetch_sub(&auth->basic_checks, 1);
    return principal;
}

static bool admit_basic(struct http_auth *auth, struct http_request *request, const char *encoded)
{
    char *plain = decode_basic(encoded);
    if (plain == NULL) {
        respond_unknown(request);
        return false;
    }
    struct store_principal *principal = basic_cache_get(auth->cache, auth->store, plain);
    if (principal == NULL) {
        const char *colon = strchr(plain, ':');
        g_autofree char *user = g_strndup(plain, (size_t)(colon - plain));
        struct secret *secret = secret_new(colon + 1, strlen(colon + 1));
        principal = check_basic(auth, request, user, secret);
        secret_free(secret);
        if (principal != NULL)
            basic_cache_put(auth->cache, plain, principal);
    }
    secret_wipe_string(plain);
    if (principal == NULL)
        return false;
    http_request_set_principal(request, principal, NULL);
    store_principal_unref(principal);
    return true;
}

/* False without an answer. */
static bool find_session(struct http_auth *auth, struct http_request *request)
{
    char *cookie = http_request_cookie(request, HTTP_SESSION_COOKIE);
    g_autofree char *csrf = NULL;
    struct store_principal *principal =
        cookie == NULL ? NULL : store_session_principal(auth->store, cookie, &csrf, NULL);
    secret_wipe_string(cookie);
    if (principal == NULL)
        return false;
    http_request_set_principal(request, principal, csrf);
    store_principal_unref(principal);
    return true;
}

/* --- doors -------------------------------------------------------------------------------------
 */

/* Another origin's page never acts by cookie, not even to read. */
static bool admit_cookie(struct http_auth *auth, struct http_request *request, bool writes)
{
    bool foreign = http_request_header(request, "origin") != NULL && !is_from_here(request);
    if (foreign || !find_session(auth, request)) {
        respond_unknown(request);
        return false;
    }
    if (writes && http_request_header(request, "origin") == NULL) { /* every browser sends it */
        respond_foreign(request);
        return false;
    }
    if (writes &&
        !same_text(http_request_header(request, "x-postroom-csrf"), http_request_csrf(request))) {
        http_respond_problem(request, 403, "The request does not carry this session's CSRF token.",
                             "Reload the page and try again.");
        return false;
    }
    return true;
}

/* A browser asks before it sends a script's Authorization to another origin. A password that it
 * remembers it sends by itself, and does not ask when the body's type is one that a form may have.
 */
static bool was_asked(const struct http_request *request, const char *authorization)
{
    static const char *const forms[] = {"", "text/plain", "multipart/form-data",
                                        "application/x-www-form-urlencoded", NULL};
    g_autofree char *type = http_request_content_type(request);
    return g_ascii_strncasecmp(authorization, "Basic ", 6) != 0 || !g_strv_contains(forms, type);
}

/* A write of another origin's page, where such pages may write. */
static bool may_write_from_afar(const struct http_request *request, const char *authorization)
{
    return authorization != NULL && http_request_may_cross(request) &&
           was_asked(request, authorization);
}

static bool admit_call(struct http_auth *auth, struct http_request *request)
{
    const char *header = http_request_header(request, "authorization");
    bool writes = strcmp(http_request_method(request), "POST") == 0;
    if (writes && !is_from_here(request) && !may_write_from_afar(request, header)) {
        respond_foreign(request);
        return false;
    }
    if (header == NULL)
        return admit_cookie(auth, request, writes);
    if (g_ascii_strncasecmp(header, "Bearer ", 7) == 0)
        return admit_bearer(auth, request, header + 7);
    if (g_ascii_strncasecmp(header, "Basic ", 6) == 0)
        return admit_basic(auth, request, header + 6);
    respond_unknown(request);
    return false;
}

/* A browser's script cannot add headers here, and the browser sends cookie and remembered password
 * by itself: its Origin decides (SECURITY.md 4). */
static bool admit_socket(struct http_auth *auth, struct http_request *request)
{
    bool by_cookie = http_request_header(request, "authorization") == NULL;
    if (is_from_here(request) && (!by_cookie || http_request_header(request, "origin") != NULL))
        return admit_call(auth, request);
    respond_foreign(request);
    return false;
}

/* Navigation only: an image in a mail must not start anything (SECURITY.md 7). */
static bool admit_browse(struct http_auth *auth, struct http_request *request, enum http_door door)
{
    const char *dest = http_request_header(request, "sec-fetch-dest");
    if (dest != NULL && strcmp(dest, "document") != 0) {
        http_respond_problem(request, 403, "This address is for the browser's own navigation.",
                             "Start again from the page.");
        return false;
    }
    if (find_session(auth, request) || door == HTTP_DOOR_VISIT)
        return true;
    http_respond_redirect(request, "link/failed?code=not-signed-in");
    return false;
}

static bool admit(struct http_request *request, enum http_door door, void *arg)
{
    struct http_auth *auth = arg;
    if (door == HTTP_DOOR_CALL || door == HTTP_DOOR_API)
        return admit_call(auth, request);
    if (door == HTTP_DOOR_SOCKET)
        return admit_socket(auth, request);
    if (door == HTTP_DOOR_BROWSE || door == HTTP_DOOR_VISIT)
        return admit_browse(auth, request, door);
    if (door == HTTP_DOOR_LOGIN && is_from_here(request))
        return true;
    respond_foreign(request);
    return false;
}

/* --- login, logout, session --------------------------------------------------------------------
 */

static void set_cookie(struct http_request *request, const char *value, int seconds)
{
    const struct http_server *server = http_request_server(request);
    g_autofree char *cookie =
        g_strdup_printf(HTTP_SESSION_COOKIE "=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                        value, http_server_base(server), seconds,
                        http_server_is_https(server) ? "; Secure" : "");
    http_set_header(request, "Set-Cookie", cookie);
}

static void respond_user(struct http_request *request, const struct store_principal *principal,
                         const char *csrf)
{
    g_autofree char *id = g_strdup_printf("u%" G_GINT64_FORMAT, store_principal_user(principal));
    http_respond_json(request, 200,
                      json_pack("{s:{s:s, s:s, s:b}, s:s?}", "user", "id", id, "email",
                                store_principal_email(principal), "admin",
                                (int)store_principal_is_admin(principal), "csrf", csrf));
}

/* Ends the session that the browser had before. */
static void end_session(struct http_auth *auth, struct http_request *request)
{
    char *cookie = http_request_cookie(request, HTTP_SESSION_COOKIE);
    if (cookie != NULL)
        (void)store_session_end(auth->store, cookie, NULL);
    secret_wipe_string(cookie);
}

/* A session of the principal, with its cookie; *session to clear. */
static bool make_session(struct http_auth *auth, struct http_request *request,
                         struct store_principal *principal, const char *how,
                         struct store_session *session, GError **error)
{
    g_autofree char *agent = NULL;
    const char *said = http_request_header(request, "user-agent");
    if (said != NULL)
        agent = g_utf8_make_valid(said, (gssize)strnlen(said, AGENT_MAX));
    end_session(auth, request);
    if (!store_session_begin_at(auth->store, principal, agent, http_request_address(request),
                                session, error))
        return false;
    set_cookie(request, session->id, COOKIE_SECONDS);
    store_audit_note(auth->store, principal, "sign-in.done", 0, how, http_request_address(request));
    return true;
}

void auth_begin_session(struct http_auth *auth, struct http_request *request,
                        struct store_principal *principal, const char *how)
{
    struct store_session session = {NULL, NULL};
    g_autoptr(GError) error = NULL;
    if (make_session(auth, request, principal, how, &session, &error))
        respond_user(request, principal, session.csrf);
    else
        http_respond_error(request, error);
    store_session_clear(&session);
}

bool http_auth_enter(struct http_auth *auth, struct http_request *request,
                     struct store_principal *principal, const char *how, GError **error)
{
    struct store_session session = {NULL, NULL};
    bool ok = make_session(auth, request, principal, how, &session, error);
    store_session_clear(&session);
    return ok;
}

static void sign_in(struct http_auth *auth, struct http_request *request, const char *email,
                    const char *password)
{
    const char *address = http_request_address(request);
    g_autoptr(GError) error = NULL;
    int64_t wait = throttle_charge(auth->throttle, email, address);
    if (wait > 0) {
        auth_respond_wait(request, wait);
        return;
    }
    struct secret *secret = secret_new(password, strlen(password));
    struct store_principal *principal = store_sign_in_password(auth->store, email, secret, &error);
    secret_free(secret);
    if (principal != NULL || !error_is(error, ERROR_PASSWORD_REFUSED))
        throttle_refund(auth->throttle, email, address);
    if (principal != NULL) {
        auth_begin_session(auth, request, principal, "password");
        store_principal_unref(principal);
    } else if (error_is(error, ERROR_PASSWORD_REFUSED)) {
        LOG_INFO("auth.refused", LOG_STR("address", address));
        store_audit_refused(auth->store, email, "sign-in.refused", address);
        http_respond_problem(request, 401, "Wrong e-mail address or password.",
                             "Check both and try again.");
    } else {
        http_respond_error(request, error);
    }
}

static void serve_login(struct http_request *request, void *arg)
{
    g_autofree char *type = http_request_content_type(request);
    json_t *body = strcmp(type, "application/json") == 0 ? http_request_json(request) : NULL;
    const char *email = NULL, *password = NULL;
    if (body != NULL &&
        json_unpack(body, "{s:s, s:s}", "email", &email, "password", &password) == 0)
        sign_in(arg, request, email, password);
    else
        http_respond_problem(request, strcmp(type, "application/json") == 0 ? 400 : 415,
                             "The request is not what sign-in takes.",
                             "Send JSON with email and password.");
    json_decref(body);
}

static void serve_logout(struct http_request *request, void *arg)
{
    const struct http_auth *auth = arg;
    store_audit_note(auth->store, http_request_principal(request), "sign-in.out", 0, NULL,
                     http_request_address(request));
    end_session(arg, request);
    set_cookie(request, "", 0);
    http_respond_empty(request, 204);
}

static void serve_session(struct http_request *request, void *arg)
{
    (void)arg;
    respond_user(request, http_request_principal(request), http_request_csrf(request));
}

struct http_auth *http_auth_add(struct http_server *server, struct store *store,
                                const struct keyring *keyring)
{
    struct http_auth *auth = g_new0(struct http_auth, 1);
    const struct exec_config pool = {.workers = LOGIN_WORKERS,
                                     .reserved = LOGIN_WORKERS - 1,
                                     .stack_bytes = LOGIN_STACK};
    auth->login_exec = exec_new(&pool);
    auth->store = store;
    auth->throttle = throttle_new();
    auth->cache = basic_cache_new(keyring);
    const struct http_route routes[] = {
        {"POST", "auth/login", HTTP_DOOR_LOGIN, LOGIN_BODY_MAX, serve_login, auth, auth->login_exec,
         NULL},
        {"POST", "auth/logout", HTTP_DOOR_CALL, LOGIN_BODY_MAX, serve_logout, auth, NULL, NULL},
        {"GET", "auth/session", HTTP_DOOR_CALL, 0, serve_session, auth, NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_route(server, &routes[i]);
    auth_people_routes(server, auth);
    http_server_admit(server, admit, auth);
    return auth;
}

void http_auth_offers(struct http_auth *auth, bool (*offers)(const char *provider, void *arg),
                      void *arg)
{
    auth->offers = offers;
    auth->offers_arg = arg;
}

void http_auth_free(struct http_auth *auth)
{
    if (auth == NULL)
        return;
    exec_free(auth->login_exec);
    throttle_free(auth->throttle);
    basic_cache_free(auth->cache);
    g_free(auth);
}

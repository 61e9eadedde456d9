/* Links by which passwords are chosen, and one's own password (docs/api.md, "People"). */
#include "http/auth_inside.h"

#include "base/log.h"

#include <string.h>

/* The body as JSON; NULL, and answered. (transfer full) */
static json_t *body_of(struct http_request *request)
{
    g_autofree char *type = http_request_content_type(request);
    bool is_json = strcmp(type, "application/json") == 0;
    json_t *body = is_json ? http_request_json(request) : NULL;
    if (body == NULL)
        http_respond_problem(request, is_json ? 400 : 415, "The request is not JSON.",
                             "Send JSON as docs/api.md says.");
    return body;
}

static struct secret *secret_of(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    const char *text = json_string_value(value);
    return text != NULL ? secret_new(text, json_string_length(value)) : NULL;
}

/* Every try of a link counts against the address it comes from, like a password's. */
static bool may_try(struct http_auth *auth, struct http_request *request)
{
    int64_t wait = throttle_charge(auth->throttle, NULL, http_request_address(request));
    if (wait > 0)
        auth_respond_wait(request, wait);
    return wait == 0;
}

static void respond_failure(struct http_auth *auth, struct http_request *request,
                            const GError *error)
{
    if (!error_is(error, ERROR_NOT_FOUND))
        throttle_refund(auth->throttle, NULL, http_request_address(request));
    if (error_is(error, ERROR_NOT_FOUND))
        http_respond_problem(request, 404, "This link no longer works.",
                             "It was used already or is too old: ask for a new one.");
    else if (error_is(error, ERROR_INVALID))
        http_respond_problem(request, 422, "This password cannot be used.",
                             "A password has at least 8 characters.");
    else
        http_respond_error(request, error);
}

static void serve_invitation(struct http_request *request, void *arg)
{
    struct http_auth *auth = arg;
    g_autoptr(GError) error = NULL;
    struct store_invitation invitation;
    json_t *body = body_of(request);
    const char *token = json_string_value(json_object_get(body, "token"));
    if (body == NULL)
        return;
    if (!may_try(auth, request)) {
        json_decref(body);
        return;
    }
    if (store_invitation(auth->store, token != NULL ? token : "", &invitation, &error)) {
        throttle_refund(auth->throttle, NULL, http_request_address(request));
        http_respond_json(request, 200,
                          json_pack("{s:s, s:s, s:b}", "email", invitation.email, "name",
                                    invitation.name, "isReset", (int)invitation.is_reset));
        store_invitation_clear(&invitation);
    } else {
        respond_failure(auth, request, error);
    }
    json_decref(body);
}

static void serve_accept(struct http_request *request, void *arg)
{
    struct http_auth *auth = arg;
    g_autoptr(GError) error = NULL;
    json_t *body = body_of(request);
    const char *token = json_string_value(json_object_get(body, "token"));
    if (body == NULL)
        return;
    if (!may_try(auth, request)) {
        json_decref(body);
        return;
    }
    struct secret *password = secret_of(body, "password");
    struct store_principal *principal =
        store_invitation_password(auth->store, token != NULL ? token : "", password, &error);
    secret_free(password);
    json_decref(body);
    if (principal == NULL) {
        respond_failure(auth, request, error);
        return;
    }
    throttle_refund(auth->throttle, NULL, http_request_address(request));
    auth_begin_session(auth, request, principal, "link");
    store_principal_unref(principal);
}

static void change_password(struct http_auth *auth, struct http_request *request,
                            const struct secret *old_password, const struct secret *password)
{
    g_autoptr(GError) error = NULL;
    struct store_principal *who = http_request_principal(request);
    const char *email = store_principal_email(who), *address = http_request_address(request);
    int64_t wait = throttle_charge(auth->throttle, email, address);
    if (wait > 0) {
        auth_respond_wait(request, wait);
        return;
    }
    struct store_principal *principal =
        store_password_change(auth->store, who, old_password, password, &error);
    bool refused = error_is(error, ERROR_PASSWORD_REFUSED);
    if (!refused)
        throttle_refund(auth->throttle, email, address);
    if (principal != NULL)
        auth_begin_session(auth, request, principal, "password");
    else if (refused)
        http_respond_problem(request, 403, "This is not the password you have now.",
                             "Type it again.");
    else if (error_is(error, ERROR_INVALID))
        http_respond_problem(request, 422, "This password cannot be used.",
                             "A password has at least 8 characters.");
    else
        http_respond_error(request, error);
    store_principal_unref(principal);
}

static void serve_password(struct http_request *request, void *arg)
{
    json_t *body = body_of(request);
    if (body == NULL)
        return;
    struct secret *old_password = secret_of(body, "oldPassword");
    struct secret *password = secret_of(body, "newPassword");
    if (old_password == NULL)
        old_password = secret_new("", 0);
    change_password(arg, request, old_password, password);
    secret_free(old_password);
    secret_free(password);
    json_decref(body);
}

/* How one may come in, for the page that asks who it is. */
static void serve_ways(struct http_request *request, void *arg)
{
    const struct http_auth *auth = arg;
    bool microsoft = auth->offers != NULL && auth->offers("microsoft", auth->offers_arg);
    http_respond_json(request, 200, json_pack("{s:b, s:b}", "password", 1, "microsoft", microsoft));
}

void auth_people_routes(struct http_server *server, struct http_auth *auth)
{
    const struct http_route routes[] = {
        {"GET", "auth/ways", HTTP_DOOR_OPEN, 0, serve_ways, auth, NULL, NULL},
        {"POST", "auth/invitation", HTTP_DOOR_LOGIN, LOGIN_BODY_MAX, serve_invitation, auth, NULL,
         NULL},
        {"POST", "auth/accept", HTTP_DOOR_LOGIN, LOGIN_BODY_MAX, serve_accept, auth,
         auth->login_exec, NULL},
        {"POST", "auth/password", HTTP_DOOR_CALL, LOGIN_BODY_MAX, serve_password, auth,
         auth->login_exec, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_route(server, &routes[i]);
}

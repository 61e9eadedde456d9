/* Signing in over HTTP: every door, its limits, and what a foreign page may not do. */
#include "http/auth.h"

#include "fake_people.h"
#include "web_client.h"

#include <glib/gstdio.h>
#include <string.h>

#define HERE "Origin: http://localhost:1\r\nSec-Fetch-Site: same-origin\r\n"
#define LOGIN_BODY "{\"email\":\"" FAKE_EMAIL "\",\"password\":\"" FAKE_PASSWORD "\"}"

struct world {
    struct exec *exec;
    struct http_server *server;
    struct http_auth *auth;
    struct keyring *keyring;
    char *directory;
    uint16_t port;
};

static void hello(struct http_request *request, void *arg)
{
    (void)arg;
    http_respond_json(request, 200,
                      json_pack("{s:s}", "email",
                                store_principal_email(http_request_principal(request))));
}

static const char *const *allowed_origins; /* of the next world */

static void world_open(struct world *world, const char *public_url)
{
    struct exec_config pool = {.workers = 3, .reserved = 1, .stack_bytes = 1 << 20};
    struct http_config config = {.listen = "127.0.0.1:0",
                                 .public_url = public_url,
                                 .browser_origins = allowed_origins};
    g_autoptr(GError) error = NULL;
    fake_restore();
    world->directory = g_dir_make_tmp("postroom-auth-XXXXXX", NULL);
    g_autofree char *key = g_build_filename(world->directory, "key", NULL);
    world->keyring = keyring_load(key, true, &error);
    g_assert_no_error(error);
    config.exec = world->exec = exec_new(&pool);
    world->server = http_server_new(&config, &error);
    g_assert_no_error(error);
    world->auth = http_auth_add(world->server, fake_store(), world->keyring);
    const struct http_route routes[] = {
        {"POST", "write", HTTP_DOOR_CALL, 100, hello, NULL, NULL, NULL},
        {"GET", "read", HTTP_DOOR_CALL, 0, hello, NULL, NULL, NULL},
        {"POST", "api", HTTP_DOOR_API, 100, hello, NULL, NULL, NULL},
        {"GET", "api/read", HTTP_DOOR_API, 0, hello, NULL, NULL, NULL},
        {"GET", "oauth/", HTTP_DOOR_BROWSE, 0, hello, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(routes); i++)
        http_route(world->server, &routes[i]);
    g_assert_true(http_server_open(world->server, NULL));
    world->port = http_server_port(world->server);
}

static void world_close(struct world *world)
{
    http_server_free(world->server);
    http_auth_free(world->auth);
    exec_free(world->exec);
    keyring_free(world->keyring);
    g_autofree char *key = g_build_filename(world->directory, "key", NULL);
    (void)g_unlink(key);
    (void)g_rmdir(world->directory);
    g_free(world->directory);
}

static int login_status(struct world *world, const char *headers, const char *type,
                        const char *body)
{
    g_autofree char *answer = web_post(world->port, "/auth/login", headers, type, body);
    return web_status(answer);
}

static int get_status(struct world *world, const char *path, const char *headers)
{
    g_autofree char *answer = web_get(world->port, path, headers);
    return web_status(answer);
}

static int post_status(struct world *world, const char *path, const char *headers)
{
    g_autofree char *answer = web_post(world->port, path, headers, "application/json", "{}");
    return web_status(answer);
}

/* Signs in; *cookie becomes a Cookie header, *csrf a CSRF header. */
static void sign_in(struct world *world, char **cookie, char **csrf)
{
    g_autofree char *answer =
        web_post(world->port, "/auth/login", HERE, "application/json; charset=utf-8", LOGIN_BODY);
    g_assert_cmpint(web_status(answer), ==, 200);
    g_autofree char *header = web_header(answer, "Set-Cookie");
    *cookie = g_strdup_printf("Cookie: other=1; %.*s\r\n", (int)strcspn(header, ";"), header);
    const char *token = strstr(web_body(answer), "\"csrf\":\"") + strlen("\"csrf\":\"");
    *csrf = g_strdup_printf("X-Postroom-CSRF: %.*s\r\n", (int)strcspn(token, "\""), token);
}

static void a_session_is_begun_used_and_ended(void)
{
    struct world world;
    g_autofree char *cookie = NULL, *csrf = NULL;
    world_open(&world, "http://localhost:1");
    g_assert_cmpint(get_status(&world, "/auth/session", ""), ==, 401);
    sign_in(&world, &cookie, &csrf);
    g_autofree char *session = web_get(world.port, "/auth/session", cookie);
    g_assert_cmpint(web_status(session), ==, 200);
    g_assert_nonnull(strstr(session, "{\"user\":{\"id\":\"u7\",\"email\":\"" FAKE_EMAIL
                                     "\",\"admin\":true},\"csrf\":\"csrf"));
    g_assert_cmpint(get_status(&world, "/read", cookie), ==, 200);
    g_autofree char *both = g_strconcat(cookie, csrf, HERE, NULL);
    g_assert_cmpint(post_status(&world, "/write", both), ==, 200);
    g_assert_cmpint(post_status(&world, "/auth/logout", both), ==, 204);
    g_assert_cmpint(get_status(&world, "/read", cookie), ==, 401);
    world_close(&world);
}

static void the_cookie_is_bound_to_our_place(void)
{
    struct world world;
    world_open(&world, "https://mail.example.org/post");
    g_autofree char *answer =
        web_post(world.port, "/post/auth/login", "Origin: https://mail.example.org\r\n",
                 "application/json", LOGIN_BODY);
    g_autofree char *cookie = web_header(answer, "Set-Cookie");
    g_assert_nonnull(strstr(cookie, "; Path=/post/; "));
    g_assert_nonnull(strstr(cookie, "; HttpOnly; SameSite=Lax; Secure"));
    world_close(&world);
}

static void a_write_by_cookie_needs_the_token_and_our_origin(void)
{
    struct world world;
    g_autofree char *cookie = NULL, *csrf = NULL;
    world_open(&world, "http://localhost:1");
    sign_in(&world, &cookie, &csrf);
    static const char *const foreign[] = {"Origin: http://evil.example\r\n",
                                          "Origin: null\r\n",
                                          "Origin: http://localhost:2\r\n",
                                          "Origin: http://localhost:1.evil.example\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n",
                                          "Sec-Fetch-Site: same-site\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        g_autofree char *headers = g_strconcat(cookie, csrf, foreign[i], NULL);
        g_assert_cmpint(post_status(&world, "/write", headers), ==, 403);
        g_assert_cmpint(login_status(&world, foreign[i], "application/json", LOGIN_BODY), ==, 403);
    }
    g_autofree char *without = g_strconcat(cookie, HERE, NULL);
    g_autofree char *wrong = g_strconcat(cookie, HERE, "X-Postroom-CSRF: csrf\r\n", NULL);
    g_autofree char *program = g_strconcat(cookie, csrf, NULL);
    g_assert_cmpint(post_status(&world, "/write", without), ==, 403);
    g_assert_cmpint(post_status(&world, "/write", wrong), ==, 403);
    g_assert_cmpint(post_status(&world, "/write", program), ==, 403); /* no Origin */
    g_assert_cmpint(post_status(&world, "/write",
                                "Origin: http://evil.example\r\n"
                                "Authorization: Bearer " FAKE_TOKEN "\r\n"),
                    ==, 403);
    world_close(&world);
}

static void a_login_that_is_no_login_is_refused(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_assert_cmpint(login_status(&world, "", "text/plain", LOGIN_BODY), ==, 415);
    static const char *const bad[] = {"", "[]", "{}", "{\"email\":1,\"password\":2}",
                                      "{\"email\":\"a\",\"email\":\"b\",\"password\":\"c\"}"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(login_status(&world, "", "application/json", bad[i]), ==, 400);
    g_autofree char *large = g_strnfill(10000, ' ');
    g_assert_cmpint(login_status(&world, "", "application/json", large), ==, 413);
    world_close(&world);
}

static void tokens_and_basic_need_no_csrf(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_autofree char *password = g_base64_encode((const guchar *)FAKE_EMAIL ":" FAKE_PASSWORD,
                                                strlen(FAKE_EMAIL ":" FAKE_PASSWORD));
    g_autofree char *basic = g_strdup_printf("Authorization: Basic %s\r\n", password);
    g_autofree char *token = g_base64_encode((const guchar *)FAKE_EMAIL ":" FAKE_TOKEN,
                                             strlen(FAKE_EMAIL ":" FAKE_TOKEN));
    g_autofree char *basic_token = g_strdup_printf("Authorization: Basic %s\r\n", token);
    g_autofree char *other = g_base64_encode((const guchar *)"bob@x.example:" FAKE_TOKEN,
                                             strlen("bob@x.example:" FAKE_TOKEN));
    g_autofree char *other_user = g_strdup_printf("Authorization: Basic %s\r\n", other);
    g_assert_cmpint(post_status(&world, "/write", "Authorization: Bearer " FAKE_TOKEN "\r\n"), ==,
                    200);
    g_assert_cmpint(post_status(&world, "/write", "Authorization: Bearer no\r\n"), ==, 401);
    g_assert_cmpint(post_status(&world, "/write", basic_token), ==, 200);
    g_assert_cmpint(post_status(&world, "/write", other_user), ==, 401);
    int before = fake_password_checks();
    for (int i = 0; i < 5; i++)
        g_assert_cmpint(post_status(&world, "/write", basic), ==, 200);
    g_assert_cmpint(fake_password_checks(), ==, before + 1); /* verified once, then cached */
    fake_revoke_all();
    g_assert_cmpint(get_status(&world, "/read", "Authorization: Bearer " FAKE_TOKEN "\r\n"), ==,
                    401);
    g_assert_cmpint(get_status(&world, "/read", basic_token), ==, 401);
    g_assert_cmpint(get_status(&world, "/read", basic), ==, 200);
    g_assert_cmpint(fake_password_checks(), >, before + 1); /* not from the cache */
    static const char *const broken[] = {"Authorization: Basic !!!\r\n",
                                         "Authorization: Basic YQ==\r\n",
                                         "Authorization: Basic \r\n", "Authorization: Digest x\r\n",
                                         "Authorization: Basic YQBiOmM=\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        g_assert_cmpint(get_status(&world, "/read", broken[i]), ==, 401);
    world_close(&world);
}

static void all_doors_share_one_limit(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_autofree char *wrong =
        g_base64_encode((const guchar *)FAKE_EMAIL ":nope", strlen(FAKE_EMAIL ":nope"));
    g_autofree char *basic = g_strdup_printf("Authorization: Basic %s\r\n", wrong);
    for (int i = 0; i < 5; i++) {
        g_assert_cmpint(login_status(&world, HERE, "application/json",
                                     "{\"email\":\"ADA@example.org\",\"password\":\"nope\"}"),
                        ==, 401);
        g_assert_cmpint(get_status(&world, "/read", basic), ==, 401);
    }
    int before = fake_password_checks();
    g_autofree char *limited =
        web_post(world.port, "/auth/login", HERE, "application/json", LOGIN_BODY);
    g_assert_cmpint(web_status(limited), ==, 429);
    g_autofree char *wait = web_header(limited, "Retry-After");
    g_assert_cmpint(atoi(wait), >, 200);
    g_assert_cmpint(get_status(&world, "/read", basic), ==, 429);
    g_assert_cmpint(fake_password_checks(), ==, before);
    g_assert_cmpint(login_status(&world, HERE, "application/json",
                                 "{\"email\":\"bob@example.org\",\"password\":\"nope\"}"),
                    ==, 401);
    /* And by address, with tokens too. */
    int tries = 0;
    while (tries < 100 && get_status(&world, "/read", "Authorization: Bearer x\r\n") == 401)
        tries++;
    g_assert_cmpint(tries, ==, 39);
    g_assert_cmpint(login_status(&world, HERE, "application/json",
                                 "{\"email\":\"eve@example.org\",\"password\":\"nope\"}"),
                    ==, 429);
    world_close(&world);
}

static void success_does_not_count_as_failure(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    for (int i = 0; i < 30; i++)
        g_assert_cmpint(login_status(&world, HERE, "application/json", LOGIN_BODY), ==, 200);
    world_close(&world);
}

static void navigation_is_led_back_to_the_page(void)
{
    struct world world;
    g_autofree char *cookie = NULL, *csrf = NULL;
    world_open(&world, "http://localhost:1/sub");
    g_autofree char *answer = web_get(world.port, "/sub/oauth/microsoft/start", "");
    g_autofree char *location = web_header(answer, "Location");
    g_assert_cmpint(web_status(answer), ==, 303);
    g_assert_cmpstr(location, ==, "/sub/link/failed?code=not-signed-in");
    sign_in(&world, &cookie, &csrf);
    g_assert_cmpint(get_status(&world, "/oauth/microsoft/start", cookie), ==, 200);
    g_autofree char *image = g_strconcat(cookie, "Sec-Fetch-Dest: image\r\n", NULL);
    g_assert_cmpint(get_status(&world, "/oauth/microsoft/start", image), ==, 403);
    g_assert_cmpint(get_status(&world, "/oauth/x/start",
                               "Authorization: Bearer " FAKE_TOKEN "\r\n"),
                    ==, 303);
    world_close(&world);
}

static void only_programs_are_challenged(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_autofree char *program = web_get(world.port, "/read", "");
    g_autofree char *challenge = web_header(program, "Www-Authenticate");
    g_assert_nonnull(challenge);
    g_autofree char *browser = web_get(world.port, "/read", "Sec-Fetch-Site: same-origin\r\n");
    g_assert_null(web_header(browser, "Www-Authenticate"));
    world_close(&world);
}

#define BEARER "Authorization: Bearer " FAKE_TOKEN "\r\n"

static void a_token_works_from_afar_and_a_cookie_does_not(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_autofree char *good = web_post(world.port, "/api", WEB_AFAR BEARER, "application/json", "{}");
    g_assert_cmpint(web_status(good), ==, 200);
    web_expect_header(good, "Access-Control-Allow-Origin", "*");
    web_expect_header(good, "Access-Control-Allow-Credentials", NULL);
    g_autofree char *unknown = web_get(world.port, "/api/read", WEB_AFAR);
    g_assert_cmpint(web_status(unknown), ==, 401);
    web_expect_header(unknown, "Access-Control-Allow-Origin", "*");
    g_autofree char *login =
        web_post(world.port, "/auth/login", "Origin: http://localhost:1\r\n", "application/json",
                 "{\"email\":\"" FAKE_EMAIL "\",\"password\":\"" FAKE_PASSWORD "\"}");
    g_autofree char *set = web_header(login, "Set-Cookie");
    g_autofree char *cookie = g_strdup_printf("Cookie: %.*s\r\n", (int)strcspn(set, ";"), set);
    g_autofree char *near = g_strconcat(cookie, "Origin: http://localhost:1\r\n", NULL);
    g_autofree char *far = g_strconcat(cookie, WEB_AFAR, NULL);
    g_assert_cmpint(get_status(&world, "/api/read", cookie), ==, 200);
    g_assert_cmpint(get_status(&world, "/api/read", near), ==, 200);
    g_assert_cmpint(get_status(&world, "/api/read", far), ==, 401);
    g_assert_cmpint(get_status(&world, "/read", far), ==, 401);
    g_autofree char *write = web_post(world.port, "/api", far, "application/json", "{}");
    g_assert_cmpint(web_status(write), ==, 403);
    world_close(&world);
}

/* What a browser remembers it sends by itself; only what it asks about first is a script's. */
static void a_remembered_password_does_not_write_from_afar(void)
{
    struct world world;
    world_open(&world, "http://localhost:1");
    g_autofree char *encoded = g_base64_encode((const guchar *)FAKE_EMAIL ":" FAKE_PASSWORD,
                                               strlen(FAKE_EMAIL ":" FAKE_PASSWORD));
    g_autofree char *basic = g_strdup_printf(WEB_AFAR "Authorization: Basic %s\r\n", encoded);
    static const char *const types[] = {"text/plain", "text/plain; charset=x",
                                        "multipart/form-data", "Application/x-www-form-urlencoded"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *form = web_post(world.port, "/api", basic, types[i], "12345");
        g_assert_cmpint(web_status(form), ==, 403);
        g_autofree char *token = web_post(world.port, "/api", WEB_AFAR BEARER, types[i], "12345");
        g_assert_cmpint(web_status(token), ==, 200);
    }
    g_autofree char *image = web_post(world.port, "/api", basic, "image/png", "12345");
    g_assert_cmpint(web_status(image), ==, 200);
    world_close(&world);
}

static void only_listed_origins_when_some_are_listed(void)
{
    static const char *const listed[] = {"https://Client.example", NULL};
    struct world world;
    allowed_origins = listed;
    world_open(&world, "http://localhost:1");
    allowed_origins = NULL;
    g_autofree char *good = web_post(world.port, "/api", WEB_AFAR BEARER, "application/json", "{}");
    g_assert_cmpint(web_status(good), ==, 200);
    web_expect_header(good, "Access-Control-Allow-Origin", "https://client.example");
    web_expect_header(good, "Vary", "Origin");
    g_autofree char *other =
        web_post(world.port, "/api", "Origin: https://other.example\r\n" BEARER, "application/json",
                 "{}");
    g_assert_cmpint(web_status(other), ==, 403);
    web_expect_header(other, "Access-Control-Allow-Origin", NULL);
    g_autofree char *asked =
        web_preflight(world.port, "/api",
                      "Origin: https://client.example.evil\r\nAccess-Control-Request-Method: "
                      "POST\r\n");
    g_assert_cmpint(web_status(asked), ==, 405);
    world_close(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/auth/session", a_session_is_begun_used_and_ended);
    g_test_add_func("/auth/cookie", the_cookie_is_bound_to_our_place);
    g_test_add_func("/auth/csrf", a_write_by_cookie_needs_the_token_and_our_origin);
    g_test_add_func("/auth/bad-login", a_login_that_is_no_login_is_refused);
    g_test_add_func("/auth/tokens", tokens_and_basic_need_no_csrf);
    g_test_add_func("/auth/limits", all_doors_share_one_limit);
    g_test_add_func("/auth/success", success_does_not_count_as_failure);
    g_test_add_func("/auth/navigation", navigation_is_led_back_to_the_page);
    g_test_add_func("/auth/challenge", only_programs_are_challenged);
    g_test_add_func("/auth/cors-credentials", a_token_works_from_afar_and_a_cookie_does_not);
    g_test_add_func("/auth/cors-basic", a_remembered_password_does_not_write_from_afar);
    g_test_add_func("/auth/cors-listed", only_listed_origins_when_some_are_listed);
    return g_test_run();
}

/* The page: index.html filled and guarded, files cached, packed and tagged. */
#include "http/http.h"

#include "web_client.h"

#include <gio/gio.h>
#include <string.h>

struct world {
    struct exec *exec;
    struct http_server *server;
    uint16_t port;
};

static void world_open(struct world *world, const char *public_url, const char *ancestors)
{
    struct exec_config pool = {.workers = 2, .reserved = 1, .stack_bytes = 1 << 20};
    struct http_config config = {.listen = "127.0.0.1:0",
                                 .public_url = public_url,
                                 .frame_ancestors = ancestors};
    g_autoptr(GError) error = NULL;
    config.exec = world->exec = exec_new(&pool);
    world->server = http_server_new(&config, &error);
    g_assert_no_error(error);
    http_add_page(world->server, "/test/web");
    g_assert_true(http_server_open(world->server, NULL));
    world->port = http_server_port(world->server);
}

static void world_close(struct world *world)
{
    http_server_free(world->server);
    exec_free(world->exec);
}

static void load_page(void)
{
    g_autoptr(GError) error = NULL;
    const char *file = g_getenv("POSTROOM_TEST_PAGE");
    if (file == NULL)
        return;
    GResource *page = g_resource_load(file, &error);
    g_assert_no_error(error);
    g_resources_register(page);
    g_resource_unref(page);
}

static void the_page_is_filled_and_guarded(void)
{
    struct world world;
    if (g_getenv("POSTROOM_TEST_PAGE") == NULL) {
        g_test_skip("POSTROOM_TEST_PAGE is not set");
        return;
    }
    world_open(&world, "https://mail.example.org/post/room", NULL);
    static const char *const paths[] = {"/post/room/", "/", "/post/room/link/done?account=a1",
                                        "/post/room/index.html"};
    g_autofree char *first_nonce = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *answer = web_get(world.port, paths[i], "");
        g_assert_cmpint(web_status(answer), ==, 200);
        g_assert_nonnull(strstr(answer, "<base href=\"/post/room/\">"));
        const char *nonce = strstr(answer, "'nonce-");
        g_autofree char *value = g_strndup(nonce + 7, strcspn(nonce + 7, "'"));
        g_autofree char *attribute = g_strdup_printf("<script nonce=\"%s\"", value);
        g_assert_nonnull(strstr(answer, attribute));
        g_assert_null(strstr(answer, "{{"));
        g_assert_cmpstr(value, !=, first_nonce);
        g_autofree char *policy = web_header(answer, "Content-Security-Policy");
        g_assert_nonnull(strstr(policy, "frame-ancestors 'none'"));
        g_assert_null(strstr(policy, "script-src 'self'"));
        g_free(first_nonce);
        first_nonce = g_steal_pointer(&value);
    }
    world_close(&world);
}

static void files_are_cached_packed_and_tagged(void)
{
    struct world world;
    if (g_getenv("POSTROOM_TEST_PAGE") == NULL) {
        g_test_skip("POSTROOM_TEST_PAGE is not set");
        return;
    }
    world_open(&world, "http://localhost:1", NULL);
    g_autofree char *file = web_get(world.port, "/assets/app-1f.js", "");
    g_assert_cmpstr(web_body(file), ==, "console.log(\"app\");\n");
    g_autofree char *cache = web_header(file, "Cache-Control");
    g_assert_cmpstr(cache, ==, "public, max-age=31536000, immutable");
    g_autofree char *tag = web_header(file, "Etag");
    g_autofree char *header = g_strdup_printf("If-None-Match: %s\r\n", tag);
    g_autofree char *same = web_get(world.port, "/assets/app-1f.js", header);
    g_assert_cmpint(web_status(same), ==, 304);
    g_autofree char *packed =
        web_get(world.port, "/assets/app-1f.js", "Accept-Encoding: br, gzip\r\n");
    g_autofree char *encoding = web_header(packed, "Content-Encoding");
    g_assert_cmpstr(encoding, ==, "gzip");
    static const char *const missing[] = {"/assets/none", "/assets/../index.html",
                                          "/..%2f..%2fetc%2fpasswd", "/.git/config", "/x.js"};
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++) {
        g_autofree char *answer = web_get(world.port, missing[i], "");
        g_assert_cmpint(web_status(answer), ==, 404);
    }
    world_close(&world);
}

static void the_page_may_be_embedded_where_it_is_allowed(void)
{
    struct world world;
    if (g_getenv("POSTROOM_TEST_PAGE") == NULL) {
        g_test_skip("POSTROOM_TEST_PAGE is not set");
        return;
    }
    world_open(&world, "http://localhost:1", "https://crm.example.org");
    g_autofree char *answer = web_get(world.port, "/", "");
    g_autofree char *policy = web_header(answer, "Content-Security-Policy");
    g_assert_nonnull(strstr(policy, "frame-ancestors https://crm.example.org"));
    g_autofree char *old_way = web_header(answer, "X-Frame-Options");
    g_assert_null(old_way); /* it could not name that site */
    world_close(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    load_page();
    g_test_add_func("/http/page/index", the_page_is_filled_and_guarded);
    g_test_add_func("/http/page/files", files_are_cached_packed_and_tagged);
    g_test_add_func("/http/page/embedded", the_page_may_be_embedded_where_it_is_allowed);
    return g_test_run();
}

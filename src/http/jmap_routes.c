#include "http/jmap_routes.h"

#include "base/cancel.h"
#include "http/bytes_cache.h"
#include "http/events.h"
#include "http/images.h"
#include "http/internal.h"
#include "http/jmap_socket.h"

#include <string.h>

#define REQUEST_MAX 10000000u /* maxSizeRequest of the session */
#define UPLOAD_MAX 50000000u  /* maxSizeUpload of the session */
/* Remote images have workers of their own, so that hung hosts hold up nobody else. */
#define IMAGE_WORKERS 6
#define IMAGE_STACK (512u * 1024)
#define IMAGE_CACHE ((size_t)64 * 1024 * 1024)
#define IMAGE_FRESH_MS (INT64_C(3600) * 1000)
/* Each makes a process that may use a processor for seconds. */
#define PREVIEW_WORKERS 2
#define PREVIEW_CACHE ((size_t)64 * 1024 * 1024)
#define PREVIEW_FRESH_MS (INT64_C(86400) * 1000)

struct http_jmap {
    struct jmap *jmap;
    const struct net_policy *policy;
    struct events *events;
    struct jmap_sockets *sockets;
    struct exec *image_exec, *preview_exec;
    struct bytes_cache *images, *previews;
    struct preview_maker maker; /* page NULL: there is none */
    struct cancel *cancel;
};

/* The texts in it that a person may see are English, the one language there is (RFC 8620, 3.8). */
static void respond_answer(struct http_request *request, int status, GBytes *answer)
{
    http_set_header(request, "Content-Language", "en");
    http_respond_bytes(request, (unsigned)status,
                       status < 400 ? "application/json" : "application/problem+json", answer);
}

static void serve_api(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    g_autofree char *type = http_request_content_type(request);
    if (strcmp(type, "application/json") != 0) { /* RFC 8620, 3.6.1 */
        http_respond_json(request, 400,
                          json_pack("{s:s, s:i, s:s, s:s}", "type",
                                    "urn:ietf:params:jmap:error:notJSON", "status", 400, "title",
                                    "The request is not JSON.", "detail",
                                    "Send it with Content-Type: application/json."));
        http_set_header(request, "Content-Type", "application/problem+json");
        return;
    }
    size_t length;
    const void *body = g_bytes_get_data(http_request_body(request), &length);
    int status = 500;
    g_autoptr(GBytes) answer = jmap_handle(routes->jmap, http_request_principal(request),
                                           body == NULL ? "" : body, length, &status);
    respond_answer(request, status, answer);
}

static void serve_session(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    g_autoptr(GError) error = NULL;
    json_t *session = jmap_session(routes->jmap, http_request_principal(request), &error);
    if (session == NULL)
        http_respond_error(request, error);
    else
        http_respond_json(request, 200, session);
}

static void serve_upload(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    const char *account = http_request_segment(request, 0);
    g_autofree char *type = http_request_content_type(request);
    if (account == NULL || http_request_segments(request) != 1) {
        http_respond_problem(request, 404, "There is nothing at this address.", "Check it.");
        return;
    }
    int status = 500;
    g_autoptr(GBytes) answer =
        jmap_upload(routes->jmap, http_request_principal(request), account,
                    http_is_media_type(type) ? type : "application/octet-stream",
                    http_request_body(request), &status);
    respond_answer(request, status, answer);
}

/* What a page loads as code or style is never a download (SECURITY.md 6). */
static bool is_for_saving(const struct http_request *request)
{
    static const char *const refused[] = {"script",       "style",         "worker",
                                          "sharedworker", "serviceworker", "audioworklet",
                                          "paintworklet", "xslt",          "manifest",
                                          "object",       "embed",         "font"};
    const char *dest = http_request_header(request, "sec-fetch-dest");
    for (size_t i = 0; dest != NULL && i < G_N_ELEMENTS(refused); i++)
        if (strcmp(dest, refused[i]) == 0)
            return false;
    return true;
}

/* RFC 6266, with RFC 8187 for what is not ASCII. */
static char *disposition(const char *name)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    g_autofree char *safe = g_strdup(name);
    for (char *p = safe; *p != '\0'; p++) {
        if (*p == '/' || *p == '\\')
            *p = '_';
        bool quotable = *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '%' && *p != ';';
        g_string_append_c(plain, quotable ? *p : '_');
    }
    g_autofree char *encoded = g_uri_escape_string(safe, NULL, FALSE);
    return g_strdup_printf("attachment; filename=\"%s\"; filename*=UTF-8''%s", plain->str, encoded);
}

/* What is saved is shown by nobody: no script of ours runs in it, and it frames nothing. */
static void respond_file(struct http_request *request, const char *name, const char *type,
                         GBytes *bytes)
{
    g_autofree char *header = disposition(name == NULL || name[0] == '\0' ? "download" : name);
    http_set_header(request, "Content-Disposition", header);
    http_set_header(request, "Content-Security-Policy",
                    "sandbox; default-src 'none'; frame-ancestors 'none'");
    http_set_header(request, "Cache-Control", "private, max-age=31536000, immutable");
    http_set_header(request, "Vary", "Cookie, Authorization, Origin");
    http_respond_bytes(request, 200, type, bytes);
}

typedef GBytes *load_fn(struct jmap *jmap, struct store_principal *principal, const char *account,
                        const char *blob, GError **error);

static void serve_file(struct http_request *request, struct http_jmap *routes, load_fn *load,
                       const char *type)
{
    const char *blob = http_request_segment(request, 1);
    g_autoptr(GError) error = NULL;
    if (!is_for_saving(request)) {
        http_respond_problem(request, 403, "A download is not code.", "Open it from the page.");
        return;
    }
    if (blob == NULL || http_request_segments(request) > 3) {
        http_respond_problem(request, 404, "There is nothing at this address.", "Check it.");
        return;
    }
    g_autoptr(GBytes) bytes = load(routes->jmap, http_request_principal(request),
                                   http_request_segment(request, 0), blob, &error);
    if (bytes == NULL)
        http_respond_error(request, error);
    else
        respond_file(request, http_request_segment(request, 2), type, bytes);
}

static void serve_download(struct http_request *request, void *arg)
{
    const char *type = http_request_query(request, "type");
    serve_file(request, arg, jmap_download,
               http_is_content_type(type) ? type : "application/octet-stream");
}

static void serve_attachments(struct http_request *request, void *arg)
{
    serve_file(request, arg, jmap_download_attachments, "application/zip");
}

static void serve_events(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    events_serve(routes->events, request);
}

static void serve_socket(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    jmap_sockets_serve(routes->sockets, request);
}

static void serve_image(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    images_serve(request, routes->jmap, routes->policy, routes->images, routes->cancel);
}

static void serve_preview(struct http_request *request, void *arg)
{
    struct http_jmap *routes = arg;
    previews_serve(request, routes->jmap, routes->maker.page != NULL ? &routes->maker : NULL,
                   routes->previews, routes->cancel);
}

void http_jmap_previews(struct http_jmap *routes, const struct preview_maker *maker)
{
    routes->maker = *maker;
}

struct http_jmap *http_jmap_add(struct http_server *server, struct jmap *jmap, struct store *store,
                                const struct net_policy *policy)
{
    const struct exec_config pool = {.workers = IMAGE_WORKERS,
                                     .reserved = IMAGE_WORKERS - 1,
                                     .stack_bytes = IMAGE_STACK};
    const struct exec_config makers = {.workers = PREVIEW_WORKERS,
                                       .reserved = PREVIEW_WORKERS - 1,
                                       .stack_bytes = IMAGE_STACK};
    struct http_jmap *routes = g_new0(struct http_jmap, 1);
    routes->preview_exec = exec_new(&makers);
    routes->images = bytes_cache_new(IMAGE_CACHE, IMAGE_FRESH_MS);
    routes->previews = bytes_cache_new(PREVIEW_CACHE, PREVIEW_FRESH_MS);
    routes->jmap = jmap;
    routes->policy = policy;
    routes->cancel = cancel_new();
    routes->image_exec = exec_new(&pool);
    routes->events = events_new(server->exec, jmap, store);
    routes->sockets = jmap_sockets_new(server, jmap, store, routes->events);
    const struct http_route list[] = {
        {"POST", "jmap", HTTP_DOOR_API, REQUEST_MAX, serve_api, routes, NULL, "maxSizeRequest"},
        {"GET", "jmap/session", HTTP_DOOR_API, 0, serve_session, routes, NULL, NULL},
        {"GET", ".well-known/jmap", HTTP_DOOR_API, 0, serve_session, routes, NULL, NULL},
        {"POST", "jmap/upload/", HTTP_DOOR_API, UPLOAD_MAX, serve_upload, routes, NULL,
         "maxSizeUpload"},
        {"GET", "jmap/download/", HTTP_DOOR_API, 0, serve_download, routes, NULL, NULL},
        {"GET", "jmap/attachments/", HTTP_DOOR_API, 0, serve_attachments, routes, NULL, NULL},
        {"GET", "jmap/eventsource", HTTP_DOOR_API, 0, serve_events, routes, NULL, NULL},
        {"GET", "jmap/ws", HTTP_DOOR_SOCKET, 0, serve_socket, routes, NULL, NULL},
        {"GET", "jmap/preview/", HTTP_DOOR_CALL, 0, serve_preview, routes, routes->preview_exec,
         NULL},
        {"GET", "mail-image/", HTTP_DOOR_CALL, 0, serve_image, routes, routes->image_exec, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        http_route(server, &list[i]);
    return routes;
}

void http_jmap_stop(struct http_jmap *routes)
{
    if (routes == NULL)
        return;
    cancel_trigger(routes->cancel);
    jmap_sockets_stop(routes->sockets);
    events_stop(routes->events);
}

void http_jmap_free(struct http_jmap *routes)
{
    if (routes == NULL)
        return;
    exec_free(routes->image_exec);
    exec_free(routes->preview_exec);
    bytes_cache_free(routes->images);
    bytes_cache_free(routes->previews);
    jmap_sockets_free(routes->sockets);
    events_free(routes->events);
    cancel_unref(routes->cancel);
    g_free(routes);
}

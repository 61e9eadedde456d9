#include "http/http.h"

#include "http/internal.h"

#include <string.h>

struct health {
    char *(*metrics)(void *arg);
    void *arg;
    bool open;
};

static void serve_healthz(struct http_request *request, void *arg)
{
    (void)arg;
    g_autoptr(GBytes) body = g_bytes_new_static("ok\n", 3);
    http_respond_bytes(request, 200, "text/plain; charset=utf-8", body);
}

static void serve_metrics(struct http_request *request, void *arg)
{
    const struct health *health = arg;
    if (!health->open && !http_request_is_local(request)) {
        http_respond_problem(request, 403, "Metrics are shown to this machine only.",
                             "An administrator can open them in the configuration.");
        return;
    }
    char *text = health->metrics(health->arg);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));
    http_respond_bytes(request, 200, "text/plain; version=0.0.4; charset=utf-8", body);
}

void http_add_health(struct http_server *server, char *(*metrics)(void *arg), void *arg,
                     bool metrics_open)
{
    struct http_route healthz = {.method = "GET", .path = "healthz", .handle = serve_healthz};
    http_route(server, &healthz);
    if (metrics == NULL)
        return;
    struct health *health = g_new0(struct health, 1);
    *health = (struct health){metrics, arg, metrics_open};
    server_keep(server, health, g_free);
    struct http_route route = {.method = "GET",
                               .path = "metrics",
                               .handle = serve_metrics,
                               .arg = health};
    http_route(server, &route);
}
